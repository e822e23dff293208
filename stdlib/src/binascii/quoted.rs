//! Quoted-printable of RFC 2045; in headers (RFC 1522) underscores stand for blanks.

/// Most characters of a line, without its end.
const LINE: usize = 76;

fn hex_value(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// The bytes of quoted-printable text.
pub(super) fn decode(text: &[u8], header: bool) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(&byte) = text.get(at) {
        at += 1;
        match (byte, text.get(at), text.get(at + 1)) {
            (b'=', None, _) => {}
            (b'=', Some(b'\n' | b'\r'), _) => {
                // A soft line break, up to and with the newline.
                let end = text[at..].iter().position(|&byte| byte == b'\n');
                at = end.map_or(text.len(), |len| at + len + 1);
            }
            (b'=', Some(b'='), _) => {
                out.push(b'=');
                at += 1;
            }
            (b'=', Some(&high), Some(&low)) => match (hex_value(high), hex_value(low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    at += 2;
                }
                _ => out.push(b'='),
            },
            (b'_', ..) if header => out.push(b' '),
            _ => out.push(byte),
        }
    }
    out
}

/// Quoted-printable text. Line ends stay unless the data is binary; all are `\r\n` if the first is.
pub(super) fn encode(data: &[u8], quote_tabs: bool, is_text: bool, header: bool) -> Vec<u8> {
    let first_end = data.iter().position(|&byte| byte == b'\n');
    let has_returns = first_end.is_some_and(|at| at > 0 && data[at - 1] == b'\r');
    let line_end: &[u8] = if has_returns { b"\r\n" } else { b"\n" };
    let (mut out, mut column, mut at) = (Vec::with_capacity(data.len()), 0, 0);
    while let Some(&byte) = data.get(at) {
        let next = data.get(at + 1).copied();
        if must_quote(byte, next, column, quote_tabs, is_text, header) {
            if column + 3 >= LINE {
                out.push(b'=');
                out.extend_from_slice(line_end);
                column = 0;
            }
            out.extend_from_slice(format!("={byte:02X}").as_bytes());
            column += 3;
            at += 1;
            continue;
        }
        let ends_line = byte == b'\n' || (byte == b'\r' && next == Some(b'\n'));
        if is_text && ends_line {
            column = 0;
            // Blanks at the end of a line would be lost.
            if let Some(&blank @ (b' ' | b'\t')) = out.last() {
                out.pop();
                out.extend_from_slice(format!("={blank:02X}").as_bytes());
            }
            out.extend_from_slice(line_end);
            at += if byte == b'\r' { 2 } else { 1 };
            continue;
        }
        let is_inside = next.is_some_and(|next| next != b'\n');
        if is_inside && column + 1 >= LINE {
            out.push(b'=');
            out.extend_from_slice(line_end);
            column = 0;
        }
        column += 1;
        out.push(if header && byte == b' ' { b'_' } else { byte });
        at += 1;
    }
    out
}

fn must_quote(
    byte: u8,
    next: Option<u8>,
    column: usize,
    quote_tabs: bool,
    is_text: bool,
    header: bool,
) -> bool {
    let is_blank = matches!(byte, b' ' | b'\t');
    let is_line_end = matches!(byte, b'\r' | b'\n');
    let starts_dot_line =
        byte == b'.' && column == 0 && (next.is_none() || matches!(next, Some(b'\n' | b'\r' | 0)));
    byte > 126
        || byte == b'='
        || (header && byte == b'_')
        || starts_dot_line
        || (!is_text && is_line_end)
        || (is_blank && next.is_none())
        || (byte < 33 && !is_line_end && !is_blank)
        || (is_blank && quote_tabs)
}
