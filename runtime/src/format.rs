//! The format mini-language of `format()` and f-strings, and `%` formatting of str, which share number layout.
//!
//! Decimal expansions are exact (the standard library's correctly rounded printing), as CPython's are.

pub mod percent;
pub mod template;

use crate::objects::float;
use crate::objects::int::{IntRef, parse};
use crate::objects::str::StrObject;
use crate::value::PyResult;

/// A parsed format specification.
#[derive(Clone, Debug)]
pub struct Spec {
    fill: char,
    align: Option<char>,
    /// The sign that was asked for.
    sign: Option<char>,
    no_negative_zero: bool,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    /// What stands between groups behind the point.
    fraction_grouping: Option<char>,
    kind: Option<char>,
}

/// Longest text that a width or precision may ask for.
const LIMIT: usize = 1 << 31;

/// Reads a specification; `type_name` words the error.
pub fn parse_spec(text: &str, type_name: &str) -> PyResult<Spec> {
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    let mut spec = Spec {
        fill: ' ',
        align: None,
        sign: None,
        no_negative_zero: false,
        alternate: false,
        width: 0,
        grouping: None,
        precision: None,
        fraction_grouping: None,
        kind: None,
    };
    let is_align = |c: Option<&char>| c.is_some_and(|c| matches!(c, '<' | '>' | '=' | '^'));
    let mut explicit_fill = false;
    if is_align(chars.get(1)) {
        (spec.fill, spec.align, at) = (chars[0], Some(chars[1]), 2);
        explicit_fill = true;
    } else if is_align(chars.first()) {
        (spec.align, at) = (Some(chars[0]), 1);
    }
    if let Some(&sign) = chars.get(at).filter(|c| matches!(c, '+' | '-' | ' ')) {
        (spec.sign, at) = (Some(sign), at + 1);
    }
    let eat = |wanted: char, at: &mut usize| {
        let found = chars.get(*at) == Some(&wanted);
        *at += usize::from(found);
        found
    };
    spec.no_negative_zero = eat('z', &mut at);
    spec.alternate = eat('#', &mut at);
    if eat('0', &mut at) {
        if !explicit_fill {
            spec.fill = '0';
        }
        if spec.align.is_none() {
            spec.align = Some('=');
        }
    }
    spec.width = read_number(&chars, &mut at)?.unwrap_or(0);
    if let Some(&group) = chars.get(at).filter(|c| matches!(c, ',' | '_')) {
        (spec.grouping, at) = (Some(group), at + 1);
        if let Some(&second) = chars.get(at).filter(|c| matches!(c, ',' | '_')) {
            let message = if second == group {
                format!("Cannot specify '{group}' with '{group}'.")
            } else {
                "Cannot specify both ',' and '_'.".to_owned()
            };
            return Err(crate::raise!(ValueError, "{message}"));
        }
    }
    if eat('.', &mut at) {
        spec.precision = read_number(&chars, &mut at)?;
        if let Some(&group) = chars.get(at).filter(|c| matches!(c, ',' | '_')) {
            (spec.fraction_grouping, at) = (Some(group), at + 1);
        }
        if spec.precision.is_none() && spec.fraction_grouping.is_none() {
            return Err(crate::raise!(ValueError, "Format specifier missing precision"));
        }
    }
    match &chars[at..] {
        [] => {}
        [kind] => spec.kind = Some(*kind),
        _ => {
            return Err(crate::raise!(
                ValueError,
                "Invalid format specifier '{text}' for object of type '{type_name}'"
            ));
        }
    }
    check_grouping(&spec, if type_name == "str" { 's' } else { 'd' })?;
    Ok(spec)
}

/// Digits are grouped where there are digits: decimal ones by either mark, others by underscores.
fn check_grouping(spec: &Spec, default: char) -> PyResult<()> {
    let Some(group) = spec.grouping else { return Ok(()) };
    match spec.kind.unwrap_or(default) {
        'd' | 'e' | 'f' | 'g' | 'E' | 'G' | 'F' | '%' => Ok(()),
        'b' | 'o' | 'x' | 'X' if group == '_' => Ok(()),
        kind => Err(crate::raise!(ValueError, "Cannot specify '{group}' with '{kind}'.")),
    }
}

fn read_number(chars: &[char], at: &mut usize) -> PyResult<Option<usize>> {
    let mut number: Option<usize> = None;
    while let Some(digit) = chars.get(*at).and_then(|c| c.to_digit(10)) {
        let next = number.unwrap_or(0).saturating_mul(10).saturating_add(digit as usize);
        if next > LIMIT {
            return Err(crate::raise!(ValueError, "Too many decimal digits in format string"));
        }
        number = Some(next);
        *at += 1;
    }
    Ok(number)
}

