//! Every command that the readmes show works, and prints what is shown there.

use std::fs;
use std::path::Path;

use super::{Done, done, hansho};

/// A command that a page shows, and the lines that it shows below it.
struct Shown {
    command: String,
    lines: Vec<String>,
}

/// The fenced blocks of a page that show commands with what they print. A
/// block without a command shows more of what the last one prints.
fn shown(page: &str) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match (inside, line) {
            (false, "```console") => inside = true,
            (true, "```") => inside = false,
            (true, _) => match (line.strip_prefix("$ "), found.last_mut()) {
                (Some(command), _) => {
                    let command = command.split("  #").next().unwrap_or_default().trim();
                    found.push(Shown { command: command.to_owned(), lines: Vec::new() });
                }
                (None, Some(last)) => last.lines.push(line.to_owned()),
                (None, None) => panic!("a block that begins with no command: {line}"),
            },
            (false, _) => {}
        }
    }
    found
}

fn read(page: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap()
}

/// What `make TARGET` does, as the Makefile has it.
fn recipe(target: &str) -> String {
    let makefile = read("Makefile");
    let head = format!("\n{target}:");
    let from = makefile.find(&head).unwrap_or_else(|| panic!("no target {target}"));
    let recipe: Vec<&str> =
        makefile[from + 1..].lines().skip(1).take_while(|line| line.starts_with('\t')).collect();
    recipe.join("\n")
}

/// Runs `hansho` with the arguments as shown, with the mails of this repository
/// under the names that a reader has.
fn as_shown(arguments: &str, home: &Path) -> Done {
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("events/mail");
    let maildir = home.join("Maildir/cur");
    if !maildir.exists() {
        fs::create_dir_all(&maildir).unwrap();
        fs::create_dir_all(home.join("Maildir/new")).unwrap();
        for (place, entry) in fs::read_dir(events.join("flood")).unwrap().enumerate() {
            let name = maildir.join(format!("{place}.mail:2,S"));
            fs::copy(entry.unwrap().path(), name).unwrap();
            if place == 0 {
                let first = fs::read_dir(&maildir).unwrap().next().unwrap().unwrap().path();
                fs::copy(first, home.join("suspicious.eml")).unwrap();
            }
        }
        fs::copy(events.join("month.mbox"), home.join("takeout.mbox")).unwrap();
    }
    let maildir = home.join("Maildir");
    let arguments: Vec<String> = arguments
        .split_whitespace()
        .map(|word| word.replace("~/Maildir", maildir.to_str().unwrap()))
        .collect();
    let command = &mut hansho();
    if arguments.iter().any(|word| word.starts_with("events/")) {
        return done(command.args(arguments));
    }
    done(command.current_dir(home).args(arguments))
}

/// The lines that are shown stand in the output in this order; `…` stands for
/// any number of lines. How long it took is not compared.
fn assert_prints(output: &str, lines: &[String]) {
    let mut rest = output.lines();
    for line in lines.iter().filter(|line| !line.trim().is_empty() && line.trim() != "…") {
        let line = line.trim_end();
        assert!(
            rest.any(|printed| printed.trim_end() == line
                || printed.strip_prefix(line).is_some_and(|more| more.starts_with(", "))),
            "this is shown but not printed, or not in this order: {line}\n{output}"
        );
    }
}

#[test]
fn every_command_of_the_readmes_works_and_prints_what_is_shown() {
    let home = tempfile::tempdir().unwrap();
    for page in ["README.md", "README.ja.md"] {
        let page_shown = shown(&read(page));
        assert!(page_shown.len() >= 5, "{page}");
        let demo = recipe("demo").replace("\\\n", " ");
        let demo = demo.split(" -- ").nth(1).and_then(|after| after.split(';').next()).unwrap();
        // What the first command prints is shown in the block after both.
        let printed: Vec<String> = page_shown.iter().flat_map(|one| one.lines.clone()).collect();
        let done = as_shown(demo.trim(), home.path());
        assert_eq!(done.code, 1, "{}", done.stderr);
        assert_prints(&done.stdout, &printed);
        for Shown { command, .. } in &page_shown {
            let words: Vec<&str> = command.split_whitespace().collect();
            match words.as_slice() {
                ["make", target] => assert!(!recipe(target).is_empty(), "{command}"),
                ["cargo", "build", ..] => {
                    assert_eq!(
                        *command, "cargo build --release --no-default-features --features cli",
                        "{page}"
                    );
                }
                ["target/release/hansho", "watch", arguments @ ..] => {
                    // It runs for ever; the tests of `watch` see what it does.
                    assert!(arguments.contains(&"--ledger"), "{command}");
                }
                ["target/release/hansho", arguments @ ..] => {
                    let done = as_shown(&arguments.join(" "), home.path());
                    assert!(matches!(done.code, 0 | 1), "{command}: {}", done.stderr);
                }
                _ => panic!("{page} shows a command that no test knows: {command}"),
            }
        }
    }
    assert!(home.path().join("report.html").exists());
}

#[test]
fn what_the_readmes_link_to_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut links = 0;
    for page in [
        "README.md",
        "README.ja.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/deploy.md",
        "docs/mailboxes.md",
        "docs/operate.md",
        "docs/performance.md",
        "docs/policy.md",
        "docs/reliability.md",
        "docs/security.md",
    ] {
        let text = read(page);
        let home = root.join(page);
        for link in text.split("](").skip(1).filter_map(|after| after.split(')').next()) {
            if link.contains("://") || link.starts_with('#') || link.contains(char::is_whitespace) {
                continue;
            }
            let file = link.split('#').next().unwrap_or_default();
            assert!(home.parent().unwrap().join(file).exists(), "{page} links to {link}");
            links += 1;
        }
    }
    assert!(links > 20, "{links}");
}
