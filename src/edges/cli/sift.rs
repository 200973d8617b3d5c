//! Mailboxes to judged mails: reads in order, judges on all cores, shows
//! progress on a terminal. What a command does with a judged mail is its own.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::{show, stop};
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
    let mut read_bytes = 0;
    for mails in sources {
        let fallback_ms = modified_ms(&mails.source().path);
        let source_bytes = mails.source().total_bytes.unwrap_or_default();
        let mut batch: Vec<Item> = Vec::new();
        let mut batch_bytes = 0;
        for item in mails {
            if stop::asked() {
                sifted.interrupted = true;
                break;
            }
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
                let consumed_bytes = batch.last().map_or(0, |item| item.consumed_bytes);
                hand_over(
                    judge_all(policy, fallback_ms, std::mem::take(&mut batch)),
                    &mut sifted,
                    &mut each,
                )?;
                progress.set_position(read_bytes + consumed_bytes);
                progress.set_message(format!("{} mails", sifted.mails));
                batch_bytes = 0;
            }
        }
        hand_over(judge_all(policy, fallback_ms, batch), &mut sifted, &mut each)?;
        read_bytes += source_bytes;
        progress.set_position(read_bytes);
        if sifted.interrupted {
            break;
        }
    }
    progress.finish_and_clear();
    Ok(sifted)
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

fn hand_over(
    judged: Vec<(Place, Judged)>,
    sifted: &mut Sifted,
    each: &mut impl FnMut(Place, Judged) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for (place, judged) in judged {
        sifted.mails += 1;
        each(place, judged)?;
    }
    Ok(())
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
