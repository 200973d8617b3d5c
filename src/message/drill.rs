//! An alert that is a drill: the texts that the real one would have, and before
//! them, in the first words, that it is none. Its SMS is a text of its own,
//! because the real one fills its segment.

use super::{Alert, Language, MAX_SUBJECT_CHARS, plain};

struct Words {
    mark: &'static str,
    lead: &'static str,
    sms: &'static str,
}

const JA: Words = Words {
    mark: "【訓練】",
    lead: "これは訓練です。本物の知らせではありません。あなたのアカウントには何も起きていません。\n\
           何もなさらなくて大丈夫です。この知らせが届いたことだけ、設定した方へお伝えください。\n\n\
           本物のときは、次のような知らせが届きます。\n\
           ――――――――――――――――――――\n\n",
    sms: "【訓練】半鐘の試験です。本物の知らせではありません。届けば成功です。何もなさらなくて大丈夫です。",
};

const EN: Words = Words {
    mark: "[DRILL] ",
    lead: "This is a drill, not a real alert. Nothing has happened to your accounts.\n\
           You need not do anything but tell whoever set this up that it has arrived.\n\n\
           A real alert would read like this.\n\
           ----------------------------------------\n\n",
    sms: "[DRILL] This is a test of hansho, not a real alert. It has arrived, so it works. You need not do anything.",
};

/// The alert, marked as a drill.
pub fn as_drill(alert: Alert, language: Language) -> Alert {
    let words = match language {
        Language::Ja => &JA,
        Language::En => &EN,
    };
    let subject = plain::line(&format!("{}{}", words.mark, alert.subject), MAX_SUBJECT_CHARS);
    let sms = alert.sms.map(|_| words.sms.to_owned());
    let mut json = alert.json;
    if let Some(fields) = json.as_object_mut() {
        fields.insert("drill".to_owned(), true.into());
        fields.insert("subject".to_owned(), subject.clone().into());
        fields.insert("sms".to_owned(), sms.clone().into());
    }
    Alert {
        subject_ascii: plain::line(
            &format!("{}{}", EN.mark, alert.subject_ascii),
            MAX_SUBJECT_CHARS,
        ),
        email: format!("{}{}", words.lead, alert.email),
        subject,
        sms,
        json,
    }
}
