//! The opcodes of a pickle, one after the other, until it stops.

use runtime::codec::{self, Encoding};
use runtime::objects::bytearray::ByteArray;
use runtime::objects::bytes::BytesObject;
use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::memoryview::MemoryView;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float, int, set};
use runtime::{PyResult, Raised, Ref, Value, buffer, protocol, raise};

use super::input::Input;
use super::opcode::*;
use super::stack::Stack;
use super::unpickler::Unpickler;
use super::{HIGHEST_PROTOCOL, bad_pickle, long};

/// A pickle while it is read.
pub(super) struct Loading<'a> {
    pub(super) unpickler: &'a Unpickler,
    pub(super) input: Input,
    pub(super) stack: Stack,
}

/// Whether a pickle goes on.
pub(super) enum Step {
    Next,
    Stop,
}

impl<'a> Loading<'a> {
    pub(super) fn new(unpickler: &'a Unpickler, input: Input) -> Self {
        unpickler.protocol.set(0);
        Loading { unpickler, input, stack: Stack::default() }
    }

    /// The object of the pickle.
    pub(super) fn run(&mut self) -> PyResult {
        loop {
            let opcode = match self.input.byte() {
                Ok(opcode) => opcode,
                Err(raised) => return Err(no_opcode(raised)),
            };
            if let Step::Stop = self.step(opcode)? {
                break;
            }
        }
        let value = self.stack.pop()?;
        self.input.advance()?;
        Ok(value)
    }

    fn push(&mut self, item: Ref) -> PyResult<()> {
        self.stack.push(item);
        Ok(())
    }

    /// One opcode.
    fn step(&mut self, opcode: u8) -> PyResult<Step> {
        match opcode {
            NONE => self.push(objects::none().to_ref()),
            NEWTRUE => self.push(objects::bool(true).to_ref()),
            NEWFALSE => self.push(objects::bool(false).to_ref()),
            BININT1 => self.input.byte().map(|byte| self.stack.push(Ref::small(byte.into()))),
            BININT2 => self.short().map(|short| self.stack.push(Ref::small(short.into()))),
            BININT => {
                let word = i32::from_le_bytes(self.input.array()?);
                self.push(Ref::small(word.into()))
            }
            INT => self.load_int(),
            LONG => self.load_long(),
            LONG1 => {
                let len = self.input.byte()?;
                self.load_long_bytes(len.into())
            }
            LONG4 => {
                let len = i32::from_le_bytes(self.input.array()?);
                let len =
                    usize::try_from(len).map_err(|_| bad_pickle!("LONG pickle has negative byte count"))?;
                self.load_long_bytes(len)
            }
            FLOAT => self.load_float(),
            BINFLOAT => {
                let number = f64::from_be_bytes(self.input.array()?);
                self.push(float::new(number))
            }
            SHORT_BINUNICODE | BINUNICODE | BINUNICODE8 => {
                let len = self.size(opcode, [SHORT_BINUNICODE, BINUNICODE], "BINUNICODE")?;
                let text = text_of(self.input.take(len)?)?;
                self.push(text)
            }
            UNICODE => self.load_raw_text(),
            SHORT_BINBYTES | BINBYTES | BINBYTES8 => {
                let len = self.size(opcode, [SHORT_BINBYTES, BINBYTES], "BINBYTES")?;
                let bytes = BytesObject::new(self.input.take(len)?);
                self.push(bytes.into())
            }
            BYTEARRAY8 => {
                let len = self.size(opcode, [0, 0], "BYTEARRAY8")?;
                let bytes = ByteArray::make(self.input.take(len)?.to_vec());
                self.push(bytes)
            }
            NEXT_BUFFER => self.load_buffer(),
            READONLY_BUFFER => self.make_read_only(),
            STRING => self.load_quoted(),
            BINSTRING => {
                let len = u32::from_le_bytes(self.input.array()?);
                self.load_old_text(len as usize)
            }
            SHORT_BINSTRING => {
                let len = self.input.byte()?;
                self.load_old_text(len.into())
            }
            EMPTY_TUPLE => self.push(TupleObject::empty().into()),
            TUPLE1 => self.load_tuple(1),
            TUPLE2 => self.load_tuple(2),
            TUPLE3 => self.load_tuple(3),
            TUPLE => {
                let items = self.stack.pop_mark()?;
                self.push(TupleObject::new(items).into())
            }
            EMPTY_LIST => self.push(ListObject::empty().into()),
            LIST => {
                let items = self.stack.pop_mark()?;
                self.push(ListObject::new(items).into())
            }
            EMPTY_DICT => self.push(DictObject::new().into()),
            DICT => self.load_dict(),
            EMPTY_SET => self.push(set::new_set()),
            FROZENSET => {
                let items = self.stack.pop_mark()?;
                let made = set::frozen_from(items)?;
                self.push(made)
            }
            MARK => {
                self.stack.mark();
                Ok(())
            }
            POP => self.stack.discard(),
            POP_MARK => self.stack.pop_mark().map(drop),
            DUP => {
                let top = self.stack.top()?.to_ref();
                self.push(top)
            }
            APPEND | APPENDS | SETITEM | SETITEMS | ADDITEMS => self.fill(opcode),
            GET | BINGET | LONG_BINGET => self.load_memo(opcode),
            PUT | BINPUT | LONG_BINPUT | MEMOIZE => self.store_memo(opcode),
            PERSID | BINPERSID => self.load_persistent(opcode),
            EXT1 | EXT2 | EXT4 => self.load_extension(opcode),
            GLOBAL | STACK_GLOBAL => self.load_global(opcode),
            INST | OBJ => self.load_instance(opcode),
            NEWOBJ | NEWOBJ_EX => self.load_newobj(opcode),
            REDUCE => self.load_reduce(),
            BUILD => self.load_build(),
            FRAME => {
                let len = u64::from_le_bytes(self.input.array()?);
                self.input.frame(len)
            }
            PROTO => {
                let protocol = self.input.byte()?;
                if i64::from(protocol) > HIGHEST_PROTOCOL {
                    return Err(raise!(ValueError, "unsupported pickle protocol: {protocol}"));
                }
                self.unpickler.protocol.set(protocol);
                Ok(())
            }
            STOP => return Ok(Step::Stop),
            _ => Err(bad_pickle!("invalid load key, '{}'.", shown(opcode))),
        }
        .map(|()| Step::Next)
    }

