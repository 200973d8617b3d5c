//! The report of a replay: one file that holds everything, in both languages,
//! whose numbers are those of `--json`.

use std::fs;

use super::{run, text};

/// The numbers in a page, by the attribute that marks them.
fn number(page: &str, attribute: &str) -> u64 {
    let (_, rest) = page.split_once(attribute).unwrap_or_else(|| panic!("no {attribute}"));
    let (_, rest) = rest.split_once('>').unwrap();
    rest.split('<').next().unwrap().parse().unwrap()
}

#[test]
fn its_numbers_are_those_of_the_summary() {
    let home = tempfile::tempdir().unwrap();
    for (language, title) in
        [("ja", "認証コードのメールを振り返る"), ("en", "Your login-code mails in review")]
    {
        let path = home.path().join("report.html");
        let done = run([
            "replay",
            "--json",
            "--language",
            language,
            "--report",
            text(&path),
            "events/mail/month.mbox",
            "events/mail/flood.mbox",
        ]);
        assert_eq!(done.code, 1);
        assert!(done.stderr.contains("report.html"));
        let page = fs::read_to_string(&path).unwrap();
        let lines = done.lines();
        let summary = lines.last().unwrap();
        for name in ["mails", "codes", "incidents", "alerts", "unreadable"] {
            assert_eq!(number(&page, &format!("data-number=\"{name}\"")), summary[name], "{name}");
        }
        let now = format!(
            "data-rule=\"5/10\" data-incidents=\"{}\" data-alerts=\"{}\"",
            summary["incidents"], summary["alerts"]
        );
        assert!(page.contains(&now));
        assert!(page.contains(title) && page.contains(&format!("<html lang=\"{language}\">")));
        for alert in lines.iter().filter(|line| line["type"] == "alert") {
            assert!(page.contains(alert["subject"].as_str().unwrap()));
            let first = alert["email"].as_str().unwrap().lines().next().unwrap();
            assert!(page.contains(first));
        }
        // Nothing is fetched, run, or named by its subject.
        for absent in [
            "<script",
            "http://",
            "https://",
            "<img",
            "<link",
            "@import",
            "url(",
            "ログイン追加認証コード",
        ] {
            assert!(!page.contains(absent), "{absent}");
        }
        // Elements of a picture do not close themselves in a page.
        for shape in ["circle", "rect", "line", "path"] {
            assert_eq!(
                page.matches(&format!("<{shape} ")).count(),
                page.matches(&format!("</{shape}>")).count()
            );
        }
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_quiet_month_has_a_report_too() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("report.html");
    let done = run(["replay", "--report", text(&path), "events/mail/month.mbox"]);
    assert_eq!(done.code, 0);
    let page = fs::read_to_string(&path).unwrap();
    assert_eq!(number(&page, "data-number=\"incidents\""), 0);
    assert!(page.contains("半鐘が鳴ることはありませんでした"));
}

#[test]
fn a_place_that_cannot_be_written_is_said_before_anything_is_read() {
    let done = run(["replay", "--report", "no/such/folder/report.html", "events/mail/flood.mbox"]);
    assert_eq!((done.code, done.stdout.as_str()), (2, ""));
    assert!(done.stderr.contains("choose a folder that exists"), "{}", done.stderr);
}
