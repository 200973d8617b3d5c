//! The texts in Japanese: polite, calm, in sentences that can be read aloud.

use jiff::Zoned;
use jiff::civil::Weekday;

use super::{Heading, Voice, same_day, same_minute};
use crate::burst::{AlertKind, Phase};
use crate::classify::{Implies, Kind};
use crate::message::Language;
use crate::message::clock::DeskState;
use crate::message::playbook::{Desk, Source};
use crate::message::sms::Piece;
use crate::message::story::Story;

/// The voice of [`Language::Ja`].
pub(super) struct Japanese;

impl Voice for Japanese {
    fn columns(&self) -> usize {
        56
    }

    fn marks(&self) -> (&'static str, &'static str) {
        ("■ ", "・")
    }

    fn subject(&self, story: &Story) -> String {
        let name = story.headline_name(Language::Ja);
        let (total, more) = (total(story), story.facts.since_last);
        let mail = short_mail(story.facts.kind);
        let what = match (story.facts.alert, story.facts.phase) {
            (AlertKind::ForwardConfirmation, _) => "メール転送の確認が届いています".to_owned(),
            (AlertKind::Connected, _) => "転送がつながりました".to_owned(),
            (AlertKind::Smokescreen, Phase::Closed) => {
                format!("収まりました：{total}のサービスからコードのメール")
            }
            (_, Phase::Closed) => format!("収まりました：{name}の{mail}、全部で{total}"),
            (AlertKind::Smokescreen, Phase::Escalated) => {
                format!("続いています：{total}のサービスからコードのメール")
            }
            (_, Phase::Escalated) => {
                format!("続いています：{name}の{mail}、さらに{more}通、合計{total}")
            }
            (AlertKind::Smokescreen, _) => {
                format!("{total}のサービスから、コードのメールが一度に届いています")
            }
            (AlertKind::PhishingFlood, _) => {
                format!("偽物かもしれません：{name}を名乗る{mail}{total}")
            }
            (AlertKind::Trickle, _) => format!("繰り返し届いています：{name}の{mail}{total}"),
            (AlertKind::Hammered, _) => {
                format!("{}：{name}の{mail}{total}", suspicion(story.facts.kind))
            }
        };
        format!("【半鐘】{what}")
    }

    fn happened(&self, story: &Story) -> Vec<String> {
        match (story.facts.alert, story.facts.phase) {
            (AlertKind::ForwardConfirmation, _) => forward_confirmation(story),
            (AlertKind::Connected, _) => vec![format!(
                "{}に、{}のコードのメールが届きました。転送は正しく働いています。",
                moment(story, &story.last),
                story.name()
            )],
            (_, Phase::Opened | Phase::Once) => opened(story),
            (_, Phase::Escalated) => escalated(story),
            (_, Phase::Closed) => closed(story),
        }
    }

    fn meaning(&self, story: &Story) -> Vec<String> {
        let name = story.name();
        let mut said = match story.facts.alert {
            AlertKind::Hammered | AlertKind::Trickle => implied(story, &name),
            AlertKind::Smokescreen => vec![
                "大量のメールは、本当に大事な一通を隠すための煙幕かもしれません。送金や注文、登録変更の知らせが紛れていないか、確かめてください。".to_owned(),
                "アドレスだけを知っている人のいたずらのこともあります。パスワードを知られたとは限りません。".to_owned(),
            ],
            AlertKind::PhishingFlood => vec![
                "どのメールも、名乗っているところが本当に送ったものか、確かめられません。偽物かもしれませんし、本物が混じっているかもしれません。".to_owned(),
                "メールの中のものは何も開かず、公式サイトをご自身で開いて確かめてください。".to_owned(),
            ],
            AlertKind::ForwardConfirmation | AlertKind::Connected => Vec::new(),
        };
        if story.facts.alert == AlertKind::Trickle {
            said.insert(0, "短い間に集中してはいませんが、だれかが、またはあなたの資産管理アプリなどが、繰り返し試しているようです。".to_owned());
        }
        said
    }

    fn notes(&self, story: &Story) -> Vec<String> {
        let mut notes = Vec::new();
        if story.facts.held_back > 0 {
            notes.push(format!(
                "送る数の上限のため、前のお知らせのあとに、別のお知らせ{}件を控えました。",
                story.facts.held_back
            ));
        }
        if story.facts.muted > 0 {
            notes.push(format!(
                "ミュート中のため、この件のお知らせ{}件は送っていません。",
                story.facts.muted
            ));
        }
        if story.name().contains("[.]") || story.services().iter().any(|name| name.contains("[.]"))
        {
            notes
                .push("誤って開くことのないよう、ドメイン名の点を [.] と書いています。".to_owned());
        }
        if story.facts.alert != AlertKind::ForwardConfirmation {
            notes.push(zone(story.clock.zone_name()));
        }
        notes
    }

