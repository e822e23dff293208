//! Streams of text: `TextIOWrapper`, which the standard streams are too.
//!
//! Text is decoded line by line out of the bytes that the channel has read ahead; nothing decoded is kept, so that `tell()` is a
//! byte position. All supported encodings have ASCII as a subset, which is what makes looking for line ends in bytes right.
//! What has been read ahead is checked when it arrives, so that undecodable bytes are reported when CPython reports them.

use std::cell::{Cell, RefCell};

use runtime::args::Args;
use runtime::convert::OrNone;
use runtime::field::Field;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects;
use runtime::objects::bytes::BytesObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, codec, error, protocol, py_methods, raise};

use super::binary::{self, BinaryFile};
use super::channel::{Channel, Shared};
use super::{Size, check_whence, closed_error, unsupported};

/// What ends a line, and what becomes of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Newline {
    /// `None`: any, translated to `\n`.
    Translate,
    /// `''`: any, kept.
    Keep,
    /// `'\n'`
    Feed,
    /// `'\r'`
    Return,
    /// `'\r\n'`
    Both,
}

impl Newline {
    /// The `newline` argument.
    pub(super) fn parse(text: Option<&str>) -> PyResult<Newline> {
        Ok(match text {
            None => Newline::Translate,
            Some("") => Newline::Keep,
            Some("\n") => Newline::Feed,
            Some("\r") => Newline::Return,
            Some("\r\n") => Newline::Both,
            Some(other) => {
                return Err(raise!(ValueError, "illegal newline value: {other}"));
            }
        })
    }

    fn is_universal(self) -> bool {
        matches!(self, Newline::Translate | Newline::Keep)
    }

    /// What `\n` is written as.
    pub(super) fn written(self) -> &'static str {
        match self {
            Newline::Return => "\r",
            Newline::Both => "\r\n",
            _ => "\n",
        }
    }

    /// Where the first line of `bytes` ends, behind its terminator. A carriage return at the very end is not decided
    /// unless nothing can follow.
    fn line_end(self, bytes: &[u8], from: usize, is_last: bool) -> Option<usize> {
        let find = |wanted: u8| bytes[from..].iter().position(|&byte| byte == wanted).map(|at| from + at + 1);
        match self {
            Newline::Feed => find(b'\n'),
            Newline::Return => find(b'\r'),
            Newline::Both => {
                let start = from.saturating_sub(1);
                bytes[start..].windows(2).position(|pair| pair == b"\r\n").map(|at| start + at + 2)
            }
            Newline::Translate | Newline::Keep => {
                let at = from + bytes[from..].iter().position(|&byte| byte == b'\n' || byte == b'\r')?;
                match (bytes[at], bytes.get(at + 1)) {
                    (b'\r', Some(b'\n')) => Some(at + 2),
                    (b'\r', None) if !is_last => None,
                    _ => Some(at + 1),
                }
            }
        }
    }
}

/// How a stream treats its text.
pub(super) struct Options {
    encoding: Ref,
    errors: Ref,
    newline: Newline,
    is_utf8: bool,
    is_ascii: bool,
    has_mark: bool,
    is_strict: bool,
    /// Whether a newline flushes.
    pub(super) line_buffering: bool,
    write_through: bool,
}

impl Options {
    /// Options of an encoding, UTF-8 by default.
    pub(super) fn new(encoding: Option<&str>, errors: Option<&str>, newline: Newline) -> PyResult<Options> {
        let encoding = encoding.filter(|&name| name != "locale").unwrap_or("utf-8");
        let errors = errors.unwrap_or("strict");
        let canonical = codec::canonical_name(encoding)?;
        Ok(Options {
            encoding: StrObject::new(encoding).into(),
            errors: StrObject::new(errors).into(),
            newline,
            is_utf8: canonical.starts_with("utf-8"),
            is_ascii: canonical == "ascii",
            has_mark: canonical == "utf-8-sig",
            is_strict: errors == "strict",
            line_buffering: false,
            write_through: false,
        })
    }

