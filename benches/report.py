"""Machine-readable results and the tables of docs/performance.md from what the
benchmarks left behind. `collect` takes Criterion's numbers of the last run of
one benchmark into benches/results; `zip` adds how large
the functions are in a zip file; `tables` writes the tables from there;
`tables --check` says whether the document holds just those."""

import io
import json
import os
import platform
import re
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benches" / "results"
DOCUMENT = ROOT / "docs" / "performance.md"
CRITERION = Path(os.environ.get("CRITERION_HOME", ROOT / "target" / "criterion"))


def collect(name: str) -> None:
    """All of Criterion's groups that are `name` or begin with it."""
    measured: dict = {}
    for file in sorted(CRITERION.glob("*/*/new/benchmark.json")):
        about = json.loads(file.read_text())
        group, function = about["group_id"], about["function_id"]
        if group != name and not group.startswith((name + "/", name + "-")):
            continue
        median = json.loads((file.parent / "estimates.json").read_text())["median"]
        sample = json.loads((file.parent / "sample.json").read_text())
        one = {
            "median_ns": round(median["point_estimate"]),
            "low_ns": round(median["confidence_interval"]["lower_bound"]),
            "high_ns": round(median["confidence_interval"]["upper_bound"]),
            "samples": len(sample["times"]),
        }
        throughput = about.get("throughput") or {}
        one |= {"bytes": throughput["Bytes"]} if "Bytes" in throughput else {}
        measured.setdefault(group, {})[function] = one
    if not measured:
        sys.exit(f"{CRITERION} holds nothing of {name}; run the benchmark first")
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.machine())
    whole = {"machine": {"cpu": cpu, "cores": os.cpu_count(), "system": platform.system()}, "groups": measured}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(whole, indent=2) + "\n")


def load(name: str):
    file = RESULTS / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else None


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def ratio(one: dict, other: dict) -> str:
    return f"{one['median_ns'] / other['median_ns']:.2f} ×"


def micros(one: dict) -> str:
    return f"{one['median_ns'] / 1000:,.1f} µs"


def mail() -> str:
    rows = []
    for group, by in load("mail")["groups"].items():
        ours, parse, theirs = by["parse+classify"], by["parse"], by["mail-parser"]
        size = f"{ours['bytes'] / 1024:,.1f} KiB"
        rows.append([group.removeprefix("mail/"), size, micros(parse), micros(ours), micros(theirs), ratio(ours, theirs)])
    return table(["mail", "size", "parse", "parse + classify", "mail-parser", "ratio"], rows)


def allocations() -> str:
    def both(one):
        return f"{one['blocks']:,} / {one['bytes'] / 1024:,.0f} KiB"

    rows = [[name, *(both(by[what]) for what in ("parse", "parse+classify", "mail-parser"))] for name, by in load("allocations").items()]
    return table(["mail", "parse", "parse + classify", "mail-parser"], rows)


def start() -> str:
    by, sizes = load("start")["groups"]["start"], load("start-sizes")
    rows = []
    for name in ("hello", "clients", "hansho", "python"):
        size = sizes[name]
        binary = f"{size['binary_bytes'] / 2**20:.1f} MiB" if size.get("binary_bytes") else "–"
        zipped = f"{size['zip_bytes'] / 2**20:.1f} MiB" if size.get("zip_bytes") else "–"
        peak = size["peak_kib"]
        rows.append([name, f"{by[name]['median_ns'] / 1e6:,.1f} ms", ratio(by[name], by["clients"]), f"{peak / 1024:.1f} MiB", f"{peak / sizes['clients']['peak_kib']:.2f} ×", binary, zipped])
    return table(["function", "to the first request", "of `clients`", "peak memory", "of `clients`", "binary", "zip"], rows)


def replay() -> str:
    by, rows = load("replay")["groups"]["replay"], []
    for name, one in by.items():
        speed = one["bytes"] / one["median_ns"] * 1e9 / 2**20
        rows.append([name, f"{speed:,.0f} MiB/s", *(f"{by[other]['median_ns'] / one['median_ns']:.2f} ×" for other in ("mail-parser", "python"))])
    return table(["run over 100 MiB", "speed", "of mail-parser", "of Python"], rows)


def memory() -> str:
    rows = [[name, f"{kib / 1024:.1f} MiB"] for name, kib in load("replay-peaks").items()]
    return table(["run", "peak memory"], rows)


def flood() -> str:
    rows = [[str(one["mails"]), str(one["persons"]), f"{one['ms']:,.0f} ms", f"{one['us_per_mail']:,.0f} µs", f"{one['rows_per_mail']:.2f}", str(one["alerts"]), str(one["runs"])] for one in load("flood")]
    return table(["mails", "persons", "processor time", "per mail", "rows per mail", "alerts", "runs"], rows)


def warm() -> str:
    by = load("warm")
    rows = []
    for kind in ("code", "other"):
        for name in ("hansho", "python"):
            one = by[name][kind]
            rows.append([f"{kind}, {name}", f"{one['calls']:g}", f"{one['ms']:.1f} ms", f"{one['own_ms']:.1f} ms", f"{one['cpu_ms']:.1f} ms", f"{by[name]['peak_kib'] / 1024:.1f} MiB"])
    return table(["mail, function", "calls", "time", "of it beside the calls", "processor", "peak memory"], rows)


