//! Making classes: `type(name, bases, namespace)` and the `class` statement.

use crate::alloc;
use crate::args::Args;
use crate::gc;
use crate::header::{Header, flags};
use crate::names::names;
use crate::objects::cell::CellObject;
use crate::objects::descriptor::{ClassMethod, MemberDescriptor, StaticMethod};
use crate::objects::dict::DictObject;
use crate::objects::function::FunctionObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, object::OBJECT, type_type::TYPE};
use crate::protocol;
use crate::type_object::{TypeObject, type_flags};
use crate::types::{fill, mro};
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
    let base = best_base(bases.items())?;
    let class = allocate_type(metatype, base, shape.vtable_len.max(base.vtable_len()));
    class.set_name(name);
    class.set_bases(bases.clone().into());
    class.set_dict_object(namespace.copy().into());
    class.set_display();
    let dict = class.dict();
    fill_dict(&class, dict)?;
    match shape.fixed_fields {
        true => inherit_flags(&class, bases.items()),
        false => lay_out(&class, base, bases.items(), dict)?,
    }
    // A slot may have that name, so this comes behind the layout.
    if dict.get_str(names().__doc__).is_none() {
        dict.set_str(names().__doc__, objects::none().to_ref());
    }
    class.set_mro(TupleObject::new(mro::compute(&class)?).into());
    let order = mro::compute_with_override(&class)?;
    class.set_mro(TupleObject::new(order).into());
    for base in bases.items() {
        if let Some(base) = base.get::<TypeObject>() {
            base.add_subclass(&class);
        }
    }
    class.set_flags(type_flags::READY);
    class.modified();
    fill::update_slots(&class);
    Ok(class)
}

fn allocate_type(metatype: &TypeObject, base: &TypeObject, vtable_len: usize) -> Py<TypeObject> {
    let extra = metatype.basicsize().saturating_sub(size_of::<TypeObject>());
    let tail = extra.max(8 * vtable_len);
    let size = size_of::<TypeObject>() + tail;
    let memory = alloc::allocate(size).cast::<TypeObject>();
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
    class
}

/// The base whose layout the class extends; all others must be compatible with it.
fn best_base<'a>(bases: &[Value]) -> PyResult<&'a TypeObject> {
    let mut winner: Option<(&TypeObject, &TypeObject)> = None;
    for &base in bases {
        let Some(base) = base.get::<TypeObject>() else {
            return Err(crate::raise!(TypeError, "bases must be types"));
        };
        if !base.has(type_flags::BASE) || base.has(type_flags::FINAL) {
            return Err(crate::raise!(
                TypeError,
                "type '{}' is not an acceptable base type",
                base.full_name()
            ));
        }
        let solid = solid_base(base);
        match winner {
            None => winner = Some((base, solid)),
            Some((_, best)) if best.is_subtype_of(solid) => {}
            Some((_, best)) if solid.is_subtype_of(best) => winner = Some((base, solid)),
            Some(_) => return Err(crate::raise!(TypeError, "multiple bases have instance lay-out conflict")),
        }
    }
    Ok(winner.map_or(&OBJECT, |(base, _)| base))
}

