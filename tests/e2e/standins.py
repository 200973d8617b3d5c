"""What the commands of a deployed stack ask and the emulator cannot answer.

A proxy before the emulator, for the commands only. Everything goes through,
except the calls that `CALLS` names; those are answered here, in the shape of
AWS's documents, from a state that a test can set.
"""

import socket
import struct
import threading
from dataclasses import dataclass, field
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from aiohttp import web

from tap import Tap


@dataclass
class State:
    """What AWS would know."""

    in_sandbox: bool = True
    # Number to "Pending" or "Verified".
    numbers: dict = field(default_factory=dict)
    spend_limit: str = "1"
    # Endpoints whose e-mail was not confirmed, or was confirmed by a click.
    pending: set = field(default_factory=set)
    clicked: set = field(default_factory=set)
    # (topic, token, authenticate) of each confirmation.
    confirmed: list = field(default_factory=list)


class StandIns(Tap):
    """The proxy. `ses` is a client that reaches the emulator itself."""

    def __init__(self, port: int, upstream: str, ses):
        self.ses = ses
        self.state = State()
        self.arns = {}
        super().__init__(port, upstream)

    async def _relay(self, request: web.Request) -> web.Response:
        form = {}
        if request.content_type == "application/x-www-form-urlencoded":
            form = {name: values[0] for name, values in parse_qs((await request.read()).decode(), True).items()}
        action = form.get("Action", "")
        if action in CALLS:
            # Kept like the others, so that a test can look at what was asked.
            self.asked.append(form)
            result = CALLS[action](self, form)
            body = f"<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"
            return web.Response(text=body, content_type="text/xml")
        response = await super()._relay(request)
        if action in ("ListSubscriptionsByTopic", "GetSubscriptionAttributes"):
            text = self._as_it_would_be(action, form, response.body.decode())
            return web.Response(status=response.status, text=text, content_type="text/xml")
        return response

    @property
    def asked(self) -> list:
        return self.__dict__.setdefault("_asked", [])

    def _as_it_would_be(self, action: str, form: dict, text: str) -> str:
        """The emulator confirms every e-mail by itself; AWS waits for the addressee."""
        if action == "ListSubscriptionsByTopic":
            members = text.split("<member>")
            for place, member in enumerate(members):
                endpoint = member.partition("<Endpoint>")[2].partition("</Endpoint>")[0]
                arn = member.partition("<SubscriptionArn>")[2].partition("</SubscriptionArn>")[0]
                self.arns[arn] = endpoint
                if endpoint in self.state.pending:
                    members[place] = member.replace(arn, "PendingConfirmation")
            return "<member>".join(members)
        clicked = self.arns.get(form.get("SubscriptionArn")) in self.state.clicked
        entry = "<entry><key>ConfirmationWasAuthenticated</key><value>{}</value></entry>"
        for word in ("true", "false"):
            text = text.replace(entry.format(word), "")
        return text.replace("<Attributes>", "<Attributes>" + entry.format(str(not clicked).lower()), 1)

    # --- the calls

    def _update_receipt_rule(self, form: dict) -> str:
        rule_set, name = form["RuleSetName"], form["Rule.Name"]
        rule = self.ses.describe_receipt_rule(RuleSetName=rule_set, RuleName=name)["Rule"]
        sent = [form[key] for key in sorted(form) if key.startswith("Rule.Recipients.member.")]
        assert form["Rule.ScanEnabled"] == "true", "the rest of the rule must be left as it is"
        assert "Rule.Actions.member.1.S3Action.BucketName" in form
        self.ses.delete_receipt_rule(RuleSetName=rule_set, RuleName=name)
        self.ses.create_receipt_rule(RuleSetName=rule_set, Rule=rule | {"Recipients": sent})
        return ""

    def _sandbox(self, _form: dict) -> str:
        return f"<IsInSandbox>{str(self.state.in_sandbox).lower()}</IsInSandbox>"

    def _numbers(self, _form: dict) -> str:
        members = "".join(
            f"<member><PhoneNumber>{escape(number)}</PhoneNumber><Status>{status}</Status></member>"
            for number, status in self.state.numbers.items()
        )
        return f"<PhoneNumbers>{members}</PhoneNumbers>"

    def _enter_number(self, form: dict) -> str:
        self.state.numbers[form["PhoneNumber"]] = "Pending"
        return ""

    def _verify_number(self, form: dict) -> str:
        assert form["OneTimePassword"]
        self.state.numbers[form["PhoneNumber"]] = "Verified"
        return ""

    def _sms_attributes(self, _form: dict) -> str:
        entry = f"<entry><key>MonthlySpendLimit</key><value>{self.state.spend_limit}</value></entry>"
        return f"<attributes>{entry}</attributes>"

    def _confirm(self, form: dict) -> str:
        self.state.confirmed.append((form["TopicArn"], form["Token"], form.get("AuthenticateOnUnsubscribe")))
        return f"<SubscriptionArn>{form['TopicArn']}:confirmed</SubscriptionArn>"


CALLS = {
    "UpdateReceiptRule": StandIns._update_receipt_rule,
    "GetSMSSandboxAccountStatus": StandIns._sandbox,
    "ListSMSSandboxPhoneNumbers": StandIns._numbers,
    "CreateSMSSandboxPhoneNumber": StandIns._enter_number,
    "VerifySMSSandboxPhoneNumber": StandIns._verify_number,
    "GetSMSAttributes": StandIns._sms_attributes,
    "ConfirmSubscription": StandIns._confirm,
}


class Names:
    """A DNS server that knows MX records only, and those that it was told."""

    def __init__(self):
        self.mx: dict[str, list[str]] = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                query, sender = self.socket.recvfrom(4096)
            except OSError:
                return
            self.socket.sendto(self._answer(query), sender)

    def _answer(self, query: bytes) -> bytes:
        labels, place = [], 12
        while length := query[place]:
            labels.append(query[place + 1 : place + 1 + length].decode())
            place += 1 + length
        hosts = self.mx.get(".".join(labels).lower(), [])
        question = query[12 : place + 5]
        answer = b""
        for host in hosts:
            name = b"".join(bytes([len(label)]) + label.encode() for label in host.split(".")) + b"\0"
            data = struct.pack(">H", 10) + name
            answer += b"\xc0\x0c" + struct.pack(">HHIH", 15, 1, 60, len(data)) + data
        return query[:2] + struct.pack(">HHHHH", 0x8580, 1, len(hosts), 0, 0) + question + answer

    def stop(self) -> None:
        self.socket.close()
