"""Faults on every call of the function, a death in mid-batch, an outage of SNS, poison and odd objects: the books balance."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from urllib.parse import parse_qs

import mails
import pytest
from servers import wait_until
from stack import PREFIX, SETUP_KEY, Stack

# Every kind of call that the function makes all the time, and what it does once with a policy or once an hour.
CALLS = {
    ("s3", "GetObject"), ("s3", "DeleteObject"), ("sns", "Publish"),
    *(("dynamodb", operation) for operation in ("PutItem", "GetItem", "UpdateItem", "Query")),
}  # fmt: skip
ONCE = {("s3", "PutObject"), ("sns", "ListSubscriptionsByTopic"), ("sns", "GetSubscriptionAttributes")}
# Of the calls of each kind the first, and then every fifth, meets a fault.
EVERY_FIFTH = {"sequence": {"fail": 1, "pass": 4}}
FAULTS = {
    "throttled": {"error": {"code": "ThrottlingException", "status": 400}},
    "unavailable": {"error": {"code": "ServiceUnavailable", "status": 503}},
    "slow": {"latency": {"min": 100, "max": 500}},
    "reset": {"reset": True},
    # Applied, and the connection gone before the answer.
    "answer-lost": {"response": {"abort_bytes": 0}},
}
EACH = 100
LEASE_S = 2
# Of a record before it is a dead letter, and how far apart: longer than any batch takes.
TRIES, RETRY_S = 3, 6


@pytest.fixture(scope="module")
def policy(policy) -> bytes:
    """The demonstration's, but nothing is held back: each flood has three alerts that count towards the cap of an hour."""
    return policy + b"\n[limits]\nper_hour = 200\nper_day = 500\n"


def hour_ago(hours: int) -> datetime:
    """So many hours ago and three quarters: long enough for an incident to be over."""
    return datetime.now(timezone.utc) - timedelta(hours=hours, minutes=45)


def flood(count: int, last: datetime, mark: str = "a") -> dict[str, bytes]:
    """So many different mails of one flood. Mails under different marks are different mails."""
    of_one_moment = list(mails.moved(mails.flood(), last).items())
    out = {}
    for number in range(count):
        name, mail = of_one_moment[number % len(of_one_moment)]
        fresh = f"{mark}{number:05}{name[6:]}"
        head, _, tail = mail.partition(b"Message-ID: <")
        assert tail, name
        out[fresh] = (head + b"Message-ID: <%b%d." % (mark.encode(), number) + tail).replace(name.encode(), fresh.encode())
    return out


def pour(stack: Stack, some: dict[str, bytes]) -> None:
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(stack.put, some.keys(), some.values()))


def alerts(stack: Stack) -> list[dict]:
    """Each alert once: a second copy carries the same id."""
    return list({alert["id"]: alert for alert in stack.alerts()}.values())


def sweep_until_closed(stack: Stack, incidents: int) -> list[list[dict]]:
    """Sweeps until so many incidents are over. A sweep that meets a fault leaves the rest to the next."""

    def closed() -> bool:
        stack.invoke({"hansho": "sweep"})
        return len([alert for alert in alerts(stack) if alert["phase"] == "closed"]) >= incidents

    wait_until(closed, "the incidents are closed", timeout_s=180, every_s=1)
    by_incident: dict[str, list[dict]] = {}
    for alert in alerts(stack):
        by_incident.setdefault(alert["incident"], []).append(alert)
    return list(by_incident.values())


def assert_books_balance(stack: Stack, counts: list[int]) -> None:
    """Every mail is counted once and left nowhere, and each flood is told from its opening to its exact total."""
    incidents = sweep_until_closed(stack, len(counts))
    assert len(stack.sightings()) == sum(counts)
    assert stack.dead_letters() == []
    # One whose deletion failed each time has been counted, and expires.
    kept = [line for line in stack.logs() if "could not be deleted" in line]
    assert [key for key in stack.mails_left() if not any(key.removeprefix(PREFIX) in line for line in kept)] == []
    for incident in incidents:
        assert len([alert for alert in incident if alert["phase"] == "opened"]) == 1
        told = sorted(alert["count"] for alert in incident if alert["phase"] != "closed")
        assert all(before < after for before, after in pairwise(told)), told
    closings = [alert["count"] for incident in incidents for alert in incident if alert["phase"] == "closed"]
    assert sorted(closings) == sorted(counts)


def called(requests) -> set[tuple[str, str]]:
    """The kinds of calls among requests that the function has sent."""
    kinds = set()
    for request in requests:
        if request.target:
            kinds.add(("dynamodb", request.target.partition(".")[2]))
        elif action := parse_qs(request.body).get("Action"):
            kinds.add(("sns", action[0]))
        else:
            kinds.add(("s3", {"GET": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}.get(request.method, request.method)))
    return kinds