    /// The codec for what lies behind a byte order mark.
    fn plain_encoding(&self) -> Ref {
        if self.has_mark { StrObject::intern("utf-8").into() } else { self.encoding.clone() }
    }
}

/// A stream of text.
#[repr(C)]
pub(crate) struct TextFile {
    header: Header,
    buffer: Field,
    mode: Field,
    options: RefCell<Options>,
    /// False while iteration reads ahead of the position.
    telling: Cell<bool>,
    /// Whether the place for a byte order mark has been passed.
    is_begun: Cell<bool>,
    /// Line ends seen: 1 `\r`, 2 `\n`, 4 `\r\n`.
    seen: Cell<u8>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for TextFile {
    fn type_object() -> &'static TypeObject {
        &TEXT_IO_WRAPPER
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.buffer.visit(visit);
        self.mode.visit(visit);
    }
}

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Length of the first `count` characters of `bytes`, or nothing if there are fewer. With `translates`, `\r\n` is one.
fn prefix(bytes: &[u8], count: usize, is_utf8: bool, translates: bool) -> Option<usize> {
    let (mut at, mut seen) = (0, 0);
    while seen < count {
        let first = *bytes.get(at)?;
        at += 1;
        if is_utf8 && first >= 0xc0 {
            while bytes.get(at).is_some_and(|byte| byte & 0xc0 == 0x80) {
                at += 1;
            }
        } else if translates && first == b'\r' && bytes.get(at) == Some(&b'\n') {
            at += 1;
        }
        seen += 1;
    }
    Some(at)
}

impl TextFile {
    /// Text over a binary stream.
    pub(super) fn make(buffer: Ref, mode: Option<&str>, options: Options) -> Ref {
        Self::make_of(&TEXT_IO_WRAPPER, buffer, mode, options)
    }

    fn make_of(ty: &TypeObject, buffer: Ref, mode: Option<&str>, options: Options) -> Ref {
        let contents = TextFile {
            header: Header::new(ty),
            buffer: Field::new(buffer),
            mode: Field::from_option(mode.map(|mode| StrObject::new(mode).into())),
            options: RefCell::new(options),
            telling: Cell::new(true),
            is_begun: Cell::new(false),
            seen: Cell::new(0),
        };
        object::new_object_of(ty, contents).into()
    }

    /// A standard stream over a descriptor that stays open.
    pub(crate) fn standard(fd: i32, name: &str) -> PyResult {
        let reads = fd == 0;
        let channel = Channel::over(fd, false, reads, !reads, super::channel::BLOCK);
        let ty = if reads { &binary::BUFFERED_READER } else { &binary::BUFFERED_WRITER };
        let name = StrObject::intern(name).into_ref();
        let buffer = BinaryFile::make(ty, channel, name, if reads { "rb" } else { "wb" });
        let errors = if fd == 2 { "backslashreplace" } else { "strict" };
        let mut options = Options::new(None, Some(errors), Newline::Translate)?;
        // SAFETY: a query about a descriptor.
        options.line_buffering = fd == 2 || unsafe { libc::isatty(fd) } == 1;
        Ok(Self::make(buffer, Some(if reads { "r" } else { "w" }), options))
    }

    fn binary(&self) -> &BinaryFile {
        self.buffer.get().and_then(binary::of).expect("a text stream has a binary one")
    }

    fn channel(&self) -> &Shared {
        self.binary().channel()
    }

    fn check_open(&self) -> PyResult<()> {
        if self.channel().borrow().is_closed() { Err(closed_error()) } else { Ok(()) }
    }

    fn check_readable(&self) -> PyResult<()> {
        self.check_open()?;
        if !self.channel().borrow().can_read {
            return Err(unsupported("not readable"));
        }
        if !self.is_begun.replace(true) && self.options.borrow().has_mark {
            let mut channel = self.channel().borrow_mut();
            while channel.unread().len() < MARK.len() && channel.fill()? > 0 {}
            if channel.unread().starts_with(MARK) && channel.tell()? == 0 {
                channel.consume(MARK.len());
            }
        }
        Ok(())
    }

