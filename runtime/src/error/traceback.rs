//! Traceback objects: where an exception passed through, innermost last.

use crate::args::Args;
use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::code::CodeObject;
use crate::objects::dict::DictObject;
use crate::objects::list::ListObject;
use crate::objects::str::StrObject;
use crate::objects::{self, int};
use crate::py_methods;
use crate::slots::Slots;
use crate::thread::thread;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};

pub use bytecode::SourceRange;

/// Leaves out of the traceback of the exception on its way the entries for which `hides` says so; they are shown to it outermost first.
pub fn leave_out(mut hides: impl FnMut(&TracebackObject) -> Hidden) {
    // What dies with the entries must not disturb the exception.
    let Some(pending) = thread().fetch_raised() else { return };
    if let Some(exception) = pending.get::<super::ExceptionObject>() {
        leave_out_of(exception, &mut hides);
    }
    let _raised = thread().set_raised(pending);
}

fn leave_out_of(exception: &super::ExceptionObject, mut hides: &mut dyn FnMut(&TracebackObject) -> Hidden) {
    let mut entries = Vec::new();
    let mut at = exception.traceback.get_ref();
    while let Some(entry) = at {
        at = entry.get::<TracebackObject>().and_then(|entry| entry.next.get_ref());
        entries.push(entry);
    }
    // Where the run of entries began that this one may take with it.
    let (mut kept, mut start): (Vec<Ref>, Option<usize>) = (Vec::new(), None);
    for entry in entries {
        let begun = start.unwrap_or(kept.len());
        kept.push(entry);
        let entry = kept.last().and_then(|entry| entry.get::<TracebackObject>());
        start = match entry.map_or(Hidden::No, &mut hides) {
            Hidden::No => None,
            Hidden::Maybe => Some(begun),
            Hidden::WithThoseBefore => {
                kept.truncate(begun);
                Some(begun)
            }
        };
    }
    let mut next = None;
    while let Some(entry) = kept.pop() {
        if let Some(entry) = entry.get::<TracebackObject>() {
            drop(entry.next.replace(next.take()));
        }
        next = Some(entry);
    }
    drop(exception.traceback.replace(next));
}

/// What [`leave_out`] does with an entry.
pub enum Hidden {
    /// It stays.
    No,
    /// It stays unless one further in takes it along.
    Maybe,
    /// It goes, and with it those in front of it that may.
    WithThoseBefore,
}

/// A place in running code, as the frame hook reports it.
#[derive(Clone, Debug)]
pub struct FrameInfo {
    /// The code object.
    pub code: Ref,
    /// Index of the current instruction.
    pub instruction: u32,
    /// The globals.
    pub globals: Ref,
}

/// One traceback entry.
#[repr(C)]
pub struct TracebackObject {
    header: Header,
    /// The entry of the function that this one called.
    pub next: Field,
    code: Field,
    globals: Field,
    /// The namespace of a module or class body, or the variables of a frame that has been left, until its object has them.
    locals: Field,
    /// Made when first asked for.
    frame: Field,
    instruction: u32,
    /// `tb_lasti` and the line, where a program has made the entry and said so.
    given: Option<(i64, i64)>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for TracebackObject {
    fn type_object() -> &'static TypeObject {
        &TRACEBACK
    }
    fn traverse(&self, visit: Visitor<'_>) {
        [&self.next, &self.code, &self.globals, &self.locals, &self.frame]
            .into_iter()
            .for_each(|field| field.visit(visit));
    }
    fn clear(&self) {
        drop((self.next.take(), self.globals.take(), self.locals.take(), self.frame.take()));
    }
}

impl TracebackObject {
    fn new(place: Place<'_>, next: Option<Ref>) -> Py<TracebackObject> {
        object::new_object(TracebackObject {
            header: Header::new(&TRACEBACK),
            next: Field::from_option(next),
            code: Field::new(Value::from_object(place.code).to_ref()),
            globals: Field::new(Value::from_object(place.globals).to_ref()),
            locals: Field::from_option(place.locals.map(Value::to_ref)),
            frame: Field::from_option(place.frame.map(Value::to_ref)),
            instruction: place.instruction,
            given: None,
        })
    }

    /// The frame, as it was left or as it is now. A garbage collection in progress may have taken its parts.
    fn frame(&self) -> Ref {
        if let Some(frame) = self.frame.get_ref() {
            return frame;
        }
        let (Some(code), Some(globals)) = (self.code.get_ref(), self.globals.get_ref()) else {
            return objects::none().to_ref();
        };
        let running = match self.locals.get() {
            None => objects::frame::running(code.value()),
            Some(_) => None,
        };
        let frame = running.unwrap_or_else(|| {
            let info = FrameInfo { code, instruction: self.instruction, globals };
            objects::frame::left(info, self.locals.take())
        });
        self.frame.set(frame.clone());
        frame
    }

    /// Keeps the variables that the frame had when it ended.
    pub fn keep_locals(&self, locals: Ref) {
        match self.frame.get() {
            Some(frame) => objects::frame::leave(frame, locals),
            None => self.locals.set(locals),
        }
    }

    /// The code.
    pub fn code(&self) -> &CodeObject {
        self.code.get().and_then(Value::get).expect("a traceback keeps its code")
    }

    /// Source range of the instruction.
    pub fn range(&self) -> SourceRange {
        self.code().code().ranges.get(self.instruction as usize).copied().unwrap_or_default()
    }
}