    fn heading(&self, heading: Heading) -> &'static str {
        match heading {
            Heading::Happened => "何が起きたか",
            Heading::Meaning => "何を意味するか",
            Heading::DoNow => "いますること（上から順に）",
            Heading::IfNotYet => "まだでしたら、いますること",
            Heading::StillToDo => "まだでしたら、これから済ませること",
            Heading::Never => "してはいけないこと",
            Heading::FalseAlarm => "心配のいらない場合",
            Heading::Link => "確認のリンク",
        }
    }

    fn desk(&self, story: &Story, desk: &Desk, state: &DeskState) -> String {
        let name = desk.name.get(Language::Ja);
        let wait = desk
            .wait
            .as_ref()
            .map_or(String::new(), |wait| format!("{}。", wait.get(Language::Ja)));
        match state {
            DeskState::Open(until) => {
                let until = story.clock.here(until);
                let meanwhile = match desk.wait {
                    Some(_) => "待っている間に、次からの手順を進めてください。",
                    None => "",
                };
                format!("{name}は、いま受付中です（{}まで）。{wait}{meanwhile}", time(&until))
            }
            DeskState::Closed(Some(next)) => {
                let next = story.clock.here(next);
                format!(
                    "{name}は、いまは時間外です。次の受付は{}からです。{wait}",
                    moment(story, &next)
                )
            }
            DeskState::Closed(None) => format!("{name}は、いまは時間外です。"),
        }
    }

    fn needs(&self, needs: &str) -> String {
        format!("必要なもの：{needs}")
    }

    fn source(&self, source: &Source) -> String {
        format!("手順の出典：{}、{}に確認。", source.name.get(Language::Ja), source.checked)
    }

    fn sms(&self, story: &Story) -> (Vec<Piece>, &'static str) {
        let mut pieces = vec![Piece::must("{name}")];
        let (total, mail) = (total(story), short_mail(story.facts.kind));
        if story.facts.phase == Phase::Escalated {
            pieces.push(Piece::must(format!("の{mail}がさらに{}通", story.facts.since_last)));
            pieces.push(Piece::may(2, format!("、合計{total}")));
            pieces.push(Piece::must("。"));
        } else if story.late() {
            let at = &story.first;
            let (date, time) = (at.strftime("%-m/%-d"), at.strftime("%-H:%M"));
            pieces.push(Piece::must(format!("に{date} {time}から{mail}{total}。")));
        } else {
            pieces.push(Piece::must(format!("の{mail}{total}。")));
        }
        let meaning = match (story.facts.alert, story.about.implies, story.facts.kind) {
            (AlertKind::Trickle, ..) | (_, Implies::Identifier, _) => "",
            (_, Implies::Password, _) => "心当たりがなければパスワードを知られています。",
            (_, Implies::Unknown, Kind::Login) => "パスワードを知られたおそれ。",
            (_, Implies::Unknown, Kind::Transaction) => "不正な取引のおそれ。",
            (_, Implies::Unknown, Kind::Signup | Kind::Reset) => "",
        };
        pieces.push(Piece::may(1, meaning));
        if story.mixed() {
            pieces.push(Piece::may(4, "一部は真偽不明。"));
        }
        pieces.push(Piece::may(3, "コードは教えないでください。"));
        if let Some(now) = story.plan.sms.first() {
            pieces.push(Piece::must(now.text.get(Language::Ja)));
        }
        (pieces, "あるサービス")
    }

    fn sms_barest(&self) -> &'static str {
        "身に覚えのないコードのメールが続けて届いています。コードは教えず、公式サイトで確かめてください"
    }
}

fn opened(story: &Story) -> Vec<String> {
    let facts = story.facts;
    let mut said = Vec::new();
    if story.late() {
        said.push("このお知らせは遅れて届いています。いまのことではありません。".to_owned());
    }
    let (span, total) = (span(story), total(story));
    said.push(match facts.alert {
        AlertKind::Smokescreen => {
            format!("{span}、{total}のサービスからコードのメールが届きました。")
        }
        _ => format!("{span}、{}が{total}届きました。", mails(story)),
    });
    said.extend(listed(story));
    said.extend(mixed(story));
    said
}

