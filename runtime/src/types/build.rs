//! Making classes: `type(name, bases, namespace)` and the `class` statement.

use abi::layout::type_object::INTERFACES;

use crate::alloc;
use crate::args::Args;
use crate::field_default;
use crate::gc;
use crate::header::{Header, flags};
use crate::names::names;
use crate::objects::cell::CellObject;
use crate::objects::class_method::{ClassMethod, StaticMethod};
use crate::objects::dict::DictObject;
use crate::objects::dict::methods::update_from;
use crate::objects::function::FunctionObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, object::OBJECT, type_type::TYPE};
use crate::protocol;
use crate::type_object::{TypeObject, type_flags};
use crate::types::{layout, mro, slots_changed};
use crate::value::{Py, PyResult, Ref, Value};

/// `type.__new__`
pub(crate) fn type_new(metatype: &TypeObject, args: Args<'_>) -> PyResult {
    let [name, bases, namespace] = args.positional else {
        let given = args.positional.len();
        return Err(crate::raise!(TypeError, "type.__new__() takes exactly 3 arguments ({given} given)"));
    };
    let Some(name) = name.get::<StrObject>() else {
        return Err(crate::raise!(
            TypeError,
            "type.__new__() argument 1 must be str, not {}",
            name.ty().name()
        ));
    };
    let Some(bases) = bases.get::<TupleObject>() else {
        return Err(crate::raise!(
            TypeError,
            "type.__new__() argument 2 must be tuple, not {}",
            bases.ty().name()
        ));
    };
    let Some(namespace) = namespace.get::<DictObject>() else {
        return Err(crate::raise!(
            TypeError,
            "type.__new__() argument 3 must be dict, not {}",
            namespace.ty().name()
        ));
    };
    crate::objects::type_type::check_name(name)?;
    for &base in bases.items().iter().filter(|base| !base.is_instance::<TypeObject>()) {
        if protocol::get_optional_attr(base, names().__mro_entries__)?.is_some() {
            let message = "type() doesn't support MRO entry resolution; use types.new_class()";
            return Err(crate::raise!(TypeError, "{message}"));
        }
    }
    let winner = calculate_metaclass(metatype, bases.items())?;
    if !std::ptr::eq(winner, metatype)
        && let Some(new) = winner.slots().new
    {
        let own: fn(&TypeObject, Args<'_>) -> PyResult = type_new;
        if !std::ptr::fn_addr_eq(new, own) {
            return new(winner, args);
        }
    }
    let class = build(winner, name, bases, namespace, Shape::default())?;
    let keywords: Vec<(Value, Value)> = args.keywords().collect();
    finish(&class, &keywords)?;
    Ok(class.into())
}

/// `type.__init__`
pub(crate) fn type_init(_: Value, args: Args<'_>) -> PyResult<()> {
    match args.positional.len() {
        1 if args.has_keywords() => {
            Err(crate::raise!(TypeError, "type.__init__() takes no keyword arguments"))
        }
        1 | 3 => Ok(()),
        _ => Err(crate::raise!(TypeError, "type.__init__() takes 1 or 3 arguments")),
    }
}

/// The most derived metaclass among those of the bases.
pub fn calculate_metaclass<'a>(metatype: &'a TypeObject, bases: &[Value]) -> PyResult<&'a TypeObject> {
    let mut winner = metatype;
    for base in bases {
        let candidate = base.ty();
        if winner.is_subclass_of(candidate) {
            continue;
        }
        if !candidate.is_subclass_of(winner) {
            return Err(crate::raise!(
                TypeError,
                "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases"
            ));
        }
        winner = candidate;
    }
    Ok(winner)
}

/// What a static class adds to an ordinary one.
#[derive(Default)]
pub struct Shape {
    /// Entries of the vtable behind the type.
    pub vtable_len: usize,
    /// Whether instances get neither dict nor `__slots__` handling: fields are laid out by the caller.
    pub fixed_fields: bool,
}

