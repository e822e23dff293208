//! `str`: immutable text with one, two or four bytes per character, as PEP 393 stores it.
//!
//! The width is the least that holds the greatest character, so indexing is O(1) and equal strings have equal storage. The hash
//! is computed once. Interned strings are unique per content and immortal, so dicts and caches compare them by address.
//! Offsets are in `abi::layout::str_object`.

mod build;
mod case;
mod concat;
mod grow;
mod intern;
pub mod methods;
pub mod search;

pub use build::StrBuilder;
pub use grow::grow;
pub(crate) use intern::initialize;

use std::cell::Cell;

use crate::alloc;
use crate::hash;
use crate::header::{Header, flags};
use crate::object::{self, Object};
use crate::type_object::TypeObject;
use crate::value::{Py, PyResult, Ref, Value};

pub use methods::STR;

/// A str; its characters follow the struct.
#[repr(C)]
pub struct StrObject {
    header: Header,
    len: usize,
    hash: Cell<i64>,
    kind: u8,
    ascii: bool,
    interned: Cell<bool>,
    _reserved: [u8; 5],
    data: [u64; 0],
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for StrObject {
    fn type_object() -> &'static TypeObject {
        &STR
    }
}

/// The characters of a str by storage width.
#[derive(Clone, Copy, Debug)]
pub enum Units<'a> {
    /// Code points below 256.
    One(&'a [u8]),
    /// Code points below 65536.
    Two(&'a [u16]),
    /// Any code points, lone surrogates included.
    Four(&'a [u32]),
}

/// Runs the same expression for each storage width.
#[macro_export]
macro_rules! with_units {
    ($units:expr, $name:ident => $body:expr) => {
        match $units {
            $crate::objects::str::Units::One($name) => $body,
            $crate::objects::str::Units::Two($name) => $body,
            $crate::objects::str::Units::Four($name) => $body,
        }
    };
}

const DATA: usize = std::mem::offset_of!(StrObject, data);
const NO_HASH: i64 = -1;

/// Bytes from the start of a str to behind its terminator.
pub(crate) fn var_end(header: &Header) -> usize {
    // SAFETY: only called for instances of str.
    let this = unsafe { &*std::ptr::from_ref(header).cast::<StrObject>() };
    DATA + (this.len + 1) * this.kind as usize
}

impl StrObject {
    /// Bytes of a block for so many characters, with a terminator and a dict slot; nothing if that is no size.
    fn size(kind: u8, len: usize) -> Option<usize> {
        let bytes = (len + 1).checked_mul(kind as usize)?.checked_add(DATA + 8 + 8)?;
        Some(bytes.max(size_of::<StrObject>()))
    }

    /// Allocates a str of `ty` whose characters the caller fills in before anything else happens.
    fn allocate(ty: &TypeObject, kind: u8, ascii: bool, len: usize) -> PyResult<*mut StrObject> {
        let Some((size, memory)) =
            Self::size(kind, len).and_then(|size| Some((size, alloc::try_allocate(size)?)))
        else {
            return Err(crate::error::memory_error());
        };
        let this = memory.cast::<StrObject>();
        // SAFETY: the block has `size` bytes, which covers the struct, the characters, a terminator and a dict slot; the tail
        // behind the characters is zeroed.
        unsafe {
            let large = (*memory).flag_bits() & flags::LARGE;
            object::finish_header(memory, ty, large);
            (&raw mut (*this).len).write(len);
            (&raw mut (*this).hash).write(Cell::new(NO_HASH));
            (&raw mut (*this).kind).write(kind);
            (&raw mut (*this).ascii).write(ascii);
            (&raw mut (*this).interned).write(Cell::new(false));
            let end = DATA + len * kind as usize;
            std::ptr::write_bytes(memory.cast::<u8>().add(end), 0, size - end);
        }
        Ok(this)
    }

    fn data_ptr(this: *const StrObject) -> *mut u8 {
        this.cast::<u8>().cast_mut().wrapping_add(DATA)
    }

    /// A str with these characters, as an instance of `ty`.
    pub(crate) fn from_units(ty: &TypeObject, units: Units<'_>) -> PyResult<Py<StrObject>> {
        let (kind, len) = (units.width(), units.len());
        let ascii = matches!(units, Units::One(bytes) if bytes.is_ascii());
        let this = Self::allocate(ty, kind, ascii, len)?;
        let source = with_units!(units, slice => slice.as_ptr().cast::<u8>());
        // SAFETY: the object has room for `len` units; source and object do not overlap; the object is complete afterwards.
        unsafe {
            std::ptr::copy_nonoverlapping(source, Self::data_ptr(this), len * kind as usize);
            Ok(Py::from_raw(this))
        }
    }

    /// A str from Latin-1 bytes.
    pub fn from_latin1(bytes: &[u8]) -> Py<StrObject> {
        match bytes {
            [] => intern::empty(),
            [one] => intern::latin1_character(*one),
            _ => Self::from_units(&STR, Units::One(bytes)).unwrap_or_else(|_| intern::empty()),
        }
    }

    /// A str from UTF-8.
    pub fn new(text: &str) -> Py<StrObject> {
        if text.is_ascii() {
            return Self::from_latin1(text.as_bytes());
        }
        let mut builder = StrBuilder::with_capacity(text.len());
        text.chars().for_each(|c| builder.push(c as u32));
        builder.finish()
    }

    /// A str from code points, which may include lone surrogates.
    pub fn from_code_points(points: &[u32]) -> Py<StrObject> {
        let mut builder = StrBuilder::with_capacity(points.len());
        points.iter().for_each(|&point| builder.push(point));
        builder.finish()
    }

    /// The empty str.
    pub fn empty() -> Py<StrObject> {
        intern::empty()
    }

    /// The one-character str.
    pub fn from_code_point(point: u32) -> Py<StrObject> {
        match u8::try_from(point) {
            Ok(byte) => intern::latin1_character(byte),
            Err(_) => Self::from_code_points(&[point]),
        }
    }

    /// The interned str with this text.
    pub fn intern(text: &str) -> Py<StrObject> {
        intern::intern(&Self::new_uncached(text))
    }

    fn new_uncached(text: &str) -> Py<StrObject> {
        match text.len() <= 1 {
            true => Self::from_units(&STR, Units::One(text.as_bytes())).unwrap_or_else(|_| intern::empty()),
            false => Self::new(text),
        }
    }

    /// The interned str equal to `this`; an instance of a subclass is returned as it is.
    pub fn intern_object(this: &StrObject) -> Py<StrObject> {
        intern::intern(this)
    }

    /// Whether this is the unique str with its content.
    #[inline]
    pub fn is_interned(&self) -> bool {
        self.interned.get()
    }

    /// Length in characters.
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no character.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes per character.
    #[inline]
    pub const fn kind(&self) -> u8 {
        self.kind
    }

    /// Whether all characters are ASCII.
    #[inline]
    pub const fn is_ascii(&self) -> bool {
        self.ascii
    }

    /// The characters.
    #[inline]
    pub fn units(&self) -> Units<'_> {
        let data = Self::data_ptr(self);
        // SAFETY: `len` units of `kind` bytes follow the struct, aligned to eight bytes, never changed.
        unsafe {
            match self.kind {
                1 => Units::One(std::slice::from_raw_parts(data, self.len)),
                2 => Units::Two(std::slice::from_raw_parts(data.cast(), self.len)),
                _ => Units::Four(std::slice::from_raw_parts(data.cast(), self.len)),
            }
        }
    }

    /// The storage as bytes.
    #[inline]
    pub fn raw_bytes(&self) -> &[u8] {
        // SAFETY: as for `units`.
        unsafe { std::slice::from_raw_parts(Self::data_ptr(self), self.len * self.kind as usize) }
    }

    /// The text, if it is ASCII.
    #[inline]
    pub fn as_ascii(&self) -> Option<&str> {
        // SAFETY: ASCII bytes are UTF-8.
        self.ascii.then(|| unsafe { std::str::from_utf8_unchecked(self.raw_bytes()) })
    }

    /// The code point at `at`, which is below [`StrObject::len`].
    #[inline]
    #[allow(clippy::useless_conversion, reason = "the code is the same for all widths")]
    pub fn code_point(&self, at: usize) -> u32 {
        with_units!(self.units(), units => units[at].into())
    }

    /// All code points.
    pub fn code_points(&self) -> impl DoubleEndedIterator<Item = u32> + ExactSizeIterator + '_ {
        (0..self.len).map(|at| self.code_point(at))
    }

    /// The text as UTF-8, lone surrogates replaced; for messages.
    pub fn to_string_lossy(&self) -> String {
        match self.as_ascii() {
            Some(text) => text.to_owned(),
            None => self.code_points().map(|point| char::from_u32(point).unwrap_or('\u{FFFD}')).collect(),
        }
    }

    /// The text as UTF-8; a lone surrogate raises `UnicodeEncodeError`.
    pub fn to_utf8(&self) -> PyResult<String> {
        if let Some(text) = self.as_ascii() {
            return Ok(text.to_owned());
        }
        let text: Option<String> = self.code_points().map(char::from_u32).collect();
        text.ok_or_else(|| self.surrogate_error())
    }

    #[cold]
    fn surrogate_error(&self) -> crate::error::Raised {
        let at = self.code_points().position(|point| char::from_u32(point).is_none()).unwrap_or(0);
        crate::error::unicode_encode_error(
            "utf-8",
            Value::from_object(self),
            at,
            at + 1,
            "surrogates not allowed",
        )
    }

    /// Whether the text is `other`.
    pub fn eq_str(&self, other: &str) -> bool {
        match self.as_ascii() {
            Some(text) => text == other,
            None => self.code_points().eq(other.chars().map(u32::from)),
        }
    }

    /// The cached hash.
    #[inline]
    pub fn hash(&self) -> i64 {
        let cached = self.hash.get();
        if cached != NO_HASH {
            return cached;
        }
        let hash = hash::bytes(self.raw_bytes());
        self.hash.set(hash);
        hash
    }

    /// The characters from `start` up to `end`, as a new str.
    pub fn substring(&self, start: usize, end: usize) -> Py<StrObject> {
        if start == 0 && end == self.len && std::ptr::eq(self.header.ty(), &raw const STR) {
            return Py::from_object(self);
        }
        match self.units() {
            Units::One(bytes) => Self::from_latin1(&bytes[start..end]),
            Units::Two(units) => {
                let mut builder = StrBuilder::with_capacity(end - start);
                units[start..end].iter().for_each(|&unit| builder.push(u32::from(unit)));
                builder.finish()
            }
            Units::Four(units) => Self::from_code_points(&units[start..end]),
        }
    }

    /// The text `count` times.
    pub fn repeat(&self, count: usize) -> PyResult<Py<StrObject>> {
        let Some(len) = self.len.checked_mul(count).filter(|&len| len <= isize::MAX as usize) else {
            return Err(crate::raise!(OverflowError, "repeated string is too long"));
        };
        let this = Self::allocate(&STR, self.kind, self.ascii, len)?;
        let (source, size) = (self.raw_bytes(), self.raw_bytes().len() * count);
        let mut done = source.len().min(size);
        // SAFETY: the new object has room for `count` copies; each step doubles what there is.
        unsafe {
            let target = Self::data_ptr(this);
            target.copy_from_nonoverlapping(source.as_ptr(), done);
            while done < size {
                let more = done.min(size - done);
                target.add(done).copy_from_nonoverlapping(target, more);
                done += more;
            }
        }
        // SAFETY: complete.
        Ok(unsafe { Py::from_raw(this) })
    }

    /// A plain str with the content of `value`, which is a str or an instance of a subclass.
    pub fn exact(value: Value) -> Option<Ref> {
        if value.is_exact(&STR) {
            return Some(value.to_ref());
        }
        value.get::<StrObject>().map(|text| text.to_exact().into_ref())
    }

    fn to_exact(&self) -> Py<StrObject> {
        Self::from_units(&STR, self.units()).unwrap_or_else(|_| intern::empty())
    }
}

