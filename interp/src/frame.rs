//! Shadow frames: one record a call, on a contiguous stack of its own.
//!
//! A frame is followed by its local slots and its operand stack; the next frame begins where the caller's operand stack ends,
//! so that arguments are moved and never copied twice. The Python-visible frame object is made only when somebody asks.
//! A suspended generator's frame lives in a heap block of the same shape.
//!
//! Layout: `[Frame][locals][operands]`, all words. Cost of a call: about ten stores.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering;

use bytecode::{FrameShape, TypeCode};
use runtime::error::traceback::FrameInfo;
use runtime::hooks::{self, CompiledFrame};
use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::objects::function::FunctionObject;
use runtime::objects::generator::GeneratorObject;
use runtime::thread::{ExcInfo, ThreadState, breaker, thread};
use runtime::value::{PyResult, Ref, Value};

use runtime::activation::Activation;

/// Bytes of the shadow stack; reserved, and committed page by page as it grows.
const STACK_BYTES: usize = 256 << 20;

/// One activation.
#[repr(C, align(16))]
pub struct Frame {
    /// The caller's frame, or the tagged address of an [`Activation`]; null at the bottom.
    pub previous: *mut Frame,
    /// The code; kept alive by `owner`.
    pub code: *const CodeObject,
    /// The function, or the code object of a module or class body. Owned.
    pub owner: Value,
    /// The globals; kept alive by `owner` or by the caller of `run_code`.
    pub globals: *const DictObject,
    /// Where names are looked up last. Kept alive by the function, or owned with `OWNS_NAMES`.
    pub builtins: Value,
    /// The namespace of a module or class body. Owned, or null without `OWNS_NAMES`.
    pub namespace: Value,
    /// The generator whose frame this is. Borrowed, or null.
    pub generator: *const GeneratorObject,
    /// Operands in use while the frame is not running.
    pub operands: u32,
    /// The instruction that is being executed while the frame is not running.
    pub instruction: u32,
    /// Properties.
    pub flags: u32,
    /// Its Python-visible object, with `HAS_OBJECT`; nothing else is written here, as calls are many and objects few. Owned.
    pub object: MaybeUninit<Value>,
}

/// Returning from the frame leaves the dispatch loop.
pub const IS_ENTRY: u32 = 1;
/// The caller is static and takes a primitive result as it is.
pub const WANTS_RAW: u32 = 2;
/// A generator's frame that has run up to a `yield`.
pub const IS_STARTED: u32 = 4;
/// The frame owns its builtins, and its namespace if it has one.
pub const OWNS_NAMES: u32 = 8;
/// `__init__` of a class call: it returns None, and its caller has the instance on the stack already.
pub const IS_INIT: u32 = 16;

/// Compiled code has suspended the frame.
pub const HAS_YIELDED: u32 = 32;
/// Compiled code has moved everything out of the frame, and goes on in its place.
pub const IS_AWAY: u32 = 64;

/// The frame has an object.
pub const HAS_OBJECT: u32 = 128;
/// The object has a trace function, which is told of lines.
pub const IS_WATCHED: u32 = 256;
/// Tracing has seen the frame: it has been told that it began, or it ran before.
pub const HAS_BEGUN: u32 = 512;
/// A coroutine that has no object, because its caller awaits it and it has not been suspended yet.
pub const IS_EAGER: u32 = 1024;
/// An entry frame that is to run eagerly; whoever has entered pops it.
pub const IS_AWAITED: u32 = 2048;

impl Frame {
    /// The local slots.
    pub(crate) fn locals(this: *mut Frame) -> *mut Value {
        // SAFETY: every frame is followed by its slots.
        unsafe { this.add(1).cast() }
    }

    /// The bottom of the operand stack.
    pub(crate) fn operands(this: *mut Frame) -> *mut Value {
        // SAFETY: the code is alive as long as the frame; the operands follow the slots.
        unsafe { Self::locals(this).add((*(*this).code).shape.locals as usize) }
    }

    /// The words in which a coroutine keeps what it handles.
    pub(crate) fn level(this: *mut Frame) -> *mut ExcInfo {
        // SAFETY: frames of coroutines end in words for it, which are aligned as it is.
        unsafe {
            let words = (*(*this).code).shape.words - FrameShape::LEVEL_WORDS;
            Self::locals(this).add(words as usize).cast()
        }
    }
}

