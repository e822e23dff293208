//! What Python sees of `str`: constructor, operators, methods. Searching and splitting are in `search`, case in `case`.

use super::case;
use super::search::{self, Needle};
use super::{StrBuilder, StrObject, var_end};
use crate::args::Args;
use crate::buffer;
use crate::codec;
use crate::convert::{Keywords, OrNone, Rest};
use crate::format;
use crate::objects::bytes::BytesObject;
use crate::objects::dict::DictObject;
use crate::objects::iterators::{STR_ITERATOR, SequenceIterator};
use crate::objects::list::ListObject;
use crate::objects::sequence::{self, SliceBounds, SliceIndex, Subscript};
use crate::objects::slice::SliceObject;
use crate::objects::str::Units;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, int};
use crate::operator::{CompareOp, Comparison};
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::unicode;
use crate::value::{Py, PyResult, Ref, Value};
use crate::{py_functions, py_methods};

fn this<'a>(value: Value) -> &'a StrObject {
    // SAFETY: slots of str are called for instances of str.
    unsafe { value.cast() }
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let mut parts = [None; 3];
    let given = args.positional.len() + args.keywords().count();
    if args.has_keywords() && given > 3 {
        return Err(crate::raise!(TypeError, "str() takes at most 3 arguments ({given} given)"));
    }
    if args.positional.len() > 3 {
        return Err(crate::raise!(
            TypeError,
            "str expected at most 3 arguments, got {}",
            args.positional.len()
        ));
    }
    for (part, &value) in parts.iter_mut().zip(args.positional) {
        *part = Some(value);
    }
    for (name, value) in args.keywords() {
        let at = name
            .get::<StrObject>()
            .and_then(|name| ["object", "encoding", "errors"].iter().position(|key| name.eq_str(key)));
        match at {
            Some(at) if parts[at].is_some() => {
                let (name, place) = (["object", "encoding", "errors"][at], at + 1);
                return Err(crate::raise!(
                    TypeError,
                    "argument for str() given by name ('{name}') and position ({place})"
                ));
            }
            Some(at) => parts[at] = Some(value),
            None => {
                let name = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
                return Err(crate::raise!(TypeError, "str() got an unexpected keyword argument '{name}'"));
            }
        }
    }
    for (name, part) in ["encoding", "errors"].iter().zip(&parts[1..]) {
        if let Some(given) = part.filter(|given| !given.is_instance::<StrObject>()) {
            let got = crate::signature::type_name_or_none(given);
            return Err(crate::raise!(TypeError, "str() argument '{name}' must be str, not {got}"));
        }
    }
    let text = match parts {
        [None, ..] => StrObject::empty().into_ref(),
        [Some(value), None, None] => protocol::str(value)?,
        [Some(value), ..] if value.is_instance::<StrObject>() => {
            return Err(crate::raise!(TypeError, "decoding str is not supported"));
        }
        [Some(value), ..] if !buffer::is_bytes_like(value) => {
            let got = value.ty().name();
            return Err(crate::raise!(TypeError, "decoding to str: need a bytes-like object, {got} found"));
        }
        [Some(value), encoding, errors] => {
            let data = buffer::acquire_contiguous(value)?;
            codec::decode(value, data.as_slice().expect("one stretch"), encoding, errors)?
        }
    };
    if std::ptr::eq(ty, &raw const STR) {
        return Ok(text);
    }
    Ok(StrObject::from_units(ty, this(text.value()).units())?.into())
}