    /// Reads ahead and checks that what has arrived can be decoded; false at the end of the file.
    fn fill(&self, channel: &mut Channel, options: &Options) -> PyResult<bool> {
        let before = channel.unread().len();
        if channel.fill()? == 0 {
            return Ok(false);
        }
        if options.is_strict && options.is_ascii && !channel.unread()[before..].is_ascii() {
            decode(channel.unread(), options)?;
        }
        if options.is_strict && options.is_utf8 {
            let unread = channel.unread();
            let from =
                (before.saturating_sub(3)..before).find(|&at| unread[at] & 0xc0 != 0x80).unwrap_or(before);
            let outcome = std::str::from_utf8(&unread[from..]);
            if outcome.is_err_and(|problem| problem.error_len().is_some()) {
                decode(unread, options)?;
            }
        }
        Ok(true)
    }

    /// Takes bytes from the channel as text.
    fn take(&self, channel: &mut Channel, count: usize, options: &Options) -> PyResult {
        let taken = &channel.unread()[..count];
        let has_return = options.newline.is_universal() && taken.contains(&b'\r');
        if options.newline.is_universal() {
            self.note_line_ends(taken);
        }
        let text = if has_return && options.newline == Newline::Translate {
            decode(&translated(taken), options)
        } else {
            decode(taken, options)
        };
        channel.consume(count);
        text
    }

    fn note_line_ends(&self, bytes: &[u8]) {
        if self.seen.get() == 7 || (self.seen.get() & 2 != 0 && !bytes.contains(&b'\r')) {
            return;
        }
        for (at, &byte) in bytes.iter().enumerate() {
            let kind = match byte {
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => 4,
                b'\r' => 1,
                b'\n' if at == 0 || bytes[at - 1] != b'\r' => 2,
                _ => 0,
            };
            self.seen.set(self.seen.get() | kind);
        }
    }

    fn read_line(&self, limit: Option<usize>) -> PyResult {
        self.check_readable()?;
        let options = self.options.borrow();
        let mut channel = self.channel().borrow_mut();
        let (mut scanned, mut is_last) = (0, false);
        let end = loop {
            let unread = channel.unread();
            let end = options.newline.line_end(unread, scanned, is_last);
            let end = end.or_else(|| is_last.then_some(unread.len()));
            let translates = options.newline == Newline::Translate;
            let within = limit.and_then(|limit| {
                prefix(&unread[..end.unwrap_or(unread.len())], limit, options.is_utf8, translates)
            });
            if let Some(end) = within.or(end) {
                break end;
            }
            scanned = unread.len() - unread.ends_with(b"\r") as usize;
            is_last = !self.fill(&mut channel, &options)?;
        };
        self.take(&mut channel, end, &options)
    }

    fn read(&self, count: Option<usize>) -> PyResult {
        self.check_readable()?;
        let options = self.options.borrow();
        let mut channel = self.channel().borrow_mut();
        let translates = options.newline == Newline::Translate;
        let Some(count) = count else {
            channel.fill_all()?;
            let end = channel.unread().len();
            return self.take(&mut channel, end, &options);
        };
        let end = loop {
            let unread = channel.unread();
            let end = prefix(unread, count, options.is_utf8, translates);
            // The last character may go on, and a carriage return may be the first half of a line end.
            let end = end.filter(|&end| end < unread.len() || !matches!(unread.last(), Some(0x80.. | b'\r')));
            if let Some(end) = end {
                break end;
            }
            if !self.fill(&mut channel, &options)? {
                let unread = channel.unread();
                break prefix(unread, count, options.is_utf8, translates).unwrap_or(unread.len());
            }
        };
        self.take(&mut channel, end, &options)
    }