impl PartialEq for StrObject {
    #[inline]
    fn eq(&self, other: &StrObject) -> bool {
        std::ptr::eq(self, other)
            || (self.len == other.len && self.kind == other.kind && self.raw_bytes() == other.raw_bytes())
    }
}

impl Eq for StrObject {}

impl PartialOrd for StrObject {
    fn partial_cmp(&self, other: &StrObject) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for StrObject {
    /// Lexicographic by code point.
    fn cmp(&self, other: &StrObject) -> std::cmp::Ordering {
        match (self.units(), other.units()) {
            (Units::One(a), Units::One(b)) => a.cmp(b),
            _ => self.code_points().cmp(other.code_points()),
        }
    }
}

impl Units<'_> {
    /// Number of characters.
    pub fn len(self) -> usize {
        with_units!(self, slice => slice.len())
    }

    /// Whether there is no character.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The characters from `start` up to `end`.
    #[must_use]
    pub fn part(self, start: usize, end: usize) -> Self {
        match self {
            Units::One(units) => Units::One(&units[start..end]),
            Units::Two(units) => Units::Two(&units[start..end]),
            Units::Four(units) => Units::Four(&units[start..end]),
        }
    }

    /// Bytes per character.
    pub fn width(self) -> u8 {
        match self {
            Units::One(_) => 1,
            Units::Two(_) => 2,
            Units::Four(_) => 4,
        }
    }

    /// The code point at `at`.
    #[inline]
    #[allow(clippy::useless_conversion, reason = "the code is the same for all widths")]
    pub fn at(self, at: usize) -> u32 {
        with_units!(self, slice => slice[at].into())
    }
}

const _: () = {
    use abi::layout::str_object as at;
    use std::mem::offset_of;
    assert!(offset_of!(StrObject, len) == at::LEN);
    assert!(offset_of!(StrObject, hash) == at::HASH);
    assert!(offset_of!(StrObject, kind) == at::KIND);
    assert!(DATA == at::DATA);
};
