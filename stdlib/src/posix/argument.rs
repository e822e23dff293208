//! Arguments of the functions of `posix`: paths in all their forms, descriptors, folders to start from, names of files as text.
//!
//! A path is str, bytes, an object with `__fspath__`, or, where the system allows it, an open descriptor. Text goes to the system
//! as UTF-8 with `surrogateescape`, so that every name of a file can be said.

use std::ffi::{CStr, CString};

use runtime::convert::FromArg;
use runtime::names::names;
use runtime::objects::bytes::BytesObject;
use runtime::objects::str::{StrBuilder, StrObject};
use runtime::objects::{self, int};
use runtime::signature::Bound;
use runtime::{PyResult, Ref, Value, codec, protocol, raise};

/// A name only.
pub(crate) const NAME: u8 = 0;
/// A name or a descriptor.
pub(crate) const NAME_OR_FD: u8 = 1;
/// A name, a descriptor, or nothing for the working directory.
pub(crate) const NAME_FD_OR_NONE: u8 = 2;

/// A path; `FORMS` says what else is accepted.
pub(crate) struct Path<const FORMS: u8 = NAME> {
    name: CString,
    given: Ref,
    fd: Option<i32>,
    is_bytes: bool,
}

impl<const FORMS: u8> Path<FORMS> {
    /// The path for the C library.
    pub(crate) fn as_ptr(&self) -> *const libc::c_char {
        self.name.as_ptr()
    }

    /// The path as bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.name.as_bytes()
    }

    /// What was given, for errors.
    pub(crate) fn given(&self) -> Value {
        self.given.value()
    }

    /// The descriptor that was given.
    pub(crate) fn fd(&self) -> Option<i32> {
        self.fd
    }

    /// Whether names that are derived from it are bytes.
    pub(crate) const fn is_bytes(&self) -> bool {
        self.is_bytes
    }

    fn named(name: &[u8], given: Ref, is_bytes: bool, what: (&str, &str)) -> PyResult<Self> {
        match CString::new(name) {
            Ok(name) => Ok(Path { name, given, fd: None, is_bytes }),
            Err(_) => {
                let (function, parameter) = what;
                Err(raise!(ValueError, "{function}: embedded null character in {parameter}"))
            }
        }
    }

    /// Converts a path argument of a function, both named in errors.
    pub(crate) fn convert(value: Value, function: &str, parameter: &str) -> PyResult<Self> {
        let what = (function, parameter);
        if FORMS == NAME_FD_OR_NONE && (value.is_null() || objects::is_none(value)) {
            return Self::named(b".", objects::none().to_ref(), false, what);
        }
        if let Some(text) = value.get::<StrObject>() {
            return Self::named(&encode(text)?, value.to_ref(), false, what);
        }
        if let Some(bytes) = value.get::<BytesObject>() {
            return Self::named(bytes.as_slice(), value.to_ref(), true, what);
        }
        if FORMS != NAME && (value.is_small() || value.ty().slots().index.is_some()) {
            let (fd, name) = (Some(descriptor(value)?), CString::default());
            return Ok(Path { name, given: value.to_ref(), fd, is_bytes: false });
        }
        if value.ty().lookup(names().__fspath__).is_some_and(|method| !objects::is_none(method)) {
            let path = fspath(value)?;
            let name = encode_name(path.value())?;
            let is_bytes = path.is_instance::<BytesObject>();
            return Self::named(&name, path, is_bytes, what);
        }
        let forms = match FORMS {
            NAME => "string, bytes or os.PathLike",
            NAME_OR_FD => "string, bytes, os.PathLike or integer",
            _ => "string, bytes, os.PathLike, integer or None",
        };
        let got = value.ty().name();
        Err(raise!(TypeError, "{function}: {parameter} should be {forms}, not {got}"))
    }
}

impl<'a, const FORMS: u8> FromArg<'a> for Path<FORMS> {
    fn from_value(value: Value, bound: &Bound<'a>) -> PyResult<Self> {
        Self::convert(value, bound.function(), bound.parameter())
    }
}

/// A descriptor as a number.
fn descriptor(value: Value) -> PyResult<i32> {
    crate::warning::warn_of_bool(value)?;
    let number = int::index(value)?;
    let wide = int::IntRef::of(number.value());
    let side =
        if wide.is_some_and(int::IntRef::is_negative) { "less than minimum" } else { "greater than maximum" };
    wide.and_then(int::IntRef::to_i64)
        .and_then(|fd| i32::try_from(fd).ok())
        .ok_or_else(|| raise!(OverflowError, "fd is {side}"))
}

/// A descriptor, or an object that has one: a number, or something with `fileno()`.
pub(crate) struct Descriptor(pub(crate) i32);

impl Descriptor {
    /// The descriptor of a value.
    pub(crate) fn of(value: Value) -> PyResult<i32> {
        crate::warning::warn_of_bool(value)?;
        if let Some(number) = int::IntRef::of(value) {
            let fd = number.to_i64().and_then(|fd| i32::try_from(fd).ok());
            let fd = fd.ok_or_else(|| raise!(OverflowError, "Python int too large to convert to C int"))?;
            return match fd {
                0.. => Ok(fd),
                _ => Err(raise!(ValueError, "file descriptor cannot be a negative integer ({fd})")),
            };
        }
        let Some(method) = protocol::get_optional_attr(value, names().fileno)? else {
            return Err(raise!(TypeError, "argument must be an int, or have a fileno() method."));
        };
        let made = protocol::call(method.value(), &[], None)?;
        if int::IntRef::of(made.value()).is_none() {
            return Err(raise!(TypeError, "fileno() returned a non-integer"));
        }
        Self::of(made.value())
    }
}

