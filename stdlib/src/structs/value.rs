//! One value of a field to bytes and back.

use runtime::buffer;
use runtime::error::{self as errors, types};
use runtime::objects::bytearray::ByteArray;
use runtime::objects::bytes::BytesObject;
use runtime::objects::complex::{self, ComplexObject};
use runtime::objects::float::{self, half};
use runtime::objects::int::{self, IntRef};
use runtime::objects::{self};
use runtime::{PyResult, Value, protocol, raise};

use super::error;
use super::format::Field;

/// Writes a value into its place, which has the size of the field and is zeroed.
pub(super) fn pack(field: &Field, value: Value, place: &mut [u8]) -> PyResult<()> {
    match field.code {
        b's' | b'p' => return pack_string(field.code, value, place),
        b'c' => match value.get::<BytesObject>().map(BytesObject::as_slice) {
            Some(&[byte]) => place[0] = byte,
            _ => return Err(error("char format requires a bytes object of length 1")),
        },
        b'?' => place[0] = u8::from(protocol::is_true(value)?),
        b'e' | b'f' | b'd' => pack_float(field, real(value)?, place)?,
        b'F' | b'D' => {
            let (re, im) = complex_parts(value)?;
            let (part, half) = if field.code == b'F' { (b'f', 4) } else { (b'd', 8) };
            let part = Field { code: part, ..*field };
            pack_float(&part, re, &mut place[..half])?;
            pack_float(&part, im, &mut place[half..])?;
        }
        _ => pack_integer(field, value, place)?,
    }
    Ok(())
}

fn real(value: Value) -> PyResult<f64> {
    match float::to_f64(value) {
        Ok(double) => Ok(double),
        Err(raised) => {
            drop(errors::catch(raised, &types::Exception)?);
            Err(error("required argument is not a float"))
        }
    }
}

fn complex_parts(value: Value) -> PyResult<(f64, f64)> {
    match value.get::<ComplexObject>() {
        Some(complex) => Ok((complex.real(), complex.imaginary())),
        None => match errors::ignore(float::to_f64(value), &types::TypeError)? {
            Some(double) => Ok((double, 0.0)),
            None => Err(error("required argument is not a complex")),
        },
    }
}

fn store(big: bool, bytes: &[u8], place: &mut [u8]) {
    place.copy_from_slice(bytes);
    if big {
        place.reverse();
    }
}

fn pack_float(field: &Field, double: f64, place: &mut [u8]) -> PyResult<()> {
    match field.code {
        b'd' => store(field.big, &double.to_le_bytes(), place),
        b'f' => {
            let single = double as f32;
            if single.is_infinite() && double.is_finite() && !field.native {
                return Err(raise!(OverflowError, "float too large to pack with f format"));
            }
            store(field.big, &single.to_le_bytes(), place);
        }
        _ => match half::from_f64(double) {
            Some(bits) => store(field.big, &bits.to_le_bytes(), place),
            None => return Err(raise!(OverflowError, "float too large to pack with e format")),
        },
    }
    Ok(())
}

fn pack_string(code: u8, value: Value, place: &mut [u8]) -> PyResult<()> {
    if !value.is_instance::<BytesObject>() && !value.is_instance::<ByteArray>() {
        return Err(error(&format!("argument for '{}' must be a bytes object", code as char)));
    }
    let data = buffer::to_vec(value)?;
    let mut target = place;
    if code == b'p' {
        // The first byte holds the length, as far as it can.
        let Some((first, rest)) = target.split_first_mut() else { return Ok(()) };
        *first = data.len().min(rest.len()).min(255) as u8;
        target = rest;
    }
    let len = data.len().min(target.len());
    target[..len].copy_from_slice(&data[..len]);
    Ok(())
}

fn pack_integer(field: &Field, value: Value, place: &mut [u8]) -> PyResult<()> {
    if value.ty().slots().index.is_none() {
        return Err(error("required argument is not an integer"));
    }
    let number = int::index(value)?;
    let number = IntRef::of(number.value()).expect("`index` gives ints").to_big();
    let signed = field.code.is_ascii_lowercase();
    let bits = 8 * field.size as u32;
    let (least, most) = match (signed, field.code) {
        (true, _) => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
        (false, b'P') => (-(1i128 << (bits - 1)), (1i128 << bits) - 1),
        (false, _) => (0, (1i128 << bits) - 1),
    };
    match i128::try_from(&number).ok().filter(|number| (least..=most).contains(number)) {
        Some(number) => {
            store(field.big, &number.to_le_bytes()[..field.size], place);
            Ok(())
        }
        None if field.code == b'P' => Err(error("int too large to convert")),
        None => {
            let code = field.code as char;
            Err(error(&format!("'{code}' format requires {least} <= number <= {most}")))
        }
    }
}

/// Reads the value in a place.
pub(super) fn unpack(field: &Field, place: &[u8]) -> PyResult {
    let mut little = place.to_vec();
    if field.big && !matches!(field.code, b's' | b'p' | b'F' | b'D') {
        little.reverse();
    }
    Ok(match field.code {
        b's' | b'c' => BytesObject::new(place).into(),
        b'p' => {
            let len = place.first().map_or(0, |&len| usize::from(len).min(place.len() - 1));
            BytesObject::new(place.get(1..1 + len).unwrap_or_default()).into()
        }
        b'?' => objects::bool(place[0] != 0).to_ref(),
        b'e' | b'f' | b'd' => float::new(read_float(&little)),
        b'F' | b'D' => {
            let (re, im) = place.split_at(place.len() / 2);
            let part = |part: &[u8]| {
                let mut part = part.to_vec();
                if field.big {
                    part.reverse();
                }
                read_float(&part)
            };
            complex::new(part(re), part(im))
        }
        code => {
            let signed = code.is_ascii_lowercase();
            let negative = signed && little.last().is_some_and(|&top| top & 0x80 != 0);
            let mut wide = [if negative { 0xff } else { 0 }; 16];
            wide[..little.len()].copy_from_slice(&little);
            int::from_i128(i128::from_le_bytes(wide))
        }
    })
}

/// The number in little-endian bytes of any of the three widths.
fn read_float(bytes: &[u8]) -> f64 {
    match *bytes {
        [a, b] => half::to_f64(u16::from_le_bytes([a, b])),
        [a, b, c, d] => f32::from_le_bytes([a, b, c, d]).into(),
        _ => f64::from_le_bytes(bytes.try_into().expect("floats have two, four or eight bytes")),
    }
}
