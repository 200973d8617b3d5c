//! The commands as a person runs them: the real binary, its exit code, what it
//! prints for programs and for people, and what it says when something is wrong.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

mod broken;
mod containers;
mod contract;
mod interrupt;
mod looks;
mod readme;
mod report;
mod watch;

/// What a command has come to.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary, in the folder of the repository, with nothing of the
/// environment that changes what it prints.
pub(crate) fn hansho() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hansho"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("NO_COLOR").env("COLUMNS", "100");
    command
}

pub(crate) fn run<const N: usize>(arguments: [&str; N]) -> Done {
    done(hansho().args(arguments))
}

pub(crate) fn done(command: &mut Command) -> Done {
    let output = command.output().unwrap();
    Done {
        code: output.status.code().expect("it ends by itself, not by a signal"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
    }
}

impl Done {
    /// Exit code, standard output and standard error as one text, for a snapshot.
    pub(crate) fn whole(&self) -> String {
        format!(
            "exit code: {}\n--- standard output\n{}--- standard error\n{}",
            self.code, self.stdout, self.stderr
        )
    }

    /// Each line of standard output as JSON; it holds nothing else.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}
