use super::*;

const MINUTE_MS: i64 = 60_000;
const FAST: Rule = Rule { threshold: 5, window_ms: 10 * MINUTE_MS };

fn seen(at_minute: i64, key: &str) -> Seen {
    Seen { at_ms: at_minute * MINUTE_MS, key: key.to_owned(), verified: true, kind: Kind::Login }
}

fn unverified(at_minute: i64, key: &str) -> Seen {
    Seen { verified: false, ..seen(at_minute, key) }
}

/// One mail at each of these minutes, each another; all there is.
fn view(minutes: &[i64]) -> View {
    let seen = minutes.iter().enumerate().map(|(place, &at)| seen(at, &format!("m{place}")));
    View { seen: seen.collect(), complete_from_ms: 0, truncated: false }
}

fn incident(first: i64, last: i64, count: u32, closed: bool) -> Incident {
    Incident {
        id: format!("i{first}"),
        alert: AlertKind::Hammered,
        closed,
        first_ms: first * MINUTE_MS,
        last_ms: last * MINUTE_MS,
        count,
        rung: FAST.rung(count),
        peak: count,
        check_at_ms: 0,
        muted: 0,
        unheard: false,
    }
}

/// A step in few words: `open 5 [60,64]`, with the span in minutes.
fn told(step: Option<Step>) -> String {
    let words = |what: &str, extent: &Extent| {
        let least = if extent.at_least { ">=" } else { "" };
        let (first, last) = (extent.first_ms / MINUTE_MS, extent.last_ms / MINUTE_MS);
        format!("{what} {least}{} [{first},{last}]", extent.count)
    };
    match step {
        None => "nothing".to_owned(),
        Some(Step::Open(extent)) => words("open", &extent),
        Some(Step::Escalate(place, extent)) => words(&format!("escalate #{place}"), &extent),
        Some(Step::Close(place, extent)) => words(&format!("close #{place}"), &extent),
        Some(Step::Wait(place, extent)) => words(&format!("wait #{place}"), &extent),
        Some(Step::Begin(place, first_ms)) => format!("begin #{place} {}", first_ms / MINUTE_MS),
    }
}

fn on_mail_at(minute: i64, view: &View, incidents: &[Incident]) -> String {
    told(on_mail(minute * MINUTE_MS, view, &FAST, AlertKind::Hammered, incidents))
}

fn on_sweep_at(minute: i64, view: &View, incidents: &[Incident]) -> String {
    told(on_sweep(minute * MINUTE_MS, view, &FAST, AlertKind::Hammered, incidents))
}

#[test]
fn rungs_are_the_threshold_times_powers_of_four() {
    for (threshold, count, rung) in [
        (5, 0, 0),
        (5, 4, 0),
        (5, 5, 5),
        (5, 19, 5),
        (5, 20, 20),
        (5, 55, 20),
        (5, 80, 80),
        (5, 10_000, 5_120),
        (1, 1, 1),
        (1, 3, 1),
        (1, 4, 4),
        (0, 1, 1),
        (200, u32::MAX, 3_355_443_200),
        (1, u32::MAX, 1 << 30),
    ] {
        let rule = Rule { threshold, ..FAST };
        assert_eq!(rule.rung(count), rung, "{threshold} {count}");
    }
}

#[test]
fn quiet_lasts_half_an_hour_or_the_window() {
    assert_eq!(FAST.quiet_ms(), QUIET_MS_MIN);
    assert_eq!(Rule { window_ms: 24 * 60 * MINUTE_MS, ..FAST }.quiet_ms(), 24 * 60 * MINUTE_MS);
}

#[test]
fn a_mail_counts_once_when_it_first_came_and_as_real_if_any_copy_is() {
    let all =
        vec![seen(9, "b"), seen(5, "a"), unverified(3, "b"), unverified(4, "c"), seen(9, "b")];
    let kept: Vec<(i64, String, bool)> = distinct(all)
        .into_iter()
        .map(|seen| (seen.at_ms / MINUTE_MS, seen.key, seen.verified))
        .collect();
    assert_eq!(
        kept,
        [(3, "b".to_owned(), true), (4, "c".to_owned(), false), (5, "a".to_owned(), true)]
    );
    assert!(distinct(Vec::new()).is_empty());
}

