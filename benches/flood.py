"""A flood as a growth curve: from a hundred to ten thousand code mails to one
person, and as many mails to one person and to a thousand, the most that a
policy may name, through `hansho replay` with its ledger in a file. Time is processor time, the median of
the runs, of which the largest floods have a third; rows are counted in the file."""

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from email.utils import formatdate
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HANSHO = os.environ.get("HANSHO", ROOT / "target" / "release" / "hansho")
RUNS = int(os.environ.get("RUNS", "10"))
START = 1_795_273_200  # 22 November 2026, 00:00 in Tokyo


def mailbox(path: Path, mails: int, persons: int) -> None:
    with path.open("w") as out:
        for number in range(mails):
            # One a second, whoever it is for.
            date = formatdate(START + number)
            out.write(
                "From MAILER-DAEMON Sun Nov 22 03:00:00 2026\n"
                f"From: Example Bank <codes@bank.example.com>\nTo: p{number % persons}@example.jp\n"
                f"Subject: Your verification code\nDate: {date}\nMessage-ID: <{number}@bank.example.com>\n\n"
                f"Your verification code is {100_000 + number}. It expires in 10 minutes.\n\n"
            )


def policy(path: Path, persons: int) -> None:
    lines = []
    for number in range(persons):
        lines.append(f'[person.p{number}]\naddresses = ["p{number}-7q3k9x2mtf@mail.example.com"]\nmailboxes = ["p{number}@example.jp"]\n')
    path.write_text("\n".join(lines))


def measure(folder: Path, mails: int, persons: int) -> dict:
    mbox, rules = folder / "flood.mbox", folder / "policy.toml"
    mailbox(mbox, mails, persons)
    policy(rules, persons)
    took, ledger = [], folder / "ledger"
    runs = RUNS if mails < 10_000 else max(1, RUNS // 3)
    for _ in range(runs):
        for old in folder.glob("ledger*"):
            old.unlink()
        with (folder / "told").open("w+b") as told:
            process = subprocess.Popen([HANSHO, "replay", "--json", "--policy", rules, "--ledger", ledger, mbox], stdout=told)
            _, status, used = os.wait4(process.pid, 0)
            took.append(used.ru_utime + used.ru_stime)
            if os.waitstatus_to_exitcode(status) > 1:
                sys.exit(f"replay failed with {os.waitstatus_to_exitcode(status)}")
            told.seek(0)
            summary = json.loads(told.read().splitlines()[-1])
    if summary["codes"] != mails:
        sys.exit(f"of {mails} mails {summary['codes']} were taken for code mails")
    seconds = statistics.median(took)
    return {
        "mails": mails,
        "persons": persons,
        "ms": round(seconds * 1000, 1),
        "us_per_mail": round(seconds / mails * 1e6, 1),
        "rows_per_mail": round(rows(ledger) / mails, 3),
        "alerts": summary["alerts"],
        "runs": runs,
    }


def rows(ledger: Path) -> int:
    with sqlite3.connect(ledger) as file:
        names = [name for (name,) in file.execute("select name from sqlite_master where type = 'table'")]
        counts = {name: file.execute(f'select count(*) from "{name}"').fetchone()[0] for name in names}
    return max(counts.values(), default=0)


with tempfile.TemporaryDirectory() as place:
    curve = [(100, 1), (1000, 1), (10_000, 1), (1000, 10), (1000, 100), (1000, 1000), (10_000, 1000)]
    measured = [measure(Path(place), mails, persons) for mails, persons in curve]
(ROOT / "benches" / "results" / "flood.json").write_text(json.dumps(measured, indent=2) + "\n")
print(json.dumps(measured, indent=2))
