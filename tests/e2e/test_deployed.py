"""The stack from its template, with role enforcement: the flood rings, the commands work, and each fault is found."""

import json
import tomllib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from urllib.parse import parse_qs

import pytest

import mails
from deployed import ADDRESS, COPY_KEY, DOMAIN, EMAIL, NUMBER, PERSON, POLICY, REGION, STACK, Deployed, command_line
from servers import wait_until
from standins import State


@pytest.fixture(scope="module")
def stack(bootstrap, tmp_path_factory):
    stack = Deployed(bootstrap, command_line(), tmp_path_factory.mktemp("home"))
    try:
        yield stack
    finally:
        stack.stop()


@pytest.fixture(autouse=True)
def fresh(stack):
    """Each test begins with a healthy stack of one person, who is verified and confirmed."""
    stack.put_policy(POLICY)
    stack.proxy.state = State(numbers={NUMBER: "Verified"})
    stack.names.mx = {DOMAIN: [f"inbound-smtp.{REGION}.amazonaws.com"]}
    stack.alerts()


def healthy(parts: dict) -> dict:
    """What is not well, apart from what is so in every stack that has just been made."""
    young = {"function", "last code mail"}
    return {part: found for part, found in parts.items() if part not in young and any(h != "ok" for h, _ in found)}


# ---------------------------------------------------------------- the flood


def test_the_flood_gives_the_alert_with_no_more_rights_than_the_role_has(stack):
    flood = mails.moved(mails.flood(), datetime.now(timezone.utc))
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda item: stack.s3.put_object(Bucket=stack.bucket, Key="mail/" + item[0], Body=item[1]), flood.items()))
    heard = []

    def rang() -> bool:
        heard.extend(stack.alerts())
        return any(json.loads(one["Message"])["phase"] == "opened" for one in heard)

    wait_until(rang, "the alert of the flood", 60)
    wait_until(lambda: stack.keys("mail/") == [], "every mail is handled", 120)
    opened = [alert for one in heard if (alert := json.loads(one["Message"]))["phase"] == "opened"]
    assert [(a["alert"], a["person"], a["service"], a["drill"]) for a in opened] == [("hammered", PERSON, "rakuten-sec", False)]


def test_what_is_counted_names_nobody(stack):
    pages = stack.logs_api.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{STACK}")
    lines = [line for page in pages for entry in page["events"] for line in entry["message"].splitlines()]
    counted = [json.loads(line) for line in lines if line.startswith("{") and '"_aws"' in line]
    names = {metric["Name"] for one in counted for block in one["_aws"]["CloudWatchMetrics"] for metric in block["Metrics"]}
    assert {"Mails", "Codes", "Alerts", "ArrivalToPublishMs"} <= names
    for one in counted:
        words = {key: value for key, value in one.items() if isinstance(value, str)}
        assert set(words) <= {"outcome", "service", "alert"}, one
        assert PERSON not in json.dumps(one)


def test_a_copy_of_the_last_good_policy_is_kept_beside_it(stack):
    copy = stack.s3.get_object(Bucket=stack.bucket, Key=COPY_KEY)["Body"].read().decode()
    assert PERSON in tomllib.loads(copy)["person"]


# ----------------------------------------------------------------- subscribe


