//! `Authentication-Results` of other servers.

use crate::mail::{AuthStatus, authentication_results};

type Expected =
    (&'static str, &'static [(AuthStatus, &'static str)], &'static [(AuthStatus, &'static str)]);

#[test]
fn results_are_read_and_nothing_can_be_smuggled_in() {
    use AuthStatus::{Fail, Neutral, None as NoResult, Pass, TempError};
    let cases: &[(&str, Option<Expected>)] = &[
        (
            "mx.Example.com; dkim=pass header.i=@example.org header.s=s1 header.b=abc; spf=pass (example.com: domain of a@example.org designates 192.0.2.1) smtp.mailfrom=a@example.org; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=Example.org",
            Some(("mx.example.com", &[(Pass, "example.org")], &[(Pass, "example.org")])),
        ),
        ("mx.example.com 1; none", Some(("mx.example.com", &[], &[]))),
        (
            "mx.example.com; dkim=fail (bad; dkim=pass header.d=bank.example.com) header.d=a.example.com; dkim/1=temperror header.d=b.example.com",
            Some(("mx.example.com", &[(Fail, "a.example.com"), (TempError, "b.example.com")], &[])),
        ),
        (
            "mx.example.com; spf=pass smtp.mailfrom=\"x; dmarc=pass header.from=bank.example.com; y\"@evil.example.com; dmarc=none header.from=evil.example.com",
            Some(("mx.example.com", &[], &[(NoResult, "evil.example.com")])),
        ),
        (
            "mx.example.com; spf=pass (a \\) ; dmarc=pass header.from=bank.example.com) smtp.mailfrom=a; dmarc=softfail header.from=a.example.com",
            Some(("mx.example.com", &[], &[(Fail, "a.example.com")])),
        ),
        (
            "mx.example.com; dmarc=gray header.from=\"a b\"",
            Some(("mx.example.com", &[], &[(Neutral, "a_b")])),
        ),
        ("mx.example.com; spf=pass \"x; dmarc=pass header.from=bank.example.com", None),
        ("mx.example.com; spf=pass (x; dmarc=pass header.from=bank.example.com", None),
        ("", None),
        (" ; dmarc=pass header.from=a.example.com", None),
    ];
    for (value, expected) in cases {
        let found = authentication_results(value);
        let flat = |results: &[crate::mail::AuthResult]| {
            results.iter().map(|one| (one.result, one.domain.clone())).collect::<Vec<_>>()
        };
        let wanted = |results: &[(AuthStatus, &str)]| {
            results
                .iter()
                .map(|(result, domain)| (*result, (*domain).to_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            found.map(|found| (found.server.clone(), flat(&found.dkim), flat(&found.dmarc))),
            expected.map(|(server, dkim, dmarc)| (server.to_owned(), wanted(dkim), wanted(dmarc))),
            "{value}"
        );
    }
}
