"""55 mails put into the bucket at once become one incident, and nothing of them leaks."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from urllib.parse import quote_plus

import pytest

import mails
from stack import SWEEP, Stack

PERSON = "hanako"


def pour(stack: Stack, flood: dict[str, bytes]) -> None:
    """Puts all mails concurrently and waits until the function has taken them."""
    with ThreadPoolExecutor(max_workers=len(flood)) as pool:
        list(pool.map(stack.put, flood.keys(), flood.values()))
    stack.wait_until_handled()


def of(alerts: list[dict], phase: str) -> list[dict]:
    return sorted((alert for alert in alerts if alert["phase"] == phase), key=lambda alert: alert["count"])


def assert_one_incident(alerts: list[dict]) -> None:
    """One opening, then strictly increasing rungs, all of one incident and each under an id of its own."""
    opened, escalated = of(alerts, "opened"), of(alerts, "escalated")
    assert len(opened) == 1, alerts
    assert opened[0]["count"] >= 5
    counts = [alert["count"] for alert in opened + escalated]
    assert all(before < after for before, after in pairwise(counts)), counts
    assert len({alert["incident"] for alert in alerts}) == 1
    assert len({alert["id"] for alert in alerts}) == len(alerts)
    for alert in alerts:
        assert alert["schema"] == "hansho.alert/1"
        assert (alert["alert"], alert["person"], alert["service_key"]) == ("hammered", PERSON, "rakuten-sec")


def assert_handled(stack: Stack) -> None:
    assert len(stack.sightings()) == 55
    assert stack.dead_letters() == []
    assert stack.mails_left() == []


@pytest.mark.parametrize("ago", [None, timedelta(minutes=45)], ids=["of-2025", "of-45-minutes-ago"])
def test_flood_becomes_one_incident(deploy, ago):
    stack = deploy()
    flood = mails.flood()
    if ago is not None:
        flood = mails.moved(flood, datetime.now(timezone.utc) - ago)

    pour(stack, flood)
    assert_one_incident(stack.alerts())
    assert of(stack.alerts(), "closed") == []

    stack.sweep()
    alerts = stack.alerts()
    assert_one_incident(alerts)
    assert [alert["count"] for alert in of(alerts, "closed")] == [55]
    assert_handled(stack)

    stack.sweep()
    assert stack.alerts() == alerts, "a second sweep has nothing left to say"


@pytest.fixture(scope="module")
def this_minute(cloud, policy, code) -> Stack:
    """A stack that has just taken the flood, and has been swept once."""
    stack = Stack(cloud.emulator.endpoint, "hansho-this-minute", policy, code)
    pour(stack, mails.moved(mails.flood(), datetime.now(timezone.utc)))
    stack.sweep()
    return stack


def test_flood_of_this_minute_stays_open(this_minute):
    assert_one_incident(this_minute.alerts())
    assert of(this_minute.alerts(), "closed") == []
    assert_handled(this_minute)


def test_subscriptions_can_filter_by_attributes(this_minute):
    assert this_minute.deliveries()
    for envelope in this_minute.deliveries():
        alert, attributes = json.loads(envelope["Message"]), envelope["MessageAttributes"]
        assert attributes["person"] == {"Type": "String", "Value": PERSON}
        assert {"service", "alert", "severity", "phase", "channels"} <= attributes.keys()
        assert (attributes["alert"]["Value"], attributes["phase"]["Value"]) == (alert["alert"], alert["phase"])
        assert attributes["channels"]["Type"] == "String.Array"
        channels = json.loads(attributes["channels"]["Value"])
        assert "email" in channels
        if alert["phase"] == "opened":
            assert "sms" in channels, "the opening of a known, verified service rings the phone"


def test_what_is_published_keeps_the_limits_of_sns(this_minute, cloud):
    """The emulator takes what SNS refuses, so the requests themselves are looked at."""
    published = cloud.tap.published(this_minute.topic_arn)
    assert published
    for message in published:
        texts, attributes = message["texts"], message["attributes"]
        assert 0 < len(message["subject"]) < 100
        assert message["subject"].isprintable()
        assert texts["default"] and texts["email"]
        assert json.loads(texts["sqs"])["schema"] == "hansho.alert/1"
        assert sum(len(text.encode()) for text in texts.values()) < 256 * 1024
        if "sms" in json.loads(attributes["channels"][1]):
            assert len(texts["sms"].encode("utf-16-le")) // 2 <= 70, "one segment"
            assert attributes["AWS.SNS.SMS.SMSType"] == ("String", "Transactional")


def test_observing_only_sends_nothing_and_says_in_log_and_metrics_what_it_would_have(cloud, policy, code):
    stack = Stack(cloud.emulator.endpoint, "hansho-observing", b"observe_only = true\n" + policy, code)
    pour(stack, mails.flood())
    stack.sweep()
    assert stack.alerts() == []
    assert len(stack.sightings()) == 55
    lines = [json.loads(line) for line in stack.logs() if line.startswith("{")]
    unsent = [line for line in lines if "AlertsUnsent" in line]
    assert {line["reason"] for line in unsent} == {"observed"}
    told = [line for line in lines if "observing only" in str(line.get("message", line.get("fields", "")))]
    assert sum(line["AlertsUnsent"] for line in unsent) == len(told) >= 3, "an opening, a rung, a closing"


def test_nothing_of_a_mail_is_logged_stored_or_published(deploy, cloud):
    stack = deploy(settings={"HANSHO_LOG": "trace"})
    pour(stack, mails.flood())
    pour(stack, mails.singles())
    stack.sweep()

    words = mails.secrets(mails.flood() | mails.singles())
    assert {"ラクダ", "815302", "hanako@example.jp", "service@rakuten-sec.co.jp"} <= words
    logged, rows = stack.logs(), [json.dumps(row, ensure_ascii=False) for row in stack.rows()]
    # The policy names the person's addresses; its copy goes back to where it came from.
    copied = [request for request in cloud.tap.requests if request.method == "PUT" and "/config/policy.toml.last-good?" in request.path]
    sent = [part for request in cloud.tap.requests if request not in copied for part in (request.path, request.body)]
    delivered = [json.dumps(envelope, ensure_ascii=False) for envelope in stack.deliveries()]
    assert logged and len(rows) > 55 and sent and delivered
    assert mails.leaks(words, logged) == set()
    assert mails.leaks(words, rows) == set()
    assert mails.leaks(words, sent) == set()
    assert mails.leaks(words, delivered) == set()


def test_search_for_leaks_sees_through_escapes():
    """The search itself: a picture hidden in JSON in a form in JSON is found."""
    inner = json.dumps({"body": json.dumps({"text": "ラクダ"})})
    assert mails.leaks({"ラクダ"}, ["Action=Publish&Message=" + quote_plus(inner)]) == {"ラクダ"}
    assert mails.leaks({"ラクダ"}, [json.dumps(SWEEP)]) == set()