def test_books_balance_under_every_fault_on_every_call(deploy, cloud, faults):
    """500 mails as five floods, hours apart, each under one fault, which every kind of call meets."""
    # A batch that is still at work is not delivered again: a retry waits as long as the function may take.
    # The faults go on and on, so that a record may fail more often than in any real outage.
    stack = deploy(settings={"HANSHO_LEASE_SECONDS": str(LEASE_S)}, timeout_s=12, retry_after_s=12, tries=50)
    before = len(cloud.tap.requests)
    for number, (name, fault) in enumerate(FAULTS.items()):
        faults.set(*({"service": service, "operation": operation, **EVERY_FIFTH, **fault} for service, operation in sorted(CALLS | ONCE)))
        pour(stack, flood(EACH, hour_ago(3 * number), mark="abcde"[number]))
        stack.wait_until_idle(400)
        sweep_until_closed(stack, number + 1)
        met = {(one["service"], one["operation"]) for one in faults.fired()}
        assert met >= CALLS, name
    faults.set()
    assert called(cloud.tap.requests[before:]) == CALLS | ONCE, "a call of the function meets no fault here"
    assert_books_balance(stack, [EACH] * len(FAULTS))


def test_books_balance_after_deaths_in_mid_batch(deploy, cloud, faults):
    stack = deploy(settings={"HANSHO_LEASE_SECONDS": str(LEASE_S)}, retry_after_s=10)
    # Slow enough to be met in the middle of a batch.
    faults.set({"service": "dynamodb", "latency": {"min": 20, "max": 100}})
    pour(stack, flood(EACH, hour_ago(0)))
    for left in (80, 40):
        wait_until(lambda: len(stack.mails_left()) <= left, f"{left} mails are left", 120, 0.05)
        # A function that has just died or not yet begun is no process.
        wait_until(cloud.emulator.kill_functions, "a function is killed", every_s=0.05)
        assert stack.waiting() > 0, "nothing was left of the batch"
    faults.set()
    stack.wait_until_idle()
    assert_books_balance(stack, [EACH])


def test_no_alert_and_no_mail_is_lost_while_sns_is_away(deploy, faults):
    """As deployed, half an hour is longer than all tries of the queue; so it is here."""
    stack = deploy(settings={"HANSHO_LEASE_SECONDS": str(LEASE_S)}, retry_after_s=RETRY_S, tries=TRIES)
    stack.sweep()
    faults.set({"service": "sns", "error": {"code": "ServiceUnavailable", "status": 503}})
    away_since = time.monotonic()
    pour(stack, flood(EACH, hour_ago(0)))
    stack.wait_until_handled(60)
    while time.monotonic() - away_since < TRIES * RETRY_S:
        stack.sweep()
        time.sleep(LEASE_S)
    assert len({(one["service"], one["operation"]) for one in faults.fired()}) == 1
    assert len(faults.fired()) > 3, "the sweep has tried again"
    assert stack.alerts() == []
    faults.set()
    assert_books_balance(stack, [EACH])


def test_poison_ends_alone_and_its_redrive_rings(deploy, faults):
    """A mail that can never be counted: so many tries, a dead letter of its own, a reason; once mended it counts."""
    stack = deploy(settings={"HANSHO_LEASE_SECONDS": str(LEASE_S)}, retry_after_s=RETRY_S, tries=TRIES)
    stack.sweep()  # The function has started: what takes long from here on is not its start.
    five = flood(5, hour_ago(0))
    poison = list(five)[2]
    # The table refuses its row: no kind of refusal that goes away with time.
    row = f"contains(Item.sk.S, '{poison}')"
    faults.set({"service": "dynamodb", "operation": "PutItem", "body": row, "error": {"code": "ValidationException", "status": 400}})
    pour(stack, five)
    dead: list[str] = []
    wait_until(lambda: dead.extend(stack.dead_letters()) or dead, "the poisoned record is a dead letter", 120)
    stack.wait_until_idle()
    assert len(dead) == 1 and poison in dead[0]
    reasons = [line for line in stack.logs() if poison in line and "the ledger refused (ValidationException)" in line]
    assert len(reasons) == TRIES, reasons
    assert stack.mails_left() == [PREFIX + poison]
    assert len(stack.sightings()) == 4
    assert stack.alerts() == []

    faults.set()
    stack.redrive(dead)
    stack.wait_until_handled()
    assert_books_balance(stack, [5])


def test_odd_objects_are_handled(deploy):
    """Nothing, 40 MB of one mail, and what is no mail at all: neither a dead letter nor a bell."""
    stack = deploy(retry_after_s=5)
    name, mail = next(iter(flood(1, hour_ago(0)).items()))
    stack.put("empty", b"")
    stack.put("noise", bytes(range(256)) * 4096)
    stack.put("json", json.dumps({"no": "mail"}).encode())
    stack.put(name, mail + b"\r\n" + b"=E3=81=82" * (40 * 1024 * 1024 // 9))
    stack.wait_until_idle()
    assert stack.dead_letters() == []
    assert stack.alerts() == []
    assert len(stack.sightings()) == 1
    # What is for nobody stays until it expires.
    assert set(stack.mails_left()) - {SETUP_KEY} == {PREFIX + odd for odd in ("empty", "noise", "json")}
    assert not [line for line in stack.logs() if "panicked" in line or "memory" in line.lower() and "exceeded" in line]
