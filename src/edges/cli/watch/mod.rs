//! `hansho watch`: the line and the sweep on a Maildir that is being filled,
//! for days, without AWS. The ledger file is the truth: a mail that is taken in
//! twice is the same row, so a restart neither rings twice nor misses what came
//! meanwhile.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::Context as _;

use self::bell::Bell;
use self::folder::{Look, Maildir};
use self::mark::Mark;
use super::{QUIET, Speech, check_policy, show, stop};
use crate::classify::Outcome;
use crate::edges::clock_ms;
use crate::ledger::Ledger;
use crate::ledger::embedded::{Engine, TABLE};
use crate::pipeline::{Arrival, Line, Nonces, Origin, judge};
use crate::policy::Policy;

mod bell;
mod folder;
mod mark;
mod wake;

/// The sweep closes what has been quiet and sends again what was not taken.
const SWEEP_EVERY_MS: i64 = 60_000;
/// With inotify a look is needed only for what it does not tell: a folder on
/// another machine, a new subfolder.
const LOOK_EVERY_MS: i64 = 30_000;
/// Without it, this is how quickly a mail is noticed.
const POLL_EVERY_MS: i64 = 5_000;
/// A file that is still being written is looked at again so soon.
const SETTLE_MS: i64 = 300;
/// At the first start, mails older than the longest window that a policy may
/// set are passed over: of those, `replay` tells.
const FIRST_REACH_MS: i64 = 48 * 3600 * 1000;
/// After a restart everything is looked at again that came into the folder
/// since the last look, and so long before it.
const MARGIN_MS: i64 = 10 * 60 * 1000;
/// An alert may be with the user's command so long before another sends it.
const LEASE_MS: i64 = bell::COMMAND_MS_MAX + 30_000;

/// The arguments of `watch`.
#[derive(Debug, clap::Args)]
pub(super) struct Watch {
    /// The folder with `cur` and `new` in it; its subfolders are watched too
    #[arg(value_name = "MAILDIR")]
    maildir: PathBuf,
    /// Where sightings and incidents are kept; made if it does not exist
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// The policy; without one, everything is for one person with the defaults
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The language of texts where no policy says so
    #[arg(long, value_enum, default_value_t = Speech::Ja)]
    language: Speech,
    /// Run this with `sh -c` for each alert, its text on standard input
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,
    /// Print each alert as one JSON object a line
    #[arg(long)]
    json: bool,
    /// Do not ask the system for news, look every few seconds instead
    #[arg(long)]
    poll: bool,
}

impl Watch {
    pub(super) fn run(&self) -> anyhow::Result<u8> {
        let policy = match &self.policy {
            Some(path) => check_policy::read(path)?,
            None => Policy::one_person(self.language.into()),
        };
        let maildir = Maildir::open(&self.maildir)?;
        let engine = Engine::in_file(&self.ledger)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .context("cannot start")?;
        let line = Line {
            ledger: Ledger::new(engine.client(), TABLE),
            notify: Bell::new(&policy, self.exec.clone(), self.json),
            now_ms: Arc::new(clock_ms),
            nonces: Nonces::new(fastrand::Rng::new()),
            lease_ms: LEASE_MS,
        };
        let mark = Mark::of(&engine, maildir.path());
        runtime.block_on(
            Watcher {
                policy,
                maildir,
                line,
                mark,
                seen: HashSet::new(),
                taken: 0,
                past: Past::Unknown,
            }
            .run(self.poll),
        )?;
        Ok(QUIET)
    }
}

/// What of the folder an earlier run has taken in. It matters until the folder
/// has been looked through once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Past {
    /// Nobody has looked yet: the age of a mail decides.
    Unknown,
    /// What came before this time, in milliseconds since the epoch.
    TakenUntil(i64),
    /// It has been looked through: what is there now is new.
    Over,
}

struct Watcher {
    policy: Policy,
    maildir: Maildir,
    line: Line<Bell>,
    mark: Mark,
    /// The names of the files that were looked at, without their flags.
    seen: HashSet<String>,
    /// How many code mails and confirmations were taken in.
    taken: u64,
    past: Past,
}

