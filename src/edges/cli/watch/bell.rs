//! Where a watch's alerts go: to the user's own command, if there is one, and
//! then to the terminal. An alert that the command did not take is sent again.

use std::io::Write as _;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::edges::cli::sent::Sent;
use crate::edges::cli::{audience_of, show};
use crate::edges::clock_ms;
use crate::message::{Alert, Facts};
use crate::notify::{Notify, NotifyError};
use crate::policy::Policy;

/// A command that takes longer is ended, in milliseconds.
pub(super) const COMMAND_MS_MAX: i64 = 60_000;

pub(super) struct Bell {
    policy: Policy,
    command: Option<String>,
    json: bool,
}

impl Bell {
    pub(super) fn new(policy: &Policy, command: Option<String>, json: bool) -> Self {
        Self { policy: policy.clone(), command, json }
    }

    fn print(&self, sent: &Sent) -> std::io::Result<()> {
        let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
        if self.json {
            writeln!(out, "{}", sent.as_json())?;
        } else {
            let audience = audience_of(&self.policy, Some(&sent.facts.person));
            show::alert(&mut out, sent, &audience, &[])?;
        }
        out.flush()
    }
}

impl Notify for Bell {
    async fn publish(&self, facts: &Facts, alert: &Alert) -> Result<(), NotifyError> {
        if let Some(command) = &self.command {
            run(command, alert).map_err(NotifyError::Transient)?;
        }
        let sent = Sent { facts: facts.clone(), alert: alert.clone(), at_ms: clock_ms() };
        if let Err(error) = self.print(&sent) {
            // With a command, the terminal is only a copy.
            if self.command.is_none() {
                return Err(NotifyError::Transient(format!("standard output: {error}")));
            }
        }
        Ok(())
    }
}

/// Runs the command with the text on its standard input.
fn run(command: &str, alert: &Alert) -> Result<(), String> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .env("HANSHO_SUBJECT", &alert.subject)
        .env("HANSHO_SMS", alert.sms.as_deref().unwrap_or_default())
        .env("HANSHO_ALERT", alert.json.to_string())
        .stdin(Stdio::piped())
        // Standard output is for our own lines.
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("the command cannot be started: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read its input is content with the environment.
        let _ = stdin.write_all(alert.email.as_bytes());
    }
    let started_ms = clock_ms();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(ended(status)),
            Ok(None) if clock_ms() - started_ms > COMMAND_MS_MAX => {
                let _ = child.kill();
                let _ = child.wait();
                return Err("the command took longer than a minute and was ended".to_owned());
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Err(error) => return Err(format!("the command cannot be waited for: {error}")),
        }
    }
}

fn ended(status: ExitStatus) -> String {
    format!("the command failed, {status}")
}