fn unknown_code(kind: char, type_name: &str) -> crate::error::Raised {
    crate::raise!(ValueError, "Unknown format code '{kind}' for object of type '{type_name}'")
}

fn finish(text: &str) -> PyResult {
    Ok(StrObject::new(text).into())
}

/// Pads a text; `default` is the alignment when none is given.
fn pad(text: &str, spec: &Spec, default: char) -> String {
    let len = text.chars().count();
    let missing = spec.width.saturating_sub(len);
    if missing == 0 {
        return text.to_owned();
    }
    let (left, right) = match spec.align.unwrap_or(default) {
        '<' => (0, missing),
        '^' => (missing / 2, missing - missing / 2),
        _ => (missing, 0),
    };
    let fill = |count: usize| String::from(spec.fill).repeat(count);
    format!("{}{text}{}", fill(left), fill(right))
}

/// `str.__format__`
pub fn format_str(value: &StrObject, spec: &StrObject) -> PyResult {
    if spec.is_empty() {
        return Ok(crate::value::Value::from_object(value).to_ref());
    }
    let spec = parse_spec(&spec.to_utf8()?, "str")?;
    match spec.kind {
        None | Some('s') => {}
        Some(kind) => return Err(unknown_code(kind, "str")),
    }
    if let Some(sign) = spec.sign {
        let what = if sign == ' ' { "Space" } else { "Sign" };
        return Err(crate::raise!(ValueError, "{what} not allowed in string format specifier"));
    }
    if spec.alternate {
        return Err(crate::raise!(ValueError, "Alternate form (#) not allowed in string format specifier"));
    }
    if spec.no_negative_zero {
        let message = "Negative zero coercion (z) not allowed in string format specifier";
        return Err(crate::raise!(ValueError, "{message}"));
    }
    if spec.align == Some('=') && spec.fill != '0' {
        return Err(crate::raise!(ValueError, "'=' alignment not allowed in string format specifier"));
    }
    if let Some(group) = spec.grouping {
        return Err(crate::raise!(ValueError, "Cannot specify '{group}' with 's'."));
    }
    // By code points: lone surrogates are kept.
    let shown = value.len().min(spec.precision.unwrap_or(usize::MAX));
    let missing = spec.width.saturating_sub(shown);
    crate::reserve::probe(missing.saturating_mul(size_of::<u32>()))?;
    let left = match spec.align {
        Some('>') => missing,
        Some('^') => missing / 2,
        _ => 0,
    };
    let fill = |count| std::iter::repeat_n(u32::from(spec.fill), count);
    let points = fill(left).chain(value.code_points().take(shown)).chain(fill(missing - left));
    Ok(StrObject::from_code_points(&points.collect::<Vec<_>>()).into())
}

/// `int.__format__`
pub fn format_int(value: IntRef<'_>, spec_text: &StrObject) -> PyResult {
    if spec_text.is_empty() {
        return finish(&parse::to_decimal(value)?);
    }
    let spec = parse_spec(&spec_text.to_utf8()?, "int")?;
    let kind = spec.kind.unwrap_or('d');
    match kind {
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%' => {
            return finish(&float_text(crate::objects::int::to_f64(value)?, &spec, kind));
        }
        'b' | 'c' | 'd' | 'n' | 'o' | 'x' | 'X' => {}
        other => return Err(unknown_code(other, "int")),
    }
    if spec.precision.is_some() {
        return Err(crate::raise!(ValueError, "Precision not allowed in integer format specifier"));
    }
    if spec.no_negative_zero {
        let message = "Negative zero coercion (z) not allowed in integer format specifier";
        return Err(crate::raise!(ValueError, "{message}"));
    }
    if kind == 'c' {
        return format_character(value, &spec);
    }
    let (base, prefix, every) = match kind {
        'b' => (2, "0b", 4),
        'o' => (8, "0o", 4),
        'x' => (16, "0x", 4),
        'X' => (16, "0X", 4),
        _ => (10, "", 3),
    };
    let text = if base == 10 { parse::to_decimal(value)? } else { parse::to_radix(value, base) };
    let digits = text.trim_start_matches('-');
    let digits = if kind == 'X' { digits.to_ascii_uppercase() } else { digits.to_owned() };
    let prefix = if spec.alternate { prefix } else { "" };
    finish(&number_text(value.is_negative(), prefix, &digits, "", &spec, every))
}

fn format_character(value: IntRef<'_>, spec: &Spec) -> PyResult {
    if spec.sign.is_some() {
        return Err(crate::raise!(ValueError, "Sign not allowed with integer format specifier 'c'"));
    }
    if spec.alternate {
        let message = "Alternate form (#) not allowed with integer format specifier 'c'";
        return Err(crate::raise!(ValueError, "{message}"));
    }
    let point = value.to_i64().and_then(|point| u32::try_from(point).ok()).and_then(char::from_u32);
    match point {
        Some(c) => finish(&pad(&c.to_string(), spec, '>')),
        None => Err(crate::raise!(OverflowError, "%c arg not in range(0x110000)")),
    }
}

