"""Runs the stack on this machine: starts the emulator, deploys the expanded
template less what emulator.toml lists, with role enforcement on.

As a program it takes the function's `bootstrap`, prints one line of JSON with
the endpoint and the stack's outputs, and stays until its input is closed.
"""

import argparse
import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from contextlib import contextmanager
from pathlib import Path

import boto3

from expand import expand, for_emulator

REGION = "us-east-1"
STACK = "hansho"
PARAMETERS = {
    "MailDomain": "mail.example.com",
    "Recipients": "hanako-7q3k9x2mtf@mail.example.com",
    "OpsEmail": "ops@example.com",
    "FirstPerson": "hanako",
    "FirstPersonSms": "+819000000000",
    "FirstPersonEmail": "hanako@example.net",
}


class Stack:
    """A deployed stack: where it is, and what it is made of."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.outputs = {}

    def client(self, service):
        """A client with all rights, as the deployer has."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def deploy(self, bootstrap: Path, template: dict) -> None:
        s3 = self.client("s3")
        s3.create_bucket(Bucket="code")
        s3.put_object(Bucket="code", Key="bootstrap.zip", Body=zipped(bootstrap))
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(
            StackName=STACK,
            TemplateBody=json.dumps(template, separators=(",", ":")),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in PARAMETERS.items()],
        )
        stack = {"StackStatus": "CREATE_IN_PROGRESS"}
        while stack["StackStatus"].endswith("IN_PROGRESS"):
            time.sleep(0.2)
            (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        if stack["StackStatus"] != "CREATE_COMPLETE":
            events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
            failed = [(e["LogicalResourceId"], e.get("ResourceStatusReason")) for e in events if "FAILED" in e["ResourceStatus"]]
            raise RuntimeError(f"{stack['StackStatus']}: {failed}")
        self.outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}


def zipped(bootstrap: Path) -> bytes:
    """A deployment package with one executable in it."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, bootstrap.read_bytes(), zipfile.ZIP_DEFLATED)
    return package.getvalue()


@contextmanager
def emulator():
    """The emulator on a free port of this machine only; yields its endpoint."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    # It binds to every interface unless told otherwise; what it calls its own
    # endpoint is what the functions get.
    environment = os.environ | {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AWS_ENDPOINT_URL": endpoint,
        "AUTH": "true",
    }
    program = Path(sys.executable).with_name("ministack")
    process = subprocess.Popen([program], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError("the emulator did not start")
        yield endpoint
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextmanager
def deployed(bootstrap: Path, template: dict | None = None):
    """The stack with this bootstrap as its function; `template` is another than ours."""
    with emulator() as endpoint:
        stack = Stack(endpoint)
        stack.deploy(bootstrap, template or for_emulator(expand()))
        yield stack


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("bootstrap", type=Path)
    with deployed(arguments.parse_args().bootstrap) as stack:
        print(json.dumps({"endpoint": stack.endpoint, "outputs": stack.outputs}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