const _: () = assert!(size_of::<ExcInfo>() == FrameShape::LEVEL_WORDS as usize * size_of::<Value>());

/// Reserves the stack, at the first call of a thread.
#[cold]
fn reserve_stack(thread: &ThreadState) {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: an anonymous mapping at an address of the kernel's choice touches nothing that exists.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), STACK_BYTES, protection, flags, -1, 0) };
    assert!(start != libc::MAP_FAILED, "the interpreter's stack can be reserved");
    thread.shadow_top.set(start.cast());
    // SAFETY: the mapping has this many bytes.
    thread.shadow_limit.set(unsafe { start.cast::<u8>().add(STACK_BYTES) });
}

/// Gives the stack of a thread that ends back.
pub(crate) fn release_stack() {
    let thread = thread();
    let end = thread.shadow_limit.replace(std::ptr::null_mut());
    thread.shadow_top.set(std::ptr::null_mut());
    if !end.is_null() {
        // SAFETY: the mapping that `reserve_stack` made for this thread, which has no frames any more.
        unsafe { libc::munmap(end.sub(STACK_BYTES).cast(), STACK_BYTES) };
    }
}

/// Bytes of a frame for this code.
#[inline]
fn frame_bytes(code: &CodeObject) -> usize {
    (size_of::<Frame>() + code.shape.words as usize * size_of::<Value>()).next_multiple_of(16)
}

/// Takes the memory of a frame from the stack and counts the call; RecursionError at the limit of calls or of the stack.
#[inline(always)]
fn take_room(thread: &ThreadState, code: &CodeObject) -> PyResult<*mut Frame> {
    let depth = thread.recursion.get() + 1;
    let bytes = frame_bytes(code);
    let top = thread.shadow_top.get();
    let room = thread.shadow_limit.get() as usize - top as usize;
    let is_interrupted =
        thread.eval_breaker.load(Ordering::Relaxed) & (breaker::SIGNAL | breaker::SWITCH) != 0;
    if depth > thread.depth_limit.get() || bytes > room || is_interrupted {
        return take_room_slowly(thread, code);
    }
    thread.recursion.set(depth);
    // SAFETY: the room was checked.
    thread.shadow_top.set(unsafe { top.add(bytes) });
    Ok(top.cast())
}

/// The stack is used up, or has not been reserved yet, or a signal or another thread waits: recursion can be interrupted as loops can.
#[cold]
#[inline(never)]
fn take_room_slowly(thread: &ThreadState, code: &CodeObject) -> PyResult<*mut Frame> {
    runtime::global_lock::switch();
    runtime::signal::check()?;
    take_room_now(thread, code)
}

/// [`take_room`] that leaves what waits alone.
fn take_room_now(thread: &ThreadState, code: &CodeObject) -> PyResult<*mut Frame> {
    if thread.shadow_top.get().is_null() {
        reserve_stack(thread);
    }
    let (depth, bytes, top) = (thread.recursion.get() + 1, frame_bytes(code), thread.shadow_top.get());
    let is_too_deep = depth > thread.depth_limit.get() && !thread.allows_call();
    if is_too_deep || bytes > thread.shadow_limit.get() as usize - top as usize {
        return Err(runtime::raise!(RecursionError, "maximum recursion depth exceeded"));
    }
    thread.recursion.set(depth);
    // SAFETY: the room was checked.
    thread.shadow_top.set(unsafe { top.add(bytes) });
    Ok(top.cast())
}

/// Pushes a frame whose local slots are null. `owner` and `builtins` are consumed.
///
/// Fails with RecursionError when the limit of calls or the stack is reached.
pub fn push(
    owner: Ref,
    code: &CodeObject,
    globals: &DictObject,
    builtins: Ref,
    flags: u32,
) -> PyResult<*mut Frame> {
    // SAFETY: the memory has been taken for a frame of this code.
    take_room(thread(), code).map(|room| unsafe { begin(room, owner, code, globals, builtins, flags) })
}

/// Pushes a frame as [`push`] does that the program has entered before, in compiled code. What waits, such as a signal, is served where the
/// frame goes on, and not here, where its handlers would not see what that raises.
pub(crate) fn push_again(
    owner: Ref,
    code: &CodeObject,
    globals: &DictObject,
    builtins: Ref,
    flags: u32,
) -> PyResult<*mut Frame> {
    // SAFETY: as above.
    take_room_now(thread(), code).map(|room| unsafe { begin(room, owner, code, globals, builtins, flags) })
}