# US dollars, list prices of N. Virginia as of 2026-11-22; docs/operate.md says which of them were read where.
SES_MAIL, S3_PUT, S3_GET, SQS_CALL, LAMBDA_CALL, LAMBDA_GB_S = 0.10e-3, 5e-6, 0.4e-6, 0.4e-6, 0.2e-6, 16.6667e-6
DYNAMODB_WRITE, DYNAMODB_READ, LOG_GB, SMS_JAPAN = 0.625e-6, 0.125e-6, 0.50, 0.07451
# A function has a whole processor at this size, and the share of it below, in MB.
ONE_PROCESSOR_MB = 1769
# A code mail waits four times: for S3, for both writes, for all queries, for S3 again. As we take it, 20 ms
# for each answer of S3 and 5 ms for each of DynamoDB. Loopback cannot tell.
WAIT_MS = {"code": 50.0, "other": 40.0}
MEMORY_MB = 256


def lambda_ms(kind: str, memory_mb: int) -> float:
    """How long one mail takes at that size: waiting, and computing with the share of a processor."""
    return WAIT_MS[kind] + load("warm")["hansho"][kind]["cpu_ms"] * max(1.0, ONE_PROCESSOR_MB / memory_mb)


def lambda_usd(kind: str, memory_mb: int) -> float:
    return LAMBDA_CALL + LAMBDA_GB_S * memory_mb / 1024 * lambda_ms(kind, memory_mb) / 1000


def cost() -> str:
    def parts(kind: str) -> dict[str, float]:
        code = kind == "code"
        return {
            "SES takes it": SES_MAIL,
            "S3: PUT, GET, DELETE": S3_PUT + S3_GET,
            "SQS: send, receive, delete": 3 * SQS_CALL,
            f"Lambda, {MEMORY_MB} MB, alone in its batch": lambda_usd(kind, MEMORY_MB),
            "DynamoDB: 2 writes, 3 queries of 8 KB": (2 * DYNAMODB_WRITE + 6 * DYNAMODB_READ) if code else 0.0,
            "log, 3 KB": 3e-6 * LOG_GB,
        }

    code, other = parts("code"), parts("other")
    rows = [[part, f"{code[part] * 1e6:.2f}", f"{other[part] * 1e6:.2f}", f"{code[part] * 1e3:.4f}"] for part in code]
    rows.append(["**together**", f"**{sum(code.values()) * 1e6:.1f}**", f"**{sum(other.values()) * 1e6:.1f}**", f"**{sum(code.values()) * 1e3:.3f}**"])
    rows.append(["SNS: each SMS to Japan, one part", f"{SMS_JAPAN * 1e6:,.0f}", "–", f"{SMS_JAPAN * 1e3:.2f}"])
    return table(["part", "a code mail, millionths of a dollar", "another mail", "1,000 code mails, dollars"], rows)


def sizes_mb() -> str:
    rows = [[f"{mb} MB", f"{lambda_ms('code', mb):.0f} ms", f"{lambda_usd('code', mb) * 1e6:.2f}"] for mb in (128, 256, 512, 1024, ONE_PROCESSOR_MB)]
    return table(["memory", "a code mail takes", "and costs, millionths of a dollar"], rows)


def zips() -> None:
    """How large the binaries are as Lambda takes them: alone in a zip file."""
    sizes = load("start-sizes")
    places = {"hansho": "target/release/bootstrap", "clients": "target/start/release/clients", "hello": "target/start/release/hello"}
    for name, place in places.items():
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.write(ROOT / place, "bootstrap")
        sizes[name]["zip_bytes"] = len(packed.getvalue())
    (RESULTS / "start-sizes.json").write_text(json.dumps(sizes, indent=2) + "\n")


MISSING = "No result of this is kept yet; the command above measures it."
TABLES = {"mail": mail, "allocations": allocations, "start": start, "warm": warm, "cost": cost, "sizes": sizes_mb, "replay": replay, "replay-peaks": memory, "flood": flood}


def tables(check: bool) -> None:
    text = DOCUMENT.read_text()
    for name, make in TABLES.items():
        needed = {"start": ["start", "start-sizes"], "cost": ["warm"], "sizes": ["warm"]}.get(name, [name])
        measured = all(load(one) is not None for one in needed)
        pattern = re.compile(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", re.S)
        text = pattern.sub(lambda found: f"{found[1]}{make() if measured else MISSING}\n{found[2]}", text)
    if check:
        sys.exit(0 if text == DOCUMENT.read_text() else f"{DOCUMENT} differs from benches/results; run benches/report.py tables")
    DOCUMENT.write_text(text)


match sys.argv[1:]:
    case ["collect", name]:
        collect(name)
    case ["zip"]:
        zips()
    case ["tables", *rest]:
        tables("--check" in rest)
    case _:
        sys.exit(__doc__)