#[test]
fn a_burst_is_found_by_whichever_of_its_mails_is_looked_at() {
    let burst = view(&[60, 61, 62, 63, 64]);
    for minute in 60..=64 {
        assert_eq!(on_mail_at(minute, &burst, &[]), "open 5 [60,64]");
    }
    // What lies apart from it is not of it.
    assert_eq!(on_mail_at(59, &burst, &[]), "nothing");
}

#[test]
fn the_densest_window_decides_and_not_the_one_before_the_mail() {
    for (minutes, at, expected) in [
        (&[60, 62, 64, 66][..], 66, "nothing"),
        (&[60, 62, 64, 66, 70], 70, "open 5 [60,70]"),
        (&[60, 62, 64, 66, 71], 71, "nothing"),
        // The mail of minute 60 came late: its window lies after it.
        (&[60, 66, 67, 68, 69], 60, "open 5 [60,69]"),
        // Two halves on either side of it.
        (&[60, 61, 65, 69, 70], 65, "open 5 [60,70]"),
        // No window is dense, though all lie within the quiet of each other.
        (&[60, 63, 66, 69, 72, 75, 78], 69, "nothing"),
        // Sparse ones before a burst are not of it, sparse ones after it are.
        (&[40, 60, 61, 62, 63, 64, 80], 64, "open 6 [60,80]"),
    ] {
        assert_eq!(on_mail_at(at, &view(minutes), &[]), expected, "{minutes:?} at {at}");
    }
}

#[test]
fn a_flood_of_one_mails_copies_is_one_mail() {
    let copies: Vec<Seen> = (60..70).map(|at| seen(at, "same")).collect();
    let view = View { seen: distinct(copies), complete_from_ms: 0, truncated: false };
    assert_eq!(on_mail_at(65, &view, &[]), "nothing");
}

#[test]
fn hammered_needs_a_real_one_in_the_window_and_a_phishing_flood_does_not() {
    let mut mails: Vec<Seen> = (60..65).map(|at| unverified(at, &format!("u{at}"))).collect();
    let forged = View { seen: mails.clone(), complete_from_ms: 0, truncated: false };
    let flood =
        |view: &View| told(on_mail(64 * MINUTE_MS, view, &FAST, AlertKind::PhishingFlood, &[]));
    assert_eq!(on_mail_at(64, &forged, &[]), "nothing");
    assert_eq!(flood(&forged), "open 5 [60,64]");
    mails.push(seen(64, "real"));
    let mixed = View { seen: mails.clone(), ..forged.clone() };
    assert_eq!(on_mail_at(64, &mixed, &[]), "open 6 [60,64]");
    let Some(Step::Open(extent)) = on_mail(64 * MINUTE_MS, &mixed, &FAST, AlertKind::Hammered, &[])
    else {
        panic!("it opens");
    };
    assert_eq!(extent.verified, 1);
    // A real one that is half an hour away makes none of them real.
    let away = View { seen: [forged.seen, vec![seen(90, "real")]].concat(), ..mixed };
    assert_eq!(on_mail_at(90, &away, &[]), "nothing");
}

#[test]
fn an_open_incident_rings_only_at_the_next_rung() {
    let open = [incident(60, 64, 5, false)];
    let nineteen: Vec<i64> = (60..79).collect();
    assert_eq!(on_mail_at(78, &view(&nineteen), &open), "nothing");
    let twenty: Vec<i64> = (60..80).collect();
    assert_eq!(on_mail_at(79, &view(&twenty), &open), "escalate #0 20 [60,79]");
    // A rung that is passed by far is rung once.
    let many: Vec<i64> = (0..400).map(|place| 60 + place / 20).collect();
    assert_eq!(on_mail_at(79, &view(&many), &open), "escalate #0 400 [60,79]");
}