/// Appends the escaped form inside quotes.
fn repr(value: Value) -> PyResult {
    let text = this(value);
    let has = |c: char| text.code_points().any(|point| point == c as u32);
    let quote = if has('\'') && !has('"') { '"' } else { '\'' };
    let mut out = StrBuilder::with_capacity(text.len() + 2);
    out.push(quote as u32);
    for point in text.code_points() {
        match (point, char::from_u32(point)) {
            (_, Some(c)) if c == quote || c == '\\' => {
                out.push(u32::from('\\'));
                out.push(point);
            }
            (_, Some('\n')) => out.push_str("\\n"),
            (_, Some('\r')) => out.push_str("\\r"),
            (_, Some('\t')) => out.push_str("\\t"),
            (0x20..0x7f, _) => out.push(point),
            _ if point > 0x7f && unicode::is_printable(point) => out.push(point),
            (0..0x100, _) => out.push_str(&format!("\\x{point:02x}")),
            (0x100..0x1_0000, _) => out.push_str(&format!("\\u{point:04x}")),
            _ => out.push_str(&format!("\\U{point:08x}")),
        }
    }
    out.push(quote as u32);
    Ok(out.try_finish()?.into())
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(a), Some(b)) = (a.get::<StrObject>(), b.get::<StrObject>()) else { return sequence::decline() };
    let truth = match op {
        CompareOp::Equal => a.eq(b),
        CompareOp::NotEqual => !a.eq(b),
        _ => op.holds(a.cmp(b)),
    };
    Ok(objects::bool(truth).to_ref())
}

fn subscript(value: Value, key: Value) -> PyResult {
    let text = this(value);
    if key.ty().slots().index.is_none() && !key.is_instance::<SliceObject>() {
        return Err(crate::raise!(TypeError, "string indices must be integers, not '{}'", key.ty().name()));
    }
    match Subscript::of(key, "string")? {
        Subscript::Index(at) => match sequence::wrap_index(at, text.len()) {
            Some(at) => Ok(StrObject::from_code_point(text.code_point(at)).into()),
            None => Err(crate::raise!(IndexError, "string index out of range")),
        },
        Subscript::Slice(slice) => {
            let bounds = SliceBounds::resolve(slice, text.len())?;
            if bounds.step == 1 {
                let start = bounds.start as usize;
                return Ok(text.substring(start, start + bounds.len).into());
            }
            Ok(match text.units() {
                Units::One(bytes) => {
                    StrObject::from_latin1(&bounds.indices().map(|at| bytes[at]).collect::<Vec<u8>>())
                }
                units => StrObject::from_code_points(
                    &bounds.indices().map(|at| units.at(at)).collect::<Vec<u32>>(),
                ),
            }
            .into())
        }
    }
}

fn concat(a: Value, b: Value) -> PyResult {
    match b.get::<StrObject>() {
        Some(b) => this(a).concat(b).map(Py::into_ref),
        None => Err(crate::raise!(TypeError, "can only concatenate str (not \"{}\") to str", b.ty().name())),
    }
}

fn repeat(value: Value, count: isize) -> PyResult {
    let count = count.max(0) as usize;
    if count == 1 && value.is_exact(&STR) {
        return Ok(value.to_ref());
    }
    this(value).repeat(count).map(Py::into_ref)
}

fn contains(value: Value, item: Value) -> PyResult<bool> {
    match item.get::<StrObject>() {
        Some(item) => Ok(search::find(this(value), item, 0, usize::MAX).is_some()),
        None => {
            let got = item.ty().name();
            Err(crate::raise!(TypeError, "'in <string>' requires string as left operand, not {got}"))
        }
    }
}

/// `%`; only a str on the left counts.
fn remainder(a: Value, b: Value) -> PyResult {
    match a.get::<StrObject>() {
        Some(template) => format::percent::format(template, b).map(Py::into_ref),
        None => sequence::decline(),
    }
}

/// Joins items with a separator.
pub fn join(separator: &StrObject, items: &[Ref]) -> PyResult<Py<StrObject>> {
    let text = |item: &Ref| item.get::<StrObject>();
    if let Some(at) = items.iter().position(|item| text(item).is_none()) {
        let got = items[at].ty().name();
        return Err(crate::raise!(TypeError, "sequence item {at}: expected str instance, {got} found"));
    }
    StrObject::joined(separator, items.len(), |at| text(&items[at]).expect("just looked at"))
}

