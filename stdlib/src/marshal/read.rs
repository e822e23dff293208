//! Values from marshal format.

use runtime::codec::Encoding;
use runtime::error::Raised;
use runtime::objects::bytes::BytesObject;
use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::slice::SliceObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, complex, float, int, set, singleton};
use runtime::{PyResult, Ref, Value, error, protocol, raise};

use super::{DIGIT_BITS, MAX_DEPTH, NUMBERED};

/// Where the bytes come from.
pub(super) enum Source<'a> {
    /// What is left of a buffer.
    Bytes(&'a [u8]),
    /// An object with a method `read`.
    File(Value),
}

struct Reader<'a> {
    source: Source<'a>,
    allow_code: bool,
    depth: usize,
    /// Objects by number; a tuple that is not finished yet is `None`.
    numbered: Vec<Option<Ref>>,
}

/// Reads one value.
pub(super) fn read(source: Source<'_>, allow_code: bool) -> PyResult {
    let mut reader = Reader { source, allow_code, depth: 0, numbered: Vec::new() };
    match reader.item()? {
        Some(value) => Ok(value),
        None => Err(raise!(TypeError, "NULL object in marshal data for object")),
    }
}

fn bad(what: &str) -> Raised {
    raise!(ValueError, "bad marshal data ({what})")
}