    /// Writes text, later if it is buffered.
    fn write(&self, text: &StrObject) -> PyResult<()> {
        self.check_open()?;
        if !self.channel().borrow().can_write {
            return Err(unsupported("not writable"));
        }
        let options = self.options.borrow();
        let begins = options.has_mark && !self.is_begun.replace(true);
        let mut channel = self.channel().borrow_mut();
        if begins && channel.tell()? == 0 {
            channel.write(MARK)?;
        }
        let encoded;
        let data = match text.as_ascii() {
            Some(ascii) => ascii.as_bytes(),
            None => {
                let encoding = options.plain_encoding();
                let text = Value::from_object(text);
                encoded = codec::encode(text, Some(encoding.value()), Some(options.errors.value()))?;
                &encoded
            }
        };
        let has_newline = data.contains(&b'\n');
        match options.newline.written() {
            "\n" => channel.write(data)?,
            ending => {
                for (at, line) in data.split(|&byte| byte == b'\n').enumerate() {
                    if at > 0 {
                        channel.write(ending.as_bytes())?;
                    }
                    channel.write(line)?;
                }
            }
        }
        let flushes = options.line_buffering && (has_newline || data.contains(&b'\r'));
        if flushes || options.write_through { channel.flush() } else { Ok(()) }
    }

    fn seek(&self, target: i64, whence: i32) -> PyResult<i64> {
        self.check_open()?;
        match check_whence(whence)? {
            1 if target != 0 => return Err(unsupported("can't do nonzero cur-relative seeks")),
            2 if target != 0 => return Err(unsupported("can't do nonzero end-relative seeks")),
            0 if target < 0 => return Err(raise!(ValueError, "negative seek position {target}")),
            _ => {}
        }
        let mut channel = self.channel().borrow_mut();
        if !channel.is_seekable() {
            return Err(unsupported("underlying stream is not seekable"));
        }
        let target = if whence == 1 { channel.tell()? } else { target };
        self.telling.set(true);
        let at = channel.seek(target, if whence == 1 { 0 } else { whence })?;
        self.is_begun.set(at != 0);
        Ok(at)
    }
}

fn decode(bytes: &[u8], options: &Options) -> PyResult {
    if options.is_utf8
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return Ok(StrObject::new(text).into());
    }
    let (object, encoding) = (BytesObject::new(bytes), options.plain_encoding());
    codec::decode(object.value(), bytes, Some(encoding.value()), Some(options.errors.value()))
}

/// Every line end as `\n`.
fn translated(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => {}
            b'\r' => out.push(b'\n'),
            _ => out.push(byte),
        }
    }
    out
}

fn option_text(value: Option<Value>) -> PyResult<Option<String>> {
    value.map(protocol::str_string).transpose()
}

