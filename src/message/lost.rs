//! What a person is told when one of their channels no longer gets alerts, on
//! the other one. It may be a click on SNS's unsubscribe link, a link scanner's
//! or an attacker's.

use super::Language;

/// A way by which alerts reach a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Text messages.
    Sms,
    /// E-mail.
    Email,
}

impl Channel {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sms, Self::Email];

    /// The word of SNS, and of a subscription's filter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }

    /// The one that is left.
    pub fn other(self) -> Self {
        match self {
            Self::Sms => Self::Email,
            Self::Email => Self::Sms,
        }
    }
}

/// The texts about a channel that was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// Of an e-mail.
    pub subject: &'static str,
    /// Of an e-mail.
    pub email: &'static str,
    /// One segment of SMS.
    pub sms: &'static str,
}

/// What to say of a channel that was lost.
pub fn lost(channel: Channel, language: Language) -> Loss {
    match (channel, language) {
        (Channel::Email, Language::Ja) => Loss {
            subject: "半鐘: メールでの知らせが止まっています",
            email: "半鐘からのメールでの知らせが解除されています。\n\n\
                    ご自分で解除した覚えがなければ、半鐘を設定した方へご連絡ください。\n\
                    メールの画面を、ほかの人が操作しているおそれもあります。\n",
            sms: "半鐘のメールでの知らせが解除されています。覚えがなければ、設定した方へご連絡ください。",
        },
        (Channel::Sms, Language::Ja) => Loss {
            subject: "半鐘: SMSでの知らせが止まっています",
            email: "半鐘からのSMSでの知らせが解除されています。\n\n\
                    ご自分で解除した覚えがなければ、半鐘を設定した方へご連絡ください。\n\
                    このままでは、急ぎの知らせもメールだけになります。\n",
            sms: "半鐘のSMSでの知らせが解除されています。覚えがなければ、設定した方へご連絡ください。",
        },
        (Channel::Email, Language::En) => Loss {
            subject: "hansho: your alerts by e-mail have stopped",
            email: "Alerts of hansho no longer reach you by e-mail: the subscription is gone.\n\n\
                    If you did not end it, tell whoever set hansho up for you.\n\
                    Somebody else may be reading your mailbox.\n",
            sms: "Your alerts of hansho by e-mail have been unsubscribed. If that was not you, tell whoever set it up.",
        },
        (Channel::Sms, Language::En) => Loss {
            subject: "hansho: your alerts by SMS have stopped",
            email: "Alerts of hansho no longer reach you by SMS: the subscription is gone.\n\n\
                    If you did not end it, tell whoever set hansho up for you.\n\
                    Until then urgent alerts come by e-mail only.\n",
            sms: "Your alerts of hansho by SMS have been unsubscribed. If that was not you, tell whoever set it up.",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::sms;

    #[test]
    fn each_text_fits_its_channel() {
        for channel in Channel::ALL {
            for language in [Language::Ja, Language::En] {
                let loss = lost(channel, language);
                assert_eq!(sms::segments(loss.sms).parts, 1, "{}", loss.sms);
                assert!(loss.subject.chars().count() < 100);
                assert!(!loss.email.contains("http"));
            }
            assert_ne!(channel.other(), channel);
        }
    }
}