/// Sign, prefix, digits (grouped from the right), rest; padded, after the sign for `=`.
fn number_text(negative: bool, prefix: &str, digits: &str, rest: &str, spec: &Spec, every: usize) -> String {
    let sign = match (negative, spec.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        (false, _) => "",
    };
    let zero_fill = spec.align == Some('=') && spec.fill == '0';
    let fixed = sign.len() + prefix.len() + rest.chars().count();
    let digits = match spec.grouping {
        Some(group)
            if digits.bytes().all(|b| b.is_ascii_alphanumeric()) && !digits.starts_with(['i', 'n']) =>
        {
            let least = if zero_fill { spec.width.saturating_sub(fixed) } else { 0 };
            grouped(digits, group, every, least)
        }
        _ => digits.to_owned(),
    };
    if spec.align == Some('=') {
        let missing = spec.width.saturating_sub(fixed + digits.chars().count());
        return format!("{sign}{prefix}{}{digits}{rest}", String::from(spec.fill).repeat(missing));
    }
    pad(&format!("{sign}{prefix}{digits}{rest}"), spec, '>')
}

/// Digits with separators, zero-extended until the text has `least` characters.
fn grouped(digits: &str, separator: char, every: usize, least: usize) -> String {
    let mut reversed = Vec::new();
    let mut source = digits.chars().rev();
    let mut count = 0;
    loop {
        let next = match source.next() {
            Some(digit) => digit,
            None if reversed.len() < least => '0',
            None => break,
        };
        if count > 0 && count % every == 0 {
            reversed.push(separator);
        }
        reversed.push(next);
        count += 1;
    }
    reversed.iter().rev().collect()
}

/// `float.__format__`
pub fn format_float(value: f64, spec_text: &StrObject) -> PyResult {
    if spec_text.is_empty() {
        return finish(&float::repr_text(value));
    }
    let spec = parse_spec(&spec_text.to_utf8()?, "float")?;
    match spec.kind {
        None | Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n' | '%') => {}
        Some(kind) => return Err(unknown_code(kind, "float")),
    }
    finish(&float_text(value, &spec, spec.kind.unwrap_or('\0')))
}

/// `complex.__format__`: both parts in the same form, in parentheses only where no presentation is asked for.
pub fn format_complex(real: f64, imaginary: f64, spec_text: &StrObject) -> PyResult {
    let spec = parse_spec(&spec_text.to_utf8()?, "complex")?;
    match spec.kind {
        None | Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n') => {}
        Some(kind) => return Err(unknown_code(kind, "complex")),
    }
    if spec.fill == '0' {
        return Err(crate::raise!(ValueError, "Zero padding is not allowed in complex format specifier"));
    }
    if spec.align == Some('=') {
        return Err(crate::raise!(
            ValueError,
            "'=' alignment flag is not allowed in complex format specifier"
        ));
    }
    let kind = spec.kind.unwrap_or('r');
    let part = Spec { width: 0, align: None, ..spec.clone() };
    let is_bare = kind == 'r' && real == 0.0 && real.is_sign_positive();
    let second_sign = if is_bare { spec.sign } else { Some('+') };
    let second = float_text(imaginary, &Spec { sign: second_sign, ..part.clone() }, kind);
    let text = match (is_bare, kind) {
        (true, _) => format!("{second}j"),
        (false, 'r') => format!("({}{second}j)", float_text(real, &part, kind)),
        (false, _) => format!("{}{second}j", float_text(real, &part, kind)),
    };
    finish(&pad(&text, &spec, '>'))
}

fn float_text(value: f64, spec: &Spec, kind: char) -> String {
    let (mut digits, percent) = float_digits(value.abs(), spec, kind);
    if percent {
        digits.push('%');
    }
    let mut negative = value.is_sign_negative() && !value.is_nan();
    if spec.no_negative_zero && digits.bytes().all(|b| !matches!(b, b'1'..=b'9')) {
        negative = false;
    }
    let cut = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let (whole, rest) = digits.split_at(cut);
    match spec.fraction_grouping {
        Some(group) => number_text(negative, "", whole, &grouped_fraction(rest, group), spec, 3),
        None => number_text(negative, "", whole, rest, spec, 3),
    }
}