    // ---- Sizes --------------------------------------------------------------------------------------------------------------

    fn short(&mut self) -> PyResult<u16> {
        Ok(u16::from_le_bytes(self.input.array()?))
    }

    /// A length of one, four or eight bytes, of which the first two belong to `opcodes`.
    fn size(&mut self, opcode: u8, opcodes: [u8; 2], what: &str) -> PyResult<usize> {
        if opcode == opcodes[0] {
            return Ok(self.input.byte()?.into());
        }
        if opcode == opcodes[1] {
            return Ok(u32::from_le_bytes(self.input.array()?) as usize);
        }
        let len = u64::from_le_bytes(self.input.array()?);
        isize::try_from(len).map(isize::unsigned_abs).map_err(|_| {
            let most = isize::MAX;
            raise!(OverflowError, "{what} exceeds system's maximum size of {most} bytes")
        })
    }

    // ---- Numbers ------------------------------------------------------------------------------------------------------------

    fn load_int(&mut self) -> PyResult<()> {
        let line = self.input.ascii_line()?;
        match line.as_str() {
            "00" => self.push(objects::bool(false).to_ref()),
            "01" => self.push(objects::bool(true).to_ref()),
            _ => match runtime::error::ignore(integer(&line), &runtime::error::types::ValueError)? {
                Some(number) => self.push(number),
                None => Err(raise!(ValueError, "could not convert string to int")),
            },
        }
    }

    fn load_long(&mut self) -> PyResult<()> {
        let line = self.input.ascii_line()?;
        let number = integer(line.strip_suffix('L').unwrap_or(&line))?;
        self.push(number)
    }

    fn load_long_bytes(&mut self, len: usize) -> PyResult<()> {
        let number = long::decode(self.input.take(len)?);
        self.push(number)
    }