/// Makes a frame whose local slots are null the running one.
///
/// # Safety
/// `frame` has the memory of a frame of this code.
unsafe fn begin(
    frame: *mut Frame,
    owner: Ref,
    code: &CodeObject,
    globals: &DictObject,
    builtins: Ref,
    flags: u32,
) -> *mut Frame {
    // SAFETY: the contract; `current` is the frame below, or null.
    unsafe {
        frame.write(Frame {
            previous: current(),
            code,
            owner: owner.into_value(),
            globals,
            builtins: builtins.into_value(),
            namespace: Value::NULL,
            generator: std::ptr::null(),
            operands: 0,
            instruction: 0,
            flags: flags | OWNS_NAMES,
            object: MaybeUninit::uninit(),
        });
        std::ptr::write_bytes(Frame::locals(frame), 0, code.shape.locals as usize);
    }
    thread().anchor.set(frame.cast());
    frame
}

/// Pushes the frame of a function and moves its first arguments in: `receiver`, unless it is null, and `args`. The other
/// slots are null. On success the frame has taken over a count of the function and the arguments.
///
/// # Safety
/// The arguments fit the slots, in the representation that the code expects.
#[inline]
pub unsafe fn push_function(
    function: &FunctionObject,
    receiver: Value,
    args: &[Value],
    flags: u32,
) -> PyResult<*mut Frame> {
    let thread = thread();
    let code = function.code();
    let frame = take_room(thread, code)?;
    // SAFETY: the memory is ours; `current` is the frame below, or null.
    unsafe {
        frame.write(Frame {
            previous: current(),
            code,
            owner: Value::from_object(function),
            globals: function.globals(),
            builtins: function.builtins.raw(),
            namespace: Value::NULL,
            generator: std::ptr::null(),
            operands: 0,
            instruction: 0,
            flags,
            object: MaybeUninit::uninit(),
        });
        // Plain stores: slots are few, and `memcpy` and `memset` cost more than they do.
        let mut slot = Frame::locals(frame);
        let end = slot.add(code.shape.locals as usize);
        if !receiver.is_null() {
            *slot = receiver;
            slot = slot.add(1);
        }
        if let Some((&first, rest)) = args.split_first() {
            *slot = first;
            slot = slot.add(1);
            for &arg in rest {
                slot.write_volatile(arg);
                slot = slot.add(1);
            }
        }
        while slot < end {
            slot.write_volatile(Value::NULL);
            slot = slot.add(1);
        }
    }
    thread.anchor.set(frame.cast());
    Ok(frame)
}

/// The top of the frame chain: the running frame, or the tagged address of an [`Activation`]; null outside Python code.
#[inline]
pub fn current() -> *mut Frame {
    thread().anchor.get().cast()
}

/// Releases what the local slots hold; primitive slots hold nothing.
///
/// # Safety
/// The frame is not running, and its slots are as its code says.
#[inline]
pub unsafe fn clear_locals(frame: *mut Frame) {
    // SAFETY: the frame keeps its code alive; slots that are objects own their values.
    unsafe {
        let shape = &(*(*frame).code).shape;
        if shape.has_primitives {
            return clear_object_locals(frame);
        }
        let locals = Frame::locals(frame);
        for at in 0..shape.locals as usize {
            release(std::ptr::replace(locals.add(at), Value::NULL));
        }
    }
}

/// [`clear_locals`] for code with primitive slots.
///
/// # Safety
/// As there.
unsafe fn clear_object_locals(frame: *mut Frame) {
    // SAFETY: the contract.
    unsafe {
        let locals = Frame::locals(frame);
        for (at, local) in (*(*frame).code).code().locals.iter().enumerate() {
            if local.ty == TypeCode::Object {
                release(std::ptr::replace(locals.add(at), Value::NULL));
            }
        }
    }
}

/// Counts a word up that is not null.
#[inline]
pub fn copy(value: Value) -> Value {
    if !value.is_small() {
        // SAFETY: the word is neither null nor a small int, so it points to a live object.
        unsafe { (*value.ptr()).incref() };
    }
    value
}

/// Releases an owned word that may be null.
#[inline]
pub fn release(value: Value) {
    if value.is_object() {
        // SAFETY: the caller gives up one count.
        drop(unsafe { Ref::from_owned(value) });
    }
}

