//! Line ends: which ones a stream knows, translating them to `\n`, and `IncrementalNewlineDecoder`.

use std::cell::RefCell;

use runtime::args::Args;
use runtime::field::Field;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::bytes::BytesObject;
use runtime::objects::str::{StrBuilder, StrObject};
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::signature::Signature;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, protocol, py_methods, raise};

use super::{call, uninitialized};

const FEED: u32 = b'\n' as u32;
const RETURN: u32 = b'\r' as u32;

/// What ends a line, and what becomes of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Newline {
    /// `None`: any, translated to `\n`.
    #[default]
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
    pub(super) fn parse(value: Value) -> PyResult<Newline> {
        if objects::is_none(value) {
            return Ok(Newline::Translate);
        }
        let Some(text) = value.get::<StrObject>() else {
            let got = value.ty().name();
            return Err(raise!(TypeError, "newline must be str or None, not {got}"));
        };
        Ok(match text.to_string_lossy().as_str() {
            "" => Newline::Keep,
            "\n" => Newline::Feed,
            "\r" => Newline::Return,
            "\r\n" => Newline::Both,
            _ => {
                let shown = text.to_string_lossy();
                return Err(raise!(ValueError, "illegal newline value: {shown}"));
            }
        })
    }

    /// Whether all line ends are known when reading.
    pub(super) const fn is_universal(self) -> bool {
        matches!(self, Newline::Translate | Newline::Keep)
    }

    /// What `\n` is written as.
    pub(super) const fn written(self) -> &'static str {
        match self {
            Newline::Return => "\r",
            Newline::Both => "\r\n",
            _ => "\n",
        }
    }

    /// Where the first line of `text` from `from` on ends, behind its terminator.
    pub(super) fn line_end(self, text: &StrObject, from: usize) -> Option<usize> {
        match self {
            Newline::Feed | Newline::Translate => find(text, FEED, from).map(|at| at + 1),
            Newline::Return => find(text, RETURN, from).map(|at| at + 1),
            Newline::Both => {
                let mut from = from;
                while let Some(at) = find(text, RETURN, from) {
                    if at + 1 < text.len() && text.code_point(at + 1) == FEED {
                        return Some(at + 2);
                    }
                    from = at + 1;
                }
                None
            }
            Newline::Keep => {
                let feed = find(text, FEED, from);
                match find(text, RETURN, from) {
                    Some(at) if feed.is_none_or(|feed| at < feed) => {
                        Some(at + 1 + usize::from(feed == Some(at + 1)))
                    }
                    _ => feed.map(|at| at + 1),
                }
            }
        }
    }

    /// How much of an unfinished line cannot be part of a terminator that comes later.
    pub(super) fn settled_len(self, text: &StrObject) -> usize {
        let len = text.len();
        let may_go_on = self == Newline::Both && len > 0 && text.code_point(len - 1) == RETURN;
        len - usize::from(may_go_on)
    }
}

/// The first `wanted` from a position on.
pub(super) fn find(text: &StrObject, wanted: u32, from: usize) -> Option<usize> {
    if text.kind() == 1 || text.is_ascii() {
        let bytes = text.raw_bytes().get(from..text.len())?;
        return memchr::memchr(wanted as u8, bytes).map(|at| from + at);
    }
    (from..text.len()).find(|&at| text.code_point(at) == wanted)
}

/// Line ends that have been seen, one bit each.
mod seen {
    pub(super) const RETURN: u8 = 1;
    pub(super) const FEED: u8 = 2;
    pub(super) const BOTH: u8 = 4;
}

/// Translates line ends in text that comes in pieces. A carriage return at the end of a piece waits for the next.
#[derive(Default, Clone, Copy)]
pub(super) struct Translation {
    pub(super) translates: bool,
    pub(super) waits: bool,
    seen: u8,
}

impl Translation {
    /// Begins; without translation line ends are only counted, and kept together.
    pub(super) const fn new(translates: bool) -> Self {
        Translation { translates, waits: false, seen: 0 }
    }

    /// The next piece.
    pub(super) fn apply(&mut self, text: &StrObject, is_final: bool) -> Ref {
        let mut piece: Ref = Value::from_object(text).to_ref();
        if self.waits && (is_final || !text.is_empty()) {
            let mut joined = StrBuilder::new();
            joined.push(RETURN);
            joined.push_object(text);
            piece = joined.finish().into();
            self.waits = false;
        }
        let mut text = piece.get::<StrObject>().expect("a text");
        let cut: Ref;
        if !is_final && !text.is_empty() && text.code_point(text.len() - 1) == RETURN {
            self.waits = true;
            cut = text.substring(0, text.len() - 1).into();
            text = cut.get::<StrObject>().expect("a text");
        }
        if find(text, RETURN, 0).is_none() {
            if self.seen & seen::FEED == 0 && find(text, FEED, 0).is_some() {
                self.seen |= seen::FEED;
            }
            return Value::from_object(text).to_ref();
        }
        self.translate(text)
    }

    fn translate(&mut self, text: &StrObject) -> Ref {
        let mut out = StrBuilder::with_capacity(text.len());
        let mut points = text.code_points().peekable();
        while let Some(point) = points.next() {
            match point {
                RETURN if points.peek() == Some(&FEED) => {
                    points.next();
                    self.seen |= seen::BOTH;
                    if !self.translates {
                        out.push(RETURN);
                    }
                    out.push(FEED);
                }
                RETURN => {
                    self.seen |= seen::RETURN;
                    out.push(if self.translates { FEED } else { RETURN });
                }
                FEED => {
                    self.seen |= seen::FEED;
                    out.push(FEED);
                }
                other => out.push(other),
            }
        }
        out.finish().into()
    }

