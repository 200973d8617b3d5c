//! What hansho's reading of a mail is measured against: mail-parser.

use mail_parser::{MessageParser, MimeHeaders as _};

/// What mail-parser does of the same job: the whole mail parsed and its
/// headers and texts asked for.
pub fn read(raw: &[u8]) -> usize {
    let Some(message) = MessageParser::default().parse(raw) else { return 0 };
    let addresses = message.from().into_iter().chain(message.to()).flat_map(|list| list.iter());
    let named = addresses.filter_map(|address| address.address()).map(str::len).sum::<usize>();
    let attached = message.attachments().map(|part| part.contents().len()).sum::<usize>();
    named
        + attached
        + message.subject().map_or(0, str::len)
        + message.body_text(0).map_or(0, |text| text.len())
        + message.date().map_or(0, |date| usize::from(date.year))
        + message.message_id().map_or(0, str::len)
        + message.content_type().map_or(0, |kind| kind.ctype().len())
}
