"""Builds the bytes of a mail: header fields, one body, and what servers on the way add.

Everything here is a function of its arguments: no clock, no chance. What looks
random (ids, signatures) is derived by SHA-256 from a name, so that the same
mail comes out the same everywhere. Knows nothing of AWS events or of folders.
"""

import base64
import hashlib
import quopri
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

JST = timezone(timedelta(hours=9))
LETTERS_AND_DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789"


def token(name: str, length: int, alphabet: str = LETTERS_AND_DIGITS) -> str:
    """As many characters of the alphabet as asked for, the same ones for the same name."""
    number = int.from_bytes(hashlib.shake_256(name.encode()).digest(length + 16), "big")
    characters = []
    for _ in range(length):
        number, index = divmod(number, len(alphabet))
        characters.append(alphabet[index])
    return "".join(characters)


def signature(name: str, length_bytes: int) -> str:
    """Base64 that has the shape of a signature and verifies nothing."""
    return base64.b64encode(hashlib.shake_256(name.encode()).digest(length_bytes)).decode()


def folded(value: str, width: int = 72) -> str:
    """Breaks one long word over lines, as servers fold signatures."""
    return "\r\n ".join(value[i : i + width] for i in range(0, len(value), width))


def encoded_words(text: str, charset: str) -> str:
    """A header value after RFC 2047: as it is if ASCII, else base64 words of at most 75 characters."""
    if text.isascii():
        return text
    words, chunk = [], ""

    def word(piece: str) -> str:
        return f"=?{charset}?B?{base64.b64encode(piece.encode(charset)).decode()}?="

    for character in text:
        if chunk and len(word(chunk + character)) > 75:
            words.append(word(chunk))
            chunk = ""
        chunk += character
    return "\r\n ".join([*words, word(chunk)])


def mailbox(value: str, charset: str) -> str:
    """`Name <address>` with its name encoded."""
    name, bracket, address = value.rpartition(" <")
    return f"{encoded_words(name, charset)} <{address}" if bracket else value


def body_bytes(text: str, charset: str, encoding: str) -> bytes:
    """A text in its charset and transfer encoding, with CRLF line ends."""
    raw = text.encode(charset)
    match encoding:
        case "base64":
            return base64.encodebytes(raw.replace(b"\n", b"\r\n")).replace(b"\n", b"\r\n")
        case "quoted-printable":
            return quopri.encodestring(raw).replace(b"\n", b"\r\n")
        case "7bit" | "8bit":
            return raw.replace(b"\n", b"\r\n")
    raise ValueError(f"no transfer encoding {encoding}")


@dataclass(frozen=True)
class Written:
    """A mail as its sender writes it. `text` and `html` together make a multipart/alternative."""

    name: str
    sender: str
    to: str
    subject: str
    date: datetime
    text: str = ""
    html: str = ""
    charset: str = "utf-8"
    encoding: str = "quoted-printable"
    # An HTML part on its own still stands in a multipart, as some senders write it.
    wrapped: bool = False
    date_comment: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        return self.sender.rstrip(">").rpartition("@")[2]

    def header_bytes(self) -> bytes:
        message_id = f"<{token(self.name + ' message-id', 24)}@{self.domain}>"
        fields = {
            "Date": format_datetime(self.date) + self.date_comment,
            "From": mailbox(self.sender, self.charset),
            "To": mailbox(self.to, self.charset),
            "Message-ID": message_id,
            "Subject": encoded_words(self.subject, self.charset),
            "MIME-Version": "1.0",
            **{name: encoded_words(value, self.charset) for name, value in self.headers.items()},
        }
        return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode("ascii")

    def content(self) -> bytes:
        """The content fields, the empty line and the body."""
        parts = [(kind, text) for kind, text in (("plain", self.text), ("html", self.html)) if text]

        def part(kind: str, text: str) -> bytes:
            head = (
                f"Content-Type: text/{kind}; charset={self.charset}\r\n"
                f"Content-Transfer-Encoding: {self.encoding}\r\n\r\n"
            )
            return head.encode() + body_bytes(text, self.charset, self.encoding)

        if len(parts) == 1 and not self.wrapped:
            return part(*parts[0])
        boundary = "=_" + token(self.name + " boundary", 28)
        head = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode()
        lines = b"".join(f"--{boundary}\r\n".encode() + part(*p) + b"\r\n" for p in parts)
        return head + lines + f"--{boundary}--\r\n".encode()

    def from_sender(self) -> bytes:
        """The mail with the signature of its sender's domain on top."""
        signed = (
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={self.domain};\r\n"
            f" s=mail1; h=Date:From:To:Message-ID:Subject:MIME-Version:Content-Type;\r\n"
            f" bh={signature(self.name + ' body', 32)};\r\n"
            f" b={folded(signature(self.name + ' dkim', 128))}\r\n"
        )
        return signed.encode() + self.header_bytes() + self.content()