def test_a_new_person_gets_an_address_of_chance_in_policy_and_rule(stack):
    ran = stack.hansho("subscribe", "taro", "--sms", "+819000000001", "--email", "taro@example.org", "--language", "en", "--for", PERSON)
    assert ran.returncode == 0, ran.stderr
    text = stack.policy()
    assert text.startswith(POLICY), "what was there stays as it was written"
    taro = tomllib.loads(text)["person"]["taro"]
    (address,) = taro["addresses"]
    assert address.startswith("taro-") and address.endswith("@" + DOMAIN) and len(address) > len("taro-@" + DOMAIN) + 12
    assert (taro["language"], taro["sms"]) == ("en", True)
    assert address in ran.stdout
    rule = stack.ses.describe_active_receipt_rule_set()["Rules"][0]
    assert set(rule["Recipients"]) == {ADDRESS, address}
    assert rule["Actions"][0]["S3Action"]["ObjectKeyPrefix"] == "mail/"

    filters = {
        one["Endpoint"]: json.loads(stack.sns.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"]["FilterPolicy"])
        for one in stack.sns.list_subscriptions_by_topic(TopicArn=stack.topic)["Subscriptions"]
        if one["Protocol"] in ("sms", "email")
    }
    assert filters["+819000000001"] == {"person": ["taro", PERSON], "channels": ["sms"]}
    assert filters["taro@example.org"] == {"person": ["taro", PERSON], "channels": ["email"]}
    assert filters[EMAIL]["person"] == [PERSON], "nobody else's subscription is touched"
    subscribed = [form for form in requests(stack, "Subscribe")]
    assert len(subscribed) == 2 and all("FilterPolicy" in form.values() for form in subscribed), "never a moment without a filter"
    assert stack.proxy.state.numbers["+819000000001"] == "Pending"
    assert "hansho confirm --sms +819000000001" in ran.stdout

    again = stack.hansho("subscribe", "taro", "--sms", "+819000000001", "--email", "taro@example.org")
    assert again.returncode == 0, again.stderr
    assert stack.policy() == text
    assert set(stack.ses.describe_active_receipt_rule_set()["Rules"][0]["Recipients"]) == {ADDRESS, address}
    stack.ses.delete_receipt_rule(RuleSetName=stack.outputs["RuleSetName"], RuleName=stack.outputs["RuleName"])
    stack.ses.create_receipt_rule(RuleSetName=stack.outputs["RuleSetName"], Rule=rule | {"Recipients": [ADDRESS]})
    for one in stack.sns.list_subscriptions_by_topic(TopicArn=stack.topic)["Subscriptions"]:
        if one["Endpoint"] in ("+819000000001", "taro@example.org"):
            stack.sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])


def requests(stack, action: str) -> list[dict]:
    forms = ({n: v[0] for n, v in parse_qs(r.body).items()} for r in stack.proxy.requests if r.body.startswith("Action="))
    return [form for form in forms if form.get("Action") == action]


def test_two_who_change_the_policy_at_once_both_stand_in_it(stack):
    with ThreadPoolExecutor(4) as pool:
        ran = list(pool.map(lambda n: stack.hansho("subscribe", f"guest-{n}"), range(4)))
    assert [one.returncode for one in ran] == [0] * 4, [one.stderr for one in ran]
    assert set(tomllib.loads(stack.policy())["person"]) == {PERSON, *(f"guest-{n}" for n in range(4))}


def test_an_address_on_our_own_domain_is_refused(stack):
    ran = stack.hansho("subscribe", "taro", "--email", f"taro@{DOMAIN}")
    assert ran.returncode == 2 and "hansho receives for" in ran.stderr
    assert stack.policy() == POLICY


def test_a_confirmation_can_be_undone_by_the_account_only(stack):
    link = f"https://sns.{REGION}.amazonaws.com/confirmation.html?TopicArn={stack.topic}&Token=23a4f0&Endpoint={EMAIL}"
    assert stack.hansho("confirm", "--token", link).returncode == 0
    assert stack.proxy.state.confirmed == [(stack.topic, "23a4f0", "true")]
    stack.proxy.state.numbers[NUMBER] = "Pending"
    assert stack.hansho("confirm", "--sms", NUMBER, "--code", "123456").returncode == 0
    assert stack.proxy.state.numbers[NUMBER] == "Verified"


# ----------------------------------------------------------------- mute


def test_a_mute_is_written_and_taken_back(stack):
    ran = stack.hansho("mute", PERSON, "rakuten-sec", "--for", "6h")
    assert ran.returncode == 0, ran.stderr
    until = tomllib.loads(stack.policy())["person"][PERSON]["service"]["rakuten-sec"]["mute_until"]
    ahead = datetime.fromisoformat(until) - datetime.now(timezone.utc)
    assert 5.9 * 3600 < ahead.total_seconds() <= 6 * 3600
    stack.put_policy(POLICY)
    assert stack.hansho("mute", PERSON, "rakuten-sec", "--off").returncode == 0
    assert stack.policy() == POLICY
    for arguments in ([PERSON, "no-such-service"], ["nobody", "rakuten-sec"]):
        assert stack.hansho("mute", *arguments, "--for", "6h").returncode == 2