impl Watcher {
    async fn run(mut self, poll: bool) -> anyhow::Result<()> {
        let (wake, woken) = channel();
        let waker = wake.clone();
        stop::listen(move || {
            let _ = waker.send(());
        });
        let mut news = if poll { None } else { wake::News::new(wake) };
        let look_every_ms = if news.is_some() { LOOK_EVERY_MS } else { POLL_EVERY_MS };

        self.past = self.mark.get()?.map_or(Past::Unknown, Past::TakenUntil);
        let mut soon = self.look(&mut news).await?;
        let how = if news.is_some() { "" } else { ", looking every few seconds" };
        show::note(&format!(
            "watching {}{how}: {} mails there, {} of them new and of interest; Ctrl-C ends it",
            self.maildir.path().display(),
            self.seen.len(),
            self.taken,
        ));
        let mut swept_ms = 0;
        while !stop::asked() {
            let now_ms = clock_ms();
            if now_ms - swept_ms >= SWEEP_EVERY_MS || now_ms < swept_ms {
                self.line.sweep(&self.policy).await?;
                swept_ms = now_ms;
            }
            wait(&woken, if soon { SETTLE_MS } else { look_every_ms });
            soon = self.look(&mut news).await?;
        }
        show::note(&format!("{} mails of interest were taken in", self.taken));
        Ok(())
    }

    /// Takes in what is new in the folder. Says whether something must be
    /// looked at again soon.
    async fn look(&mut self, news: &mut Option<wake::News>) -> anyhow::Result<bool> {
        let started_ms = clock_ms();
        let mut soon = false;
        for folder in self.maildir.folders() {
            // Watched first, listed then: nothing falls between the two.
            if let Some(news) = news {
                news.watch(&folder);
            }
            for file in folder::files(&folder) {
                if stop::asked() {
                    return Ok(false);
                }
                if self.seen.contains(&file.name) {
                    continue;
                }
                let entered_ms = file.entered_ms().unwrap_or(started_ms);
                let known = |taken_ms: i64| entered_ms < taken_ms - MARGIN_MS;
                if matches!(self.past, Past::TakenUntil(taken_ms) if known(taken_ms)) {
                    self.seen.insert(file.name);
                    continue;
                }
                match file.read(started_ms, SETTLE_MS) {
                    Look::Mail { raw, modified_ms } => {
                        self.seen.insert(file.name);
                        let oldest_ms =
                            (self.past == Past::Unknown).then_some(started_ms - FIRST_REACH_MS);
                        self.take(&raw, modified_ms, oldest_ms).await?;
                    }
                    Look::Later => soon = true,
                    Look::Unreadable(error) => {
                        let path = file.path.display();
                        show::warning(&format!(
                            "cannot read {path}: {error}; check who may read it"
                        ));
                        self.seen.insert(file.name);
                    }
                }
            }
        }
        if !soon {
            self.past = Past::Over;
            self.mark.set(started_ms)?;
        }
        Ok(soon)
    }

    async fn take(
        &mut self,
        raw: &[u8],
        modified_ms: i64,
        oldest_ms: Option<i64>,
    ) -> anyhow::Result<()> {
        let arrival = Arrival { origin: Origin::Home, arrived_ms: modified_ms };
        let judged = judge(&self.policy, &arrival, raw);
        let too_old = oldest_ms.is_some_and(|oldest_ms| judged.arrived_ms < oldest_ms);
        if judged.outcome != Outcome::Other && !too_old {
            self.line.take(&self.policy, &judged).await?;
            self.taken += 1;
        }
        Ok(())
    }
}

/// Waits for news, and then for a moment more: news come in swarms.
fn wait(woken: &Receiver<()>, at_most_ms: i64) {
    let at_most = Duration::from_millis(u64::try_from(at_most_ms).unwrap_or_default());
    match woken.recv_timeout(at_most) {
        Ok(()) => {
            std::thread::sleep(Duration::from_millis(50));
            while woken.try_recv().is_ok() {}
        }
        Err(RecvTimeoutError::Timeout) => {}
        Err(RecvTimeoutError::Disconnected) => std::thread::sleep(at_most),
    }
}