    /// Begins anew.
    pub(super) fn reset(&mut self) {
        (self.waits, self.seen) = (false, 0);
    }

    /// Which line ends have been seen: `None`, a str, or a tuple of them.
    pub(super) fn newlines(&self) -> Ref {
        let all = [(seen::RETURN, "\r"), (seen::FEED, "\n"), (seen::BOTH, "\r\n")];
        let mut found: Vec<Ref> = all
            .iter()
            .filter(|(bit, _)| self.seen & bit != 0)
            .map(|(_, text)| StrObject::intern(text).into())
            .collect();
        match found.len() {
            0 => objects::none().to_ref(),
            1 => found.remove(0),
            _ => TupleObject::new(found).into(),
        }
    }
}

/// `IncrementalNewlineDecoder`
#[repr(C)]
struct NewlineDecoder {
    header: Header,
    /// The decoder below, or `None` for text that is decoded already.
    decoder: Field,
    translation: RefCell<Translation>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for NewlineDecoder {
    fn type_object() -> &'static TypeObject {
        &DECODER
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.decoder.visit(visit);
    }
    fn clear(&self) {
        drop(self.decoder.take());
    }
}

impl NewlineDecoder {
    /// The decoder below, if there is one.
    fn inner(&self) -> PyResult<Option<Ref>> {
        let decoder = self.decoder.get_ref().ok_or_else(uninitialized)?;
        Ok(if objects::is_none(decoder.value()) { None } else { Some(decoder) })
    }
}

static INIT: Signature =
    Signature::parse("", "IncrementalNewlineDecoder(decoder, translate, errors='strict')", false);

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    let mut slots = [Value::NULL; INIT.count()];
    let mut bound = INIT.bind(args, &mut slots)?;
    let (decoder, translates) = (bound.take(), protocol::is_true(bound.take())?);
    let this = value.get::<NewlineDecoder>().expect("slots are called for instances");
    this.decoder.set(decoder.to_ref());
    this.translation.replace(Translation::new(translates));
    Ok(())
}

py_methods! { static METHODS for "_io.IncrementalNewlineDecoder", &NewlineDecoder;
    /// Decode, and translate line ends.
    "decode(self, input, final=False)"
    fn decode(this, input: Value, is_final: Option<bool>) -> PyResult {
        let is_final = is_final.unwrap_or(false);
        let text = match this.inner()? {
            Some(decoder) => call(decoder.value(), "decode", &[input, objects::bool(is_final)])?,
            None => input.to_ref(),
        };
        let Some(text) = text.get::<StrObject>() else {
            let got = text.ty().name();
            return Err(raise!(TypeError, "decoder should return a string result, not '{got}'"));
        };
        Ok(this.translation.borrow_mut().apply(text, is_final))
    }
    /// The state of the decoder, and whether a carriage return waits.
    "getstate(self, /)"
    fn getstate(this) -> PyResult {
        let waits = i64::from(this.translation.borrow().waits);
        let (data, flags) = match this.inner()? {
            Some(decoder) => {
                let state = call(decoder.value(), "getstate", &[])?;
                let Some([data, flags]) = state.get::<TupleObject>().map(TupleObject::items) else {
                    return Err(raise!(TypeError, "illegal decoder state"));
                };
                (data.to_ref(), int::to_i64(*flags)?)
            }
            None => (BytesObject::new(b"").into(), 0),
        };
        Ok(TupleObject::of([data, int::from_i64(flags << 1 | waits)]).into())
    }
    /// Sets what `getstate` has given.
    "setstate(self, state, /)"
    fn setstate(this, state: Value) -> PyResult<()> {
        let inner = this.inner()?;
        let Some(items) = state.get::<TupleObject>().map(TupleObject::items) else {
            return Err(raise!(TypeError, "state argument must be a tuple"));
        };
        let [data, flags] = items else { return Err(raise!(TypeError, "setstate(): illegal state argument")) };
        let flags = int::to_i64(*flags)?;
        this.translation.borrow_mut().waits = flags & 1 != 0;
        let Some(decoder) = inner else { return Ok(()) };
        let state = TupleObject::of([data.to_ref(), int::from_i64(flags >> 1)]);
        call(decoder.value(), "setstate", &[state.value()]).map(drop)
    }
    /// Begin anew.
    "reset(self, /)"
    fn reset(this) -> PyResult<()> {
        let inner = this.inner()?;
        this.translation.borrow_mut().reset();
        inner.map_or(Ok(()), |decoder| call(decoder.value(), "reset", &[]).map(drop))
    }
}

static GETSET: &[GetSetDef] = &[GetSetDef {
    name: "newlines",
    doc: "",
    get: |value| {
        let this = value.get::<NewlineDecoder>().expect("descriptors check their owner");
        this.inner()?;
        Ok(this.translation.borrow().newlines())
    },
    set: None,
}];

fn new(ty: &TypeObject, _: Args<'_>) -> PyResult {
    let contents =
        NewlineDecoder { header: Header::new(ty), decoder: Field::empty(), translation: RefCell::default() };
    Ok(object::new_object_of(ty, contents).into())
}

/// `IncrementalNewlineDecoder`.
pub(super) static DECODER: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_io",
    doc: "IncrementalNewlineDecoder(decoder, translate, errors='strict')\n--\n\nCodec used when reading a file in universal newlines mode.",
    flags: type_flags::BASE | type_flags::GC,
    slots: Slots { new: Some(new), init: Some(init), ..Slots::EMPTY },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<NewlineDecoder>("IncrementalNewlineDecoder")
};
