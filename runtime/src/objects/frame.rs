//! Frame objects: what `sys._getframe`, tracebacks and trace functions show of code.
//!
//! The interpreter's frames are not objects; one gets an object when somebody asks, and keeps it to its end, so that there is one object a
//! frame. While the frame lives, the object looks into it (`hooks::FrameHooks`); when it ends, and somebody still has the object, its
//! place, its variables and its caller are kept there. Compiled code keeps no frames: an object made of one waits, with the tables of the compiler
//! as its eyes, until the interpreter goes on with the frame, which happens when the call returns that the frame waits for
//! (`hooks::CompiledFrame::place`). Where the interpreter cannot, it stays a picture of the place and of the variables.
//!
//! `f_lineno` can be set by a trace function only (`hooks::FrameHooks::jump`).

use std::cell::Cell;

use crate::error::traceback::FrameInfo;
use crate::field::Field;
use crate::header::Header;
use crate::hooks::{self, FoundFrame};
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::code::CodeObject;
use crate::objects::dict::DictObject;
use crate::objects::frame_locals::LocalsProxy;
use crate::objects::str::StrObject;
use crate::objects::{self, function, generator, int};
use crate::py_methods;
use crate::slots::Slots;
use crate::stress::{self, Knob};
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};
use crate::weakref;
use bytecode::CodeFlags;

/// A frame.
#[repr(C)]
pub struct FrameObject {
    header: Header,
    code: Ref,
    globals: Ref,
    /// The interpreter's frame while it lives, or null.
    live: Cell<*mut u8>,
    /// While it waits in compiled code for a call behind which the interpreter goes on: the address of the return address; or 0.
    native: Cell<usize>,
    /// What has been stored in its variables meanwhile.
    changes: Field,
    /// Where it was left, or where it was when a picture of it was taken.
    instruction: Cell<u32>,
    back: Field,
    /// The variables of a frame that has ended, or names that are no variables of one that lives.
    locals: Field,
    /// Whether the frame has ended.
    has_ended: Cell<bool>,
    /// A weak reference to the generator whose frame this is.
    generator: Field,
    /// The function that is told of events in the frame.
    trace: Field,
    wants_lines: Cell<bool>,
    wants_opcodes: Cell<bool>,
    /// Line and instruction that the interpreter has last been seen at while it traced.
    pub last_line: Cell<u32>,
    /// See [`FrameObject::last_line`].
    pub last_instruction: Cell<u32>,
    /// The last instruction that has a line.
    pub last_lined: Cell<u32>,
    /// Line and instruction that tools have last been told of.
    pub seen_line: Cell<u32>,
    /// See [`FrameObject::seen_line`].
    pub seen_instruction: Cell<u32>,
    /// The line that is shown while the frame begins, or [`NO_LINE`].
    pub shown_line: Cell<u32>,
    /// Whether a trace function is being told of a line, when it may jump.
    pub may_jump: Cell<bool>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for FrameObject {
    fn type_object() -> &'static TypeObject {
        &FRAME
    }
    fn traverse(&self, visit: Visitor<'_>) {
        visit(self.code.value());
        visit(self.globals.value());
        for field in [&self.back, &self.locals, &self.generator, &self.trace, &self.changes] {
            field.visit(visit);
        }
    }
    fn clear(&self) {
        drop((self.back.take(), self.locals.take(), self.trace.take(), self.changes.take()));
    }
}

/// A line that no instruction has.
pub const NO_LINE: u32 = u32::MAX;

