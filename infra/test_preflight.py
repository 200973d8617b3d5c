"""What preflight.py calls missing, warns of and lets pass."""

import io
import tomllib

import pytest
from botocore.exceptions import ClientError

import preflight
from preflight import HERE, Findings

SETTINGS = {
    "stack": "hansho",
    "region": "ap-northeast-1",
    "parameters": {"MailDomain": "codes.ouchi.test", "OpsEmail": "ops@shigoto.test"},
}


def kinds(found):
    return [kind for kind, _ in found.lines]


def with_parameters(**parameters):
    return SETTINGS | {"parameters": SETTINGS["parameters"] | parameters}


@pytest.mark.parametrize(
    "settings, missing",
    [
        (SETTINGS, 0),
        (SETTINGS | {"stack": "Hansho"}, 1),
        (SETTINGS | {"stack": "h" * 32}, 1),
        (SETTINGS | {"region": ""}, 1),
        (SETTINGS | {"parameters": {}}, 2),
        (with_parameters(OpsEmail="ops@example.com"), 1),
        (with_parameters(OpsEmail="ops@codes.ouchi.test"), 1),
        (with_parameters(OpsMail="ops@shigoto.test"), 1),
        (with_parameters(Recipients="hanako@codes.ouchi.test"), 1),
    ],
)
def test_parameters(settings, missing):
    found = Findings()
    preflight.check_parameters(settings, found)
    assert found.missing == missing, found.lines


def test_the_example_cannot_be_deployed_as_it_is():
    found = Findings()
    preflight.check_parameters(tomllib.loads((HERE / "parameters.example.toml").read_text()), found)
    assert found.missing == 2


@pytest.mark.parametrize(
    "policy, first, missing",
    [
        ({"person": {"hanako": {"addresses": ["h-1@codes.ouchi.test"]}}}, "hanako", 0),
        ({"person": {"hanako": {"addresses": ["h-1@codes.ouchi.test"]}}}, "taro", 1),
        ({"person": {"hanako": {"addresses": ["h-1@other.test"]}}}, "hanako", 1),
        ({"person": {"hanako": {"addresses": ["H-1@codes.ouchi.test"]}}}, "hanako", 1),
        ({"person": {"hanako": {"addresses": [f"h-{n}@codes.ouchi.test" for n in range(101)]}}}, "hanako", 1),
        ({"person": {"hanako": {}}}, "hanako", 1),
        ({}, None, 1),
    ],
)
def test_policy(policy, first, missing):
    found = Findings()
    preflight.check_policy(policy, with_parameters(FirstPerson=first)["parameters"], found)
    assert found.missing == missing, found.lines


def test_the_rule_receives_the_addresses_of_everybody():
    people = {"a": {"addresses": ["a@codes.ouchi.test"]}, "b": {"addresses": ["b@codes.ouchi.test", "c@codes.ouchi.test"]}}
    recipients = preflight.check_policy({"person": people}, SETTINGS["parameters"], Findings())
    assert recipients == ["a@codes.ouchi.test", "b@codes.ouchi.test", "c@codes.ouchi.test"]


@pytest.mark.parametrize("exists, expected", [(True, ["ok"]), (False, ["missing"])])
def test_region(exists, expected):
    def resolve(host, port):
        assert (host, port) == ("inbound-smtp.ap-northeast-1.amazonaws.com", 25)
        if not exists:
            raise OSError

    found = Findings()
    preflight.check_region("ap-northeast-1", found, resolve)
    assert kinds(found) == expected


class Identities:
    def __init__(self, verified):
        self.verified = verified

    def get_email_identity(self, EmailIdentity):
        if EmailIdentity not in self.verified:
            raise ClientError({"Error": {"Code": "NotFoundException"}}, "GetEmailIdentity")
        return {"VerifiedForSendingStatus": self.verified[EmailIdentity]}


@pytest.mark.parametrize(
    "verified, expected",
    [
        ({"codes.ouchi.test": True}, "ok"),
        ({"ouchi.test": True}, "ok"),
        ({"codes.ouchi.test": False, "ouchi.test": True}, "ok"),
        ({"codes.ouchi.test": False}, "warn"),
        ({"test": True}, "missing"),
        ({}, "missing"),
    ],
)
def test_domain(verified, expected):
    found = Findings()
    preflight.check_domain(Identities(verified), "codes.ouchi.test", found)
    assert kinds(found) == [expected]