/// The entries of a namespace, in the order in which it gives them.
fn copy_of(namespace: &DictObject) -> PyResult<Py<DictObject>> {
    let source = Value::from_object(namespace);
    if let Some(text) = namespace.get_str(names().__doc__).and_then(|doc| doc.get::<StrObject>()) {
        // The documentation of a new class is one that the system could show.
        text.to_utf8()?;
    }
    if source.get_exact::<DictObject>().is_some() {
        return Ok(namespace.copy());
    }
    let dict = DictObject::new();
    update_from(&dict, Some(source), std::iter::empty())?;
    Ok(dict)
}

/// Makes the class without running `__set_name__` and `__init_subclass__`.
pub fn build(
    metatype: &TypeObject,
    name: &StrObject,
    bases: &TupleObject,
    namespace: &DictObject,
    shape: Shape,
) -> PyResult<Py<TypeObject>> {
    let bases =
        if bases.is_empty() { TupleObject::of([OBJECT.value().to_ref()]) } else { Py::from_object(bases) };
    let base = layout::best_base(bases.items())?;
    let class = allocate_type(metatype, base, vtable_len(base, bases.items()).max(shape.vtable_len))?;
    class.set_name(name);
    class.set_bases(bases.clone().into());
    let dict = copy_of(namespace)?;
    warn_about_keys(&dict, name)?;
    class.set_dict_object(dict.into());
    class.set_display();
    let dict = class.dict();
    fill_dict(&class, dict)?;
    match shape.fixed_fields {
        true => layout::fix(&class, bases.items()),
        false => layout::lay_out(&class, base, bases.items(), dict)?,
    }
    // A slot may have that name, so this comes behind the layout.
    if dict.get_str(names().__doc__).is_none() {
        dict.set_str(names().__doc__, objects::none().to_ref());
    }
    mro::update(&class)?;
    for base in bases.items() {
        if let Some(base) = base.get::<TypeObject>() {
            base.add_subclass(&class);
        }
    }
    if !shape.fixed_fields {
        field_default::inherit(&class, base)?;
    }
    class.set_flags(type_flags::READY);
    slots_changed(&class);
    Ok(class)
}

/// Attributes have names: whoever puts other keys into a class is told.
fn warn_about_keys(dict: &DictObject, name: &StrObject) -> PyResult<()> {
    if dict.keys().iter().all(|key| key.is_instance::<StrObject>()) {
        return Ok(());
    }
    let message = format!("non-string key in the __dict__ of class {}", name.to_string_lossy());
    crate::warning::warn(&crate::error::types::RuntimeWarning, &message, 1)
}

/// Entries of the vtable of a class that is not static itself: those of the base that it continues, and those that other bases need.
fn vtable_len(base: &TypeObject, bases: &[Value]) -> usize {
    let is_static = |base: &&Value| base.get::<TypeObject>().is_some_and(|base| base.vtable_len() > 0);
    base.vtable_len().max(if bases.iter().any(|base| is_static(&base)) { INTERFACES } else { 0 })
}

fn allocate_type(metatype: &TypeObject, base: &TypeObject, vtable_len: usize) -> PyResult<Py<TypeObject>> {
    let extra = metatype.basicsize().saturating_sub(size_of::<TypeObject>());
    let tail = extra.max(8 * vtable_len);
    let size = size_of::<TypeObject>() + tail;
    let memory = alloc::try_allocate(size).ok_or_else(crate::error::memory_error)?.cast::<TypeObject>();
    // SAFETY: the block holds the struct and its vtable, which starts as null.
    let class = unsafe {
        let large = (*memory.cast::<Header>()).flag_bits() & flags::LARGE;
        std::ptr::write(memory, TypeObject::new_heap(metatype, base));
        std::ptr::write_bytes(memory.add(1).cast::<u8>(), 0, tail);
        let header = &*memory.cast::<Header>();
        header.set(large);
        gc::track(memory.cast());
        Py::from_raw(memory)
    };
    if metatype.has(type_flags::HEAP) {
        metatype.header.incref();
    }
    class.set_vtable_len(vtable_len);
    Ok(class)
}