impl FrameObject {
    fn make(info: FrameInfo, live: *mut u8) -> Ref {
        let contents = FrameObject {
            header: Header::new(&FRAME),
            code: info.code,
            globals: info.globals,
            live: Cell::new(live),
            native: Cell::new(0),
            changes: Field::empty(),
            instruction: Cell::new(info.instruction),
            back: Field::empty(),
            locals: Field::empty(),
            has_ended: Cell::new(false),
            generator: Field::empty(),
            trace: Field::empty(),
            wants_lines: Cell::new(true),
            wants_opcodes: Cell::new(false),
            last_line: Cell::new(NO_LINE),
            last_instruction: Cell::new(0),
            last_lined: Cell::new(NO_LINE),
            seen_line: Cell::new(NO_LINE),
            seen_instruction: Cell::new(0),
            shown_line: Cell::new(NO_LINE),
            may_jump: Cell::new(false),
        };
        object::new_object(contents).into()
    }

    /// The interpreter's frame, while it lives.
    pub(crate) fn live(&self) -> Option<*mut u8> {
        Some(self.live.get()).filter(|live| !live.is_null())
    }

    /// The instruction that runs, ran last, or is about to run first.
    pub fn place(&self) -> u32 {
        self.live().map_or_else(|| self.instruction.get(), |live| (hooks::hooks().frames.instruction)(live))
    }

    /// The code.
    pub fn code(&self) -> &CodeObject {
        self.code.get::<CodeObject>().expect("frames run code objects")
    }

    /// The source line.
    pub fn line(&self) -> u32 {
        if self.shown_line.get() != NO_LINE {
            return self.shown_line.get();
        }
        self.code().code().line_at(self.place() as usize)
    }

    /// The frame's own trace function.
    pub fn trace(&self) -> Option<Ref> {
        self.trace.get_ref()
    }

    /// Whether line events are wanted, and whether events for every instruction are.
    pub fn wants(&self) -> (bool, bool) {
        (self.wants_lines.get(), self.wants_opcodes.get())
    }

    /// Whether it is a picture of a frame that runs in compiled code, or did when it was taken.
    pub(crate) fn is_picture(&self) -> bool {
        self.live().is_none() && !self.has_ended.get()
    }

    /// Whether its frame waits in compiled code, and goes on in the interpreter.
    pub(crate) fn is_waiting(&self) -> bool {
        self.native.get() != 0
    }

    /// The variables of a frame that waits, as they are, but for [`FrameObject::changes`].
    pub(crate) fn waiting_variables(&self) -> Option<Ref> {
        Some(self.native.get()).filter(|&slot| slot != 0).and_then(hooks::hooks().adopted_variables)
    }

    /// What has been stored in the variables of a frame that waits, in a dict.
    pub(crate) fn changes(&self, make: bool) -> Option<Ref> {
        if make && self.changes.get().is_none() {
            self.changes.set(DictObject::new());
        }
        self.changes.get_ref()
    }

    /// Names that are kept beside the variables.
    pub(crate) fn extra_locals(&self, make: bool) -> Option<Ref> {
        if make && self.locals.get().is_none() {
            self.locals.set(DictObject::new());
        }
        self.locals.get_ref()
    }
}

/// The object of a frame of the interpreter that lives as long as `live` is told not to ([`end`]).
pub fn of_live(info: FrameInfo, live: *mut u8) -> Ref {
    FrameObject::make(info, live)
}

/// The frame has ended or is about to: what somebody may ask for later moves into its object.
pub fn end(frame: &FrameObject, instruction: u32, locals: Ref, back: Option<Ref>) {
    frame.live.set(std::ptr::null_mut());
    frame.instruction.set(instruction);
    if let (Some(extra), Some(locals)) = (frame.locals.take(), locals.get::<DictObject>())
        && let Some(extra) = extra.get::<DictObject>()
    {
        // Only a key's own comparison can fail, and then nobody is there to be told.
        if let Err(raised) = locals.merge(extra, true) {
            drop(crate::thread().take_raised(raised));
        }
    }
    frame.locals.set(locals);
    frame.has_ended.set(true);
    drop(frame.back.replace(back));
}

/// The interpreter's frame has moved.
pub fn moved(frame: &FrameObject, live: *mut u8) {
    frame.live.set(live);
}

