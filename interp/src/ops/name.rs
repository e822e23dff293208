//! Names: cells, globals, namespaces, `super`, imports.

use bytecode::code::CellKind;
use bytecode::{Opcode, Word};
use runtime::error;
use runtime::names::names;
use runtime::objects::cell::CellObject;
use runtime::objects::code::{CodeObject, InlineCache};
use runtime::objects::dict::DictObject;
use runtime::objects::str::StrObject;
use runtime::objects::super_object;
use runtime::protocol;
use runtime::type_object::TypeObject;
use runtime::value::{PyResult, Ref, Value};

use crate::frame::Frame;

/// The cell in a slot.
#[inline]
pub(crate) fn cell<'a>(value: Value) -> &'a CellObject {
    value.get_exact::<CellObject>().expect("the verifier lets cell instructions touch cells only")
}

/// What a cell holds.
pub(crate) fn load_deref(code: &CodeObject, slot: usize, value: Value) -> PyResult {
    cell(value).contents.get_ref().ok_or_else(|| empty_cell(code, slot))
}

/// The error for an unset slot: a free variable or a local.
pub fn empty_cell(code: &CodeObject, slot: usize) -> error::Raised {
    let local = &code.code().locals[slot];
    if local.cell == CellKind::Free {
        error::unbound_free(&local.name)
    } else {
        error::unbound_local(&local.name)
    }
}

pub(crate) fn delete_deref(code: &CodeObject, slot: usize, value: Value) -> PyResult<()> {
    match cell(value).contents.take() {
        Some(_) => Ok(()),
        None => Err(empty_cell(code, slot)),
    }
}

/// The globals and builtins of a running frame.
pub(crate) fn scopes<'a>(frame: *mut Frame) -> (&'a DictObject, Value) {
    // SAFETY: the running frame is live and keeps both alive.
    unsafe { (&*(*frame).globals, (*frame).builtins) }
}

/// A global at the position where this instruction found it last; the position is checked against the name.
#[inline]
pub(crate) fn cached_global(frame: *mut Frame, name: Value, cache: &InlineCache) -> Option<Value> {
    let globals = exact(Value::from_object(scopes(frame).0))?;
    globals.get_at(cache.data.get() as usize, name)
}

/// A dict whose items are what its table says; a subclass may have `__missing__` or a `__getitem__` of its own.
#[inline]
fn exact<'a>(namespace: Value) -> Option<&'a DictObject> {
    namespace.get_exact::<DictObject>()
}

/// A builtin at the position where this instruction found it last, as long as the globals have got no new key.
#[inline]
pub(crate) fn cached_builtin(frame: *mut Frame, name: Value, cache: &InlineCache) -> Option<Value> {
    let (globals, builtins) = scopes(frame);
    if globals.table.keys_version() != cache.key.get() {
        return None;
    }
    // SAFETY: builtins are a dict where this form is used, in every frame of the code.
    unsafe { builtins.cast::<DictObject>() }.get_at(cache.data.get() as usize, name)
}

/// A global or builtin; remembers its position.
pub(crate) fn load_global(frame: *mut Frame, name: Value, cache: &InlineCache) -> PyResult {
    let (globals, builtins) = scopes(frame);
    cache.key.set(0);
    if let Some(globals) = exact(Value::from_object(globals)) {
        if let Some(position) = globals.position_of(name) {
            cache.key.set(IN_GLOBALS);
            cache.data.set(position as u64);
        } else if let Some(position) = exact(builtins).and_then(|dict| dict.position_of(name)) {
            cache.key.set(globals.table.keys_version());
            cache.data.set(position as u64);
        }
    }
    find_global(globals, builtins, name)
}

/// In the key of a global's cache; tables never filled have this version, and no names.
const IN_GLOBALS: u64 = 1;

/// The form of a `LOAD_GLOBAL` that has just run.
pub(crate) fn global_form(word: Word, cache: &InlineCache) -> Option<Word> {
    match cache.key.get() {
        0 => None,
        IN_GLOBALS => Some(word.with_opcode(Opcode::LOAD_GLOBAL_MODULE)),
        _ => Some(word.with_opcode(Opcode::LOAD_GLOBAL_BUILTIN)),
    }
}

fn global_of(frame: *mut Frame, name: Value) -> PyResult {
    let (globals, builtins) = scopes(frame);
    find_global(globals, builtins, name)
}

/// A global or builtin.
pub fn find_global(globals: &DictObject, builtins: Value, name: Value) -> PyResult {
    match mapping_get(Value::from_object(globals), name)? {
        Some(value) => Ok(value),
        None => mapping_get(builtins, name)?.ok_or_else(|| error::name_error(name)),
    }
}