/// The nearest type along `__base__` that adds to the layout of instances, other than a dict, or of classes, which is a vtable.
fn solid_base(ty: &TypeObject) -> &TypeObject {
    let Some(base) = ty.base() else { return ty };
    let own_dict = usize::from(ty.dict_offset() > 0 && base.dict_offset() == 0) * 8;
    let adds_native = ty.spec().is_some() && ty.layout().size != base.layout().size;
    let adds_fields = ty.spec().is_none() && ty.basicsize() > base.basicsize() + own_dict;
    let adds_vtable = ty.vtable_len() > base.vtable_len();
    if adds_native || adds_fields || adds_vtable { ty } else { solid_base(base) }
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

/// The abstract classes of sequences and mappings say by `__abc_tpflags__` which patterns match their subclasses.
fn mark_collection(class: &TypeObject) {
    const SEQUENCE: i64 = 1 << 5;
    const MAPPING: i64 = 1 << 6;
    let marks = class.dict().get_text("__abc_tpflags__").and_then(|marks| marks.value().as_small());
    match marks.map(|marks| marks & (SEQUENCE | MAPPING)) {
        Some(SEQUENCE) => class.set_flags(type_flags::SEQUENCE),
        Some(MAPPING) => class.set_flags(type_flags::MAPPING),
        _ => return,
    }
    drop(class.dict().remove_str(StrObject::intern("__abc_tpflags__").value()));
}

fn inherit_flags(class: &TypeObject, bases: &[Value]) {
    let inherited = type_flags::SEQUENCE | type_flags::MAPPING | type_flags::MATCH_SELF;
    for base in bases.iter().filter_map(|base| base.get::<TypeObject>()) {
        class.set_flags(base.flag_bits() & inherited);
    }
    mark_collection(class);
    class.set_flags(
        class.base().map_or(0, |base| base.flag_bits() & (type_flags::GC | type_flags::TRIVIAL_DROP)),
    );
    if class.is_subtype_of(&TYPE) {
        class.set_flags(type_flags::GC);
    }
}

/// Adds `__slots__` or an instance dict to the layout.
fn lay_out(class: &TypeObject, base: &TypeObject, bases: &[Value], dict: &DictObject) -> PyResult<()> {
    inherit_flags(class, bases);
    class.set_flags(type_flags::GC);
    let slots = dict.get_str(names().__slots__).map(Value::to_ref);
    let (wants_dict, slot_names) = match &slots {
        None => (true, Vec::new()),
        Some(slots) => read_slots(base, slots.value(), dict)?,
    };
    let mut size = base.basicsize().next_multiple_of(8);
    for name in slot_names {
        let mangled = mangle(class.name(), &name);
        let descriptor = MemberDescriptor::new(class, &mangled, size);
        class.add_owned_offset(size);
        dict.set_text(&mangled, descriptor);
        size += 8;
    }
    let needs_dict = wants_dict && base.dict_offset() == 0 && !class.is_subtype_of(&TYPE);
    if needs_dict {
        if base.is_variable_sized() {
            class.set_dict_offset(-1);
        } else {
            class.set_dict_offset(size as i32);
            class.add_owned_offset(size);
            size += 8;
        }
        add_dict_descriptor(dict);
    } else if slots.is_none() && base.dict_offset() != 0 && base.spec().is_some() {
        add_dict_descriptor(dict);
    }
    class.set_basicsize(size);
    Ok(())
}

fn add_dict_descriptor(dict: &DictObject) {
    if dict.get_str(names().__dict__).is_none() {
        dict.set_str(names().__dict__, objects::descriptor::instance_dict_descriptor());
    }
}

/// The names in `__slots__`, without `__dict__` and `__weakref__`, and whether `__dict__` was among them.
fn read_slots(base: &TypeObject, slots: Value, dict: &DictObject) -> PyResult<(bool, Vec<String>)> {
    let listed =
        if slots.is_instance::<StrObject>() { vec![slots.to_ref()] } else { protocol::collect(slots)? };
    let (mut wants_dict, mut found) = (false, Vec::new());
    for slot in listed {
        let Some(name) = slot.get::<StrObject>() else {
            let got = slot.ty().name();
            return Err(crate::raise!(TypeError, "__slots__ items must be strings, not '{got}'"));
        };
        let name = name.to_utf8()?;
        match name.as_str() {
            "__dict__" => wants_dict = true,
            "__weakref__" => {}
            _ if !is_identifier(&name) => {
                return Err(crate::raise!(TypeError, "__slots__ must be identifiers"));
            }
            _ if !found.contains(&name) => found.push(name),
            _ => {}
        }
    }
    if base.is_variable_sized() && !found.is_empty() && base.is_subtype_of(&crate::objects::str::STR) {
        // The length of a str varies, so its instances have no place for slots: a dict behind the characters stands in for them.
        return Ok((true, Vec::new()));
    }
    if base.is_variable_sized() && !found.is_empty() {
        let base = base.name();
        return Err(crate::raise!(TypeError, "nonempty __slots__ not supported for subtype of '{base}'"));
    }
    for name in &found {
        if dict.get_text(name).is_some() && name != "__qualname__" && name != "__classcell__" {
            return Err(crate::raise!(ValueError, "'{name}' in __slots__ conflicts with class variable"));
        }
    }
    found.sort();
    Ok((wants_dict, found))
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c == '_' || c.is_alphanumeric())
}

/// `__name` inside class `_C` becomes `_C__name`.
fn mangle(class: &str, name: &str) -> String {
    let class = class.trim_start_matches('_');
    if name.starts_with("__") && !name.ends_with("__") && !class.is_empty() {
        format!("_{class}{name}")
    } else {
        name.to_owned()
    }
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

/// `C.__bases__ = bases`
pub fn replace_bases(class: &TypeObject, bases: &TupleObject) -> PyResult<()> {
    if bases.is_empty() {
        return Err(crate::raise!(
            TypeError,
            "can only assign non-empty tuple to {}.__bases__, not ()",
            class.name()
        ));
    }
    let base = best_base(bases.items())?;
    let current = class.base().expect("heap types have a base");
    if !std::ptr::eq(solid_base(base), solid_base(current)) || base.dict_offset() != current.dict_offset() {
        let (new, old) = (base.name(), current.name());
        return Err(crate::raise!(
            TypeError,
            "__bases__ assignment: '{new}' object layout differs from '{old}'"
        ));
    }
    if !std::ptr::eq(base, current) {
        return Err(crate::error::not_supported("assigning __bases__ with another first layout base"));
    }
    let old = class.bases().map(Py::from_object);
    class.set_bases(Value::from_object(bases).to_ref());
    match mro::compute_with_override(class) {
        Ok(order) => class.set_mro(TupleObject::new(order).into()),
        Err(raised) => {
            if let Some(old) = old {
                class.set_bases(old.into());
            }
            return Err(raised);
        }
    }
    for base in bases.items().iter().filter_map(|base| base.get::<TypeObject>()) {
        base.forget_subclass(class);
        base.add_subclass(class);
    }
    class.modified();
    fill::update_slots(class);
    Ok(())
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
    if resolved.len() != bases.len() || resolved.iter().zip(bases).any(|(new, old)| new.value() != *old) {
        let original = TupleObject::from_values(bases);
        protocol::set_item(namespace.value(), StrObject::intern("__orig_bases__").value(), original.value())?;
    }
    let class = call_with_keywords(metaclass, &[name, bases_tuple.value(), namespace.value()], &rest)?;
    check_class_cell(&cell, &class)?;
    Ok(class)
}

fn check_class_cell(cell: &Ref, class: &Ref) -> PyResult<()> {
    let Some(cell) = cell.get::<CellObject>() else { return Ok(()) };
    if class.is_instance::<TypeObject>() && cell.contents.get().is_none() {
        let shown = protocol::repr_string(class.value())?;
        return Err(crate::raise!(
            RuntimeError,
            "__class__ not set defining {shown}. Was __classcell__ propagated to type.__new__?"
        ));
    }
    Ok(())
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
    call_with_keywords(method.value(), &[name, bases], keywords)
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
