//! Mailboxes to judged mails: reads in order, judges on all cores, shows
//! progress on a terminal. What a command does with a judged mail is its own.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::show;
use crate::edges::mailbox::{self, Item};
use crate::pipeline::{Arrival, Judged, Origin, judge};
use crate::policy::Policy;

/// So many bytes of mail are held and judged at a time.
const BATCH_BYTES: usize = 16 * 1024 * 1024;
/// And at most so many mails.
const BATCH_MAILS: usize = 4096;

/// Where a mail lies.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) index: usize,
}

/// What was read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sifted {
    pub(super) mails: u64,
    pub(super) unreadable: u64,
}

/// Judges every mail of the paths and hands each over, in order.
pub(super) fn sift(paths: &[PathBuf], policy: &Policy, mut each: impl FnMut(Place, Judged) -> anyhow::Result<()>) -> anyhow::Result<Sifted> {
    let mut sifted = Sifted::default();
    let mut sources = Vec::with_capacity(paths.len());
    for path in paths {
        sources.push(mailbox::open(path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    let total_bytes = sources.iter().map(|source| source.total_bytes()).sum();
    let progress = progress(total_bytes);
    let mut batch: Vec<Item> = Vec::new();
    let mut batch_bytes = 0;
    for item in sources.into_iter().flatten() {
        match item {
            Ok(item) => {
                batch_bytes += item.raw.len();
                batch.push(item);
            }
            Err(unreadable) => {
                sifted.unreadable += 1;
                progress.suspend(|| show::warning(&unreadable.to_string()));
            }
        }
        if batch_bytes >= BATCH_BYTES || batch.len() >= BATCH_MAILS {
            judge_all(policy, std::mem::take(&mut batch), &progress, &mut sifted, &mut each)?;
            batch_bytes = 0;
        }
    }
    judge_all(policy, batch, &progress, &mut sifted, &mut each)?;
    progress.finish_and_clear();
    Ok(sifted)
}

fn judge_all(
    policy: &Policy,
    batch: Vec<Item>,
    progress: &ProgressBar,
    sifted: &mut Sifted,
    each: &mut impl FnMut(Place, Judged) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let bytes: u64 = batch.iter().map(|item| item.bytes).sum();
    let judged: Vec<(Place, Judged)> = batch
        .into_par_iter()
        .map(|item| {
            let arrival = Arrival { origin: Origin::Home, arrived_ms: item.modified_ms };
            let judged = judge(policy, &arrival, &item.raw);
            (Place { path: item.path, index: item.index }, judged)
        })
        .collect();
    for (place, judged) in judged {
        sifted.mails += 1;
        each(place, judged)?;
    }
    progress.inc(bytes);
    Ok(())
}

/// A bar on a terminal, nothing in a pipe.
fn progress(total_bytes: u64) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(total_bytes), target);
    match ProgressStyle::with_template("{bar:32} {bytes}/{total_bytes} {bytes_per_sec} {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
