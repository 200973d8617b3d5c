"""Breaks the line in known ways, one at a time, and shows that the storm notices each.

Each mutation is built in a copy of the tree under `target/mutations`, so the sources stay as they are.

    python3 tests/storm/mutations.py [--profile optimised] [--worlds 1000] [NAME ...]
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
TREE = ROOT / "target" / "mutations" / "tree"
# Its own, or what is built here would be taken for what is built there.
TARGET = ROOT / "target" / "mutations" / "target"
PARTS = ["src", "tests", "events", ".cargo", "Cargo.toml", "Cargo.lock", "build.rs"]

PIPELINE, MOMENT, LEDGER = "src/pipeline/mod.rs", "src/pipeline/moment.rs", "src/ledger/mod.rs"

# Name: what is broken, and how: file, what stands there (once), what is put there.
MUTATIONS: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "owner-is-the-mail": (
        "a claim belongs to the mail instead of a nonce of the attempt",
        [
            (PIPELINE, "self.advance(policy, &moment, &key, change)", "self.advance(policy, &moment, &key, change, judged.mail.clone())"),
            (PIPELINE, "self.advance(policy, &moment, key, change)", "self.advance(policy, &moment, key, change, self.nonces.next())"),
            (PIPELINE, "        change: Move,\n    )", "        change: Move,\n        owner: String,\n    )"),
            (PIPELINE, "match self.write(key, seen, next, now_ms).await?", "match self.write(key, seen, next, now_ms, owner).await?"),
            (PIPELINE, "        mut next: Docket,\n        now_ms: i64,\n    )", "        mut next: Docket,\n        now_ms: i64,\n        owner: String,\n    )"),
            (PIPELINE, "next.nonce = self.nonces.next();", "next.nonce = owner;"),
            (PIPELINE, "self.write(key, Some(&docket), settled, now_ms)", "self.write(key, Some(&docket), settled, now_ms, self.nonces.next())"),
            (PIPELINE, "self.write(&key, seen.as_ref(), next, now_ms)", "self.write(&key, seen.as_ref(), next, now_ms, judged.mail.clone())"),
            (PIPELINE, "None, later, now_ms)", "None, later, now_ms, self.nonces.next())"),
            (PIPELINE, "None, Docket::default(), now_ms)", "None, Docket::default(), now_ms, self.nonces.next())"),
            (PIPELINE, "Docket::default(), (self.now_ms)())", "Docket::default(), (self.now_ms)(), self.nonces.next())"),
        ],
    ),
    "no-lease": (
        "a claimed alert is anybody's at once",
        [(PIPELINE, "            now_ms,\n            now_ms + self.lease_ms,", "            now_ms,\n            now_ms,")],
    ),
    "back-only": (
        "the window around a mail looks back only",
        [
            (
                LEDGER,
                "        Ok(Surroundings { verified, unverified, minutes })",
                "        let back = |mut page: Page| {\n            page.seen.retain(|seen| seen.at_ms <= at_ms);\n            page\n        };\n"
                "        Ok(Surroundings { verified: back(verified), unverified: back(unverified), minutes: back(minutes) })",
            )
        ],
    ),
    "count-before-close": (
        "the total of a closing is counted before the close",
        [(MOMENT, "to_count: phase == Phase::Closed,", "to_count: false,")],
    ),
    "bare-add": (
        "a sighting adds one to a number",
        [
            (LEDGER, "future::try_join(self.put(&row), self.put(&minute))", "future::try_join(self.add(&row), self.put(&minute))"),
            (
                LEDGER,
                "    async fn put(&self, row: &SightingRow)",
                """    async fn add(&self, row: &SightingRow) -> Result<(), LedgerError> {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        self.client
            .update_item()
            .table_name(&self.table)
            .key("pk", text(&row.pk))
            .key("sk", text(&row.sk))
            .update_expression("SET at_ms = :a, message = :m, kind = :k, expires_at = :e ADD n :one")
            .expression_attribute_values(":a", number(row.at_ms))
            .expression_attribute_values(":m", text(&row.message))
            .expression_attribute_values(":k", serde_dynamo::to_attribute_value(row.kind).map_err(unfit)?)
            .expression_attribute_values(":e", number(row.expires_at))
            .expression_attribute_values(":one", number(1))
            .send()
            .await
            .map_err(fault)?;
        Ok(())
    }

    async fn put(&self, row: &SightingRow)""",
            ),
            (
                LEDGER,
                "            let row: SightingRow = serde_dynamo::from_item(item).map_err(unfit)?;\n",
                "            let times: u32 = item.get(\"n\").and_then(|n| n.as_n().ok()).and_then(|n| n.parse().ok()).unwrap_or(1);\n"
                "            let row: SightingRow = serde_dynamo::from_item(item).map_err(unfit)?;\n"
                "            for time in 1..times {\n"
                "                page.seen.push(Seen { at_ms: row.at_ms, key: format!(\"{}+{time}\", row.message), verified, kind: row.kind });\n"
                "            }\n",
            ),
        ],
    ),
    "one-partition": (
        "all services of a person share one partition and a bounded Query",
        [
            (
                LEDGER,
                "            pk: sighting.series.partition(sighting.verified),\n            sk: keys::mail(sighting.arrived_ms, &sighting.mail),",
                "            pk: shared(&sighting.series.partition(sighting.verified)).0,\n"
                "            sk: format!(\"{}#{}\", keys::mail(sighting.arrived_ms, &sighting.mail), sighting.series.service_key),",
            ),
            (LEDGER, "    ) -> Result<(Vec<Item>, Option<Item>), LedgerError> {\n", "    ) -> Result<(Vec<Item>, Option<Item>), LedgerError> {\n        let first = start.is_none();\n        let (table_pk, service) = shared(pk);\n"),
            (LEDGER, '.expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))', '.expression_attribute_values(":pk", AttributeValue::S(table_pk))'),
            (
                LEDGER,
                "        Ok((answer.items.unwrap_or_default(), next))",
                """        let mut items = answer.items.unwrap_or_default();
        if let Some(service) = service {
            let end = format!("#{service}");
            items.retain(|item| item.get("sk").and_then(|sk| sk.as_s().ok()).is_some_and(|sk| sk.ends_with(&end)));
            if first && to == STATE {
                let docket = self.client.get_item().table_name(&self.table)
                    .key("pk", AttributeValue::S(pk.to_owned()))
                    .key("sk", AttributeValue::S(STATE.to_owned()))
                    .consistent_read(true).send().await.map_err(fault)?;
                items.extend(docket.item);
            }
        }
        Ok((items, next))""",
            ),
            (
                LEDGER,
                "fn number(value: i64)",
                """fn shared(pk: &str) -> (String, Option<String>) {
    match pk.split('|').collect::<Vec<_>>().as_slice() {
        [person, service, group, side] => (format!("{person}||{group}|{side}"), Some((*service).to_owned())),
        _ => (pk.to_owned(), None),
    }
}