/// Leaves a frame on the stack: releases its slots and owner, and makes its caller the running frame.
///
/// # Safety
/// `frame` is the topmost frame of the stack and its operands have been released.
#[inline(always)]
pub unsafe fn pop(frame: *mut Frame) {
    // SAFETY: the contract.
    unsafe {
        if (*frame).flags & (OWNS_NAMES | HAS_OBJECT) != 0 {
            return pop_slowly(frame);
        }
        clear_locals(frame);
        // Finalisers may have looked at the frame.
        crate::live::end(frame);
        unlink(frame);
        release(std::ptr::replace(&raw mut (*frame).owner, Value::NULL));
    }
}

/// [`pop`] of a frame that owns more than its function.
///
/// # Safety
/// As there.
#[inline(never)]
unsafe fn pop_slowly(frame: *mut Frame) {
    // SAFETY: the contract.
    unsafe {
        crate::live::end(frame);
        clear_locals(frame);
        // Finalisers may have looked at the frame again.
        crate::live::end(frame);
        unlink(frame);
        release_owner(frame);
    }
}

/// Takes a frame off the stack without releasing anything.
///
/// # Safety
/// `frame` is the topmost frame of the stack.
#[inline]
pub unsafe fn unlink(frame: *mut Frame) {
    let thread = thread();
    // SAFETY: the contract.
    thread.anchor.set(unsafe { (*frame).previous }.cast());
    thread.shadow_top.set(frame.cast());
    thread.recursion.set(thread.recursion.get() - 1);
}

/// Makes the globals the namespace of a frame that has none.
///
/// # Safety
/// The frame is live, and does not own its names.
pub(crate) unsafe fn bind_globals(frame: *mut Frame) {
    // SAFETY: the contract; the frame keeps its globals and builtins alive.
    unsafe {
        (*frame).namespace = Value::from_object(&*(*frame).globals).to_ref().into_value();
        (*frame).builtins = (*frame).builtins.to_ref().into_value();
        (*frame).flags |= OWNS_NAMES;
    }
}

/// Releases what keeps a frame's code and names alive.
///
/// # Safety
/// The frame is not used any more.
#[inline]
pub unsafe fn release_owner(frame: *mut Frame) {
    // SAFETY: the contract; the words are owned as the flag says.
    unsafe {
        if (*frame).flags & OWNS_NAMES != 0 {
            release(std::ptr::replace(&raw mut (*frame).namespace, Value::NULL));
            release(std::ptr::replace(&raw mut (*frame).builtins, Value::NULL));
        }
        release(std::ptr::replace(&raw mut (*frame).owner, Value::NULL));
    }
}

/// Moves a frame from the stack to a heap block, for a generator; the stack's frame is left unlinked.
///
/// # Safety
/// `frame` is the topmost frame, and saved.
pub unsafe fn move_to_heap(frame: *mut Frame) -> *mut Frame {
    // SAFETY: the contract; both blocks have the same size.
    unsafe {
        let bytes = frame_bytes(&*(*frame).code);
        let layout = Layout::from_size_align(bytes, 16).expect("frames are small");
        let block = alloc(layout);
        if block.is_null() {
            handle_alloc_error(layout);
        }
        std::ptr::copy_nonoverlapping(frame.cast::<u8>(), block, bytes);
        unlink(frame);
        let moved = block.cast::<Frame>();
        (*moved).previous = std::ptr::null_mut();
        moved
    }
}

/// Frees the heap block of a generator's frame.
///
/// # Safety
/// The block came from [`move_to_heap`] and everything in it has been released, but for the owner.
pub unsafe fn free_heap(frame: *mut Frame) {
    // SAFETY: the contract; the owner keeps the code alive until the size has been read.
    unsafe {
        let layout = Layout::from_size_align(frame_bytes(&*(*frame).code), 16).expect("frames are small");
        release_owner(frame);
        dealloc(frame.cast(), layout);
    }
}

/// The `depth`-th Python frame from the top, for tracebacks and warnings.
pub fn info(depth: usize) -> Option<FrameInfo> {
    match find(depth)? {
        Found::Compiled(info, _) | Found::Waiting(info, ..) => Some(info),
        Found::Object(_) => None,
        // SAFETY: frames on the chain are live.
        Found::Interpreted(frame) => Some(unsafe { info_of(frame) }),
    }
}

