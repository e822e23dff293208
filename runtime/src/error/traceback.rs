//! Traceback objects: where an exception passed through, innermost last.

use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::code::CodeObject;
use crate::objects::dict::DictObject;
use crate::objects::{self, int};
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};

pub use bytecode::SourceRange;

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
    /// The namespace of a module or class body.
    locals: Field,
    /// Made when first asked for.
    frame: Field,
    instruction: u32,
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
            frame: Field::empty(),
            instruction: place.instruction,
        })
    }

    /// The frame, as it was left. A garbage collection in progress may have taken its parts.
    fn frame(&self) -> Ref {
        if self.frame.get().is_none()
            && let (Some(code), Some(globals)) = (self.code.get_ref(), self.globals.get_ref())
        {
            let info = FrameInfo { code, instruction: self.instruction, globals };
            self.frame.set(objects::frame::left(info, self.locals.get_ref()));
        }
        self.frame.get_or_none()
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
}

/// Adds an entry for a frame that the raised exception leaves.
pub fn add_entry(place: Place<'_>) {
    let Some(exception) = crate::thread::thread().peek_raised() else { return };
    if let Some(exception) = exception.get::<super::ExceptionObject>() {
        let entry = TracebackObject::new(place, exception.traceback.get_ref());
        exception.add_traceback(entry);
    }
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
    let place = Place { code, instruction: info.instruction, globals, locals: None };
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
        get: |value| Ok(int::from_i64(i64::from(this(value).range().line))),
        set: None,
    },
    GetSetDef {
        name: "tb_lasti",
        doc: "",
        get: |value| Ok(int::from_i64(i64::from(this(value).instruction) * 2)),
        set: None,
    },
    GetSetDef { name: "tb_frame", doc: "", get: |value| Ok(this(value).frame()), set: None },
];

/// `traceback`.
pub static TRACEBACK: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "types",
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots::EMPTY,
    getset: GETSET,
    ..TypeSpec::of::<TracebackObject>("traceback")
};
