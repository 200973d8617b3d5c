//! `hansho watch`, the real binary on a real folder: a flood that comes while
//! it runs, a death in the middle, a command that fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hansho::edges::clock_ms;
use jiff::Timestamp;
use serde_json::Value;

/// No step of these tests takes as long, even on a busy machine.
const PATIENCE_MS: i64 = 120_000;

struct Home {
    folder: tempfile::TempDir,
    next: usize,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "Maildir/new",
            "Maildir/cur",
            "Maildir/tmp",
            "Maildir/.Codes/new",
            "Maildir/.Codes/cur",
        ] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        Self { folder, next: 0 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Delivers so many code mails of now, as a mail server does: written to
    /// `tmp`, then moved.
    fn deliver(&mut self, count: usize, age_ms: i64) {
        for _ in 0..count {
            let place = self.next;
            self.next += 1;
            let at = Timestamp::from_millisecond(clock_ms() - age_ms).unwrap();
            let date = at.strftime("%a, %d %b %Y %H:%M:%S +0000");
            let mail = format!(
                "Received: from mx.example.net by mx.example.com; {date}\r\n\
                 From: service@rakuten-sec.co.jp\r\nTo: hanako@example.jp\r\nDate: {date}\r\n\
                 Message-ID: <{place}@example.net>\r\n\
                 Subject: 楽天証券よりログイン追加認証コードを送付いたします\r\n\
                 MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
                 ログインには次の絵文字を選んでください。\r\n絵文字1の内容\r\n"
            );
            let tmp = self.path("Maildir/tmp").join(format!("{place:04}.mail"));
            fs::write(&tmp, mail).unwrap();
            let folder = ["Maildir/new", "Maildir/.Codes/new", "Maildir/cur"][place % 3];
            fs::rename(tmp, self.path(folder).join(format!("{place:04}.mail"))).unwrap();
        }
    }

    fn watch(&self, more: &[&str]) -> Watching {
        let out = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("alerts.jsonl"))
            .unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_hansho"))
            .arg("watch")
            .arg(self.path("Maildir"))
            .arg("--ledger")
            .arg(self.path("ledger"))
            .arg("--json")
            .args(more)
            .stdout(out)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Watching(child)
    }

    fn alerts(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("alerts.jsonl")).unwrap_or_default();
        // The last line may still be being written.
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        whole.map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    fn phases(&self) -> Vec<String> {
        self.alerts()
            .iter()
            .map(|alert| format!("{} {}", alert["phase"].as_str().unwrap(), alert["count"]))
            .collect()
    }

    fn until(&self, what: &str, so: impl Fn(&Self) -> bool) {
        let started_ms = clock_ms();
        while !so(self) {
            assert!(clock_ms() - started_ms < PATIENCE_MS, "{what}; there is {:?}", self.phases());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A running watch; it never outlives its test.
struct Watching(Child);

impl Watching {
    /// As Ctrl-C does.
    fn interrupt(mut self) -> Option<i32> {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap_or_default().lines().count()
}

#[test]
fn a_flood_that_comes_while_it_runs_opens_one_incident() {
    for how in [&[][..], &["--poll"]] {
        let mut home = Home::new();
        let watching = home.watch(how);
        std::thread::sleep(Duration::from_millis(500));
        home.deliver(55, 0);
        home.until("the second rung", |home| home.alerts().len() >= 2);
        assert_eq!(watching.interrupt(), Some(0));
        assert_eq!(home.phases(), ["opened 5", "escalated 20"], "{how:?}");
    }
}

#[test]
fn killed_in_the_middle_of_a_flood_it_opens_one_in_all() {
    let mut home = Home::new();
    let watching = home.watch(&[]);
    home.deliver(8, 0);
    home.until("the opening", |home| home.alerts().len() == 1);
    // Between an alert and the note that it was sent it may repeat: not here.
    std::thread::sleep(Duration::from_secs(3));
    drop(watching);
    home.deliver(9, 0);
    let watching = home.watch(&[]);
    home.deliver(9, 0);
    home.until("the rung", |home| home.alerts().len() >= 2);
    assert_eq!(watching.interrupt(), Some(0));
    // A third start finds everything told.
    let watching = home.watch(&[]);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(watching.interrupt(), Some(0));
    assert_eq!(home.phases(), ["opened 5", "escalated 20"]);
}

#[test]
fn the_first_start_passes_over_what_is_old() {
    let mut home = Home::new();
    home.deliver(20, 5 * 24 * 3600 * 1000);
    home.deliver(4, 0);
    let watching = home.watch(&[]);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(home.phases(), [""; 0]);
    home.deliver(1, 0);
    home.until("the opening", |home| home.alerts().len() == 1);
    assert_eq!(watching.interrupt(), Some(0));
    assert_eq!(home.phases(), ["opened 5"]);
}

#[test]
fn the_command_gets_the_alert() {
    let mut home = Home::new();
    let text = home.path("text");
    let json = home.path("json");
    let command = format!(
        "cat >> {} && printf '%s\\n' \"$HANSHO_ALERT\" >> {} && test -n \"$HANSHO_SUBJECT$HANSHO_SMS\"",
        text.display(),
        json.display()
    );
    let watching = home.watch(&["--language", "en", "--exec", &command]);
    home.deliver(5, 0);
    home.until("the opening", |home| home.alerts().len() == 1);
    assert_eq!(watching.interrupt(), Some(0));
    let alert: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(alert["schema"], "hansho.alert/1");
    assert_eq!(home.alerts()[0]["email"], fs::read_to_string(&text).unwrap());
    assert_eq!(lines(&json), 1);
}

#[test]
fn a_folder_that_is_no_maildir_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let ledger = home.path().join("ledger");
    let done = super::run(["watch", super::text(home.path()), "--ledger", super::text(&ledger)]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("neither `cur` nor `new`"), "{}", done.stderr);
    assert!(!ledger.exists());
}
