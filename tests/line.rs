//! The line over the real ledger code: any order, any interleaving, any copy;
//! attempts that die, answers that are lost; crowds in the same table; forgeries
//! below the block that SES wrote.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use futures_util::{StreamExt as _, stream};
use hansho::burst::{AlertKind, Phase};
use hansho::classify::{Authenticity, Outcome};
use hansho::ledger::embedded::{Engine, TABLE, client_over};
use hansho::ledger::{Docket, DocketKey, Ledger};
use hansho::pipeline::{Arrival, Judged, Origin, judge};
use hansho::policy::Policy;
use serde_json::json;

use crate::wire::{Call, Fate, Wire};
use crate::world::{DAWN_MS, Failure, HOUR_MS, LEASE_MS, MINUTE_MS, SECOND_MS, World, code};

/// Without optimisation the client and the engine are some ten times slower;
/// `make storm` runs the full numbers.
const FULL: bool = !cfg!(debug_assertions);
const ORDERS: u64 = if FULL { 200 } else { 20 };
const CROWD: i64 = if FULL { 10_000 } else { 1_000 };

fn events() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/events"))
}

fn policy() -> Policy {
    Policy::read(&std::fs::read_to_string(events().join("policy.toml")).unwrap()).unwrap()
}

/// The mails of the flood: the name of each object, and its bytes.
fn flood() -> Vec<(String, Vec<u8>)> {
    let mut mails: Vec<(String, Vec<u8>)> = std::fs::read_dir(events().join("mail/flood"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "eml"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(&path).unwrap())
        })
        .collect();
    mails.sort();
    mails
}

fn judged(policy: &Policy, name: &str, raw: &[u8]) -> Judged {
    let origin = Origin::Ses { name: name.to_owned() };
    judge(policy, &Arrival { origin, arrived_ms: DAWN_MS }, raw)
}

fn judged_flood(policy: &Policy) -> Vec<Judged> {
    flood().iter().map(|(name, raw)| judged(policy, name, raw)).collect()
}

#[test]
fn the_flood_is_read_from_its_bytes() {
    let policy = policy();
    let flood = judged_flood(&policy);
    assert_eq!(flood.len(), 55);
    for judged in &flood {
        assert_eq!(judged.outcome, Outcome::Code);
        assert_eq!(judged.readings.len(), 1);
        let reading = &judged.readings[0];
        assert_eq!(reading.person, "hanako");
        assert_eq!(reading.verdict.service, Some("rakuten-sec"));
        assert_eq!(reading.verdict.authenticity, Authenticity::Verified);
    }
    let names: BTreeSet<&str> = flood.iter().map(|judged| judged.mail.as_str()).collect();
    let messages: BTreeSet<&str> = flood.iter().map(|judged| judged.message.as_str()).collect();
    assert_eq!((names.len(), messages.len()), (55, 55));
}

/// A mail through SES that is not what it claims to be: its DMARC failed, and it
/// went to nobody of ours. Below SES's block its sender may write anything.
fn forged(below: &str) -> Vec<u8> {
    let mail = format!(
        "Return-Path: <bounce@sender.example.net>\n\
         Received: from mx.sender.example.net (mx.sender.example.net [192.0.2.77])\n \
         by inbound-smtp.ap-northeast-1.amazonaws.com with SMTP id forged0name\n \
         for someone-else@mail.example.com;\n Sat, 29 Mar 2025 18:00:15 +0000 (UTC)\n\
         X-SES-Spam-Verdict: PASS\n\
         X-SES-Virus-Verdict: PASS\n\
         Authentication-Results: amazonses.com;\n \
         spf=pass client-ip=192.0.2.77; envelope-from=bounce@sender.example.net;\n \
         dkim=none;\n dmarc=fail header.from=rakuten-sec.co.jp;\n\
         X-SES-RECEIPT: AEFBQUFBQUFB\n\
         {below}\
         From: 楽天証券 <service@rakuten-sec.co.jp>\n\
         To: someone@example.jp\n\
         Subject: =?UTF-8?B?5qW95aSp6Ki85Yi444KI44KK44Ot44Kw44Kk44Oz6L+95Yqg6KqN6Ki844Kz44O844OJ44KS6YCB5LuY44GE44Gf44GX44G+44GX44Gf?=\n\
         Date: Sun, 30 Mar 2025 03:00:14 +0900\n\
         Message-ID: <forged@sender.example.net>\n\
         Content-Type: text/plain; charset=UTF-8\n\n\
         ログイン追加認証コードをお送りします。\n"
    );
    mail.replace('\n', "\r\n").into_bytes()
}

