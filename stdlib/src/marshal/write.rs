//! Values to bytes.

use runtime::objects::bytes::BytesObject;
use runtime::objects::code::CodeObject;
use runtime::objects::complex::ComplexObject;
use runtime::objects::dict::DictObject;
use runtime::objects::float::FloatObject;
use runtime::objects::int::{IntObject, IntRef};
use runtime::objects::list::ListObject;
use runtime::objects::set::{self, SetObject};
use runtime::objects::slice::SliceObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self};
use runtime::{PyResult, Value, protocol, raise};

use super::MAX_DEPTH;

/// The bytes of a value.
pub(super) fn write(value: Value, allow_code: bool) -> PyResult<Vec<u8>> {
    let mut writer = Writer { out: Vec::new(), allow_code, depth: 0 };
    writer.value(value)?;
    Ok(writer.out)
}

struct Writer {
    out: Vec<u8>,
    allow_code: bool,
    depth: usize,
}

impl Writer {
    fn value(&mut self, value: Value) -> PyResult<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(raise!(ValueError, "object too deeply nested to marshal"));
        }
        let atom = self.atom(value)?;
        if !atom {
            self.container(value)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn size(&mut self, size: usize) -> PyResult<()> {
        match i32::try_from(size) {
            Ok(size) => self.out.extend(size.to_le_bytes()),
            Err(_) => return Err(raise!(ValueError, "unmarshallable object")),
        }
        Ok(())
    }

    fn sized(&mut self, kind: u8, bytes: &[u8]) -> PyResult<()> {
        self.out.push(kind);
        self.size(bytes.len())?;
        self.out.extend(bytes);
        Ok(())
    }

    /// Writes a value without parts; says whether it was one.
    fn atom(&mut self, value: Value) -> PyResult<bool> {
        if let Some(letter) = singleton_letter(value) {
            self.out.push(letter);
        } else if value.is_small() || value.get_exact::<IntObject>().is_some() {
            self.int(value)?;
        } else if let Some(float) = value.get_exact::<FloatObject>() {
            self.out.push(b'g');
            self.out.extend(float.value().to_le_bytes());
        } else if let Some(complex) = value.get_exact::<ComplexObject>() {
            self.out.push(b'y');
            self.out.extend(complex.real().to_le_bytes());
            self.out.extend(complex.imaginary().to_le_bytes());
        } else if let Some(text) = value.get_exact::<StrObject>() {
            self.text(text)?;
        } else if let Some(bytes) = value.get_exact::<BytesObject>() {
            self.sized(b's', bytes.as_slice())?;
        } else if let Some(code) = value.get_exact::<CodeObject>() {
            if !self.allow_code {
                return Err(raise!(ValueError, "marshalling code objects is disallowed"));
            }
            self.sized(b'c', code.to_text().as_bytes())?;
        } else if runtime::buffer::is_bytes_like(value) {
            let bytes = runtime::buffer::acquire(value)?.to_cow().into_owned();
            self.sized(b's', &bytes)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// 32 bits, or 15-bit digits behind their number, which has the sign.
    fn int(&mut self, value: Value) -> PyResult<()> {
        let number = IntRef::of(value).expect("an int");
        if let Some(small) = number.to_i64().and_then(|number| i32::try_from(number).ok()) {
            self.out.push(b'i');
            self.out.extend(small.to_le_bytes());
            return Ok(());
        }
        let is_negative = number.is_negative();
        let (_, magnitude) = number.to_big().into_parts();
        let (mut digits, mut bits, mut count) = (Vec::new(), 0u32, 0);
        for byte in magnitude.to_le_bytes() {
            bits |= u32::from(byte) << count;
            count += 8;
            if count >= 15 {
                digits.push((bits & 0x7fff) as u16);
                bits >>= 15;
                count -= 15;
            }
        }
        digits.extend((bits != 0).then_some(bits as u16));
        let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
        self.out.push(b'l');
        self.out.extend(if is_negative { -count } else { count }.to_le_bytes());
        self.out.extend(digits.into_iter().flat_map(u16::to_le_bytes));
        Ok(())
    }

    fn text(&mut self, text: &StrObject) -> PyResult<()> {
        if let Some(ascii) = text.as_ascii() {
            if ascii.len() < 256 {
                self.out.extend([b'z', ascii.len() as u8]);
                self.out.extend(ascii.as_bytes());
                return Ok(());
            }
            return self.sized(b'a', ascii.as_bytes());
        }
        let arguments = ["utf-8", "surrogatepass"].map(StrObject::intern);
        let arguments = [arguments[0].value(), arguments[1].value()];
        let bytes = protocol::call_method_text(Value::from_object(text), "encode", &arguments)?;
        self.sized(b'u', bytes.get::<BytesObject>().expect("encode() gives bytes").as_slice())
    }

    fn container(&mut self, value: Value) -> PyResult<()> {
        if let Some(tuple) = value.get_exact::<TupleObject>() {
            return self.items(b'(', tuple.items());
        }
        if let Some(list) = value.get_exact::<ListObject>() {
            let items = list.to_vec();
            return self.items(b'[', &items.iter().map(|item| item.value()).collect::<Vec<_>>());
        }
        if let Some(dict) = value.get_exact::<DictObject>() {
            self.out.push(b'{');
            for (key, value) in dict.to_pairs() {
                self.value(key.value())?;
                self.value(value.value())?;
            }
            self.out.push(b'0');
            return Ok(());
        }
        if let Some(set) = SetObject::of(value).filter(|_| value.is_exact(&set::SET) || value.is_exact(&set::FROZENSET)) {
            let items = set.items();
            let kind = if value.is_exact(&set::SET) { b'<' } else { b'>' };
            return self.items(kind, &items.iter().map(|(item, _)| item.value()).collect::<Vec<_>>());
        }
        if let Some(slice) = value.get_exact::<SliceObject>() {
            self.out.push(b':');
            for part in [&slice.start, &slice.stop, &slice.step] {
                self.value(part.get_or_none().value())?;
            }
            return Ok(());
        }
        Err(raise!(ValueError, "unmarshallable object"))
    }

    fn items(&mut self, kind: u8, items: &[Value]) -> PyResult<()> {
        self.out.push(kind);
        self.size(items.len())?;
        items.iter().try_for_each(|&item| self.value(item))
    }
}

fn singleton_letter(value: Value) -> Option<u8> {
    let letters = [
        (objects::none(), b'N'),
        (objects::bool(true), b'T'),
        (objects::bool(false), b'F'),
        (objects::singleton::ellipsis(), b'.'),
        (runtime::error::types::StopIteration.value(), b'S'),
    ];
    letters.into_iter().find(|(known, _)| *known == value).map(|(_, letter)| letter)
}
