//! `str % args` and `bytes % args`.
//!
//! Both run the same way; a template of bytes is a row of characters below 256 on the way, as is what its conversions give.

use crate::buffer;
use crate::format::{exponent_text, fixed_text, general_text};
use crate::names::names;
use crate::objects::bytearray::ByteArray;
use crate::objects::bytes::BytesObject;
use crate::objects::float;
use crate::objects::int::{self, IntRef, parse};
use crate::objects::str::{StrBuilder, StrObject, Units};
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::value::{Py, PyResult, Ref, Value};

/// One conversion: `%(key)-5.2f`.
#[derive(Default)]
struct Conversion {
    /// What a key leads to, if there is one, until it is taken: as a size or as the value.
    named: Option<Option<Ref>>,
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    kind: char,
}

/// Where values come from.
struct Source {
    args: Vec<Ref>,
    next: usize,
    mapping: Option<Ref>,
    is_tuple: bool,
    is_bytes: bool,
}

impl Source {
    fn take(&mut self) -> PyResult {
        let value = self.args.get(self.next).cloned();
        self.next += 1;
        value.ok_or_else(|| crate::raise!(TypeError, "not enough arguments for format string"))
    }
}

/// `str % args`
pub fn format(template: &StrObject, args: Value) -> PyResult<Py<StrObject>> {
    let is_mapping = !args.is_instance::<StrObject>() && args.ty().slots().subscript.is_some();
    run(&template.code_points().collect::<Vec<_>>(), args, is_mapping, false)?.try_finish()
}

/// `bytes % args`
pub fn format_bytes(template: &[u8], args: Value) -> PyResult<Vec<u8>> {
    let is_bytes = args.is_instance::<BytesObject>() || args.is_instance::<ByteArray>();
    let is_mapping = !is_bytes && !args.is_instance::<StrObject>() && args.ty().slots().subscript.is_some();
    let chars: Vec<u32> = template.iter().map(|&byte| byte.into()).collect();
    let made = run(&chars, args, is_mapping, true)?.try_finish()?;
    match made.units() {
        Units::One(bytes) => Ok(bytes.to_vec()),
        _ => unreachable!("every conversion of bytes pushes bytes"),
    }
}

