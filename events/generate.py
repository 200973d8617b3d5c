#!/usr/bin/env python3
"""Writes the files of this folder: what AWS sends, and the mails it points at.

    python3 events/generate.py           writes them all
    python3 events/generate.py --check   exits 1 if one differs from what it would write

Needs only Python 3.11. Reads no clock and uses no chance: the same bytes every time.
All names, addresses, ids and texts are invented, but for public sender addresses
and subjects of services.
"""

import argparse
import hashlib
import json
import sys
import tomllib
from datetime import datetime, timedelta, timezone
from pathlib import Path

from letters import JST, Forward, Written, from_home, mbox_entry, stored_by_ses, token

HERE = Path(__file__).parent
BUCKET = "hansho-mail-example"
PREFIX = "mail/"
REGION = "ap-northeast-1"
ACCOUNT = "123456789012"
MAILBOX = "hanako@example.jp"
FORWARD = Forward(mailbox=MAILBOX, ours="hanako-7q3k9x2mtf@mail.example.com")

FLOOD_MAILS = 55
# Saturday evening in UTC is the small hours of Sunday in Japan: the desk is closed.
FLOOD_START = datetime(2025, 3, 30, 3, 0, 4, tzinfo=JST)
FLOOD_SPAN_S = 48
# Two of these name the code of a mail; each mail of the flood has another pair.
PICTURES = [
    "ラクダ", "フクロウ", "サボテン", "トランペット", "ペンギン", "ヒマワリ", "カタツムリ", "パイナップル",
    "ハリネズミ", "ユキダルマ", "シマウマ", "タケノコ", "テントウムシ", "バイオリン", "アザラシ", "ドングリ",
]  # fmt: skip


def smtp_id(name: str) -> str:
    """The id that SES gives a mail: 40 characters, also the last segment of its object key."""
    return token(name + " ses", 40)


# --- the mails ---------------------------------------------------------------


