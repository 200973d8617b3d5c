//! Limits under concurrency, the SMS budget with its reserve, observing without
//! sending, and the greeting of a person whose first mail has come.

use std::collections::HashSet;

use futures_util::future::join_all;
use hansho::burst::Phase;
use hansho::ledger::{Counting, Purse};
use hansho::policy::Policy;

use crate::world::{DAWN_MS, HOUR_MS, MINUTE_MS, POLICY, World, code};

fn world(limits: &str) -> World {
    let mut world = World::new(3);
    world.policy = Policy::read(&format!("{limits}\n{POLICY}")).unwrap();
    world
}

/// Five mails of a service within a minute: an opening.
async fn burst(world: &World, service: &str, at_ms: i64) {
    world.set_clock(at_ms);
    for place in 0..5 {
        let name = format!("m{at_ms}-{place}").replace(':', "-");
        world.take(&code(service, at_ms + place * 1000, true, &format!("{service}{name}"))).await;
    }
}

#[tokio::test]
async fn alerts_that_are_sent_at_once_never_spend_more_than_there_is() {
    let world = World::new(1);
    let ledger = &world.line.ledger;
    let purse = Purse::hour("hanako", DAWN_MS, Counting::Sent);
    let ids: Vec<String> = (0..40).map(|place| format!("alert-{place}")).collect();
    // Each alert is tried twice, as by a function and by the sweep.
    let spends =
        ids.iter().chain(&ids).map(async |id| (id, ledger.spend(&purse, id, 10).await.unwrap()));
    let granted: HashSet<&String> =
        join_all(spends).await.into_iter().filter(|(_, spent)| *spent).map(|(id, _)| id).collect();
    assert_eq!(granted.len(), 10);
    // Who has spent may go on; nobody else gets a place, in this hour.
    for id in &ids {
        assert_eq!(ledger.spend(&purse, id, 10).await.unwrap(), granted.contains(id));
    }
    let next = Purse::hour("hanako", DAWN_MS + HOUR_MS, Counting::Sent);
    let other = Purse::hour("taro", DAWN_MS, Counting::Sent);
    let observed = Purse::hour("hanako", DAWN_MS, Counting::Observed);
    for purse in [next, other, observed] {
        assert!(ledger.spend(&purse, "another", 1).await.unwrap());
        assert!(!ledger.spend(&purse, "one more", 1).await.unwrap());
    }
    assert!(!ledger.spend(&Purse::sms(DAWN_MS, Counting::Sent), "any", 0).await.unwrap());
}

#[tokio::test]
async fn what_was_held_back_is_told_by_one_alert() {
    let world = World::new(1);
    let ledger = &world.line.ledger;
    let tell = |alert: &'static str, now_ms| {
        ledger.tell_held_back("hanako", alert, now_ms, now_ms + MINUTE_MS, Counting::Sent)
    };
    assert!(tell("a", DAWN_MS).await.unwrap().is_empty());
    for id in ["x", "y", "y"] {
        ledger.hold_back("hanako", id, DAWN_MS, Counting::Sent).await.unwrap();
    }
    let mut told = tell("a", DAWN_MS).await.unwrap();
    told.sort();
    assert_eq!(told, ["x", "y"]);
    // Another that is sent at the same time does not tell it again; the same
    // alert, tried again, does; and another, if that one was never sent.
    assert!(tell("b", DAWN_MS + 1).await.unwrap().is_empty());
    assert_eq!(tell("a", DAWN_MS + 2).await.unwrap().len(), 2);
    assert_eq!(tell("b", DAWN_MS + HOUR_MS).await.unwrap().len(), 2);
    // What is held back in the meantime is kept for the next.
    ledger.hold_back("hanako", "z", DAWN_MS, Counting::Sent).await.unwrap();
    ledger.forget_held_back("hanako", "b", told, Counting::Sent).await.unwrap();
    assert_eq!(tell("c", DAWN_MS + HOUR_MS + 1).await.unwrap(), ["z"]);
    assert!(tell("c", DAWN_MS).await.unwrap() == ["z"], "it is still to be told");
}

#[tokio::test]
async fn the_last_sms_of_a_month_are_for_openings_of_known_services() {
    // Not on the last of a month, wherever it ends.
    let first_ms = DAWN_MS + 24 * HOUR_MS;
    let world = world("[sms]\nper_month = 3\nreserve = 2");
    // The first of three is spent by an opening, so the rung finds one too many.
    burst(&world, "rakuten-sec", first_ms).await;
    for place in 0..15 {
        let at_ms = first_ms + 10_000 + place * 1000;
        world.take(&code("rakuten-sec", at_ms, true, &format!("more-{place}"))).await;
    }
    world.sweep_until(first_ms + 2 * HOUR_MS).await;
    burst(&world, "rakuten-sec", first_ms + 3 * HOUR_MS).await;
    burst(&world, "rakuten-sec", first_ms + 6 * HOUR_MS).await;
    burst(&world, "rakuten-sec", first_ms + 9 * HOUR_MS).await;
    // A month later there are three again.
    burst(&world, "rakuten-sec", first_ms + 32 * 24 * HOUR_MS).await;
    let sms: Vec<(Phase, bool)> = world
        .bell
        .texts
        .lock()
        .unwrap()
        .iter()
        .map(|(phase, alert)| {
            assert_eq!(alert.json["sms"].is_string(), alert.sms.is_some());
            (*phase, alert.sms.is_some())
        })
        .collect();
    assert_eq!(
        sms,
        [
            (Phase::Opened, true),
            (Phase::Escalated, false),
            (Phase::Closed, false),
            (Phase::Opened, true),
            (Phase::Opened, true),
            (Phase::Opened, false),
            (Phase::Opened, true),
        ]
    );
}

#[tokio::test]
async fn observing_does_everything_but_send_and_spends_nothing() {
    let mut world = world("observe_only = true\n[sms]\nper_month = 1\nreserve = 1");
    let mut observed = 0;
    for place in 0..5 {
        let mail = code("rakuten-sec", DAWN_MS + place * 1000, true, &format!("m{place}"));
        let taken = world.line.take(&world.policy, &mail).await.unwrap();
        assert_eq!(taken.alerts, 0);
        observed += taken.unsent.observed;
    }
    assert_eq!(observed, 1);
    world.set_clock(DAWN_MS + HOUR_MS);
    let swept = world.line.sweep(&world.policy).await.unwrap();
    assert_eq!((swept.alerts, swept.unsent.observed), (0, 1));
    assert!(world.rung().is_empty());

    world.policy.observe_only = false;
    burst(&world, "rakuten-sec", DAWN_MS + 3 * HOUR_MS).await;
    let texts = world.bell.texts.lock().unwrap();
    assert_eq!(texts.len(), 1);
    assert!(texts[0].1.sms.is_some(), "observing has not spent the month's one SMS");
}

#[tokio::test]
async fn a_greeting_that_could_not_be_sent_is_sent_by_a_later_sweep() {
    let world = World::new(1);
    world.take(&code("rakuten-sec", DAWN_MS, true, "first")).await;
    world.bell.fail.lock().unwrap().push(crate::world::Failure::Refused);
    world.sweep_at(DAWN_MS + 10 * MINUTE_MS).await;
    assert!(world.rung().is_empty());
    world.sweep_until(DAWN_MS + HOUR_MS).await;
    let rung = world.rung();
    assert_eq!(rung.len(), 1);
    assert_eq!((rung[0].phase, rung[0].first_ms), (Phase::Once, DAWN_MS));
}
