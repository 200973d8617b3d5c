"""The mails and events of `events/`, what in them is nobody's business, and a search for it.

Reads the mails with Python's own parser, not with ours.
"""

import email
import email.policy
import json
import re
from datetime import datetime, timedelta, timezone
from email.utils import getaddresses
from pathlib import Path
from urllib.parse import unquote_plus

EVENTS = Path(__file__).parents[2] / "events"
# SES's own Received is the topmost; only it writes its date in this form.
SES_STAMP = re.compile(rb"^ \w{3}, \d{2} \w{3} \d{4} [\d:]{8} \+0000 \(UTC\)", re.MULTILINE)
SES_FORMAT = " %a, %d %b %Y %H:%M:%S +0000 (UTC)"


def flood() -> dict[str, bytes]:
    """The 55 mails of the flood by their id."""
    return {path.stem: path.read_bytes() for path in sorted((EVENTS / "mail/flood").glob("*.eml"))}


def singles() -> dict[str, bytes]:
    """The mails that the event files point at, by their id."""
    return {path.stem: path.read_bytes() for path in sorted((EVENTS / "mail").glob("*.eml"))}


def event(name: str) -> dict:
    return json.loads((EVENTS / f"{name}.json").read_bytes())


def arrived(mail: bytes) -> datetime:
    """When SES took a mail, from the topmost Received."""
    return datetime.strptime(SES_STAMP.search(mail)[0].decode(), SES_FORMAT).replace(tzinfo=timezone.utc)


def moved(mails: dict[str, bytes], last: datetime) -> dict[str, bytes]:
    """The same mails, their arrivals moved so that the last one came at `last`."""
    by: timedelta = last - max(map(arrived, mails.values()))

    def stamp(mail: bytes) -> bytes:
        return SES_STAMP.sub((arrived(mail) + by).strftime(SES_FORMAT).encode(), mail, count=1)

    return {key: stamp(mail) for key, mail in mails.items()}


def secrets(mails: dict[str, bytes]) -> set[str]:
    """What no log, row or alert may hold: pictures, codes, subjects and addresses of these mails."""
    found = set()
    for raw in mails.values():
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        found.add(str(mail["Subject"]))
        text = mail.get_body(("html", "plain")).get_content()
        found.update(re.findall(r"の内容 (\S+)", text))
        found.update(re.findall(r"(?<!\d)\d{6}(?!\d)", text))
        for field in ("From", "To", "Return-Path", "Delivered-To", "X-Forwarded-To"):
            values = [str(value) for value in mail.get_all(field, [])]
            found.update(address for _, address in getaddresses(values) if "@" in address)
    return found


def readings(text: str) -> set[str]:
    """A text as it stands and with form and JSON escapes undone, up to three layers deep."""
    seen, fresh = {text}, {text}
    for _ in range(3):
        fresh = {
            reading
            for one in fresh
            for reading in (
                unquote_plus(one),
                re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), one.replace("\\\\u", "\\u")),
            )
        } - seen
        seen |= fresh
    return seen


def leaks(secret_words: set[str], texts) -> set[str]:
    """Which of the words occur in one of the texts."""
    everything = "\n".join(reading for text in texts for reading in readings(text))
    return {word for word in secret_words if word in everything}