# ----------------------------------------------------------------- drill


def real(rows: list[dict]) -> list[dict]:
    """What no drill has left: neither under an id of its own, nor its SMS, which are counted apart."""
    return [row for row in rows if "~" not in row["pk"]["S"] and not row["sk"]["S"].startswith("drill#")]


def test_a_drill_rings_marked_and_leaves_no_trace_in_what_is_real(stack):
    real_before = real(stack.rows())
    ran = stack.hansho("drill", PERSON)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "the alert was published after" in ran.stdout
    (heard,) = stack.alerts()
    alert = json.loads(heard["Message"])
    assert (alert["drill"], alert["person"], alert["phase"], alert["count"]) == (True, PERSON, "opened", 5)
    assert heard["Subject"].startswith("【訓練】")
    assert heard["MessageAttributes"]["person"]["Value"] == PERSON, "it takes the way of the real one"
    assert alert["sms"].startswith("【訓練】")
    assert real(stack.rows()) == real_before
    wait_until(lambda: stack.keys("drill/") == [], "its mails are gone", 30)

    again = stack.hansho("drill", PERSON)
    assert again.returncode == 0, "a drill is not part of the drill before it"
    assert len(stack.alerts()) == 1
    stack.sweep()
    assert stack.alerts() == [], "and is over when it has rung"


