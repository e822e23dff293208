//! `TextIOWrapper`: text over a stream of bytes.
//!
//! Reading decodes pieces of bytes and keeps the last piece of text with the place in it; writing keeps encoded bytes back until there
//! are enough. The bytes of the last piece and the state of the decoder before it are remembered, from which `tell` makes its
//! positions. The stream below may be any object: no borrow is held across its calls. Method: CPython's `textio.c`.

use std::cell::{Cell, RefCell};

use runtime::args::Args;
use runtime::convert::OrNone;
use runtime::field::Field;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::bytes::BytesObject;
use runtime::objects::str::{StrBuilder, StrObject, search};
use runtime::objects::{self, int};
use runtime::signature::Signature;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, buffer, codec, protocol, py_methods, raise};

use super::base::{IoBase, TEXT_BASE, flush_and_close};
use super::coding::{self, Decoder, Encoder};
use super::cookie::{self, Cookie};
use super::newline::{Newline, Translation, find};
use super::{Size, boolean, buffered, call, closed_error, detached, is_closed, uninitialized, unsupported};
use crate::sys;

/// Bytes that are read, or kept back, at a time.
const CHUNK: usize = 8192;

/// What reading needs to come back to a place: the flags of the decoder, and the bytes that it was given since.
type Snapshot = Option<(i64, Vec<u8>)>;

/// A stream of text.
#[repr(C)]
pub(super) struct TextIo {
    base: IoBase,
    buffer: Field,
    is_detached: Cell<bool>,
    encoding: Field,
    errors: Field,
    decoder: RefCell<Option<Decoder>>,
    encoder: RefCell<Option<Encoder>>,
    can_read: Cell<bool>,
    newline: Cell<Newline>,
    line_buffering: Cell<bool>,
    write_through: Cell<bool>,
    can_seek: Cell<bool>,
    is_telling: Cell<bool>,
    has_read1: Cell<bool>,
    chunk: Cell<usize>,
    /// The last piece of text, and how much of it has been used.
    decoded: Field,
    used: Cell<usize>,
    snapshot: RefCell<Snapshot>,
    /// Bytes per character of the last piece.
    ratio: Cell<f64>,
    pending: RefCell<Vec<u8>>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for TextIo {
    fn type_object() -> &'static TypeObject {
        &TEXT_IO_WRAPPER
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.base.visit(visit);
        for field in [&self.buffer, &self.encoding, &self.errors, &self.decoded] {
            field.visit(visit);
        }
        self.decoder.borrow().iter().for_each(|decoder| visit(decoder.owned()));
        self.encoder.borrow().iter().for_each(|encoder| visit(encoder.owned()));
    }
    fn clear(&self) {
        self.base.release();
        drop(self.buffer.take());
        drop((self.decoder.take(), self.encoder.take()));
    }
}

/// What a text stream is made with.
pub(super) struct Options<'a> {
    pub(super) encoding: Option<&'a str>,
    pub(super) errors: Option<&'a str>,
    pub(super) newline: Newline,
    pub(super) line_buffering: bool,
    pub(super) write_through: bool,
}

fn this<'a>(value: Value) -> &'a TextIo {
    value.get::<TextIo>().expect("descriptors check their owner")
}

impl TextIo {
    /// An instance without a stream.
    pub(super) fn allocate(ty: &TypeObject) -> Ref {
        let contents = TextIo {
            base: IoBase::new(ty),
            buffer: Field::empty(),
            is_detached: Cell::new(false),
            encoding: Field::empty(),
            errors: Field::empty(),
            decoder: RefCell::default(),
            encoder: RefCell::default(),
            can_read: Cell::new(false),
            newline: Cell::default(),
            line_buffering: Cell::new(false),
            write_through: Cell::new(false),
            can_seek: Cell::new(false),
            is_telling: Cell::new(false),
            has_read1: Cell::new(false),
            chunk: Cell::new(CHUNK),
            decoded: Field::empty(),
            used: Cell::new(0),
            snapshot: RefCell::default(),
            ratio: Cell::new(0.0),
            pending: RefCell::default(),
        };
        object::new_object_of(ty, contents).into()
    }

