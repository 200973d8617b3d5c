//! The corpus: mails as data are written out as bytes, read and judged, and the
//! confusion table is a snapshot, so that quality is a diff. The held-out set is
//! scored apart and names none of its misses.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::Encoding;
use serde::Deserialize;

use super::{Kind, Outcome, Reader, Verdict, classify};
use crate::{mail, services};

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    mail: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    name: String,
    shape: String,
    pub(super) expect: Outcome,
    kind: Option<Kind>,
    service: Option<String>,
    from: String,
    subject: String,
    charset: String,
    encoding: String,
    text: Option<String>,
    html: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    code: Option<String>,
}

impl Case {
    /// The mail as it would come in.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let charset = Encoding::for_label(self.charset.as_bytes())
            .unwrap_or_else(|| panic!("{}: charset {}", self.name, self.charset));
        let mut raw = String::new();
        let (name, address) = self.from.rsplit_once('<').unwrap_or(("", &self.from));
        let _ = write!(
            raw,
            "From: {} <{}>\r\n",
            words(name.trim(), charset),
            address.trim_end_matches('>')
        );
        let _ =
            write!(raw, "To: reader@example.net\r\nSubject: {}\r\n", words(&self.subject, charset));
        raw.push_str("Date: Sun, 22 Nov 2026 03:12:45 +0900\r\nMessage-ID: <1@example.net>\r\nMIME-Version: 1.0\r\n");
        for (name, value) in &self.headers {
            let _ = write!(raw, "{name}: {value}\r\n");
        }
        let mut bytes = raw.into_bytes();
        match (&self.text, &self.html) {
            (Some(text), Some(html)) => {
                bytes.extend_from_slice(
                    b"Content-Type: multipart/alternative; boundary=\"=-part\"\r\n\r\n",
                );
                bytes.extend_from_slice(b"--=-part\r\n");
                self.part(&mut bytes, "plain", text, charset);
                bytes.extend_from_slice(b"\r\n--=-part\r\n");
                self.part(&mut bytes, "html", html, charset);
                bytes.extend_from_slice(b"\r\n--=-part--\r\n");
            }
            (Some(text), None) => self.part(&mut bytes, "plain", text, charset),
            (None, Some(html)) => self.part(&mut bytes, "html", html, charset),
            (None, None) => self.part(&mut bytes, "plain", "", charset),
        }
        bytes
    }

    fn part(&self, bytes: &mut Vec<u8>, kind: &str, text: &str, charset: &'static Encoding) {
        // Headers of the case may say more of the whole, such as a report type.
        if !self.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
            bytes.extend_from_slice(
                format!("Content-Type: text/{kind}; charset={}\r\n", self.charset).as_bytes(),
            );
        }
        bytes.extend_from_slice(
            format!("Content-Transfer-Encoding: {}\r\n\r\n", self.encoding).as_bytes(),
        );
        let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        let (encoded, _, _) = charset.encode(&text);
        match self.encoding.as_str() {
            "7bit" | "8bit" => bytes.extend_from_slice(&encoded),
            "quoted-printable" => bytes.extend_from_slice(&quoted_printable::encode(&encoded)),
            "base64" => {
                for line in STANDARD.encode(&encoded).as_bytes().chunks(76) {
                    bytes.extend_from_slice(line);
                    bytes.extend_from_slice(b"\r\n");
                }
            }
            other => panic!("{}: encoding {other}", self.name),
        }
    }

    fn right(&self, verdict: &Verdict) -> bool {
        verdict.outcome == self.expect
    }
}

/// A header value as encoded words, in short pieces.
fn words(text: &str, charset: &'static Encoding) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let pieces: Vec<String> = characters
        .chunks(12)
        .map(|piece| {
            let piece: String = piece.iter().collect();
            let (encoded, used, lossy) = charset.encode(&piece);
            let (encoded, name) = if lossy {
                (piece.as_bytes().to_vec(), "utf-8")
            } else {
                (encoded.into_owned(), used.name())
            };
            format!("=?{name}?B?{}?=", STANDARD.encode(encoded))
        })
        .collect();
    pieces.join("\r\n ")
}

pub(super) fn folder(set: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(set)
}

/// The cases of a set by language.
pub(super) fn read(set: &str) -> BTreeMap<String, Vec<Case>> {
    let mut cases = BTreeMap::new();
    let Ok(entries) = fs::read_dir(folder(set)) else { return cases };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(&path).unwrap();
            let file: File =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            cases.insert(path.file_stem().unwrap().to_string_lossy().into_owned(), file.mail);
        }
    }
    cases
}

/// What a set came to.
#[derive(Default)]
struct Score {
    /// File to positives, found, kind right, negatives, false alarms.
    rows: BTreeMap<String, [u32; 5]>,
    /// Expected kind and taken kind to number.
    kinds: BTreeMap<(String, String), u32>,
    services: [u32; 2],
    misses: Vec<String>,
    details: Vec<String>,
}