    fn load_float(&mut self) -> PyResult<()> {
        let line = self.input.ascii_line()?;
        match float::methods::parse(&line) {
            Some(number) => self.push(float::new(number)),
            None => Err(raise!(ValueError, "could not convert string to float: '{line}\n'")),
        }
    }

    // ---- Texts and buffers --------------------------------------------------------------------------------------------------

    fn load_raw_text(&mut self) -> PyResult<()> {
        let line = BytesObject::new(self.input.line()?);
        let encoding = StrObject::intern("raw_unicode_escape");
        let text = codec::decode(line.value(), line.as_slice(), Some(encoding.value()), None)?;
        self.push(text)
    }

    /// A text of Python 2 between quotes.
    fn load_quoted(&mut self) -> PyResult<()> {
        let inner = match self.input.line()? {
            [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
            _ => return Err(bad_pickle!("the STRING opcode argument must be quoted")),
        };
        let data = codec::escape::decode_bytes_escape(inner, "strict")?;
        self.push_old_text(&data)
    }

    fn load_old_text(&mut self, len: usize) -> PyResult<()> {
        let data = self.input.take(len)?.to_vec();
        self.push_old_text(&data)
    }

    /// A text of Python 2, which is bytes unless an encoding makes a text of it.
    fn push_old_text(&mut self, data: &[u8]) -> PyResult<()> {
        let bytes = BytesObject::new(data);
        let encoding = self.unpickler.encoding.borrow().clone();
        if encoding == "bytes" {
            return self.push(bytes.into());
        }
        let encoding = StrObject::new(&encoding);
        let errors = StrObject::new(&self.unpickler.errors.borrow());
        let text = codec::decode(bytes.value(), data, Some(encoding.value()), Some(errors.value()))?;
        self.push(text)
    }

    fn load_buffer(&mut self) -> PyResult<()> {
        let Some(buffers) = self.unpickler.buffers.get_ref() else {
            let message = "pickle stream refers to out-of-band data but no *buffers* argument was given";
            return Err(bad_pickle!("{message}"));
        };
        match protocol::iter_next(buffers.value())? {
            Some(buffer) => self.push(buffer),
            None => Err(bad_pickle!("not enough out-of-band buffers")),
        }
    }

    fn make_read_only(&mut self) -> PyResult<()> {
        let top = self.stack.top()?.to_ref();
        if buffer::acquire(top.value())?.readonly {
            return Ok(());
        }
        let view = MemoryView::over(top.value())?;
        let view = protocol::call_method_text(view.value(), "toreadonly", &[])?;
        self.stack.replace_top(view)
    }

    // ---- Containers ---------------------------------------------------------------------------------------------------------

    fn load_tuple(&mut self, count: usize) -> PyResult<()> {
        let items = self.stack.pop_many(count)?;
        self.push(TupleObject::new(items).into())
    }

    fn load_dict(&mut self) -> PyResult<()> {
        let items = self.stack.pop_mark()?;
        let dict = DictObject::new();
        set_items(dict.value(), items, "DICT")?;
        self.push(dict.into())
    }

    /// Adds to the container below.
    fn fill(&mut self, opcode: u8) -> PyResult<()> {
        let items = match opcode {
            APPEND => self.stack.pop_many(1)?,
            SETITEM => self.stack.pop_many(2)?,
            _ => self.stack.pop_mark()?,
        };
        let container = self.stack.top()?.to_ref();
        match opcode {
            APPEND | APPENDS => append(container.value(), items),
            ADDITEMS => add(container.value(), items),
            _ => set_items(container.value(), items, "SETITEMS"),
        }
    }

    // ---- The memo -----------------------------------------------------------------------------------------------------------

    fn line_number(&mut self) -> PyResult<i64> {
        let line = self.input.ascii_line()?;
        int::to_i64(integer(&line)?.value())
    }

    fn load_memo(&mut self, opcode: u8) -> PyResult<()> {
        let number = match opcode {
            BINGET => self.input.byte()?.into(),
            LONG_BINGET => u32::from_le_bytes(self.input.array()?).into(),
            _ => self.line_number()?,
        };
        let found = usize::try_from(number).ok().and_then(|at| self.unpickler.memo.borrow().get(at));
        match found {
            Some(found) => self.push(found),
            None => Err(bad_pickle!("Memo value not found at index {number}")),
        }
    }

    fn store_memo(&mut self, opcode: u8) -> PyResult<()> {
        let number = match opcode {
            MEMOIZE => self.unpickler.memo.borrow().len() as i64,
            BINPUT => self.input.byte()?.into(),
            LONG_BINPUT => u32::from_le_bytes(self.input.array()?).into(),
            _ => self.line_number()?,
        };
        let top = self.stack.top()?.to_ref();
        let Ok(number) = usize::try_from(number) else {
            return Err(raise!(ValueError, "negative PUT argument"));
        };
        let before = self.unpickler.memo.borrow_mut().put(number, top);
        drop(before);
        Ok(())
    }

    fn load_persistent(&mut self, opcode: u8) -> PyResult<()> {
        let id = match opcode {
            BINPERSID => self.stack.pop()?,
            _ => match std::str::from_utf8(self.input.line()?) {
                Ok(id) if id.is_ascii() => StrObject::new(id).into(),
                _ => return Err(bad_pickle!("persistent IDs in protocol 0 must be ASCII strings")),
            },
        };
        let found = self.unpickler.load_persistent(id.value())?;
        self.push(found)
    }
}

/// An integer in decimal digits.
fn integer(text: &str) -> PyResult {
    let text = StrObject::new(text);
    protocol::call_one(int::INT.value(), text.value())
}

/// A text in UTF-8, which may contain surrogates.
#[inline]
fn text_of(data: &[u8]) -> PyResult {
    match std::str::from_utf8(data) {
        Ok(text) => Ok(StrObject::new(text).into()),
        Err(_) => Ok(Encoding::Utf8.decode(None, data, "surrogatepass", true)?.0.into()),
    }
}

/// How an opcode is shown that does not exist.
fn shown(opcode: u8) -> String {
    match opcode {
        b' '..=b'~' if !matches!(opcode, b'\'' | b'\\') => char::from(opcode).to_string(),
        _ => format!("\\x{opcode:02x}"),
    }
}

/// A pickle that ends where an opcode belongs.
#[cold]
fn no_opcode(raised: Raised) -> Raised {
    match runtime::error::catch(raised, &super::UNPICKLING_ERROR) {
        Ok(_) => raise!(EOFError, "Ran out of input"),
        Err(other) => other,
    }
}

fn append(container: Value, items: Vec<Ref>) -> PyResult<()> {
    if let Some(list) = container.get_exact::<ListObject>() {
        list.try_reserve(items.len())?;
        items.into_iter().for_each(|item| list.push(item));
        return Ok(());
    }
    if items.len() != 1
        && let Some(extend) = protocol::get_optional_attr(container, StrObject::intern("extend").value())?
    {
        let items = ListObject::new(items);
        return protocol::call_one(extend.value(), items.value()).map(drop);
    }
    let append = protocol::get_attr_text(container, "append")?;
    items.iter().try_for_each(|item| protocol::call_one(append.value(), item.value()).map(drop))
}

fn set_items(container: Value, items: Vec<Ref>, opcode: &str) -> PyResult<()> {
    if !items.len().is_multiple_of(2) {
        return Err(bad_pickle!("odd number of items for {opcode}"));
    }
    let exact = container.get_exact::<DictObject>();
    let mut items = items.into_iter();
    while let (Some(key), Some(item)) = (items.next(), items.next()) {
        match exact {
            Some(dict) => dict.set(key.value(), item)?,
            None => protocol::set_item(container, key.value(), item.value())?,
        }
    }
    Ok(())
}

fn add(container: Value, items: Vec<Ref>) -> PyResult<()> {
    if let Some(set) = set::SetObject::of(container).filter(|_| container.ty().is_subtype_of(&set::SET)) {
        return items.iter().try_for_each(|item| set.add(item.value()));
    }
    let add = protocol::get_attr_text(container, "add")?;
    items.iter().try_for_each(|item| protocol::call_one(add.value(), item.value()).map(drop))
}
