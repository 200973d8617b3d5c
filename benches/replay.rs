//! A whole mailbox: `hansho replay` and `explain` over an mbox of ordinary mail
//! made here, on one core and on two, against mail-parser parsing every mail of
//! it in full and against Python's `mailbox` and `email` doing so. Clock time of
//! whole processes, with their peak memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use benches::{letters, rival, root};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use mail_parser::mailbox::mbox::MessageIterator;

const SEED: u64 = 20_261_122;

fn target() -> PathBuf {
    root().join("target")
}

/// An mbox of about so many megabytes, made once.
fn mailbox(megabytes: usize) -> PathBuf {
    let place = target().join(format!("bench-ordinary-{megabytes}.mbox"));
    if place.exists() {
        return place;
    }
    let mut rng = fastrand::Rng::with_seed(SEED);
    let mut out = BufWriter::new(File::create(&place).expect("the target folder can be written"));
    let mut written = 0;
    while written < megabytes * letters::MEGABYTE {
        let raw = letters::ordinary(&mut rng);
        let lines: Vec<u8> = raw.into_iter().filter(|byte| *byte != b'\r').collect();
        out.write_all(b"From MAILER-DAEMON Sun Nov 22 03:00:00 2026\n").expect("it can be written");
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            if line.starts_with(b"From ") {
                out.write_all(b">").expect("it can be written");
            }
            out.write_all(line).expect("it can be written");
        }
        out.write_all(b"\n\n").expect("it can be written");
        written += lines.len();
    }
    out.flush().expect("it can be written");
    place
}

/// Runs a command to its end; gives its time and its peak memory in KiB.
fn run(command: &mut Command) -> (Duration, u64) {
    let begun = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("it can be started");
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    // The high-water mark never falls, so that looking now and then finds it.
    while child.try_wait().expect("it can be waited for").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|value| value.trim().trim_end_matches(" kB").parse().ok());
        peak_kib = peak.unwrap_or(peak_kib);
        std::thread::sleep(Duration::from_millis(2));
    }
    (begun.elapsed(), peak_kib)
}

fn hansho(command: &str, cores: usize, place: &Path) -> Command {
    let program =
        std::env::var_os("HANSHO").map_or_else(|| target().join("release/hansho"), PathBuf::from);
    let mut hansho = Command::new(program);
    hansho.args([command, "--json"]).arg(place).env("RAYON_NUM_THREADS", cores.to_string());
    if cores == 1 {
        // One processor for the reading thread as well.
        let mut pinned = Command::new("taskset");
        pinned.args(["-c", "0"]).arg(hansho.get_program()).args(hansho.get_args());
        pinned.env("RAYON_NUM_THREADS", "1");
        return pinned;
    }
    hansho
}

fn mail_parser(place: &Path) -> usize {
    let file = BufReader::new(File::open(place).expect("it was made"));
    MessageIterator::new(file).flatten().map(|mail| rival::read(mail.contents())).sum()
}

fn python(place: &Path) -> Command {
    let mut python = Command::new("python3");
    python.arg(root().join("benches/replay.py")).arg(place);
    python
}

fn replay(criterion: &mut Criterion) {
    let place = mailbox(100);
    let bytes = std::fs::metadata(&place).expect("it was made").len();
    let mut peaks_kib: BTreeMap<String, u64> = BTreeMap::new();
    let mut group = criterion.benchmark_group("replay");
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Bytes(bytes));
    for (name, verb, cores) in
        [("replay-1", "replay", 1), ("replay-2", "replay", 2), ("explain-1", "explain", 1)]
    {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                (0..times)
                    .map(|_| {
                        let (took, peak_kib) = run(&mut hansho(verb, cores, &place));
                        peaks_kib.insert(format!("{name}-100mb"), peak_kib);
                        took
                    })
                    .sum()
            });
        });
    }
    group.bench_function("mail-parser", |bencher| bencher.iter(|| mail_parser(&place)));
    group.bench_function("python", |bencher| {
        bencher.iter_custom(|times| {
            (0..times)
                .map(|_| {
                    let (took, peak_kib) = run(&mut python(&place));
                    peaks_kib.insert("python-100mb".to_owned(), peak_kib);
                    took
                })
                .sum()
        });
    });
    group.finish();

    let (small, large) = (mailbox(10), mailbox(1000));
    for (name, cores, place) in [
        ("replay-1-10mb", 1, &small),
        ("replay-1-1000mb", 1, &large),
        ("replay-2-1000mb", 2, &large),
    ] {
        peaks_kib.insert(name.to_owned(), run(&mut hansho("replay", cores, place)).1);
    }
    let text = serde_json::to_string_pretty(&peaks_kib).expect("numbers are JSON");
    std::fs::write(root().join("benches/results/replay-peaks.json"), text)
        .expect("it can be written");
}

criterion_group! {
    name = mailboxes;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(8));
    targets = replay
}
criterion_main!(mailboxes);
