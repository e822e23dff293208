//! Bytes to values.

use runtime::objects::bytes::BytesObject;
use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::slice::SliceObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, complex, float, int, set};
use runtime::value::Py;
use runtime::{PyResult, Ref, error, protocol, raise};

use super::MAX_DEPTH;

/// The flag of a value that later ones refer to.
const IS_REFERRED_TO: u8 = 0x80;

/// A value, and how many bytes it takes.
pub(super) fn read(bytes: &[u8], allow_code: bool) -> PyResult<(Ref, usize)> {
    let mut reader = Reader { bytes, at: 0, known: Vec::new(), allow_code, depth: 0 };
    match reader.value()? {
        Some(value) => Ok((value, reader.at)),
        None => Err(raise!(TypeError, "NULL object in marshal data for object")),
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    /// What references refer to; nothing while a container is being read.
    known: Vec<Option<Ref>>,
    allow_code: bool,
    depth: usize,
}

fn bad(what: &str) -> error::Raised {
    raise!(ValueError, "bad marshal data ({what})")
}

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> PyResult<&'b [u8]> {
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..count)) {
            Some(found) => {
                self.at += count;
                Ok(found)
            }
            None => Err(raise!(EOFError, "marshal data too short")),
        }
    }

    fn word(&mut self) -> PyResult<i32> {
        Ok(i32::from_le_bytes(self.take(4)?.try_into().expect("four bytes")))
    }

    fn double(&mut self) -> PyResult<f64> {
        Ok(f64::from_le_bytes(self.take(8)?.try_into().expect("eight bytes")))
    }

    fn size(&mut self, what: &str) -> PyResult<usize> {
        usize::try_from(self.word()?).map_err(|_| bad(&format!("{what} size out of range")))
    }

    /// A value, or nothing for the mark that ends a dict.
    fn value(&mut self) -> PyResult<Option<Ref>> {
        let code = self.take(1)?[0];
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(raise!(ValueError, "recursion limit exceeded"));
        }
        let slot = (code & IS_REFERRED_TO != 0).then(|| {
            self.known.push(None);
            self.known.len() - 1
        });
        let value = self.of_kind(code & !IS_REFERRED_TO, slot)?;
        if let Some(slot) = slot {
            self.known[slot].clone_from(&value);
        }
        self.depth -= 1;
        Ok(value)
    }

    fn part(&mut self, of: &str) -> PyResult {
        self.value()?.ok_or_else(|| raise!(TypeError, "NULL object in marshal data for {of}"))
    }

    fn of_kind(&mut self, kind: u8, slot: Option<usize>) -> PyResult<Option<Ref>> {
        Ok(Some(match kind {
            b'0' => return Ok(None),
            b'N' => objects::none().to_ref(),
            b'T' => objects::bool(true).to_ref(),
            b'F' => objects::bool(false).to_ref(),
            b'.' => objects::singleton::ellipsis().to_ref(),
            b'S' => error::types::StopIteration.value().to_ref(),
            b'i' => int::from_i64(self.word()?.into()),
            b'l' => self.long()?,
            b'g' => float::new(self.double()?),
            b'y' => complex::new(self.double()?, self.double()?),
            b's' => {
                let size = self.size("bytes object")?;
                BytesObject::new(self.take(size)?).into()
            }
            b'z' | b'Z' => {
                let size = self.take(1)?[0].into();
                self.ascii(size, kind == b'Z')?
            }
            b'a' | b'A' => {
                let size = self.size("string")?;
                self.ascii(size, kind == b'A')?
            }
            b'u' | b't' => self.text()?,
            b'(' | b')' => {
                let size = if kind == b')' { self.take(1)?[0].into() } else { self.size("tuple")? };
                TupleObject::new(self.items(size, "tuple")?).into()
            }
            b'[' => self.list(slot)?,
            b'{' => self.dict(slot)?,
            b'<' | b'>' => {
                let size = self.size("set")?;
                let items = self.items(size, "set")?;
                if kind == b'>' { set::frozen_from(items)? } else { set::from_iterable(ListObject::new(items).value())? }
            }
            b':' => {
                let parts = [self.part("slice")?, self.part("slice")?, self.part("slice")?];
                let [start, stop, step] = parts;
                SliceObject::new(start, stop, step).into()
            }
            b'r' => {
                let at = self.word()?;
                let known = usize::try_from(at).ok().and_then(|at| self.known.get(at).cloned().flatten());
                known.ok_or_else(|| bad("invalid reference"))?
            }
            b'c' => self.code()?,
            _ => return Err(bad("unknown type code")),
        }))
    }

    fn items(&mut self, size: usize, what: &str) -> PyResult<Vec<Ref>> {
        // Every item takes a byte at least, so a size beyond the data is no reason to reserve that much.
        let mut items = Vec::with_capacity(size.min(self.bytes.len() - self.at));
        for _ in 0..size {
            items.push(self.part(what)?);
        }
        Ok(items)
    }

    fn list(&mut self, slot: Option<usize>) -> PyResult {
        let list = ListObject::empty();
        self.announce(slot, list.clone().into());
        for _ in 0..self.size("list")? {
            let item = self.part("list")?;
            list.try_push(item)?;
        }
        Ok(list.into())
    }

    fn dict(&mut self, slot: Option<usize>) -> PyResult {
        let dict: Py<DictObject> = DictObject::new();
        self.announce(slot, dict.clone().into());
        while let Some(key) = self.value()? {
            let value = self.part("dict")?;
            dict.set(key.value(), value)?;
        }
        Ok(dict.into())
    }

    /// A container may contain itself.
    fn announce(&mut self, slot: Option<usize>, value: Ref) {
        if let Some(slot) = slot {
            self.known[slot] = Some(value);
        }
    }

    fn long(&mut self) -> PyResult {
        let count = self.word()?;
        let mut digits = String::from(if count < 0 { "-" } else { "" });
        let bytes = self.take(2 * count.unsigned_abs() as usize)?;
        let mut bits = String::new();
        for pair in bytes.chunks_exact(2).rev() {
            let digit = u16::from_le_bytes([pair[0], pair[1]]);
            if digit > 0x7fff {
                return Err(bad("digit out of range in long"));
            }
            bits += &format!("{digit:015b}");
        }
        digits += if bits.is_empty() { "0" } else { &bits };
        let text = StrObject::new(&digits);
        protocol::call(int::INT.value(), &[text.value(), runtime::Value::small(2)], None)
    }

    fn ascii(&mut self, size: usize, is_interned: bool) -> PyResult {
        let bytes = self.take(size)?;
        let text = StrObject::from_latin1(bytes);
        Ok(if is_interned { StrObject::intern_object(&text).into() } else { text.into() })
    }

    fn text(&mut self) -> PyResult {
        let size = self.size("string")?;
        let bytes = BytesObject::new(self.take(size)?);
        let arguments = ["utf-8", "surrogatepass"].map(StrObject::intern);
        protocol::call_method_text(bytes.value(), "decode", &[arguments[0].value(), arguments[1].value()])
    }

    fn code(&mut self) -> PyResult {
        if !self.allow_code {
            return Err(raise!(ValueError, "unmarshalling code objects is disallowed"));
        }
        let size = self.size("code object")?;
        let text = std::str::from_utf8(self.take(size)?).map_err(|_| bad("code object"))?;
        match CodeObject::from_text(text)? {
            Some(code) => Ok(code.into()),
            None => Err(bad("code object")),
        }
    }
}
