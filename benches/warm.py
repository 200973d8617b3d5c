"""One mail through the warm function, end to end: the release binary and the
Python function of `benches/start/python`, each behind a runtime interface made
here, on the same emulated AWS over loopback. A meter on the way to AWS notes
when each call begins and ends, so that the function's own time is what is left
of an invocation when the time of its calls is taken off.

    .venv/bin/python benches/warm.py

HANSHO_BOOTSTRAP and HANSHO_BENCH_PYTHON name the two programs, RUNS how many
mails of each kind are measured."""

import asyncio
import json
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
# The emulator, the wiring of a stack and the mails are those of the tests.
import mails  # noqa: E402
from servers import REGION, Emulator, free_port  # noqa: E402
from stack import PREFIX, Stack  # noqa: E402

BOOTSTRAP = os.environ.get("HANSHO_BOOTSTRAP", ROOT / "target" / "release" / "bootstrap")
PYTHON = os.environ.get("HANSHO_BENCH_PYTHON", ROOT / "benches" / ".venv" / "bin" / "python")
RUNS = int(os.environ.get("RUNS", "40"))
WARM_UP = 10
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class Meter:
    """Passes bytes through to the emulator, and notes when each request was
    first seen and when its answer was last seen."""

    def __init__(self, upstream_port: int):
        self.upstream_port = upstream_port
        self.calls: list[tuple[float, float]] = []
        self.open: list[list[float]] = []
        self.port = free_port()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        server = asyncio.start_server(self.relay, "127.0.0.1", self.port)
        asyncio.run_coroutine_threadsafe(server, self.loop).result(10)

    async def relay(self, reader, writer):
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        # A connection has one request under way at a time; the open one is the last.
        open_call: list[float] = []

        async def requests():
            while chunk := await reader.read(1 << 16):
                if not open_call:
                    open_call.append(time.perf_counter())
                elif len(open_call) == 2:
                    # An answer has been seen: this is the next request.
                    self.calls.append((open_call[0], open_call[1]))
                    open_call[:] = [time.perf_counter()]
                up_writer.write(chunk)
                await up_writer.drain()
            up_writer.close()

        async def answers():
            while chunk := await up_reader.read(1 << 16):
                writer.write(chunk)
                await writer.drain()
                open_call[1:] = [time.perf_counter()]
            writer.close()

        self.open.append(open_call)
        await asyncio.gather(requests(), answers(), return_exceptions=True)

    def take(self) -> list[tuple[float, float]]:
        """The calls since the last time, those still open on kept connections among them."""
        for call in self.open:
            if len(call) == 2:
                self.calls.append((call[0], call[1]))
                call.clear()
        taken, self.calls = self.calls, []
        return sorted(taken)


