//! Storms: thousands of worlds, each drawn from a seed, in which functions run
//! side by side and die, deliveries come late, twice and in any order, answers
//! are lost, and nothing works for a while. The line and the ledger are the real
//! ones. After each world an oracle that shares no code with them says what must
//! have rung. `HANSHO_STORM_WORLDS` says how many worlds, `HANSHO_STORM_SEED`
//! runs one and tells what happened in it.

mod oracle;
mod record;
mod run;
mod scenario;
pub(crate) mod scheduler;

use std::sync::atomic::{AtomicU64, Ordering};

/// What `make test` runs; `make storm` says its own number.
const WORLDS: u64 = if cfg!(debug_assertions) { 10 } else { 1000 };

#[expect(clippy::disallowed_methods, reason = "the one place where a test is told what to run")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

#[test]
fn every_burst_rings_and_none_is_invented() {
    if let Some(seed) = setting("HANSHO_STORM_SEED") {
        let outcome = run::run(seed);
        for (at_ms, event) in &outcome.record.events {
            println!("{at_ms} {event:?}");
        }
        for mail in &outcome.scenario.mails {
            println!("{} {} {} {:?}", mail.arrived_ms, mail.mail, mail.message, mail.readings[0]);
        }
        println!("{:?}", outcome.scenario.weather);
        let checked = oracle::check(&outcome);
        println!("seed {seed}: {checked:?}");
        checked.unwrap();
        return;
    }
    let worlds = setting("HANSHO_STORM_WORLDS").unwrap_or(WORLDS);
    let (next, faults, alerts) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let failures = std::sync::Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= worlds || failures.lock().unwrap().len() >= 10 {
                        return;
                    }
                    let world = std::panic::catch_unwind(|| {
                        let outcome = run::run(seed);
                        faults.fetch_add(outcome.record.faults, Ordering::Relaxed);
                        oracle::check(&outcome)
                    });
                    match world.unwrap_or_else(|_| Err("a panic, above".to_owned())) {
                        Ok(checked) => drop(alerts.fetch_add(checked, Ordering::Relaxed)),
                        Err(wrong) => failures.lock().unwrap().push((seed, wrong)),
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    for (seed, wrong) in &failures {
        println!("{wrong}");
        println!("  HANSHO_STORM_SEED={seed} cargo test --test hansho storm:: -- --nocapture");
    }
    let figures = format!(
        "storm: {} worlds, {} faults injected, {} alerts checked",
        next.load(Ordering::Relaxed).min(worlds),
        faults.load(Ordering::Relaxed),
        alerts.load(Ordering::Relaxed)
    );
    println!("{figures}");
    // The last line of `make test` and `make storm`, whatever else they say.
    let kept = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("storm.txt");
    std::fs::write(kept, format!("{figures}\n")).unwrap();
    assert!(failures.is_empty(), "{} worlds went wrong, the first few above", failures.len());
}

#[test]
fn the_same_seed_is_the_same_world() {
    let (first, second) = (run::run(7), run::run(7));
    assert_eq!(format!("{:?}", first.record), format!("{:?}", second.record));
}