/// What a frame of the interpreter shows of itself.
///
/// # Safety
/// The frame is live.
pub(crate) unsafe fn info_of(frame: *mut Frame) -> FrameInfo {
    // SAFETY: the contract; frames keep their code and globals alive.
    unsafe {
        let code = Value::from_object(&*(*frame).code).to_ref();
        let globals = Value::from_object(&*(*frame).globals).to_ref();
        // What is saved is the place behind the instruction that runs.
        FrameInfo { code, instruction: (*frame).instruction.saturating_sub(1), globals }
    }
}

/// The locals of the `depth`-th Python frame, if they are known.
pub fn locals_at(depth: usize) -> Option<Ref> {
    match find_with(depth, Wanted::Locals)? {
        Found::Compiled(_, locals) => locals,
        Found::Waiting(..) | Found::Object(_) => None,
        // SAFETY: frames on the chain are live.
        Found::Interpreted(frame) => Some(unsafe { locals_of(frame) }),
    }
}

/// A frame on the chain.
pub(crate) enum Found {
    Interpreted(*mut Frame),
    /// With its locals, if they have been asked for and are known.
    Compiled(FrameInfo, Option<Ref>),
    /// A compiled frame that can be adopted at this place, with its namespace, if it has one.
    Waiting(FrameInfo, (usize, usize), Option<Ref>),
    /// A compiled frame that has this object.
    Object(Ref),
}

/// What is wanted of compiled frames.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Their places.
    Places,
    /// Their locals too.
    Locals,
    /// Their objects, or what one can be made of.
    Objects,
}

fn find(depth: usize) -> Option<Found> {
    find_with(depth, Wanted::Places)
}

/// A frame, with what is wanted of it.
pub(crate) fn find_with(depth: usize, wanted: Wanted) -> Option<Found> {
    let mut first = None;
    walk(depth, wanted, &mut |found| {
        first = Some(found);
        true
    });
    first
}

/// Shows the frames from the `depth`-th on, until `visit` has seen enough.
pub(crate) fn walk(depth: usize, wanted: Wanted, visit: &mut dyn FnMut(Found) -> bool) {
    let thread = thread();
    let place = (thread.native_sp.get(), thread.native_fp.get());
    walk_from(thread.anchor.get(), place, depth, wanted, visit);
}

/// [`walk`] along the chain that begins at a word, whose compiled code called out at `place`. One pass, however deep it goes.
pub(crate) fn walk_from(
    mut word: *mut u8,
    mut place: (usize, usize),
    depth: usize,
    wanted: Wanted,
    visit: &mut dyn FnMut(Found) -> bool,
) {
    let mut left = depth;
    while !word.is_null() {
        if let Some(activation) = Activation::of(word) {
            let mut show = |found: CompiledFrame<'_>| visit(shown(found, activation, wanted));
            if (hooks::hooks().compiled_frames)(place, &mut left, &mut show) {
                return;
            }
            place = activation.outer();
            word = activation.previous();
            continue;
        }
        let frame = word.cast::<Frame>();
        // SAFETY: frames on the chain are live.
        word = unsafe { (*frame).previous.cast() };
        if left > 0 {
            left -= 1;
        } else if visit(Found::Interpreted(frame)) {
            return;
        }
    }
}

/// Shows the places of the frames on the chain that begins at a word. Async-signal-safe.
pub(crate) fn places_from(mut word: *mut u8, mut place: (usize, usize), visit: hooks::VisitPlace<'_>) {
    while !word.is_null() {
        if let Some(activation) = Activation::of(word) {
            if (hooks::hooks().compiled_places)(place, visit) {
                return;
            }
            place = activation.outer();
            word = activation.previous();
            continue;
        }
        // SAFETY: frames on the chain are live, and so is their code.
        let (frame, code) = unsafe {
            let frame = &*word.cast::<Frame>();
            (frame, &*frame.code)
        };
        if visit(code, frame.instruction.saturating_sub(1)) {
            return;
        }
        word = frame.previous.cast();
    }
}

/// What is wanted of a compiled frame.
fn shown(found: CompiledFrame<'_>, activation: &Activation, wanted: Wanted) -> Found {
    if wanted == Wanted::Places {
        return Found::Compiled(found.info, None);
    }
    let namespace = if found.is_continuation { namespace_of_continued(activation) } else { None };
    if wanted == Wanted::Objects {
        if let Some(object) = found.object {
            return Found::Object(object);
        }
        if let Some(place) = found.place {
            return Found::Waiting(found.info, place, namespace);
        }
    }
    let locals = namespace.or_else(|| (found.variables)());
    Found::Compiled(found.info, locals)
}

