//! `StringIO`: text in memory, with positions in characters.

use std::cell::RefCell;

use runtime::args::Args;
use runtime::convert::OrNone;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::dict::DictObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::signature::Signature;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, error, protocol, py_methods, raise};

use super::base::{IoBase, TEXT_BASE};
use super::newline::{Newline, Translation};
use super::{Size, boolean, unsupported};

const FEED: u32 = b'\n' as u32;
const RETURN: u32 = b'\r' as u32;

/// Characters and a position, which may lie behind their end.
#[derive(Default)]
struct State {
    points: Vec<u32>,
    at: usize,
    newline: Newline,
    translation: Option<Translation>,
    is_closed: bool,
}

/// `StringIO`.
#[repr(C)]
struct StringIo {
    base: IoBase,
    state: RefCell<State>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for StringIo {
    fn type_object() -> &'static TypeObject {
        &STRING_IO
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.base.visit(visit);
    }
    fn clear(&self) {
        self.base.release();
    }
}

/// Sets the attributes that a pickled stream had.
pub(super) fn set_attributes(value: Value, attributes: Value, which: &str) -> PyResult<()> {
    if objects::is_none(attributes) {
        return Ok(());
    }
    let Some(attributes) = attributes.get::<DictObject>() else {
        let got = attributes.ty().name();
        return Err(raise!(TypeError, "{which} item of state should be a dict, got a {got}"));
    };
    for (name, item) in attributes.to_pairs() {
        protocol::set_attr(value, name.value(), item.value())?;
    }
    Ok(())
}

impl State {
    /// The characters of a text as they are kept: line ends translated as the newline mode says.
    fn kept(&mut self, text: &StrObject) -> Vec<u32> {
        let translated = self.translation.as_mut().map(|translation| translation.apply(text, true));
        let text = translated.as_ref().and_then(|text| text.get::<StrObject>()).unwrap_or(text);
        let ending: Vec<u32> = self.newline.written().chars().map(u32::from).collect();
        if ending == [FEED] {
            return text.code_points().collect();
        }
        let mut points = Vec::with_capacity(text.len());
        for point in text.code_points() {
            if point == FEED { points.extend_from_slice(&ending) } else { points.push(point) }
        }
        points
    }

    fn rest(&self) -> &[u32] {
        self.points.get(self.at..).unwrap_or_default()
    }

    /// Length of the next line.
    fn line_len(&self) -> usize {
        let rest = self.rest();
        let find = |wanted: u32| rest.iter().position(|&point| point == wanted).map(|at| at + 1);
        let end = match self.newline {
            Newline::Feed | Newline::Translate => find(FEED),
            Newline::Return => find(RETURN),
            Newline::Both => rest.windows(2).position(|pair| pair == [RETURN, FEED]).map(|at| at + 2),
            Newline::Keep => rest.iter().position(|&point| point == FEED || point == RETURN).map(|at| {
                let is_pair = rest[at] == RETURN && rest.get(at + 1) == Some(&FEED);
                at + 1 + is_pair as usize
            }),
        };
        end.unwrap_or(rest.len())
    }

    fn take(&mut self, count: usize) -> Ref {
        let text = StrObject::from_code_points(&self.rest()[..count]);
        self.at += count;
        text.into()
    }

    fn write(&mut self, points: &[u32]) -> PyResult<()> {
        let end = self.at.checked_add(points.len()).ok_or_else(error::memory_error)?;
        if points.is_empty() {
            return Ok(());
        }
        if end > self.points.len() {
            self.points.try_reserve(end - self.points.len()).map_err(|_| error::memory_error())?;
            self.points.resize(end, 0);
        }
        self.points[self.at..end].copy_from_slice(points);
        self.at = end;
        Ok(())
    }
}

impl StringIo {
    fn open(&self) -> PyResult<std::cell::RefMut<'_, State>> {
        let state = self.state.borrow_mut();
        if state.is_closed { Err(raise!(ValueError, "I/O operation on closed file")) } else { Ok(state) }
    }
}

fn limited(len: usize, size: Size) -> usize {
    size.0.map_or(len, |size| size.min(len))
}

