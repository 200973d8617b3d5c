//! The processor time of one mail: parse, and parse with classify, against
//! mail-parser reading the same mail in full. One core, processor time rather
//! than the clock, so that other programs on the machine say little.

use std::hint::black_box;
use std::time::Duration;

use benches::letters::{self, Sample};
use benches::rival;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hansho::{classify, mail};
use rustix::time::{ClockId, clock_gettime};

/// The time that this thread has had a processor, in nanoseconds.
struct ProcessorTime;

impl Measurement for ProcessorTime {
    type Intermediate = u64;
    type Value = u64;

    fn start(&self) -> u64 {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        u64::try_from(time.tv_sec * 1_000_000_000 + time.tv_nsec).unwrap_or_default()
    }

    fn end(&self, start: u64) -> u64 {
        self.start() - start
    }

    fn add(&self, one: &u64, other: &u64) -> u64 {
        one + other
    }

    fn zero(&self) -> u64 {
        0
    }

    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of a second fit")]
    fn to_f64(&self, value: &u64) -> f64 {
        *value as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        // Criterion's own formatter of nanoseconds.
        WallTime.formatter_of_nanoseconds()
    }
}

trait Nanoseconds {
    fn formatter_of_nanoseconds(&self) -> &'static dyn ValueFormatter;
}

impl Nanoseconds for WallTime {
    fn formatter_of_nanoseconds(&self) -> &'static dyn ValueFormatter {
        static CLOCK: WallTime = WallTime;
        CLOCK.formatter()
    }
}

fn hansho(raw: &[u8]) -> i32 {
    classify::classify(&mail::parse(raw), &classify::Reader::default()).score
}

fn compare(criterion: &mut Criterion<ProcessorTime>, name: &str, mails: &[Vec<u8>]) {
    let mut group = criterion.benchmark_group(format!("mail/{name}"));
    let bytes: usize = mails.iter().map(Vec::len).sum();
    group.throughput(Throughput::Bytes(bytes as u64));
    let each = |read: fn(&[u8])| {
        move |bencher: &mut criterion::Bencher<'_, ProcessorTime>, mails: &[Vec<u8>]| {
            bencher.iter(|| mails.iter().for_each(|raw| read(black_box(raw))));
        }
    };
    let read = |raw: &[u8]| drop(black_box(mail::parse(raw)));
    group.bench_with_input("parse", mails, each(read));
    let read = |raw: &[u8]| {
        black_box(hansho(raw));
    };
    group.bench_with_input("parse+classify", mails, each(read));
    let read = |raw: &[u8]| {
        black_box(rival::read(raw));
    };
    group.bench_with_input("mail-parser", mails, each(read));
    group.finish();
}

fn shapes(criterion: &mut Criterion<ProcessorTime>) {
    // What is made once is no mail's own.
    classify::prepare();
    for Sample { name, raw } in letters::samples() {
        compare(criterion, name, &[raw]);
    }
}

fn mix(criterion: &mut Criterion<ProcessorTime>) {
    let mut rng = fastrand::Rng::with_seed(7);
    let mails: Vec<Vec<u8>> = (0..400).map(|_| letters::ordinary(&mut rng)).collect();
    compare(criterion, "mix", &mails);
}

criterion_group! {
    name = mails;
    config = Criterion::default()
        .with_measurement(ProcessorTime)
        .sample_size(30)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500));
    targets = shapes, mix
}
criterion_main!(mails);
