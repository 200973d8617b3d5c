"""The inline function that activates the receipt rule set, case by case.

It must never take the place of another's active set, neither when the stack is
made nor when it is changed or deleted.
"""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from expand import expand

CODE = expand()["Resources"]["ActivationFunction"]["Properties"]["Code"]["ZipFile"]


class Ses:
    """SES as far as the function knows it; an active set of None is no active set."""

    def __init__(self, active):
        self.active = active

    def describe_active_receipt_rule_set(self):
        return {"Metadata": {"Name": self.active}} if self.active else {}

    def set_active_receipt_rule_set(self, RuleSetName=None):
        self.active = RuleSetName


@pytest.fixture
def run(monkeypatch):
    """Runs the function for one request; returns the set active after it and its answer."""

    def run(request, active, before=None):
        ses, answers = Ses(active), []
        boto3, cfnresponse = ModuleType("boto3"), ModuleType("cfnresponse")
        boto3.client = lambda service: {"ses": ses}[service]
        cfnresponse.SUCCESS, cfnresponse.FAILED = "SUCCESS", "FAILED"
        cfnresponse.send = lambda _event, _context, status, _data, physical_id, reason=None: answers.append(
            SimpleNamespace(status=status, physical_id=physical_id, reason=reason)
        )
        monkeypatch.setitem(sys.modules, "boto3", boto3)
        monkeypatch.setitem(sys.modules, "cfnresponse", cfnresponse)
        scope = {}
        exec(CODE, scope)
        event = {"RequestType": request, "ResourceProperties": {"RuleSetName": "hansho"}}
        if before:
            event["OldResourceProperties"] = {"RuleSetName": before}
        scope["handler"](event, None)
        (answer,) = answers
        assert answer.physical_id == "hansho"
        return ses.active, answer

    return run


@pytest.mark.parametrize(
    "request_type, active, before, after, status",
    [
        ("Create", None, None, "hansho", "SUCCESS"),
        ("Create", "hansho", None, "hansho", "SUCCESS"),
        ("Create", "office", None, "office", "FAILED"),
        ("Update", None, "hansho", "hansho", "SUCCESS"),
        ("Update", "old-name", "old-name", "hansho", "SUCCESS"),
        ("Update", "office", "hansho", "office", "FAILED"),
        ("Delete", "hansho", None, None, "SUCCESS"),
        ("Delete", "office", None, "office", "SUCCESS"),
        ("Delete", None, None, None, "SUCCESS"),
    ],
)
def test_only_ours_is_activated_and_only_ours_is_deactivated(run, request_type, active, before, after, status):
    left_active, answer = run(request_type, active, before)
    assert (left_active, answer.status) == (after, status)


def test_a_refusal_names_the_way_out(run):
    _, answer = run("Create", "office")
    assert "ExistingRuleSet=office" in answer.reason


def test_the_code_fits_into_the_template():
    assert len(CODE) <= 4096
