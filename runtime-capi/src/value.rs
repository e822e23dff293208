//! `sp_value_t`: a Python value in C.
//!
//! 16 bytes by value: numbers cross without allocation, other objects as a handle that the caller owns and deletes. C may write
//! anything into the struct, so the tag is a number, not an enumeration, and every payload is valid for every bit pattern.

use runtime::objects::int::{self, IntRef};
use runtime::objects::str::StrObject;
use runtime::objects::{self, bool, float};
use runtime::value::Ref;

use crate::boundary::guarded;
use crate::error::{CResult, Error, SP_ERROR_ARGUMENT};
use crate::runtime::{Runtime, with_runtime};

/// None; no payload.
pub const SP_NONE: u32 = 0;
/// A bool in payload.boolean, 0 or 1.
pub const SP_BOOL: u32 = 1;
/// An int in payload.int64. Ints that do not fit are SP_OBJECT.
pub const SP_INT: u32 = 2;
/// A float in payload.number.
pub const SP_DOUBLE: u32 = 3;
/// A str by handle.
pub const SP_STRING: u32 = 4;
/// Any other object by handle.
pub const SP_OBJECT: u32 = 5;

/// The payload of a value; the tag says which member.
#[repr(C)]
#[derive(Clone, Copy)]
pub union Payload {
    /// SP_BOOL
    pub boolean: u8,
    /// SP_INT
    pub int64: i64,
    /// SP_DOUBLE
    pub number: f64,
    /// SP_STRING and SP_OBJECT
    pub handle: u64,
}

/// A Python value. Values that functions give in an out parameter are owned: delete them with sp_value_delete. Values that
/// functions take are borrowed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Value {
    /// One of SP_NONE, SP_BOOL, SP_INT, SP_DOUBLE, SP_STRING, SP_OBJECT.
    pub tag: u32,
    /// Always 0.
    pub reserved: u32,
    /// What the tag says.
    pub payload: Payload,
}

const _: () = assert!(size_of::<Value>() == 16);

impl Value {
    const fn new(tag: u32, payload: Payload) -> Self {
        Value { tag, reserved: 0, payload }
    }

    /// None.
    pub const NONE: Value = Value::new(SP_NONE, Payload { int64: 0 });

    /// Takes an object over; exact numbers by value, objects by handle.
    pub(crate) fn from_object(runtime: &Runtime, object: Ref) -> Self {
        let value = object.value();
        if objects::is_none(value) {
            return Self::NONE;
        }
        if let Some(truth) = bool::truth_of(value) {
            return sp_bool(truth);
        }
        if value.is_exact(&int::INT)
            && let Some(number) = IntRef::of(value).and_then(IntRef::to_i64)
        {
            return sp_int(number);
        }
        if value.is_exact(&float::FLOAT)
            && let Some(number) = float::of(value)
        {
            return sp_double(number);
        }
        let tag = if value.get_exact::<StrObject>().is_some() { SP_STRING } else { SP_OBJECT };
        Self::new(tag, Payload { handle: runtime.handles.add(object) })
    }

    /// The object that this value is.
    pub(crate) fn to_object(self, runtime: &Runtime) -> CResult<Ref> {
        // SAFETY: every member is valid for every bit pattern, and C has set the one that the tag names.
        unsafe {
            match self.tag {
                SP_NONE => Ok(objects::none().to_ref()),
                SP_BOOL => Ok(objects::bool(self.payload.boolean != 0).to_ref()),
                SP_INT => Ok(int::from_i64(self.payload.int64)),
                SP_DOUBLE => Ok(float::new(self.payload.number)),
                SP_STRING | SP_OBJECT => runtime.handles.get(self.payload.handle).ok_or_else(stale),
                tag => Err(Error::new(SP_ERROR_ARGUMENT, &format!("unknown value tag {tag}"))),
            }
        }
    }
}

fn stale() -> Box<Error> {
    Error::new(SP_ERROR_ARGUMENT, "the value is not a live handle of this runtime")
}

/// None.
#[unsafe(no_mangle)]
pub extern "C" fn sp_none() -> Value {
    Value::NONE
}

/// A bool.
#[unsafe(no_mangle)]
pub extern "C" fn sp_bool(truth: bool) -> Value {
    Value::new(SP_BOOL, Payload { boolean: truth.into() })
}

/// An int.
#[unsafe(no_mangle)]
pub extern "C" fn sp_int(number: i64) -> Value {
    Value::new(SP_INT, Payload { int64: number })
}

/// A float.
#[unsafe(no_mangle)]
pub extern "C" fn sp_double(number: f64) -> Value {
    Value::new(SP_DOUBLE, Payload { number })
}

/// Gives a value up. Needed for SP_STRING and SP_OBJECT; does nothing for the others. Deleting a handle twice is an error value.
///
/// # Safety
/// The runtime is NULL or a pointer that sp_runtime_new gave.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_value_delete(runtime: *const Runtime, value: Value) -> *mut Error {
    guarded(|| {
        with_runtime(runtime, |runtime| match value.tag {
            SP_STRING | SP_OBJECT => {
                // SAFETY: any bit pattern is a number, and C has set the member that the tag names.
                let removed = runtime.handles.remove(unsafe { value.payload.handle });
                removed.map(drop).ok_or_else(stale)
            }
            _ => value.to_object(runtime).map(drop),
        })
    })
}
