//! Values to marshal format.

use std::collections::HashMap;

use runtime::buffer;
use runtime::error::Raised;
use runtime::objects::code::CodeObject;
use runtime::objects::complex::ComplexObject;
use runtime::objects::dict::DictObject;
use runtime::objects::int::IntRef;
use runtime::objects::list::ListObject;
use runtime::objects::slice::SliceObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float, set, singleton};
use runtime::{PyResult, Ref, Value, error, protocol, raise};

use super::{DIGIT_BITS, MAX_DEPTH, NUMBERED};

struct Writer {
    out: Vec<u8>,
    version: i64,
    allow_code: bool,
    depth: usize,
    /// Numbers of the objects written so far, by address.
    numbers: HashMap<u64, u32>,
    /// Keeps what has a number alive, so that no address is used twice.
    kept: Vec<Ref>,
}

/// The bytes of a value.
pub(super) fn write(value: Value, version: i64, allow_code: bool) -> PyResult<Vec<u8>> {
    let mut writer =
        Writer { out: Vec::new(), version, allow_code, depth: 0, numbers: HashMap::new(), kept: Vec::new() };
    writer.value(value)?;
    Ok(writer.out)
}

fn unmarshallable() -> Raised {
    raise!(ValueError, "unmarshallable object")
}

impl Writer {
    fn size(&mut self, size: usize) -> PyResult<()> {
        let Ok(size) = i32::try_from(size) else { return Err(unmarshallable()) };
        self.out.extend_from_slice(&size.to_le_bytes());
        Ok(())
    }

    fn value(&mut self, value: Value) -> PyResult<()> {
        if self.depth >= MAX_DEPTH {
            return Err(raise!(ValueError, "object too deeply nested to marshal"));
        }
        self.depth += 1;
        let done = self.dispatch(value);
        self.depth -= 1;
        done
    }

    fn dispatch(&mut self, value: Value) -> PyResult<()> {
        let constant = if objects::is_none(value) {
            Some(b'N')
        } else if value == objects::bool(true) {
            Some(b'T')
        } else if value == objects::bool(false) {
            Some(b'F')
        } else if value.is_exact(&singleton::ELLIPSIS_TYPE) {
            Some(b'.')
        } else if value == error::types::StopIteration.value() {
            Some(b'S')
        } else {
            None
        };
        if let Some(code) = constant {
            self.out.push(code);
            return Ok(());
        }
        if let Some(small) = value.as_small().and_then(|small| i32::try_from(small).ok()) {
            self.out.push(b'i');
            self.out.extend_from_slice(&small.to_le_bytes());
            return Ok(());
        }
        let mut flag = 0;
        if self.version >= 3 && value.is_object() {
            if let Some(&number) = self.numbers.get(&value.bits()) {
                self.out.push(b'r');
                self.out.extend_from_slice(&number.to_le_bytes());
                return Ok(());
            }
            self.numbers.insert(value.bits(), self.kept.len() as u32);
            self.kept.push(value.to_ref());
            flag = NUMBERED;
        }
        self.object(value, flag)
    }

    fn object(&mut self, value: Value, flag: u8) -> PyResult<()> {
        if value.is_exact(&objects::int::INT) {
            return self.long(value, flag);
        }
        if value.is_exact(&float::FLOAT) {
            return self.double(flag, b'g', b'f', &[float::to_f64(value)?]);
        }
        if let Some(complex) = value.get_exact::<ComplexObject>() {
            return self.double(flag, b'y', b'x', &[complex.real(), complex.imaginary()]);
        }
        if let Some(text) = value.get_exact::<StrObject>() {
            return self.text(text, flag);
        }
        if let Some(tuple) = value.get_exact::<TupleObject>() {
            let items = tuple.items();
            if let (true, Ok(len)) = (self.version >= 4, u8::try_from(items.len())) {
                self.out.extend_from_slice(&[b')' | flag, len]);
            } else {
                self.out.push(b'(' | flag);
                self.size(items.len())?;
            }
            return items.iter().try_for_each(|&item| self.value(item));
        }
        if let Some(list) = value.get_exact::<ListObject>() {
            return self.items(b'[' | flag, list.to_vec());
        }
        if let Some(dict) = value.get_exact::<DictObject>() {
            self.out.push(b'{' | flag);
            for (key, item) in dict.to_pairs() {
                self.value(key.value())?;
                self.value(item.value())?;
            }
            self.out.push(b'0');
            return Ok(());
        }
        if value.is_exact(&set::SET) || value.is_exact(&set::FROZENSET) {
            let code = if value.is_exact(&set::SET) { b'<' } else { b'>' };
            return self.items(code | flag, protocol::collect(value)?);
        }
        self.rare(value, flag)
    }

