//! Timelines: mails on a time axis, and what rang, when, with which count, in
//! the words of [`crate::axis`].

use crate::axis::play;

/// A name, what happens, and what rings.
type Case = (&'static str, &'static str, &'static str);

async fn check(cases: &[Case]) {
    let mut wrong = String::new();
    for (name, mails, expected) in cases {
        let rang = play(mails).await;
        if rang != *expected {
            wrong.push_str(&format!("{name}: {mails}\n  expected {expected}\n  rang     {rang}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[tokio::test]
async fn fast_bursts() {
    check(&[
        ("the 55 at one moment", "A55/1s@3h", "hammered+5@3h hammered^20@3h hammered.55@3h35m"),
        ("four in ten minutes, never a fifth", "A4/2m@1h", ""),
        ("five in ten minutes and a second", "A5/151s@1h", ""),
        ("five in ten minutes to the second", "A5/150s@1h", "hammered+5@1h10m hammered.5@1h40m"),
        ("five at the same instant", "A5@1h", "hammered+5@1h hammered.5@1h30m"),
        ("one a minute for half an hour", "A30/1m@1h", "hammered+5@1h4m hammered^20@1h19m hammered.30@2h"),
        (
            "a hundred in a minute",
            "A100/500ms@1h",
            "hammered+5@1h hammered^20@1h hammered^80@1h hammered.100@1h35m",
        ),
        (
            "her own login ten hours after a closed flood",
            "A55/1s@3h A1@13h",
            "hammered+5@3h hammered^20@3h hammered.55@3h35m",
        ),
        (
            "her own login ten minutes after the flood",
            "A55/1s@3h A1@3h11m",
            "hammered+5@3h hammered^20@3h hammered.56@3h45m",
        ),
        ("one more within the quiet, and one after it", "A6/1m@1h A1@1h34m A1@2h10m", "hammered+5@1h4m hammered.7@2h5m"),
        (
            "a second flood after a quiet hour",
            "A6/1m@1h A7/1m@3h",
            "hammered+5@1h4m hammered.6@1h35m hammered+5@3h4m hammered.7@3h40m",
        ),
        ("a second flood just after the quiet", "A6/1m@1h A5/1m@1h36m", "hammered+5@1h4m hammered.6@1h35m hammered+5@1h40m hammered.5@2h10m"),
        (
            "a second flood within the quiet",
            "A6/1m@1h A6/1m@1h20m",
            "hammered+5@1h4m hammered.12@1h55m",
        ),
        ("three floods in a day are no trickle", "A5/1m@1h A5/1m@5h A5/1m@9h", "hammered+5@1h4m hammered.5@1h35m hammered+5@5h4m hammered.5@5h35m hammered+5@9h4m hammered.5@9h35m"),
        (
            "two services alternating",
            "A5/2m@1h B5/2m@1h1m",
            "hammered+5@1h8m hammered+5@1h9m hammered.5@1h40m hammered.5@1h40m",
        ),
        ("two services, each four", "A4/2m@1h B4/2m@1h1m", ""),
        ("a threshold of one", "S1@1h", "hammered+1@1h hammered.1@1h30m"),
        ("a threshold of one, every morning", "S3/24h@9h", "hammered+1@9h hammered.1@9h30m hammered+1@1d9h hammered.1@1d9h30m hammered+1@2d9h hammered.1@2d9h30m"),
        (
            "a threshold of one, rungs of four",
            "S5/1m@1h",
            "hammered+1@1h hammered^4@1h3m hammered.5@1h35m",
        ),
    ])
    .await;
}

#[tokio::test]
async fn slow_ones() {
    check(&[
        ("one every 20 minutes for 12 hours", "A36/20m@0h", "trickle+12@3h40m trickle.36@1d11h40m"),
        (
            "one every 20 minutes for 16 hours",
            "A48/20m@0h",
            "trickle+12@3h40m trickle^48@15h40m trickle.48@1d15h40m",
        ),
        ("one every 2 hours for two days", "A24/2h@0h", "trickle+12@22h trickle.24@2d22h"),
        ("one every 3 hours for two days", "A16/3h@0h", ""),
        ("her own two logins a day for a week", "A14/12h@8h", ""),
        (
            "a trickle, and another after two quiet days",
            "A12/1h@0h A12/1h@3d",
            "trickle+12@11h trickle.12@1d11h trickle+12@3d11h trickle.12@4d11h",
        ),
        (
            "a trickle of each of two services",
            "A12/1h@0h B12/1h@30m",
            "trickle+12@11h trickle+12@11h30m trickle.12@1d11h trickle.12@1d11h30m",
        ),
        ("twelve unverified in a day", "a12/1h@0h", ""),
        (
            "eleven unverified in a day and one that is real",
            "a11/1h@0h A1@11h30m",
            "trickle+12@11h30m trickle.12@1d11h30m",
        ),
        (
            "a trickle that turns into a flood",
            "A12/1h@0h A6/1m@11h30m",
            "trickle+12@11h hammered+5@11h34m hammered.6@12h5m trickle.12@1d11h",
        ),
        (
            "a flood whose first mail makes the twelfth",
            "A11/1h@0h A6/1m@11h",
            "trickle+12@11h hammered+5@11h4m hammered.6@11h35m trickle.12@1d11h",
        ),
        (
            "a flood, and then a trickle",
            "A6/1m@1h A12/1h@3h",
            "hammered+5@1h4m hammered.6@1h35m trickle+12@14h trickle.12@1d14h",
        ),
    ])
    .await;
}

#[tokio::test]
async fn mails_that_cannot_be_shown_to_be_real() {
    check(&[
        ("five unverified", "a5/1m@1h", "phishing-flood+5@1h4m phishing-flood.5@1h35m"),
        ("three and three", "A3/1m@1h a3/1m@1h30s", "hammered+5@1h2m hammered.6@1h35m"),
        (
            "five unverified among five verified",
            "A5/1m@1h a5/1m@1h30s",
            "hammered+5@1h2m hammered.10@1h35m",
        ),
        (
            "unverified, and one real login half an hour later",
            "a5/1m@1h A1@1h33m",
            "phishing-flood+5@1h4m phishing-flood.5@1h35m",
        ),
        (
            "unverified, and a real one among them",
            "a5/1m@1h A1@1h5m",
            "phishing-flood+5@1h4m hammered+6@1h5m phishing-flood.5@1h35m hammered.6@1h35m",
        ),
        (
            "real ones, and unverified ones an hour later",
            "A5/1m@1h a5/1m@2h30m",
            "hammered+5@1h4m hammered.5@1h35m phishing-flood+5@2h34m phishing-flood.5@3h5m",
        ),
        (
            "unverified ones of four services",
            "a1@1h b1@1h1m c1@1h2m d1@1h3m",
            "smokescreen+4@1h3m smokescreen.4@1h35m",
        ),
        (
            "10,000 unverified in the same minutes as 5 verified",
            "crowd:a10000/25ms@1h A5/1m@1h",
            "hammered+>=402@1h hammered^10005@1h5m hammered.10005@1h35m",
        ),
        (
            "1,000 unverified of a second service",
            "crowd:b1000/200ms@1h A5/1m@1h b1@1h4m",
            "hammered+5@1h4m phishing-flood+>=400@1h4m phishing-flood.1001@1h35m hammered.5@1h35m",
        ),
    ])
    .await;
}

#[tokio::test]
async fn many_services() {
    check(&[
        (
            "four services at once",
            "A1@1h B1@1h1m C1@1h2m D1@1h3m",
            "smokescreen+4@1h3m smokescreen.4@1h35m",
        ),
        ("three services, many times", "A2/1m@1h B2/1m@1h C2/1m@1h", ""),
        ("four services in a quarter of an hour", "A1@1h B1@1h5m C1@1h10m D1@1h15m", ""),
        (
            "30 services hiding one transfer code",
            "*30/10s@1h A$1@1h2m",
            "smokescreen+4@1h smokescreen^16@1h2m smokescreen.31@1h35m",
        ),
        (
            "sign-ups at 20 services",
            "*+20/10s@1h",
            "smokescreen+4@1h smokescreen^16@1h2m smokescreen.20@1h35m",
        ),
        ("another service every half hour", "*12/31m@1h", ""),
        ("another service every five minutes", "*12/5m@1h", ""),
        (
            "a smokescreen and a flood of one of them",
            "*4/1m@1h A5/1m@1h",
            "smokescreen+4@1h2m hammered+5@1h4m smokescreen.5@1h35m hammered.5@1h35m",
        ),
        (
            "a smokescreen found two days late",
            "*6/1m@1h<2d1h",
            "smokescreen+4@2d1h smokescreen.6@2d1h5m",
        ),
    ])
    .await;
}

#[tokio::test]
async fn kinds_of_code() {
    check(&[
        ("five sign-ups", "A+5/1m@1h", "hammered+5@1h4m hammered.5@1h35m"),
        ("three logins and three sign-ups are apart", "A3/1m@1h A+3/1m@1h30s", ""),
        (
            "five logins and five sign-ups",
            "A5/1m@1h A+5/1m@1h30s",
            "hammered+5@1h4m hammered+5@1h4m hammered.5@1h35m hammered.5@1h35m",
        ),
        (
            "three logins and three resets count together",
            "A3/1m@1h A-3/1m@1h30s",
            "hammered+5@1h2m hammered.6@1h35m",
        ),
        (
            "logins, resets and a transfer",
            "A2/1m@1h A-2/1m@1h30s A$1@1h3m",
            "hammered+5@1h3m hammered.5@1h35m",
        ),
    ])
    .await;
}

#[tokio::test]
async fn late_doubled_and_out_of_order() {
    check(&[
        ("each delivered twice", "A3x2/1m@1h", ""),
        ("five, each delivered twice", "A5x2/1m@1h", "hammered+5@1h4m hammered.5@1h35m"),
        ("each copied by a second rule", "A3&2/1m@1h", ""),
        ("five, each copied by a second rule", "A5&2/1m@1h", "hammered+5@1h4m hammered.5@1h35m"),
        ("the newest first", "A8/1m@1h>1h20m", "hammered+5@1h20m hammered.8@1h40m"),
        (
            "a mail of the flood that arrives after its close",
            "A55/1s@3h A1@3h<9h",
            "hammered+5@3h hammered^20@3h hammered.55@3h35m",
        ),
        (
            "many of the flood that arrive after its close",
            "A6/1m@1h A30/1s@1h6m<1h40m",
            "hammered+5@1h4m hammered.6@1h35m",
        ),
        (
            "a mail of the noon flood after the evening one",
            "A6/1m@12h A6/1m@18h A1@12h2m<19h",
            "hammered+5@12h4m hammered.6@12h35m hammered+5@18h4m hammered.6@18h35m",
        ),
        (
            "four of noon, found after the evening flood",
            "A6/1m@18h A4/1m@12h<19h",
            "hammered+5@18h4m hammered.6@18h35m",
        ),
        (
            "a flood that is found two days late",
            "A6/1m@1h<2d1h",
            "hammered+5@2d1h hammered.6@2d1h5m",
        ),
        (
            "a flood that is found in two parts",
            "A3/1m@1h<5h A3/1m@1h3m<6h",
            "hammered+5@6h hammered.6@6h5m",
        ),
        ("a fifth that is found at night", "A4/1m@1h A1@1h5m<9h", "hammered+5@9h hammered.5@9h5m"),
        ("a trickle that is found a day late", "A12/1h@0h<2d", "trickle+12@2d trickle.12@2d5m"),
        (
            "a late flood before an open one",
            "A6/1m@5h A6/1m@1h<5h6m",
            "hammered+5@5h4m hammered+5@5h6m hammered.6@5h10m hammered.6@5h35m",
        ),
        (
            "late ones between two floods",
            "A6/1m@1h A6/1m@1h50m A3/12m@1h17m<2h",
            "hammered+5@1h4m hammered.6@1h35m hammered+5@1h54m hammered.6@2h25m",
        ),
        (
            "out of order across the close",
            "A6/1m@1h>1h6m A4/1m@1h6m<1h50m A5/1m@3h",
            "hammered+5@1h6m hammered.6@1h35m hammered+5@3h4m hammered.5@3h35m",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_mute_silences_the_bell_and_not_the_closing() {
    check(&[
        ("a flood of a muted service", "mute:A<3h A25/10s@1h", "hammered.25@1h35m/muted2"),
        (
            "another service rings",
            "mute:A<3h A5/1m@1h B5/1m@1h",
            "hammered+5@1h4m hammered.5@1h35m hammered.5@1h35m/muted1",
        ),
        (
            "the mute ends in the midst",
            "mute:A<1h10m A30/1m@1h",
            "hammered+20@1h19m/muted1 hammered.30@2h/muted1",
        ),
        ("the mute had ended before", "mute:A<1h A5/1m@1h", "hammered+5@1h4m hammered.5@1h35m"),
        (
            "a muted service among four",
            "mute:A<3h A1@1h B1@1h1m C1@1h2m D1@1h3m",
            "smokescreen+4@1h3m smokescreen.4@1h35m",
        ),
    ])
    .await;
}

#[tokio::test]
async fn the_first_mail_of_a_person() {
    check(&[
        ("one login", "new A1@1h", "connected!1@1h10m"),
        ("another days later", "new A1@1h A1@4d", "connected!1@1h10m"),
        ("one that cannot be shown to be real", "new a1@1h", ""),
        ("first such a one, then a real one", "new a1@1h B1@2h", "connected!1@2h10m"),
        ("a flood from the first mail on", "new A6/1m@1h", "hammered+5@1h4m hammered.6@1h35m"),
        (
            "a flood five minutes after it",
            "new A1@1h A6/1m@1h5m",
            "hammered+5@1h8m hammered.7@1h40m",
        ),
        (
            "a flood a quarter of an hour after it",
            "new A1@1h A6/1m@1h15m",
            "connected!1@1h10m hammered+5@1h19m hammered.6@1h50m",
        ),
        (
            "a flood of a muted service",
            "new mute:A<3h A6/1m@1h",
            "connected!1@1h10m hammered.6@1h35m/muted1",
        ),
        (
            "forged ones first, then a real one",
            "new a5/1m@1h A1@2h",
            "phishing-flood+5@1h4m phishing-flood.5@1h35m connected!1@2h10m",
        ),
        (
            "a real one, and then forged ones of another service",
            "new B1@1h a5/1m@1h2m",
            "phishing-flood+5@1h6m phishing-flood.5@1h40m",
        ),
        ("a mailbox at home", "new home A1@1h", ""),
        ("somebody who is known", "A1@1h", ""),
    ])
    .await;
}

#[tokio::test]
async fn what_limits_hold_back_is_said_in_the_next_alert() {
    check(&[
        ("two an hour, three services", "hourly:2 B5/1m@1h C5/1m@1h D5/1m@1h A5/1m@3h", "hammered+5@1h4m hammered+5@1h4m hammered+5@3h4m/held4 hammered.5@3h35m"),
        ("openings of known services always ring", "hourly:1 B5/1m@1h A5/1m@1h10m", "hammered+5@1h4m hammered+5@1h14m"),
        (
            "twelve services, each five times",
            "*12/1s@1h *12/1s@1h1m *12/1s@1h2m *12/1s@1h3m *12/1s@1h4m A5/1m@3h",
            "smokescreen+4@1h hammered+5@1h4m hammered+5@1h4m hammered+5@1h4m hammered+5@1h4m hammered+5@1h4m hammered+5@1h4m hammered+5@1h4m hammered+5@1h4m hammered+5@1h4m hammered+5@3h4m/held16 hammered.5@3h35m",
        ),
        ("forwarding is asked for twice", "F2/1h@1h", "forward-confirmation!1@1h forward-confirmation!1@2h"),
        ("forwarding is asked for seven times", "F7/1m@1h A5/1m@2h", "forward-confirmation!1@1h forward-confirmation!1@1h1m forward-confirmation!1@1h2m forward-confirmation!1@1h3m forward-confirmation!1@1h4m hammered+5@2h4m/held2 hammered.5@2h35m"),
        ("observing only", "observe A55/1s@3h", ""),
    ])
    .await;
}