/// Says whose frame it is.
pub fn set_generator(frame: Value, generator: Value) -> PyResult<()> {
    let own = this(frame);
    if own.generator.get().is_none() {
        own.generator.set(weakref::new_ref(&weakref::WEAK_REF, generator, None)?);
    }
    Ok(())
}

/// The frame at a depth, 0 is the running code's. `None` if there are not so many.
pub fn at(depth: usize) -> Option<Ref> {
    chain(|visit| (hooks::hooks().frames.walk)(depth, visit))
}

/// The innermost frame of a thread that waits, or of the running one, whose frames are on the chain that begins at `anchor`.
pub fn of_thread(anchor: *mut u8, place: (usize, usize)) -> Option<Ref> {
    chain(|visit| (hooks::hooks().frames.walk_from)(anchor, place, visit))
}

/// The first of some frames. Those of compiled code are linked to what is below them, up to one that has its object already.
fn chain(walk: impl FnOnce(&mut dyn FnMut(FoundFrame) -> bool)) -> Option<Ref> {
    let mut made = Vec::new();
    let mut below = None;
    walk(&mut |found| match found {
        FoundFrame::Interpreted(frame) => {
            below = Some(frame);
            true
        }
        FoundFrame::Compiled(info, locals) => {
            made.push((info, locals, None));
            false
        }
        FoundFrame::Waiting(info, place, namespace) => {
            made.push((info, namespace, Some(place)));
            false
        }
    });
    for (info, locals, place) in made.into_iter().rev() {
        let object = FrameObject::make(info, std::ptr::null_mut());
        let own = this(object.value());
        drop(own.locals.replace(locals));
        drop(own.back.replace(below.take()));
        if let Some(place) = place {
            own.native.set(place.0);
            (hooks::hooks().adopt_frame)(place, &object);
        }
        below = Some(object);
    }
    below
}

/// The innermost running frame of some code, if the interpreter runs it, or a picture of it if its variables are known.
pub fn running(code: Value) -> Option<Ref> {
    let hooks = hooks::hooks();
    let depth = (0..).map_while(hooks.frame).position(|info| info.code.value() == code)?;
    match (hooks.frames.find)(depth)? {
        FoundFrame::Interpreted(frame) => Some(frame),
        FoundFrame::Compiled(_, variables) => variables.and_then(|_| at(depth)),
        FoundFrame::Waiting(..) => at(depth),
    }
}

/// A frame that has been left by an exception.
pub fn left(info: FrameInfo, locals: Option<Ref>) -> Ref {
    let frame = FrameObject::make(info, std::ptr::null_mut());
    this(frame.value()).has_ended.set(true);
    drop(this(frame.value()).locals.replace(locals));
    frame
}

/// A frame of compiled code that has an object, or of which there is a picture, has been left by an exception, with these variables.
pub fn leave(frame: Value, locals: Ref) {
    let own = this(frame);
    if own.is_picture() {
        own.has_ended.set(true);
        own.native.set(0);
        if let (Some(changes), Some(all)) = (own.changes.take(), locals.get::<DictObject>())
            && let Some(changes) = changes.get::<DictObject>()
            && let Err(raised) = all.merge(changes, true)
        {
            drop(crate::thread().take_raised(raised));
        }
        own.locals.set(locals);
    }
}

/// Whether anybody but compiled code itself has the object of a frame that has waited in it, or wants to hear of the frame, or has changed it.
pub fn is_wanted(frame: Value) -> bool {
    let own = this(frame);
    let is_held = frame.header().is_some_and(|header| header.refcount() > 1);
    let is_forced = stress::every(Knob::Fallback) != 0;
    is_held || is_forced || own.trace.get().is_some() || own.changes.get().is_some()
}

/// Nobody wants the object of a frame that has waited in compiled code, and goes on there.
pub fn abandon(frame: Ref) {
    this(frame.value()).native.set(0);
    drop(frame);
}

