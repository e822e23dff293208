//! Which way each value goes into a pickle, and the values that contain no others.
//!
//! Invariant: what has a number in the memo is written as a reference to it, except under `fast`.

use runtime::buffer;
use runtime::codec::{self, Encoding};
use runtime::objects::bool::BOOL;
use runtime::objects::bytearray::ByteArray;
use runtime::objects::bytes::BytesObject;
use runtime::objects::dict::DictObject;
use runtime::objects::float;
use runtime::objects::function::FUNCTION;
use runtime::objects::int::{self, IntRef};
use runtime::objects::list::ListObject;
use runtime::objects::set::{FROZENSET, SET};
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::type_type::TYPE;
use runtime::objects::{self};
use runtime::{PyResult, Ref, Value, protocol, raise};

use super::buffer::PICKLE_BUFFER;
use super::opcode::*;
use super::output::FRAME_TARGET;
use super::pickler::Pickler;
use super::{long, unpicklable};

impl Pickler {
    /// Writes an object, or its persistent id.
    pub(super) fn save(&self, value: Value) -> PyResult<()> {
        self.end_full_frame()?;
        if let Some(ask) = self.asks_persistent.get_ref()
            && self.save_persistent(&ask, value)?
        {
            return Ok(());
        }
        self.save_itself(value)
    }

    /// Writes an object.
    fn save_itself(&self, value: Value) -> PyResult<()> {
        if self.save_atom(value)? || self.save_known(value) {
            return Ok(());
        }
        if let Some(text) = value.get_exact::<StrObject>() {
            return self.save_str(text);
        }
        if value.get_exact::<BytesObject>().is_some() {
            return self.save_bytes(value);
        }
        runtime::thread().check_stack(" while pickling an object")?;
        if let Some(dict) = value.get_exact::<DictObject>() {
            return self.save_dict(dict);
        }
        if let Some(list) = value.get_exact::<ListObject>() {
            return self.save_list(list);
        }
        if let Some(tuple) = value.get_exact::<TupleObject>() {
            return self.save_tuple(tuple);
        }
        if value.is_exact(&SET) {
            return self.save_set(value);
        }
        if value.is_exact(&FROZENSET) {
            return self.save_frozenset(value);
        }
        if value.get_exact::<ByteArray>().is_some() {
            return self.save_bytearray(value);
        }
        if value.is_exact(&PICKLE_BUFFER) {
            return self.save_buffer(value);
        }
        self.save_object(value)
    }

    /// What an override, the class or a table says.
    fn save_object(&self, value: Value) -> PyResult<()> {
        if let Some(overriding) = self.reducer_override.get_ref() {
            let reduced = protocol::call_one(overriding.value(), value)?;
            if !objects::is_not_implemented(reduced.value()) {
                return self.save_reduced(value, &reduced);
            }
        }
        if value.is_exact(&TYPE) {
            return self.save_type(value);
        }
        if value.is_exact(&FUNCTION) {
            return self.save_global(value, None);
        }
        match self.reduce(value)? {
            Some(reduced) => self.save_reduced(value, &reduced),
            None => self.save_global(value, None),
        }
    }

    pub(super) fn op(&self, opcode: u8) {
        self.output.borrow_mut().op(opcode);
    }

    pub(super) fn op_with(&self, opcode: u8, data: &[u8]) {
        self.output.borrow_mut().op_with(opcode, data);
    }

