//! The methods that `bytes` and `bytearray` share, written once and made into a table for each.

use super::ByteString;
use super::search::{self, Needle};
use crate::buffer::{self, Buffer};
use crate::error;
use crate::objects::bytes::BytesObject;
use crate::objects::list::ListObject;
use crate::objects::sequence::{self, SliceIndex};
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::value::{Py, PyResult, Ref, Value};

fn list_of<T: ByteString>(parts: Vec<&[u8]>) -> Py<ListObject> {
    ListObject::new(parts.into_iter().map(|part| T::make(part.to_vec())).collect())
}

/// The part of the bytes that optional bounds select, and where it begins. Bounds that cross select nothing, not even emptiness.
fn window(data: &[u8], start: SliceIndex, end: SliceIndex) -> Option<(&[u8], usize)> {
    let (from, to) = sequence::clamp_range(start.0, end.0, data.len());
    // A start behind the end is outside even for an empty needle.
    let is_outside = start.0.is_some_and(|start| start > data.len() as isize);
    if is_outside { None } else { data.get(from..to).map(|part| (part, from)) }
}

fn position(
    data: &[u8],
    sub: Value,
    bounds: (SliceIndex, SliceIndex),
    search: fn(&[u8], &[u8]) -> Option<usize>,
) -> PyResult<Option<usize>> {
    let needle = Needle::of(sub)?;
    let Some((part, from)) = window(data, bounds.0, bounds.1) else { return Ok(None) };
    Ok(search(part, needle.as_slice()).map(|at| at + from))
}

fn index_of(at: Option<usize>) -> isize {
    at.map_or(-1, |at| at as isize)
}

fn found_or_error(at: Option<usize>) -> PyResult<usize> {
    at.ok_or_else(|| crate::raise!(ValueError, "subsection not found"))
}

/// Whether the selected part has one of the affixes.
fn has_affix(
    data: &[u8],
    affix: Value,
    bounds: (SliceIndex, SliceIndex),
    method: &str,
    test: fn(&[u8], &[u8]) -> bool,
) -> PyResult<bool> {
    let part = window(data, bounds.0, bounds.1).map(|(part, _)| part);
    let matches =
        |affix: Value| buffer::with_bytes(affix, |affix| part.is_some_and(|part| test(part, affix)));
    if let Some(tuple) = affix.get::<TupleObject>() {
        for &item in tuple.items() {
            if matches(item)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    if !buffer::is_bytes_like(affix) {
        let got = affix.ty().name();
        return Err(crate::raise!(
            TypeError,
            "{method} first arg must be bytes or a tuple of bytes, not {got}"
        ));
    }
    matches(affix)
}

fn separator(sep: Option<Value>) -> PyResult<Option<Buffer>> {
    let Some(sep) = sep else { return Ok(None) };
    let sep = buffer::acquire_contiguous(sep)?;
    if sep.is_empty() {
        return Err(crate::raise!(ValueError, "empty separator"));
    }
    Ok(Some(sep))
}

fn slice_of(buffer: &Buffer) -> &[u8] {
    buffer.as_slice().expect("acquired as one stretch")
}

fn limit_of(maxsplit: Option<isize>) -> usize {
    usize::try_from(maxsplit.unwrap_or(-1)).unwrap_or(usize::MAX)
}

fn partition<T: ByteString>(this: &T, sep: &Buffer, from_end: bool) -> PyResult<Py<TupleObject>> {
    let (data, wanted) = (this.lend(), slice_of(sep));
    if wanted.is_empty() {
        return Err(crate::raise!(ValueError, "empty separator"));
    }
    let found = if from_end { search::rfind(&data, wanted) } else { search::find(&data, wanted) };
    let parts = match found {
        Some(at) => [&data[..at], wanted, &data[at + wanted.len()..]],
        None if from_end => [&[][..], &[], &data],
        None => [&data[..], &[], &[]],
    };
    Ok(TupleObject::of(parts.map(|part| T::make(part.to_vec()))))
}

/// Joins the items of an iterable, all of them bytes-like.
fn join(between: &[u8], iterable: Value) -> PyResult<Vec<u8>> {
    if !protocol::is_iterable(iterable) {
        return Err(crate::raise!(TypeError, "can only join an iterable"));
    }
    let items = protocol::collect(iterable)?;
    let mut out = Vec::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            append(&mut out, between)?;
        }
        if let Some(bytes) = item.get_exact::<BytesObject>() {
            append(&mut out, bytes.as_slice())?;
            continue;
        }
        let part = match buffer::is_bytes_like(item.value()) {
            true => Some(buffer::acquire(item.value())?),
            false => None,
        };
        let Some(part) = part.as_ref().and_then(Buffer::as_slice) else {
            let got = item.ty().name();
            return Err(crate::raise!(
                TypeError,
                "sequence item {at}: expected a bytes-like object, {got} found"
            ));
        };
        append(&mut out, part)?;
    }
    Ok(out)
}