    /// Puts the stream over another one.
    pub(super) fn set_up(&self, below: Ref, options: &Options<'_>) -> PyResult<()> {
        drop(self.buffer.take());
        self.is_detached.set(false);
        let encoding = options.encoding.filter(|&name| name != "locale").unwrap_or("utf-8");
        coding::check(encoding)?;
        if let Some(errors) = options.errors
            && sys::flag("dev_mode")
        {
            codec::registry::lookup_error(errors)?;
        }
        let is_truth = |question: &str| protocol::is_true(call(below.value(), question, &[])?.value());
        let (reads, writes, seeks) = match buffered::exact(below.value()) {
            Some(_) => (
                !below.value().is_exact(&buffered::WRITER),
                !below.value().is_exact(&buffered::READER),
                is_truth("seekable")?,
            ),
            None => (is_truth("readable")?, is_truth("writable")?, is_truth("seekable")?),
        };
        self.encoding.set(StrObject::new(encoding));
        self.errors.set(StrObject::intern(options.errors.unwrap_or("strict")));
        self.newline.set(options.newline);
        self.line_buffering.set(options.line_buffering);
        self.write_through.set(options.write_through);
        self.can_read.set(reads);
        self.set_coding(encoding, reads, writes)?;
        self.can_seek.set(seeks);
        self.is_telling.set(seeks);
        let read1 = StrObject::intern("read1");
        self.has_read1.set(protocol::get_optional_attr(below.value(), read1.value())?.is_some());
        self.forget_decoded();
        self.snapshot.replace(None);
        self.pending.borrow_mut().clear();
        self.buffer.set(below.clone());
        if seeks && writes {
            self.place_encoder(&below)?;
        }
        Ok(())
    }

    fn place_encoder(&self, below: &Ref) -> PyResult<()> {
        let encoder = self.encoder.borrow().as_ref().map(Encoder::share);
        let Some(encoder @ Encoder::Object(_)) = encoder else { return Ok(()) };
        let at = call(below.value(), "tell", &[])?;
        if int::to_i64(at.value())? != 0 { encoder.set_at_start(false) } else { Ok(()) }
    }

    fn set_coding(&self, encoding: &str, reads: bool, writes: bool) -> PyResult<()> {
        let (errors, newline) = (self.errors.get_or_none(), self.newline.get());
        let translation = newline.is_universal().then(|| Translation::new(newline == Newline::Translate));
        let decoder = if reads { Some(Decoder::new(encoding, errors.clone(), translation)?) } else { None };
        let encoder = if writes { Some(Encoder::new(encoding, errors)?) } else { None };
        drop((self.decoder.replace(decoder), self.encoder.replace(encoder)));
        Ok(())
    }

    /// The stream below.
    fn below(&self) -> PyResult {
        match self.buffer.get_ref() {
            Some(below) => Ok(below),
            None if self.is_detached.get() => Err(detached("underlying buffer")),
            None => Err(uninitialized()),
        }
    }

    /// The stream below, which is open.
    fn open(&self) -> PyResult {
        let below = self.below()?;
        let closed = match buffered::exact(below.value()) {
            Some(stream) => stream.is_closed()?,
            None => is_closed(below.value())?,
        };
        if closed { Err(closed_error()) } else { Ok(below) }
    }

    /// Works with the decoder, which nobody else has meanwhile.
    fn with_decoder<R>(&self, work: impl FnOnce(&mut Decoder) -> PyResult<R>) -> PyResult<R> {
        let Some(mut decoder) = self.decoder.take() else {
            return Err(match self.can_read.get() {
                true => raise!(RuntimeError, "reentrant call of a decoder"),
                false => unsupported("not readable"),
            });
        };
        let outcome = work(&mut decoder);
        self.decoder.replace(Some(decoder));
        outcome
    }

    fn forget_decoded(&self) {
        self.used.set(0);
        drop(self.decoded.take());
    }

    // --- Writing ---

    /// Hands what is kept back to the stream below.
    fn write_pending(&self) -> PyResult<()> {
        if self.pending.borrow().is_empty() {
            return Ok(());
        }
        let data = std::mem::take(&mut *self.pending.borrow_mut());
        let below = self.below()?;
        match buffered::exact(below.value()) {
            Some(_) if below.value().is_exact(&buffered::READER) => Err(unsupported("write")),
            Some(stream) if stream.is_closed()? => Err(raise!(ValueError, "write to closed file")),
            Some(stream) => {
                stream.write(&data)?;
                // The memory is used again for what comes next.
                let mut data = data;
                data.clear();
                if self.pending.borrow().is_empty() && data.capacity() <= 4 * CHUNK {
                    self.pending.replace(data);
                }
                Ok(())
            }
            None => call(below.value(), "write", &[BytesObject::new(&data).value()]).map(drop),
        }
    }

