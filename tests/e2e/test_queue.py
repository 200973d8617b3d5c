"""What the queue hands over besides a flood: a poison record, an ordinary batch, set-up noise."""

import mails
from servers import wait_until
from stack import SETUP_KEY

EVENTS_BUCKET = "hansho-mail-example"


def test_poison_record_fails_alone(deploy):
    stack = deploy(retry_after_s=5, listening=False)
    records = mails.event("sqs-batch")["Records"]
    named = {key: mail for key, mail in mails.singles().items() if any(key in record["body"] for record in records)}
    assert (len(records), len(named)) == (10, 9)
    for mail_id, mail in named.items():
        stack.put(mail_id, mail)
    # The notifications of these puts are not wanted here: the batch of the file takes their place.
    stack.sqs.purge_queue(QueueUrl=stack.queue_url)
    stack.sqs.send_message_batch(
        QueueUrl=stack.queue_url,
        Entries=[
            {"Id": str(number), "MessageBody": record["body"].replace(EVENTS_BUCKET, stack.bucket)}
            for number, record in enumerate(records)
        ],
    )
    stack.listen()
    dead: list[str] = []
    wait_until(lambda: dead.extend(stack.dead_letters()) or dead, "the broken record is a dead letter", 120)
    stack.wait_until_handled()
    dead += stack.dead_letters()
    assert len(dead) == 1
    assert "this body is not an S3 event" in dead[0]
    assert stack.mails_left() == []
    assert stack.alerts() == []


def test_ordinary_day_and_set_up_noise_ring_nothing(deploy):
    # S3 has sent its test event to the queue when the stack was made.
    stack = deploy()
    singles = mails.singles()
    assert len(singles) == 12 and SETUP_KEY.endswith(tuple(singles))
    for mail_id, mail in singles.items():
        stack.put(mail_id, mail)
    stack.wait_until_handled()
    stack.sweep()
    assert stack.alerts() == []
    assert stack.dead_letters() == []
    assert set(stack.mails_left()) <= {SETUP_KEY}
    assert stack.sightings(), "the login codes among them were seen"


def test_object_that_is_gone_was_handled_before(deploy):
    stack = deploy()
    payload, error = stack.invoke(
        {"Records": [{**mails.event("s3")["Records"][0], "s3": {"bucket": {"name": stack.bucket}, "object": {"key": "mail/gone"}}}]}
    )
    assert error is None, payload
    assert stack.rows() == []