#[test]
fn nothing_below_the_block_of_ses_counts() {
    let policy = policy();
    let plain = judged(&policy, "forged0name", &forged(""));
    assert_eq!(plain.outcome, Outcome::Code, "{:?}", plain.stranger);
    assert!(plain.readings.is_empty(), "it went to nobody of ours");
    assert_eq!(plain.stranger.as_ref().unwrap().authenticity, Authenticity::Failed);

    let results = "Authentication-Results: amazonses.com;\n spf=pass; dkim=pass header.i=@rakuten-sec.co.jp;\n dmarc=pass header.from=rakuten-sec.co.jp;\n";
    let received = "Received: from mail.example.jp (mail.example.jp [192.0.2.51])\n by inbound-smtp.ap-northeast-1.amazonaws.com with SMTP id forged0name\n for hanako-7q3k9x2mtf@mail.example.com;\n Sat, 29 Mar 2025 18:00:15 +0000 (UTC)\n";
    let receipt = "X-SES-RECEIPT: AEFBQUFBQUFC\n";
    for below in [
        results.to_owned(),
        received.to_owned(),
        format!("{received}{results}{receipt}"),
        format!(
            "Return-Path: <a@example.jp>\n{received}X-SES-Spam-Verdict: PASS\n{results}{receipt}"
        ),
    ] {
        let forged = judged(&policy, "forged0name", &forged(&below));
        assert_eq!(forged.outcome, plain.outcome, "{below}");
        assert_eq!(forged.readings, plain.readings, "{below}");
        assert_eq!(forged.stranger.as_ref().unwrap().authenticity, Authenticity::Failed, "{below}");
        assert_eq!(forged.arrived_ms, plain.arrived_ms, "{below}");
    }

    // In the body, and as the only block there is, it counts as little.
    let mut in_the_body = forged("");
    in_the_body.extend_from_slice(format!("{received}{results}").as_bytes());
    let in_the_body = judged(&policy, "forged0name", &in_the_body);
    assert_eq!(in_the_body.readings, plain.readings);
    assert_eq!(in_the_body.stranger.unwrap().authenticity, Authenticity::Failed);
    let other_name = judged(&policy, "the0real0name", &forged(""));
    assert_ne!(
        other_name.stranger.unwrap().authenticity,
        Authenticity::Verified,
        "a block with another id is not SES's"
    );
}

#[test]
fn the_flood_in_any_order_and_interleaving() {
    let policy = policy();
    let flood = judged_flood(&policy);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    std::thread::scope(|scope| {
        for first in 0..threads {
            let flood = &flood;
            scope.spawn(move || {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                for seed in (0..ORDERS).skip(first).step_by(threads) {
                    runtime.block_on(deliver_and_check(flood, seed));
                }
            });
        }
    });
}

