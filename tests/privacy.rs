//! No code, subject or address leaves the line: not in a log line of any level,
//! a row, an alert or an error, with faults on. Every mail of the open corpus and
//! of `events/` goes through it, five times over, so that its bell rings.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::retry::RetryConfig;
use hansho::ledger::Ledger;
use hansho::ledger::embedded::{Engine, TABLE, client_over};
use hansho::message::{Alert, Facts};
use hansho::notify::{Notify, NotifyError};
use hansho::pipeline::{Arrival, Line, Nonces, Origin, judge};
use hansho::policy::Policy;
use serde::Deserialize;
use serde_json::json;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::wire::{Call, Fate, Wire};
use crate::world::{DAWN_MS, LEASE_MS, MINUTE_MS};

/// Without optimisation, every fourth mail of the corpus will do.
const STEP: usize = if cfg!(debug_assertions) { 4 } else { 1 };
const LOCAL_PART: &str = "hanako-7q3k9x2mtf";
const MAILBOX: &str = "hanako@example.jp";

#[derive(Deserialize)]
struct File {
    mail: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    expect: String,
    from: String,
    subject: String,
    text: Option<String>,
    html: Option<String>,
    code: Option<String>,
}

/// A mail, and what of it must not be seen anywhere.
struct Mail {
    name: String,
    raw: Vec<u8>,
    secrets: Vec<String>,
    is_code: bool,
}

fn address(from: &str) -> &str {
    from.rsplit_once('<').map_or(from, |(_, rest)| rest.trim_end_matches('>')).trim()
}

/// What makes a code in a text recognisable as one.
fn telling(word: &str) -> bool {
    word.chars().count() >= 4 && word.chars().any(|c| c.is_ascii_digit() || !c.is_ascii())
}

impl Mail {
    fn of_the_corpus(entry: &Entry) -> Self {
        let from = address(&entry.from);
        let domain = from.rsplit('@').next().unwrap_or_default();
        let (kind, body) = match (&entry.html, &entry.text) {
            (Some(html), _) => ("html", html.as_str()),
            (None, text) => ("plain", text.as_deref().unwrap_or_default()),
        };
        let raw = format!(
            "Return-Path: <bounce@{domain}>\n\
             Received: from mx.{domain} (mx.{domain} [192.0.2.77])\n \
             by inbound-smtp.ap-northeast-1.amazonaws.com with SMTP id NAME\n \
             for {LOCAL_PART}@mail.example.com;\n Sun, 31 May 2026 15:00:00 +0000 (UTC)\n\
             X-SES-Spam-Verdict: PASS\n\
             X-SES-Virus-Verdict: PASS\n\
             Authentication-Results: amazonses.com;\n dkim=pass header.i=@{domain};\n \
             dmarc=pass header.from={domain};\n\
             X-SES-RECEIPT: AEFBQUFBQUFB\n\
             From: {}\nTo: {MAILBOX}\nSubject: {}\n\
             Message-ID: <NAME@{domain}>\n\
             MIME-Version: 1.0\nContent-Type: text/{kind}; charset=UTF-8\n\n{body}\n",
            entry.from, entry.subject
        );
        let code = entry.code.clone().unwrap_or_default();
        let mut secrets: Vec<String> =
            code.split_whitespace().filter(|word| telling(word)).map(str::to_owned).collect();
        secrets.extend([entry.subject.clone(), from.to_owned()]);
        Self {
            name: entry.name.clone(),
            raw: raw.replace('\n', "\r\n").into_bytes(),
            secrets,
            is_code: entry.expect == "code",
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn corpus() -> Vec<Mail> {
    let mut files: Vec<_> = std::fs::read_dir(root().join("tests/corpus/open"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|path| {
            let file: File = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            file.mail.iter().map(Mail::of_the_corpus).collect::<Vec<_>>()
        })
        .step_by(STEP)
        .collect()
}

/// The single mails of `events/`, and one of the flood; their codes are found
/// again in the end-to-end tests, their subjects and addresses here.
fn events() -> Vec<Mail> {
    let folder = root().join("events/mail");
    let mut files: Vec<_> = [folder.clone(), folder.join("flood")]
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "eml"))
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| {
            let raw = std::fs::read(path).unwrap();
            let letter = hansho::mail::parse(&raw);
            let parsed = mail_parser::MessageParser::default().parse(&raw);
            let subject = parsed.as_ref().and_then(|mail| mail.subject()).unwrap_or_default();
            let from = parsed
                .as_ref()
                .and_then(|mail| mail.from()?.first()?.address())
                .unwrap_or_default();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            assert!(name.contains("AMAZON") || letter.ses.is_some(), "{name}");
            let secrets = [subject, from].map(str::to_owned).to_vec();
            let raw = String::from_utf8_lossy(&raw).replace(&name, "NAME").into_bytes();
            Mail { name, raw, secrets, is_code: false }
        })
        .collect()
}

/// What our own texts are made of. A subject that stands in them word for word
/// (パスワード再設定) tells nothing of the mail when it is seen.
fn our_words() -> String {
    ["src/message/voice", "src/message/playbooks"]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(root().join(folder)).unwrap())
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect()
}

