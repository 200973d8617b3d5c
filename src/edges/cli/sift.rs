//! Mailboxes to judged mails: reads ahead in order, judges on all cores, shows
//! progress on a terminal. What a command does with a judged mail is its own.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::UNIX_EPOCH;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::{show, stop};
use crate::edges::mailbox::{self, Item, Unreadable};
use crate::pipeline::{Arrival, Judged, Origin, judge};
use crate::policy::Policy;

/// So many bytes of mail are judged at a time.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// And at most so many mails.
const BATCH_MAILS: usize = 4096;
/// So many batches wait while one is judged.
const BATCHES_READ_AHEAD: usize = 1;

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
    /// It was interrupted: there is more than was read.
    pub(super) interrupted: bool,
}

/// Judges every mail of the paths and hands each over, in order.
pub(super) fn sift(
    paths: &[PathBuf],
    policy: &Policy,
    mut each: impl FnMut(Place, Judged) -> anyhow::Result<()>,
) -> anyhow::Result<Sifted> {
    let mut sources = Vec::with_capacity(paths.len());
    for path in paths {
        sources.push(mailbox::open(path)?);
    }
    let total_bytes = sources.iter().map(|mails| mails.source().total_bytes).sum::<Option<u64>>();
    let progress = progress(total_bytes);
    let mut sifted = Sifted::default();
    let (batches, ready) = sync_channel(BATCHES_READ_AHEAD);
    std::thread::scope(|scope| {
        scope.spawn(move || read(sources, &batches));
        // Ends when the reader has, and the reader when nobody waits for more.
        ready.into_iter().try_for_each(|batch| {
            for unreadable in &batch.unreadable {
                sifted.unreadable += 1;
                progress.suspend(|| show::warning(&unreadable.to_string()));
            }
            for (place, judged) in judge_all(policy, batch.fallback_ms, batch.mails) {
                sifted.mails += 1;
                each(place, judged)?;
            }
            progress.set_position(batch.consumed_bytes);
            progress.set_message(format!("{} mails", sifted.mails));
            anyhow::Ok(())
        })
    })?;
    progress.finish_and_clear();
    sifted.interrupted = stop::asked();
    Ok(sifted)
}

/// Mails that are judged at a time.
struct Batch {
    mails: Vec<Item>,
    unreadable: Vec<Unreadable>,
    /// How many bytes of all sources have been read by now.
    consumed_bytes: u64,
    /// The time of mails that say none themselves.
    fallback_ms: i64,
}

/// Reads the sources, one after the other, ahead of those who judge.
fn read(sources: Vec<mailbox::Mails>, batches: &SyncSender<Batch>) {
    let mut consumed_before = 0;
    for mails in sources {
        let source_bytes = mails.source().total_bytes.unwrap_or_default();
        let fallback_ms = modified_ms(&mails.source().path);
        let empty = |consumed_bytes| Batch {
            mails: Vec::new(),
            unreadable: Vec::new(),
            consumed_bytes,
            fallback_ms,
        };
        let mut batch = empty(consumed_before);
        let mut batch_bytes = 0;
        for item in mails {
            if stop::asked() {
                let _ = batches.send(batch);
                return;
            }
            match item {
                Ok(item) => {
                    batch_bytes += item.raw.len();
                    batch.consumed_bytes = consumed_before + item.consumed_bytes;
                    batch.mails.push(item);
                }
                Err(unreadable) => batch.unreadable.push(unreadable),
            }
            if batch_bytes >= BATCH_BYTES || batch.mails.len() >= BATCH_MAILS {
                let next = empty(batch.consumed_bytes);
                if batches.send(std::mem::replace(&mut batch, next)).is_err() {
                    return;
                }
                batch_bytes = 0;
            }
        }
        consumed_before += source_bytes;
        batch.consumed_bytes = consumed_before;
        if batches.send(batch).is_err() {
            return;
        }
    }
}

fn judge_all(policy: &Policy, fallback_ms: i64, batch: Vec<Item>) -> Vec<(Place, Judged)> {
    batch
        .into_par_iter()
        .map(|item| {
            let arrival = Arrival { origin: Origin::Home, arrived_ms: fallback_ms };
            let judged = judge(policy, &arrival, &item.raw);
            (Place { path: item.path, index: item.index }, judged)
        })
        .collect()
}

/// When a mailbox was last written, in milliseconds since the epoch: the time
/// of mails that say none themselves.
fn modified_ms(path: &Path) -> i64 {
    let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or_default()
}

/// A bar on a terminal, nothing in a pipe. Of standard input nobody knows how
/// much there is, so it gets a spinner.
fn progress(total_bytes: Option<u64>) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let template = match total_bytes {
        Some(_) => "{bar:24} {bytes}/{total_bytes}  {msg}  {bytes_per_sec}  {eta} left",
        None => "{spinner} {bytes}  {msg}  {bytes_per_sec}",
    };
    let bar = ProgressBar::with_draw_target(total_bytes, target);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