    fn flush_below(&self, below: &Ref) -> PyResult<()> {
        match buffered::exact(below.value()) {
            Some(stream) if !below.value().is_exact(&buffered::READER) => stream.flush_out(),
            _ => call(below.value(), "flush", &[]).map(drop),
        }
    }

    fn write_text(&self, text: &StrObject) -> PyResult<()> {
        let below = self.open()?;
        let encoder = self.encoder.borrow().as_ref().map(Encoder::share);
        let Some(encoder) = encoder else { return Err(unsupported("not writable")) };
        let ending = self.newline.get().written();
        let has_feed =
            (ending != "\n" || self.line_buffering.get()) && find(text, u32::from('\n'), 0).is_some();
        let translated;
        let mut written = text;
        if has_feed && ending != "\n" {
            let (feed, ending) = (StrObject::intern("\n"), StrObject::intern(ending));
            translated = search::replace(text, &feed, &ending, usize::MAX)?;
            written = &translated;
        }
        let flushes = self.line_buffering.get() && (has_feed || find(text, u32::from('\r'), 0).is_some());
        let data = encoder.encode(written)?;
        // Not more than a chunk is kept back.
        while !self.pending.borrow().is_empty() && self.pending.borrow().len() + data.len() > self.chunk.get()
        {
            self.write_pending()?;
        }
        self.pending.borrow_mut().extend_from_slice(&data);
        let is_due = self.pending.borrow().len() >= self.chunk.get();
        if is_due || flushes || self.write_through.get() {
            self.write_pending()?;
        }
        if flushes {
            self.flush_below(&below)?;
        }
        if self.snapshot.borrow().is_some() {
            self.forget_decoded();
            self.snapshot.replace(None);
        }
        // What is read behind the new text begins anew.
        if self.decoder.borrow().is_some() { self.with_decoder(Decoder::reset) } else { Ok(()) }
    }

    // --- Reading ---

    /// Reads and decodes a piece; false at the end. The piece before must have been used up.
    fn read_chunk(&self, hint: usize) -> PyResult<bool> {
        if !self.can_read.get() {
            return Err(unsupported("not readable"));
        }
        let state = match self.is_telling.get() {
            true => Some(self.with_decoder(|decoder| decoder.state())?),
            false => None,
        };
        let wanted = ((hint as f64 * self.ratio.get().max(1.0)) as usize).max(self.chunk.get());
        let below = self.below()?;
        let input = match buffered::exact(below.value()) {
            Some(stream) if self.has_read1.get() && !stream.is_closed()? => stream.read_once(Some(wanted))?,
            _ => {
                let method = if self.has_read1.get() { "read1" } else { "read" };
                let input = call(below.value(), method, &[Value::small(wanted as i64)])?;
                if !buffer::is_bytes_like(input.value()) {
                    let got = input.ty().name();
                    let what = format!("underlying {method}() should have returned a bytes-like object");
                    return Err(raise!(TypeError, "{what}, not '{got}'"));
                }
                buffer::to_vec(input.value())?
            }
        };
        let is_end = input.is_empty();
        let text = self.with_decoder(|decoder| decoder.decode(&input, is_end))?;
        let length = protocol::len(text.value())?;
        self.ratio.set(if length > 0 { input.len() as f64 / length as f64 } else { 0.0 });
        self.decoded.set(text);
        self.used.set(0);
        if let Some((mut waiting, flags)) = state {
            waiting.extend(input);
            self.snapshot.replace(Some((flags, waiting)));
        }
        Ok(!is_end || length > 0)
    }

    /// What is left of the last piece, up to so many characters.
    fn take_decoded(&self, count: usize) -> Option<Ref> {
        let decoded = self.decoded.get_ref()?;
        let text = decoded.get::<StrObject>().expect("decoders make text");
        let (from, to) = (self.used.get(), text.len().min(self.used.get().saturating_add(count)));
        self.used.set(to);
        if from == to {
            return None;
        }
        Some(if from == 0 && to == text.len() { decoded } else { text.substring(from, to).into() })
    }