def test_what_lies_under_mail_is_no_drill_whatever_it_is_called(stack):
    before = {row["pk"]["S"] for row in stack.rows() if "~" in row["pk"]["S"]}
    _, mail = next(iter(mails.flood().items()))
    stack.s3.put_object(Bucket=stack.bucket, Key=f"mail/drill/{PERSON}/run-0", Body=mail)
    queue = stack.outputs["MailQueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def taken() -> bool:
        counts = stack.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return not any(int(count) for count in counts.values())

    wait_until(taken, "it is handled", 30)
    assert {row["pk"]["S"] for row in stack.rows() if "~" in row["pk"]["S"]} == before


def test_a_drill_that_cannot_ring_says_so(stack):
    stack.put_policy(POLICY.replace("# The family.", "observe_only = true"))
    ran = stack.hansho("drill", PERSON)
    assert ran.returncode == 2 and "observe_only" in ran.stderr
    assert stack.hansho("drill", "nobody").returncode == 2


# ----------------------------------------------------------------- doctor


def test_a_healthy_stack_is_well(stack):
    stack.sweep()
    code, parts = stack.doctor()
    assert healthy(parts) == {}
    assert code == 0, parts
    assert set(parts) == {
        "stack", "policy", "rule set", "receipt rule", "domain", "MX record", "bucket policy", "notification", "queue",
        "dead letters", "function", "alarms", "subscriptions", "SMS sandbox", "SMS spend", "last code mail",
    }  # fmt: skip


def pending(stack):
    stack.proxy.state.pending = {EMAIL}


def clicked(stack):
    stack.proxy.state.clicked = {EMAIL}


def unverified_number(stack):
    stack.proxy.state.numbers = {}


def broken_policy(stack):
    stack.put_policy('[person.hanako]\naddresses = ["a@b@c"]\n')


def address_without_rule(stack):
    stack.put_policy(POLICY + f'\n[person.taro]\naddresses = ["taro-2m8w4c6hjd@{DOMAIN}"]\n')


def no_mx(stack):
    stack.names.mx = {}


def second_mx(stack):
    stack.names.mx[DOMAIN].append("mx.example.net")


@pytest.mark.parametrize(
    "fault, part, health, says",
    [
        (pending, "subscriptions", "fail", "never confirmed"),
        (clicked, "subscriptions", "warn", "confirmed by a click"),
        (unverified_number, "SMS sandbox", "fail", "not verified"),
        (broken_policy, "policy", "fail", "cannot be used"),
        (address_without_rule, "receipt rule", "fail", "taro-2m8w4c6hjd"),
        (no_mx, "MX record", "fail", "has none"),
        (second_mx, "MX record", "fail", "also points elsewhere"),
    ],
)
def test_a_fault_is_found(stack, fault, part, health, says):
    fault(stack)
    code, parts = stack.doctor()
    assert any(h == health and says in text for h, text in parts[part]), parts[part]
    assert code == (1 if health == "fail" else 0)


def test_dead_letters_are_found(stack):
    url = stack.outputs["DeadLetterQueueUrl"]
    stack.sqs.send_message(QueueUrl=url, MessageBody="{}")
    code, parts = stack.doctor()
    stack.sqs.purge_queue(QueueUrl=url)
    assert code == 1 and parts["dead letters"][0][0] == "fail"


def test_a_missing_notification_is_found(stack):
    standing = stack.s3.get_bucket_notification_configuration(Bucket=stack.bucket)
    standing.pop("ResponseMetadata")
    stack.s3.put_bucket_notification_configuration(Bucket=stack.bucket, NotificationConfiguration={})
    code, parts = stack.doctor()
    stack.s3.put_bucket_notification_configuration(Bucket=stack.bucket, NotificationConfiguration=standing)
    assert code == 1 and parts["notification"][0][0] == "fail"


def test_another_active_rule_set_is_found(stack):
    stack.ses.create_receipt_rule_set(RuleSetName="another")
    stack.ses.set_active_receipt_rule_set(RuleSetName="another")
    code, parts = stack.doctor()
    stack.ses.set_active_receipt_rule_set(RuleSetName=stack.outputs["RuleSetName"])
    assert code == 1 and "another is active" in parts["rule set"][0][1]


def test_an_alarm_that_rings_is_found(stack):
    name = "hansho-dead-letters"
    stack.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    code, parts = stack.doctor()
    stack.cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a test")
    assert code == 1 and ("fail", "dead-letters rings") in parts["alarms"]


def test_without_a_stack_doctor_says_what_is_missing(stack):
    ran = stack.hansho("doctor", "--stack", "another")
    assert ran.returncode == 2


# ----------------------------------------------------------------- heartbeat


def test_who_is_no_longer_subscribed_is_told_once_on_the_other_channel(stack):
    """The hour is over when its row is gone; the emulator's clock cannot be set."""
    table = stack.outputs["TableName"]

    def next_hour() -> None:
        for row in stack.rows():
            if row["pk"]["S"] == "~heartbeat":
                stack.dynamodb.delete_item(TableName=table, Key={"pk": row["pk"], "sk": row["sk"]})

    ops = stack.listen_to(stack.outputs["OpsTopicArn"], "ops")

    next_hour()
    stack.sweep()
    assert stack.alerts() == [], "all is well, and it is remembered who is there"

    (email,) = (
        one for one in stack.sns.list_subscriptions_by_topic(TopicArn=stack.topic)["Subscriptions"] if one["Endpoint"] == EMAIL
    )
    stack.sns.unsubscribe(SubscriptionArn=email["SubscriptionArn"])
    stack.sweep()
    assert stack.alerts() == [], "once an hour"
    next_hour()
    stack.sweep()
    (told,) = stack.alerts()
    assert json.loads(told["MessageAttributes"]["channels"]["Value"]) == ["sms"]
    assert told["MessageAttributes"]["person"]["Value"] == PERSON
    (to_ops,) = stack.sqs.receive_message(QueueUrl=ops, MaxNumberOfMessages=10)["Messages"]
    assert "hanako is no longer subscribed by email" in to_ops["Body"]
    next_hour()
    stack.sweep()
    assert stack.alerts() == [], "told once"

    assert stack.hansho("subscribe", PERSON, "--email", EMAIL).returncode == 0
    next_hour()
    stack.sweep()
    assert stack.alerts() == []