@pytest.mark.parametrize(
    "active, existing, expected",
    [
        (None, "", "ok"),
        ("hansho", "", "ok"),
        ("office", "", "missing"),
        ("office", "office", "ok"),
        (None, "office", "missing"),
        ("hansho", "office", "missing"),
    ],
)
def test_rule_set(active, existing, expected):
    class Ses:
        def describe_active_receipt_rule_set(self):
            return {"Metadata": {"Name": active}} if active else {}

    found = Findings()
    preflight.check_rule_set(Ses(), "hansho", existing, found)
    assert kinds(found) == [expected]


class Sms:
    def __init__(self, sandbox, verified=(), limit="1"):
        self.sandbox, self.verified, self.limit = sandbox, verified, limit

    def get_sms_sandbox_account_status(self):
        return {"IsInSandbox": self.sandbox}

    def get_paginator(self, _operation):
        return self

    def paginate(self):
        yield {"PhoneNumbers": [{"PhoneNumber": n, "Status": s} for n, s in self.verified]}

    def get_sms_attributes(self, attributes):
        return {"attributes": {"MonthlySpendLimit": self.limit}}


NUMBER = "+819000000000"


@pytest.mark.parametrize(
    "sms, alarm_usd, warnings",
    [
        (Sms(sandbox=False), 0.5, 0),
        (Sms(sandbox=True, verified=[(NUMBER, "Verified")]), 0.5, 0),
        (Sms(sandbox=True, verified=[(NUMBER, "Pending")]), 0.5, 1),
        (Sms(sandbox=True), 0.5, 1),
        (Sms(sandbox=False, limit="20"), 10, 0),
        (Sms(sandbox=False, limit="1"), 10, 1),
    ],
)
def test_sms(sms, alarm_usd, warnings):
    found = Findings()
    preflight.check_sms(sms, {"FirstPersonSms": NUMBER, "SmsAlarmUsd": alarm_usd}, found)
    assert kinds(found) == ["warn"] * warnings


class Bucket:
    def __init__(self, text=None, error="NoSuchKey"):
        self.text, self.error = text, error

    def get_object(self, Bucket, Key):
        assert Key == "config/policy.toml"
        if self.text is None:
            raise ClientError({"Error": {"Code": self.error}}, "GetObject")
        return {"Body": io.BytesIO(self.text.encode())}


def test_the_policy_in_the_bucket_wins_over_the_local_one_unless_another_is_given(tmp_path, monkeypatch):
    monkeypatch.setattr(preflight, "HERE", tmp_path)
    (tmp_path / "policy.toml").write_text("local")
    (tmp_path / "other.toml").write_text("given")
    assert preflight.read_policy(Bucket("home"), "b", None, Findings()) == "home"
    assert preflight.read_policy(Bucket("home"), "b", tmp_path / "other.toml", Findings()) == "given"
    assert preflight.read_policy(Bucket(), "b", None, Findings()) == "local"
    assert preflight.read_policy(Bucket(error="NoSuchBucket"), "b", None, Findings()) == "local"


def test_without_any_policy_it_says_how_to_begin(tmp_path, monkeypatch):
    monkeypatch.setattr(preflight, "HERE", tmp_path)
    found = Findings()
    assert preflight.read_policy(Bucket(), "b", None, found) is None
    assert "policy.example.toml" in found.lines[0][1]


def test_a_refusal_of_the_bucket_is_not_taken_for_an_empty_one():
    with pytest.raises(ClientError):
        preflight.read_policy(Bucket(error="AccessDenied"), "b", None, Findings())


def test_a_parameter_that_was_taken_out_of_the_file_goes_back_to_its_default():
    lines = preflight.overrides(SETTINGS["parameters"] | {"MailsPerHour": 50}, ["a@codes.ouchi.test", "b@codes.ouchi.test"])
    values = dict(line.split("=", 1) for line in lines.splitlines())
    assert set(values) == set(preflight.TEMPLATE_PARAMETERS)
    assert values["MailsPerHour"] == "50"
    assert values["MaximumConcurrency"] == "5"
    assert values["ExistingRuleSet"] == '""'
    assert values["Recipients"] == "a@codes.ouchi.test,b@codes.ouchi.test"