fn score(set: &str) -> Score {
    let mut score = Score::default();
    for (language, cases) in read(set) {
        let row = score.rows.entry(language).or_default();
        for case in cases {
            let letter = mail::parse(&case.bytes());
            let verdict = classify(&letter, &Reader::default());
            let mut wrong = Vec::new();
            if !case.right(&verdict) {
                wrong.push(format!("taken for {:?}", verdict.outcome));
            }
            if case.expect == Outcome::Code {
                row[0] += 1;
                row[1] += u32::from(case.right(&verdict));
                row[2] += u32::from(case.right(&verdict) && verdict.kind == case.kind);
                let taken = verdict
                    .kind
                    .map_or_else(|| "other".to_owned(), |kind| format!("{kind:?}").to_lowercase());
                let expected = case
                    .kind
                    .map_or_else(|| "?".to_owned(), |kind| format!("{kind:?}").to_lowercase());
                if case.right(&verdict) && verdict.kind != case.kind {
                    wrong.push(format!("kind {taken} instead of {expected}"));
                }
                *score.kinds.entry((expected, taken)).or_default() += 1;
                let known = case.service.as_deref().filter(|id| services::by_id(id).is_some());
                if let Some(service) = known {
                    score.services[0] += 1;
                    score.services[1] += u32::from(verdict.service == Some(service));
                    if verdict.service != Some(service) {
                        wrong.push(format!("service {:?} instead of {service}", verdict.service));
                    }
                }
            } else {
                row[3] += 1;
                row[4] += u32::from(!case.right(&verdict));
            }
            if !wrong.is_empty() {
                score.misses.push(format!("{} ({}): {}", case.name, case.shape, wrong.join(", ")));
                let signals: Vec<String> = verdict
                    .signals
                    .iter()
                    .map(|signal| format!("{:+} {} {}", signal.weight, signal.name, signal.because))
                    .collect();
                score.details.push(format!(
                    "## {} [{}] {} {}\n  {}",
                    case.name,
                    case.shape,
                    wrong.join(", "),
                    verdict.score,
                    signals.join("\n  ")
                ));
            }
        }
    }
    score
}

impl Score {
    fn table(&self) -> String {
        let mut table = String::from("language  codes  found  kind right  others  false alarms\n");
        let mut total = [0; 5];
        for (language, row) in &self.by_language() {
            line(&mut table, language, row);
            for (sum, value) in total.iter_mut().zip(row) {
                *sum += value;
            }
        }
        line(&mut table, "all", &total);
        table.push_str("\nkind          taken for     mails\n");
        for ((expected, taken), count) in &self.kinds {
            let _ = writeln!(table, "{expected:<13} {taken:<13} {count:>5}");
        }
        let _ = writeln!(
            table,
            "\nservices      {} of {} named right",
            self.services[1], self.services[0]
        );
        table
    }

    /// Several files of one language, named `de-b` and so on, count together.
    fn by_language(&self) -> BTreeMap<&str, [u32; 5]> {
        let mut rows = BTreeMap::<_, [u32; 5]>::new();
        for (file, row) in &self.rows {
            let numbered = file.rsplit_once('-').filter(|(_, number)| number.len() == 1);
            let language = numbered.map_or(file.as_str(), |(language, _)| language);
            let sums = rows.entry(language).or_default();
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        rows
    }

    fn totals(&self) -> [u32; 5] {
        self.rows.values().fold([0; 5], |mut sum, row| {
            sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            sum
        })
    }
}

fn line(table: &mut String, language: &str, row: &[u32; 5]) {
    let [codes, found, kinds, others, alarms] = row;
    let _ =
        writeln!(table, "{language:<8} {codes:>6} {found:>6} {kinds:>11} {others:>7} {alarms:>13}");
}

#[test]
fn the_open_set_is_judged_as_its_table_says() {
    let score = score("open");
    for detail in &score.details {
        println!("{detail}\n");
    }
    for (language, row) in &score.by_language() {
        assert!(row[0] > 0 && row[3] > 0, "{language} holds no mails of one class: {row:?}");
    }
    insta::assert_snapshot!(
        "open",
        format!("{}\nmisses\n{}\n", score.table(), score.misses.join("\n"))
    );
    assert!(score.rows.len() >= 18, "only {:?}", score.rows.keys());
}

#[test]
fn the_held_out_set_is_scored_apart() {
    if !folder("held-out").is_dir() {
        return;
    }
    let score = score("held-out");
    for (file, row) in &score.rows {
        println!("{file}: {row:?}");
    }
    let [codes, found, kinds, others, alarms] = score.totals();
    assert!(codes > 0 && others > 0, "the held-out set holds no mails of one class");
    insta::assert_snapshot!(
        "held-out",
        format!(
            "codes {codes}, found {found}, kind right {kinds}; others {others}, false alarms {alarms}; \
         services {} of {}\n",
            score.services[1], score.services[0]
        )
    );
}

#[test]
fn every_case_can_be_written_in_its_charset() {
    let mut faults = Vec::new();
    for set in ["open", "held-out"] {
        for case in read(set).into_values().flatten() {
            let Some(charset) = Encoding::for_label(case.charset.as_bytes()) else {
                faults.push(format!("{}: charset {}", case.name, case.charset));
                continue;
            };
            for text in [&case.text, &case.html].into_iter().flatten() {
                if charset.encode(text).2 {
                    faults.push(format!(
                        "{}: its text cannot be written in {}",
                        case.name, case.charset
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn names_of_cases_are_unique_across_the_sets() {
    let mut seen = BTreeSet::new();
    for set in ["open", "held-out"] {
        for case in read(set).into_values().flatten() {
            assert!(seen.insert(case.name.clone()), "{} stands twice", case.name);
        }
    }
    assert!(!seen.is_empty(), "no case was found");
}

#[test]
fn no_signal_holds_a_code() {
    let mut looked = 0;
    for set in ["open", "held-out"] {
        for case in read(set).into_values().flatten() {
            let Some(code) = &case.code else { continue };
            let verdict = classify(&mail::parse(&case.bytes()), &Reader::default());
            let told = format!("{:?}", verdict.signals);
            // Parts of codes of words are words of the data, too; digits are not.
            let bare: String = code.chars().filter(|c| c.is_alphanumeric()).collect();
            assert!(!told.contains(code.as_str()) || code.chars().count() < 4, "{}", case.name);
            assert!(bare.chars().count() < 4 || !told.contains(&bare), "{}", case.name);
            looked += 1;
        }
    }
    assert!(looked > 0, "no code was looked for");
}
