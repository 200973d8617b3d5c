"""The same job in Python, as one would write it first: a mail from S3, is it a
code mail, count it in DynamoDB, tell the person over SNS, delete the mail.
It is here to be measured against, not to be used."""

import email
import email.policy
import json
import os
import re
import time

import boto3

TABLE = os.environ["HANSHO_TABLE"]
TOPIC = os.environ["HANSHO_TOPIC_ARN"]
THRESHOLD, WINDOW_MS = 5, 10 * 60 * 1000

s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")
sns = boto3.client("sns")

PHRASE = re.compile(r"verification code|security code|login code|one-time|認証コード|確認コード|ワンタイム", re.I)
CODE = re.compile(r"(?<!\d)\d{4,8}(?!\d)")
TAG = re.compile(r"<(style|script).*?</\1>|<[^>]+>", re.S | re.I)


def text_of(mail):
    body = mail.get_body(preferencelist=("plain", "html"))
    if body is None:
        return ""
    text = body.get_content()
    return TAG.sub(" ", text) if body.get_content_subtype() == "html" else text


def take(bucket, key):
    raw = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    page = f"{mail['subject']}\n{text_of(mail)}"
    if PHRASE.search(page) and CODE.search(page):
        sender = mail["from"].addresses[0].domain.lower()
        now_ms = time.time_ns() // 1_000_000
        partition = {"S": f"domain:{sender}"}
        item = {"pk": partition, "sk": {"S": f"{now_ms:015}#{key}"}}
        dynamodb.put_item(TableName=TABLE, Item=item)
        found = dynamodb.query(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk AND sk > :since",
            ExpressionAttributeValues={":pk": partition, ":since": {"S": f"{now_ms - WINDOW_MS:015}"}},
            Select="COUNT",
            ConsistentRead=True,
        )
        if found["Count"] == THRESHOLD:
            sns.publish(TopicArn=TOPIC, Subject="A burst of codes", Message=f"{found['Count']} codes of {sender}")
    s3.delete_object(Bucket=bucket, Key=key)


def handler(event, context):
    for record in event["Records"]:
        for notice in json.loads(record["body"])["Records"]:
            take(notice["s3"]["bucket"]["name"], notice["s3"]["object"]["key"])
    return {"batchItemFailures": []}
