"""Reads every mail of an mbox in full with the standard library."""

import mailbox
import sys
from email import message_from_binary_file, policy


def text_of(mail):
    body = mail.get_body(preferencelist=("plain", "html"))
    try:
        return body.get_content() if body else ""
    except (LookupError, KeyError):
        return ""


box = mailbox.mbox(sys.argv[1], factory=lambda file: message_from_binary_file(file, policy=policy.default))
read = sum(len(str(mail["subject"])) + len(str(mail["from"])) + len(text_of(mail)) for mail in box)
print(len(box), read)