/// A frame that has waited in compiled code goes on in the interpreter: what has been stored in its variables is put there.
pub fn revive(frame: Value, live: *mut u8) {
    let own = this(frame);
    let hooks = &hooks::hooks().frames;
    own.native.set(0);
    own.live.set(live);
    if !own.code().has(CodeFlags::OPTIMIZED) {
        // The frame has its namespace itself.
        drop(own.locals.take());
    }
    (hooks.watch)(live, own.trace.get().is_some());
    let Some(changes) = own.changes.take() else { return };
    for (name, value) in changes.get::<DictObject>().map(DictObject::to_pairs).into_iter().flatten() {
        let Some(name) = name.get::<StrObject>() else { continue };
        // A variable of the name exists, and has no type of its own: the code is dynamic.
        if let Err(raised) = (hooks.set_variable)(live, &name.to_string_lossy(), value.value()) {
            drop(crate::thread().take_raised(raised));
        }
    }
}

/// The names that are kept beside the variables of a frame that lives, if there are any.
pub fn names_beside(frame: Value) -> Option<Ref> {
    this(frame).extra_locals(false)
}

/// The frame of a generator.
pub fn of_generator(generator: Value, live: *mut u8) -> PyResult {
    let frame = (hooks::hooks().frames.object_of)(live);
    set_generator(frame.value(), generator)?;
    Ok(frame)
}

/// The code and the globals of a frame.
pub fn parts(frame: Value) -> Option<(Ref, Ref)> {
    frame.get::<FrameObject>().map(|frame| (frame.code.clone(), frame.globals.clone()))
}

/// The trace function of a frame.
pub fn trace_of(frame: Value) -> Option<Ref> {
    this(frame).trace.get_ref()
}

/// Sets the trace function of a frame.
pub fn set_trace(frame: Value, function: Option<Value>) {
    let own = this(frame);
    let old = own.trace.replace(function.map(Value::to_ref));
    if let Some(live) = own.live() {
        (hooks::hooks().frames.watch)(live, function.is_some());
        if old.is_none() && own.last_line.get() == NO_LINE && !own.may_jump.get() {
            // A function that is set later hears of the next line, not of the rest of this one.
            own.last_line.set(own.line());
            own.last_instruction.set(own.place());
        }
    }
    drop(old);
}

py_methods! { static METHODS for "frame", &FrameObject;
    /// Clears all references to local variables of a frame that has ended.
    "clear(self, /)"
    fn clear(this) -> PyResult<()> {
        if this.has_ended.get() {
            drop((this.locals.take(), this.trace.take()));
            return Ok(());
        }
        match this.generator.get().and_then(weakref::referent) {
            Some(generator) => generator::clear_frame(generator.value()),
            None => Err(crate::raise!(RuntimeError, "cannot clear an executing frame")),
        }
    }
}

fn this<'a>(value: Value) -> &'a FrameObject {
    value.get::<FrameObject>().expect("attributes are asked of instances")
}

fn back(value: Value) -> PyResult {
    let own = this(value);
    Ok(match own.live() {
        Some(live) => (hooks::hooks().frames.caller)(live).unwrap_or_else(|| objects::none().to_ref()),
        None => own.back.get_or_none(),
    })
}

fn locals(value: Value) -> PyResult {
    let own = this(value);
    if let Some(live) = own.live() {
        return Ok(match (hooks::hooks().frames.namespace)(live) {
            Some(namespace) => namespace,
            None => LocalsProxy::make(value.to_ref()),
        });
    }
    if own.is_waiting() && own.code().has(CodeFlags::OPTIMIZED) {
        return Ok(LocalsProxy::make(value.to_ref()));
    }
    match own.locals.get_ref() {
        Some(_) if own.is_picture() && own.code().has(CodeFlags::OPTIMIZED) => {
            Ok(LocalsProxy::make(value.to_ref()))
        }
        Some(locals) => Ok(locals),
        None if own.has_ended.get() => Ok(DictObject::new().into()),
        None => Err(crate::error::not_supported("f_locals of this frame")),
    }
}