fn list_of(parts: Vec<Py<StrObject>>) -> Py<ListObject> {
    ListObject::new(parts.into_iter().map(Py::into_ref).collect())
}

/// A prefix or suffix argument: a str or a tuple of them.
fn affixes<'a>(value: Value, what: &str) -> PyResult<Vec<&'a StrObject>> {
    if let Some(text) = value.get::<StrObject>() {
        return Ok(vec![text]);
    }
    let wrong = |got: Value| {
        let got = got.ty().name();
        crate::raise!(TypeError, "{what} first arg must be str or a tuple of str, not {got}")
    };
    let Some(tuple) = value.get::<TupleObject>() else { return Err(wrong(value)) };
    let wrong_item = |item: Value| {
        crate::raise!(TypeError, "tuple for {what} must only contain str, not {}", item.ty().name())
    };
    tuple.items().iter().map(|item| item.get::<StrObject>().ok_or_else(|| wrong_item(*item))).collect()
}

fn padded(
    text: &StrObject,
    width: isize,
    fill: Option<Value>,
    left_share: fn(usize) -> usize,
) -> PyResult<Py<StrObject>> {
    let fill = match fill.map(|fill| (fill, fill.get::<StrObject>())) {
        None => u32::from(' '),
        Some((_, Some(fill))) if fill.len() == 1 => fill.code_point(0),
        Some((_, Some(_))) => {
            return Err(crate::raise!(TypeError, "The fill character must be exactly one character long"));
        }
        Some((fill, None)) => {
            let got = fill.ty().name();
            return Err(crate::raise!(
                TypeError,
                "The fill character must be a unicode character, not {got}"
            ));
        }
    };
    let missing = (width.max(0) as usize).saturating_sub(text.len());
    if missing > 1 << 34 {
        return Err(crate::error::memory_error());
    }
    let left = left_share(missing);
    let mut out = StrBuilder::with_capacity(text.len() + missing);
    (0..left).for_each(|_| out.push(fill));
    out.push_object(text);
    (left..missing).for_each(|_| out.push(fill));
    out.try_finish()
}

fn stripped(text: &StrObject, chars: Option<&StrObject>, left: bool, right: bool) -> Py<StrObject> {
    let set: Option<Vec<u32>> = chars.map(|chars| chars.code_points().collect());
    let is_stripped = |point: u32| match &set {
        None => case::is_space(point),
        Some(set) => set.contains(&point),
    };
    let (mut start, mut end) = (0, text.len());
    while left && start < end && is_stripped(text.code_point(start)) {
        start += 1;
    }
    while right && end > start && is_stripped(text.code_point(end - 1)) {
        end -= 1;
    }
    text.substring(start, end)
}

/// The part that optional bounds select; a start behind the end selects nothing, not even emptiness.
fn window(text: &StrObject, start: SliceIndex, end: SliceIndex) -> (usize, usize) {
    match start.0 {
        Some(start) if start > text.len() as isize => (1, 0),
        _ => sequence::clamp_range(start.0, end.0, text.len()),
    }
}

/// A separator, or `None` for whitespace.
fn separator<'a>(value: OrNone<Value>) -> PyResult<Option<&'a StrObject>> {
    let Some(value) = value.0 else { return Ok(None) };
    match value.get::<StrObject>() {
        Some(text) => Ok(Some(text)),
        None => Err(crate::raise!(TypeError, "must be str or None, not {}", value.ty().name())),
    }
}

/// The characters to strip, or `None` for whitespace.
fn strip_set<'a>(value: OrNone<Value>, method: &str) -> PyResult<Option<&'a StrObject>> {
    let Some(value) = value.0 else { return Ok(None) };
    match value.get::<StrObject>() {
        Some(text) => Ok(Some(text)),
        None => Err(crate::raise!(TypeError, "{method} arg must be None or str")),
    }
}

/// A separator of `partition`.
fn required_separator<'a>(value: Value) -> PyResult<&'a StrObject> {
    value.get::<StrObject>().ok_or_else(|| crate::raise!(TypeError, "must be str, not {}", value.ty().name()))
}