py_methods! { static METHODS for "_io.StringIO", &StringIo;
    /// Write string to file.
    "write(self, s, /)"
    fn write(this, s: Value) -> PyResult<usize> {
        let Some(text) = s.get::<StrObject>() else {
            return Err(raise!(TypeError, "string argument expected, got '{}'", s.ty().name()));
        };
        let mut state = this.open()?;
        let points = state.kept(text);
        state.write(&points).map(|()| text.len())
    }
    /// Read at most size characters, returned as a string.
    "read(self, size=-1, /)"
    fn read(this, size: Size) -> PyResult {
        let mut state = this.open()?;
        let count = limited(state.rest().len(), size);
        Ok(state.take(count))
    }
    /// Read until newline or EOF.
    "readline(self, size=-1, /)"
    fn readline(this, size: Size) -> PyResult {
        let mut state = this.open()?;
        let count = limited(state.line_len(), size);
        Ok(state.take(count))
    }
    /// Retrieve the entire contents of the object.
    "getvalue(self, /)"
    fn getvalue(this) -> PyResult {
        Ok(StrObject::from_code_points(&this.open()?.points).into())
    }
    /// Tell the current file position.
    "tell(self, /)"
    fn tell(this) -> PyResult<usize> {
        Ok(this.open()?.at)
    }
    /// Change stream position.
    "seek(self, pos, whence=0, /)"
    fn seek(this, pos: isize, whence: Option<i32>) -> PyResult<usize> {
        let mut state = this.open()?;
        state.at = match whence.unwrap_or(0) {
            other if !(0..=2).contains(&other) => {
                return Err(raise!(ValueError, "Invalid whence ({other}, should be 0, 1 or 2)"));
            }
            0 => usize::try_from(pos).map_err(|_| raise!(ValueError, "Negative seek position {pos}"))?,
            _ if pos != 0 => return Err(raise!(OSError, "Can't do nonzero cur-relative seeks")),
            1 => state.at,
            _ => state.points.len(),
        };
        Ok(state.at)
    }
    /// Truncate size to pos.
    "truncate(self, pos=None, /)"
    fn truncate(this, pos: OrNone<isize>) -> PyResult<usize> {
        let mut state = this.open()?;
        let size = pos.0.unwrap_or(state.at as isize);
        let size = usize::try_from(size).map_err(|_| raise!(ValueError, "Negative size value {size}"))?;
        state.points.truncate(size);
        Ok(size)
    }
    /// Close the IO object.
    "close(self, /)"
    fn close(this) {
        let mut state = this.state.borrow_mut();
        *state = State { is_closed: true, ..State::default() };
    }
    /// Fails for a closed stream.
    "flush(self, /)"
    fn flush(this) -> PyResult<()> {
        this.open().map(drop)
    }
    /// There is no descriptor.
    "fileno(self, /)"
    fn fileno(this) -> PyResult<i32> {
        let _ = this;
        Err(unsupported("fileno"))
    }
    /// Returns True if the IO object can be read.
    "readable(self, /)"
    fn readable(this) -> PyResult<bool> {
        this.open().map(|_| true)
    }
    /// Returns True if the IO object can be written.
    "writable(self, /)"
    fn writable(this) -> PyResult<bool> {
        this.open().map(|_| true)
    }
    /// Returns True if the IO object can be seeked.
    "seekable(self, /)"
    fn seekable(this) -> PyResult<bool> {
        this.open().map(|_| true)
    }
    /// The text, the newline mode, the position, and the attributes.
    "__getstate__(self, /)"
    fn getstate(this) -> PyResult {
        let dict = protocol::instance_dict(Value::from_object(this));
        let dict = dict.map_or_else(|| objects::none().to_ref(), |dict| dict.copy().into());
        let state = this.open()?;
        let newline: Ref = match state.newline {
            Newline::Translate => objects::none().to_ref(),
            Newline::Keep => StrObject::intern("").into(),
            other => StrObject::intern(other.written()).into(),
        };
        let text = StrObject::from_code_points(&state.points);
        Ok(TupleObject::of([text.into(), newline, int::from_i64(state.at as i64), dict]).into())
    }
    /// Sets what `__getstate__` has given.
    "__setstate__(self, state, /)"
    fn setstate(this, state: Value) -> PyResult<()> {
        let value = Value::from_object(this);
        let name = value.ty().full_name();
        drop(this.open()?);
        let Some([text, newline, at, dict, ..]) = state.get::<TupleObject>().map(TupleObject::items) else {
            let got = state.ty().name();
            return Err(raise!(TypeError, "{name}.__setstate__ argument should be 4-tuple, got {got}"));
        };
        set_up(this, Some(*text), Newline::parse(*newline)?)?;
        let Some(text) = text.get::<StrObject>() else { return Ok(()) };
        if int::IntRef::of(*at).is_none() {
            let got = at.ty().name();
            return Err(raise!(TypeError, "third item of state must be an integer, got {got}"));
        }
        let Ok(at) = usize::try_from(int::to_isize(*at)?) else {
            return Err(raise!(ValueError, "position value cannot be negative"));
        };
        {
            // The text is as it was kept: nothing is to be translated again.
            let mut state = this.open()?;
            (state.points, state.at) = (text.code_points().collect(), at);
        }
        set_attributes(value, *dict, "fourth")
    }
}