fn append(out: &mut Vec<u8>, part: &[u8]) -> PyResult<()> {
    out.try_reserve(part.len()).map_err(|_| error::memory_error())?;
    out.extend_from_slice(part);
    Ok(())
}

fn translation_table(table: Value) -> PyResult<Option<Buffer>> {
    if crate::objects::is_none(table) {
        return Ok(None);
    }
    let table = buffer::acquire_contiguous(table)?;
    if table.len() != 256 {
        return Err(crate::raise!(ValueError, "translation table must be 256 characters long"));
    }
    Ok(Some(table))
}

/// `maketrans`: a table of 256 bytes.
fn translation(from: &Buffer, to: &Buffer) -> PyResult<Ref> {
    let (from, to) = (slice_of(from), slice_of(to));
    if from.len() != to.len() {
        return Err(crate::raise!(ValueError, "maketrans arguments must have same length"));
    }
    let mut table: Vec<u8> = (0..=255).collect();
    from.iter().zip(to).for_each(|(&from, &to)| table[usize::from(from)] = to);
    Ok(crate::objects::bytes::BytesObject::new(&table).into())
}

macro_rules! byte_string_methods {
    ($module:ident, $owner:literal, $object:ty) => {
        pub(crate) mod $module {
            use super::super::search::{self};
            use super::super::{ByteString, transform};
            use super::*;
            use crate::convert::OrNone;
            use crate::value::Py;
            use crate::{py_class_methods, py_functions, py_methods};

            type This = $object;

            fn make(data: impl Into<Vec<u8>>) -> Ref {
                This::make(data.into())
            }

            py_methods! { pub(crate) static METHODS for $owner, &$object;
                /// Return a copy of B with only its first character capitalized (ASCII) and the rest lower-cased.
                "capitalize(self, /)"
                fn capitalize(this) -> Ref {
                    make(transform::capitalize(&this.lend()))
                }
                /// Return a centered string of length width.
                ///
                /// Padding is done using the specified fill character.
                "center(self, width, fillchar=b' ', /)"
                fn center(this, width: isize, fillchar: Option<Value>) -> PyResult<Ref> {
                    let (fill, data) = (transform::fill_byte(fillchar, "center")?, this.lend());
                    let missing = transform::missing(&data, width);
                    let left = missing / 2 + (missing & width.max(0) as usize & 1);
                    transform::padded(&data, left, missing - left, fill).map(make)
                }
                /// Return the number of non-overlapping occurrences of subsection sub in bytes B[start:end].
                "count(self, sub, start=None, end=None, /)"
                fn count(this, sub: Value, start: SliceIndex, end: SliceIndex) -> PyResult<usize> {
                    let (needle, data) = (Needle::of(sub)?, this.lend());
                    Ok(window(&data, start, end).map_or(0, |(part, _)| search::count(part, needle.as_slice())))
                }
                /// Decode the bytes using the codec registered for encoding.
                "decode(self, /, encoding='utf-8', errors='strict')"
                fn decode(this, encoding: Option<Value>, errors: Option<Value>) -> PyResult {
                    let data = this.lend();
                    let is_text = |given: Option<Value>| given.is_none_or(|given| given.is_instance::<crate::objects::str::StrObject>());
                    if data.is_empty() && is_text(encoding) && is_text(errors) {
                        // Nothing to decode: names are not looked up, as in CPython.
                        return Ok(crate::objects::str::StrObject::empty().into());
                    }
                    if encoding.is_none() && errors.is_none() && data.is_ascii() {
                        return Ok(crate::objects::str::StrObject::from_latin1(&data).into());
                    }
                    crate::codec::decode(Value::from_object(this), &data, encoding, errors)
                }
                /// Return True if B ends with the specified suffix, False otherwise.
                "endswith(self, suffix, start=None, end=None, /)"
                fn endswith(this, suffix: Value, start: SliceIndex, end: SliceIndex) -> PyResult<bool> {
                    has_affix(&this.lend(), suffix, (start, end), "endswith", |data, suffix| data.ends_with(suffix))
                }
                /// Return a copy where all tab characters are expanded using spaces.
                "expandtabs(self, /, tabsize=8)"
                fn expandtabs(this, tabsize: Option<i32>) -> PyResult<Ref> {
                    transform::expand_tabs(&this.lend(), tabsize.unwrap_or(8)).map(make)
                }
                /// Return the lowest index in B where subsection sub is found, such that sub is contained within B[start:end], or -1.
                "find(self, sub, start=None, end=None, /)"
                fn find(this, sub: Value, start: SliceIndex, end: SliceIndex) -> PyResult<isize> {
                    position(&this.lend(), sub, (start, end), search::find).map(index_of)
                }
                /// Create a string of hexadecimal numbers from a bytes object.
                "hex(self, /, sep=<unrepresentable>, bytes_per_sep=1)"
                fn hex(this, sep: Option<Value>, bytes_per_sep: Option<i32>) -> PyResult<String> {
                    transform::hex(&this.lend(), sep, bytes_per_sep.unwrap_or(1) as isize)
                }
                /// Return the lowest index in B where subsection sub is found; raises ValueError when it is not.
                "index(self, sub, start=None, end=None, /)"
                fn index(this, sub: Value, start: SliceIndex, end: SliceIndex) -> PyResult<usize> {
                    position(&this.lend(), sub, (start, end), search::find).and_then(found_or_error)
                }
                /// Return True if all characters in B are alphanumeric and there is at least one character in B, False otherwise.
                "isalnum(self, /)"
                fn isalnum(this) -> bool {
                    let data = this.lend();
                    !data.is_empty() && data.iter().all(u8::is_ascii_alphanumeric)
                }
                /// Return True if all characters in B are alphabetic and there is at least one character in B, False otherwise.
                "isalpha(self, /)"
                fn isalpha(this) -> bool {
                    let data = this.lend();
                    !data.is_empty() && data.iter().all(u8::is_ascii_alphabetic)
                }
                /// Return True if B is empty or all characters in B are ASCII, False otherwise.
                "isascii(self, /)"
                fn isascii(this) -> bool {
                    this.lend().is_ascii()
                }
                /// Return True if all characters in B are digits and there is at least one character in B, False otherwise.
                "isdigit(self, /)"
                fn isdigit(this) -> bool {
                    let data = this.lend();
                    !data.is_empty() && data.iter().all(u8::is_ascii_digit)
                }
                /// Return True if all cased characters in B are lowercase and there is at least one cased character in B.
                "islower(self, /)"
                fn islower(this) -> bool {
                    let data = this.lend();
                    data.iter().any(u8::is_ascii_lowercase) && !data.iter().any(u8::is_ascii_uppercase)
                }
                /// Return True if all characters in B are whitespace and there is at least one character in B, False otherwise.
                "isspace(self, /)"
                fn isspace(this) -> bool {
                    let data = this.lend();
                    !data.is_empty() && data.iter().all(|&byte| search::is_space(byte))
                }
                /// Return True if B is a titlecased string and there is at least one character in B.
                "istitle(self, /)"
                fn istitle(this) -> bool {
                    transform::is_title(&this.lend())
                }
                /// Return True if all cased characters in B are uppercase and there is at least one cased character in B.
                "isupper(self, /)"
                fn isupper(this) -> bool {
                    let data = this.lend();
                    data.iter().any(u8::is_ascii_uppercase) && !data.iter().any(u8::is_ascii_lowercase)
                }
                /// Concatenate any number of bytes objects.
                ///
                /// The bytes whose method is called is inserted in between each pair.
                "join(self, iterable_of_bytes, /)"
                fn join_method(this, iterable_of_bytes: Value) -> PyResult<Ref> {
                    join(&this.lend(), iterable_of_bytes).map(make)
                }
                /// Return a left-justified string of length width.
                "ljust(self, width, fillchar=b' ', /)"
                fn ljust(this, width: isize, fillchar: Option<Value>) -> PyResult<Ref> {
                    let (fill, data) = (transform::fill_byte(fillchar, "ljust")?, this.lend());
                    transform::padded(&data, 0, transform::missing(&data, width), fill).map(make)
                }
                /// Return a copy of B with all ASCII characters converted to lowercase.
                "lower(self, /)"
                fn lower(this) -> Ref {
                    make(this.lend().to_ascii_lowercase())
                }
                /// Strip leading bytes contained in the argument.
                "lstrip(self, bytes=None, /)"
                fn lstrip(this, bytes: OrNone<Buffer>) -> Ref {
                    make(transform::stripped(&this.lend(), bytes.0.as_ref().map(slice_of), true, false))
                }
                /// Partition the bytes into three parts using the given separator.
                "partition(self, sep, /)"
                fn partition_method(this, sep: Buffer) -> PyResult<Py<TupleObject>> {
                    partition(this, &sep, false)
                }
                /// Return a bytes object with the given prefix string removed if present.
                "removeprefix(self, prefix, /)"
                fn removeprefix(this, prefix: Buffer) -> Ref {
                    let data = this.lend();
                    make(data.strip_prefix(slice_of(&prefix)).unwrap_or(&data))
                }
                /// Return a bytes object with the given suffix string removed if present.
                "removesuffix(self, suffix, /)"
                fn removesuffix(this, suffix: Buffer) -> Ref {
                    let data = this.lend();
                    make(data.strip_suffix(slice_of(&suffix)).unwrap_or(&data))
                }
                /// Return a copy with all occurrences of substring old replaced by new.
                "replace(self, old, new, count=-1, /)"
                fn replace(this, old: Buffer, new: Buffer, count: Option<isize>) -> PyResult<Ref> {
                    search::replace(&this.lend(), slice_of(&old), slice_of(&new), limit_of(count)).map(make)
                }
                /// Return the highest index in B where subsection sub is found, such that sub is contained within B[start:end], or -1.
                "rfind(self, sub, start=None, end=None, /)"
                fn rfind(this, sub: Value, start: SliceIndex, end: SliceIndex) -> PyResult<isize> {
                    position(&this.lend(), sub, (start, end), search::rfind).map(index_of)
                }
                /// Return the highest index in B where subsection sub is found; raises ValueError when it is not.
                "rindex(self, sub, start=None, end=None, /)"
                fn rindex(this, sub: Value, start: SliceIndex, end: SliceIndex) -> PyResult<usize> {
                    position(&this.lend(), sub, (start, end), search::rfind).and_then(found_or_error)
                }
                /// Return a right-justified string of length width.
                "rjust(self, width, fillchar=b' ', /)"
                fn rjust(this, width: isize, fillchar: Option<Value>) -> PyResult<Ref> {
                    let (fill, data) = (transform::fill_byte(fillchar, "rjust")?, this.lend());
                    transform::padded(&data, transform::missing(&data, width), 0, fill).map(make)
                }
                /// Partition the bytes into three parts using the given separator, searching from the end.
                "rpartition(self, sep, /)"
                fn rpartition(this, sep: Buffer) -> PyResult<Py<TupleObject>> {
                    partition(this, &sep, true)
                }
                /// Return a list of the sections in the bytes, using sep as the delimiter, splitting from the end.
                "rsplit(self, /, sep=None, maxsplit=-1)"
                fn rsplit(this, sep: OrNone<Value>, maxsplit: Option<isize>) -> PyResult<Py<ListObject>> {
                    let sep = separator(sep.0)?;
                    Ok(list_of::<This>(search::rsplit(&this.lend(), sep.as_ref().map(slice_of), limit_of(maxsplit))))
                }
                /// Strip trailing bytes contained in the argument.
                "rstrip(self, bytes=None, /)"
                fn rstrip(this, bytes: OrNone<Buffer>) -> Ref {
                    make(transform::stripped(&this.lend(), bytes.0.as_ref().map(slice_of), false, true))
                }
                /// Return a list of the sections in the bytes, using sep as the delimiter.
                "split(self, /, sep=None, maxsplit=-1)"
                fn split(this, sep: OrNone<Value>, maxsplit: Option<isize>) -> PyResult<Py<ListObject>> {
                    let sep = separator(sep.0)?;
                    Ok(list_of::<This>(search::split(&this.lend(), sep.as_ref().map(slice_of), limit_of(maxsplit))))
                }
                /// Return a list of the lines in the bytes, breaking at line boundaries.
                "splitlines(self, /, keepends=False)"
                fn splitlines(this, keepends: Option<bool>) -> Py<ListObject> {
                    list_of::<This>(search::split_lines(&this.lend(), keepends.unwrap_or(false)))
                }
                /// Return True if B starts with the specified prefix, False otherwise.
                "startswith(self, prefix, start=None, end=None, /)"
                fn startswith(this, prefix: Value, start: SliceIndex, end: SliceIndex) -> PyResult<bool> {
                    has_affix(&this.lend(), prefix, (start, end), "startswith", |data, prefix| data.starts_with(prefix))
                }
                /// Strip leading and trailing bytes contained in the argument.
                "strip(self, bytes=None, /)"
                fn strip(this, bytes: OrNone<Buffer>) -> Ref {
                    make(transform::stripped(&this.lend(), bytes.0.as_ref().map(slice_of), true, true))
                }
                /// Return a copy of B with uppercase ASCII characters converted to lowercase ASCII and vice versa.
                "swapcase(self, /)"
                fn swapcase(this) -> Ref {
                    make(transform::swapcase(&this.lend()))
                }
                /// Return a titlecased version of B, i.e. ASCII words start with uppercase characters.
                "title(self, /)"
                fn title(this) -> Ref {
                    make(transform::title(&this.lend()))
                }
                /// Return a copy with each character mapped by the given translation table.
                "translate(self, table, /, delete=b'')"
                fn translate(this, table: Value, delete: Option<Value>) -> PyResult<Ref> {
                    let table = translation_table(table)?;
                    let delete = delete.map(buffer::acquire_contiguous).transpose()?;
                    let delete = delete.as_ref().map(slice_of).unwrap_or_default();
                    Ok(make(transform::translated(&this.lend(), table.as_ref().map(slice_of), delete)))
                }
                /// Return a copy of B with all ASCII characters converted to uppercase.
                "upper(self, /)"
                fn upper(this) -> Ref {
                    make(this.lend().to_ascii_uppercase())
                }
                /// Pad a numeric string with zeros on the left, to fill a field of the given width.
                "zfill(self, width, /)"
                fn zfill(this, width: isize) -> PyResult<Ref> {
                    transform::zero_filled(&this.lend(), width).map(make)
                }
            }

            py_class_methods! { pub(crate) static CLASS_METHODS for $owner;
                /// Create an object from a string of hexadecimal numbers.
                "fromhex(cls, string, /)"
                fn fromhex(cls, string: Value) -> PyResult<Ref> {
                    let made = make(super::super::convert::from_hex(string)?);
                    if std::ptr::eq(cls, <$object as crate::object::Object>::type_object()) {
                        return Ok(made);
                    }
                    protocol::call_one(cls.value(), made.value())
                }
            }

            py_functions! { pub(crate) static STATIC_METHODS for $owner;
                /// Return a translation table usable for the bytes or bytearray translate method.
                "maketrans(frm, to, /)"
                fn maketrans(frm: Buffer, to: Buffer) -> PyResult<Ref> {
                    translation(&frm, &to)
                }
            }
        }
    };
}

byte_string_methods!(for_bytes, "bytes", crate::objects::bytes::BytesObject);
byte_string_methods!(for_bytearray, "bytearray", crate::objects::bytearray::ByteArray);
