//! `StringIO`: text in memory, with positions in characters.

use std::cell::RefCell;

use runtime::args::Args;
use runtime::convert::OrNone;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object};
use runtime::objects;
use runtime::objects::str::StrObject;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, error, protocol, py_methods, raise};

use super::text::Newline;
use super::{Size, check_whence, unsupported};

const FEED: u32 = b'\n' as u32;
const RETURN: u32 = b'\r' as u32;

/// Characters and a position, which may lie behind their end.
struct State {
    points: Vec<u32>,
    at: usize,
    newline: Newline,
    is_closed: bool,
}

/// `StringIO`.
#[repr(C)]
pub(crate) struct StringIo {
    header: Header,
    state: RefCell<State>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for StringIo {
    fn type_object() -> &'static TypeObject {
        &STRING_IO
    }
}

/// The characters of a text as they are kept: line ends translated as the newline mode says.
fn kept(text: &StrObject, newline: Newline) -> Vec<u32> {
    let points: Vec<u32> = text.code_points().collect();
    let ending = newline.written();
    match newline {
        Newline::Translate if points.contains(&RETURN) => {
            let is_pair = |at: usize| points[at] == RETURN && points.get(at + 1) == Some(&FEED);
            let one = |at: usize| if points[at] == RETURN { FEED } else { points[at] };
            (0..points.len()).filter(|&at| !is_pair(at)).map(one).collect()
        }
        Newline::Return | Newline::Both => points
            .iter()
            .flat_map(|&point| {
                let ending: Vec<u32> = ending.chars().map(u32::from).collect();
                if point == FEED { ending } else { vec![point] }
            })
            .collect(),
        _ => points,
    }
}

impl State {
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
        let points = kept(text, state.newline);
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
        state.at = match check_whence(whence.unwrap_or(0))? {
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
        state.is_closed = true;
        state.points = Vec::new();
    }
    /// Does nothing: everything is in memory.
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
    /// Returns False.
    "isatty(self, /)"
    fn isatty(this) -> PyResult<bool> {
        this.open().map(|_| false)
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
}

fn this<'a>(value: Value) -> &'a StringIo {
    value.get::<StringIo>().expect("descriptors check their owner")
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "closed",
        doc: "",
        get: |value| Ok(objects::bool(this(value).state.borrow().is_closed).to_ref()),
        set: None,
    },
    GetSetDef {
        name: "line_buffering",
        doc: "",
        get: |value| this(value).open().map(|_| objects::bool(false).to_ref()),
        set: None,
    },
    GetSetDef { name: "encoding", doc: "", get: |_| Ok(objects::none().to_ref()), set: None },
    GetSetDef { name: "errors", doc: "", get: |_| Ok(objects::none().to_ref()), set: None },
];

fn next(value: Value) -> PyResult<Option<Ref>> {
    let mut state = this(value).open()?;
    let count = state.line_len();
    Ok(if count == 0 { None } else { Some(state.take(count)) })
}

/// `StringIO(initial_value='', newline='\n')`
fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let mut parts = [args.positional.first().copied(), args.positional.get(1).copied()];
    for (key, value) in args.keywords() {
        match protocol::str_string(key)?.as_str() {
            "initial_value" => parts[0] = Some(value),
            "newline" => parts[1] = Some(value),
            other => {
                return Err(raise!(TypeError, "StringIO() got an unexpected keyword argument '{other}'"));
            }
        }
    }
    let newline = match parts[1] {
        None => Newline::Feed,
        Some(value) if objects::is_none(value) => Newline::Translate,
        Some(value) if value.is_instance::<StrObject>() => {
            Newline::parse(Some(&protocol::str_string(value)?))?
        }
        Some(value) => {
            return Err(raise!(TypeError, "newline must be str or None, not {}", value.ty().name()));
        }
    };
    let points = match parts[0].filter(|value| !objects::is_none(*value)) {
        None => Vec::new(),
        Some(value) => match value.get::<StrObject>() {
            Some(text) => kept(text, newline),
            None => {
                let name = value.ty().name();
                return Err(raise!(TypeError, "initial_value must be str or None, not {name}"));
            }
        },
    };
    let state = RefCell::new(State { points, at: 0, newline, is_closed: false });
    let contents = StringIo { header: Header::new(ty), state };
    Ok(object::new_object_of(ty, contents).into())
}

/// `StringIO`.
pub(crate) static STRING_IO: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_io",
    flags: type_flags::BASE,
    base: Some(&super::TEXT_BASE),
    slots: Slots { new: Some(new), init: Some(|_, _| Ok(())), iternext: Some(next), ..Slots::EMPTY },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<StringIo>("StringIO")
};