/// Where an exception passes through.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The code.
    pub code: &'a CodeObject,
    /// Index of the instruction.
    pub instruction: u32,
    /// The globals.
    pub globals: &'a DictObject,
    /// The namespace of a module or class body.
    pub locals: Option<Value>,
    /// The frame's object, if it has one.
    pub frame: Option<Value>,
}

/// Adds an entry for a frame that the raised exception leaves.
pub fn add_entry(place: Place<'_>) {
    let Some(exception) = crate::thread::thread().peek_raised() else { return };
    if let Some(exception) = exception.get::<super::ExceptionObject>() {
        let entry = TracebackObject::new(place, exception.traceback.get_ref());
        exception.add_traceback(entry);
    }
}

/// `TracebackType(tb_next, tb_frame, tb_lasti, tb_lineno)`; the line is that of the instruction.
fn new(_: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("traceback")?;
    let &[next, frame, instruction, line] = args.positional else {
        let given = args.positional.len();
        return Err(crate::raise!(TypeError, "traceback() takes exactly 4 arguments ({given} given)"));
    };
    let next = match next {
        next if objects::is_none(next) => None,
        next if next.is_instance::<TracebackObject>() => Some(next.to_ref()),
        other => {
            let got = other.ty().name();
            return Err(crate::raise!(TypeError, "expected traceback object or None, got '{got}'"));
        }
    };
    let Some((code, globals)) = objects::frame::parts(frame) else {
        let got = frame.ty().name();
        return Err(crate::raise!(TypeError, "traceback() argument 'tb_frame' must be frame, not {got}"));
    };
    let (instruction, line) = (int::to_isize(instruction)?, int::to_isize(line)?);
    let offset = u32::try_from(instruction).ok();
    let place = code.get::<CodeObject>().zip(offset).and_then(|(code, offset)| code.view().word_at(offset));
    let entry = object::new_object(TracebackObject {
        header: Header::new(&TRACEBACK),
        next: Field::from_option(next),
        instruction: place.unwrap_or(u32::MAX),
        code: Field::new(code),
        globals: Field::new(globals),
        locals: Field::empty(),
        frame: Field::new(frame.to_ref()),
        given: Some((instruction as i64, line as i64)),
    });
    Ok(entry.into())
}

/// The newest traceback entry of the raised exception, if it is that of this code.
pub fn entry_of_raised<'a>(code: &CodeObject) -> Option<&'a TracebackObject> {
    let exception = crate::thread::thread().peek_raised()?.get::<super::ExceptionObject>()?;
    let entry = exception.traceback.get()?.get::<TracebackObject>()?;
    std::ptr::eq(entry.code(), code).then_some(entry)
}

/// Gives an exception that has passed through no frame an entry for the running one.
pub fn add_running(exception: &super::ExceptionObject) {
    if exception.traceback.get().is_some() {
        return;
    }
    let Some(info) = (crate::hooks::hooks().frame)(0) else { return };
    let (Some(code), Some(globals)) = (info.code.get::<CodeObject>(), info.globals.get::<DictObject>())
    else {
        return;
    };
    let place = Place { code, instruction: info.instruction, globals, locals: None, frame: None };
    exception.add_traceback(TracebackObject::new(place, None));
}

fn this<'a>(value: Value) -> &'a TracebackObject {
    value.get::<TracebackObject>().expect("descriptors check their owner")
}

fn set_next(value: Value, new: Option<Value>) -> PyResult<()> {
    match new {
        Some(new) if objects::is_none(new) => drop(this(value).next.take()),
        Some(new) if new.is_instance::<TracebackObject>() => {
            let mut link = Some(new.to_ref());
            while let Some(entry) = link {
                if entry.value() == value {
                    return Err(crate::raise!(ValueError, "traceback loop detected"));
                }
                link = this(entry.value()).next.get_ref();
            }
            this(value).next.set(new.to_ref());
        }
        _ => return Err(crate::raise!(TypeError, "expected traceback object or None")),
    }
    Ok(())
}

py_methods! { static METHODS for "traceback", &TracebackObject;
    /// The attributes that make up an entry.
    "__dir__(self, /)"
    fn dir(this) -> Py<ListObject> {
        let _ = this;
        let names = ["tb_frame", "tb_next", "tb_lasti", "tb_lineno"];
        ListObject::new(names.iter().map(|name| StrObject::intern(name).into()).collect())
    }
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "tb_next",
        doc: "",
        get: |value| Ok(this(value).next.get_or_none()),
        set: Some(set_next),
    },
    GetSetDef {
        name: "tb_lineno",
        doc: "",
        get: |value| {
            let this = this(value);
            Ok(int::from_i64(this.given.map_or_else(|| i64::from(this.range().line), |(_, line)| line)))
        },
        set: None,
    },
    GetSetDef {
        name: "tb_lasti",
        doc: "",
        get: |value| {
            let this = this(value);
            Ok(int::from_i64(
                this.given.map_or_else(|| this.code().offset(this.instruction as usize), |(lasti, _)| lasti),
            ))
        },
        set: None,
    },
    GetSetDef { name: "tb_frame", doc: "", get: frame_of, set: None },
];

fn frame_of(value: Value) -> PyResult {
    crate::audit_hook::getting(value, "tb_frame")?;
    Ok(this(value).frame())
}

/// `traceback`.
pub static TRACEBACK: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "traceback(tb_next, tb_frame, tb_lasti, tb_lineno)\n--\n\nMake an entry of a traceback in front of another one, or of None.",
    flags: type_flags::GC,
    slots: Slots { new: Some(new), ..Slots::EMPTY },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<TracebackObject>("traceback")
};
