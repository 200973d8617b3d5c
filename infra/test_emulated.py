"""The stack on the emulator: it can be made, a mail reaches the function, and the
function's role lets it do its work and no more.

The function here is a stand-in that tries each call it is told to and says how
it went. What the emulator does not enforce (sns:Publish, s3:ListBucket, what the
queue's mapping needs) is held by test_template.py.
"""

import json
import sys
import time
from types import SimpleNamespace

import pytest

from emulated import deployed

# Called with {"try": [[service, method, arguments], …]} it answers with a word
# for each; every other event it leaves in the table under its own name.
STAND_IN = f"#!{sys.executable}\n" + '''
import json, os, urllib.request
import boto3
from botocore.exceptions import ClientError

runtime = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"

def attempt(service, method, arguments):
    try:
        getattr(boto3.client(service), method)(**arguments)
        return "done"
    except ClientError as error:
        return error.response["Error"]["Code"]

while True:
    with urllib.request.urlopen(runtime + "next") as answer:
        request = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(answer)
    if "try" in event:
        result = [attempt(*one) for one in event["try"]]
    elif event.get("environment"):
        result = {k: v for k, v in os.environ.items() if k.startswith("HANSHO_")}
    else:
        for record in event.get("Records", []):
            boto3.client("dynamodb").put_item(
                TableName=os.environ["HANSHO_TABLE"],
                Item={"pk": {"S": "seen"}, "sk": {"S": record["messageId"]}, "body": {"S": record["body"]}},
            )
        result = {"batchItemFailures": []}
    body = json.dumps(result).encode()
    urllib.request.urlopen(urllib.request.Request(runtime + request + "/response", data=body)).close()
'''


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    bootstrap = tmp_path_factory.mktemp("function") / "bootstrap"
    bootstrap.write_text(STAND_IN)
    with deployed(bootstrap) as stack:
        yield stack


@pytest.fixture
def names(stack):
    return SimpleNamespace(
        bucket=stack.outputs["BucketName"],
        table=stack.outputs["TableName"],
        alerts=stack.outputs["AlertTopicArn"],
        ops=stack.outputs["OpsTopicArn"],
        queue=stack.outputs["MailQueueUrl"],
    )


def call(stack, event):
    answer = stack.client("lambda").invoke(FunctionName=stack.outputs["FunctionName"], Payload=json.dumps(event))
    return json.load(answer["Payload"])


def seen(stack, names):
    rows = stack.client("dynamodb").query(
        TableName=names.table,
        KeyConditionExpression="pk = :seen",
        ExpressionAttributeValues={":seen": {"S": "seen"}},
    )["Items"]
    bodies = [json.loads(row["body"]["S"]) for row in rows]
    return [record["s3"]["object"]["key"] for body in bodies for record in body.get("Records", [])]


def test_a_mail_reaches_the_function_and_the_policy_does_not(stack, names):
    s3 = stack.client("s3")
    s3.put_object(Bucket=names.bucket, Key="config/policy.toml", Body=b"")
    s3.put_object(Bucket=names.bucket, Key="mail/one", Body=b"Subject: one\r\n\r\n")
    deadline = time.monotonic() + 30
    while seen(stack, names) != ["mail/one"]:
        assert time.monotonic() < deadline, seen(stack, names)
        time.sleep(0.2)


def test_the_function_is_told_where_things_are(stack, names):
    assert call(stack, {"environment": True}) == {
        "HANSHO_TABLE": names.table,
        "HANSHO_TOPIC_ARN": names.alerts,
        "HANSHO_OPS_TOPIC_ARN": names.ops,
        "HANSHO_POLICY": f"s3://{names.bucket}/config/policy.toml",
        "HANSHO_DELETE_SETTLED": "true",
        "HANSHO_LEASE_SECONDS": "60",
        "HANSHO_LOG": "info",
        "HANSHO_KEY_PREFIX": "mail/",
    }