@dataclass(frozen=True)
class Forward:
    """A mailbox at a provider that forwards to our own address, as Google Workspace does."""

    mailbox: str
    ours: str
    host: str = "mail-pj1-f51.google.com"
    ip: str = "192.0.2.51"

    @property
    def return_path(self) -> str:
        user, _, domain = self.mailbox.partition("@")
        return f"{user}+caf_={self.ours.replace('@', '=')}@{domain}"


def pacific(moment: datetime) -> str:
    """A time as Google's servers write it. Their summer time of 2025 began on 9 March at 10:00 UTC."""
    summer = moment >= datetime(2025, 3, 9, 10, tzinfo=timezone.utc)
    local = moment.astimezone(timezone(timedelta(hours=-7 if summer else -8)))
    return local.strftime("%a, %d %b %Y %H:%M:%S %z ") + ("(PDT)" if summer else "(PST)")


def home_hop(mail: Written, received: datetime, bounce: str, for_whom: str) -> str:
    """What the mailbox's own server adds above the sender's fields."""
    host, ip = f"relay.{mail.domain}", "198.51.100.24"
    stamp = pacific(received)
    spf = f"google.com: domain of {bounce} designates {ip} as permitted sender"
    return (
        f"Return-Path: <{bounce}>\r\n"
        f"Received: from {host} ({host}. [{ip}])\r\n"
        f"        by mx.google.com with ESMTPS id {token(mail.name + ' mx', 32)}\r\n"
        f"        for <{for_whom}>\r\n"
        f"        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n"
        f"        {stamp}\r\n"
        f"Received-SPF: pass ({spf}) client-ip={ip};\r\n"
        f"Authentication-Results: mx.google.com;\r\n"
        f"       dkim=pass header.i=@{mail.domain} header.s=mail1 header.b={token(mail.name + ' b', 8)};\r\n"
        f"       spf=pass ({spf}) smtp.mailfrom={bounce};\r\n"
        f"       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from={mail.domain}\r\n"
    )


def forward_hop(mail: Written, forward: Forward, received: datetime, bounce: str) -> str:
    """What the provider adds when it forwards, above what it added on receipt."""
    epoch = int(received.timestamp())
    stamp = pacific(received)
    smtp_id = token(mail.name + " gmail", 20)
    spf = f"google.com: domain of {bounce} designates 198.51.100.24 as permitted sender"
    return (
        f"Received: by {forward.host} with SMTP id {token(mail.name + ' out', 32)}\r\n"
        f"        for <{forward.ours}>; {stamp}\r\n"
        f"X-Google-DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
        f"        d=1e100.net; s=20230601; t={epoch}; x={epoch + 604800};\r\n"
        f"        h=to:subject:from:date:message-id:dkim-signature:delivered-to\r\n"
        f"         :x-forwarded-for:x-forwarded-to:x-gm-message-state:from:to:cc;\r\n"
        f"        bh={signature(mail.name + ' body', 32)};\r\n"
        f"        b={folded(signature(mail.name + ' 1e100', 192))}\r\n"
        f"X-Gm-Message-State: {folded('AOJu0Y' + signature(mail.name + ' state', 93))}\r\n"
        f"X-Received: by 2002:a17:90b:{token(mail.name + ' v6', 4, '0123456789abcdef')}:: with SMTP id {smtp_id}.12.{epoch}000;\r\n"
        f"        {stamp}\r\n"
        f"X-Forwarded-To: {forward.ours}\r\n"
        f"X-Forwarded-For: {forward.mailbox} {forward.ours}\r\n"
        f"Delivered-To: {forward.mailbox}\r\n"
        f"Received: by 2002:a05:6a20:{token(mail.name + ' v6b', 4, '0123456789abcdef')}:: with SMTP id {token(mail.name + ' in', 18)};\r\n"
        f"        {stamp}\r\n"
        f"X-Google-Smtp-Source: {folded('AGHT+I' + signature(mail.name + ' source', 60))}\r\n"
        f"X-Received: by 2002:a17:902:{token(mail.name + ' v6c', 4, '0123456789abcdef')}:: with SMTP id {smtp_id}.9.{epoch}000;\r\n"
        f"        {stamp}\r\n"
        f"ARC-Seal: i=1; a=rsa-sha256; t={epoch}; cv=none; d=google.com; s=arc-20240605;\r\n"
        f"        b={folded(signature(mail.name + ' seal', 192))}\r\n"
        f"ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=google.com; s=arc-20240605;\r\n"
        f"        h=mime-version:subject:message-id:to:from:date:dkim-signature;\r\n"
        f"        bh={signature(mail.name + ' body', 32)};\r\n"
        f"        b={folded(signature(mail.name + ' arc', 192))}\r\n"
        f"ARC-Authentication-Results: i=1; mx.google.com;\r\n"
        f"       dkim=pass header.i=@{mail.domain} header.s=mail1 header.b={token(mail.name + ' b', 8)};\r\n"
        f"       spf=pass ({spf}) smtp.mailfrom={bounce};\r\n"
        f"       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from={mail.domain}\r\n"
    )


