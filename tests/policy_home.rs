//! The policy's home, with an S3 of these tests behind the real client: when it
//! is asked, what a broken or missing policy changes, and what a function goes
//! by that has only just started.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use hansho::edges::lambda::PolicyHome;
use hansho::ledger::embedded::response;

use crate::world::{DAWN_MS, MINUTE_MS};

const KEY: &str = "/mails/config/policy.toml";
const COPY: &str = "/mails/config/policy.toml.last-good";
const HANAKO: &str = "[person.hanako]\naddresses = [\"hanako-7q3k9x2mtf@mail.example.com\"]\n";
const TARO: &str = "[person.taro]\naddresses = [\"taro-2m8w4c6hjd@mail.example.com\"]\n";
const BROKEN: &str = "[person.hanako]\naddresses = 7\n";

/// A bucket that remembers what it was asked, and that can be made to fail.
#[derive(Clone, Default)]
struct Shelf {
    objects: Arc<Mutex<BTreeMap<String, String>>>,
    asked: Arc<Mutex<Vec<String>>>,
    refuses_with: Arc<Mutex<Option<u16>>>,
}

impl Shelf {
    fn put(&self, key: &str, text: &str) {
        self.objects.lock().unwrap().insert(key.to_owned(), text.to_owned());
    }

    fn remove(&self, key: &str) {
        self.objects.lock().unwrap().remove(key);
    }

    fn get(&self, key: &str) -> Option<String> {
        self.objects.lock().unwrap().get(key).cloned()
    }

    /// What it was asked since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn client(&self) -> Client {
        let connector = SharedHttpConnector::new(self.clone());
        Client::from_conf(
            Config::builder()
                .behavior_version(BehaviorVersion::v2026_01_12())
                .region(Region::new("ap-northeast-1"))
                .credentials_provider(Credentials::new("test", "test", None, None, "test"))
                .force_path_style(true)
                .retry_config(RetryConfig::disabled())
                .http_client(http_client_fn(move |_, _| connector.clone()))
                .build(),
        )
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let key = request.uri().split(['?']).next().unwrap_or_default();
        let key = key.split_once(".com").map_or(key, |(_, path)| path).to_owned();
        let known = request.headers().get("if-none-match").map(str::to_owned);
        self.asked.lock().unwrap().push(match &known {
            Some(etag) => format!("{} {key} unless {etag}", request.method()),
            None => format!("{} {key}", request.method()),
        });
        let respond = |status: u16, body: String| response(status, body.into_bytes());
        if let Some(status) = *self.refuses_with.lock().unwrap() {
            return respond(status, String::new());
        }
        if request.method() == "PUT" {
            let body = request.body().bytes().expect("a body in memory");
            self.put(&key, std::str::from_utf8(body).unwrap());
            return respond(200, String::new());
        }
        let Some(text) = self.get(&key) else { return respond(404, String::new()) };
        let etag = format!("\"{}\"", text.len());
        if known.as_deref() == Some(&etag) {
            return respond(304, String::new());
        }
        let mut answer = respond(200, text);
        answer.headers_mut().insert("etag", etag);
        answer
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shelf")
    }
}

impl HttpConnector for Shelf {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Ok(self.answer(&request)))
    }
}

fn home() -> PolicyHome {
    PolicyHome::new(Some(("mails".to_owned(), "config/policy.toml".to_owned())))
}

/// Whom the policy names, and whether another could not be used.
async fn now(home: &PolicyHome, client: &Client, now_ms: i64) -> (Vec<String>, bool) {
    let current = home.current(client, now_ms).await.unwrap();
    (current.policy.people.iter().map(|person| person.id.clone()).collect(), current.broken)
}

fn named(person: &str, broken: bool) -> (Vec<String>, bool) {
    (vec![person.to_owned()], broken)
}

#[tokio::test]
async fn it_is_asked_at_most_once_a_minute_and_only_for_another_one() {
    let (shelf, home) = (Shelf::default(), home());
    let client = shelf.client();
    shelf.put(KEY, HANAKO);
    for at_ms in [0, 1, MINUTE_MS - 1] {
        assert_eq!(now(&home, &client, DAWN_MS + at_ms).await, named("hanako", false));
    }
    assert_eq!(shelf.asked(), [format!("GET {KEY}")]);
    assert_eq!(now(&home, &client, DAWN_MS + MINUTE_MS).await, named("hanako", false));
    let etag = HANAKO.len();
    assert_eq!(shelf.asked(), [format!("GET {KEY} unless \"{etag}\"")]);
    shelf.put(KEY, TARO);
    assert_eq!(now(&home, &client, DAWN_MS + 2 * MINUTE_MS).await, named("taro", false));
}