fn run(chars: &[u32], args: Value, is_mapping: bool, is_bytes: bool) -> PyResult<StrBuilder> {
    let is_tuple = args.is_instance::<TupleObject>();
    let items = match args.get::<TupleObject>() {
        Some(tuple) => tuple.items().iter().map(|item| item.to_ref()).collect(),
        None => vec![args.to_ref()],
    };
    let mapping = (is_mapping && !is_tuple).then(|| args.to_ref());
    let mut source = Source { args: items, next: 0, mapping, is_tuple, is_bytes };
    let mut out = StrBuilder::with_capacity(chars.len());
    let (mut at, mut used_key) = (0, false);
    while at < chars.len() {
        if chars[at] != u32::from('%') {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        at += 1;
        let mut conversion = read_conversion(chars, &mut at, &mut source)?;
        if conversion.kind == '%' && chars[at - 2] == u32::from('%') {
            out.push(u32::from('%'));
            continue;
        }
        used_key |= conversion.named.is_some();
        let value = next_value(&mut source, &mut conversion.named)?;
        if is_bytes {
            convert_bytes(&conversion, value.value(), at - 1, &mut out)?;
        } else {
            convert(&conversion, value.value(), at - 1, &mut out)?;
        }
        out.check()?;
    }
    let all_used =
        source.next >= source.args.len() || used_key || (!source.is_tuple && source.mapping.is_some());
    if !all_used {
        let what = if is_bytes { "bytes" } else { "string" };
        return Err(crate::raise!(TypeError, "not all arguments converted during {what} formatting"));
    }
    Ok(out)
}

/// The next argument, or what a key has led to, which is there once.
fn next_value(source: &mut Source, named: &mut Option<Option<Ref>>) -> PyResult {
    let Some(named) = named else { return source.take() };
    named.take().ok_or_else(|| crate::raise!(TypeError, "not enough arguments for format string"))
}

fn lookup(source: &Source, key: &[u32]) -> PyResult {
    match &source.mapping {
        Some(mapping) if source.is_bytes => {
            let key: Vec<u8> = key.iter().map(|&point| point as u8).collect();
            protocol::get_item(mapping.value(), BytesObject::new(&key).value())
        }
        Some(mapping) => protocol::get_item(mapping.value(), StrObject::from_code_points(key).value()),
        None => Err(crate::raise!(TypeError, "format requires a mapping")),
    }
}

fn peek(chars: &[u32], at: usize) -> PyResult<char> {
    let point = chars.get(at).copied().ok_or_else(|| crate::raise!(ValueError, "incomplete format"))?;
    Ok(char::from_u32(point).unwrap_or('\u{fffd}'))
}

fn read_conversion(chars: &[u32], at: &mut usize, source: &mut Source) -> PyResult<Conversion> {
    let mut conversion = Conversion::default();
    if peek(chars, *at)? == '(' {
        // What it leads to is looked up before sizes are: they are wrong behind a key.
        conversion.named = Some(Some(lookup(source, &read_key(chars, at)?)?));
    }
    loop {
        match peek(chars, *at)? {
            '-' => conversion.left = true,
            '+' => conversion.plus = true,
            ' ' => conversion.space = true,
            '#' => conversion.alternate = true,
            '0' => conversion.zero = true,
            _ => break,
        }
        *at += 1;
    }
    let width = read_size(chars, at, source, &mut conversion.named, "width")?;
    conversion.left |= width.is_some_and(|width| width < 0);
    conversion.width = width.unwrap_or(0).unsigned_abs();
    if peek(chars, *at)? == '.' {
        *at += 1;
        let precision = read_size(chars, at, source, &mut conversion.named, "precision")?;
        conversion.precision = Some(precision.unwrap_or(0).max(0) as usize);
    }
    while matches!(peek(chars, *at)?, 'h' | 'l' | 'L') {
        *at += 1;
    }
    if conversion.precision.is_some_and(|precision| precision > i32::MAX as usize) {
        return Err(crate::raise!(ValueError, "precision too big"));
    }
    crate::reserve::probe(conversion.width.max(conversion.precision.unwrap_or(0)))?;
    conversion.kind = peek(chars, *at)?;
    *at += 1;
    Ok(conversion)
}

fn read_key(chars: &[u32], at: &mut usize) -> PyResult<Vec<u32>> {
    let start = *at + 1;
    let mut depth = 1;
    *at = start;
    while depth > 0 {
        match chars.get(*at).map(|&point| char::from_u32(point).unwrap_or('\u{fffd}')) {
            None => return Err(crate::raise!(ValueError, "incomplete format key")),
            Some('(') => depth += 1,
            Some(')') => depth -= 1,
            Some(_) => {}
        }
        *at += 1;
    }
    Ok(chars[start..*at - 1].to_vec())
}

fn read_size(
    chars: &[u32],
    at: &mut usize,
    source: &mut Source,
    named: &mut Option<Option<Ref>>,
    what: &str,
) -> PyResult<Option<isize>> {
    if peek(chars, *at)? == '*' {
        *at += 1;
        let value = next_value(source, named)?;
        let Some(number) = IntRef::of(value.value()) else {
            return Err(crate::raise!(TypeError, "* wants int"));
        };
        let limit = if what == "width" { isize::MAX as i64 } else { i64::from(i32::MAX) };
        let size = number.to_i64().filter(|size| (-limit - 1..=limit).contains(size));
        let size = size.ok_or_else(|| {
            let word = if what == "width" { "ssize_t" } else { "int" };
            crate::raise!(OverflowError, "Python int too large to convert to C {word}")
        })?;
        return Ok(Some(size as isize));
    }
    let mut size: Option<isize> = None;
    while let Some(digit) = peek(chars, *at)?.to_digit(10) {
        size = Some(size.unwrap_or(0).saturating_mul(10).saturating_add(digit as isize));
        if size == Some(isize::MAX) {
            return Err(crate::raise!(ValueError, "{what} too big"));
        }
        *at += 1;
    }
    Ok(size)
}

fn convert(conversion: &Conversion, value: Value, position: usize, out: &mut StrBuilder) -> PyResult<()> {
    let shown = match conversion.kind {
        's' => protocol::str(value)?,
        'r' => protocol::repr(value)?,
        'a' => protocol::ascii(value)?,
        'c' => character(value)?,
        _ => return convert_number(conversion, value, position, out),
    };
    push_text(conversion, &shown, out)
}

fn convert_bytes(
    conversion: &Conversion,
    value: Value,
    position: usize,
    out: &mut StrBuilder,
) -> PyResult<()> {
    let data = match conversion.kind {
        's' | 'b' => bytes_of(value)?,
        'r' | 'a' => return push_text(conversion, &protocol::ascii(value)?, out),
        'c' => vec![byte_of(value)?],
        _ => return convert_number(conversion, value, position, out),
    };
    push_text(conversion, &StrObject::from_latin1(&data).into(), out)
}

fn convert_number(
    conversion: &Conversion,
    value: Value,
    position: usize,
    out: &mut StrBuilder,
) -> PyResult<()> {
    let text = match conversion.kind {
        'd' | 'i' | 'u' => integer(conversion, value, 10)?,
        'o' => integer(conversion, value, 8)?,
        'x' | 'X' => integer(conversion, value, 16)?,
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => real(conversion, value)?,
        other => {
            let code = other as u32;
            let shown = if (32..127).contains(&code) { other } else { '?' };
            return Err(crate::raise!(
                ValueError,
                "unsupported format character '{shown}' ({code:#x}) at index {position}"
            ));
        }
    };
    out.push_str(&layout(conversion, &text));
    Ok(())
}

/// What `%s` of bytes writes.
fn bytes_of(value: Value) -> PyResult<Vec<u8>> {
    if buffer::is_bytes_like(value) {
        return buffer::to_vec(value);
    }
    let made = protocol::attribute::call_special(value, names().__bytes__, &[])?;
    let Some(made) = made else {
        let got = value.ty().name();
        return Err(crate::raise!(
            TypeError,
            "%b requires a bytes-like object, or an object that implements __bytes__, not '{got}'"
        ));
    };
    match made.get::<BytesObject>() {
        Some(bytes) => Ok(bytes.as_slice().to_vec()),
        None => {
            let got = made.ty().name();
            Err(crate::raise!(TypeError, "__bytes__ returned non-bytes (type {got})"))
        }
    }
}

/// What `%c` of bytes writes.
fn byte_of(value: Value) -> PyResult<u8> {
    if value.is_instance::<BytesObject>() || value.is_instance::<ByteArray>() {
        let data = buffer::to_vec(value)?;
        if let [byte] = *data {
            return Ok(byte);
        }
        let (name, len) = (value.ty().name(), data.len());
        return Err(crate::raise!(
            TypeError,
            "%c requires an integer in range(256) or a single byte, not a {name} object of length {len}"
        ));
    }
    if value.ty().slots().index.is_none() {
        let got = value.ty().name();
        return Err(crate::raise!(
            TypeError,
            "%c requires an integer in range(256) or a single byte, not {got}"
        ));
    }
    let number = int::index(value)?;
    let byte = IntRef::of(number.value()).and_then(IntRef::to_i64);
    byte.and_then(|byte| u8::try_from(byte).ok())
        .ok_or_else(|| crate::raise!(OverflowError, "%c arg not in range(256)"))
}

fn push_text(conversion: &Conversion, shown: &Ref, out: &mut StrBuilder) -> PyResult<()> {
    let text = shown.get::<StrObject>().expect("conversions give strs");
    let len = conversion.precision.unwrap_or(usize::MAX).min(text.len());
    let missing = conversion.width.saturating_sub(len);
    let blanks = " ".repeat(missing);
    if !conversion.left {
        out.push_str(&blanks);
    }
    out.push_object(&text.substring(0, len));
    if conversion.left {
        out.push_str(&blanks);
    }
    Ok(())
}

fn character(value: Value) -> PyResult {
    if let Some(text) = value.get::<StrObject>() {
        if text.len() == 1 {
            return Ok(value.to_ref());
        }
    } else if value.ty().slots().index.is_some() {
        let number = int::index(value)?;
        return match IntRef::of(number.value())
            .expect("`index` gives ints")
            .to_i64()
            .and_then(|point| u32::try_from(point).ok())
            .filter(|&point| point < 0x11_0000)
        {
            Some(point) => Ok(StrObject::from_code_point(point).into()),
            None => Err(crate::raise!(OverflowError, "%c arg not in range(0x110000)")),
        };
    }
    Err(crate::raise!(TypeError, "%c requires int or char"))
}

/// Digits with sign and prefix.
fn integer(conversion: &Conversion, value: Value, base: u32) -> PyResult<String> {
    let kind = conversion.kind;
    let number = match (IntRef::of(value), float::of(value)) {
        (Some(_), _) => value.to_ref(),
        (None, Some(double)) if base == 10 => float::methods::to_int(double)?,
        _ if value.ty().slots().index.is_some() && (base != 10 || value.ty().slots().int.is_none()) => {
            int::index(value)?
        }
        _ if base == 10 && value.ty().slots().int.is_some() => {
            let convert = value.ty().slots().int.expect("just seen");
            let made = convert(value)?;
            if IntRef::of(made.value()).is_none() {
                let got = made.ty().name();
                return Err(crate::raise!(TypeError, "__int__ returned non-int (type {got})"));
            }
            made
        }
        _ => {
            let got = value.ty().name();
            let wanted = if base == 10 { "a real number is required" } else { "an integer is required" };
            return Err(crate::raise!(TypeError, "%{kind} format: {wanted}, not {got}"));
        }
    };
    let number = IntRef::of(number.value()).expect("converted to an int");
    let text = if base == 10 { parse::to_decimal(number)? } else { parse::to_radix(number, base) };
    let mut digits = text.trim_start_matches('-').to_owned();
    if let Some(precision) = conversion.precision {
        digits.insert_str(0, &"0".repeat(precision.saturating_sub(digits.len())));
    }
    let prefix = match (conversion.alternate, base) {
        (true, 8) => "0o",
        (true, 16) => "0x",
        _ => "",
    };
    let text = format!("{}{prefix}{digits}", if number.is_negative() { "-" } else { "" });
    Ok(if kind == 'X' { text.to_uppercase() } else { text })
}

fn real(conversion: &Conversion, value: Value) -> PyResult<String> {
    let double = float::to_f64(value)?;
    let precision = conversion.precision.unwrap_or(6);
    if !double.is_finite() {
        let text = float::repr_text(double);
        return Ok(if conversion.kind.is_ascii_uppercase() { text.to_uppercase() } else { text });
    }
    let magnitude = double.abs();
    let text = match conversion.kind {
        'e' | 'E' => exponent_text(magnitude, precision, conversion.kind, conversion.alternate),
        'f' | 'F' => {
            let text = fixed_text(magnitude, precision);
            if conversion.alternate && precision == 0 { text + "." } else { text }
        }
        kind => general_text(magnitude, precision, kind, conversion.alternate, false),
    };
    Ok(if double.is_sign_negative() { format!("-{text}") } else { text })
}

/// Applies sign flags, width and padding to a number.
fn layout(conversion: &Conversion, text: &str) -> String {
    let (sign, body) = match text.strip_prefix('-') {
        Some(body) => ("-", body),
        None if conversion.plus => ("+", text),
        None if conversion.space => (" ", text),
        None => ("", text),
    };
    let missing = conversion.width.saturating_sub(sign.len() + body.chars().count());
    if conversion.left {
        return format!("{sign}{body}{}", " ".repeat(missing));
    }
    if conversion.zero {
        let prefix_len =
            if body.starts_with("0x") || body.starts_with("0X") || body.starts_with("0o") { 2 } else { 0 };
        let (prefix, digits) = body.split_at(prefix_len);
        return format!("{sign}{prefix}{}{digits}", "0".repeat(missing));
    }
    format!("{}{sign}{body}", " ".repeat(missing))
}
