//! A drill goes the way of a real burst, and costs the real thing nothing: not a
//! count, not a limit, not a greeting, and no row the day after.

use hansho::burst::Phase;
use hansho::ledger::DRILL_SECONDS;
use hansho::ledger::embedded::TABLE;
use hansho::pipeline::Judged;
use hansho::policy::{Policy, drill};

use crate::world::{DAWN_MS, HOUR_MS, MINUTE_MS, POLICY, SECOND_MS, World, code};

/// One mail of a drill of Hanako.
fn drilled(run: &str, at_ms: i64, place: i64) -> Judged {
    let mut mail = code("rakuten-sec", at_ms + place * SECOND_MS, true, &format!("{run}-{place}"));
    mail.readings[0].person = drill::person("hanako", run);
    mail
}

async fn drill(world: &World, run: &str, at_ms: i64, mails: i64) {
    world.set_clock(at_ms);
    for place in 0..mails {
        let taken = world.line.take(&world.policy, &drilled(run, at_ms, place)).await.unwrap();
        assert!(taken.unsent.is_none(), "a drill is no alert that was missed");
    }
}

async fn burst(world: &World, at_ms: i64) {
    world.set_clock(at_ms);
    for place in 0..5 {
        let name = format!("real-{at_ms}-{place}");
        world.take(&code("rakuten-sec", at_ms + place * SECOND_MS, true, &name)).await;
    }
}

fn rows(world: &World) -> Vec<serde_json::Value> {
    let scan = format!(r#"{{"TableName":"{TABLE}"}}"#);
    let (_, answer) = world.engine.answer("Scan", scan.as_bytes());
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    answer["Items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_drill_is_told_to_the_person_once_and_every_row_of_it_expires_within_a_day() {
    let world = World::new(1);
    drill(&world, "ab23", DAWN_MS, 5).await;
    world.sweep_until(DAWN_MS + 3 * HOUR_MS).await;
    let texts = world.bell.texts.lock().unwrap().clone();
    assert_eq!(texts.iter().map(|(phase, _)| *phase).collect::<Vec<_>>(), [Phase::Opened]);
    assert_eq!(texts[0].1.json["drill"], true);
    assert_eq!(world.rung()[0].person, "hanako");

    let latest = (DAWN_MS + 3 * HOUR_MS) / 1000 + DRILL_SECONDS;
    let of_the_drill: Vec<_> = rows(&world)
        .into_iter()
        .filter(|row| row["pk"]["S"].as_str().unwrap().contains('~'))
        .collect();
    // Five sightings, the row of their minute and the docket.
    assert_eq!(of_the_drill.len(), 7);
    for row in of_the_drill {
        let expires_at: i64 = row["expires_at"]["N"].as_str().unwrap().parse().unwrap();
        assert!(expires_at <= latest, "{row}");
    }
}

#[tokio::test]
async fn drills_take_no_sms_no_cap_and_no_greeting_from_the_real_thing() {
    let mut world = World::new(2);
    let limits = "[sms]\nper_month = 1\nreserve = 1\n[limits]\nper_hour = 1\nper_day = 1";
    world.policy = Policy::read(&format!("{limits}\n{POLICY}")).unwrap();
    for run in 0..4 {
        // Twenty mails ring at five, which no cap holds back, and at twenty.
        drill(&world, &format!("run{run}"), DAWN_MS + run * MINUTE_MS, 20).await;
    }
    let drills = world.bell.texts.lock().unwrap().clone();
    assert_eq!(drills.len(), 8, "no cap is asked: a drill that is silent proves nothing");
    let by_sms = drills.iter().filter(|(_, alert)| alert.sms.is_some()).count();
    assert_eq!(by_sms, 1, "all drills of a month cost no more SMS than the budget has");

    burst(&world, DAWN_MS + 10 * MINUTE_MS).await;
    // A rung is not pressing: it needs the hour's only place.
    for place in 5..20 {
        let at_ms = DAWN_MS + 10 * MINUTE_MS + place * SECOND_MS;
        world.take(&code("rakuten-sec", at_ms, true, &format!("more-{place}"))).await;
    }
    let texts = world.bell.texts.lock().unwrap().clone();
    let real = &texts[8..];
    assert_eq!(real.iter().map(|(p, _)| *p).collect::<Vec<_>>(), [Phase::Opened, Phase::Escalated]);
    assert!(real[0].1.sms.is_some(), "the month's one SMS is still there");
    assert!(real.iter().all(|(_, alert)| alert.json["drill"] == false));
    assert!(real.iter().all(|(_, alert)| alert.json["held_back"] == 0));
    let facts = world.rung();
    assert_eq!(facts[8].count, 5, "no mail of a drill is counted with real ones");
}

#[tokio::test]
async fn a_drill_is_nobodys_first_mail() {
    let world = World::new(3);
    drill(&world, "ab23", DAWN_MS, 1).await;
    world.sweep_until(DAWN_MS + HOUR_MS).await;
    assert!(world.rung().is_empty());
    world.take(&code("rakuten-sec", DAWN_MS + HOUR_MS, true, "first")).await;
    world.sweep_until(DAWN_MS + 2 * HOUR_MS).await;
    let greeted: Vec<Phase> = world.rung().iter().map(|facts| facts.phase).collect();
    assert_eq!(greeted, [Phase::Once], "the real first mail is greeted all the same");
}