#[test]
fn what_arrives_late_into_a_closed_span_rings_no_more() {
    let closed = [incident(60, 90, 12, true)];
    for (minutes, at, expected) in [
        // Inside, in the quiet before and in the quiet after.
        (&[70, 71, 72, 73, 74][..], 74, "nothing"),
        (&[30, 31, 32, 33, 34], 34, "nothing"),
        (&[116, 117, 118, 119, 120], 120, "nothing"),
        // Beyond it, what lies inside helps nothing: five are needed outside.
        (&[119, 120, 121, 122, 123], 123, "nothing"),
        (&[119, 120, 121, 122, 123, 124, 125], 125, "open 5 [121,125]"),
        (&[25, 26, 27, 28, 29], 29, "open 5 [25,29]"),
    ] {
        assert_eq!(on_mail_at(at, &view(minutes), &closed), expected, "{minutes:?}");
    }
    // Another alert's incident covers nothing of this one.
    let other = [Incident { alert: AlertKind::Trickle, ..closed[0].clone() }];
    assert_eq!(on_mail_at(74, &view(&[70, 71, 72, 73, 74]), &other), "open 5 [70,74]");
}

#[test]
fn two_incidents_that_turn_out_to_hang_together_each_keep_their_own() {
    let open = [incident(60, 64, 5, false), incident(100, 104, 5, false)];
    let minutes = [60, 61, 62, 63, 64, 82, 100, 101, 102, 103, 104];
    let view = view(&minutes);
    assert_eq!(on_mail_at(82, &view, &open), "nothing");
    assert_eq!(told(total(0, &view, &FAST, &open).map(|e| Step::Wait(0, e))), "wait #0 6 [60,82]");
    assert_eq!(
        told(total(1, &view, &FAST, &open).map(|e| Step::Wait(1, e))),
        "wait #1 5 [100,104]"
    );
}

#[test]
fn late_mails_move_the_beginning_of_an_open_incident_back() {
    let open = [incident(100, 104, 5, false)];
    let chain = [20, 21, 22, 23, 24, 50, 75, 100, 101, 102, 103, 104];
    assert_eq!(on_mail_at(24, &view(&chain), &open), "begin #0 20");
    let told_of = [incident(20, 104, 12, false)];
    assert_eq!(on_mail_at(24, &view(&chain), &told_of), "nothing");
    // Without the mail in between they are two bursts.
    let apart = [20, 21, 22, 23, 24, 50, 100, 101, 102, 103, 104];
    assert_eq!(on_mail_at(24, &view(&apart), &open), "open 6 [20,50]");

    // The same, where the mail found no place at first.
    let unplaced_in = |minutes: &[i64], incidents: &[Incident]| {
        told(unplaced(&view(minutes), &FAST, AlertKind::Hammered, incidents))
    };
    assert_eq!(unplaced_in(&chain, &open), "begin #0 20");
    assert_eq!(unplaced_in(&chain, &told_of), "nothing");
    assert_eq!(unplaced_in(&apart, &open), "open 6 [20,50]");
}

#[test]
fn the_sweep_waits_out_the_quiet_and_closes_once() {
    let burst = view(&[60, 61, 62, 63, 64, 70]);
    let open = [incident(60, 64, 5, false)];
    assert_eq!(on_sweep_at(99, &burst, &open), "wait #0 6 [60,70]");
    assert_eq!(on_sweep_at(100, &burst, &open), "close #0 6 [60,70]");
    let closed = [incident(60, 70, 6, true)];
    assert_eq!(on_sweep_at(200, &burst, &closed), "nothing");
    let later = [Incident { check_at_ms: 150 * MINUTE_MS, ..open[0].clone() }];
    assert_eq!(on_sweep_at(149, &burst, &later), "nothing");
}

#[test]
fn the_sweep_rings_a_rung_that_no_mail_rang() {
    let many: Vec<i64> = (60..90).collect();
    let open = [incident(60, 64, 5, false)];
    assert_eq!(on_sweep_at(300, &view(&many), &open), "escalate #0 30 [60,89]");
}

