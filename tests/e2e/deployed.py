"""The stack as it is deployed: the expanded template on the emulator, with role
enforcement, and the command line beside it as a person would run it.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import boto3

from servers import free_port, wait_until
from standins import Names, StandIns

ROOT = Path(__file__).parents[2]
REGION = "us-east-1"
STACK = "hansho"
# The stack's first person, from infra/emulated.py.
PERSON, ADDRESS, DOMAIN = "hanako", "hanako-7q3k9x2mtf@mail.example.com", "mail.example.com"
POLICY_KEY, COPY_KEY = "config/policy.toml", "config/policy.toml.last-good"
EMAIL, NUMBER = "hanako@example.net", "+819000000000"
POLICY = f"""# The family.
[person.{PERSON}]
addresses = ["{ADDRESS}"] # with a filter in Gmail
language = "ja"
sms = true
"""


def emulator_python() -> str:
    """The interpreter of the emulator's own environment, made if it is not there."""
    made = subprocess.run(
        ["bash", "-euc", "source infra/environment.sh; environment .venv-emulator infra/requirements-emulator.txt"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return str(ROOT / made.stdout.strip() / "python")


class Deployed:
    """One deployed stack, from nothing, and its command line."""

    def __init__(self, bootstrap: Path, cli: Path, home: Path):
        self.cli, self.home = cli, home
        self.process = subprocess.Popen(
            [emulator_python(), str(ROOT / "infra/emulated.py"), str(bootstrap)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        line = self.process.stdout.readline()
        assert line, "the stack could not be deployed on the emulator"
        made = json.loads(line)
        self.outputs, endpoint = made["outputs"], made["endpoint"]
        self.s3, self.sns, self.sqs, self.ses, self.cloudwatch, self.functions, self.dynamodb, self.logs_api = (
            boto3.client(
                name, endpoint_url=endpoint, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
            )
            for name in ("s3", "sns", "sqs", "ses", "cloudwatch", "lambda", "dynamodb", "logs")
        )
        self.bucket, self.topic = self.outputs["BucketName"], self.outputs["AlertTopicArn"]
        self.proxy = StandIns(free_port(), endpoint, self.ses)
        self.names = Names()
        self.names.mx[DOMAIN] = [f"inbound-smtp.{REGION}.amazonaws.com"]
        self._receive()
        self.put_policy(POLICY)
        self.watch = self.listen_to(self.topic, "watch")
        # On AWS a mail that failed is tried again after three minutes.
        self.sqs.set_queue_attributes(QueueUrl=self.outputs["MailQueueUrl"], Attributes={"VisibilityTimeout": "30"})
        # S3's test event has called the function before there was a policy.
        wait_until(self._has_policy, "the function has read the policy", every_s=1)

    def _has_policy(self) -> bool:
        """The sweep keeps a copy of the policy that the function goes by."""
        self.sweep()
        return COPY_KEY in self.keys("config/")

    def _receive(self) -> None:
        """What the emulator's CloudFormation refuses to make: the receipt rule set and rule."""
        self.ses.verify_domain_identity(Domain=DOMAIN)
        name = self.outputs["RuleSetName"]
        self.ses.create_receipt_rule_set(RuleSetName=name)
        self.ses.create_receipt_rule(
            RuleSetName=name,
            Rule={
                "Name": self.outputs["RuleName"], "Enabled": True, "ScanEnabled": True, "TlsPolicy": "Optional",
                "Recipients": [ADDRESS],
                "Actions": [
                    {"S3Action": {"BucketName": self.bucket, "ObjectKeyPrefix": "mail/"}},
                    {"StopAction": {"Scope": "RuleSet"}},
                ],
            },
        )  # fmt: skip
        self.ses.set_active_receipt_rule_set(RuleSetName=name)

    def listen_to(self, topic: str, name: str) -> str:
        """A queue that hears what the topic says; e-mail and SMS are delivered nowhere here."""
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
        policy = {"Version": "2012-10-17", "Statement": [allow]}
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return url

    # --- the bucket

    def put_policy(self, text: str) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=POLICY_KEY, Body=text.encode())

    def policy(self) -> str:
        return self.s3.get_object(Bucket=self.bucket, Key=POLICY_KEY)["Body"].read().decode()

    def keys(self, prefix: str) -> list[str]:
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])]

    # --- what is heard

    def alerts(self) -> list[dict]:
        """What the topic has delivered since the last time."""
        heard = []
        while batch := self.sqs.receive_message(QueueUrl=self.watch, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                self.sqs.delete_message(QueueUrl=self.watch, ReceiptHandle=message["ReceiptHandle"])
                heard.append(json.loads(message["Body"]))
        return heard

    def rows(self) -> list[dict]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.outputs["TableName"])
        return [row for page in pages for row in page["Items"]]

    def sweep(self) -> dict:
        answer = self.functions.invoke(FunctionName=self.outputs["FunctionName"], Payload=b'{"hansho":"sweep"}')
        assert "FunctionError" not in answer, answer["Payload"].read()
        return json.loads(answer["Payload"].read())

    # --- the command line

    def hansho(self, *arguments: str, timeout_s: float = 180) -> subprocess.CompletedProcess:
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.home),
            "AWS_ENDPOINT_URL": self.proxy.endpoint,
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1", "NO_COLOR": "1",
        }  # fmt: skip
        command = [str(self.cli), *arguments, "--stack", STACK, "--region", REGION]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout_s)

    def doctor(self) -> tuple[int, dict[str, list[tuple[str, str]]]]:
        """Its exit code, and for each part what it says of it."""
        ran = self.hansho("doctor", "--json", "--dns", self.names.address)
        assert ran.returncode in (0, 1), ran.stderr
        parts: dict = {}
        for line in ran.stdout.splitlines():
            finding = json.loads(line)
            assert finding["health"] == "ok" or finding["todo"], f"nothing to do about: {finding}"
            parts.setdefault(finding["part"], []).append((finding["health"], finding["says"]))
        return ran.returncode, parts

    def stop(self) -> None:
        self.names.stop()
        self.proxy.stop()
        self.process.stdin.close()
        self.process.wait(30)


def command_line() -> Path:
    """The command line with the commands of a deployed stack in it."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    path = Path(os.environ.get("HANSHO_CLI", target / "debug/hansho")).absolute()
    assert path.is_file() and shutil.which(path), f"{path} is not there: `make cli-stack` makes it"
    listed = subprocess.run([path, "--help"], capture_output=True, text=True, check=True).stdout
    assert re.search(r"^  doctor ", listed, re.MULTILINE), f"{path} was built without the feature `stack`: `make cli-stack`"
    return path
