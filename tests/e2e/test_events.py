"""The function binary under AWS's own runtime interface emulator, with every file of `events/`."""

import mails
import pytest
from servers import REGION, RuntimeEmulator
from stack import SETUP_KEY, Stack

# What comes of each event file: nothing to retry, one record to retry, or an error.
EXPECTED = {
    "eventbridge": "done",
    "not-an-event": "error",
    "s3": "done",
    "s3-test-event": "done",
    "schedule": "done",
    "schedule-rule": "done",
    "ses-setup": "done",
    "sqs-batch": "one fails",
}


@pytest.fixture(scope="module")
def stack(cloud, policy) -> Stack:
    """Bucket, table and topic only: the function runs outside the emulated cloud."""
    stack = Stack(cloud.emulator.endpoint, "hansho-events", policy)
    stack.s3.create_bucket(Bucket="hansho-mail-example", CreateBucketConfiguration={"LocationConstraint": REGION})
    stack.bucket = "hansho-mail-example"
    stack.s3.put_object(Bucket=stack.bucket, Key="config/policy.toml", Body=policy)
    for mail_id, mail in mails.singles().items():
        stack.put(mail_id, mail)
    return stack


@pytest.fixture(scope="module")
def function(stack, cloud, bootstrap, tmp_path_factory):
    lambdas_own = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    environment = {**stack.environment(), **lambdas_own, "AWS_ENDPOINT_URL": cloud.emulator.endpoint}
    server = RuntimeEmulator(tmp_path_factory.mktemp("rie"), bootstrap, environment)
    yield server
    server.stop()


def test_every_event_file_has_an_expectation():
    assert {path.stem for path in mails.EVENTS.glob("*.json")} == EXPECTED.keys()


# The odd one in the middle: those after it show that the function lived on.
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_event_file_gets_its_answer(function, name):
    answer = function.invoke((mails.EVENTS / f"{name}.json").read_bytes())
    match EXPECTED[name]:
        case "done":
            assert not (answer or {}).get("batchItemFailures")
            assert "errorMessage" not in (answer or {})
        case "one fails":
            records = mails.event(name)["Records"]
            broken = [record["messageId"] for record in records if not record["body"].startswith("{")]
            assert len(broken) == 1
            assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == broken
        case "error":
            assert answer["errorType"] and answer["errorMessage"]
            assert "noodles" not in answer["errorMessage"], "an error does not repeat its input"


def test_mails_of_the_events_were_handled_and_rang_nothing(function, stack):
    for name in sorted(EXPECTED):
        function.invoke((mails.EVENTS / f"{name}.json").read_bytes())
    assert set(stack.mails_left()) <= {SETUP_KEY}
    assert stack.sightings()
    assert stack.alerts() == []


def test_function_answers_after_an_event_that_is_none(function):
    """The emulator starts a new function if one dies, so the log is asked too."""
    function.invoke(b'{"Records": "none"}')
    answer = function.invoke((mails.EVENTS / "schedule.json").read_bytes())
    assert "errorMessage" not in (answer or {})
    assert "panicked" not in function.log()
    assert "Runtime.ExitError" not in function.log()