/// Everything that can be read from outside.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u8>>>);

impl Seen {
    fn add(&self, text: &str) {
        let mut seen = self.0.lock().unwrap();
        seen.extend_from_slice(text.as_bytes());
        seen.push(b'\n');
    }

    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
    }
}

impl Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A bell that writes down what it is given, and fails every third time.
struct Bell {
    seen: Seen,
    rung: Arc<Mutex<u32>>,
}

impl Notify for Bell {
    async fn publish(&self, facts: &Facts, alert: &Alert) -> Result<(), NotifyError> {
        self.seen.add(&format!("{facts:?}"));
        self.seen.add(&alert.subject);
        self.seen.add(&alert.subject_ascii);
        self.seen.add(alert.sms.as_deref().unwrap_or_default());
        self.seen.add(&alert.email);
        self.seen.add(&alert.json.to_string());
        let mut rung = self.rung.lock().unwrap();
        *rung += 1;
        if *rung % 3 == 1 {
            return Err(NotifyError::Transient("by the test".to_owned()));
        }
        Ok(())
    }
}

/// Whether a text holds a word, with nothing of a word on either side.
fn holds(text: &str, word: &str) -> bool {
    let inner = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.match_indices(word).any(|(at, _)| {
        !inner(text[..at].chars().next_back()) && !inner(text[at + word.len()..].chars().next())
    })
}

#[tokio::test(start_paused = true)]
async fn no_code_subject_or_address_is_seen_anywhere() {
    let seen = Seen::default();
    let writer = seen.clone();
    let lines = tracing_subscriber::fmt::layer().json().with_writer(move || writer.clone());
    let ours = Targets::new().with_target("hansho", LevelFilter::TRACE);
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(ours));
    let _guard = tracing::subscriber::set_default(subscriber);
    let policy =
        Policy::read(&std::fs::read_to_string(root().join("events/policy.toml")).unwrap()).unwrap();
    let rung = Arc::new(Mutex::new(0));
    let our_words = our_words();
    let (mut codes, mut bytes, mut secrets) = (0, 0, 0);
    for (number, mail) in corpus().into_iter().chain(events()).enumerate() {
        let engine = Engine::in_memory().unwrap();
        let mut random = fastrand::Rng::with_seed(u64::try_from(number).unwrap());
        let wire = Wire::new(engine.clone(), move |_: &Call| match random.u32(0..60) {
            0 => Fate::AnswerLost,
            1 => Fate::ServerError,
            2 => Fate::Throttled,
            3 => Fate::NeverSent,
            _ => Fate::Answered,
        });
        let now_ms = Arc::new(std::sync::atomic::AtomicI64::new(DAWN_MS));
        let clock = Arc::clone(&now_ms);
        let line = Line {
            ledger: Ledger::new(client_over(wire, RetryConfig::disabled()), TABLE),
            notify: Bell { seen: seen.clone(), rung: Arc::clone(&rung) },
            now_ms: Arc::new(move || clock.load(std::sync::atomic::Ordering::Relaxed)),
            nonces: Nonces::new(fastrand::Rng::with_seed(1)),
            lease_ms: LEASE_MS,
        };
        let mut is_code = false;
        for copy in 0..5 {
            let name = format!("copy{copy}of{number}");
            let raw = replaced(&mail.raw, b"NAME", name.as_bytes());
            let arrival = Arrival { origin: Origin::Ses { name }, arrived_ms: DAWN_MS };
            let judged = judge(&policy, &arrival, &raw);
            is_code = judged.outcome == hansho::classify::Outcome::Code;
            // Until it is acknowledged, as the queue would have it.
            while let Err(error) = line.take(&policy, &judged).await {
                seen.add(&format!("{error} {error:?}"));
            }
        }
        now_ms.fetch_add(5 * MINUTE_MS, std::sync::atomic::Ordering::Relaxed);
        while let Err(error) = line.sweep(&policy).await {
            seen.add(&format!("{error} {error:?}"));
        }
        codes += usize::from(mail.is_code && is_code);
        let scan = json!({ "TableName": TABLE }).to_string();
        seen.add(&String::from_utf8(engine.answer("Scan", scan.as_bytes()).1).unwrap());
        let text = seen.take();
        bytes += text.len();
        for secret in mail.secrets.iter().map(String::as_str).chain([LOCAL_PART, MAILBOX]) {
            if secret.is_empty() || our_words.contains(secret) {
                continue;
            }
            secrets += 1;
            let leaked = holds(&text, secret);
            assert!(!leaked, "{}: something of it is seen from outside", mail.name);
        }
    }
    // Or there was nothing to look at.
    assert!(codes >= 10, "only {codes} code mails");
    assert!(*rung.lock().unwrap() as usize >= codes, "not every bell rang");
    assert!(bytes > 100_000, "{bytes} bytes were looked at");
    assert!(secrets > 300, "only {secrets} secrets were looked for");
}

fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}