    fn read_all(&self, below: &Ref) -> PyResult {
        let input = call(below.value(), "read", &[])?;
        if objects::is_none(input.value()) {
            return Err(raise!(BlockingIOError, "Read returned None."));
        }
        if !buffer::is_bytes_like(input.value()) {
            let got = input.ty().name();
            return Err(raise!(
                TypeError,
                "underlying read() should have returned a bytes-like object, not '{got}'"
            ));
        }
        let input = buffer::to_vec(input.value())?;
        let rest = self.with_decoder(|decoder| decoder.decode(&input, true))?;
        let mut text = StrBuilder::new();
        if let Some(first) = self.take_decoded(usize::MAX) {
            text.push_object(first.get::<StrObject>().expect("a text"));
        }
        self.forget_decoded();
        self.snapshot.replace(None);
        if text.is_empty() {
            return Ok(rest);
        }
        text.push_object(rest.get::<StrObject>().expect("decoders make text"));
        Ok(text.try_finish()?.into())
    }

    fn read_some(&self, count: usize) -> PyResult {
        let mut text = StrBuilder::new();
        loop {
            if let Some(part) = self.take_decoded(count - text.len()) {
                let part_text = part.get::<StrObject>().expect("a text");
                if text.is_empty() && part_text.len() == count {
                    return Ok(part);
                }
                text.push_object(part_text);
            }
            if text.len() >= count || !self.read_chunk(count - text.len())? {
                return Ok(text.try_finish()?.into());
            }
        }
    }

    fn read_line(&self, limit: Option<usize>) -> PyResult {
        let below = self.open()?;
        drop(below);
        self.write_pending()?;
        let (newline, limit) = (self.newline.get(), limit.unwrap_or(usize::MAX));
        // What is certain of the line, and what may belong to a terminator that goes on.
        let mut line = StrBuilder::new();
        let mut held: Option<Ref> = None;
        loop {
            let at_end = !self.has_decoded() && !self.read_until_decoded()?;
            if at_end {
                self.forget_decoded();
                self.snapshot.replace(None);
                if let Some(held) = held {
                    line.push_object(held.get::<StrObject>().expect("a text"));
                }
                return Ok(line.try_finish()?.into());
            }
            let decoded = self.decoded.get_ref().expect("looked at above");
            let text = decoded.get::<StrObject>().expect("decoders make text");
            let from = self.used.get();
            let (joined, offset) = match held.take() {
                None => (None, 0),
                Some(before) => {
                    let before = before.get::<StrObject>().expect("a text");
                    (Some(before.concat(&text.substring(from, text.len()))?), before.len())
                }
            };
            let (whole, start) = joined.as_ref().map_or((text, from), |joined| (&**joined, 0));
            let room = limit - line.len();
            let end = newline.line_end(whole, start);
            if end.is_some_and(|end| end - start <= room) || whole.len() - start >= room {
                let end = end.filter(|&end| end - start <= room).unwrap_or_else(|| start + room);
                // The place in the piece, not in what was joined to it.
                self.used.set(if joined.is_some() { from + end - offset.min(end) } else { end });
                let part = whole.substring(start, end);
                if line.is_empty() {
                    return Ok(part.into());
                }
                line.push_object(&part);
                return Ok(line.try_finish()?.into());
            }
            let settled = newline.settled_len(whole).max(start);
            line.push_object(&whole.substring(start, settled));
            if settled < whole.len() {
                held = Some(whole.substring(settled, whole.len()).into());
            }
            self.forget_decoded();
        }
    }

    fn has_decoded(&self) -> bool {
        self.decoded.get().and_then(Value::get::<StrObject>).is_some_and(|text| self.used.get() < text.len())
    }

