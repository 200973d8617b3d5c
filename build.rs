//! Compiles the phrases under `src/classify/languages` into the table that mails
//! are searched with, and lists the data files under `src/services` and
//! `src/message/playbooks`: a new service or language is a new file and no line
//! of code, and the first mail waits for no table.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use yada::builder::DoubleArrayBuilder;

/// The table is part of the program and is read at its start, so it may not grow unseen.
const MAX_TABLE_BYTES: usize = 3 * 1024 * 1024;

#[path = "src/classify/fold.rs"]
mod fold;
#[path = "src/classify/phrases/source.rs"]
mod source;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("cargo::error={message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let root = PathBuf::from(setting("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(setting("OUT_DIR")?);
    for (name, folder) in
        [("SERVICE_FILES", "src/services"), ("PLAYBOOK_FILES", "src/message/playbooks")]
    {
        let list = list(&data_files(&root, folder)?, name);
        write(&out.join(format!("{}.rs", name.to_lowercase())), list.as_bytes())?;
    }
    let languages = data_files(&root, "src/classify/languages")?;
    let list = list(&languages, "LANGUAGE_FILES");
    write(&out.join("language_files.rs"), list.as_bytes())?;
    let table = Table::of(&root, &languages)?;
    bounded(table.trie.len())?;
    write(&out.join("phrases.trie"), &table.trie)?;
    write(&out.join("phrase_senses.rs"), table.senses.as_bytes())?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/classify/fold.rs");
    println!("cargo::rerun-if-changed=src/classify/phrases/source.rs");
    Ok(())
}

fn bounded(bytes: usize) -> Result<(), String> {
    if bytes <= MAX_TABLE_BYTES {
        return Ok(());
    }
    Err(format!(
        "the phrases under src/classify/languages make a table of {bytes} bytes, more than the \
         {MAX_TABLE_BYTES} that may be read at a start: shorten products of alternatives"
    ))
}

#[expect(
    clippy::disallowed_methods,
    reason = "Cargo tells a build script where it is in the environment"
)]
fn setting(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}

/// The TOML files of a folder in the order of their names.
fn data_files(root: &Path, folder: &str) -> Result<Vec<PathBuf>, String> {
    println!("cargo::rerun-if-changed={folder}");
    let entries = fs::read_dir(root.join(folder)).map_err(|error| format!("{folder}: {error}"))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| format!("{folder}: {error}"))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// A constant that holds the stem and the text of each file.
fn list(paths: &[PathBuf], name: &str) -> String {
    let mut text = format!("const {name}: &[(&str, &str)] = &[\n");
    for path in paths {
        let path_text = path.display().to_string();
        let _ = writeln!(text, "    ({:?}, include_str!({path_text:?})),", stem(path));
    }
    text.push_str("];\n");
    text
}

/// The phrases of all languages, folded.
struct Table {
    /// From a phrase to the place of its senses.
    trie: Vec<u8>,
    /// The senses as Rust.
    senses: String,
}

/// One thing that a phrase says.
struct Sense {
    role: String,
    /// The first language that has it.
    language: String,
    /// Every language that has it, by the place of its file.
    languages: u32,
    open: bool,
}

impl Table {
    fn of(root: &Path, files: &[PathBuf]) -> Result<Self, String> {
        let mut phrases: BTreeMap<String, Vec<Sense>> = BTreeMap::new();
        let mut english = 0;
        for (place, path) in files.iter().enumerate() {
            let name = path.strip_prefix(root).unwrap_or(path).display();
            let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
            let bit = u32::try_from(place)
                .ok()
                .and_then(|place| 1u32.checked_shl(place))
                .ok_or("there are more than 32 languages")?;
            let language = stem(path);
            if language == "en" {
                english = bit;
            }
            let entries = source::read(&text)
                .map_err(|fault| format!("{name}:{}: {}", fault.line, fault.message))?;
            for entry in entries {
                let folded = fold::fold(&entry.text);
                if folded.is_empty() {
                    return Err(format!("{name}:{}: a phrase folds to nothing", entry.line));
                }
                let senses = phrases.entry(folded).or_default();
                if let Some(sense) = senses.iter_mut().find(|sense| sense.role == entry.role) {
                    sense.languages |= bit;
                    sense.open |= entry.open;
                    continue;
                }
                let (role, open, language) = (entry.role, entry.open, language.clone());
                senses.push(Sense { role, language, languages: bit, open });
            }
        }
        Self::compiled(&phrases, english)
    }

    fn compiled(phrases: &BTreeMap<String, Vec<Sense>>, english: u32) -> Result<Self, String> {
        let mut places: HashMap<String, u32> = HashMap::new();
        let mut lists = String::new();
        let mut keys: Vec<(&str, u32)> = Vec::with_capacity(phrases.len());
        for (text, senses) in phrases {
            let mut list = String::new();
            for Sense { role, language, languages, open } in senses {
                let _ = write!(
                    list,
                    "Sense {{ role: {role}, language: {language:?}, languages: {languages}, open: {open} }}, "
                );
            }
            let place = match places.get(&list) {
                Some(place) => *place,
                None => {
                    let next = u32::try_from(places.len()).map_err(|error| error.to_string())?;
                    let _ = writeln!(lists, "    &[{list}],");
                    places.insert(list, next);
                    next
                }
            };
            keys.push((text.as_str(), place));
        }
        let senses = format!(
            "const ENGLISH: u32 = {english};\nstatic SENSES: &[&[Sense]] = &[\n{lists}];\n"
        );
        let trie = DoubleArrayBuilder::build(&keys).map_err(|error| error.to_string())?;
        Ok(Self { trie, senses })
    }
}
