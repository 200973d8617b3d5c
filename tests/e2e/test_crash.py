"""Deaths and lost answers at the worst moment: no alert is lost, none is sent twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import mails
from servers import wait_until
from stack import PREFIX, Stack

LEASE_S = 2


def deliver(stack: Stack, mail_id: str, mail: bytes):
    """Stores one mail and hands the function its notification, past the queue."""
    stack.put(mail_id, mail)
    record = {**mails.event("s3")["Records"][0], "s3": {"bucket": {"name": stack.bucket}, "object": {"key": PREFIX + mail_id}}}
    return stack.invoke({"Records": [record]})


@pytest.fixture
def stack(deploy) -> Stack:
    return deploy(settings={"HANSHO_LEASE_SECONDS": str(LEASE_S)}, listening=False, retry_after_s=30)


def test_sweep_sends_the_alert_of_a_claimer_that_died(stack, cloud, faults):
    five = list(mails.flood().items())[:5]
    for mail_id, mail in five[:4]:
        _, error = deliver(stack, mail_id, mail)
        assert error is None, error
    assert stack.alerts() == []

    # The fifth crosses the threshold; its Publish hangs and never reaches the topic.
    faults.set({"service": "sns", "operation": "Publish", "timeout_ms": 60_000})
    with ThreadPoolExecutor(1) as pool:
        fifth = pool.submit(deliver, stack, *five[4])
        wait_until(lambda: faults.fired() or fifth.done(), "the claimer publishes")
        assert faults.fired(), f"nothing was published: {fifth.result()}"
        assert cloud.emulator.kill_functions() > 0
        _, error = fifth.result()
    assert error is not None, "the function died, so the invocation failed"
    faults.set()
    assert stack.alerts() == []

    def swept() -> list[dict]:
        stack.sweep()
        return stack.alerts()

    wait_until(swept, "a sweep after the lease sends the alert", every_s=1)
    opened = [alert for alert in stack.alerts() if alert["phase"] == "opened"]
    assert [alert["count"] for alert in opened] == [5]
    stack.sweep()
    assert [alert for alert in stack.alerts() if alert["phase"] == "opened"] == opened


def test_claim_whose_answer_was_lost_is_sent_once(stack, cloud, faults):
    five = list(mails.flood().items())[:5]
    for mail_id, mail in five[:4]:
        deliver(stack, mail_id, mail)
    # The conditional write of the incident is applied, and its answer cut off on the way back.
    claim = "ConditionExpression && (Item.sk.S == 'state' || Key.sk.S == 'state')"
    faults.set({"service": "dynamodb", "body": claim, "response": {"abort_bytes": 0}, "times": 1})
    before = len(cloud.tap.requests)
    _, error = deliver(stack, *five[4])
    assert error is None, error
    assert faults.fired(), "no answer was lost"
    written = [request.body for request in cloud.tap.requests[before:] if "ConditionExpression" in request.body]
    assert len(written) > len(set(written)), "the same write came twice, so the first had been passed on"
    assert [(alert["phase"], alert["count"]) for alert in stack.alerts()] == [("opened", 5)]