    fn read_until_decoded(&self) -> PyResult<bool> {
        while self.read_chunk(0)? {
            if self.has_decoded() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    // --- Positions ---

    fn tell(&self, value: Value) -> PyResult {
        let below = self.open()?;
        if !self.can_seek.get() {
            return Err(unsupported("underlying stream is not seekable"));
        }
        if !self.is_telling.get() {
            return Err(raise!(OSError, "telling position disabled by next() call"));
        }
        self.write_pending()?;
        call(value, "flush", &[])?;
        let position = call(below.value(), "tell", &[])?;
        let Some((flags, input)) = self.snapshot.borrow().clone() else { return Ok(position) };
        if !self.can_read.get() {
            return Ok(position);
        }
        let start = int::to_i64(position.value())? - input.len() as i64;
        let cookie = Cookie { start: start.max(0) as u64, flags, ..Cookie::default() };
        let skip = if self.decoded.get().is_some() { self.used.get() as u64 } else { 0 };
        if skip == 0 {
            return cookie.pack();
        }
        let ratio = self.ratio.get();
        self.with_decoder(|decoder| {
            let (waiting, flags) = decoder.state()?;
            let found = cookie::find(decoder, cookie, &input, skip, ratio);
            decoder.set_state(&waiting, flags)?;
            found
        })?
        .pack()
    }

    fn seek_to_end(&self, value: Value, below: &Ref) -> PyResult {
        call(value, "flush", &[])?;
        self.forget_decoded();
        self.snapshot.replace(None);
        if self.can_read.get() {
            self.with_decoder(Decoder::reset)?;
        }
        let at = call(below.value(), "seek", &[Value::small(0), Value::small(2)])?;
        let is_start = int::to_i64(at.value()).is_ok_and(|at| at == 0);
        self.set_encoder_start(is_start)?;
        Ok(at)
    }

    fn set_encoder_start(&self, is_start: bool) -> PyResult<()> {
        let encoder = self.encoder.borrow().as_ref().map(Encoder::share);
        encoder.map_or(Ok(()), |encoder| encoder.set_at_start(is_start))
    }

    fn seek_to(&self, value: Value, cookie: Value) -> PyResult {
        let below = self.below()?;
        let target = int::index(cookie)?;
        if int::IntRef::of(target.value()).is_some_and(int::IntRef::is_negative) {
            let shown = protocol::repr_string(cookie)?;
            return Err(raise!(ValueError, "negative seek position {shown}"));
        }
        call(value, "flush", &[])?;
        let place = Cookie::unpack(target.value())?;
        let start = int::from_u64(place.start);
        call(below.value(), "seek", &[start.value()])?;
        self.forget_decoded();
        self.snapshot.replace(None);
        if self.can_read.get() {
            self.with_decoder(|decoder| match place {
                Cookie { start: 0, flags: 0, .. } => decoder.reset(),
                _ => decoder.set_state(b"", place.flags),
            })?;
        }
        if place.skip > 0 {
            let input = call(below.value(), "read", &[int::from_u64(place.feed).value()])?;
            let input = buffer::to_vec(input.value())?;
            let text = self.with_decoder(|decoder| decoder.decode(&input, place.needs_end))?;
            self.snapshot.replace(Some((place.flags, input)));
            if (protocol::len(text.value())? as u64) < place.skip {
                return Err(raise!(OSError, "can't restore logical file position"));
            }
            self.decoded.set(text);
            self.used.set(place.skip as usize);
        } else if self.can_read.get() {
            self.snapshot.replace(Some((place.flags, Vec::new())));
        }
        self.set_encoder_start(place.start == 0 && place.flags == 0)?;
        Ok(target)
    }
}

static INIT: Signature = Signature::parse(
    "",
    "TextIOWrapper(buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)",
    false,
);

fn text_or_none(value: Value, function: &str, name: &str) -> PyResult<Option<String>> {
    if value.is_null() || objects::is_none(value) {
        return Ok(None);
    }
    match value.get::<StrObject>() {
        Some(text) => text.to_utf8().map(Some),
        None => {
            let got = value.ty().name();
            Err(raise!(TypeError, "{function}() argument '{name}' must be str or None, not {got}"))
        }
    }
}

fn text_argument(value: Value, name: &str) -> PyResult<Option<String>> {
    let text = text_or_none(value, "TextIOWrapper", name)?;
    match text.as_deref().is_some_and(|text| text.contains('\0')) {
        true => Err(raise!(ValueError, "embedded null character")),
        false => Ok(text),
    }
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    let mut slots = [Value::NULL; INIT.count()];
    let mut bound = INIT.bind(args, &mut slots)?;
    let below = bound.take();
    let stream = this(value);
    drop(stream.buffer.take());
    stream.is_detached.set(false);
    let (encoding, errors) =
        (text_argument(bound.take(), "encoding")?, text_argument(bound.take(), "errors")?);
    let newline = bound.take().non_null().unwrap_or_else(objects::none);
    if !objects::is_none(newline) && !newline.is_instance::<StrObject>() {
        let got = newline.ty().name();
        return Err(raise!(TypeError, "TextIOWrapper() argument 'newline' must be str or None, not {got}"));
    }
    let newline = Newline::parse(newline)?;
    let mut flag = || bound.take().non_null().map_or(Ok(false), protocol::is_true);
    let (line_buffering, write_through) = (flag()?, flag()?);
    let (encoding, errors) = (encoding.as_deref(), errors.as_deref());
    stream.set_up(below.to_ref(), &Options { encoding, errors, newline, line_buffering, write_through })
}

fn ask_below(value: Value, method: &str) -> PyResult {
    call(this(value).below()?.value(), method, &[])
}

/// Flushes, then closes the stream below; of two failures the first is the context of the second.
fn close_stream(value: Value) -> PyResult<()> {
    let below = this(value).below()?;
    if is_closed(below.value())? {
        return Ok(());
    }
    flush_and_close(value, below.value())
}

py_methods! { static METHODS for "_io.TextIOWrapper", Value;
    /// Write string s to stream, return the number of characters written.
    "write(self, text, /)"
    fn write(value, text: Value) -> PyResult<usize> {
        let Some(written) = text.get::<StrObject>() else {
            return Err(raise!(TypeError, "write() argument must be str, not {}", text.ty().name()));
        };
        this(value).write_text(written).map(|()| written.len())
    }
    /// Read at most size characters from stream.
    "read(self, size=-1, /)"
    fn read(value, size: Size) -> PyResult {
        let stream = this(value);
        let below = stream.open()?;
        if !stream.can_read.get() {
            return Err(unsupported("not readable"));
        }
        stream.write_pending()?;
        match size.0 {
            None => stream.read_all(&below),
            Some(count) => stream.read_some(count),
        }
    }
    /// Read until newline or EOF.
    "readline(self, size=-1, /)"
    fn readline(value, size: OrNone<isize>) -> PyResult {
        this(value).read_line(size.0.and_then(|size| usize::try_from(size).ok()))
    }
    /// Flush write buffers.
    "flush(self, /)"
    fn flush(value) -> PyResult<()> {
        let stream = this(value);
        let below = stream.open()?;
        stream.is_telling.set(stream.can_seek.get());
        stream.write_pending()?;
        stream.flush_below(&below)
    }
    /// Flush and close the stream.
    "close(self, /)"
    fn close(value) -> PyResult<()> {
        close_stream(value)
    }
    /// Separate the underlying buffer from the TextIOWrapper and return it.
    "detach(self, /)"
    fn detach(value) -> PyResult {
        let stream = this(value);
        stream.below()?;
        call(value, "flush", &[])?;
        let below = stream.below()?;
        drop(stream.buffer.take());
        stream.is_detached.set(true);
        Ok(below)
    }
    /// Reconfigure the text stream with new parameters.
    "reconfigure(self, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)"
    fn reconfigure(value, encoding: Option<Value>, errors: Option<Value>, newline: Option<Value>, line_buffering: OrNone<Value>, write_through: OrNone<Value>) -> PyResult<()> {
        let stream = this(value);
        let none = objects::none();
        let is_given = |value: Option<Value>| value.is_some_and(|value| !objects::is_none(value));
        let changes_coding = is_given(encoding) || is_given(errors) || newline.is_some();
        if changes_coding && (stream.decoded.get().is_some() || stream.snapshot.borrow().is_some()) {
            return Err(unsupported("It is not possible to set the encoding or newline of stream after the first read"));
        }
        let encoding_text = text_or_none(encoding.unwrap_or(none), "reconfigure", "encoding")?;
        let errors_text = text_or_none(errors.unwrap_or(none), "reconfigure", "errors")?;
        let new_newline = newline.map(Newline::parse).transpose()?;
        // Unlike the constructor, which asks for the truth of any object, this wants integers.
        let flag = |value: OrNone<Value>, old: bool| value.0.map_or(Ok(old), |value| Ok(int::to_i64(value)? != 0));
        let line_buffering = flag(line_buffering, stream.line_buffering.get())?;
        let write_through = flag(write_through, stream.write_through.get())?;
        let below = stream.below()?;
        call(value, "flush", &[])?;
        stream.snapshot.replace(None);
        if changes_coding {
            if let Some(newline) = new_newline {
                stream.newline.set(newline);
            }
            let old = protocol::str_string(stream.encoding.get_or_none().value())?;
            let wanted = encoding_text.as_deref().map(|name| if name == "locale" { "utf-8" } else { name });
            let name = wanted.unwrap_or(&old).to_owned();
            coding::check(&name)?;
            match (&errors_text, &encoding_text) {
                (Some(errors), _) => stream.errors.set(StrObject::new(errors)),
                (None, Some(_)) => stream.errors.set(StrObject::intern("strict")),
                (None, None) => {}
            }
            stream.encoding.set(StrObject::new(&name));
            let writes = stream.encoder.borrow().is_some();
            stream.set_coding(&name, stream.can_read.get(), writes)?;
            if stream.can_seek.get() && writes {
                stream.place_encoder(&below)?;
            }
        }
        stream.line_buffering.set(line_buffering);
        stream.write_through.set(write_through);
        Ok(())
    }
    /// Set the stream position, and return the new stream position.
    "seek(self, cookie, whence=0, /)"
    fn seek(value, cookie: Value, whence: Option<i32>) -> PyResult {
        let stream = this(value);
        let below = stream.open()?;
        if !stream.can_seek.get() {
            return Err(unsupported("underlying stream is not seekable"));
        }
        let is_zero = int::IntRef::of(cookie).is_some_and(int::IntRef::is_zero);
        match whence.unwrap_or(0) {
            0 => stream.seek_to(value, cookie),
            1 if !is_zero => Err(unsupported("can't do nonzero cur-relative seeks")),
            1 => {
                let here = call(value, "tell", &[])?;
                stream.seek_to(value, here.value())
            }
            2 if !is_zero => Err(unsupported("can't do nonzero end-relative seeks")),
            2 => stream.seek_to_end(value, &below),
            other => Err(raise!(ValueError, "invalid whence ({other}, should be 0, 1 or 2)")),
        }
    }
    /// Return the stream position as an opaque number.
    "tell(self, /)"
    fn tell(value) -> PyResult {
        this(value).tell(value)
    }
    /// Cut the file, by default at the current position.
    "truncate(self, pos=None, /)"
    fn truncate(value, pos: Option<Value>) -> PyResult {
        let below = this(value).below()?;
        call(value, "flush", &[])?;
        call(below.value(), "truncate", &[pos.unwrap_or_else(objects::none)])
    }
    /// The descriptor of the stream below.
    "fileno(self, /)"
    fn fileno(value) -> PyResult {
        ask_below(value, "fileno")
    }
    /// Whether the stream below is a terminal.
    "isatty(self, /)"
    fn isatty(value) -> PyResult {
        ask_below(value, "isatty")
    }
    /// Whether the stream below can be read.
    "readable(self, /)"
    fn readable(value) -> PyResult {
        ask_below(value, "readable")
    }
    /// Whether the stream below can be written.
    "writable(self, /)"
    fn writable(value) -> PyResult {
        ask_below(value, "writable")
    }
    /// Whether the stream below can seek.
    "seekable(self, /)"
    fn seekable(value) -> PyResult {
        ask_below(value, "seekable")
    }
    /// Says that the file below was left open.
    "_dealloc_warn(self, source, /)"
    fn dealloc_warn(value, source: Value) -> PyResult {
        call(this(value).below()?.value(), "_dealloc_warn", &[source])
    }
    /// Streams cannot be pickled.
    "__reduce_ex__(self, protocol, /)"
    fn reduce(value, protocol: Value) -> PyResult<()> {
        let _ = protocol;
        Err(raise!(TypeError, "cannot pickle '{}' instances", value.ty().full_name()))
    }
}

fn chunk_size(value: Value, new: Option<Value>) -> PyResult<()> {
    let Some(new) = new else { return Err(raise!(AttributeError, "cannot delete attribute")) };
    this(value).below()?;
    match usize::try_from(int::to_isize(new)?).ok().filter(|&size| size > 0) {
        Some(size) => {
            this(value).chunk.set(size);
            Ok(())
        }
        None => Err(raise!(ValueError, "a strictly positive integer is required")),
    }
}

fn newlines(value: Value) -> PyResult {
    this(value).below()?;
    let decoder = this(value).decoder.borrow();
    let translation = decoder.as_ref().and_then(|decoder| decoder.translation);
    Ok(translation.map_or_else(|| objects::none().to_ref(), |translation| translation.newlines()))
}

static GETSET: &[GetSetDef] = &[
    GetSetDef { name: "encoding", doc: "", get: |value| Ok(this(value).encoding.get_or_none()), set: None },
    GetSetDef { name: "errors", doc: "", get: |value| Ok(this(value).errors.get_or_none()), set: None },
    GetSetDef { name: "newlines", doc: "", get: newlines, set: None },
    GetSetDef {
        name: "line_buffering",
        doc: "",
        get: |value| Ok(boolean(this(value).line_buffering.get())),
        set: None,
    },
    GetSetDef {
        name: "write_through",
        doc: "",
        get: |value| Ok(boolean(this(value).write_through.get())),
        set: None,
    },
    GetSetDef { name: "buffer", doc: "", get: |value| this(value).below(), set: None },
    GetSetDef {
        name: "closed",
        doc: "",
        get: |value| protocol::get_attr_text(this(value).below()?.value(), "closed"),
        set: None,
    },
    GetSetDef {
        name: "name",
        doc: "",
        get: |value| protocol::get_attr_text(this(value).below()?.value(), "name"),
        set: None,
    },
    GetSetDef {
        name: "_CHUNK_SIZE",
        doc: "",
        get: |value| Ok(int::from_i64(this(value).chunk.get() as i64)),
        set: Some(chunk_size),
    },
];

/// Says that a file was left open, and closes it.
fn finalize(value: Value) -> PyResult<()> {
    if let Some(below) = this(value).buffer.get_ref() {
        super::base::warn_unclosed(&below, value)?;
    }
    super::base::finalize(value)
}

fn repr(value: Value) -> PyResult {
    let stream = this(value);
    if stream.encoding.get().is_none() {
        return Err(uninitialized());
    }
    let ty = value.ty();
    let mut text =
        if ty.spec().is_some() { format!("<{}", ty.full_name()) } else { format!("<{}", ty.name()) };
    let Some(_guard) = protocol::ReprGuard::enter(value)? else {
        return Err(raise!(RuntimeError, "reentrant call inside {}.__repr__", value.ty().full_name()));
    };
    for attribute in ["name", "mode"] {
        let found = protocol::get_optional_attr(value, StrObject::intern(attribute).value());
        let found = runtime::error::ignore(found, &runtime::error::types::ValueError)?.flatten();
        if let Some(found) = found {
            text += &format!(" {attribute}={}", protocol::repr_string(found.value())?);
        }
    }
    let encoding = protocol::repr_string(stream.encoding.get_or_none().value())?;
    Ok(StrObject::new(&format!("{text} encoding={encoding}>")).into())
}

fn next(value: Value) -> PyResult<Option<Ref>> {
    let stream = this(value);
    stream.below()?;
    stream.is_telling.set(false);
    let line = if value.is_exact(&TEXT_IO_WRAPPER) {
        stream.read_line(None)?
    } else {
        let line = call(value, "readline", &[])?;
        if !line.is_instance::<StrObject>() {
            let got = line.ty().name();
            return Err(raise!(OSError, "readline() should have returned a str object, not '{got}'"));
        }
        line
    };
    if protocol::len(line.value())? > 0 {
        return Ok(Some(line));
    }
    stream.snapshot.replace(None);
    stream.is_telling.set(stream.can_seek.get());
    Ok(None)
}

/// `TextIOWrapper`.
pub(super) static TEXT_IO_WRAPPER: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_io",
    doc: "TextIOWrapper(buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)\n--\n\nCharacter and line based layer over a BufferedIOBase object, buffer.",
    flags: type_flags::BASE | type_flags::GC,
    base: Some(&TEXT_BASE),
    slots: Slots {
        new: Some(|ty, _| Ok(TextIo::allocate(ty))),
        init: Some(init),
        repr: Some(repr),
        iternext: Some(next),
        finalize: Some(finalize),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<TextIo>("TextIOWrapper")
};