def flood() -> list[tuple[str, datetime, bytes]]:
    """The flood of one moment: id, arrival and bytes of each mail, by arrival."""
    mails = []
    for number in range(FLOOD_MAILS):
        name = f"flood {number}"
        arrived = FLOOD_START + timedelta(seconds=number * FLOOD_SPAN_S // (FLOOD_MAILS - 1))
        first = PICTURES[number % len(PICTURES)]
        # 1, 4, 7, 10 further on: never the same picture twice, never the same pair twice.
        second = PICTURES[(number + 1 + 3 * (number // len(PICTURES))) % len(PICTURES)]
        mail = rakuten_login(name, arrived - timedelta(seconds=3), first, second, wrapped=number % 3 != 2)
        ses_id = smtp_id(name)
        bounce = "securities-relay@bounce2.rakuten-sec.co.jp"
        mails.append((ses_id, arrived, stored_by_ses(mail, FORWARD, ses_id, arrived, bounce)))
    return mails


def rakuten_login(name: str, date: datetime, first: str, second: str, wrapped: bool) -> Written:
    """A login code of Rakuten Securities: two names of pictures and no digit."""
    return Written(
        name=name,
        sender="楽天証券 <service@rakuten-sec.co.jp>",
        to=MAILBOX,
        subject="楽天証券よりログイン追加認証コードを送付いたします",
        date=date,
        date_comment=" (JST)",
        charset="iso-2022-jp",
        wrapped=wrapped,
        html=f"""<html>
<head><meta http-equiv="Content-Type" content="text/html; charset=iso-2022-jp"></head>
<body>
花子 様<br><br>
ログインの手続きを続けるには、次の二つの絵文字を、画面で順番にお選びください。<br><br>
絵文字１の内容 {first} <br>
絵文字２の内容 {second} <br><br>
この認証は30分で無効になります。<br>
お心当たりがない場合は、ログインパスワードを変更してください。<br>
</body>
</html>
""",
    )


def month() -> list[tuple[datetime, bytes]]:
    """The ordinary month of `month.toml`, by arrival."""
    mails = []
    for entry_number, entry in enumerate(tomllib.loads((HERE / "month.toml").read_text("utf-8"))["mail"]):
        for position, at in enumerate(entry["at"]):
            name = f"month {entry_number} {position}"
            arrived = datetime.strptime(f"2025-02-{at}", "%Y-%m-%d %H:%M").replace(tzinfo=JST)
            arrived += timedelta(seconds=int(token(name + " second", 1, "0123456789")) * 6)
            fills = entry.get("fill", [""] * len(entry["at"]))
            code = token(name + " code", 6, "0123456789")
            texts = {
                kind: entry.get(kind, "").replace("{code}", code).replace("{}", fills[position])
                for kind in ("subject", "text", "html")
            }
            options = {key: entry[key] for key in ("charset", "encoding", "headers") if key in entry}
            mail = Written(
                name=name, sender=entry["from"], to=MAILBOX,
                date=arrived - timedelta(seconds=4), **texts, **options,
            )  # fmt: skip
            bounce = f"bounce@{mail.domain}"
            if entry.get("via") == "home":
                mails.append((arrived, from_home(mail, arrived, bounce, MAILBOX)))
            else:
                mails.append((arrived, stored_by_ses(mail, FORWARD, smtp_id(name), arrived, bounce)))
    return sorted(mails, key=lambda mail: mail[0])


def singles() -> list[tuple[str, datetime, bytes]]:
    """The mails that the events point at one by one: an ordinary day, no burst in it."""
    day = datetime(2025, 4, 2, 9, 0, tzinfo=JST)

    def at(hours: float) -> datetime:
        return day + timedelta(hours=hours)

    def plain(name: str, hours: float, sender: str, subject: str, text: str, **options) -> Written:
        return Written(name=name, sender=sender, to=MAILBOX, subject=subject, date=at(hours), text=text, **options)

    bank, shop = "ミドリ銀行 <no-reply@midori-bank.example.jp>", "Corner Books <orders@corner-books.example.com>"
    written = [
        rakuten_login("single s3", at(0), "オルゴール", "カワウソ", wrapped=True),
        plain("single eventbridge", 1, "GitHub <noreply@github.com>", "[GitHub] Please verify your device",
              "Hello hanako,\n\nWe have not seen this device before.\n\nVerification code: 815302\n"),
        plain("single bank", 2, bank, "【ミドリ銀行】ログイン用の確認コード",
              "花子様\n\n確認コードは 604713 です。10分以内に入力してください。\n", charset="shift_jis", encoding="base64"),
        plain("single newsletter", 2.2, "朝のひとこと <morning@hitokoto.example.jp>", "朝のひとこと",
              "桜が咲きました。\n\nきょうもよい一日を。\n", charset="iso-2022-jp", encoding="7bit",
              headers={"List-Unsubscribe": "<https://hitokoto.example.jp/stop>"}),
        plain("single receipt", 3, shop, "Your receipt 40112", "Thank you. Paid: 12.40.\n", charset="iso-8859-1"),
        plain("single library", 4, "Riverside Library <desk@riverside-library.example.org>", "Your sign-in code",
              "Hi Hanako,\n\nType 271946 on the catalogue page to sign in.\n"),
        plain("single sign-in", 5, bank, "ログインがありました",
              "花子様\n\nログインがありましたのでお知らせします。\n", charset="euc-jp", encoding="8bit"),
        plain("single parcel", 6, "ハヤブサ便 <track@hayabusa.example.jp>", "お荷物のお届け予定",
              "お問い合わせ番号 482001 のお荷物は本日お届けの予定です。\n"),
        plain("single coupon", 7, shop, "A code for you: SPRING15", "Use SPRING15 at the till until Sunday.\n"),
        plain("single friend", 8, "佐々木 遥 <haruka@example.net>", "Re: 週末の件", "十時に駅の北口で。\n"),
        plain("single meeting", 9, "Meetings <calendar@meet.example.com>", "Invitation: planning",
              "Meeting ID: 921 448 302\nPasscode: 553018\n"),
    ]  # fmt: skip
    mails = []
    for mail in written:
        ses_id, arrived = smtp_id(mail.name), mail.date + timedelta(seconds=3)
        mails.append((ses_id, arrived, stored_by_ses(mail, FORWARD, ses_id, arrived, f"bounce@{mail.domain}")))
    return mails


def setup_mail() -> bytes:
    """What SES stores when a rule is made, in our own words: a mail of nobody."""
    return (
        b"From: Amazon Web Services <no-reply-aws@amazon.com>\r\n"
        b"To: recipient@example.com\r\n"
        b"Subject: Amazon SES Setup Notification\r\n"
        b"Message-ID: <AMAZON_SES_SETUP_NOTIFICATION>\r\n"
        b"Content-Type: text/plain; charset=UTF-8\r\n"
        b"\r\n"
        b"This object shows that a receipt rule may write to this bucket.\r\n"
    )


# --- the events --------------------------------------------------------------


def iso(moment: datetime) -> str:
    """A time as AWS writes it in events."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def uuid(name: str) -> str:
    digits = hashlib.sha256(name.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def s3_event(key: str, arrived: datetime, mail: bytes) -> dict:
    """An S3 notification (event version 2.1) of one stored object."""
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": REGION,
                "eventTime": iso(arrived),
                "eventName": "ObjectCreated:Put",
                "userIdentity": {"principalId": "AWS:AIDAEXAMPLEEXAMPLE"},
                "requestParameters": {"sourceIPAddress": "192.0.2.10"},
                "responseElements": {
                    "x-amz-request-id": token(key + " request", 16).upper(),
                    "x-amz-id-2": token(key + " id2", 48),
                },
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "hansho-mail",
                    "bucket": {
                        "name": BUCKET,
                        "ownerIdentity": {"principalId": "A1EXAMPLE"},
                        "arn": f"arn:aws:s3:::{BUCKET}",
                    },
                    "object": {
                        "key": key,
                        "size": len(mail),
                        "eTag": hashlib.md5(mail, usedforsecurity=False).hexdigest(),
                        "sequencer": token(key + " sequencer", 18, "0123456789ABCDEF"),
                    },
                },
            }
        ]
    }


def sqs_record(name: str, body: str, sent: datetime) -> dict:
    return {
        "messageId": uuid(name),
        "receiptHandle": token(name + " receipt", 96),
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(int(sent.timestamp() * 1000)),
            "SenderId": "AIDAEXAMPLEEXAMPLE",
            "ApproximateFirstReceiveTimestamp": str(int(sent.timestamp() * 1000) + 40),
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:hansho-mail",
        "awsRegion": REGION,
    }


def sqs_batch(mails: list[tuple[str, datetime, bytes]]) -> dict:
    """Nine notifications, and in their midst a message that is none."""
    records = [
        sqs_record(f"batch {ses_id}", json.dumps(s3_event(PREFIX + ses_id, arrived, mail)), arrived)
        for ses_id, arrived, mail in mails
    ]
    records.insert(4, sqs_record("batch broken", "this body is not an S3 event", mails[4][1]))
    return {"Records": records}


def eventbridge_event(ses_id: str, arrived: datetime, mail: bytes) -> dict:
    """An S3 event as EventBridge delivers it; the key is not URL-encoded here."""
    return {
        "version": "0",
        "id": uuid("eventbridge"),
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": ACCOUNT,
        "time": iso(arrived),
        "region": REGION,
        "resources": [f"arn:aws:s3:::{BUCKET}"],
        "detail": {
            "version": "0",
            "bucket": {"name": BUCKET},
            "object": {
                "key": PREFIX + ses_id,
                "size": len(mail),
                "etag": hashlib.md5(mail, usedforsecurity=False).hexdigest(),
                "sequencer": token(ses_id + " sequencer", 18, "0123456789ABCDEF"),
            },
            "request-id": token("eventbridge request", 16).upper(),
            "requester": ACCOUNT,
            "source-ip-address": "192.0.2.10",
            "reason": "PutObject",
        },
    }


def scheduled_event() -> dict:
    """The form that a schedule rule of EventBridge sends when it has no constant input."""
    return {
        "version": "0",
        "id": uuid("schedule"),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": "2025-03-29T18:05:00Z",
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/hansho-sweep"],
        "detail": {},
    }


def test_event() -> dict:
    """What S3 sends once, when a notification is configured."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2025-03-01T00:00:00.000Z",
        "Bucket": BUCKET,
        "RequestId": token("test event", 16).upper(),
        "HostId": token("test event host", 48),
    }


def files() -> dict[str, bytes]:
    """Every file of this folder that is made, by its path in it."""
    out: dict[str, bytes] = {}
    flood_mails, single_mails = flood(), singles()
    for ses_id, _, mail in flood_mails:
        out[f"mail/flood/{ses_id}.eml"] = mail
    out["mail/flood.mbox"] = b"".join(mbox_entry(mail, arrived) for _, arrived, mail in flood_mails)
    out["mail/month.mbox"] = b"".join(mbox_entry(mail, arrived) for arrived, mail in month())
    for ses_id, _, mail in single_mails:
        out[f"mail/{ses_id}.eml"] = mail
    setup = "AMAZON_SES_SETUP_NOTIFICATION"
    out[f"mail/{setup}.eml"] = setup_mail()

    first_id, first_arrived, first_mail = single_mails[0]
    events = {
        "s3": s3_event(PREFIX + first_id, first_arrived, first_mail),
        "eventbridge": eventbridge_event(*single_mails[1]),
        "sqs-batch": sqs_batch(single_mails[2:]),
        "schedule": {"hansho": "sweep"},
        "schedule-rule": scheduled_event(),
        "s3-test-event": test_event(),
        "ses-setup": s3_event(PREFIX + setup, datetime(2025, 3, 1, tzinfo=JST), setup_mail()),
        "not-an-event": {"lunch": "noodles", "at": "12:30"},
    }
    for name, event in events.items():
        out[f"{name}.json"] = (json.dumps(event, indent=2, ensure_ascii=False) + "\n").encode()
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on a difference")
    check = parser.parse_args().check

    made = files()
    present = {
        path.relative_to(HERE).as_posix()
        for pattern in ("*.json", "mail/**/*.eml", "mail/*.mbox")
        for path in HERE.glob(pattern)
    }
    if not check:
        for stray in present - made.keys():
            (HERE / stray).unlink()
        for path, content in made.items():
            (HERE / path).parent.mkdir(parents=True, exist_ok=True)
            (HERE / path).write_bytes(content)
        return 0
    wrong = sorted(present - made.keys())
    wrong += sorted(path for path in made if path not in present or (HERE / path).read_bytes() != made[path])
    for path in wrong:
        print(f"events/{path} is not what events/generate.py writes", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
