//! Mailboxes to judged mails: reads ahead in order, judges on all cores, shows
//! progress on a terminal. What a command does with a judged mail is its own.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::{show, stop};
use crate::edges::mailbox::{self, Item, Mails, Unreadable};
use crate::pipeline::{Arrival, Judged, Origin, judge};
use crate::policy::Policy;

/// So many bytes of mail are judged at a time.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// And at most so many mails.
const BATCH_MAILS: usize = 4096;

/// Where a mail lies.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) path: Arc<Path>,
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
    let sources = paths.iter().map(|path| mailbox::open(path)).collect::<Result<Vec<_>, _>>()?;
    let total_bytes = sources.iter().map(|mails| mails.source().total_bytes).sum::<Option<u64>>();
    let progress = progress(total_bytes);
    let mut sifted = Sifted::default();
    let mut reader = Reader::new(sources);
    let mut batch = reader.next(Vec::new());
    let mut buffer = Vec::new();
    while let Some(current) = batch {
        // Whoever has read the next ones helps to judge these.
        let (next, judged) = rayon::join(
            || reader.next(std::mem::take(&mut buffer)),
            || judge_all(policy, &current),
        );
        for unreadable in &current.unreadable {
            sifted.unreadable += 1;
            progress.suspend(|| show::warning(&unreadable.to_string()));
        }
        for (place, judged) in judged {
            sifted.mails += 1;
            each(place, judged)?;
        }
        progress.set_position(current.consumed_bytes);
        progress.set_message(format!("{} mails", sifted.mails));
        buffer = current.buffer;
        batch = next;
    }
    progress.finish_and_clear();
    sifted.interrupted = stop::asked();
    Ok(sifted)
}

/// Mails that are judged at a time.
struct Batch {
    mails: Vec<Item>,
    /// What the mails lie in.
    buffer: Vec<u8>,
    unreadable: Vec<Unreadable>,
    /// How many bytes of all sources have been read by now.
    consumed_bytes: u64,
    /// The time of mails that say none themselves.
    fallback_ms: i64,
}

/// Reads the sources, one after the other.
struct Reader {
    sources: std::vec::IntoIter<Mails>,
    current: Option<Mails>,
    /// The sizes of the sources that are done.
    consumed_before: u64,
}

impl Reader {
    fn new(sources: Vec<Mails>) -> Self {
        Self { sources: sources.into_iter(), current: None, consumed_before: 0 }
    }

    /// The next mails, all of one source, in a buffer that others are done with:
    /// fresh memory costs as much as reading. `None` after the last, or when
    /// the command is to stop.
    fn next(&mut self, mut buffer: Vec<u8>) -> Option<Batch> {
        if stop::asked() {
            return None;
        }
        buffer.clear();
        if self.current.is_none() {
            self.current = self.sources.next();
        }
        let mails = self.current.as_mut()?;
        let mut batch = Batch {
            mails: Vec::new(),
            buffer,
            unreadable: Vec::new(),
            consumed_bytes: self.consumed_before,
            fallback_ms: modified_ms(&mails.source().path),
        };
        while batch.buffer.len() < BATCH_BYTES && batch.mails.len() < BATCH_MAILS && !stop::asked()
        {
            match mails.read_next(&mut batch.buffer) {
                Some(Ok(item)) => {
                    batch.consumed_bytes = self.consumed_before + item.consumed_bytes;
                    batch.mails.push(item);
                }
                Some(Err(unreadable)) => batch.unreadable.push(unreadable),
                None => {
                    self.consumed_before += mails.source().total_bytes.unwrap_or_default();
                    batch.consumed_bytes = self.consumed_before;
                    self.current = None;
                    break;
                }
            }
        }
        Some(batch)
    }
}

fn judge_all(policy: &Policy, batch: &Batch) -> Vec<(Place, Judged)> {
    batch
        .mails
        .par_iter()
        .map(|item| {
            let arrival = Arrival { origin: Origin::Home, arrived_ms: batch.fallback_ms };
            let raw = batch.buffer.get(item.bytes.clone()).unwrap_or_default();
            let judged = judge(policy, &arrival, raw);
            (Place { path: Arc::clone(&item.path), index: item.index }, judged)
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