fn found_or_error(at: Option<usize>) -> PyResult<usize> {
    at.ok_or_else(|| crate::raise!(ValueError, "substring not found"))
}

fn position(at: Option<usize>) -> isize {
    at.map_or(-1, |at| at as isize)
}

py_methods! { static METHODS for "str", &StrObject;
    /// Return a capitalized version of the string.
    "capitalize(self, /)"
    fn capitalize(this) -> Py<StrObject> {
        case::capitalize(this)
    }
    /// Return a version of the string suitable for caseless comparisons.
    "casefold(self, /)"
    fn casefold(this) -> Py<StrObject> {
        case::casefold(this)
    }
    /// Return a centered string of length width.
    "center(self, width, fillchar=' ', /)"
    fn center(this, width: isize, fillchar: Option<Value>) -> PyResult<Py<StrObject>> {
        let odd_width = width & 1 == 1;
        let share: fn(usize) -> usize = if odd_width { |missing| missing.div_ceil(2) } else { |missing| missing / 2 };
        padded(this, width, fillchar, share)
    }
    /// Return the number of non-overlapping occurrences of substring sub in string S[start:end].
    "count(self, sub, start=None, end=None, /)"
    fn count(this, sub: &StrObject, start: SliceIndex, end: SliceIndex) -> usize {
        let (from, to) = window(this, start, end);
        search::count(this, sub, from, to)
    }
    /// Encode the string using the codec registered for encoding.
    "encode(self, /, encoding='utf-8', errors='strict')"
    fn encode(this, encoding: Option<Value>, errors: Option<Value>) -> PyResult<Py<BytesObject>> {
        if let (None, None, Some(ascii)) = (encoding, errors, this.as_ascii()) {
            return Ok(BytesObject::new(ascii.as_bytes()));
        }
        codec::encode(Value::from_object(this), encoding, errors).map(|data| BytesObject::new(&data))
    }
    /// Return True if the string ends with the specified suffix, False otherwise.
    "endswith(self, suffix, start=None, end=None, /)"
    fn endswith(this, suffix: Value, start: SliceIndex, end: SliceIndex) -> PyResult<bool> {
        let (from, to) = window(this, start, end);
        let suffixes = affixes(suffix, "endswith")?;
        Ok(suffixes.into_iter().any(|suffix| from <= to && to - from >= suffix.len() && search::matches_at(this, suffix, to - suffix.len())))
    }
    /// Return a copy where all tab characters are expanded using spaces.
    "expandtabs(self, /, tabsize=8)"
    fn expandtabs(this, tabsize: Option<i32>) -> PyResult<Py<StrObject>> {
        let size = tabsize.unwrap_or(8).max(0) as usize;
        let (mut out, mut column) = (StrBuilder::with_capacity(this.len()), 0);
        for point in this.code_points() {
            if point == u32::from('\t') {
                let blanks = if size == 0 { 0 } else { size - column % size };
                (0..blanks).for_each(|_| out.push(u32::from(' ')));
                column += blanks;
                out.check()?;
            } else {
                column = if matches!(point, 10 | 13) { 0 } else { column + 1 };
                out.push(point);
            }
        }
        out.try_finish()
    }
    /// Return the lowest index in S where substring sub is found, such that sub is contained within S[start:end].
    ///
    /// Return -1 on failure.
    "find(self, sub, start=None, end=None, /)"
    fn find(this, sub: &StrObject, start: SliceIndex, end: SliceIndex) -> isize {
        let (from, to) = window(this, start, end);
        position(search::find(this, sub, from, to))
    }
    /// Return a formatted version of the string, using substitutions from args and kwargs.
    "format(self, /, *args, **kwargs)"
    fn format_method(this, args: Rest<'_>, keywords: Keywords) -> PyResult {
        if !this.code_points().any(|point| point == '{' as u32 || point == '}' as u32) {
            return Ok(Value::from_object(this).to_ref());
        }
        format::template::format(this, args.0, &keywords.0).map(Into::into)
    }
    /// Return a formatted version of the string, using substitutions from mapping.
    "format_map(self, mapping, /)"
    fn format_map(this, mapping: Value) -> PyResult<Py<StrObject>> {
        format::template::format_map(this, mapping)
    }
    /// Return a formatted version of the string as described by format_spec.
    "__format__(self, format_spec, /)"
    fn dunder_format(this, format_spec: &StrObject) -> PyResult {
        let value = Value::from_object(this);
        if format_spec.is_empty() && !value.is_exact(&STR) {
            return crate::protocol::str(value);
        }
        format::format_str(this, format_spec)
    }
    /// Return the lowest index in S where substring sub is found; raises ValueError when it is not.
    "index(self, sub, start=None, end=None, /)"
    fn index(this, sub: &StrObject, start: SliceIndex, end: SliceIndex) -> PyResult<usize> {
        let (from, to) = window(this, start, end);
        found_or_error(search::find(this, sub, from, to))
    }
    /// Return True if the string is an alpha-numeric string, False otherwise.
    "isalnum(self, /)"
    fn isalnum(this) -> bool {
        case::all_of(this, |point| unicode::is_alpha(point) || unicode::numeric(point).is_some())
    }
    /// Return True if the string is an alphabetic string, False otherwise.
    "isalpha(self, /)"
    fn isalpha(this) -> bool {
        case::all_of(this, unicode::is_alpha)
    }
    /// Return True if all characters in the string are ASCII, False otherwise.
    "isascii(self, /)"
    fn isascii(this) -> bool {
        this.is_ascii()
    }
    /// Return True if the string is a decimal string, False otherwise.
    "isdecimal(self, /)"
    fn isdecimal(this) -> bool {
        case::all_of(this, |point| unicode::decimal(point).is_some())
    }
    /// Return True if the string is a digit string, False otherwise.
    "isdigit(self, /)"
    fn isdigit(this) -> bool {
        case::all_of(this, |point| unicode::digit(point).is_some())
    }
    /// Return True if the string is a valid Python identifier, False otherwise.
    "isidentifier(self, /)"
    fn isidentifier(this) -> bool {
        let continues = |point| char::from_u32(point).is_some_and(unicode_ident::is_xid_continue);
        let starts = |point| {
            point == u32::from('_') || char::from_u32(point).is_some_and(unicode_ident::is_xid_start)
        };
        !this.is_empty() && starts(this.code_point(0)) && this.code_points().all(continues)
    }
    /// Return True if the string is a lowercase string, False otherwise.
    "islower(self, /)"
    fn islower(this) -> bool {
        case::is_cased_as(this, char::is_lowercase, char::is_uppercase)
    }
    /// Return True if the string is a numeric string, False otherwise.
    "isnumeric(self, /)"
    fn isnumeric(this) -> bool {
        case::all_of(this, |point| unicode::numeric(point).is_some())
    }
    /// Return True if all characters in the string are printable, False otherwise.
    "isprintable(self, /)"
    fn isprintable(this) -> bool {
        this.code_points().all(unicode::is_printable)
    }
    /// Return True if the string is a whitespace string, False otherwise.
    "isspace(self, /)"
    fn isspace(this) -> bool {
        !this.is_empty() && this.code_points().all(case::is_space)
    }
    /// Return True if the string is a title-cased string, False otherwise.
    "istitle(self, /)"
    fn istitle(this) -> bool {
        case::is_title(this)
    }
    /// Return True if the string is an uppercase string, False otherwise.
    "isupper(self, /)"
    fn isupper(this) -> bool {
        case::is_cased_as(this, char::is_uppercase, char::is_lowercase)
    }
    /// Concatenate any number of strings.
    ///
    /// The string whose method is called is inserted in between each given string.
    /// The result is returned as a new string.
    ///
    /// Example: '.'.join(['ab', 'pq', 'rs']) -> 'ab.pq.rs'
    "join(self, iterable, /)"
    fn join_method(this, iterable: Value) -> PyResult<Py<StrObject>> {
        if !protocol::is_iterable(iterable) {
            return Err(crate::raise!(TypeError, "can only join an iterable"));
        }
        let items = protocol::collect(iterable)?;
        match &items[..] {
            [only] if only.value().is_exact(&STR) => Ok(Py::from_object(only.value().get().expect("an exact str is a str"))),
            items => join(this, items),
        }
    }
    /// Return a left-justified string of length width.
    "ljust(self, width, fillchar=' ', /)"
    fn ljust(this, width: isize, fillchar: Option<Value>) -> PyResult<Py<StrObject>> {
        padded(this, width, fillchar, |_| 0)
    }
    /// Return a copy of the string converted to lowercase.
    "lower(self, /)"
    fn lower(this) -> Py<StrObject> {
        case::lower(this)
    }
    /// Return a copy of the string with leading whitespace removed.
    "lstrip(self, chars=None, /)"
    fn lstrip(this, chars: OrNone<Value>) -> PyResult<Py<StrObject>> {
        Ok(stripped(this, strip_set(chars, "lstrip")?, true, false))
    }
    /// Partition the string into three parts using the given separator.
    "partition(self, sep, /)"
    fn partition(this, sep: Value) -> PyResult<Py<TupleObject>> {
        search::partition(this, required_separator(sep)?, false)
    }
    /// Return a str with the given prefix string removed if present.
    "removeprefix(self, prefix, /)"
    fn removeprefix(this, prefix: &StrObject) -> Py<StrObject> {
        let skip = if search::matches_at(this, prefix, 0) { prefix.len() } else { 0 };
        this.substring(skip, this.len())
    }
    /// Return a str with the given suffix string removed if present.
    "removesuffix(self, suffix, /)"
    fn removesuffix(this, suffix: &StrObject) -> Py<StrObject> {
        let keep = this.len().checked_sub(suffix.len()).filter(|&at| search::matches_at(this, suffix, at));
        this.substring(0, keep.unwrap_or(this.len()))
    }
    /// Return a copy with all occurrences of substring old replaced by new.
    "replace(self, old, new, /, count=-1)"
    fn replace(this, old: &StrObject, new: &StrObject, count: Option<isize>) -> PyResult<Py<StrObject>> {
        search::replace(this, old, new, usize::try_from(count.unwrap_or(-1)).unwrap_or(usize::MAX))
    }
    /// Return the highest index in S where substring sub is found, or -1.
    "rfind(self, sub, start=None, end=None, /)"
    fn rfind(this, sub: &StrObject, start: SliceIndex, end: SliceIndex) -> isize {
        let (from, to) = window(this, start, end);
        position(search::rfind(this, sub, from, to))
    }
    /// Return the highest index in S where substring sub is found; raises ValueError when it is not.
    "rindex(self, sub, start=None, end=None, /)"
    fn rindex(this, sub: &StrObject, start: SliceIndex, end: SliceIndex) -> PyResult<usize> {
        let (from, to) = window(this, start, end);
        found_or_error(search::rfind(this, sub, from, to))
    }
    /// Return a right-justified string of length width.
    "rjust(self, width, fillchar=' ', /)"
    fn rjust(this, width: isize, fillchar: Option<Value>) -> PyResult<Py<StrObject>> {
        padded(this, width, fillchar, |missing| missing)
    }
    /// Partition the string into three parts using the given separator, searching from the end.
    "rpartition(self, sep, /)"
    fn rpartition(this, sep: Value) -> PyResult<Py<TupleObject>> {
        search::partition(this, required_separator(sep)?, true)
    }
    /// Return a list of the substrings in the string, using sep as the separator string, from the end.
    "rsplit(self, /, sep=None, maxsplit=-1)"
    fn rsplit(this, sep: OrNone<Value>, maxsplit: Option<isize>) -> PyResult<Py<ListObject>> {
        search::rsplit(this, Needle::of(separator(sep)?)?, maxsplit.unwrap_or(-1)).map(list_of)
    }
    /// Return a copy of the string with trailing whitespace removed.
    "rstrip(self, chars=None, /)"
    fn rstrip(this, chars: OrNone<Value>) -> PyResult<Py<StrObject>> {
        Ok(stripped(this, strip_set(chars, "rstrip")?, false, true))
    }
    /// Return a list of the substrings in the string, using sep as the separator string.
    "split(self, /, sep=None, maxsplit=-1)"
    fn split(this, sep: OrNone<Value>, maxsplit: Option<isize>) -> PyResult<Py<ListObject>> {
        search::split(this, Needle::of(separator(sep)?)?, maxsplit.unwrap_or(-1)).map(list_of)
    }
    /// Return a list of the lines in the string, breaking at line boundaries.
    "splitlines(self, /, keepends=False)"
    fn splitlines(this, keepends: Option<bool>) -> Py<ListObject> {
        list_of(search::split_lines(this, keepends.unwrap_or(false)))
    }
    /// Return True if the string starts with the specified prefix, False otherwise.
    "startswith(self, prefix, start=None, end=None, /)"
    fn startswith(this, prefix: Value, start: SliceIndex, end: SliceIndex) -> PyResult<bool> {
        let (from, to) = window(this, start, end);
        let prefixes = affixes(prefix, "startswith")?;
        Ok(prefixes.into_iter().any(|prefix| from <= to && to - from >= prefix.len() && search::matches_at(this, prefix, from)))
    }
    /// Return a copy of the string with leading and trailing whitespace removed.
    "strip(self, chars=None, /)"
    fn strip(this, chars: OrNone<Value>) -> PyResult<Py<StrObject>> {
        Ok(stripped(this, strip_set(chars, "strip")?, true, true))
    }
    /// Convert uppercase characters to lowercase and lowercase characters to uppercase.
    "swapcase(self, /)"
    fn swapcase(this) -> Py<StrObject> {
        case::swapcase(this)
    }
    /// Return a version of the string where each word is titlecased.
    "title(self, /)"
    fn title(this) -> Py<StrObject> {
        case::title(this)
    }
    /// Replace each character in the string using the given translation table.
    "translate(self, table, /)"
    fn translate(this, table: Value) -> PyResult<Py<StrObject>> {
        let mut out = StrBuilder::with_capacity(this.len());
        for point in this.code_points() {
            let key = Value::small(i64::from(point));
            let found = match table.get_exact::<DictObject>() {
                Some(dict) => dict.get(key)?,
                None => crate::error::ignore(protocol::get_item(table, key), &crate::error::types::LookupError)?,
            };
            match found {
                None => out.push(point),
                Some(to) => push_translation(&mut out, &to)?,
            }
        }
        out.try_finish()
    }
    /// Return a copy of the string converted to uppercase.
    "upper(self, /)"
    fn upper(this) -> Py<StrObject> {
        case::upper(this)
    }
    /// Pad a numeric string with zeros on the left, to fill a field of the given width.
    "zfill(self, width, /)"
    fn zfill(this, width: isize) -> PyResult<Py<StrObject>> {
        let signed = !this.is_empty() && matches!(this.code_point(0), 43 | 45);
        let body = this.substring(usize::from(signed), this.len());
        let zeros = StrObject::from_code_point(u32::from('0'));
        let filled = padded(&body, width - isize::from(signed), Some(zeros.value()), |missing| missing)?;
        if signed { this.substring(0, 1).concat(&filled) } else { Ok(filled) }
    }
    /// For pickling.
    "__getnewargs__(self, /)"
    fn getnewargs(this) -> PyResult<Py<TupleObject>> {
        Ok(TupleObject::of([StrObject::from_units(&STR, this.units())?.into()]))
    }
    /// Return the size of the string in memory, in bytes.
    "__sizeof__(self, /)"
    fn sizeof(this) -> usize {
        41 + this.raw_bytes().len()
    }
}

