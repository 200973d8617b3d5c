"""Starts the programs that the tests run against, each on a free loopback port, and stops them by process id.

Knows how to start, wait and stop; not what is deployed on them.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

REGION = "ap-northeast-1"
VENV_BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what: str, timeout_s: float = 60, every_s: float = 0.2):
    """The first true answer of `condition`; fails the test if none comes in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {timeout_s:.0f} s: {what}"
        time.sleep(every_s)


def http(method: str, url: str, body: bytes | None = None, timeout_s: float = 60) -> bytes:
    request = urllib.request.Request(url, data=body, method=method)
    with urllib.request.urlopen(request, timeout=timeout_s) as response:
        return response.read()


class Server:
    """One child process with its output in a file."""

    def __init__(self, name: str, command: list[str], folder: Path, environment: dict[str, str]):
        self.name = name
        self.log_path = folder / f"{name}.log"
        # Nothing of the developer's own AWS settings or proxies reaches a child.
        clean = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"}
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, env=clean | environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def wait_for(self, url: str) -> None:
        def answers() -> bool:
            assert self.process.poll() is None, f"{self.name} ended:\n{self.log()}"
            try:
                http("GET", url, timeout_s=2)
            except urllib.error.HTTPError:
                return True
            except OSError:
                return False
            return True

        wait_until(answers, f"{self.name} answers at {url}")

    def log(self) -> str:
        return self.log_path.read_text("utf-8", "replace")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Emulator(Server):
    """ministack. `functions_endpoint` is what the functions it runs take for AWS."""

    def __init__(self, folder: Path, port: int, functions_endpoint: str):
        self.endpoint = f"http://127.0.0.1:{port}"
        environment = {
            # Without this it listens on all interfaces.
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "AWS_ENDPOINT_URL": functions_endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "MINISTACK_REGION": REGION,
            "SERVICES": "cloudwatch,dynamodb,iam,lambda,logs,s3,sns,sqs,sts",
        }
        super().__init__("ministack", [str(VENV_BIN / "ministack")], folder, environment)
        self.wait_for(f"{self.endpoint}/_ministack/health")

    def kill_functions(self) -> int:
        """Kills every running function as the machine under it would die: at once. Says how many."""
        killed = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
                command = (stat.parent / "cmdline").read_bytes()
            except OSError:
                continue
            if parent == self.process.pid and b"/bootstrap\0" in command:
                os.kill(int(stat.parent.name), 9)
                killed += 1
        return killed


class Faults(Server):
    """microburst, a proxy that can fail on demand, in front of `upstream`."""

    def __init__(self, folder: Path, port: int, upstream: str):
        self.endpoint = f"http://127.0.0.1:{port}"
        command = [str(VENV_BIN / "microburst"), "--host", "127.0.0.1", "--port", str(port), "--upstream", upstream]
        super().__init__("microburst", command, folder, {})
        self.wait_for(f"{self.endpoint}/_microburst/health")

    def set(self, *rules: dict) -> None:
        """Replaces the rules and forgets what has fired; none: everything works."""
        http("POST", f"{self.endpoint}/_microburst/rules", json.dumps(rules).encode())
        http("DELETE", f"{self.endpoint}/_microburst/fired")

    def fired(self) -> list[dict]:
        return json.loads(http("GET", f"{self.endpoint}/_microburst/fired?limit=100000"))


class RuntimeEmulator(Server):
    """AWS's own Lambda runtime interface emulator around one function binary."""

    def __init__(self, folder: Path, bootstrap: Path, environment: dict[str, str]):
        port, runtime_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        command = [
            str(VENV_BIN / "aws-lambda-rie"),
            "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
            "--runtime-api-address", f"127.0.0.1:{runtime_port}",
            str(bootstrap),
        ]  # fmt: skip
        super().__init__("runtime-emulator", command, folder, environment)
        self.wait_for(f"http://127.0.0.1:{port}/")

    def invoke(self, event: bytes):
        answer = http("POST", self.url, event)
        return json.loads(answer) if answer else None