/// Entries that every class dict has.
fn fill_dict(class: &TypeObject, dict: &DictObject) -> PyResult<()> {
    if let Some(qualname) = dict.remove_str(names().__qualname__) {
        if !qualname.is_instance::<StrObject>() {
            let got = qualname.ty().name();
            return Err(crate::raise!(TypeError, "type __qualname__ must be a str, not {got}"));
        }
        class.set_qualname(qualname);
    }
    if dict.get_str(names().__module__).is_none() {
        let module = (crate::hooks::hooks().current_globals)().and_then(|globals| {
            globals
                .get::<DictObject>()
                .and_then(|globals| globals.get_str(names().__name__))
                .map(Value::to_ref)
        });
        if let Some(module) = module {
            dict.set_str(names().__module__, module);
        }
    }
    if let Some(new) = dict.get_str(names().__new__).filter(|new| new.is_instance::<FunctionObject>()) {
        dict.set_str(names().__new__, StaticMethod::new(new.to_ref()).into());
    }
    for name in [names().__init_subclass__, names().__class_getitem__] {
        if let Some(function) = dict.get_str(name).filter(|function| function.is_instance::<FunctionObject>())
        {
            dict.set_str(name, ClassMethod::new(function.to_ref()).into());
        }
    }
    if dict.get_str(names().__eq__).is_some() && dict.get_str(names().__hash__).is_none() {
        dict.set_str(names().__hash__, objects::none().to_ref());
    }
    // Annotations that are evaluated later look names up in the class itself.
    if let Some(cell) = dict.remove_str(names().__classdictcell__)
        && let Some(cell) = cell.get::<CellObject>()
    {
        cell.contents.set(Value::from_object(dict).to_ref());
    }
    if let Some(cell) = dict.remove_str(names().__classcell__) {
        match cell.get::<CellObject>() {
            Some(cell) => cell.contents.set(class.value().to_ref()),
            None => {
                let got = cell.ty().name();
                return Err(crate::raise!(
                    TypeError,
                    "__classcell__ must be a nonlocal cell, not <class '{got}'>"
                ));
            }
        }
    }
    Ok(())
}