py_methods! { static METHODS for "TextIOWrapper", &TextFile;
    /// Write string s to stream.
    ///
    /// Return the number of characters written.
    "write(self, s, /)"
    fn write(this, s: Value) -> PyResult<usize> {
        let Some(text) = s.get::<StrObject>() else {
            return Err(raise!(TypeError, "write() argument must be str, not {}", s.ty().name()));
        };
        this.write(text)?;
        Ok(text.len())
    }
    /// Read at most size characters from the stream; to the end of the file for None or a negative size.
    "read(self, size=-1, /)"
    fn read(this, size: Size) -> PyResult {
        this.read(size.0)
    }
    /// Read until newline or EOF.
    "readline(self, size=-1, /)"
    fn readline(this, size: Size) -> PyResult {
        this.read_line(size.0)
    }
    /// Flush write buffers, if applicable.
    "flush(self, /)"
    fn flush(this) -> PyResult<()> {
        this.check_open()?;
        this.telling.set(true);
        this.channel().borrow_mut().flush()
    }
    /// Flush and close the stream.
    "close(self, /)"
    fn close(this) -> PyResult<()> {
        this.channel().borrow_mut().close()
    }
    /// Set the stream position, and return the new stream position.
    "seek(self, cookie, whence=0, /)"
    fn seek(this, cookie: i64, whence: Option<i32>) -> PyResult<i64> {
        this.seek(cookie, whence.unwrap_or(0))
    }
    /// Return the stream position as an opaque number.
    "tell(self, /)"
    fn tell(this) -> PyResult<i64> {
        this.check_open()?;
        if !this.telling.get() {
            return Err(raise!(OSError, "telling position disabled by next() call"));
        }
        let mut channel = this.channel().borrow_mut();
        if channel.is_seekable() { channel.tell() } else { Err(unsupported("underlying stream is not seekable")) }
    }
    /// Cut the file, by default at the current position; return the new size.
    "truncate(self, pos=None, /)"
    fn truncate(this, pos: OrNone<Value>) -> PyResult {
        this.check_open()?;
        this.channel().borrow_mut().flush()?;
        let buffer = this.buffer.get_or_none();
        protocol::call_method_text(buffer.value(), "truncate", &[pos.0.unwrap_or_else(objects::none)])
    }
    /// Separate the underlying buffer from the stream and return it.
    "detach(self, /)"
    fn detach(this) -> PyResult {
        let _ = this;
        Err(error::not_supported("TextIOWrapper.detach()"))
    }
    /// Change some of the parameters of the text stream.
    "reconfigure(self, /, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)"
    fn reconfigure(
        this, encoding: OrNone<Value>, errors: OrNone<Value>, newline: Option<Value>, line_buffering: OrNone<bool>,
        write_through: OrNone<bool>,
    ) -> PyResult<()> {
        this.check_open()?;
        this.channel().borrow_mut().flush()?;
        let old = this.options.replace(Options::new(None, None, Newline::Translate)?);
        let errors = match (errors.0, encoding.0) {
            (None, None) => Some(old.errors.value()),
            (errors, _) => errors,
        };
        let encoding = encoding.0.unwrap_or(old.encoding.value());
        let newline = match newline {
            None => old.newline,
            Some(value) => Newline::parse(option_text(Some(value).filter(|value| !objects::is_none(*value)))?.as_deref())?,
        };
        let mut options = Options::new(option_text(Some(encoding))?.as_deref(), option_text(errors)?.as_deref(), newline)?;
        options.line_buffering = line_buffering.0.unwrap_or(old.line_buffering);
        options.write_through = write_through.0.unwrap_or(old.write_through);
        drop(this.options.replace(options));
        Ok(())
    }
    /// Return underlying file descriptor if one exists.
    "fileno(self, /)"
    fn fileno(this) -> PyResult {
        protocol::call_method_text(this.buffer.get_or_none().value(), "fileno", &[])
    }
    /// Return whether this is an 'interactive' stream.
    "isatty(self, /)"
    fn isatty(this) -> PyResult {
        protocol::call_method_text(this.buffer.get_or_none().value(), "isatty", &[])
    }
    /// Return whether object was opened for reading.
    "readable(self, /)"
    fn readable(this) -> PyResult {
        protocol::call_method_text(this.buffer.get_or_none().value(), "readable", &[])
    }
    /// Return whether object was opened for writing.
    "writable(self, /)"
    fn writable(this) -> PyResult {
        protocol::call_method_text(this.buffer.get_or_none().value(), "writable", &[])
    }
    /// Return whether object supports random access.
    "seekable(self, /)"
    fn seekable(this) -> PyResult {
        protocol::call_method_text(this.buffer.get_or_none().value(), "seekable", &[])
    }
}

fn this<'a>(value: Value) -> &'a TextFile {
    value.get::<TextFile>().expect("descriptors check their owner")
}

/// The line ends seen so far, as `newlines` gives them.
fn newlines(value: Value) -> PyResult {
    let seen = this(value).seen.get();
    let kinds = [(1, "\r"), (2, "\n"), (4, "\r\n")].into_iter().filter(|(bit, _)| seen & bit != 0);
    let kinds: Vec<Ref> = kinds.map(|(_, text)| StrObject::intern(text).into()).collect();
    Ok(match kinds.len() {
        0 => objects::none().to_ref(),
        1 => kinds[0].clone(),
        _ => TupleObject::new(kinds).into(),
    })
}

