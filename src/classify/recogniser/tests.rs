//! Claims on single mails, one line a case, beside the corpus.

use super::weigh;
use crate::classify::page::Page;
use crate::classify::{Outcome, Reader, classify, phrases, tokens};
use crate::mail::{Letter, Mailbox};

fn taken(subject: &str, text: &str) -> (Outcome, String) {
    let letter = Letter {
        from: vec![Mailbox { name: String::new(), address: "a@service.example.com".to_owned() }],
        subject: subject.to_owned(),
        text: text.to_owned(),
        ..Letter::default()
    };
    let verdict = classify(&letter, &Reader::default());
    (verdict.outcome, format!("{} {:#?}", verdict.score, verdict.signals))
}

#[test]
fn these_are_code_mails() {
    let mut faults = Vec::new();
    for (subject, text) in [
        ("Your code", "481902"),
        ("Your security code", "Security code: 48-19-02"),
        ("G-481902 is your Fernwick verification code", ""),
        (
            "Sign in to Fernwick",
            "Enter this code to sign in:\n\n4819 0271\n\nIt expires in 10 minutes.",
        ),
        ("Your one-time password", "Use 4819 as your one-time password to log in."),
        (
            "Verify your email address",
            "To finish signing up, enter the code below.\n\n4\n8\n1\n9\n0\n2",
        ),
        ("Log in", "Your login code is QXKVBN. Do not share it."),
        ("Reset your password", "Your password reset code is AB4-81C."),
        ("ログイン認証", "認証コード　４８１９０２"),
        (
            "ワンタイムパスワードのお知らせ",
            "下記のワンタイムパスワードを入力してください。\n\n48190271",
        ),
        ("本人確認", "次の6桁の数字をアプリに入力してください\n481 902"),
        ("Ihr Anmeldecode", "Ihr Code lautet 481902. Er ist 10 Minuten gültig."),
        ("Código de verificación", "Tu código de verificación es 481902."),
        ("Votre code de connexion", "Saisissez le code 481902 pour vous connecter."),
        ("Codice di accesso", "Il codice per accedere è 481902. Scade tra 5 minuti."),
        ("Seu código de acesso", "Digite o código 481902 para entrar na sua conta."),
        ("Je inlogcode", "Je inlogcode is 481902. Deze is 10 minuten geldig."),
        ("Kod logowania", "Twój kod logowania: 481902. Nie udostępniaj go nikomu."),
        ("Код для входа", "Ваш код для входа: 481902. Никому не сообщайте его."),
        ("Giriş kodunuz", "Giriş kodunuz: 481902. Kimseyle paylaşmayın."),
        ("Mã xác minh", "Mã xác minh của bạn là 481902."),
        ("รหัสยืนยัน", "รหัสยืนยันของคุณคือ 481902"),
        ("Kode verifikasi", "Kode verifikasi kamu adalah 481902. Jangan bagikan."),
        ("رمز التحقق", "رمز التحقق الخاص بك هو ٤٨١٩٠٢"),
        ("인증번호 안내", "인증번호는 481902 입니다."),
        ("验证码", "您的验证码是481902，5分钟内有效。"),
        ("驗證碼", "您的驗證碼為 481902，請勿告訴他人。"),
    ] {
        let (outcome, why) = taken(subject, text);
        if outcome != Outcome::Code {
            faults.push(format!("{subject}: {why}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn these_are_none() {
    let mut faults = Vec::new();
    for (subject, text) in [
        ("20% off", "Use code SPRING20 at checkout. Code: SPRING20"),
        ("Your order has shipped", "Order number: 481902\nTracking code: 48190271"),
        ("Invoice 481902", "Your invoice is attached. Customer number 481902"),
        ("Booking confirmed", "Confirmation code: 481902"),
        (
            "Zoom meeting invitation",
            "Join Zoom Meeting\nMeeting ID: 481 902 7715\nPasscode: 481902",
        ),
        ("Your stay", "The door code is 4819. The Wi-Fi password is 48190271."),
        (
            "Reset your password",
            "Click the link below to reset your password. The link expires in 60 minutes.",
        ),
        ("Confirm your email", "Click the button to verify your email address."),
        (
            "New sign-in to your account",
            "We noticed a new sign-in.\nTime: 2026-11-22 10:30\nIP address: 192.0.2.44",
        ),
        (
            "Turn on two-factor authentication",
            "Get a verification code by e-mail each time you sign in. Since 2019.",
        ),
        ("Beware of phishing", "We never ask for your verification code. Call us on 0120-481-902."),
        ("Unicode 16", "How to encode and decode 481902 code points in unicode."),
        ("クーポンコードのお知らせ", "クーポンコード：SUMMER2026\n有効期限：8月31日"),
        ("ご注文の確認", "ご注文番号：250-1234567-7654321\nパスワードをお忘れの方はこちら"),
        ("お荷物のお届け", "お問い合わせ番号：4819-0271-3344"),
        (
            "フィッシングにご注意ください",
            "認証コードを聞き出す手口が増えています。お問い合わせは0120-000-000まで。",
        ),
        ("二段階認証の設定のお願い", "認証コードによる二段階認証を2026年12月1日より必須とします。"),
        ("パスワード再設定", "下記のURLから再設定してください。リンクの有効期限は24時間です。"),
    ] {
        let (outcome, why) = taken(subject, text);
        if outcome == Outcome::Code {
            faults.push(format!("{subject}: {why}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_code_may_stand_in_the_subject_be_a_picture_or_be_letters_drawn_at_random() {
    let mut faults = Vec::new();
    for (subject, text) in [
        (
            "906271 – Brisa",
            "Olá,\no código de acesso está no assunto deste e-mail e expira em 10 minutos.",
        ),
        ("【清风】906271", "登录验证码见邮件标题，10分钟内有效。"),
        (
            "ログインの確認",
            "新しい端末からログインがありました。画面の絵のうち「灯台」をタップしてください。\n\
             ご本人でない場合は何も選ばないでください。",
        ),
        (
            "Is it you signing in?",
            "If it's you, tap the picture of the lighthouse.\nIf it isn't you, tap nothing.",
        ),
        ("重置密码", "您的验证码是 qZvBtRmX，30分钟内有效。"),
        ("Passwort zurücksetzen", "Schlüssel: HgTkWpLs\nGeben Sie ihn auf der offenen Seite ein."),
        (
            "Modifica dell'indirizzo di spedizione",
            "Usi il codice seguente per confermare:\n307-916\nScade tra 10 minuti.",
        ),
        (
            "Change your phone number",
            "To finish, enter 5501928 on the page or open https://rent.example.com/c?x=5501928.\n\
             If this wasn't you, change your password.",
        ),
    ] {
        let (outcome, why) = taken(subject, text);
        if outcome != Outcome::Code {
            faults.push(format!("{subject}: {why}"));
        }
    }
    for (subject, text) in [
        ("Re: 906271 verification code", "Please keep the subject line when you reply."),
        ("受付番号 906271", "件名の番号はそのままご返信ください。10日以内にご連絡します。"),
        (
            "Nouvelle connexion",
            "Une connexion à votre compte a eu lieu.\nSi ce n'est pas vous, changez votre mot de \
             passe : touchez l'icône Sécurité de l'application.",
        ),
        ("Wi-Fi for guests", "Key: HgTkWpLs\nDo not share it. Enter it on your phone."),
        (
            "Change of delivery address",
            "Your parcel goes to the new address. The driver asks for code 4471. It is valid today.",
        ),
    ] {
        let (outcome, why) = taken(subject, text);
        if outcome == Outcome::Code {
            faults.push(format!("{subject}: {why}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_number_that_the_mail_calls_something_else_is_no_code() {
    let (outcome, why) = taken(
        "[Ticket 481902] My verification code does not arrive",
        "Thank you, we look into it.\nTicket number: 481902",
    );
    assert_ne!(outcome, Outcome::Code, "{why}");
}

#[test]
fn what_looks_most_like_a_code_is_found_without_words_for_it() {
    for (text, likeliest) in [
        ("Fill in the box at home:\nR 8 2 K 0\nThank you", Some("r 8 2 k 0")),
        ("Paste this instead.\nradish-otter-58\nBye", Some("radish-otter-58")),
        ("The keeper wants to hear: NV3RT", Some("nv3rt")),
        ("Into the yellow field: 4 470 228", Some("4 470 228")),
        ("Ada has 9034 of them, and this came out:\n771 205", Some("771 205")),
        ("Nothing here is set off, and nothing has a number.", None),
        ("Call us: 0800 555 00 11", None),
        ("See you on Monday,\nthanks\nAda", None),
        ("Written on 2026-11-22", None),
    ] {
        let letter = Letter { text: text.to_owned(), ..Letter::default() };
        let page = Page::of(&letter);
        let found = weigh(&page, &phrases::find(&page), &tokens::find(&page), false);
        let spare = found.spare.map(|spare| page.slice(spare.token.start, spare.token.end));
        assert_eq!(found.code.map_or(spare, |_| Some("named")), likeliest, "{text}");
    }
}