/// Every mail one to three times, at once or one after the other.
async fn deliver_and_check(flood: &[Judged], seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut deliveries: Vec<&Judged> =
        flood.iter().flat_map(|judged| std::iter::repeat_n(judged, random.usize(1..=3))).collect();
    random.shuffle(&mut deliveries);
    let width = random.choice([1, 2, 3, 5, 10, 30, 55, 165]).unwrap();

    let mut world = World::new(seed);
    world.policy = policy();
    let last_ms = flood.iter().map(|judged| judged.arrived_ms).max().unwrap();
    world.set_clock(last_ms + 3 * SECOND_MS);
    stream::iter(deliveries)
        .map(|judged| world.take(judged))
        .buffer_unordered(width)
        .collect::<()>()
        .await;
    world.sweep_until(last_ms + 2 * HOUR_MS).await;

    let rung = world.rung();
    let said: Vec<(Phase, u32)> = rung.iter().map(|facts| (facts.phase, facts.count)).collect();
    let context = format!("seed {seed}, width {width}: {said:?}");
    let incidents: BTreeSet<&str> = rung.iter().map(|facts| facts.incident.as_str()).collect();
    assert_eq!(incidents.len(), 1, "{context}");
    assert!(rung.iter().all(|facts| facts.alert == AlertKind::Hammered), "{context}");
    let (last, before) = said.split_last().expect(&context);
    assert_eq!(*last, (Phase::Closed, 55), "{context}");
    assert_eq!(before.first().expect(&context).0, Phase::Opened, "{context}");
    assert!(before.iter().skip(1).all(|(phase, _)| *phase == Phase::Escalated), "{context}");
    let rule = world.policy.rule("hanako", "rakuten-sec", AlertKind::Hammered);
    let rungs: Vec<u32> = before.iter().map(|(_, count)| rule.rung(*count)).collect();
    assert!(rungs.windows(2).all(|pair| pair[0] < pair[1]), "{context}: rungs {rungs:?}");
    assert_eq!(*rungs.last().unwrap(), 20, "{context}");
}

fn five(service_key: &str) -> Vec<Judged> {
    (0..5)
        .map(|place| {
            let at_ms = DAWN_MS + HOUR_MS + place * MINUTE_MS;
            code(service_key, at_ms, true, &format!("five-{place}"))
        })
        .collect()
}

