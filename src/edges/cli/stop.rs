//! Ctrl-C: the first asks a command to end with what it has, the second ends
//! it at once.

use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

static ASKED: AtomicBool = AtomicBool::new(false);

/// The exit code of a command that was interrupted twice, as shells have it.
const INTERRUPTED: i32 = 130;

/// Listens for Ctrl-C and for a request to terminate. `woken` is called on the
/// first, from another thread.
pub(super) fn listen(woken: impl Fn() + Send + 'static) {
    let mut signals = match Signals::new([SIGINT, SIGTERM]) {
        Ok(signals) => signals,
        Err(error) => {
            tracing::warn!(%error, "Ctrl-C will end the command at once: {error}");
            return;
        }
    };
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if ASKED.swap(true, Ordering::Relaxed) {
                std::process::exit(INTERRUPTED);
            }
            woken();
        }
    });
}

/// Whether the command was asked to end.
pub(super) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
