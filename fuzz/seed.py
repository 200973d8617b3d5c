"""Makes the seed corpora of the fuzz targets from `events/` and the open corpus."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "fuzz" / "corpus"


def mails():
    yield from (path.read_bytes() for path in sorted((ROOT / "events/mail").rglob("*.eml")))
    for path in sorted((ROOT / "tests/corpus/open").rglob("*.toml")):
        for mail in tomllib.loads(path.read_text("utf-8"))["mail"]:
            kind, body = ("html", mail["html"]) if "html" in mail else ("plain", mail.get("text", ""))
            text = (
                f"From: {mail['from']}\nSubject: {mail['subject']}\nMIME-Version: 1.0\n"
                f"Content-Type: text/{kind}; charset=utf-8\n\n{body}\n"
            )
            yield text.replace("\n", "\r\n").encode()


def write(target: str, seeds) -> None:
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for count, seed in enumerate(seeds, 1):
        (folder / f"seed-{count:04}").write_bytes(seed)
    print(f"{target}: {count} seeds")


def main() -> None:
    all_mails = list(mails())
    write("mail", all_mails)
    write("classify", all_mails)
    # Below SES's block: the mail without its own first header's name.
    write("ses", all_mails)
    write("event", (path.read_bytes() for path in sorted((ROOT / "events").glob("*.json"))))


if __name__ == "__main__":
    main()
