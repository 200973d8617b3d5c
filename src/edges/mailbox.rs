//! Mails from where people keep them: `.eml` files, folders of them, mbox files
//! (a Google Takeout of many gigabytes too), Maildirs, standard input, and any
//! of these compressed with gzip. It hands out raw bytes one mail at a time and
//! must not look into them.
//!
//! What a file is shows in its first bytes, not in its name. Files come in the
//! order of their sorted paths, mails in the order they stand in. Each mail is
//! read into a buffer of the caller's, at most [`MAX_READ_BYTES`] of it, so that
//! the same memory can hold the next ones.

mod mbox;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use walkdir::WalkDir;

use crate::mail::MAX_READ_BYTES;

/// What a path turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// `-`
    StandardInput,
    /// One file: a mail or an mbox.
    File,
    /// A folder with mails anywhere below it.
    Folder,
    /// A folder with `cur` or `new` in it, with its subfolders.
    Maildir,
}

/// A mailbox that was opened.
#[derive(Debug, Clone)]
pub struct Source {
    /// The path as it was given.
    pub path: PathBuf,
    /// What it is.
    pub kind: SourceKind,
    /// How many bytes there are to read, as they lie on disk; unknown for
    /// standard input.
    pub total_bytes: Option<u64>,
}

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The file it stands in; `-` for standard input.
    pub path: Arc<Path>,
    /// Its place within an mbox, from 0; else 0.
    pub index: usize,
    /// Where its first bytes lie in the buffer, at most [`MAX_READ_BYTES`].
    pub bytes: Range<usize>,
    /// It has more bytes than were kept.
    pub longer: bool,
    /// How many bytes of the whole source have been read by now.
    pub consumed_bytes: u64,
}

/// Something that could not be read; what comes after it still can.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}{}: {error}; {}", path.display(), place(*index), advice(error))]
pub struct Unreadable {
    /// The file or folder.
    pub path: PathBuf,
    /// How many mails of the file had been read before.
    pub index: usize,
    /// Why; the text of this error says it too.
    pub error: io::Error,
}

fn place(index: usize) -> String {
    if index == 0 { String::new() } else { format!(" after {index} mails") }
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::PermissionDenied => "check who may read it",
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            "the file is damaged; fetch it again"
        }
        _ => "try again, or leave this one out",
    }
}

/// Opens a path, or standard input for `-`.
///
/// # Errors
/// If there is nothing at the path. What cannot be read below it comes up
/// while reading on.
pub fn open(path: &Path) -> Result<Mails, Unreadable> {
    let (kind, files) = if path == Path::new("-") {
        (
            SourceKind::StandardInput,
            vec![Ok(Entry { path: path.to_owned(), size: 0, single: false })],
        )
    } else {
        let unreadable = |error| Unreadable { path: path.to_owned(), index: 0, error };
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        if metadata.is_dir() {
            let maildir = ["cur", "new"].iter().any(|name| path.join(name).is_dir());
            let kind = if maildir { SourceKind::Maildir } else { SourceKind::Folder };
            (kind, files_below(path))
        } else {
            let entry = Entry { path: path.to_owned(), size: metadata.len(), single: false };
            (SourceKind::File, vec![Ok(entry)])
        }
    };
    let total = files.iter().flatten().map(|entry| entry.size).sum();
    let total_bytes = (kind != SourceKind::StandardInput).then_some(total);
    Ok(Mails {
        source: Source { path: path.to_owned(), kind, total_bytes },
        files: files.into_iter(),
        current: None,
        consumed_before: 0,
    })
}

#[derive(Debug)]
struct Entry {
    path: PathBuf,
    size: u64,
    /// Files in a Maildir are one mail each, whatever they begin with.
    single: bool,
}

/// The mail files below a folder: by their ending, or by where a Maildir has
/// them. `tmp` holds what is still being written.
fn files_below(folder: &Path) -> Vec<Result<Entry, Unreadable>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                files.push(Err(Unreadable { path, index: 0, error: error.into() }));
                continue;
            }
        };
        if !entry.file_type().is_file() {
            continue;
        }
        let parent = entry.path().parent().and_then(Path::file_name).unwrap_or_default();
        let single = parent == "cur" || parent == "new";
        let name = entry.file_name().to_string_lossy().to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        if single || name.ends_with(".eml") || name.ends_with(".mbox") {
            let size = entry.metadata().map_or(0, |metadata| metadata.len());
            files.push(Ok(Entry { path: entry.into_path(), size, single }));
        }
    }
    files
}