def test_the_role_lets_the_function_do_its_work(stack, names):
    stack.client("s3").put_object(Bucket=names.bucket, Key="config/policy.toml", Body=b"")
    stack.client("s3").put_object(Bucket=names.bucket, Key="mail/two", Body=b"Subject: two\r\n\r\n")
    stack.client("s3").put_object(Bucket=names.bucket, Key="drill/hanako/run-0", Body=b"Subject: drill\r\n\r\n")
    key = {"pk": {"S": "try"}, "sk": {"S": "one"}}
    work = [
        ["s3", "get_object", {"Bucket": names.bucket, "Key": "mail/two", "Range": "bytes=0-99"}],
        ["s3", "delete_object", {"Bucket": names.bucket, "Key": "mail/two"}],
        ["s3", "get_object", {"Bucket": names.bucket, "Key": "config/policy.toml"}],
        ["s3", "put_object", {"Bucket": names.bucket, "Key": "config/policy.toml.last-good", "Body": ""}],
        ["s3", "get_object", {"Bucket": names.bucket, "Key": "config/policy.toml.last-good"}],
        ["dynamodb", "put_item", {"TableName": names.table, "Item": key | {"due_pk": {"S": "due"}, "due_at_ms": {"N": "1"}}}],
        ["dynamodb", "get_item", {"TableName": names.table, "Key": key}],
        ["dynamodb", "update_item", {"TableName": names.table, "Key": key, "UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"N": "1"}}}],
        ["dynamodb", "query", {"TableName": names.table, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "try"}}}],
        ["dynamodb", "query", {"TableName": names.table, "IndexName": "due", "KeyConditionExpression": "due_pk = :p", "ExpressionAttributeValues": {":p": {"S": "due"}}}],
        ["s3", "get_object", {"Bucket": names.bucket, "Key": "drill/hanako/run-0"}],
        ["s3", "delete_object", {"Bucket": names.bucket, "Key": "drill/hanako/run-0"}],
        ["sns", "list_subscriptions_by_topic", {"TopicArn": names.alerts}],
        ["sns", "publish", {"TopicArn": names.alerts, "Message": "x"}],
        ["sns", "publish", {"TopicArn": names.ops, "Message": "x"}],
    ]
    went = call(stack, {"try": work})
    assert went == ["done"] * len(work), list(zip(work, went))


def test_an_object_that_is_gone_is_missing_and_not_forbidden(stack, names):
    gone = [["s3", "get_object", {"Bucket": names.bucket, "Key": "mail/gone"}]]
    assert call(stack, {"try": gone}) == ["NoSuchKey"]


def test_the_role_lets_the_function_do_no_more(stack, names):
    stack.client("s3").put_object(Bucket=names.bucket, Key="config/other", Body=b"")
    key = {"pk": {"S": "try"}, "sk": {"S": "one"}}
    more = [
        ["s3", "put_object", {"Bucket": names.bucket, "Key": "mail/three", "Body": ""}],
        ["s3", "put_object", {"Bucket": names.bucket, "Key": "config/policy.toml", "Body": ""}],
        ["s3", "delete_object", {"Bucket": names.bucket, "Key": "config/policy.toml"}],
        ["s3", "get_object", {"Bucket": names.bucket, "Key": "config/other"}],
        ["dynamodb", "scan", {"TableName": names.table}],
        ["dynamodb", "delete_item", {"TableName": names.table, "Key": key}],
        ["dynamodb", "delete_table", {"TableName": names.table}],
        ["sqs", "purge_queue", {"QueueUrl": names.queue}],
        ["sns", "subscribe", {"TopicArn": names.alerts, "Protocol": "email", "Endpoint": "a@example.com"}],
        ["iam", "list_roles", {}],
    ]
    went = call(stack, {"try": more})
    allowed = [one for one, word in zip(more, went) if "AccessDenied" not in word and "AuthorizationError" not in word]
    assert allowed == [], list(zip(more, went))
