//! A Maildir on disk: its folders, the files in them, and whether a file is
//! whole yet. It knows no mail.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::Context as _;
use walkdir::WalkDir;

use crate::mail::MAX_READ_BYTES;

/// A folder with `cur` or `new` in it.
#[derive(Debug)]
pub(super) struct Maildir(PathBuf);

impl Maildir {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let real = path
            .canonicalize()
            .with_context(|| format!("cannot read {}; check the path", path.display()))?;
        let maildir = ["cur", "new"].iter().any(|name| real.join(name).is_dir());
        anyhow::ensure!(
            maildir,
            "{} is no Maildir: it has neither `cur` nor `new`; name the folder that has them",
            path.display()
        );
        Ok(Self(real))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Every `new` and `cur`, those of subfolders too. `new` comes first, so
    /// that a mail that is moved while we look is seen in one of them.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = WalkDir::new(&self.0)
            .into_iter()
            .filter_entry(|entry| {
                let parent = entry.path().parent().and_then(Path::file_name).unwrap_or_default();
                entry.file_type().is_dir()
                    && !["cur", "new", "tmp"].iter().any(|leaf| parent == *leaf)
            })
            .filter_map(Result::ok)
            .map(walkdir::DirEntry::into_path)
            .filter(|path| path.ends_with("cur") || path.ends_with("new"))
            .collect();
        folders.sort_by_key(|path| (path.ends_with("cur"), path.clone()));
        folders
    }
}

/// The files of a folder, in the order of their names: those begin with a time.
pub(super) fn files(folder: &Path) -> Vec<Entry> {
    let mut files: Vec<Entry> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter_map(|entry| Entry::of(entry.path()))
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

/// One file of a Maildir.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    /// Its name without the flags, which stays when it is moved and read.
    pub(super) name: String,
}

/// What a look at a file gave.
#[derive(Debug)]
pub(super) enum Look {
    /// Its first bytes, and when it was last written, in milliseconds since the epoch.
    Mail { raw: Vec<u8>, modified_ms: i64 },
    /// It is still being written, or was moved a moment ago.
    Later,
    /// It cannot be read.
    Unreadable(io::Error),
}

impl Entry {
    fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy();
        let name = name.split(":2,").next().unwrap_or_default().to_owned();
        (!name.starts_with('.')).then_some(Self { path, name })
    }

    /// When it came into its folder, in milliseconds since the epoch: the time
    /// of its inode, which no mail client sets to that of the mail.
    #[cfg(unix)]
    pub(super) fn entered_ms(&self) -> Option<i64> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = fs::metadata(&self.path).ok()?;
        Some(
            metadata.ctime().saturating_mul(1000).saturating_add(metadata.ctime_nsec() / 1_000_000),
        )
    }

    /// When it came into its folder is not known here.
    #[cfg(not(unix))]
    pub(super) fn entered_ms(&self) -> Option<i64> {
        None
    }

    /// Its first bytes, if nobody has written to it for `settle_ms`.
    pub(super) fn read(&self, now_ms: i64, settle_ms: i64) -> Look {
        match self.try_read(now_ms, settle_ms) {
            Ok(look) => look,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Look::Later,
            Err(error) => Look::Unreadable(error),
        }
    }

    fn try_read(&self, now_ms: i64, settle_ms: i64) -> io::Result<Look> {
        let file = File::open(&self.path)?;
        let modified = file.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let modified_ms = i64::try_from(modified.as_millis()).unwrap_or_default();
        // A time in the future says nothing of who is writing now.
        if (0..settle_ms).contains(&(now_ms - modified_ms)) {
            return Ok(Look::Later);
        }
        let mut raw = Vec::new();
        file.take(MAX_READ_BYTES as u64).read_to_end(&mut raw)?;
        Ok(Look::Mail { raw, modified_ms })
    }
}