pub(crate) fn delete_global(frame: *mut Frame, name: Value) -> PyResult<()> {
    match scopes(frame).0.remove_str(name) {
        Some(_) => Ok(()),
        None => Err(error::name_error(name)),
    }
}

fn namespace(frame: *mut Frame) -> Value {
    // SAFETY: the running frame is live.
    unsafe { (*frame).namespace }
}

/// An item of a mapping that need not be a dict; `None` if it is missing.
fn mapping_get(mapping: Value, name: Value) -> PyResult<Option<Ref>> {
    match mapping.get_exact::<DictObject>() {
        Some(dict) => Ok(dict.get_str(name).map(Value::to_ref)),
        None => error::ignore(protocol::get_item(mapping, name), &error::types::KeyError),
    }
}

pub(crate) fn load_name(frame: *mut Frame, name: Value) -> PyResult {
    match mapping_get(namespace(frame), name)? {
        Some(value) => Ok(value),
        None => global_of(frame, name),
    }
}

pub(crate) fn store_name(frame: *mut Frame, name: Value, value: Ref) -> PyResult<()> {
    match namespace(frame).get_exact::<DictObject>() {
        Some(dict) => {
            dict.set_str(name, value);
            Ok(())
        }
        None => protocol::set_item(namespace(frame), name, value.value()),
    }
}

pub(crate) fn delete_name(frame: *mut Frame, name: Value) -> PyResult<()> {
    match error::ignore(protocol::del_item(namespace(frame), name), &error::types::KeyError)? {
        Some(()) => Ok(()),
        None => Err(error::name_error(name)),
    }
}

/// The namespace of a frame that has one, or a snapshot of its slots.
pub(crate) fn locals_of(frame: *mut Frame) -> PyResult {
    match namespace(frame).non_null() {
        Some(namespace) => Ok(namespace.to_ref()),
        None => crate::frame::current_locals(),
    }
}

/// The item of a mapping for the name of a slot, or what the cell in it holds.
pub fn from_dict_or_deref(mapping: Value, code: &CodeObject, slot: usize, value: Value) -> PyResult {
    match mapping_get(mapping, code.local_names()[slot].value())? {
        Some(found) => Ok(found),
        None => load_deref(code, slot, value),
    }
}

/// The item of a mapping for a name, or a global or builtin.
pub fn from_dict_or_globals(mapping: Value, globals: &DictObject, builtins: Value, name: Value) -> PyResult {
    match mapping_get(mapping, name)? {
        Some(found) => Ok(found),
        None => find_global(globals, builtins, name),
    }
}

/// `__build_class__` of the builtins.
pub fn build_class(builtins: Value) -> PyResult {
    let found = mapping_get(builtins, names().__build_class__)?;
    found.ok_or_else(|| runtime::raise!(NameError, "__build_class__ not found"))
}

pub(crate) fn setup_annotations(frame: *mut Frame) -> PyResult<()> {
    let name = names().__annotations__;
    if mapping_get(namespace(frame), name)?.is_some() {
        return Ok(());
    }
    store_name(frame, name, DictObject::new().into_ref())
}

/// `super().name` with what `super` is, and what it would find out; the builtin `super` makes no object.
pub fn load_super(function: Value, class: Value, receiver: Value, name: Value) -> PyResult {
    let is_builtin = function == super_object::SUPER.value();
    match class.get::<TypeObject>().filter(|_| is_builtin) {
        Some(class) => super_object::super_attribute(class, receiver, name),
        None => {
            // A builtin `super` whose class is none says so; any other callable of that name is called as it is written.
            let args: &[Value] = if is_builtin { &[class, receiver] } else { &[] };
            let made = protocol::call(function, args, None)?;
            protocol::get_attr(made.value(), name)
        }
    }
}

/// `import name` by code with these globals, through a replaced `__import__` if there is one. That is told of the `locals`, too, which are
/// those of a module or class body, else null.
pub fn import(globals: &DictObject, locals: Value, name: Value, wanted: Value, level: Value) -> PyResult {
    let builtins = runtime::objects::function::builtins_of(globals);
    let standard = runtime::builtins::dict();
    let Some(found) = mapping_get(builtins.value(), names().__import__)? else {
        return Err(runtime::raise!(ImportError, "__import__ not found"));
    };
    let original = standard.get::<DictObject>().and_then(|dict| dict.get_str(names().__import__));
    if Some(found.value()) != original {
        let globals = Value::from_object(globals);
        let locals = locals.non_null().unwrap_or_else(runtime::objects::none);
        let args = [name, globals, locals, wanted, level];
        return protocol::call(found.value(), &args, None);
    }
    let text = name.get::<StrObject>().expect("names are strs");
    let level = protocol::import::level_of(level)?;
    protocol::import::import_name(text, Some(globals), wanted, level)
}