#[test]
fn a_view_that_was_cut_off_says_at_least_and_never_falls_silent() {
    let cut =
        View { complete_from_ms: 63 * MINUTE_MS, truncated: true, ..view(&[63, 64, 65, 66, 67]) };
    assert_eq!(on_mail_at(67, &cut, &[]), "open >=5 [63,67]");
    // What was told of the beginning, out of the view, still counts.
    let open = [incident(50, 62, 17, false)];
    assert_eq!(on_mail_at(67, &cut, &open), "escalate #0 >=22 [50,67]");
    // All rows have expired: what was told is what is known.
    let gone = View { complete_from_ms: 500 * MINUTE_MS, ..view(&[]) };
    assert_eq!(on_sweep_at(600, &gone, &open), "close #0 >=17 [50,62]");
}

#[test]
fn a_slow_rule_does_not_count_what_a_fast_one_explains() {
    let all = view(&[10, 60, 61, 62, 63, 64, 90, 200]);
    let spans = explained(&all, &FAST, AlertKind::Hammered, &[]);
    let left: Vec<i64> = without(&all, &spans).seen.iter().map(|s| s.at_ms / MINUTE_MS).collect();
    assert_eq!(left, [10, 200]);
    // A closed incident explains its span and the quiet after it.
    let closed = [incident(60, 64, 5, true)];
    let spans = explained(&view(&[94, 95]), &FAST, AlertKind::Hammered, &closed);
    let left: Vec<i64> =
        without(&view(&[94, 95]), &spans).seen.iter().map(|s| s.at_ms / MINUTE_MS).collect();
    assert_eq!(left, [95]);
}

#[test]
fn the_peak_is_the_most_in_one_window_and_never_falls() {
    let burst = view(&[60, 61, 62, 63, 64, 75, 85, 86]);
    let extent = total(0, &burst, &FAST, &[incident(60, 64, 5, false)]).expect("an incident");
    assert_eq!((extent.count, extent.peak), (8, 5));
    let busier = Incident { peak: 9, ..incident(60, 64, 5, false) };
    assert_eq!(total(0, &burst, &FAST, &[busier]).map(|extent| extent.peak), Some(9));
    assert_eq!(total(1, &burst, &FAST, &[]), None);
}

#[test]
fn of_too_many_incidents_the_oldest_closed_one_is_forgotten_first() {
    let mut incidents = Vec::new();
    remember(&mut incidents, incident(0, 1, 5, false));
    for place in 1..=INCIDENTS_MAX as i64 + 3 {
        remember(&mut incidents, incident(place * 100, place * 100 + 4, 5, true));
    }
    assert_eq!(incidents.len(), INCIDENTS_MAX);
    assert!(incidents.iter().any(|incident| incident.first_ms == 0), "the open one stays");
    let oldest = incidents.iter().filter(|incident| incident.closed).map(|i| i.first_ms).min();
    assert_eq!(oldest, Some(500 * MINUTE_MS));
    let newest = incidents.last().map(|incident| incident.first_ms);
    assert_eq!(newest, Some((INCIDENTS_MAX as i64 + 3) * 100 * MINUTE_MS));
}

#[test]
fn times_at_the_edges_of_the_range_do_no_harm() {
    for at_ms in [i64::MIN, 0, i64::MAX] {
        let mails = (0..6).map(|place| Seen { at_ms, ..seen(0, &format!("m{place}")) }).collect();
        let view = View { seen: mails, complete_from_ms: i64::MIN, truncated: false };
        let step = on_mail(at_ms, &view, &FAST, AlertKind::Hammered, &[]);
        assert!(matches!(step, Some(Step::Open(extent)) if extent.count == 6), "{at_ms}");
        let open = [Incident { first_ms: at_ms, last_ms: at_ms, ..incident(0, 0, 6, false) }];
        on_sweep(i64::MAX, &view, &FAST, AlertKind::Hammered, &open);
        explained(&view, &FAST, AlertKind::Hammered, &open);
    }
}