    fn rare(&mut self, value: Value, flag: u8) -> PyResult<()> {
        if let Some(code) = value.get_exact::<CodeObject>() {
            if !self.allow_code {
                return Err(raise!(ValueError, "marshalling code objects is disallowed"));
            }
            return self.bytes(b'c' | flag, code.to_text().as_bytes());
        }
        if let Some(slice) = value.get_exact::<SliceObject>()
            && self.version >= 5
        {
            self.out.push(b':' | flag);
            return [&slice.start, &slice.stop, &slice.step]
                .into_iter()
                .try_for_each(|bound| self.value(bound.get_or_none().value()));
        }
        if !buffer::is_bytes_like(value) {
            return Err(unmarshallable());
        }
        self.bytes(b's' | flag, &buffer::to_vec(value)?)
    }

    fn bytes(&mut self, code: u8, data: &[u8]) -> PyResult<()> {
        self.out.push(code);
        self.size(data.len())?;
        self.out.extend_from_slice(data);
        Ok(())
    }

    fn items(&mut self, code: u8, items: Vec<Ref>) -> PyResult<()> {
        self.out.push(code);
        self.size(items.len())?;
        items.iter().try_for_each(|item| self.value(item.value()))
    }

    /// Sign and number of digits of fifteen bits, then the digits.
    fn long(&mut self, value: Value, flag: u8) -> PyResult<()> {
        let number = IntRef::of(value).expect("an int");
        let bytes = number.to_big().into_parts().1.to_le_bytes();
        let (mut digits, mut bits, mut buffer) = (Vec::new(), 0, 0u32);
        for &byte in &*bytes {
            buffer |= u32::from(byte) << bits;
            bits += 8;
            if bits >= DIGIT_BITS {
                digits.push((buffer & 0x7fff) as u16);
                buffer >>= DIGIT_BITS;
                bits -= DIGIT_BITS;
            }
        }
        digits.push(buffer as u16);
        while digits.last() == Some(&0) {
            digits.pop();
        }
        let count = i32::try_from(digits.len()).map_err(|_| unmarshallable())?;
        self.out.push(b'l' | flag);
        let signed = if number.is_negative() { -count } else { count };
        self.out.extend_from_slice(&signed.to_le_bytes());
        digits.iter().for_each(|digit| self.out.extend_from_slice(&digit.to_le_bytes()));
        Ok(())
    }

    /// Doubles in binary form, or as text in the oldest versions.
    fn double(&mut self, flag: u8, binary: u8, text: u8, numbers: &[f64]) -> PyResult<()> {
        self.out.push(if self.version > 1 { binary } else { text } | flag);
        for &number in numbers {
            if self.version > 1 {
                self.out.extend_from_slice(&number.to_le_bytes());
            } else {
                let text = float::repr_text(number);
                self.out.push(text.len() as u8);
                self.out.extend_from_slice(text.as_bytes());
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &StrObject, flag: u8) -> PyResult<()> {
        let interned = self.version >= 1 && text.is_interned();
        if self.version >= 4
            && let Some(ascii) = text.as_ascii()
        {
            match (u8::try_from(ascii.len()), interned) {
                (Ok(len), true) => self.out.extend_from_slice(&[b'Z' | flag, len]),
                (Ok(len), false) => self.out.extend_from_slice(&[b'z' | flag, len]),
                (Err(_), _) => {
                    self.out.push(if interned { b'A' } else { b'a' } | flag);
                    self.size(ascii.len())?;
                }
            }
            self.out.extend_from_slice(ascii.as_bytes());
            return Ok(());
        }
        let data = runtime::codec::Encoding::Utf8.encode(Value::from_object(text), "surrogatepass")?;
        self.out.push(if interned && self.version >= 3 { b't' } else { b'u' } | flag);
        self.size(data.len())?;
        self.out.extend_from_slice(&data);
        Ok(())
    }
}
