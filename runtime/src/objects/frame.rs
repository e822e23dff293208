//! Frame objects: what `sys._getframe` shows of running code.
//!
//! The interpreter's frames are not objects, and compiled code keeps none; a frame object is made when somebody asks, and shows the place
//! as it was then. Its locals are a copy, and only the frame that was asked for has them.

use crate::error::traceback::FrameInfo;
use crate::field::Field;
use crate::header::Header;
use crate::hooks;
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::code::CodeObject;
use crate::objects::dict::DictObject;
use crate::objects::str::StrObject;
use crate::objects::{self, function, generator, int};
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};
use crate::weakref;

/// A frame, as it was when it was asked for.
#[repr(C)]
pub struct FrameObject {
    header: Header,
    code: Ref,
    globals: Ref,
    instruction: u32,
    back: Field,
    locals: Field,
    /// A weak reference to the generator whose frame this is.
    generator: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for FrameObject {
    fn type_object() -> &'static TypeObject {
        &FRAME
    }
    fn traverse(&self, visit: Visitor<'_>) {
        visit(self.code.value());
        visit(self.globals.value());
        self.back.visit(visit);
        self.locals.visit(visit);
        self.generator.visit(visit);
    }
}

/// The frame at a depth, 0 is the running code's, with those below it. `None` if there are not so many.
pub fn at(depth: usize) -> Option<Ref> {
    let find = hooks::hooks().frame;
    let mut infos: Vec<FrameInfo> = Vec::new();
    while let Some(info) = find(depth + infos.len()) {
        infos.push(info);
    }
    let mut back: Option<Ref> = None;
    for (at, info) in infos.into_iter().enumerate().rev() {
        let locals = if at == 0 { (hooks::hooks().frame_locals)(depth) } else { None };
        let contents = FrameObject {
            header: Header::new(&FRAME),
            code: info.code,
            globals: info.globals,
            instruction: info.instruction,
            back: Field::from_option(back.take()),
            locals: Field::from_option(locals),
            generator: Field::empty(),
        };
        back = Some(object::new_object(contents).into());
    }
    back
}

/// A frame that has been left by an exception.
pub fn left(info: FrameInfo, locals: Option<Ref>) -> Ref {
    apart(info, locals, None)
}

/// The frame of a generator that is suspended or has not started.
pub fn of_generator(generator: Value, frame: *mut u8) -> PyResult {
    let (info, locals) = (hooks::hooks().generator_frame)(frame);
    let reference = weakref::new_ref(&weakref::WEAK_REF, generator, None)?;
    Ok(apart(info, locals, Some(reference)))
}

/// The frame of a generator that is running, with those below it.
pub fn of_running(generator: Value, frame: *mut u8) -> PyResult {
    let is_at = hooks::hooks().is_frame_at;
    let mut depth = 0;
    while let Some(found) = is_at(frame, depth) {
        if found && let Some(running) = at(depth) {
            this(running.value()).generator.set(weakref::new_ref(&weakref::WEAK_REF, generator, None)?);
            return Ok(running);
        }
        depth += 1;
    }
    // Compiled code runs it.
    let (info, _) = (hooks::hooks().generator_frame)(frame);
    Ok(apart(info, None, None))
}

/// A frame that is not on the chain.
fn apart(info: FrameInfo, locals: Option<Ref>, generator: Option<Ref>) -> Ref {
    let contents = FrameObject {
        header: Header::new(&FRAME),
        code: info.code,
        globals: info.globals,
        instruction: info.instruction,
        back: Field::empty(),
        locals: Field::from_option(locals),
        generator: Field::from_option(generator),
    };
    object::new_object(contents).into()
}

py_methods! { static METHODS for "frame", &FrameObject;
    /// Clears all references to local variables of a frame that has ended.
    "clear(self, /)"
    fn clear(this) -> PyResult<()> {
        // The object is a picture: it has nothing of the running frame but a copy of its names.
        match this.generator.get().and_then(weakref::referent) {
            Some(generator) => generator::clear_frame(generator.value()),
            None => Ok(()),
        }
    }
}

fn this<'a>(value: Value) -> &'a FrameObject {
    value.get::<FrameObject>().expect("attributes are asked of instances")
}

fn code<'a>(value: Value) -> &'a CodeObject {
    this(value).code.get::<CodeObject>().expect("frames run code objects")
}

fn line(value: Value) -> u32 {
    let range = code(value).code().ranges.get(this(value).instruction as usize).copied();
    range.unwrap_or_default().line
}

fn locals(value: Value) -> PyResult {
    this(value).locals.get_ref().ok_or_else(|| crate::error::not_supported("f_locals of this frame"))
}

fn repr(value: Value) -> PyResult {
    let code = code(value).code();
    let (file, name) = (&code.filename, &code.name);
    let text = format!("<frame at {:#x}, file '{file}', line {}, code {name}>", value.bits(), line(value));
    Ok(StrObject::new(&text).into())
}

/// `frame`.
pub static FRAME: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots { repr: Some(repr), ..Slots::EMPTY },
    methods: &[METHODS],
    getset: &[
        GetSetDef { name: "f_code", doc: "", get: |value| Ok(this(value).code.clone()), set: None },
        GetSetDef { name: "f_globals", doc: "", get: |value| Ok(this(value).globals.clone()), set: None },
        GetSetDef {
            name: "f_builtins",
            doc: "",
            get: |value| {
                let globals = this(value).globals.get::<DictObject>().expect("globals are a dict");
                Ok(function::builtins_of(globals))
            },
            set: None,
        },
        GetSetDef { name: "f_locals", doc: "", get: locals, set: None },
        GetSetDef { name: "f_back", doc: "", get: |value| Ok(this(value).back.get_or_none()), set: None },
        GetSetDef {
            name: "f_lineno",
            doc: "",
            get: |value| Ok(int::from_i64(line(value).into())),
            set: None,
        },
        GetSetDef {
            name: "f_lasti",
            doc: "",
            get: |value| Ok(int::from_i64(i64::from(this(value).instruction) * 2)),
            set: None,
        },
        GetSetDef { name: "f_trace", doc: "", get: |_| Ok(objects::none().to_ref()), set: None },
    ],
    ..TypeSpec::of::<FrameObject>("frame")
};