/// Runs `__set_name__` of the attributes and `__init_subclass__` of the bases.
pub fn finish(class: &TypeObject, keywords: &[(Value, Value)]) -> PyResult<()> {
    for (name, value) in class.dict().to_pairs() {
        if let Some(method) = value.ty().lookup(names().__set_name__)
            && let Err(raised) = protocol::call_bound(method, value.value(), &[class.value(), name.value()])
        {
            return Err(note_set_name(raised, &value, &name, class));
        }
    }
    let parent = objects::super_object::super_attribute(class, class.value(), names().__init_subclass__)?;
    let kwnames = TupleObject::from_values(&keywords.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let values: Vec<Value> = keywords.iter().map(|pair| pair.1).collect();
    protocol::call(parent.value(), &values, Some(kwnames.value()).filter(|_| !values.is_empty())).map(drop)
}

fn note_set_name(
    raised: crate::value::Raised,
    value: &Ref,
    name: &Ref,
    class: &TypeObject,
) -> crate::value::Raised {
    let exception = crate::thread::thread().take_raised(raised);
    let shown = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
    let note = format!(
        "Error calling __set_name__ on '{}' instance '{shown}' in '{}'",
        value.ty().name(),
        class.name()
    );
    let noted = protocol::call_method_text(exception.value(), "add_note", &[StrObject::new(&note).value()]);
    if let Err(raised) = noted {
        drop(crate::thread::thread().take_raised(raised));
    }
    crate::error::exception::restore(exception)
}

/// `__build_class__(func, name, *bases, metaclass=None, **keywords)`.
pub fn build_class(func: Value, name: Value, bases: &[Value], keywords: &[(Value, Value)]) -> PyResult {
    let Some(function) = func.get::<FunctionObject>() else {
        return Err(crate::raise!(TypeError, "__build_class__: func must be a function"));
    };
    let resolved = resolve_bases(bases)?;
    let base_values: Vec<Value> = resolved.iter().map(|base| base.value()).collect();
    let is_metaclass = |key: Value| key.get::<StrObject>().is_some_and(|key| key.eq_str("metaclass"));
    let rest: Vec<(Value, Value)> = keywords.iter().copied().filter(|pair| !is_metaclass(pair.0)).collect();
    let metaclass = match keywords.iter().find(|pair| is_metaclass(pair.0)) {
        Some(&(_, metaclass)) => metaclass,
        None => base_values.first().map_or(TYPE.value(), |base| base.ty().value()),
    };
    let metaclass = match metaclass.get::<TypeObject>() {
        Some(metatype) => calculate_metaclass(metatype, &base_values)?.value(),
        None => metaclass,
    };
    let bases_tuple = TupleObject::new(resolved.clone());
    let namespace = prepare(metaclass, name, bases_tuple.value(), &rest)?;
    let closure = function.closure.raw();
    let cell = (crate::hooks::hooks().run_code)(
        Value::from_object(function.code()),
        function.globals(),
        namespace.value(),
        closure,
    )?;
    note_original_bases(namespace.value(), bases, &resolved)?;
    let class = call_with_keywords(metaclass, &[name, bases_tuple.value(), namespace.value()], &rest)?;
    check_class_cell(&cell, name, &class)?;
    Ok(class)
}

fn check_class_cell(cell: &Ref, name: Value, class: &Ref) -> PyResult<()> {
    let Some(cell) = cell.get::<CellObject>() else { return Ok(()) };
    if !class.is_instance::<TypeObject>() {
        return Ok(());
    }
    let found = cell.contents.get_ref();
    if found.as_ref().is_some_and(|found| found.value() == class.value()) {
        return Ok(());
    }
    let (name, shown) = (protocol::repr_string(name)?, protocol::repr_string(class.value())?);
    let Some(other) = found else {
        return Err(crate::raise!(
            RuntimeError,
            "__class__ not set defining {name} as {shown}. Was __classcell__ propagated to type.__new__?"
        ));
    };
    let other = protocol::repr_string(other.value())?;
    Err(crate::raise!(TypeError, "__class__ set to {other} defining {name} as {shown}"))
}

fn call_with_keywords(callable: Value, args: &[Value], keywords: &[(Value, Value)]) -> PyResult {
    let mut values = args.to_vec();
    values.extend(keywords.iter().map(|pair| pair.1));
    let kwnames = TupleObject::from_values(&keywords.iter().map(|pair| pair.0).collect::<Vec<_>>());
    protocol::call(callable, &values, Some(kwnames.value()).filter(|_| !keywords.is_empty()))
}

fn prepare(metaclass: Value, name: Value, bases: Value, keywords: &[(Value, Value)]) -> PyResult {
    let Some(method) = protocol::get_optional_attr(metaclass, names().__prepare__)? else {
        return Ok(DictObject::new().into());
    };
    let namespace = call_with_keywords(method.value(), &[name, bases], keywords)?;
    if namespace.ty().slots().subscript.is_none() {
        let shown = metaclass
            .get::<TypeObject>()
            .map_or_else(|| "<metaclass>".to_owned(), |meta| meta.name().to_owned());
        let got = namespace.ty().name();
        return Err(crate::raise!(TypeError, "{shown}.__prepare__() must return a mapping, not {got}"));
    }
    Ok(namespace)
}

/// Keeps the bases as they were written in the namespace, where others have taken their place.
pub fn note_original_bases(namespace: Value, written: &[Value], resolved: &[Ref]) -> PyResult<()> {
    if resolved.len() == written.len() && resolved.iter().zip(written).all(|(new, old)| new.value() == *old) {
        return Ok(());
    }
    let original = TupleObject::from_values(written);
    protocol::set_item(namespace, StrObject::intern("__orig_bases__").value(), original.value())
}

/// Replaces bases that are not classes by what their `__mro_entries__` gives.
pub fn resolve_bases(bases: &[Value]) -> PyResult<Vec<Ref>> {
    let mut resolved = Vec::new();
    for &base in bases {
        let entries = match base.is_instance::<TypeObject>() {
            true => None,
            false => protocol::get_optional_attr(base, names().__mro_entries__)?,
        };
        let Some(entries) = entries else {
            resolved.push(base.to_ref());
            continue;
        };
        let all = TupleObject::from_values(bases);
        let replacement = protocol::call_one(entries.value(), all.value())?;
        match replacement.get::<TupleObject>() {
            Some(tuple) => resolved.extend(tuple.items().iter().map(|item| item.to_ref())),
            None => return Err(crate::raise!(TypeError, "__mro_entries__ must return a tuple")),
        }
    }
    Ok(resolved)
}