/// The namespace of a frame that compiled code continues, if it is no function's.
pub fn namespace_of_continued(activation: &Activation) -> Option<Ref> {
    // SAFETY: the frame that an activation continues is live.
    let frame = unsafe { activation.frame().cast::<Frame>().as_ref() };
    frame?.namespace.non_null().map(Value::to_ref)
}

/// Where the compiled code below a frame of this thread called out.
pub(crate) fn place_under(frame: *mut Frame) -> Option<(usize, usize)> {
    let thread = thread();
    place_under_from(thread.anchor.get(), (thread.native_sp.get(), thread.native_fp.get()), frame)
}

/// [`place_under`] for a frame on the chain that begins at a word.
pub(crate) fn place_under_from(
    mut word: *mut u8,
    mut place: (usize, usize),
    frame: *mut Frame,
) -> Option<(usize, usize)> {
    while !word.is_null() && word != frame.cast() {
        match Activation::of(word) {
            Some(activation) => (place, word) = (activation.outer(), activation.previous()),
            // SAFETY: frames on the chain are live.
            None => word = unsafe { (*word.cast::<Frame>()).previous.cast() },
        }
    }
    (!word.is_null()).then_some(place)
}

/// The globals of the running frame.
pub fn current_globals() -> Option<Ref> {
    info(0).map(|info| info.globals)
}

/// The locals of the running frame: its namespace, or a fresh dict of what its slots hold (PEP 667's snapshot) and of the names that
/// somebody has put beside them.
pub fn current_locals() -> PyResult {
    let frame = current();
    if frame.is_null() {
        return Err(runtime::raise!(RuntimeError, "no current frame"));
    }
    if Activation::of(frame.cast()).is_some() {
        let what = "variables of a static function that runs in machine code";
        return locals_at(0).ok_or_else(|| runtime::error::not_supported(what));
    }
    // SAFETY: the running frame is live.
    let (locals, object) = unsafe { (locals_of(frame), crate::live::object(frame)) };
    let beside = object.and_then(runtime::objects::frame::names_beside);
    if let (Some(locals), Some(beside)) =
        (locals.get::<DictObject>(), beside.as_ref().and_then(|names| names.get::<DictObject>()))
    {
        locals.merge(beside, true)?;
    }
    Ok(locals)
}

/// The namespace of a frame, or a fresh dict of what its slots hold.
///
/// # Safety
/// The frame is live, and what it holds is in it.
pub(crate) unsafe fn locals_of(frame: *mut Frame) -> Ref {
    // SAFETY: the contract.
    unsafe {
        if !(*frame).namespace.is_null() {
            return (*frame).namespace.to_ref();
        }
        let snapshot = DictObject::new();
        for (name, value) in variables(frame) {
            snapshot.set_str(name.value(), value);
        }
        snapshot.into_ref()
    }
}

/// The variables of a frame that have a value, cells opened, in CPython's order: cells after the others.
///
/// # Safety
/// The frame is live, and what it holds is in it.
pub(crate) unsafe fn variables(frame: *mut Frame) -> Vec<(Ref, Ref)> {
    let mut found = Vec::new();
    // SAFETY: the contract.
    unsafe {
        let code = &*(*frame).code;
        for at in bytecode::cpython::slots_in_order(code.code()) {
            let (local, name) = (&code.code().locals[at], &code.local_names()[at]);
            if local.ty != TypeCode::Object || local.name.starts_with('.') {
                continue;
            }
            let value = *Frame::locals(frame).add(at);
            let value = match value.get::<runtime::objects::cell::CellObject>() {
                Some(cell) if local.cell != bytecode::code::CellKind::None => cell.contents.raw(),
                _ => value,
            };
            if !value.is_null() {
                found.push((name.clone(), value.to_ref()));
            }
        }
    }
    found
}

/// The function whose frame this is, if it is one.
pub(crate) fn function_of<'a>(frame: *mut Frame) -> Option<&'a FunctionObject> {
    // SAFETY: the frame owns its function.
    unsafe { (*frame).owner.get_exact::<FunctionObject>() }
}
