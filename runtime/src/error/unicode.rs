//! The Unicode errors: checked constructors, positions clipped to the object, and their text.
//!
//! The fields of `UnicodeEncodeError` and `UnicodeDecodeError` are encoding, object, start, end, reason; `UnicodeTranslateError` has no
//! encoding. Programs may set them to anything, so every use checks them again.

use super::exception::ExceptionObject;
use super::types;
use crate::codec::handler::backslashed;
use crate::objects::bytes::BytesObject;
use crate::objects::int;
use crate::objects::str::StrObject;
use crate::protocol;
use crate::type_object::TypeObject;
use crate::value::{PyResult, Ref, Value};

/// Which of the three.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `UnicodeEncodeError`
    Encode,
    /// `UnicodeDecodeError`
    Decode,
    /// `UnicodeTranslateError`
    Translate,
}

impl Kind {
    /// The kind of an exception type.
    pub fn of(ty: &TypeObject) -> Option<Self> {
        if ty.is_subtype_of(&types::UnicodeEncodeError) {
            Some(Kind::Encode)
        } else if ty.is_subtype_of(&types::UnicodeDecodeError) {
            Some(Kind::Decode)
        } else if ty.is_subtype_of(&types::UnicodeTranslateError) {
            Some(Kind::Translate)
        } else {
            None
        }
    }

    /// Index of `object` among the fields.
    pub const fn object_field(self) -> usize {
        if matches!(self, Kind::Translate) { 0 } else { 1 }
    }
}

/// What an exception says, with positions clipped.
pub struct Parts {
    /// Which exception.
    pub kind: Kind,
    /// The str or bytes.
    pub object: Ref,
    /// First bad position.
    pub start: usize,
    /// Behind the last bad position.
    pub end: usize,
}

/// The parts of an exception, if it is one of the three.
pub fn parts(exception: Value) -> PyResult<Option<Parts>> {
    let Some(this) = exception.get::<ExceptionObject>() else { return Ok(None) };
    let Some(kind) = Kind::of(exception.ty()) else { return Ok(None) };
    let at = kind.object_field();
    let Some(object) = this.extra[at].get_ref() else {
        return Err(crate::raise!(TypeError, "object attribute not set"));
    };
    let len = match (kind, object.get::<StrObject>(), object.get::<BytesObject>()) {
        (Kind::Decode, _, Some(bytes)) => bytes.as_slice().len(),
        (Kind::Decode, ..) => return Err(crate::raise!(TypeError, "object attribute must be bytes")),
        (_, Some(text), _) => text.len(),
        _ => return Err(crate::raise!(TypeError, "object attribute must be str")),
    };
    let number = |at: usize| this.extra[at].get().map_or(Ok(0), int::to_clamped_index);
    let start = number(at + 1)?.clamp(0, (len as isize - 1).max(0)) as usize;
    let end = number(at + 2)?.clamp(1, (len as isize).max(1)) as usize;
    Ok(Some(Parts { kind, object, start, end: end.min(len.max(1)) }))
}

/// Checks the arguments of a constructor and stores them.
pub(super) fn fill(exception: &ExceptionObject, kind: Kind, args: &[Value]) -> PyResult<()> {
    let wanted = if kind == Kind::Translate { 4 } else { 5 };
    if args.len() != wanted {
        let given = args.len();
        return Err(crate::raise!(TypeError, "function takes exactly {wanted} arguments ({given} given)"));
    }
    for (at, &arg) in args.iter().enumerate() {
        let is_position = (1..=2).contains(&(at as isize - kind.object_field() as isize));
        let is_bytes = kind == Kind::Decode && at == 1;
        let field = if is_position {
            int::from_i64(int::to_isize(arg)? as i64)
        } else if is_bytes && !arg.is_instance::<BytesObject>() {
            BytesObject::new(&crate::buffer::to_vec(arg)?).into()
        } else if is_bytes || arg.is_instance::<StrObject>() {
            arg.to_ref()
        } else {
            let got = arg.ty().name();
            return Err(crate::raise!(TypeError, "argument {} must be str, not {got}", at + 1));
        };
        exception.extra[at].set(field);
    }
    Ok(())
}

/// `str()` of one of the three.
pub(super) fn text(exception: &ExceptionObject) -> PyResult {
    let value = Value::from_object(exception);
    let kind = Kind::of(value.ty()).expect("called for Unicode errors");
    let at = kind.object_field();
    if exception.extra[at].get().is_none() {
        return Ok(StrObject::empty().into());
    }
    let field = |at: usize| exception.extra[at].get().map_or(Ok(String::new()), protocol::str_string);
    let (reason, encoding) = (field(at + 3)?, if at == 0 { String::new() } else { field(0)? });
    let Some(parts) = parts(value)? else { return Ok(StrObject::empty().into()) };
    // The text names the places that the program has set, even if the object has none there.
    let place = |at: usize| exception.extra[at].get().map_or(Ok(0), int::to_clamped_index);
    let (start, end) = (place(at + 1)?.max(0) as usize, place(at + 2)?.max(0) as usize);
    let subject = match kind {
        Kind::Encode => format!("'{encoding}' codec can't encode"),
        Kind::Decode => format!("'{encoding}' codec can't decode"),
        Kind::Translate => "can't translate".to_owned(),
    };
    let single = match (parts.object.get::<StrObject>(), parts.object.get::<BytesObject>()) {
        _ if end.checked_sub(1) != Some(start) => None,
        (Some(text), _) if start < text.len() => {
            Some(format!("character '{}'", backslashed(text.code_point(start))))
        }
        (_, Some(bytes)) => bytes.as_slice().get(start).map(|byte| format!("byte 0x{byte:02x}")),
        _ => None,
    };
    let text = match single {
        Some(culprit) => format!("{subject} {culprit} in position {start}: {reason}"),
        None => {
            let unit = if kind == Kind::Decode { "bytes" } else { "characters" };
            format!("{subject} {unit} in position {start}-{}: {reason}", end as isize - 1)
        }
    };
    Ok(StrObject::new(&text).into())
}