    /// `None`, truth values, integers, floats.
    #[inline]
    fn save_atom(&self, value: Value) -> PyResult<bool> {
        if let Some(small) = value.as_small() {
            self.save_int(small, value)?;
        } else if objects::is_none(value) {
            self.op(NONE);
        } else if value.is_exact(&float::FLOAT) {
            self.save_float(float::of(value).expect("a float"));
        } else if value.is_exact(&BOOL) {
            let is_true = protocol::is_true(value)?;
            match (self.protocol.get() >= 2, is_true) {
                (true, true) => self.op(NEWTRUE),
                (true, false) => self.op(NEWFALSE),
                (false, true) => self.op_with(INT, b"01\n"),
                (false, false) => self.op_with(INT, b"00\n"),
            }
        } else if value.is_exact(&int::INT) {
            self.save_long(value)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn save_int(&self, number: i64, value: Value) -> PyResult<()> {
        let Ok(word) = i32::try_from(number) else { return self.save_long(value) };
        if !self.is_binary() {
            self.op_with(INT, format!("{number}\n").as_bytes());
        } else if let Ok(byte) = u8::try_from(number) {
            self.op_with(BININT1, &[byte]);
        } else if let Ok(short) = u16::try_from(number) {
            self.op_with(BININT2, &short.to_le_bytes());
        } else {
            self.op_with(BININT, &word.to_le_bytes());
        }
        Ok(())
    }

    fn save_long(&self, value: Value) -> PyResult<()> {
        let number = IntRef::of(value).expect("an int");
        if self.protocol.get() < 2 {
            let text = protocol::repr_string(value)?;
            self.op_with(LONG, format!("{text}L\n").as_bytes());
            return Ok(());
        }
        let bytes = long::encode(number);
        let mut output = self.output.borrow_mut();
        match (u8::try_from(bytes.len()), i32::try_from(bytes.len())) {
            (Ok(len), _) => output.op_with(LONG1, &[len]),
            (_, Ok(len)) => output.op_with(LONG4, &len.to_le_bytes()),
            _ => return Err(raise!(OverflowError, "int too large to pickle")),
        }
        output.write(&bytes);
        Ok(())
    }

    fn save_float(&self, number: f64) {
        if self.is_binary() {
            self.op_with(BINFLOAT, &number.to_be_bytes());
        } else {
            self.op_with(FLOAT, format!("{}\n", float::repr_text(number)).as_bytes());
        }
    }

    // ---- The memo -----------------------------------------------------------------------------------------------------------

    /// Writes a reference to an object that the pickle has already.
    #[inline]
    fn save_known(&self, value: Value) -> bool {
        let number = self.memo.borrow().find(value);
        if let Some(number) = number {
            self.fetch(number);
        }
        number.is_some()
    }

    /// Writes a reference.
    pub(super) fn fetch(&self, number: u32) {
        match u8::try_from(number) {
            _ if !self.is_binary() => self.op_with(GET, format!("{number}\n").as_bytes()),
            Ok(byte) => self.op_with(BINGET, &[byte]),
            Err(_) => self.op_with(LONG_BINGET, &number.to_le_bytes()),
        }
    }

    /// The number of an object that the pickle has already.
    pub(super) fn number_of(&self, value: Value) -> Option<u32> {
        self.memo.borrow().find(value)
    }

    /// Gives the object that has just been written a number.
    pub(super) fn memoize(&self, value: Value) -> PyResult<()> {
        if self.is_fast.get() != 0 {
            return Ok(());
        }
        let mut memo = self.memo.borrow_mut();
        let number = u32::try_from(memo.len())
            .map_err(|_| raise!(OverflowError, "memo id too large for LONG_BINPUT"))?;
        memo.put(value, number);
        drop(memo);
        match u8::try_from(number) {
            _ if self.protocol.get() >= 4 => self.op(MEMOIZE),
            _ if !self.is_binary() => self.op_with(PUT, format!("{number}\n").as_bytes()),
            Ok(byte) => self.op_with(BINPUT, &[byte]),
            Err(_) => self.op_with(LONG_BINPUT, &number.to_le_bytes()),
        }
        Ok(())
    }

    // ---- Texts and bytes ----------------------------------------------------------------------------------------------------

    fn save_str(&self, text: &StrObject) -> PyResult<()> {
        let value = Value::from_object(text);
        if !self.is_binary() {
            let mut line = raw_text(text);
            line.push(b'\n');
            self.op_with(UNICODE, &line);
        } else if let Some(ascii) = text.as_ascii() {
            self.save_text_data(ascii.as_bytes(), None)?;
        } else {
            self.save_text_data(&Encoding::Utf8.encode(value, "surrogatepass")?, None)?;
        }
        self.memoize(value)
    }

    fn save_text_data(&self, data: &[u8], payload: Option<Value>) -> PyResult<()> {
        let len = data.len();
        match (u8::try_from(len), u32::try_from(len)) {
            (Ok(short), _) if self.protocol.get() >= 4 => {
                self.write_data(SHORT_BINUNICODE, &[short], data, payload)
            }
            (_, Ok(word)) => self.write_data(BINUNICODE, &word.to_le_bytes(), data, payload),
            _ if self.protocol.get() >= 4 => {
                self.write_data(BINUNICODE8, &(len as u64).to_le_bytes(), data, payload)
            }
            _ => {
                let message = "serializing a string larger than 4 GiB requires pickle protocol 4 or higher";
                Err(raise!(OverflowError, "{message}"))
            }
        }
    }

    fn save_bytes(&self, value: Value) -> PyResult<()> {
        let data = value.get::<BytesObject>().expect("bytes").as_slice();
        if self.protocol.get() >= 3 {
            self.save_bytes_data(data, Some(value))?;
            return self.memoize(value);
        }
        // The older protocols know no bytes: they are made of texts.
        let (made_by, arguments) = if data.is_empty() {
            (value.ty().value().to_ref(), TupleObject::empty())
        } else {
            let module = protocol::import::import_absolute("codecs")?;
            let encode = protocol::get_attr_text(module.value(), "encode")?;
            let text = StrObject::from_latin1(data);
            (encode, TupleObject::of([text.into(), StrObject::intern("latin1").into()]))
        };
        self.save_call(made_by, arguments.into(), value)
    }

    /// What makes an object again, in the place of a `__reduce__`.
    pub(super) fn save_call(&self, callable: Ref, arguments: Ref, value: Value) -> PyResult<()> {
        self.save_reduced(value, &TupleObject::of([callable, arguments]).into())
    }

    fn save_bytes_data(&self, data: &[u8], payload: Option<Value>) -> PyResult<()> {
        let len = data.len();
        match (u8::try_from(len), u32::try_from(len)) {
            (Ok(short), _) => self.write_data(SHORT_BINBYTES, &[short], data, payload),
            (_, Ok(word)) => self.write_data(BINBYTES, &word.to_le_bytes(), data, payload),
            _ if self.protocol.get() >= 4 => {
                self.write_data(BINBYTES8, &(len as u64).to_le_bytes(), data, payload)
            }
            _ => {
                let message =
                    "serializing a bytes object larger than 4 GiB requires pickle protocol 4 or higher";
                Err(raise!(OverflowError, "{message}"))
            }
        }
    }

    fn save_bytearray(&self, value: Value) -> PyResult<()> {
        if self.protocol.get() >= 5 {
            let data = buffer::to_vec(value)?;
            self.write_data(BYTEARRAY8, &(data.len() as u64).to_le_bytes(), &data, Some(value))?;
            return self.memoize(value);
        }
        let data = buffer::to_vec(value)?;
        let arguments = match data.is_empty() {
            true => TupleObject::empty(),
            false => TupleObject::of([BytesObject::new(&data).into()]),
        };
        self.save_call(value.ty().value().to_ref(), arguments.into(), value)
    }

    /// A head and data. Much data is in no frame, and goes to the file as the object that has it, if there is one.
    fn write_data(&self, opcode: u8, len: &[u8], data: &[u8], payload: Option<Value>) -> PyResult<()> {
        if data.len() < FRAME_TARGET {
            let mut output = self.output.borrow_mut();
            output.op_with(opcode, len);
            output.write(data);
            return Ok(());
        }
        let is_framing = {
            let mut output = self.output.borrow_mut();
            output.end_frame();
            let is_framing = std::mem::replace(&mut output.is_framing, false);
            output.op_with(opcode, len);
            is_framing
        };
        let written = match self.write.get_ref() {
            Some(write) => self.flush().and_then(|()| match payload {
                Some(payload) => self.write_to(&write, payload),
                None => self.write_to(&write, BytesObject::new(data).value()),
            }),
            None => {
                self.output.borrow_mut().write(data);
                Ok(())
            }
        };
        self.output.borrow_mut().is_framing = is_framing;
        written
    }

    /// A buffer, unless whoever has asked to be called for it takes it.
    fn save_buffer(&self, value: Value) -> PyResult<()> {
        if self.protocol.get() < 5 {
            return Err(unpicklable!("PickleBuffer can only be pickled with protocol >= 5"));
        }
        let lent = buffer::acquire(value)?;
        let is_readonly = lent.readonly;
        if !lent.is_contiguous() && !lent.shape().is_contiguous(lent.itemsize, false) {
            let message = "PickleBuffer can not be pickled when pointing to a non-contiguous buffer";
            return Err(unpicklable!("{message}"));
        }
        drop(lent);
        let is_in_band = match self.buffer_callback.get_ref() {
            Some(callback) => protocol::is_true(protocol::call_one(callback.value(), value)?.value())?,
            None => true,
        };
        if !is_in_band {
            self.op(NEXT_BUFFER);
            if is_readonly {
                self.op(READONLY_BUFFER);
            }
            return Ok(());
        }
        let raw = protocol::call_method_text(value, "raw", &[])?;
        let data = buffer::to_vec(raw.value())?;
        if is_readonly {
            self.save_bytes_data(&data, None)?;
        } else {
            self.write_data(BYTEARRAY8, &(data.len() as u64).to_le_bytes(), &data, None)?;
        }
        self.memoize(value)
    }

    // ---- Persistent ids -----------------------------------------------------------------------------------------------------

    /// Writes the persistent id of an object, if it has one.
    fn save_persistent(&self, ask: &Ref, value: Value) -> PyResult<bool> {
        let id = protocol::call_one(ask.value(), value)?;
        if objects::is_none(id.value()) {
            return Ok(false);
        }
        if self.is_binary() {
            self.save_itself(id.value())?;
            self.op(BINPERSID);
            return Ok(true);
        }
        let text = protocol::str(id.value())?;
        let Some(ascii) = text.get::<StrObject>().and_then(StrObject::as_ascii) else {
            return Err(unpicklable!("persistent IDs in protocol 0 must be ASCII strings"));
        };
        self.op_with(PERSID, format!("{ascii}\n").as_bytes());
        Ok(true)
    }
}

/// A text as the oldest protocol has it: what would end the line, or begin an escape, is escaped itself.
fn raw_text(text: &StrObject) -> Vec<u8> {
    let needs_more = |point: u32| matches!(point, 0 | 0x0a | 0x0d | 0x1a | 0x5c);
    if !text.code_points().any(needs_more) {
        return codec::escape::encode_raw_unicode_escape(text);
    }
    let mut line = Vec::with_capacity(text.len() + 8);
    for point in text.code_points() {
        match u8::try_from(point) {
            Ok(byte) if !needs_more(point) => line.push(byte),
            _ if point < 0x1_0000 => line.extend_from_slice(format!("\\u{point:04x}").as_bytes()),
            _ => line.extend_from_slice(format!("\\U{point:08x}").as_bytes()),
        }
    }
    line
}