fn mode(value: Value) -> PyResult {
    let name = StrObject::intern("mode");
    let message = "'_io.TextIOWrapper' object has no attribute 'mode'";
    this(value).mode.get_ref().ok_or_else(|| error::attribute_error(value, name.value(), message))
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "encoding",
        doc: "",
        get: |value| Ok(this(value).options.borrow().encoding.clone()),
        set: None,
    },
    GetSetDef {
        name: "errors",
        doc: "",
        get: |value| Ok(this(value).options.borrow().errors.clone()),
        set: None,
    },
    GetSetDef { name: "newlines", doc: "", get: newlines, set: None },
    GetSetDef {
        name: "line_buffering",
        doc: "",
        get: |value| Ok(objects::bool(this(value).options.borrow().line_buffering).to_ref()),
        set: None,
    },
    GetSetDef {
        name: "write_through",
        doc: "",
        get: |value| Ok(objects::bool(this(value).options.borrow().write_through).to_ref()),
        set: None,
    },
    GetSetDef { name: "buffer", doc: "", get: |value| Ok(this(value).buffer.get_or_none()), set: None },
    GetSetDef {
        name: "name",
        doc: "",
        get: |value| protocol::get_attr_text(this(value).buffer.get_or_none().value(), "name"),
        set: None,
    },
    GetSetDef {
        name: "mode",
        doc: "",
        get: mode,
        set: Some(|value, mode| {
            drop(this(value).mode.replace(mode.map(Value::to_ref)));
            Ok(())
        }),
    },
    GetSetDef {
        name: "closed",
        doc: "",
        get: |value| Ok(objects::bool(this(value).channel().borrow().is_closed()).to_ref()),
        set: None,
    },
];

fn next(value: Value) -> PyResult<Option<Ref>> {
    let stream = this(value);
    stream.telling.set(false);
    let line = stream.read_line(None)?;
    if protocol::len(line.value())? > 0 {
        return Ok(Some(line));
    }
    stream.telling.set(true);
    Ok(None)
}

fn repr(value: Value) -> PyResult {
    let stream = this(value);
    let mut text = "<_io.TextIOWrapper".to_owned();
    if let Some(name) = stream.binary().name().filter(|name| !objects::is_none(name.value())) {
        text += &format!(" name={}", protocol::repr_string(name.value())?);
    }
    if let Some(mode) = stream.mode.get() {
        text += &format!(" mode={}", protocol::repr_string(mode)?);
    }
    let encoding = protocol::repr_string(stream.options.borrow().encoding.value())?;
    Ok(StrObject::new(&format!("{text} encoding={encoding}>")).into())
}

/// `TextIOWrapper(buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)`
fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    const NAMES: [&str; 6] = ["buffer", "encoding", "errors", "newline", "line_buffering", "write_through"];
    let mut parts = [None; 6];
    for (part, &value) in parts.iter_mut().zip(args.positional) {
        *part = Some(value);
    }
    for (key, value) in args.keywords() {
        let key = protocol::str_string(key)?;
        match NAMES.iter().position(|name| *name == key) {
            Some(at) => parts[at] = Some(value),
            None => {
                return Err(raise!(TypeError, "TextIOWrapper() got an unexpected keyword argument '{key}'"));
            }
        }
    }
    let parts = parts.map(|part| part.filter(|value| !objects::is_none(*value)));
    let Some(buffer) = parts[0] else {
        return Err(raise!(TypeError, "TextIOWrapper() missing required argument 'buffer' (pos 1)"));
    };
    if binary::of(buffer).is_none() {
        return Err(error::not_supported("text streams over objects that are no streams of io"));
    }
    let newline = Newline::parse(option_text(parts[3])?.as_deref())?;
    let mut options =
        Options::new(option_text(parts[1])?.as_deref(), option_text(parts[2])?.as_deref(), newline)?;
    options.line_buffering = parts[4].map_or(Ok(false), protocol::is_true)?;
    options.write_through = parts[5].map_or(Ok(false), protocol::is_true)?;
    Ok(TextFile::make_of(ty, buffer.to_ref(), None, options))
}

/// `TextIOWrapper`.
pub(crate) static TEXT_IO_WRAPPER: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_io",
    flags: type_flags::GC | type_flags::BASE,
    base: Some(&super::TEXT_BASE),
    slots: Slots {
        new: Some(new),
        init: Some(|_, _| Ok(())),
        repr: Some(repr),
        iternext: Some(next),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<TextFile>("TextIOWrapper")
};
