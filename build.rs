//! Lists the data files under `src/services` and `src/message/playbooks`, so
//! that a new service is a new file and no line of code.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = setting("CARGO_MANIFEST_DIR")?;
    let out = setting("OUT_DIR")?;
    for (name, folder) in [
        ("SERVICE_FILES", "src/services"),
        ("LANGUAGE_FILES", "src/classify/languages"),
        ("PLAYBOOK_FILES", "src/message/playbooks"),
    ] {
        let list = list(&Path::new(&root).join(folder), name)?;
        fs::write(Path::new(&out).join(format!("{}.rs", name.to_lowercase())), list)?;
        println!("cargo::rerun-if-changed={folder}");
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "Cargo tells a build script where it is in the environment"
)]
fn setting(name: &str) -> io::Result<String> {
    env::var(name).map_err(io::Error::other)
}

/// A constant that holds the stem and the text of each TOML file of a folder.
fn list(folder: &Path, name: &str) -> io::Result<String> {
    let mut paths: Vec<_> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let mut text = format!("const {name}: &[(&str, &str)] = &[\n");
    for path in paths {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let _ = writeln!(text, "    ({stem:?}, include_str!({:?})),", path.display().to_string());
    }
    text.push_str("];\n");
    Ok(text)
}
