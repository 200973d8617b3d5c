//! `hansho doctor`: looks at a deployed stack and says of each part whether it
//! works and, if not, what to do. It changes nothing. What it may not look at is
//! a warning, not a failure: whoever runs it may lack a right that the stack has.

use std::io::{self, Write as _};
use std::net::SocketAddr;

use anstyle::{AnsiColor, Style};
use serde_json::json;

use super::deployment::{Deployment, Place};
use super::{DONE, UNWELL};
use crate::policy::Policy;

mod people;
mod pipes;
mod receiving;

/// The arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// Ask this DNS server for the MX record, not the system's
    #[arg(long, value_name = "IP:PORT")]
    dns: Option<SocketAddr>,
    #[command(flatten)]
    place: Place,
}

/// How one part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Ok,
    Warn,
    Fail,
}

impl Health {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }

    fn colour(self) -> Style {
        match self {
            Self::Ok => AnsiColor::Green.on_default(),
            Self::Warn => AnsiColor::Yellow.on_default(),
            Self::Fail => AnsiColor::Red.on_default().bold(),
        }
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    health: Health,
    part: &'static str,
    says: String,
    todo: String,
}

/// What has been found so far, in order.
#[derive(Debug, Default)]
struct Report(Vec<Finding>);

impl Report {
    fn ok(&mut self, part: &'static str, says: impl Into<String>) {
        self.0.push(Finding { health: Health::Ok, part, says: says.into(), todo: String::new() });
    }

    fn warn(&mut self, part: &'static str, says: impl Into<String>, todo: impl Into<String>) {
        self.0.push(Finding { health: Health::Warn, part, says: says.into(), todo: todo.into() });
    }

    fn fail(&mut self, part: &'static str, says: impl Into<String>, todo: impl Into<String>) {
        self.0.push(Finding { health: Health::Fail, part, says: says.into(), todo: todo.into() });
    }

    /// A part that could not be looked at.
    fn unseen(&mut self, part: &'static str, error: &anyhow::Error) {
        self.warn(
            part,
            format!("could not be looked at: {error:#}"),
            "run it with credentials that may read this",
        );
    }

    fn worst(&self) -> u8 {
        let failed = self.0.iter().any(|finding| finding.health == Health::Fail);
        if failed { UNWELL } else { DONE }
    }

    fn print(&self, as_json: bool) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        for finding in &self.0 {
            let Finding { health, part, says, todo } = finding;
            if as_json {
                let line =
                    json!({"health": health.as_str(), "part": part, "says": says, "todo": todo});
                writeln!(out, "{line}")?;
                continue;
            }
            let (colour, word) = (health.colour(), health.as_str());
            writeln!(out, "{colour}{word:<4}{colour:#}  {part}: {says}")?;
            if !todo.is_empty() {
                writeln!(out, "        → {todo}")?;
            }
        }
        Ok(())
    }
}

impl Doctor {
    /// Runs the command.
    ///
    /// # Errors
    /// If the stack cannot be found, or the report cannot be printed.
    pub fn run(&self) -> anyhow::Result<u8> {
        super::run(async {
            let stack = self.place.find().await?;
            let mut report = Report::default();
            look_at_stack(&stack, &mut report);
            let policy = look_at_policy(&stack, &mut report).await;
            receiving::look(&stack, policy.as_ref(), self.dns, &mut report).await;
            pipes::look(&stack, &mut report).await;
            people::look(&stack, policy.as_ref(), &mut report).await;
            report.print(self.json)?;
            Ok(report.worst())
        })
    }
}

fn look_at_stack(stack: &Deployment, report: &mut Report) {
    const PART: &str = "stack";
    let says = format!("{} in {} is {}", stack.stack, stack.region, stack.status);
    match stack.status.as_str() {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => report.ok(PART, says),
        status if status.ends_with("_IN_PROGRESS") => {
            report.warn(PART, says, "wait until the deployment is over");
        }
        "UPDATE_ROLLBACK_COMPLETE" => {
            report.warn(PART, says, "the last deployment was undone; its events say why");
        }
        _ => report.fail(PART, says, "look at the stack's events in CloudFormation, deploy again"),
    }
}

async fn look_at_policy(stack: &Deployment, report: &mut Report) -> Option<Policy> {
    const PART: &str = "policy";
    let standing = match stack.policy().await {
        Ok(Some(standing)) => standing,
        Ok(None) => {
            report.fail(PART, "there is none", "infra/deploy.sh --policy infra/policy.toml");
            return None;
        }
        Err(error) => {
            report.unseen(PART, &error);
            return None;
        }
    };
    match Policy::read(&standing.text) {
        Ok(policy) => {
            let says = format!("valid, for {} person(s)", policy.people.len());
            if policy.observe_only {
                report.warn(
                    PART,
                    format!("{says}, but nothing is sent"),
                    "set observe_only = false when you have seen enough",
                );
            } else {
                report.ok(PART, says);
            }
            Some(policy)
        }
        Err(error) => {
            report.fail(
                PART,
                format!("it cannot be used: {error}"),
                "mend it and put it back: docs/operate.md, \"Changing the policy\"",
            );
            None
        }
    }
}