/// What stands behind the whole part, its digits behind the point in groups from the left.
fn grouped_fraction(rest: &str, separator: char) -> String {
    let Some(fraction) = rest.strip_prefix('.') else { return rest.to_owned() };
    let cut = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
    let (digits, tail) = fraction.split_at(cut);
    let groups: Vec<&str> =
        (0..digits.len()).step_by(3).map(|at| &digits[at..digits.len().min(at + 3)]).collect();
    format!(".{}{tail}", groups.join(&separator.to_string()))
}

/// Text of a number that is not negative, and whether a percent sign follows.
fn float_digits(value: f64, spec: &Spec, kind: char) -> (String, bool) {
    if !value.is_finite() {
        let text = if value.is_nan() { "nan" } else { "inf" };
        let upper = matches!(kind, 'E' | 'F' | 'G');
        return (if upper { text.to_uppercase() } else { text.to_owned() }, kind == '%');
    }
    let precision = spec.precision.unwrap_or(6);
    match kind {
        'f' | 'F' => (with_point(fixed_text(value, precision), spec), false),
        '%' => (with_point(fixed_text(value * 100.0, precision), spec), true),
        'e' | 'E' => (exponent_text(value, precision, kind, spec.alternate), false),
        'g' | 'G' | 'n' => (general_text(value, precision, kind, spec.alternate, false), false),
        'r' => match spec.precision {
            None => (float::repr_text(value).trim_end_matches(".0").to_owned(), false),
            Some(precision) => (general_text(value, precision, 'g', spec.alternate, false), false),
        },
        _ => match spec.precision {
            None => (float::repr_text(value), false),
            Some(precision) => (general_text(value, precision, 'g', spec.alternate, true), false),
        },
    }
}

fn with_point(text: String, spec: &Spec) -> String {
    if spec.alternate && !text.contains('.') { text + "." } else { text }
}

/// `%.Nf`
pub fn fixed_text(value: f64, precision: usize) -> String {
    // The standard library limits precision to 16 bits; a double has at most 1074 decimals.
    let exact = precision.min(1100);
    let mut text = format!("{value:.exact$}");
    text.extend(std::iter::repeat_n('0', precision - exact));
    text
}

/// `%.Ne`
pub fn exponent_text(value: f64, precision: usize, kind: char, alternate: bool) -> String {
    let exact = precision.min(1100);
    let text = format!("{value:.exact$e}");
    let (mantissa, exponent) = text.split_once('e').expect("the standard library prints an exponent");
    let exponent: i32 = exponent.parse().expect("exponents are numbers");
    let dot = if alternate && !mantissa.contains('.') { "." } else { "" };
    let zeros = "0".repeat(precision - exact);
    let letter = if kind.is_ascii_uppercase() { 'E' } else { 'e' };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}{dot}{zeros}{letter}{sign}{:02}", exponent.abs())
}

/// `%.Ng`; `keep_point` leaves `.0` on whole numbers, as an empty format type does.
pub fn general_text(value: f64, precision: usize, kind: char, alternate: bool, keep_point: bool) -> String {
    let precision = precision.max(1);
    let digits_after = precision - 1;
    let scientific = exponent_text(value, digits_after, 'e', false);
    let exponent: i64 = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let limit = if keep_point { precision as i64 - 1 } else { precision as i64 };
    let use_exponent = exponent < -4 || exponent >= limit.max(if keep_point { 0 } else { 1 });
    let mut text = if use_exponent {
        exponent_text(value, digits_after, kind, alternate)
    } else {
        fixed_text(value, (digits_after as i64 - exponent).max(0) as usize)
    };
    if !alternate {
        text = strip_zeros(&text);
    } else if !text.contains(['.', 'e', 'E']) {
        text.push('.');
    }
    if keep_point && !text.contains(['.', 'e', 'E']) {
        text.push_str(".0");
    }
    text
}

/// Removes zeros at the end of the fraction, and a bare point.
fn strip_zeros(text: &str) -> String {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let mantissa =
        if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    format!("{mantissa}{exponent}")
}

/// The exact value of a double rounded to a multiple of 10^`zeros`, without those zeros; for `round(x, -n)`.
pub fn exact_decimal_rounded(value: f64, zeros: usize) -> String {
    use crate::objects::float::methods::big_from_f64;
    use crate::objects::int::arithmetic::floor_div_rem;
    use dashu_int::IBig;
    use dashu_int::ops::BitTest;
    let whole = big_from_f64(value.trunc());
    let has_fraction = value.fract() != 0.0;
    let unit = IBig::from(10).pow(zeros);
    let (quotient, rest) = floor_div_rem(&whole, &unit);
    let twice = rest * IBig::from(2);
    // A fraction pushes a positive remainder above one half, and a negative number's remainder below it.
    let up = twice > unit || twice == unit && (if has_fraction { value > 0.0 } else { quotient.bit(0) });
    (if up { quotient + IBig::ONE } else { quotient }).to_string()
}