fn this<'a>(value: Value) -> &'a StringIo {
    value.get::<StringIo>().expect("descriptors check their owner")
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "closed",
        doc: "",
        get: |value| Ok(boolean(this(value).state.borrow().is_closed)),
        set: None,
    },
    GetSetDef {
        name: "line_buffering",
        doc: "",
        get: |value| this(value).open().map(|_| boolean(false)),
        set: None,
    },
    GetSetDef {
        name: "newlines",
        doc: "",
        get: |value| {
            let state = this(value).open()?;
            Ok(state
                .translation
                .map_or_else(|| objects::none().to_ref(), |translation| translation.newlines()))
        },
        set: None,
    },
];

fn next(value: Value) -> PyResult<Option<Ref>> {
    let mut state = this(value).open()?;
    let count = state.line_len();
    Ok(if count == 0 { None } else { Some(state.take(count)) })
}

static INIT: Signature = Signature::parse("", "StringIO(initial_value='', newline='\\n')", false);

fn set_up(this: &StringIo, initial: Option<Value>, newline: Newline) -> PyResult<()> {
    let translation = newline.is_universal().then(|| Translation::new(newline == Newline::Translate));
    let mut state = State { newline, translation, ..State::default() };
    match initial.filter(|value| !objects::is_none(*value)) {
        None => {}
        Some(value) => match value.get::<StrObject>() {
            Some(text) => state.points = state.kept(text),
            None => {
                let name = value.ty().name();
                return Err(raise!(TypeError, "initial_value must be str or None, not {name}"));
            }
        },
    }
    this.state.replace(state);
    Ok(())
}

/// The `newline` argument; its error shows the text as a literal.
fn newline_of(value: Value) -> PyResult<Newline> {
    if let Some(text) = value.get::<StrObject>()
        && !["", "\n", "\r", "\r\n"].iter().any(|known| text.eq_str(known))
    {
        return Err(raise!(ValueError, "illegal newline value: {}", protocol::repr_string(value)?));
    }
    Newline::parse(value)
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    let mut slots = [Value::NULL; INIT.count()];
    let mut bound = INIT.bind(args, &mut slots)?;
    let (initial, newline) = (bound.take().non_null(), bound.take().non_null());
    set_up(this(value), initial, newline.map_or(Ok(Newline::Feed), newline_of)?)
}

fn new(ty: &TypeObject, _: Args<'_>) -> PyResult {
    Ok(object::new_object_of(ty, StringIo { base: IoBase::new(ty), state: RefCell::default() }).into())
}

/// `StringIO`.
pub(super) static STRING_IO: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_io",
    doc: "StringIO(initial_value='', newline='\\n')\n--\n\nText I/O implementation using an in-memory buffer.",
    flags: type_flags::BASE | type_flags::GC,
    base: Some(&TEXT_BASE),
    slots: Slots { new: Some(new), init: Some(init), iternext: Some(next), ..Slots::EMPTY },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<StringIo>("StringIO")
};