#[tokio::test]
async fn a_broken_or_missing_one_changes_nothing_and_is_reported() {
    let (shelf, home) = (Shelf::default(), home());
    let client = shelf.client();
    shelf.put(KEY, HANAKO);
    now(&home, &client, DAWN_MS).await;
    shelf.put(KEY, BROKEN);
    assert_eq!(now(&home, &client, DAWN_MS + MINUTE_MS).await, named("hanako", true));
    assert_eq!(now(&home, &client, DAWN_MS + MINUTE_MS + 1).await, named("hanako", false));
    shelf.remove(KEY);
    assert_eq!(now(&home, &client, DAWN_MS + 2 * MINUTE_MS).await, named("hanako", true));
    *shelf.refuses_with.lock().unwrap() = Some(503);
    assert_eq!(now(&home, &client, DAWN_MS + 3 * MINUTE_MS).await, named("hanako", true));
    *shelf.refuses_with.lock().unwrap() = None;
    shelf.put(KEY, TARO);
    assert_eq!(now(&home, &client, DAWN_MS + 4 * MINUTE_MS).await, named("taro", false));
}

#[tokio::test]
async fn a_function_that_starts_with_a_broken_one_goes_by_the_last_good_one() {
    let shelf = Shelf::default();
    let client = shelf.client();
    shelf.put(KEY, HANAKO);
    let first = home();
    now(&first, &client, DAWN_MS).await;
    assert_eq!(shelf.get(COPY), None, "a mail is not made to wait for the copy");
    first.keep(&client).await;
    assert_eq!(shelf.get(COPY).as_deref(), Some(HANAKO));
    shelf.asked();
    first.keep(&client).await;
    assert_eq!(shelf.asked(), Vec::<String>::new(), "once for each policy");

    shelf.put(KEY, BROKEN);
    let second = home();
    assert_eq!(now(&second, &client, DAWN_MS).await, named("hanako", true));
    second.keep(&client).await;
    assert_eq!(shelf.get(COPY).as_deref(), Some(HANAKO));
    shelf.remove(KEY);
    assert_eq!(now(&home(), &client, DAWN_MS).await, named("hanako", true));
    // Mended, it is read at the next time, whatever the copy was.
    shelf.put(KEY, TARO);
    assert_eq!(now(&second, &client, DAWN_MS + MINUTE_MS).await, named("taro", false));
    second.keep(&client).await;
    assert_eq!(shelf.get(COPY).as_deref(), Some(TARO));
}

#[tokio::test]
async fn where_there_never_was_a_good_one_there_are_the_defaults() {
    let shelf = Shelf::default();
    let client = shelf.client();
    let first = home();
    assert_eq!(now(&first, &client, DAWN_MS).await, named("me", false), "a stack just made");
    shelf.put(KEY, HANAKO);
    assert_eq!(now(&first, &client, DAWN_MS + 4_999).await, named("me", false));
    assert_eq!(now(&first, &client, DAWN_MS + 5_000).await, named("hanako", false));
    shelf.put(KEY, BROKEN);
    assert_eq!(now(&home(), &client, DAWN_MS).await, named("me", true));
}

#[tokio::test]
async fn nobodys_mail_is_guessed_while_s3_refuses() {
    let shelf = Shelf::default();
    let client = shelf.client();
    shelf.put(KEY, HANAKO);
    // A slow request or an expired token, a key that may not be used, too many, an outage.
    for refusal in [400, 403, 429, 503] {
        *shelf.refuses_with.lock().unwrap() = Some(refusal);
        let home = home();
        let unread = home.current(&client, DAWN_MS).await.unwrap_err();
        assert!(unread.to_string().contains(&refusal.to_string()), "{unread}");
        *shelf.refuses_with.lock().unwrap() = None;
        assert_eq!(now(&home, &client, DAWN_MS + 1).await, named("hanako", false), "asked at once");
    }
}