fn push_translation(out: &mut StrBuilder, to: &Ref) -> PyResult<()> {
    if objects::is_none(to.value()) {
        return Ok(());
    }
    if let Some(text) = to.get::<StrObject>() {
        out.push_object(text);
        return Ok(());
    }
    match to.as_small().and_then(|point| u32::try_from(point).ok()).filter(|&point| point < 0x11_0000) {
        Some(point) => {
            out.push(point);
            Ok(())
        }
        None if int::IntRef::of(to.value()).is_some() => {
            Err(crate::raise!(ValueError, "character mapping must be in range(0x110000)"))
        }
        None => Err(crate::raise!(TypeError, "character mapping must return integer, None or str")),
    }
}

py_functions! { static STATIC_METHODS for "str";
    /// Return a translation table usable for str.translate().
    "maketrans(x, y=None, z=None, /)"
    fn maketrans(x: Value, y: Option<&StrObject>, z: Option<&StrObject>) -> PyResult<Py<DictObject>> {
        let table = DictObject::new();
        let key = |point: u32| Value::small(i64::from(point));
        match y {
            None => {
                let Some(source) = x.get::<DictObject>() else {
                    return Err(crate::raise!(TypeError, "if you give only one argument to maketrans it must be a dict"));
                };
                for (from, to) in source.to_pairs() {
                    match from.get::<StrObject>() {
                        Some(text) if text.len() == 1 => table.set(key(text.code_point(0)), to)?,
                        Some(_) => return Err(crate::raise!(ValueError, "string keys in translate table must be of length 1")),
                        None if int::IntRef::of(from.value()).is_some() => table.set(from.value(), to)?,
                        None => return Err(crate::raise!(TypeError, "keys in translate table must be strings or integers")),
                    }
                }
            }
            Some(to) => {
                let Some(from) = x.get::<StrObject>() else {
                    return Err(crate::raise!(TypeError, "first maketrans argument must be a string if there is a second argument"));
                };
                let Some(from) = Some(from).filter(|from| from.len() == to.len()) else {
                    return Err(crate::raise!(ValueError, "the first two maketrans arguments must have equal length"));
                };
                for (a, b) in from.code_points().zip(to.code_points()) {
                    table.set(key(a), int::from_i64(i64::from(b)))?;
                }
                for point in z.map(|z| z.code_points().collect::<Vec<_>>()).unwrap_or_default() {
                    table.set(key(point), objects::none().to_ref())?;
                }
            }
        }
        Ok(table)
    }
}

/// `str`.
pub static STR: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "str(object='') -> str\nstr(bytes_or_buffer[, encoding[, errors]]) -> str\n\nCreate a new string object from the given object. If encoding or\nerrors is specified, then the object must expose a data buffer\nthat will be decoded using the given encoding and error handler.\nOtherwise, returns the result of object.__str__() (if defined)\nor repr(object).\nencoding defaults to 'utf-8'.\nerrors defaults to 'strict'.",
    flags: type_flags::BASE | type_flags::TRIVIAL_DROP | type_flags::MATCH_SELF,
    var_end: Some(var_end),
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        str: Some(|value| StrObject::exact(value).ok_or_else(|| crate::raise!(TypeError, "expected str"))),
        hash: Some(|value| Ok(this(value).hash())),
        richcompare: Some(richcompare),
        len: Some(|value| Ok(this(value).len())),
        subscript: Some(subscript),
        concat: Some(concat),
        repeat: Some(repeat),
        contains: Some(contains),
        iter: Some(|value| Ok(SequenceIterator::new(value, &STR_ITERATOR).into())),
        remainder: Some(remainder),
        ..Slots::EMPTY
    },
    methods: &[METHODS, STATIC_METHODS],
    ..TypeSpec::of::<StrObject>("str")
};