/// The mails of a source, one after the other.
#[derive(Debug)]
pub struct Mails {
    source: Source,
    files: std::vec::IntoIter<Result<Entry, Unreadable>>,
    current: Option<Current>,
    /// The sizes of the files that are done.
    consumed_before: u64,
}

impl Mails {
    /// What is being read.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Reads the next mail to the end of a buffer; `None` after the last.
    pub fn read_next(&mut self, buffer: &mut Vec<u8>) -> Option<Result<Item, Unreadable>> {
        loop {
            if let Some(current) = &mut self.current {
                let result = current.mails.read_next(buffer);
                if let Ok(Some((bytes, longer))) = result {
                    let read = current.read_bytes.load(Ordering::Relaxed);
                    let consumed_bytes = self.consumed_before + read;
                    let (path, index) = (Arc::clone(&current.path), current.index);
                    current.index += 1;
                    return Some(Ok(Item { path, index, bytes, longer, consumed_bytes }));
                }
                self.consumed_before += current.size;
                let (path, index) = (current.path.to_path_buf(), current.index);
                self.current = None;
                if let Err(error) = result {
                    return Some(Err(Unreadable { path, index, error }));
                }
                continue;
            }
            let entry = match self.files.next()? {
                Ok(entry) => entry,
                Err(unreadable) => return Some(Err(unreadable)),
            };
            match self.start(&entry, buffer) {
                Ok(Some(item)) => return Some(Ok(item)),
                Ok(None) => {}
                Err(error) => {
                    self.consumed_before += entry.size;
                    return Some(Err(Unreadable { path: entry.path, index: 0, error }));
                }
            }
        }
    }
}

/// The mbox that is being read.
#[derive(Debug)]
struct Current {
    path: Arc<Path>,
    size: u64,
    index: usize,
    read_bytes: Arc<AtomicU64>,
    mails: mbox::Splitter<Box<dyn Read + Send>>,
}

impl Mails {
    /// Opens a file: a single mail comes back at once, an mbox becomes the
    /// current file.
    fn start(&mut self, entry: &Entry, buffer: &mut Vec<u8>) -> io::Result<Option<Item>> {
        let read_bytes = Arc::new(AtomicU64::new(0));
        let file: Box<dyn Read + Send> = if self.source.kind == SourceKind::StandardInput {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(&entry.path)?)
        };
        let counted = Counted { reader: file, read_bytes: Arc::clone(&read_bytes) };
        let (head, reader) = peek(Box::new(counted))?;
        let (head, mut reader) = if head.starts_with(&[0x1f, 0x8b]) {
            peek(Box::new(MultiGzDecoder::new(reader)))?
        } else {
            (head, reader)
        };
        if !entry.single && head.starts_with(b"From ") {
            self.current = Some(Current {
                path: entry.path.as_path().into(),
                size: entry.size,
                index: 0,
                read_bytes,
                mails: mbox::Splitter::new(reader),
            });
            return Ok(None);
        }
        let empty_mbox = head.is_empty() && entry.path.extension().is_some_and(|end| end == "mbox");
        let start = buffer.len();
        let read = reader.by_ref().take(MAX_READ_BYTES as u64 + 1).read_to_end(buffer)?;
        let longer = read > MAX_READ_BYTES;
        let bytes = start..start + read.min(MAX_READ_BYTES);
        self.consumed_before += entry.size.max(read_bytes.load(Ordering::Relaxed));
        let consumed_bytes = self.consumed_before;
        let path = entry.path.as_path().into();
        let item = Item { path, index: 0, bytes, longer, consumed_bytes };
        Ok((!empty_mbox).then_some(item))
    }
}

/// The first bytes of a reader, and a reader that still has them.
fn peek(mut reader: Box<dyn Read + Send>) -> io::Result<(Vec<u8>, Box<dyn Read + Send>)> {
    let mut head = Vec::new();
    reader.by_ref().take(8).read_to_end(&mut head)?;
    Ok((head.clone(), Box::new(Cursor::new(head).chain(reader))))
}

/// Counts what is read of a file, for a progress bar.
struct Counted {
    reader: Box<dyn Read + Send>,
    read_bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.read_bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
