//! The Lambda function: wires the line to AWS and waits for events.

use std::process::ExitCode;
use std::sync::Once;

use hansho::edges::lambda::{Settings, wire};
use lambda_runtime::service_fn;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    log();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the function cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), lambda_runtime::Error> {
    let function = wire(Settings::read(variable)?).await;
    let first = Once::new();
    lambda_runtime::run(service_fn(async |event| {
        // While the first policy and the first mail are on their way.
        // Without a thread to spare, the mail itself waits for it.
        first.call_once(|| drop(std::thread::Builder::new().spawn(hansho::classify::prepare)));
        function.handle(event).await
    }))
    .await
}

#[expect(clippy::disallowed_methods, reason = "an edge is where the environment is read")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// One line of JSON for each thing worth knowing. What libraries say stays out
/// unless it is a warning: at finer levels they quote requests.
fn log() {
    let level = variable("HANSHO_LOG").and_then(|level| level.parse().ok());
    let level = level.unwrap_or(LevelFilter::INFO);
    let told = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("hansho", level)
        .with_target("bootstrap", level);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_current_span(false)
        .with_span_list(false);
    tracing_subscriber::registry().with(lines.with_filter(told)).init();
}
