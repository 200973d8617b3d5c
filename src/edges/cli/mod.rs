//! The command line: the same line, without AWS. `--json` prints one object a
//! line on standard output and nothing else; people get text; logs, progress
//! and errors go to standard error. Exit codes are decisions: 0 quiet or done,
//! 1 bursts found, 2 an error.

use std::path::PathBuf;
use std::process::ExitCode;

use anstream::ColorChoice;
use clap::{Args, Parser, Subcommand, ValueEnum};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::message::Language;
use crate::policy::Policy;

mod check_policy;
mod explain;
mod replay;
mod show;
mod sift;

/// Quiet, or done.
const QUIET: u8 = 0;
/// Bursts were found.
const FOUND: u8 = 1;
/// Something went wrong.
const FAILED: u8 = 2;

/// A fire bell for login-code mails: a burst of codes nobody asked for becomes
/// one alert that says what to do now.
#[derive(Debug, Parser)]
#[command(name = "hansho", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Colour the output
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    color: Colour,
    /// Say on standard error what is being done; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run mailboxes through the line: would it have told me?
    #[command(after_help = "\
Examples:
  hansho replay ~/Maildir
  hansho replay --policy policy.toml takeout.mbox
  hansho replay --json events/mail/flood | jq -r 'select(.type == \"alert\") | .subject'

Exit codes: 0 quiet, 1 bursts found, 2 an error.")]
    Replay(replay::Replay),
    /// Say of each mail what it was taken for, and why
    #[command(after_help = "\
Examples:
  hansho explain suspicious.eml
  hansho explain --json inbox.mbox | jq -r '.outcome' | sort | uniq -c

Exit codes: 0 done, 2 an error.")]
    Explain(explain::Explain),
    /// Read a policy as the function would, and say what it means
    #[command(after_help = "\
Example:
  hansho check-policy policy.toml

Exit codes: 0 the policy can be used, 2 it cannot.")]
    CheckPolicy(check_policy::CheckPolicy),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Colour {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

/// Which mails are read, and as whose.
#[derive(Debug, Args)]
struct Mails {
    /// .eml files, folders, mbox files, Maildirs, any of them as .gz; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The policy; without one, everything is for one person with the defaults
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The language of texts where no policy says so
    #[arg(long, value_enum, default_value_t = Speech::Ja)]
    language: Speech,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Speech {
    Ja,
    En,
}

impl Mails {
    fn policy(&self) -> anyhow::Result<Policy> {
        match &self.policy {
            Some(path) => check_policy::read(path),
            None => Ok(Policy::one_person(match self.language {
                Speech::Ja => Language::Ja,
                Speech::En => Language::En,
            })),
        }
    }
}

/// Runs the command line: arguments in, exit code out, and at most one error,
/// on standard error.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match cli.color {
        Colour::Auto => ColorChoice::Auto,
        Colour::Always => ColorChoice::Always,
        Colour::Never => ColorChoice::Never,
    }
    .write_global();
    log(cli.verbose);
    let done = match &cli.command {
        Command::Replay(replay) => replay.run(),
        Command::Explain(explain) => explain.run(),
        Command::CheckPolicy(check_policy) => check_policy.run(),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        // Whoever read our output has seen enough: that is no error.
        Err(error) if is_broken_pipe(&error) => ExitCode::from(QUIET),
        Err(error) => {
            show::error(&error);
            ExitCode::from(FAILED)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |cause: &std::io::Error| cause.kind() == std::io::ErrorKind::BrokenPipe;
    error.chain().filter_map(|cause| cause.downcast_ref()).any(broken)
}

fn log(verbose: u8) {
    let told = match verbose {
        0 => Targets::new().with_default(LevelFilter::ERROR),
        1 => Targets::new().with_target("hansho", LevelFilter::INFO),
        _ => Targets::new().with_target("hansho", LevelFilter::DEBUG),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(told)).init();
}
