//! News of a folder from the system: inotify on Linux, nothing elsewhere. News
//! only say that a look is worth while; what there is, the look finds.

use std::path::Path;
use std::sync::mpsc::Sender;

/// Listens for files that come into folders.
#[cfg(target_os = "linux")]
pub(super) struct News(inotify::Watches);

#[cfg(target_os = "linux")]
impl News {
    /// `None` where the system cannot tell: then somebody has to look.
    pub(super) fn new(wake: Sender<()>) -> Option<Self> {
        let mut inotify = inotify::Inotify::init()
            .inspect_err(|error| tracing::warn!(%error, "no inotify, looking instead: {error}"))
            .ok()?;
        let watches = inotify.watches();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while inotify.read_events_blocking(&mut buffer).is_ok() && wake.send(()).is_ok() {}
        });
        Some(Self(watches))
    }

    /// Listens to a folder too. Doing it twice changes nothing.
    pub(super) fn watch(&mut self, folder: &Path) {
        use inotify::WatchMask;
        let mask = WatchMask::CLOSE_WRITE | WatchMask::MOVED_TO;
        if let Err(error) = self.0.add(folder, mask) {
            tracing::warn!(%error, "a folder cannot be listened to, looking instead: {error}");
        }
    }
}

/// Listens for files that come into folders.
#[cfg(not(target_os = "linux"))]
pub(super) struct News;

#[cfg(not(target_os = "linux"))]
impl News {
    /// Nobody tells: somebody has to look.
    pub(super) fn new(_: Sender<()>) -> Option<Self> {
        None
    }

    /// Never called.
    pub(super) fn watch(&mut self, _: &Path) {}
}
