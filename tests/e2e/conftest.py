"""The servers of a run, and a fresh stack for each test that asks for one.

Requests of the function go: function → microburst (faults) → tap (keeps them) → ministack.
The tests themselves talk to ministack directly.
"""

import os
from pathlib import Path

import boto3
import pytest

import mails
from servers import REGION, Emulator, Faults, free_port
from stack import Stack, zipped
from tap import Tap

ROOT = Path(__file__).parents[2]
# Neither a proxy nor the settings of whoever runs this may stand between the tests and loopback.
os.environ["NO_PROXY"] = "127.0.0.1"
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


@pytest.fixture(scope="session")
def bootstrap() -> Path:
    """The function's release binary."""
    built = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/bootstrap"
    path = Path(os.environ.get("HANSHO_BOOTSTRAP", built)).absolute()
    assert path.is_file(), f"{path} is not there: `make build` makes it, or HANSHO_BOOTSTRAP says where it is"
    return path


@pytest.fixture(scope="session")
def code(bootstrap: Path) -> bytes:
    return zipped(bootstrap)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """The emulator with the tap and the fault proxy before it."""
    folder = tmp_path_factory.mktemp("servers")
    emulator_port, tap_port, faults_port = free_port(), free_port(), free_port()
    emulator = Emulator(folder, emulator_port, f"http://127.0.0.1:{faults_port}")
    try:
        tap = Tap(tap_port, emulator.endpoint)
        faults = Faults(folder, faults_port, tap.endpoint)
        try:
            warm_up(faults.endpoint)
            yield Cloud(emulator, tap, faults)
        finally:
            faults.stop()
            tap.stop()
    finally:
        emulator.stop()


def warm_up(endpoint: str) -> None:
    """One call to each part on the functions' way: what the emulator loads with the first is no function's delay."""
    for service, call in (("s3", "list_buckets"), ("dynamodb", "list_tables"), ("sns", "list_topics")):
        client = boto3.client(service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")
        getattr(client, call)()


class Cloud:
    def __init__(self, emulator: Emulator, tap: Tap, faults: Faults):
        self.emulator, self.tap, self.faults = emulator, tap, faults


@pytest.fixture
def faults(cloud):
    yield cloud.faults
    cloud.faults.set()


@pytest.fixture(scope="module")
def policy() -> bytes:
    return (mails.EVENTS / "policy.toml").read_bytes()


@pytest.fixture
def deploy(cloud, policy, code, request):
    """Makes a stack named after the test; options go to `Stack`."""
    name = "hansho-" + "".join(c if c.isalnum() else "-" for c in request.node.name.removeprefix("test_")).lower()[:40].strip("-")
    return lambda **options: Stack(cloud.emulator.endpoint, name, policy, code, **options)