class Runtime:
    """The runtime interface of Lambda: hands out events, and notes when each is answered."""

    def __init__(self):
        runtime = self
        self.events: queue.Queue = queue.Queue()
        self.answered: queue.Queue = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Answers leave in one piece, at once.
            disable_nagle_algorithm = True
            wbufsize = 1 << 16

            def do_GET(self):  # noqa: N802
                number, event = runtime.events.get()
                body = json.dumps(event).encode()
                self.send_response(200)
                for name, value in (
                    ("Content-Type", "application/json"),
                    ("Content-Length", str(len(body))),
                    ("Lambda-Runtime-Aws-Request-Id", f"00000000-0000-4000-8000-{number:012}"),
                    ("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 30_000)),
                    ("Lambda-Runtime-Invoked-Function-Arn", f"arn:aws:lambda:{REGION}:000000000000:function:hansho"),
                ):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                runtime.given = time.perf_counter()

            def do_POST(self):  # noqa: N802
                done = time.perf_counter()
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if "Transfer-Encoding" in self.headers:
                    while (size := int(self.rfile.readline(), 16)) > 0:
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()
                runtime.answered.put((runtime.given, done, self.path.rpartition("/")[2], body))

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        # A function that is ended breaks its connection off.
        self.server.handle_error = lambda *_: None
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"127.0.0.1:{self.server.server_port}"
        self.number = 0

    def invoke(self, event: dict) -> tuple[float, float]:
        self.number += 1
        self.events.put((self.number, event))
        given, done, how, body = self.answered.get(timeout=60)
        if how != "response" or json.loads(body) != {"batchItemFailures": []}:
            sys.exit(f"the function answered {how}: {body.decode('utf-8', 'replace')[:500]}")
        return given, done


def together(calls: list[tuple[float, float]]) -> float:
    """For how long at least one of the calls was under way, in seconds."""
    total, until = 0.0, 0.0
    for begun, ended in calls:
        total += max(0.0, ended - max(begun, until))
        until = max(until, ended)
    return total


def notice(stack: Stack, mail_id: str) -> dict:
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": stack.bucket}, "object": {"key": PREFIX + mail_id}}}
    return {"Records": [{"messageId": mail_id, "eventSource": "aws:sqs", "body": json.dumps({"Records": [record]})}]}


def cpu_s(process: subprocess.Popen) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def peak_kib(process: subprocess.Popen) -> int:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def measure(name: str, command: list[str], emulator: Emulator, batches: dict[str, list[bytes]]) -> dict:
    # So high that nothing rings: an ordinary mail is measured.
    policy = (mails.EVENTS / "policy.toml").read_text() + '\n[alerts]\nhammered = { count = 100, window = "10m" }\ntrickle = { count = 1000, window = "24h" }\nsmokescreen = { count = 100, window = "10m" }\n'
    stack = Stack(emulator.endpoint, f"hansho-warm-{name}", policy.encode())
    meter, runtime = Meter(int(emulator.endpoint.rpartition(":")[2])), Runtime()
    environment = {
        "PATH": "/usr/bin:/bin",
        "AWS_LAMBDA_RUNTIME_API": runtime.address,
        "AWS_LAMBDA_FUNCTION_NAME": "hansho", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/hansho", "AWS_LAMBDA_LOG_STREAM_NAME": "1",
        "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{meter.port}",
        **stack.environment(),
    }  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT / "benches/start/python", env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    result = {}
    try:
        number = 0
        for kind, raws in batches.items():
            took, own, calls, before = [], [], [], 0.0
            for turn in range(WARM_UP + RUNS):
                if turn == WARM_UP:
                    before = cpu_s(process)
                mail_id = f"{number:040}"
                number += 1
                # SES names its id in its own Received; the mail is the same otherwise.
                raw = raws[turn % len(raws)]
                stack.put(mail_id, raw.replace(raw.split(b" with SMTP id ", 1)[1].split()[0], mail_id.encode(), 1))
                meter.take()
                given, done = runtime.invoke(notice(stack, mail_id))
                if turn >= WARM_UP:
                    seen = [call for call in meter.take() if call[0] >= given]
                    took.append(done - given)
                    own.append(done - given - together(seen))
                    calls.append(len(seen))
            result[kind] = {
                "ms": round(statistics.median(took) * 1000, 3),
                "own_ms": round(statistics.median(own) * 1000, 3),
                "cpu_ms": round((cpu_s(process) - before) / RUNS * 1000, 3),
                "calls": statistics.median(calls),
                "runs": RUNS,
            }
        result["peak_kib"] = peak_kib(process)
    finally:
        process.terminate()
        process.wait(10)
    return result


def main() -> None:
    singles = mails.singles().values()
    # A code mail that both take for one, and mails that neither does.
    batches = {
        "code": [mail for mail in singles if b"\nSubject: [GitHub] Please verify your device" in mail],
        "other": [mail for mail in singles if b"\nSubject: Your receipt" in mail or b"\nSubject: Invitation" in mail],
    }
    if not all(batches.values()):
        sys.exit("events/mail holds no mail of one of the kinds")
    with tempfile.TemporaryDirectory() as folder:
        emulator = Emulator(Path(folder), free_port(), "http://127.0.0.1:9")
        try:
            measured = {
                "hansho": measure("hansho", [str(BOOTSTRAP)], emulator, batches),
                "python": measure("python", [str(PYTHON), "-m", "awslambdaric", "function.handler"], emulator, batches),
            }
        finally:
            emulator.stop()
    (ROOT / "benches" / "results" / "warm.json").write_text(json.dumps(measured, indent=2) + "\n")
    print(json.dumps(measured, indent=2))


main()