impl<'a> FromArg<'a> for Descriptor {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        Self::of(value).map(Descriptor)
    }
}

/// The folder that a relative path starts from.
pub(crate) struct Folder(pub(crate) i32);

impl Folder {
    /// Whether one was given.
    pub(crate) const fn is_given(&self) -> bool {
        self.0 != libc::AT_FDCWD
    }

    /// As audit hooks are told: -1 for none.
    pub(crate) fn shown(&self) -> Ref {
        int::from_i64(if self.is_given() { self.0.into() } else { -1 })
    }
}

impl<'a> FromArg<'a> for Folder {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        if value.is_null() || objects::is_none(value) {
            return Ok(Folder(libc::AT_FDCWD));
        }
        if !value.is_small() && value.ty().slots().index.is_none() {
            let got = value.ty().name();
            return Err(raise!(TypeError, "argument should be integer or None, not {got}"));
        }
        descriptor(value).map(Folder)
    }
}

/// A user or group: a number, -1 for "leave it".
pub(crate) struct Identity(pub(crate) u32);

impl<'a> FromArg<'a> for Identity {
    fn from_value(value: Value, bound: &Bound<'a>) -> PyResult<Self> {
        let what = bound.parameter();
        if !value.is_small() && value.ty().slots().index.is_none() {
            return Err(raise!(TypeError, "{what} should be integer, not {}", value.ty().name()));
        }
        let number = int::index(value)?;
        let wide = int::IntRef::of(number.value());
        let side = if wide.is_some_and(int::IntRef::is_negative) {
            "less than minimum"
        } else {
            "greater than maximum"
        };
        let number = wide.and_then(int::IntRef::to_i64);
        match number.map(|number| (number, u32::try_from(number))) {
            Some((-1, _)) => Ok(Identity(u32::MAX)),
            Some((_, Ok(identity))) => Ok(Identity(identity)),
            _ => Err(raise!(OverflowError, "{what} is {side}")),
        }
    }
}

/// Text as the system takes it.
pub(crate) fn encode(text: &StrObject) -> PyResult<Vec<u8>> {
    if let Some(ascii) = text.as_ascii() {
        return Ok(ascii.as_bytes().to_vec());
    }
    let handler = StrObject::intern("surrogateescape");
    codec::encode(Value::from_object(text), None, Some(handler.value()))
}

/// A str or bytes object as the system takes it.
pub(crate) fn encode_name(value: Value) -> PyResult<Vec<u8>> {
    if let Some(bytes) = value.get::<BytesObject>() {
        return Ok(bytes.as_slice().to_vec());
    }
    match value.get::<StrObject>() {
        Some(text) => encode(text),
        None => {
            let path = fspath(value)?;
            match path.get::<BytesObject>() {
                Some(bytes) => Ok(bytes.as_slice().to_vec()),
                None => encode(path.get::<StrObject>().expect("__fspath__ gives str or bytes")),
            }
        }
    }
}

/// A str, bytes or path object as a C string.
pub(crate) fn c_string(value: Value) -> PyResult<CString> {
    CString::new(encode_name(value)?).map_err(|_| raise!(ValueError, "embedded null byte"))
}

/// Text that came from the system.
pub(crate) fn decode(bytes: &[u8]) -> Ref {
    let mut rest = bytes;
    let mut text = StrBuilder::with_capacity(bytes.len());
    loop {
        match std::str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                return text.finish().into();
            }
            Err(problem) => {
                let (valid, bad) = rest.split_at(problem.valid_up_to());
                text.push_str(std::str::from_utf8(valid).expect("checked by the decoder"));
                text.push(0xdc00 + u32::from(bad[0]));
                rest = &bad[1..];
            }
        }
    }
}

/// A name that came from the system, as bytes or as text.
pub(crate) fn decode_as(bytes: &[u8], is_bytes: bool) -> Ref {
    if is_bytes { BytesObject::new(bytes).into() } else { decode(bytes) }
}

/// Text of the C library.
///
/// # Safety
/// `text` is null or a terminated string.
pub(crate) unsafe fn decode_c(text: *const libc::c_char) -> Ref {
    if text.is_null() {
        return objects::none().to_ref();
    }
    // SAFETY: by the contract.
    decode(unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// `os.fspath`
pub(crate) fn fspath(value: Value) -> PyResult {
    if value.is_instance::<StrObject>() || value.is_instance::<BytesObject>() {
        return Ok(value.to_ref());
    }
    let name = value.ty().name();
    let method = protocol::attribute::lookup_special(value, names().__fspath__)?;
    let Some(method) = method.filter(|method| !objects::is_none(method.value())) else {
        return Err(raise!(TypeError, "expected str, bytes or os.PathLike object, not {name}"));
    };
    let path = protocol::call(method.value(), &[], None)?;
    if path.is_instance::<StrObject>() || path.is_instance::<BytesObject>() {
        return Ok(path);
    }
    let got = path.ty().name();
    Err(raise!(TypeError, "expected {name}.__fspath__() to return str or bytes, not {got}"))
}