fn builtins(value: Value) -> PyResult {
    let globals = this(value).globals.get::<DictObject>().expect("globals are a dict");
    Ok(function::builtins_of(globals))
}

fn repr(value: Value) -> PyResult {
    let code = this(value).code().code();
    let (file, name, line) = (&code.filename, &code.name, this(value).line());
    let text = format!("<frame at {:#x}, file '{file}', line {line}, code {name}>", value.bits());
    Ok(StrObject::new(&text).into())
}

fn set_line(value: Value, new: Option<Value>) -> PyResult<()> {
    let Some(new) = new else { return Err(crate::raise!(AttributeError, "cannot delete attribute")) };
    if !new.is_instance::<int::IntObject>() && !new.is_small() {
        return Err(crate::raise!(ValueError, "lineno must be an integer"));
    }
    let line = int::to_i64(new)?;
    let own = this(value);
    match own.live() {
        Some(live) if own.may_jump.get() => (hooks::hooks().frames.jump)(live, line),
        _ if own.shown_line.get() != NO_LINE && own.place() == 0 => {
            Err(crate::raise!(ValueError, "can't jump from the 'call' trace event of a new frame"))
        }
        _ if own.trace.get().is_some() => {
            Err(crate::raise!(ValueError, "can only jump from a 'line' trace event"))
        }
        _ => Err(crate::raise!(ValueError, "f_lineno can only be set in a trace function")),
    }
}

fn set_trace_attribute(value: Value, new: Option<Value>) -> PyResult<()> {
    set_trace(value, new.filter(|&new| !objects::is_none(new)));
    Ok(())
}

fn set_flag(flag: &Cell<bool>, new: Option<Value>) -> PyResult<()> {
    match new.and_then(objects::bool::truth_of) {
        Some(new) => {
            flag.set(new);
            Ok(())
        }
        None => Err(crate::raise!(TypeError, "attribute value type must be bool")),
    }
}

/// A read-only attribute.
const fn shown(name: &'static str, get: fn(Value) -> PyResult) -> GetSetDef {
    GetSetDef { name, doc: "", get, set: None }
}

/// `frame`.
pub static FRAME: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots { repr: Some(repr), ..Slots::EMPTY },
    methods: &[METHODS],
    getset: &[
        shown("f_code", |value| {
            crate::audit_hook::getting(value, "f_code")?;
            Ok(this(value).code.clone())
        }),
        shown("f_globals", |value| Ok(this(value).globals.clone())),
        shown("f_builtins", builtins),
        shown("f_locals", locals),
        shown("f_back", back),
        shown("f_lasti", |value| {
            let (own, place) = (this(value), this(value).place());
            let is_beginning = own.shown_line.get() != NO_LINE && place == 0;
            let code = own.code();
            Ok(int::from_i64(if is_beginning {
                code.view().beginning.into()
            } else {
                code.offset(place as usize)
            }))
        }),
        shown("f_generator", |value| {
            let generator = this(value).generator.get().and_then(weakref::referent);
            Ok(generator.unwrap_or_else(|| objects::none().to_ref()))
        }),
        GetSetDef {
            name: "f_lineno",
            doc: "",
            get: |value| Ok(int::from_i64(this(value).line().into())),
            set: Some(set_line),
        },
        GetSetDef {
            name: "f_trace",
            doc: "",
            get: |value| Ok(this(value).trace.get_or_none()),
            set: Some(set_trace_attribute),
        },
        GetSetDef {
            name: "f_trace_lines",
            doc: "",
            get: |value| Ok(objects::bool(this(value).wants_lines.get()).to_ref()),
            set: Some(|value, new| set_flag(&this(value).wants_lines, new)),
        },
        GetSetDef {
            name: "f_trace_opcodes",
            doc: "",
            get: |value| Ok(objects::bool(this(value).wants_opcodes.get()).to_ref()),
            set: Some(|value, new| set_flag(&this(value).wants_opcodes, new)),
        },
    ],
    ..TypeSpec::of::<FrameObject>("frame")
};
