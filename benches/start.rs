//! From the start of the process to its first request for work, of the release
//! function against the least that a Rust function can be, one that only builds
//! the same three clients, and one in Python that does the same job. The runtime
//! interface is a listener in this process; what asks for work is killed.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use benches::root;
use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};

/// What is started, by the name it has in the tables.
fn functions() -> Vec<(&'static str, Vec<PathBuf>)> {
    let root = root();
    let place = |name: &str, otherwise: &str| {
        std::env::var_os(name).map_or_else(|| root.join(otherwise), PathBuf::from)
    };
    let python = place("HANSHO_BENCH_PYTHON", "benches/.venv/bin/python");
    vec![
        ("hansho", vec![place("HANSHO_BOOTSTRAP", "target/release/bootstrap")]),
        ("clients", vec![root.join("target/start/release/clients")]),
        ("hello", vec![root.join("target/start/release/hello")]),
        ("python", vec![python, "-m".into(), "awslambdaric".into(), "function.handler".into()]),
    ]
}

/// Starts a function; gives the time until it asks for work and its peak
/// memory at that moment, in KiB.
fn start(listener: &TcpListener, command: &[PathBuf]) -> (Duration, u64) {
    let port = listener.local_addr().expect("a listener has an address").port();
    let (program, arguments) = command.split_first().expect("a command has a program");
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(root().join("benches/start/python"))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("AWS_LAMBDA_RUNTIME_API", format!("127.0.0.1:{port}"))
        .env("AWS_LAMBDA_FUNCTION_NAME", "hansho")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/hansho")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "1")
        .env("AWS_REGION", "ap-northeast-1")
        .env("AWS_DEFAULT_REGION", "ap-northeast-1")
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "example")
        .env("HANSHO_TABLE", "hansho")
        .env("HANSHO_TOPIC_ARN", "arn:aws:sns:ap-northeast-1:123456789012:hansho")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let begun = Instant::now();
    let mut child =
        command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let (stream, _) = listener.accept().expect("the function connects");
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line).expect("the function asks");
    let took = begun.elapsed();
    assert!(line.contains("/invocation/next"), "asked for {line}");
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
    let peak_kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|value| value.trim().trim_end_matches(" kB").parse().ok())
        .expect("Linux tells the peak");
    child.kill().expect("it can be ended");
    child.wait().expect("it ends");
    (took, peak_kib)
}

fn starts(criterion: &mut Criterion) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut peaks_kib: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut group = criterion.benchmark_group("start");
    group.sampling_mode(SamplingMode::Flat);
    for (name, command) in functions() {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                (0..times)
                    .map(|_| {
                        let (took, peak_kib) = start(&listener, &command);
                        peaks_kib.entry(name).or_default().push(peak_kib);
                        took
                    })
                    .sum()
            });
        });
    }
    group.finish();
    let sizes: BTreeMap<&str, serde_json::Value> = functions()
        .into_iter()
        .map(|(name, command)| {
            let mut peaks = peaks_kib.remove(name).unwrap_or_default();
            peaks.sort_unstable();
            let binary = std::fs::metadata(&command[0]).map(|file| file.len()).ok();
            let size = serde_json::json!({
                "peak_kib": peaks.get(peaks.len() / 2),
                "binary_bytes": binary.filter(|_| command.len() == 1),
            });
            (name, size)
        })
        .collect();
    let place = root().join("benches/results/start-sizes.json");
    let text = serde_json::to_string_pretty(&sizes).expect("numbers are JSON");
    std::fs::write(place, text).expect("the results can be written");
}

criterion_group! {
    name = start_up;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = starts
}
criterion_main!(start_up);