def ses_block(mail: Written, forward: Forward, smtp_id: str, arrived: datetime) -> str:
    """What Amazon SES writes on top of a mail that it stores: these fields, in this order."""
    spf = (
        f"pass (spfCheck: domain of _spf.google.com designates {forward.ip} as permitted sender)"
        f" client-ip={forward.ip}; envelope-from={forward.return_path}; helo={forward.host};"
    )
    utc = arrived.astimezone(timezone.utc)
    return (
        f"Return-Path: <{forward.return_path}>\r\n"
        f"Received: from {forward.host} ({forward.host} [{forward.ip}])\r\n"
        f" by inbound-smtp.ap-northeast-1.amazonaws.com with SMTP id {smtp_id}\r\n"
        f" for {forward.ours};\r\n"
        f" {utc.strftime('%a, %d %b %Y %H:%M:%S')} +0000 (UTC)\r\n"
        f"X-SES-Spam-Verdict: PASS\r\n"
        f"X-SES-Virus-Verdict: PASS\r\n"
        f"Received-SPF: {spf}\r\n"
        f"Authentication-Results: amazonses.com;\r\n"
        f" spf={spf}\r\n"
        f" dkim=pass header.i=@{mail.domain};\r\n"
        f" dmarc=pass header.from={mail.domain};\r\n"
        f"X-SES-RECEIPT: AEFBQUFB{signature(mail.name + ' receipt', 180)}\r\n"
        f"X-SES-DKIM-SIGNATURE: a=rsa-sha256; q=dns/txt; b={signature(mail.name + ' ses', 128)};"
        f" c=relaxed/simple; s=ihchhvubuqgjsxyuhssfvqohv7z3u4hn; d=amazonses.com; t={int(arrived.timestamp())};"
        f" v=1; bh={signature(mail.name + ' ses body', 32)};"
        f" h=From:To:Cc:Bcc:Subject:Date:Message-ID:MIME-Version:Content-Type:X-SES-RECEIPT;\r\n"
    )


def stored_by_ses(mail: Written, forward: Forward, smtp_id: str, arrived: datetime, bounce: str) -> bytes:
    """The whole object: SES's block, the forwarder's fields, the first receipt, the mail."""
    received = arrived - timedelta(seconds=1)
    above = (
        ses_block(mail, forward, smtp_id, arrived)
        + forward_hop(mail, forward, received, bounce)
        + home_hop(mail, received, bounce, forward.mailbox)
    )
    return above.encode("ascii") + mail.from_sender()


def from_home(mail: Written, received: datetime, bounce: str, for_whom: str) -> bytes:
    """The mail as the person's own mailbox holds it, never forwarded."""
    above = f"Delivered-To: {for_whom}\r\n" + home_hop(mail, received, bounce, for_whom)
    return above.encode("ascii") + mail.from_sender()


def mbox_entry(mail: bytes, arrived: datetime) -> bytes:
    """One mail of an mbox (the mboxrd form): LF line ends, `From ` lines quoted."""
    lines = []
    for line in mail.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n"):
        lines.append(b">" + line if line.lstrip(b">").startswith(b"From ") else line)
    stamp = arrived.astimezone(timezone.utc).ctime()
    return f"From MAILER-DAEMON {stamp}\n".encode() + b"\n".join(lines) + b"\n\n"