fn escalated(story: &Story) -> Vec<String> {
    let facts = story.facts;
    let mut said = vec![if facts.alert == AlertKind::Smokescreen {
        format!(
            "前のお知らせのあと、さらに{}のサービスから届き、全部で{}のサービスになりました。",
            services(facts.since_last),
            total(story)
        )
    } else {
        format!(
            "前のお知らせのあと、{}がさらに{}通届き、合計{}になりました。",
            mails(story),
            facts.since_last,
            total(story)
        )
    }];
    said.push(peak(story));
    said.push(format!("最初は{}、最後は{}です。", moment(story, &story.first), later(story)));
    said.extend(listed(story));
    said.extend(mixed(story));
    said
}

fn closed(story: &Story) -> Vec<String> {
    let facts = story.facts;
    let mut said = vec![if facts.alert == AlertKind::Smokescreen {
        format!("新しいメールは来なくなりました。全部で{}のサービスから届きました。", total(story))
    } else {
        format!(
            "新しいメールは来なくなりました。{}は、全部で{}でした。",
            mails(story),
            total(story)
        )
    }];
    said.push(format!("最初は{}、最後は{}です。", moment(story, &story.first), later(story)));
    said.push(peak(story));
    said.extend(listed(story));
    said.extend(mixed(story));
    said
}

fn forward_confirmation(story: &Story) -> Vec<String> {
    let mailbox = story.facts.mailbox.as_deref().map(crate::message::plain::mailbox);
    let who = mailbox.map_or("あるメールボックス".to_owned(), |mailbox| {
        format!("メールボックス {mailbox} ")
    });
    vec![
        format!("{who}から、コードのメールを半鐘に転送してよいか、確認が届いています。"),
        "ご自身で転送を設定したのでなければ、何もしないでください。そのままなら、転送は始まりません。".to_owned(),
    ]
}

/// What the codes of this service imply, and nothing beyond it.
fn implied(story: &Story, name: &str) -> Vec<String> {
    match (story.about.implies, story.facts.kind) {
        (Implies::Password, Kind::Transaction) => vec![
            format!("{name}がこのメールを送るのは、正しいパスワードでログインした人が、支払いや送金などの手続きをしたときです。"),
            "ご自身の手続きでなければ、だれかがあなたのパスワードを知っていて、お金を動かそうとしています。".to_owned(),
        ],
        (Implies::Password, _) => vec![
            format!("{name}がこのメールを送るのは、正しいIDとパスワードが入力されたあとです。"),
            "ご自身や、連携したアプリのログインでなければ、だれかがあなたのパスワードを知っています。コードが渡らないかぎり、その先へは進めません。".to_owned(),
        ],
        (Implies::Identifier, Kind::Login) => vec![
            format!("{name}のこのメールは、IDかメールアドレスを知っていれば、だれでも送らせることができます。パスワードを知られたとは限りません。"),
            "ただし、コードを知られると、それだけでログインされるおそれがあります。".to_owned(),
        ],
        (Implies::Identifier, Kind::Reset) => vec![
            "パスワードの再設定は、IDかメールアドレスを知っていれば、だれでも申し込めます。パスワードを知られたとは限りません。".to_owned(),
            "ただし、このメールのコードやリンクを使われると、パスワードを変えられてしまいます。".to_owned(),
        ],
        (Implies::Identifier, _) => vec![
            "この手続きは、メールアドレスを知っていれば、だれでも始められます。パスワードを知られたとは限りません。".to_owned(),
        ],
        (Implies::Unknown, Kind::Transaction) => vec![
            "だれかが、あなたの名義で支払いや送金などの手続きをしようとしているかもしれません。コードが渡らないかぎり、その手続きは終わりません。".to_owned(),
        ],
        (Implies::Unknown, Kind::Reset) => vec![
            "だれかが、あなたのパスワードを再設定しようとしているかもしれません。いまのパスワードを知られたかどうかは、このメールからは分かりません。".to_owned(),
            "このメールのコードやリンクを使われると、パスワードを変えられてしまいます。".to_owned(),
        ],
        (Implies::Unknown, Kind::Signup) => vec![
            "だれかが、あなたのメールアドレスで新規登録をしようとしているかもしれません。コードが渡らないかぎり、登録は終わりません。".to_owned(),
        ],
        (Implies::Unknown, Kind::Login) => vec![
            "だれかが、あなたのアカウントにログインしようとしているかもしれません。パスワードまで知られているかは、このメールからは分かりません。念のため、知られたものとして対処してください。".to_owned(),
        ],
    }
}

