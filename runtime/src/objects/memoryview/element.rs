//! Elements of a view: reading and writing one in native form.

use crate::error::{self, types};
use crate::objects;
use crate::objects::bytes::BytesObject;
use crate::objects::float::{self, half};
use crate::objects::int::{self, IntRef};
use crate::protocol;
use crate::value::{PyResult, Raised, Value};

/// The code and size of a format that is one native element, perhaps behind `@`.
pub fn code_of(format: &str) -> Option<(u8, usize)> {
    let code = match format.strip_prefix('@').unwrap_or(format).as_bytes() {
        &[code] => code,
        _ => return None,
    };
    let size = match code {
        b'c' | b'b' | b'B' | b'?' => 1,
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' => 4,
        b'l' | b'L' | b'q' | b'Q' | b'n' | b'N' | b'd' | b'P' => 8,
        _ => return None,
    };
    Some((code, size))
}

/// The number in the bytes of an integer code, with its sign.
fn integer(code: u8, data: &[u8]) -> i128 {
    let signed = code.is_ascii_lowercase();
    let negative = signed && data.last().is_some_and(|&top| top & 0x80 != 0);
    let mut wide = [if negative { 0xff } else { 0 }; 16];
    wide[..data.len()].copy_from_slice(data);
    i128::from_le_bytes(wide)
}

/// Reads an element.
pub fn unpack(code: u8, data: &[u8]) -> PyResult {
    Ok(match code {
        b'c' => BytesObject::new(data).into(),
        b'?' => objects::bool(data[0] != 0).to_ref(),
        b'e' => float::new(half::to_f64(u16::from_le_bytes([data[0], data[1]]))),
        b'f' => float::new(f32::from_le_bytes(data.try_into().expect("four bytes")).into()),
        b'd' => float::new(f64::from_le_bytes(data.try_into().expect("eight bytes"))),
        _ => int::from_i128(integer(code, data)),
    })
}

fn wrong(ty: &crate::TypeObject, what: &str, code: u8) -> Raised {
    error::raise(ty, &format!("memoryview: invalid {what} for format '{}'", code as char))
}

fn wrong_type(code: u8) -> Raised {
    wrong(&types::TypeError, "type", code)
}

fn wrong_value(code: u8) -> Raised {
    wrong(&types::ValueError, "value", code)
}

/// Writes an element of `size` bytes.
pub fn pack(code: u8, size: usize, value: Value) -> PyResult<Vec<u8>> {
    match code {
        b'c' => {
            let Some(bytes) = value.get::<BytesObject>() else { return Err(wrong_type(code)) };
            if bytes.as_slice().len() != 1 {
                return Err(wrong_value(code));
            }
            Ok(bytes.as_slice().to_vec())
        }
        b'?' => Ok(vec![u8::from(protocol::is_true(value)?)]),
        b'e' | b'f' | b'd' => {
            let Some(double) = error::ignore(float::to_f64(value), &types::TypeError)? else {
                return Err(wrong_type(code));
            };
            match code {
                b'e' => match half::from_f64(double) {
                    Some(bits) => Ok(bits.to_le_bytes().to_vec()),
                    None => Err(wrong_value(code)),
                },
                b'f' if double.is_finite() && (double as f32).is_infinite() => Err(wrong_value(code)),
                b'f' => Ok((double as f32).to_le_bytes().to_vec()),
                _ => Ok(double.to_le_bytes().to_vec()),
            }
        }
        _ => {
            let Some(number) = error::ignore(int::index(value), &types::TypeError)? else {
                return Err(wrong_type(code));
            };
            let number = IntRef::of(number.value()).expect("`index` gives ints");
            let wide = i128::try_from(&number.to_big()).map_err(|_| wrong_value(code))?;
            let bits = 8 * size as u32;
            let (least, most) = match code.is_ascii_lowercase() {
                true => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
                false => (0, (1i128 << bits) - 1),
            };
            if wide < least || wide > most {
                return Err(wrong_value(code));
            }
            Ok(wide.to_le_bytes()[..size].to_vec())
        }
    }
}
