//! The Lambda function: wires the line to AWS and waits for events.

use std::process::ExitCode;

use hansho::edges::lambda::{Settings, wire};
use lambda_runtime::service_fn;
use tracing_subscriber::EnvFilter;

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
    lambda_runtime::run(service_fn(async |event| function.handle(event).await)).await
}

#[expect(clippy::disallowed_methods, reason = "an edge is where the environment is read")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// One line of JSON for each thing worth knowing. What libraries say stays out
/// unless it is a warning: at finer levels they quote requests.
fn log() {
    let level = variable("HANSHO_LOG").unwrap_or_else(|| "info".to_owned());
    let filter = EnvFilter::new(format!("warn,hansho={level},bootstrap={level}"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_target(false)
        .with_current_span(false)
        .with_span_list(false)
        .init();
}