/// Takes all but the last, and lets the attempt at the last die while it publishes.
async fn die_at_the_fifth(world: &World) {
    let five = five("rakuten-sec");
    world.set_clock(five[4].arrived_ms);
    for judged in &five[..4] {
        world.take(judged).await;
    }
    world.bell.fail.lock().unwrap().push(Failure::Killed);
    let death = tokio::time::timeout(Duration::from_secs(1), world.take(&five[4])).await;
    assert!(death.is_err(), "the attempt did not reach the bell");
    assert!(world.rung().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_alert_whose_sender_died_is_sent_by_the_sweep() {
    let world = World::new(1);
    die_at_the_fifth(&world).await;
    let died_ms = world.now_ms();

    world.sweep_at(died_ms + LEASE_MS - 1).await;
    assert!(world.rung().is_empty(), "its lease is not over");
    world.sweep_at(died_ms + LEASE_MS).await;
    let said: Vec<(Phase, u32)> = world.rung().iter().map(|f| (f.phase, f.count)).collect();
    assert_eq!(said, [(Phase::Opened, 5)]);

    world.sweep_until(died_ms + 2 * HOUR_MS).await;
    let said: Vec<(Phase, u32)> = world.rung().iter().map(|f| (f.phase, f.count)).collect();
    assert_eq!(said, [(Phase::Opened, 5), (Phase::Closed, 5)]);
}

#[tokio::test(start_paused = true)]
async fn an_alert_whose_sender_died_is_sent_by_the_next_mail() {
    let world = World::new(1);
    die_at_the_fifth(&world).await;
    let next_ms = world.now_ms() + 2 * MINUTE_MS;
    world.set_clock(next_ms);
    world.take(&code("rakuten-sec", next_ms, true, "sixth")).await;
    let said: Vec<(Phase, u32)> = world.rung().iter().map(|f| (f.phase, f.count)).collect();
    assert_eq!(said, [(Phase::Opened, 5)]);
}

#[tokio::test(start_paused = true)]
async fn an_alert_that_was_refused_is_sent_by_the_sweep() {
    let world = World::new(1);
    let five = five("rakuten-sec");
    world.set_clock(five[4].arrived_ms);
    world.bell.fail.lock().unwrap().push(Failure::Refused);
    for judged in &five {
        world.take(judged).await;
    }
    assert!(world.rung().is_empty());
    world.sweep_at(world.now_ms() + LEASE_MS).await;
    let said: Vec<(Phase, u32)> = world.rung().iter().map(|f| (f.phase, f.count)).collect();
    assert_eq!(said, [(Phase::Opened, 5)]);
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_answer_was_lost_is_sent_once() {
    for fate in [Fate::AnswerLost, Fate::ServerErrorAfter] {
        let engine = Engine::in_memory().unwrap();
        let mut lost = 0;
        let wire = Wire::new(engine.clone(), move |call: &Call| {
            if call.is_conditional() && call.body.contains("rakuten-sec|") && lost == 0 {
                lost += 1;
                fate
            } else {
                Fate::Answered
            }
        });
        let client = client_over(wire.clone(), RetryConfig::standard());
        let world = World::over(engine.clone(), client, 1);
        // A person who is known: nothing but the alert is claimed.
        let person = DocketKey::Person("hanako".to_owned());
        let known = Docket { revision: 1, ..Docket::default() };
        let ledger = Ledger::new(engine.client(), TABLE);
        ledger.write(&person, None, &known, DAWN_MS).await.unwrap();
        let five = five("rakuten-sec");
        world.set_clock(five[4].arrived_ms);
        for judged in &five {
            world.take(judged).await;
        }
        // By the same attempt: no sweep has run, no lease is over.
        let said: Vec<(Phase, u32)> = world.rung().iter().map(|f| (f.phase, f.count)).collect();
        assert_eq!(said, [(Phase::Opened, 5)], "{fate:?}");
        let of_the_docket =
            |call: &&Call| call.is_conditional() && call.body.contains("rakuten-sec|");
        let claims = wire.calls().iter().filter(of_the_docket).count();
        assert_eq!(claims, 3, "claimed twice, settled once ({fate:?})");
    }
}

#[tokio::test]
async fn an_ordinary_code_mail_costs_two_writes_and_three_reads() {
    let engine = Engine::in_memory().unwrap();
    let wire = Wire::new(engine.clone(), |_: &Call| Fate::Answered);
    let world = World::over(engine, client_over(wire.clone(), RetryConfig::disabled()), 1);
    for place in 0..4 {
        let at_ms = DAWN_MS + place * MINUTE_MS;
        world.set_clock(at_ms);
        world.take(&code("rakuten-sec", at_ms, true, &format!("mail-{place}"))).await;
        let mut operations: Vec<String> =
            wire.calls().into_iter().map(|call| call.operation).collect();
        operations.sort_unstable();
        // The very first of a person is noted by two writes more: it is greeted.
        let noted = if place == 0 { 2 } else { 0 };
        let writes = operations.iter().filter(|operation| *operation == "PutItem").count();
        assert_eq!(writes, 2 + noted, "{operations:?}");
        assert_eq!(operations[writes..], ["Query", "Query", "Query"]);
    }
    let policy = policy();
    let other = judged(&policy, "no0code", b"Subject: hello\r\n\r\nhello\r\n");
    world.take(&other).await;
    assert!(wire.calls().is_empty(), "a mail that is no code mail asks the ledger nothing");
}

/// Puts copies of the rows that one mail left straight into the engine: row `n`
/// arrives at `at_ms(n)` and is named after `n`, and so is its service if the
/// template's is `domain:template.example`.
async fn crowd(world: &World, template: &Judged, at_ms: impl Fn(i64) -> i64) {
    assert_eq!(template.mail, "template");
    world.take(template).await;
    let scan = json!({ "TableName": TABLE }).to_string();
    let (status, answer) = world.engine.answer("Scan", scan.as_bytes());
    assert_eq!(status, 200);
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    let rows: Vec<String> = answer["Items"]
        .as_array()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .filter(|row| row.contains("mail#") || row.contains("domain:template.example"))
        .collect();
    assert!(!rows.is_empty());
    let arrived = template.arrived_ms.to_string();
    let minute = (template.arrived_ms - template.arrived_ms % MINUTE_MS).to_string();
    for n in 0..CROWD {
        for row in &rows {
            let row = row
                .replace("template", &format!("crowd-{n}"))
                .replace(&arrived, &at_ms(n).to_string())
                .replace(&minute, &(at_ms(n) - at_ms(n) % MINUTE_MS).to_string());
            let put = format!(r#"{{"TableName":"{TABLE}","Item":{row}}}"#);
            let (status, answer) = world.engine.answer("PutItem", put.as_bytes());
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        }
    }
}

fn opened(world: &World, alert: AlertKind, service_key: &str) -> usize {
    let is = |facts: &hansho::message::Facts| {
        facts.alert == alert && facts.service_key == service_key && facts.phase == Phase::Opened
    };
    world.rung().iter().filter(|facts| is(facts)).count()
}

#[tokio::test]
async fn five_under_a_crowd_of_newer_ones_of_others_ring() {
    let world = World::new(1);
    let five = five("rakuten-sec");
    world.set_clock(five[4].arrived_ms + 5 * MINUTE_MS);
    let newer_ms = five[4].arrived_ms + SECOND_MS;
    let template = code("domain:template.example", newer_ms, true, "template");
    crowd(&world, &template, |n| newer_ms + n * 4 * MINUTE_MS / CROWD).await;
    for judged in &five {
        world.take(judged).await;
    }
    assert_eq!(opened(&world, AlertKind::Hammered, "rakuten-sec"), 1);
}

#[tokio::test]
async fn five_verified_under_a_crowd_of_unverified_ones_ring() {
    let world = World::new(1);
    let five = five("rakuten-sec");
    world.set_clock(five[4].arrived_ms + 5 * MINUTE_MS);
    let newer_ms = five[4].arrived_ms + SECOND_MS;
    let template = code("rakuten-sec", newer_ms, false, "template");
    crowd(&world, &template, |n| newer_ms + n * 4 * MINUTE_MS / CROWD).await;
    // The crowd has rung its own bell before.
    world.take(&code("rakuten-sec", newer_ms + 4 * MINUTE_MS, false, "last-of-the-crowd")).await;
    assert_eq!(opened(&world, AlertKind::PhishingFlood, "rakuten-sec"), 1);
    for judged in &five {
        world.take(judged).await;
    }
    assert_eq!(opened(&world, AlertKind::Hammered, "rakuten-sec"), 1);
}

#[tokio::test]
async fn five_that_come_hours_late_under_a_crowd_of_newer_ones_of_the_same_service_ring() {
    let world = World::new(1);
    let five = five("rakuten-sec");
    let newer_ms = five[4].arrived_ms + 3 * HOUR_MS;
    world.set_clock(newer_ms + 5 * MINUTE_MS);
    let template = code("rakuten-sec", newer_ms, true, "template");
    crowd(&world, &template, |n| newer_ms + n * 4 * MINUTE_MS / CROWD).await;
    // The crowd has rung its own bell before.
    world.take(&code("rakuten-sec", newer_ms + 4 * MINUTE_MS, true, "last-of-the-crowd")).await;
    assert_eq!(opened(&world, AlertKind::Hammered, "rakuten-sec"), 1);
    for judged in &five {
        world.take(judged).await;
    }
    assert_eq!(opened(&world, AlertKind::Hammered, "rakuten-sec"), 2);
}

#[tokio::test]
async fn four_services_that_come_hours_late_under_a_crowd_of_newer_ones_ring() {
    let world = World::new(1);
    let newer_ms = DAWN_MS + 4 * HOUR_MS;
    world.set_clock(newer_ms + 5 * MINUTE_MS);
    let template = code("domain:template.example", newer_ms, true, "template");
    crowd(&world, &template, |n| newer_ms + n * 4 * MINUTE_MS / CROWD).await;
    // The crowd has rung its own bell before.
    world.take(&code("sbi-sec", newer_ms + 4 * MINUTE_MS, true, "last-of-the-crowd")).await;
    assert_eq!(opened(&world, AlertKind::Smokescreen, "*"), 1);
    for n in 0..4 {
        let at_ms = DAWN_MS + HOUR_MS + n * MINUTE_MS;
        world.take(&code(&format!("domain:{n}.example"), at_ms, true, &format!("late-{n}"))).await;
    }
    assert_eq!(opened(&world, AlertKind::Smokescreen, "*"), 2);
}

#[tokio::test]
async fn late_mails_that_join_a_burst_from_hours_before_are_in_its_closing() {
    let world = World::new(1);
    let five = five("rakuten-sec");
    world.set_clock(five[4].arrived_ms + MINUTE_MS);
    for judged in &five {
        world.take(judged).await;
    }
    // Since then nothing has found no place.
    world.sweep_at(world.now_ms() + 5 * MINUTE_MS).await;
    let minutes_before = |minutes: i64| five[0].arrived_ms - minutes * MINUTE_MS;
    // A mail every 25 minutes leads back to five more, three hours before.
    for minutes in [25, 50, 75, 100, 125, 150, 171, 172, 173, 174, 175] {
        let late = code("rakuten-sec", minutes_before(minutes), true, &format!("late-{minutes}"));
        world.take(&late).await;
    }
    world.sweep_until(five[4].arrived_ms + 2 * HOUR_MS).await;
    let said: Vec<_> = world.rung().iter().map(|f| (f.phase, f.count, f.first_ms)).collect();
    assert_eq!(
        said,
        [(Phase::Opened, 5, five[0].arrived_ms), (Phase::Closed, 16, minutes_before(175))]
    );
}

#[tokio::test(start_paused = true)]
async fn a_burst_that_meets_another_alert_on_its_way_rings_after_it() {
    let world = World::new(1);
    // A slow burst rings, and the bell is away.
    let mut at_ms = DAWN_MS;
    for place in 0..12 {
        at_ms = DAWN_MS + place * 20 * MINUTE_MS;
        world.set_clock(at_ms);
        if place == 11 {
            world.bell.fail.lock().unwrap().push(Failure::Refused);
        }
        world.take(&code("rakuten-sec", at_ms, true, &format!("slow-{place}"))).await;
    }
    assert!(world.rung().is_empty());
    // Meanwhile a fast one comes and goes, all of it before the lease is over.
    for place in 0..5 {
        let fast_ms = at_ms + (place + 1) * SECOND_MS;
        world.set_clock(fast_ms);
        world.take(&code("rakuten-sec", fast_ms, true, &format!("fast-{place}"))).await;
    }
    assert!(world.rung().is_empty(), "no place for it yet");
    world.sweep_at(at_ms + LEASE_MS).await;
    assert_eq!(opened(&world, AlertKind::Trickle, "rakuten-sec"), 1);
    assert_eq!(opened(&world, AlertKind::Hammered, "rakuten-sec"), 1);
}

#[tokio::test]
async fn a_real_mail_after_its_forged_copy_rings() {
    let world = World::new(1);
    world.set_clock(DAWN_MS + MINUTE_MS);
    let forged = code("sbi-sec", DAWN_MS, false, "first");
    let mut real = code("sbi-sec", DAWN_MS + 20 * SECOND_MS, true, "second");
    real.message.clone_from(&forged.message);
    world.take(&forged).await;
    assert_eq!(opened(&world, AlertKind::Hammered, "sbi-sec"), 0);
    world.take(&real).await;
    assert_eq!(opened(&world, AlertKind::Hammered, "sbi-sec"), 1);
}
