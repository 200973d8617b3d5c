"""Creates the stack on the emulator, and reads and feeds it.

The one place that knows how it is wired: bucket, queue, function, table, topic.
"""

import io
import json
import zipfile
from pathlib import Path

import boto3
from botocore.config import Config

from servers import REGION, wait_until

PREFIX = "mail/"
# SES writes this object when a receipt rule is made; the function passes it by.
SETUP_KEY = PREFIX + "AMAZON_SES_SETUP_NOTIFICATION"
SWEEP = {"hansho": "sweep"}


def zipped(bootstrap: Path) -> bytes:
    """The function's binary as the archive that Lambda takes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        entry = zipfile.ZipInfo("bootstrap", (1980, 1, 1, 0, 0, 0))
        entry.external_attr = 0o100755 << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        out.writestr(entry, bootstrap.read_bytes())
    return archive.getvalue()


class Stack:
    """One stack under a name of its own. Without `code` there is no function, and no queue either."""

    def __init__(
        self, endpoint: str, name: str, policy: bytes, code: bytes | None = None, *, settings: dict[str, str] | None = None,
        timeout_s: int = 30, retry_after_s: int = 30, tries: int = 5, listening: bool = True,
    ):  # fmt: skip
        self.name = name
        self.bucket = f"{name}-mail"
        self.settings = {"HANSHO_LOG": "info", **(settings or {})}
        self.timeout_s, self.retry_after_s, self.tries = timeout_s, retry_after_s, tries
        self.listening = listening
        self._seen: list[dict] = []
        config = Config(retries={"total_max_attempts": 3}, max_pool_connections=64, read_timeout=120)
        self.s3, self.sqs, self.sns, self.dynamodb, self.functions, self.logs_api = (
            boto3.client(
                service, endpoint_url=endpoint, region_name=REGION, config=config,
                aws_access_key_id="test", aws_secret_access_key="test",
            )
            for service in ("s3", "sqs", "sns", "dynamodb", "lambda", "logs")
        )  # fmt: skip
        self._create(policy, code)

    # --- creation

    def _create(self, policy: bytes, code: bytes | None) -> None:
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_object(Bucket=self.bucket, Key="config/policy.toml", Body=policy)
        self.dynamodb.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
                {"AttributeName": "due_pk", "AttributeType": "S"},
                {"AttributeName": "due_at_ms", "AttributeType": "N"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "due",
                    "KeySchema": [
                        {"AttributeName": "due_pk", "KeyType": "HASH"},
                        {"AttributeName": "due_at_ms", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )
        self.dynamodb.update_time_to_live(
            TableName=self.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
        )
        self.topic_arn = self.sns.create_topic(Name=self.name)["TopicArn"]
        self.watch_url, watch_arn = self._queue(f"{self.name}-watch")
        self.sns.subscribe(TopicArn=self.topic_arn, Protocol="sqs", Endpoint=watch_arn)
        if code is not None:
            self._create_function(code)

    def _queue(self, name: str, **attributes: str) -> tuple[str, str]:
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return url, arn

    def _create_function(self, code: bytes) -> None:
        self.dead_url, dead_arn = self._queue(f"{self.name}-dead")
        redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": self.tries})
        self.queue_url, queue_arn = self._queue(
            f"{self.name}-mail", VisibilityTimeout=str(self.retry_after_s), RedrivePolicy=redrive
        )
        self.functions.create_function(
            FunctionName=self.name,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Role="arn:aws:iam::000000000000:role/hansho",
            Code={"ZipFile": code},
            Timeout=self.timeout_s,
            MemorySize=128,
            Environment={"Variables": self.environment()},
        )
        self.functions.get_waiter("function_active_v2").wait(FunctionName=self.name)
        self.mapping = self.functions.create_event_source_mapping(
            EventSourceArn=queue_arn,
            FunctionName=self.name,
            BatchSize=10,
            ScalingConfig={"MaximumConcurrency": 5},
            FunctionResponseTypes=["ReportBatchItemFailures"],
            Enabled=self.listening,
        )["UUID"]
        # Last, as S3 sends its test event to the queue at once.
        self.s3.put_bucket_notification_configuration(
            Bucket=self.bucket,
            NotificationConfiguration={
                "QueueConfigurations": [
                    {
                        "QueueArn": queue_arn,
                        "Events": ["s3:ObjectCreated:*"],
                        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": PREFIX}]}},
                    }
                ]
            },
        )

    def environment(self) -> dict[str, str]:
        """The function's own settings."""
        return {
            "HANSHO_TABLE": self.name,
            "HANSHO_TOPIC_ARN": self.topic_arn,
            "HANSHO_POLICY": f"s3://{self.bucket}/config/policy.toml",
            "HANSHO_KEY_PREFIX": PREFIX,
            **self.settings,
        }

    # --- feeding

    def put(self, mail_id: str, mail: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=PREFIX + mail_id, Body=mail)

    def listen(self) -> None:
        """Lets the queue feed the function."""
        self.functions.update_event_source_mapping(UUID=self.mapping, Enabled=True)

    def redrive(self, bodies: list[str]) -> None:
        """Sends dead letters to the queue again, as a redrive does."""
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body)

    def invoke(self, event: dict):
        """The function's answer to an event, and its error if it failed."""
        answer = self.functions.invoke(FunctionName=self.name, Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read() or b"null")
        return (None, payload) if answer.get("FunctionError") else (payload, None)

    def sweep(self) -> None:
        _, error = self.invoke(SWEEP)
        assert error is None, error

    # --- reading

    def mails_left(self) -> list[str]:
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket=self.bucket, Prefix=PREFIX).get("Contents", [])]

    def waiting(self) -> int:
        """How many messages the function's queue holds, those in flight included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def wait_until_handled(self, timeout_s: float = 120) -> None:
        """Until no mail is left in the bucket and no message in the queue."""

        def handled() -> bool:
            return not set(self.mails_left()) - {SETUP_KEY} and self.waiting() == 0

        wait_until(handled, "all mails are handled", timeout_s)

    def wait_until_idle(self, timeout_s: float = 60) -> None:
        """Until the queue holds no message, whatever is left in the bucket."""
        wait_until(lambda: self.waiting() == 0, "the queue is empty", timeout_s)

    def _drain(self, url: str) -> list[dict]:
        out = []
        while batch := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            out += batch
        return out

    def deliveries(self) -> list[dict]:
        """Everything the topic has delivered so far, in order of delivery: the envelopes of SNS."""
        self._seen += [json.loads(message["Body"]) for message in self._drain(self.watch_url)]
        return self._seen

    def alerts(self) -> list[dict]:
        """The alerts of incidents delivered so far (`hansho.alert/1`), without those that have no incident."""
        alerts = [json.loads(envelope["Message"]) for envelope in self.deliveries()]
        return [alert for alert in alerts if alert["phase"] != "once"]

    def dead_letters(self) -> list[str]:
        return [message["Body"] for message in self._drain(self.dead_url)]

    def rows(self) -> list[dict]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.name)
        return [row for page in pages for row in page["Items"]]

    def sightings(self) -> list[dict]:
        return [row for row in self.rows() if row["sk"]["S"].startswith("mail#")]

    def logs(self) -> list[str]:
        """What the function wrote to stdout and stderr, line by line."""
        pages = self.logs_api.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{self.name}")
        return [line for page in pages for entry in page["events"] for line in entry["message"].splitlines()]