fn number(value: i64)""",
            ),
        ],
    ),
}


def copy_tree() -> None:
    shutil.rmtree(TREE, ignore_errors=True)
    TREE.mkdir(parents=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, TREE / part)
        elif source.exists():
            shutil.copy2(source, TREE / part)


def copy_built(profile: str) -> None:
    """What is built of the dependencies, so that it need not be built again."""
    folder = {"dev": "debug"}.get(profile, profile)
    if (ROOT / "target" / folder).is_dir() and not (TARGET / folder).is_dir():
        ignored = shutil.ignore_patterns("incremental", ".cargo-lock")
        shutil.copytree(ROOT / "target" / folder, TARGET / folder, ignore=ignored)


def restore(changed: set[str]) -> None:
    for name in changed:
        shutil.copy2(ROOT / name, TREE / name)
        os.utime(TREE / name)


def mutate(changes: list[tuple[str, str, str]]) -> set[str]:
    for name, before, after in changes:
        path = TREE / name
        text = path.read_text("utf-8")
        if text.count(before) != 1:
            sys.exit(f"{name} has {text.count(before)} times what should stand there once:\n{before}")
        path.write_text(text.replace(before, after), "utf-8")
    return {name for name, _, _ in changes}


def storm(profile: str, worlds: int) -> tuple[bool, str]:
    """Whether the storm went through, and what it said."""
    command = ["cargo", "test", "--profile", profile, "--test", "hansho", "--target-dir", str(TARGET)]
    built = subprocess.run([*command, "--no-run"], cwd=TREE, capture_output=True, text=True)
    if built.returncode:
        sys.exit(built.stderr)
    environment = os.environ | {"HANSHO_STORM_WORLDS": str(worlds), "RUST_BACKTRACE": "0"}
    run = subprocess.run(
        [*command, "--", "--nocapture", "storm::every_burst_rings"], cwd=TREE, capture_output=True, text=True, env=environment
    )
    return run.returncode == 0, run.stdout + run.stderr


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="optimised")
    parser.add_argument("--worlds", type=int, default=1000)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MUTATIONS))
    options = parser.parse_args()
    copy_tree()
    copy_built(options.profile)
    missed = []
    for name in options.names or MUTATIONS:
        what, changes = MUTATIONS[name]
        changed = mutate(changes)
        started = time.monotonic()
        passed, said = storm(options.profile, options.worlds)
        restore(changed)
        seconds = time.monotonic() - started
        found = re.search(r"^(?!storm:)(.+)\n  HANSHO_STORM_SEED=(\d+)", said, re.MULTILINE)
        if passed or not found:
            missed.append(name)
            print(f"MISSED  {name}: {what} ({seconds:.0f} s)\n{'' if passed else said[-2000:]}", flush=True)
        else:
            print(f"caught  {name}: {what}\n        seed {found[2]}: {found[1]} ({seconds:.0f} s)", flush=True)
    sys.exit(f"not noticed: {', '.join(missed)}" if missed else None)


if __name__ == "__main__":
    main()