impl Reader<'_> {
    fn take(&mut self, count: usize) -> PyResult<Vec<u8>> {
        let short = || raise!(EOFError, "marshal data too short");
        match &mut self.source {
            Source::Bytes(rest) => {
                let (head, tail) = rest.split_at_checked(count).ok_or_else(short)?;
                *rest = tail;
                Ok(head.to_vec())
            }
            Source::File(file) => {
                let count_object = int::from_i64(count as i64);
                let data = protocol::call_method_text(*file, "read", &[count_object.value()])?;
                let Some(bytes) = data.get::<BytesObject>().map(BytesObject::as_slice) else {
                    let got = data.ty().name();
                    return Err(raise!(TypeError, "file.read() returned not bytes but {got}"));
                };
                match bytes.len().cmp(&count) {
                    std::cmp::Ordering::Less => Err(raise!(EOFError, "EOF read where not expected")),
                    std::cmp::Ordering::Equal => Ok(bytes.to_vec()),
                    std::cmp::Ordering::Greater => {
                        let got = bytes.len();
                        Err(raise!(
                            ValueError,
                            "read() returned too much data: {count} bytes requested, {got} returned"
                        ))
                    }
                }
            }
        }
    }

    fn byte(&mut self) -> PyResult<u8> {
        Ok(self.take(1)?[0])
    }

    fn number<const N: usize>(&mut self) -> PyResult<[u8; N]> {
        Ok(self.take(N)?.try_into().expect("as many as asked for"))
    }

    fn size(&mut self, what: &str) -> PyResult<usize> {
        let size = i32::from_le_bytes(self.number()?);
        usize::try_from(size).map_err(|_| bad(&format!("{what} size out of range")))
    }

    fn double(&mut self) -> PyResult<f64> {
        Ok(f64::from_le_bytes(self.number()?))
    }

    fn double_text(&mut self) -> PyResult<f64> {
        let len = self.byte()?;
        let text = self.take(len.into())?;
        let text = String::from_utf8_lossy(&text).into_owned();
        float::methods::parse(&text)
            .ok_or_else(|| raise!(ValueError, "could not convert string to float: '{text}'"))
    }

    /// A value, or `None` for the mark that ends a dict.
    fn item(&mut self) -> PyResult<Option<Ref>> {
        if self.depth >= MAX_DEPTH {
            return Err(raise!(ValueError, "recursion limit exceeded"));
        }
        self.depth += 1;
        let code = match self.take(1) {
            Ok(code) => code[0],
            Err(raised) => {
                drop(error::catch(raised, &error::types::EOFError)?);
                return Err(raise!(EOFError, "EOF read where object expected"));
            }
        };
        let read = self.object(code & !NUMBERED, code & NUMBERED != 0);
        self.depth -= 1;
        read
    }

    fn required(&mut self, what: &str) -> PyResult {
        self.item()?.ok_or_else(|| raise!(TypeError, "NULL object in marshal data for {what}"))
    }

    /// Gives an object the next number, if it has one.
    fn keep(&mut self, object: Ref, numbered: bool) -> Ref {
        if numbered {
            self.numbered.push(Some(object.clone()));
        }
        object
    }

    fn object(&mut self, code: u8, numbered: bool) -> PyResult<Option<Ref>> {
        let made: Ref = match code {
            b'0' => return Ok(None),
            b'N' => return Ok(Some(objects::none().to_ref())),
            b'T' => return Ok(Some(objects::bool(true).to_ref())),
            b'F' => return Ok(Some(objects::bool(false).to_ref())),
            b'.' => return Ok(Some(singleton::ellipsis().to_ref())),
            b'S' => return Ok(Some(error::types::StopIteration.value().to_ref())),
            b'r' => return self.reference().map(Some),
            b'i' => int::from_i64(i32::from_le_bytes(self.number()?).into()),
            b'I' => int::from_i64(i64::from_le_bytes(self.number()?)),
            b'l' => self.long()?,
            b'g' => float::new(self.double()?),
            b'f' => float::new(self.double_text()?),
            b'y' => complex::new(self.double()?, self.double()?),
            b'x' => complex::new(self.double_text()?, self.double_text()?),
            b's' => {
                let size = self.size("bytes object")?;
                BytesObject::new(&self.take(size)?).into()
            }
            b'a' | b'A' | b'z' | b'Z' => {
                let size =
                    if code.eq_ignore_ascii_case(&b'z') { self.byte()?.into() } else { self.size("string")? };
                let text = StrObject::from_latin1(&self.take(size)?);
                if code.is_ascii_uppercase() { StrObject::intern_object(&text).into() } else { text.into() }
            }
            b'u' | b't' => {
                let size = self.size("string")?;
                let (text, ..) = Encoding::Utf8.decode(None, &self.take(size)?, "surrogatepass", true)?;
                if code == b't' { StrObject::intern_object(&text).into() } else { text.into() }
            }
            _ => return self.container(code, numbered).map(Some),
        };
        Ok(Some(self.keep(made, numbered)))
    }

    fn reference(&mut self) -> PyResult {
        let number = i32::from_le_bytes(self.number()?);
        let found = usize::try_from(number).ok().and_then(|number| self.numbered.get(number).cloned());
        found.flatten().ok_or_else(|| bad("invalid reference"))
    }

    fn long(&mut self) -> PyResult {
        let count = i32::from_le_bytes(self.number()?);
        if count == i32::MIN {
            return Err(bad("long size out of range"));
        }
        let (mut bytes, mut bits, mut buffer) = (Vec::new(), 0, 0u32);
        let mut last = 1;
        for _ in 0..count.unsigned_abs() {
            last = u16::from_le_bytes(self.number()?);
            if last >> DIGIT_BITS != 0 {
                return Err(bad("digit out of range in long"));
            }
            buffer |= u32::from(last) << bits;
            bits += DIGIT_BITS;
            while bits >= 8 {
                bytes.push(buffer as u8);
                buffer >>= 8;
                bits -= 8;
            }
        }
        if last == 0 {
            return Err(bad("unnormalized long data"));
        }
        bytes.push(buffer as u8);
        let order = StrObject::intern("little");
        let data = BytesObject::new(&bytes);
        let magnitude =
            protocol::call_method_text(int::INT.value(), "from_bytes", &[data.value(), order.value()])?;
        if count < 0 { protocol::arithmetic::negative(magnitude.value()) } else { Ok(magnitude) }
    }

    fn container(&mut self, code: u8, numbered: bool) -> PyResult {
        let place = self.numbered.len();
        match code {
            b'(' | b')' => {
                let size = if code == b')' { self.byte()?.into() } else { self.size("tuple")? };
                if numbered {
                    self.numbered.push(None);
                }
                let items = (0..size).map(|_| self.required("tuple")).collect::<PyResult<Vec<Ref>>>()?;
                Ok(self.fill(place, TupleObject::new(items).into(), numbered))
            }
            b'[' => {
                let size = self.size("list")?;
                let list = ListObject::empty();
                self.keep(list.value().to_ref(), numbered);
                for _ in 0..size {
                    list.try_push(self.required("list")?)?;
                }
                Ok(list.into())
            }
            b'{' => {
                let dict = DictObject::new();
                self.keep(dict.value().to_ref(), numbered);
                while let Some(key) = self.item()? {
                    let Some(value) = self.item()? else { break };
                    dict.set(key.value(), value)?;
                }
                Ok(dict.into())
            }
            b'<' | b'>' => {
                let size = self.size("set")?;
                let ty = if code == b'<' { &set::SET } else { &set::FROZENSET };
                if numbered {
                    self.numbered.push(None);
                }
                let items = (0..size).map(|_| self.required("set")).collect::<PyResult<Vec<Ref>>>()?;
                let made = protocol::call_one(ty.value(), ListObject::new(items).value())?;
                Ok(self.fill(place, made, numbered))
            }
            b':' => {
                if numbered {
                    self.numbered.push(None);
                }
                let [start, stop, step] =
                    [self.required("slice")?, self.required("slice")?, self.required("slice")?];
                Ok(self.fill(place, SliceObject::new(start, stop, step).into(), numbered))
            }
            b'c' if !self.allow_code => Err(raise!(ValueError, "unmarshalling code objects is disallowed")),
            b'c' => {
                let size = self.size("code object")?;
                let text = self.take(size)?;
                let text = std::str::from_utf8(&text).map_err(|_| bad("code object"))?;
                match CodeObject::from_text(text) {
                    Some(code) => Ok(self.keep(code.into(), numbered)),
                    None => Err(bad("code object")),
                }
            }
            _ => Err(bad("unknown type code")),
        }
    }

    /// Puts a finished object into the place that its number was kept for.
    fn fill(&mut self, place: usize, object: Ref, numbered: bool) -> Ref {
        if numbered {
            self.numbered[place] = Some(object.clone());
        }
        object
    }
}