fn mixed(story: &Story) -> Option<String> {
    let rest = story.facts.count.saturating_sub(story.facts.verified);
    story.mixed().then(|| {
        format!("このうち{rest}通は、本物の送信元からと確かめられませんでした。偽物が混じっているかもしれません。")
    })
}

fn listed(story: &Story) -> Option<String> {
    let names = story.services();
    let rest = if names.len() < story.facts.count as usize { "など" } else { "" };
    (!names.is_empty()).then(|| format!("届いたのは、{}{rest}です。", names.join("、")))
}

fn peak(story: &Story) -> String {
    let most = match story.facts.alert {
        AlertKind::Smokescreen => format!("{}のサービス", services(story.facts.peak)),
        _ => format!("{}通", story.facts.peak),
    };
    format!("最も多いときは、{}に{most}でした。", span_words(story.window_minutes()))
}

/// `55通以上`, or of services `4つ`.
fn total(story: &Story) -> String {
    let count = story.facts.count;
    let number = match story.facts.alert {
        AlertKind::Smokescreen => services(count),
        _ => format!("{count}通"),
    };
    if story.facts.at_least { format!("{number}以上") } else { number }
}

fn services(count: u32) -> String {
    if count < 10 { format!("{count}つ") } else { format!("{count}") }
}

/// The mails by their sender, or by what they claim.
fn mails(story: &Story) -> String {
    let of = if story.facts.alert == AlertKind::PhishingFlood { "を名乗る" } else { "の" };
    format!("{}{of}{}", story.name(), mail(story.facts.kind))
}

fn mail(kind: Kind) -> &'static str {
    match kind {
        Kind::Login => "ログイン認証のメール",
        Kind::Signup => "新規登録の確認メール",
        Kind::Reset => "パスワード再設定のメール",
        Kind::Transaction => "取引認証のメール",
    }
}

/// The same for narrow places.
fn short_mail(kind: Kind) -> &'static str {
    match kind {
        Kind::Login => "認証メール",
        Kind::Signup => "登録確認メール",
        Kind::Reset => "再設定メール",
        Kind::Transaction => "取引認証メール",
    }
}

/// What a burst of such mails may be.
fn suspicion(kind: Kind) -> &'static str {
    match kind {
        Kind::Login => "不正ログインのおそれ",
        Kind::Signup => "身に覚えのない登録のおそれ",
        Kind::Reset => "パスワード変更を狙われたおそれ",
        Kind::Transaction => "不正な取引のおそれ",
    }
}

/// When the mails came, as an adverb.
fn span(story: &Story) -> String {
    if same_minute(&story.first, &story.last) {
        return format!("{}に", moment(story, &story.first));
    }
    let minutes = span_words(story.span_minutes());
    format!("{}から{}までの{minutes}に", moment(story, &story.first), later(story))
}

/// The last instant, without its date if that was just said.
fn later(story: &Story) -> String {
    if same_day(&story.first, &story.last) { time(&story.last) } else { moment(story, &story.last) }
}

fn span_words(minutes: i64) -> String {
    match (minutes / 1440, minutes % 1440 / 60, minutes % 60) {
        (0, 0, m) => format!("{m}分間"),
        (0, h, 0) => format!("{h}時間"),
        (0, h, m) => format!("{h}時間{m}分"),
        (1, 0, 0) => "24時間".to_owned(),
        (d, 0, _) => format!("{d}日間"),
        (d, h, _) => format!("{d}日と{h}時間"),
    }
}

/// `11月22日（日）3時02分`, with the year if it is far away.
fn moment(story: &Story, at: &Zoned) -> String {
    let day = match at.weekday() {
        Weekday::Monday => "月",
        Weekday::Tuesday => "火",
        Weekday::Wednesday => "水",
        Weekday::Thursday => "木",
        Weekday::Friday => "金",
        Weekday::Saturday => "土",
        Weekday::Sunday => "日",
    };
    let (year, month, date) = (at.year(), at.month(), at.day());
    let year = if story.is_near(at) { String::new() } else { format!("{year}年") };
    format!("{year}{month}月{date}日（{day}）{}", time(at))
}

fn time(at: &Zoned) -> String {
    format!("{}時{:02}分", at.hour(), at.minute())
}

fn zone(name: &str) -> String {
    match name {
        "Asia/Tokyo" => "時刻は日本時間です。".to_owned(),
        other => format!("時刻は{other}のものです。"),
    }
}
