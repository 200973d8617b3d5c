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

#[cfg(feature = "stack")]
use crate::edges::stack;
use crate::message::{Audience, Language};
use crate::pipeline::Judged;
use crate::policy::Policy;

mod check_policy;
mod completions;
mod explain;
#[cfg(feature = "stack")]
mod gmail_filter;
mod preview;
mod replay;
mod report;
mod seen;
mod sent;
mod show;
mod sift;
mod stop;
mod watch;

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
  hansho replay --policy policy.toml --report report.html takeout.mbox
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
    /// Keep the line running on a Maildir that is being filled, without AWS
    #[command(after_help = "\
Examples:
  hansho watch ~/Maildir --ledger ~/.local/share/hansho/ledger
  hansho watch ~/Maildir --ledger ledger --policy policy.toml --exec 'mail -s \"$HANSHO_SUBJECT\" me@example.com'

The command gets the text of the e-mail on standard input, and in the environment
HANSHO_SUBJECT, HANSHO_SMS (where an SMS would go out) and HANSHO_ALERT, the alert
as JSON (hansho.alert/1). If it fails, the alert is sent again later.

Exit codes: 0 ended by Ctrl-C, 2 an error.")]
    Watch(watch::Watch),
    /// Read a policy as the function would, and say what it means
    #[command(after_help = "\
Example:
  hansho check-policy policy.toml

Exit codes: 0 the policy can be used, 2 it cannot.")]
    CheckPolicy(check_policy::CheckPolicy),
    /// Make the filters that let Gmail forward code mails
    #[cfg(feature = "stack")]
    #[command(after_help = "\
Example:
  hansho gmail-filter --to hanako-7q3k9x2mtf@mail.example.com >filters.xml

Exit codes: 0 done, 2 an error.")]
    GmailFilter(gmail_filter::GmailFilter),
    /// Protect a person by a deployed stack, and say where alerts go
    #[cfg(feature = "stack")]
    #[command(after_help = "\
Examples:
  hansho subscribe hanako --sms +819000000000 --email hanako@example.net --language ja
  hansho subscribe taro --email taro@example.net --for hanako

Exit codes: 0 done, 2 an error.")]
    Subscribe(stack::Subscribe),
    /// Answer a confirmation of SNS: of an e-mail address, or of a number in the sandbox
    #[cfg(feature = "stack")]
    #[command(after_help = "\
Examples:
  hansho confirm --token 'https://sns.ap-northeast-1.amazonaws.com/...'
  hansho confirm --sms +819000000000 --code 123456

Exit codes: 0 done, 2 an error.")]
    Confirm(stack::Confirm),
    /// Silence one service for one person for a while
    #[cfg(feature = "stack")]
    #[command(after_help = "\
Examples:
  hansho mute hanako rakuten-sec --for 6h
  hansho mute hanako rakuten-sec --off

Exit codes: 0 done, 2 an error.")]
    Mute(stack::Mute),
    /// Look at a deployed stack: what works, what does not, what to do
    #[cfg(feature = "stack")]
    #[command(after_help = "\
Exit codes: 0 nothing has failed, 1 something has, 2 it could not be looked at.")]
    Doctor(stack::Doctor),
    /// Send a marked flood through a deployed stack, to see that the bell rings
    #[cfg(feature = "stack")]
    #[command(after_help = "\
Exit codes: 0 it rang, 1 it did not, 2 an error.")]
    Drill(stack::Drill),
    /// Show every alert as it will look, by SMS and by e-mail
    #[command(after_help = "\
Examples:
  hansho preview | less
  hansho preview --alert hammered --phase opened --language ja --at 2026-01-04T03:00+09:00
  hansho preview --json | jq -r 'select(.sms) | .sms'

Exit codes: 0 done, 2 an error.")]
    Preview(preview::Preview),
    /// Print the completions of a shell
    #[command(after_help = "\
Examples:
  hansho completions bash > ~/.local/share/bash-completion/completions/hansho
  hansho completions zsh > ~/.zfunc/_hansho
  hansho completions fish > ~/.config/fish/completions/hansho.fish")]
    Completions(completions::Completions),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Colour {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// In a pipe too
    Always,
    /// Not at all
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
    /// Who reads about a mail: the person it is for, else the first there is.
    fn audience(&self, policy: &Policy, judged: &Judged) -> Audience {
        audience_of(policy, judged.readings.first().map(|reading| reading.person.as_str()))
    }

    fn policy(&self) -> anyhow::Result<Policy> {
        match &self.policy {
            Some(path) => check_policy::read(path),
            None => Ok(Policy::one_person(self.language.into())),
        }
    }
}

impl From<Speech> for Language {
    fn from(speech: Speech) -> Self {
        match speech {
            Speech::Ja => Language::Ja,
            Speech::En => Language::En,
        }
    }
}

/// In which language, and with which clock, a person of the policy is told
/// things: their own, else those of the first there is.
fn audience_of(policy: &Policy, person: Option<&str>) -> Audience {
    person.and_then(|id| policy.person(id)).or(policy.people.first()).map_or_else(
        || Audience { language: Language::default(), time_zone: "Asia/Tokyo".to_owned() },
        |person| person.audience.clone(),
    )
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
        Command::Watch(watch) => watch.run(),
        Command::CheckPolicy(check_policy) => check_policy.run(),
        #[cfg(feature = "stack")]
        Command::GmailFilter(gmail_filter) => gmail_filter.run(),
        #[cfg(feature = "stack")]
        Command::Subscribe(subscribe) => subscribe.run(),
        #[cfg(feature = "stack")]
        Command::Confirm(confirm) => confirm.run(),
        #[cfg(feature = "stack")]
        Command::Mute(mute) => mute.run(),
        #[cfg(feature = "stack")]
        Command::Doctor(doctor) => doctor.run(),
        #[cfg(feature = "stack")]
        Command::Drill(drill) => drill.run(),
        Command::Preview(preview) => preview.run(),
        Command::Completions(completions) => completions.run(),
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
