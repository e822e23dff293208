//! Static classes: fields at fixed offsets, stored raw or NaN-boxed, behind descriptors that check what untyped code stores.
//!
//! [`build`] makes a class from its declaration: fields follow the base's, largest first, primitives packed at their natural
//! alignment; object fields are owned words; `float` fields hold a double or a boxed value in one word (double bits plus 2^49;
//! anything below 2^49 is a pointer, 0 unset). The vtable gets one entry per method, overriding methods reuse their base's entry.

use std::cell::{Cell, RefCell};

use abi::layout::type_object::INTERFACES;
use bytecode::TypeCode;
use bytecode::descr::{ClassDecl, Literal, MethodDecl, MethodKind, TypeDescr};

use crate::bind;
use crate::error;
use crate::field::Field;
use crate::field_default::{self, FieldDefault};
use crate::header::Header;
use crate::kept_property;
use crate::object::{self, Object, Visitor};
use crate::objects::bytes::BytesObject;
use crate::objects::code::InlineCache;
use crate::objects::dict::DictObject;
use crate::objects::float;
use crate::objects::module::ModuleObject;
use crate::objects::str::StrObject;
use crate::objects::strict_module::patched_class;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, int};
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::types::abstract_error;
use crate::types::build::{self, Shape};
use crate::value::{Py, PyResult, Raised, Ref, Value};

/// How a field is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldKind {
    /// An owned word, null when unset.
    Object,
    /// A NaN-boxed float; see the module documentation.
    Float,
    /// A raw primitive.
    Primitive(TypeCode),
}

impl FieldKind {
    /// The storage of a declared type.
    pub fn of(ty: &TypeDescr) -> Self {
        match ty {
            TypeDescr::Primitive(TypeCode::Object) => FieldKind::Object,
            TypeDescr::Primitive(code) => FieldKind::Primitive(*code),
            other if other.is_builtin("float") => FieldKind::Float,
            _ => FieldKind::Object,
        }
    }

    /// Bytes in the instance.
    pub fn size(self) -> usize {
        match self {
            FieldKind::Object | FieldKind::Float => 8,
            FieldKind::Primitive(code) => code.size(),
        }
    }
}

/// One field with its place.
#[derive(Clone, Debug)]
pub struct StaticField {
    /// Its name.
    pub name: String,
    /// Offset in the instance.
    pub offset: usize,
    /// How it is stored.
    pub kind: FieldKind,
    /// Its declared type.
    pub ty: TypeDescr,
}

/// The fields and methods of a static class, inherited ones first.
#[derive(Clone, Debug, Default)]
pub struct StaticLayout {
    /// All fields.
    pub fields: Vec<StaticField>,
    /// Methods in the order of their vtable entries: the parameters as the class that introduced them declares them, the result as the nearest one does.
    pub methods: Vec<MethodDecl>,
    float_offsets: Vec<usize>,
    /// Fields to which some class gives a default.
    optional: Vec<String>,
    /// What new instances hold; only the class itself changes it.
    pub(crate) defaults: RefCell<Vec<FieldDefault>>,
}

impl StaticLayout {
    /// A field by name.
    pub fn field(&self, name: &str) -> Option<&StaticField> {
        self.fields.iter().rev().find(|field| field.name == name)
    }

    /// Whether a property of a subclass may stand in the place of a field: one that has a default. In the instances of such a class the field
    /// is null if it can be, and who finds it so asks the class; before a primitive is read or stored, the class is looked at.
    pub fn admits_stand_in(&self, name: &str) -> bool {
        self.optional.iter().any(|optional| optional == name)
    }

    /// The place of a method among the methods; of a property, of the part that a kind names.
    pub fn method(&self, name: &str, kind: MethodKind) -> Option<usize> {
        self.methods.iter().position(|method| method.is(name, kind))
    }

    /// The vtable index of the method at a place.
    pub fn vtable_index(at: usize) -> usize {
        INTERFACES + at
    }

    /// Releases boxed values in float fields of a dying instance.
    ///
    /// # Safety
    /// `object` is an instance of the class.
    pub(crate) unsafe fn release_floats(&self, object: *mut Header) {
        for &offset in &self.float_offsets {
            // SAFETY: the field lies inside the instance.
            unsafe { drop(replace_float(object.cast::<u8>().add(offset).cast(), 0)) };
        }
    }
}

/// Added to the bits of a double in a float field.
pub const FLOAT_BIAS: u64 = 1 << 49;

/// A float field's word for a double. Every NaN is stored as the one that keeps clear of pointers.
#[inline]
pub fn encode_double(value: f64) -> u64 {
    let bits = if value.is_nan() { f64::NAN.to_bits() & !(1 << 63) } else { value.to_bits() };
    bits.wrapping_add(FLOAT_BIAS)
}

/// The double in a float field's word, if it holds one.
#[inline]
pub fn decode_double(word: u64) -> Option<f64> {
    (word >= FLOAT_BIAS).then(|| f64::from_bits(word.wrapping_sub(FLOAT_BIAS)))
}

/// Replaces a float field's word and hands a boxed old value over.
unsafe fn replace_float(slot: *const Cell<u64>, word: u64) -> Option<Ref> {
    // SAFETY: the caller passes the address of a float field.
    let old = unsafe { (*slot).replace(word) };
    if old == 0 || old >= FLOAT_BIAS {
        return None;
    }
    // SAFETY: words below the bias are owned values.
    Some(unsafe { Ref::from_owned(Value::from_bits(old)) })
}

/// A float field's word for any value that a `float` annotation admits. Ints become boxed heap values, never tagged words, whose
/// range would collide with doubles; small ones are kept as exact doubles' equals in a heap int.
fn encode_float_value(value: Value) -> Ref {
    match value.as_small() {
        Some(small) => int::boxed(small),
        None => value.to_ref(),
    }
}

/// Makes the class. `bases`, `namespace` and `metatype` are as for `type.__new__`; `__set_name__` and `__init_subclass__` have run
/// when it returns.
pub fn build(
    metatype: &TypeObject,
    decl: &ClassDecl,
    bases: &TupleObject,
    namespace: &DictObject,
) -> PyResult<Py<TypeObject>> {
    let parent = layout_base(bases)?;
    let mut layout = parent.and_then(TypeObject::static_layout).cloned().unwrap_or_default();
    add_methods(&mut layout, bases);
    for method in &decl.methods {
        match layout.method(&method.name, method.kind) {
            Some(at) => narrow(&mut layout.methods[at], method),
            None => layout.methods.push(method.clone()),
        }
    }
    let short_name = decl.name.rsplit('.').next().unwrap_or(&decl.name);
    let shape = Shape { vtable_len: StaticLayout::vtable_index(layout.methods.len()), fixed_fields: true };
    let class = build::build(metatype, &StrObject::intern(short_name), bases, namespace, shape)?;
    place_fields(&class, decl, &mut layout);
    layout
        .optional
        .extend(decl.fields.iter().filter(|field| field.has_default).map(|field| field.name.clone()));
    inherit_vtable(&class, parent);
    // Instances refer to their class, and so to its module, which may refer to them.
    class.set_flags(
        type_flags::GC | type_flags::STATIC_PYTHON | if decl.is_final { type_flags::FINAL } else { 0 },
    );
    add_descriptors(&class, decl, &layout)?;
    add_slots(&class, decl);
    field_default::replace_inherited(&class, &layout)?;
    field_default::mark(&class, &layout);
    class.set_static_layout(Box::new(layout));
    // Also fills the vtable in.
    class.modified();
    build::finish(&class, &[])?;
    Ok(class)
}

/// What an override promises holds for its subclasses, too; callers know the parameters of the method that it overrides.
fn narrow(method: &mut MethodDecl, by: &MethodDecl) {
    method.is_final = by.is_final;
    if by.signature.ret != TypeDescr::Object {
        method.signature.ret = by.signature.ret.clone();
    }
}

/// The base whose fields and vtable the class continues: that with the most fields.
fn layout_base<'a>(bases: &TupleObject) -> PyResult<Option<&'a TypeObject>> {
    let mut found: Option<&TypeObject> = None;
    for base in bases.items().iter().filter_map(|base| base.get::<TypeObject>()) {
        let Some(known) = found else {
            found = base.static_layout().map(|_| base);
            continue;
        };
        match (fields_base(known), fields_base(base)) {
            (_, None) => {}
            (None, Some(_)) => found = Some(base),
            (Some(mine), Some(other)) if mine.is_subtype_of(other) => {}
            (Some(mine), Some(other)) if other.is_subtype_of(mine) => found = Some(base),
            _ => return Err(crate::raise!(TypeError, "multiple bases have instance lay-out conflict")),
        }
    }
    Ok(found)
}

/// The nearest class along `__base__` that adds fields.
fn fields_base(class: &TypeObject) -> Option<&TypeObject> {
    let count = |class: &TypeObject| class.static_layout().map_or(0, |layout| layout.fields.len());
    let mut chain = std::iter::successors(Some(class), |class| class.base());
    chain.find(|class| count(class) > class.base().map_or(0, count))
}

/// Methods of further bases have places behind those of the first; code that knows such a base alone finds them
/// in the front of the vtable.
fn add_methods(layout: &mut StaticLayout, bases: &TupleObject) {
    let bases = bases.items().iter().filter_map(|base| base.get::<TypeObject>());
    for method in bases.filter_map(TypeObject::static_layout).flat_map(|other| &other.methods) {
        if layout.method(&method.name, method.kind).is_none() {
            layout.methods.push(method.clone());
        }
    }
}

/// Marks a class whose methods have other defaults than those that they override: callers, which know the latter, must ask.
pub(crate) fn note_defaults(class: &TypeObject) {
    let own = Value::from_object(class);
    let bases = class.mro().iter().filter(|&&base| base != own).filter_map(|base| base.get::<TypeObject>());
    let differs = |base: &TypeObject, method: &MethodDecl| {
        let name = StrObject::intern(&method.name);
        match (class.lookup(name.value()), base.lookup(name.value())) {
            (Some(new), Some(old)) if new != old => bind::has_other_defaults(new, old),
            _ => false,
        }
    };
    let mut layouts = bases.filter_map(|base| Some((base, base.static_layout()?)));
    match layouts.any(|(base, layout)| layout.methods.iter().any(|method| differs(base, method))) {
        true => class.set_flags(type_flags::OWN_DEFAULTS),
        false => class.clear_flags(type_flags::OWN_DEFAULTS),
    }
}

/// What a subclass can have that accesses to fields go by: a method, and the flag of classes that have another one than a static base.
#[derive(Clone, Copy)]
pub struct Hook {
    name: &'static str,
    flag: u32,
}

/// `__setattr__`, for stores.
pub const STORES: Hook = Hook { name: "__setattr__", flag: type_flags::STORES_ASK };
/// `__getattribute__`, for reads.
pub const READS: Hook = Hook { name: "__getattribute__", flag: type_flags::READS_ASK };

/// Marks a class with other hooks than a static base: typed code that knows the base must ask it.
pub(crate) fn note_hooks(class: &TypeObject) {
    for hook in [STORES, READS] {
        let bases = class.mro().iter().filter_map(|base| base.get::<TypeObject>());
        let mut statics =
            bases.filter(|base| base.static_layout().is_some_and(|layout| !layout.fields.is_empty()));
        match statics.any(|base| has_other_hook(class, base, hook)) {
            true => class.set_flags(hook.flag),
            false => class.clear_flags(hook.flag),
        }
    }
}

/// Whether a class has another hook than one of its bases. That of a frozen dataclass is none: it keeps others from what the dataclass
/// itself does.
fn has_other_hook(class: &TypeObject, base: &TypeObject, hook: Hook) -> bool {
    let name = StrObject::intern(hook.name);
    let found = class.lookup(name.value());
    found != base.lookup(name.value())
        && !class
            .mro()
            .iter()
            .filter_map(|owner| owner.get::<TypeObject>())
            .any(|owner| owner.dict().get_str(name.value()) == found && is_frozen_dataclass(owner))
}

fn is_frozen_dataclass(class: &TypeObject) -> bool {
    let Some(params) = class.dict().get_text("__dataclass_params__") else { return false };
    let frozen = protocol::get_optional_attr(params.value(), StrObject::intern("frozen").value());
    matches!(frozen, Ok(Some(frozen)) if objects::bool::truth_of(frozen.value()) == Some(true))
}

/// Whether accesses to the fields of a class ask the class of an object, which is marked: its hook is another one.
pub fn asks_hook(class: &TypeObject, owner: &TypeDescr, hook: Hook) -> PyResult<bool> {
    let owner = load_class(owner)?;
    Ok(owner.get::<TypeObject>().is_some_and(|owner| has_other_hook(class, owner, hook)))
}

/// Whether accesses to the fields of a class go by the hook of some subclass.
pub fn has_hooked_subclass(class: &TypeObject, hook: Hook) -> bool {
    let is_hooked = |sub: &TypeObject| sub.has(hook.flag) && has_other_hook(sub, class, hook);
    class.subclasses().iter().any(|sub| is_hooked(sub) || has_hooked_subclass(sub, hook))
}

/// The class that introduces a method of a class, if the vtables of some subclasses have the method elsewhere, or can have: the class may be
/// one of several bases, since neither it nor what it inherits on the way to that class adds a field.
pub fn introducer<'c>(class: &'c TypeObject, method: &str, kind: MethodKind) -> Option<&'c TypeObject> {
    let fields = |class: &TypeObject| class.static_layout().map_or(0, |layout| layout.fields.len());
    for class in std::iter::successors(Some(class), |class| class.base()) {
        let base = class.base()?;
        if fields(class) > fields(base) {
            return None;
        }
        if base.static_layout().is_none_or(|layout| layout.method(method, kind).is_none()) {
            return Some(class);
        }
    }
    None
}

/// Whether some subclass of a class continues the layout of another base.
pub fn is_second_base(class: &TypeObject) -> bool {
    fn has(class: &TypeObject, root: &TypeObject) -> bool {
        class.subclasses().iter().any(|sub| !sub.is_subtype_of(root) || has(sub, root))
    }
    has(class, class)
}

/// Gives the declared fields their offsets, largest first and then by name, behind those of the base.
fn place_fields(class: &TypeObject, decl: &ClassDecl, layout: &mut StaticLayout) {
    let mut own: Vec<_> = decl.fields.iter().filter(|field| layout.field(&field.name).is_none()).collect();
    own.sort_by_key(|field| (std::cmp::Reverse(FieldKind::of(&field.ty).size()), field.name.clone()));
    let mut offset = class.basicsize().next_multiple_of(8);
    for field in own {
        let kind = FieldKind::of(&field.ty);
        offset = offset.next_multiple_of(kind.size().max(1));
        match kind {
            FieldKind::Object => class.add_owned_offset(offset),
            FieldKind::Float => layout.float_offsets.push(offset),
            FieldKind::Primitive(_) => {}
        }
        layout.fields.push(StaticField { name: field.name.clone(), offset, kind, ty: field.ty.clone() });
        offset += kind.size();
    }
    class.set_basicsize(offset.next_multiple_of(8));
}

fn inherit_vtable(class: &TypeObject, parent: Option<&TypeObject>) {
    if let Some(parent) = parent {
        for at in 0..parent.vtable_len() {
            class.vtable(at).set(parent.vtable(at).get());
        }
    }
}

fn add_descriptors(class: &TypeObject, decl: &ClassDecl, layout: &StaticLayout) -> PyResult<()> {
    for field in &decl.fields {
        let Some(placed) = layout.field(&field.name) else { continue };
        let key = StrObject::intern(&field.name);
        let own = class.dict().get_str(key.value()).filter(|_| field.has_default).map(Value::to_ref);
        if let Some(default) = &own {
            field_default::declare(layout, &field.name, default.value())?;
        }
        let default = own.or_else(|| field_default::of(layout, &field.name));
        class.dict().set_str(key.value(), TypedDescriptor::new(class, placed, default).into());
        kept_property::install(class, &StaticField { ty: field.ty.clone(), ..placed.clone() });
    }
    Ok(())
}

/// `__slots__` tells copies and pickles what an instance consists of.
fn add_slots(class: &TypeObject, decl: &ClassDecl) {
    let key = StrObject::intern("__slots__");
    if class.dict().get_str(key.value()).is_none() {
        let names = decl.fields.iter().map(|field| StrObject::intern(&field.name).into_ref());
        class.dict().set_str(key.value(), TupleObject::new(names.collect()).into());
    }
}

/// The descriptor of a field of a static class.
#[repr(C)]
pub struct TypedDescriptor {
    header: Header,
    owner: Field,
    /// What instances read until they store something.
    default: Field,
    /// The classes of values that have passed.
    passed: InlineCache,
    field: StaticField,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for TypedDescriptor {
    fn type_object() -> &'static TypeObject {
        &TYPED_DESCRIPTOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        [&self.owner, &self.default].into_iter().for_each(|field| field.visit(visit));
    }
    fn clear(&self) {
        drop(self.default.take());
    }
}

impl TypedDescriptor {
    pub(crate) fn new(owner: &TypeObject, field: &StaticField, default: Option<Ref>) -> Py<TypedDescriptor> {
        object::new_object(TypedDescriptor {
            header: Header::new(&TYPED_DESCRIPTOR),
            owner: Field::new(owner.value().to_ref()),
            default: Field::from_option(default),
            passed: InlineCache::default(),
            field: field.clone(),
        })
    }

    /// The field.
    pub fn field(&self) -> &StaticField {
        &self.field
    }

    /// The default of the class body.
    pub fn default(&self) -> Option<Value> {
        self.default.get()
    }

    /// Replaces the default.
    pub(crate) fn set_default(&self, default: Option<Ref>) {
        drop(self.default.replace(default));
    }

    /// What the field of an instance holds.
    pub(crate) fn load(&self, object: Value) -> PyResult<Option<Ref>> {
        let address = self.address(object)?;
        // SAFETY: the address is that of a field of this kind.
        Ok(unsafe { load(address, self.field.kind) })
    }

    /// Stores into the field of an instance, or deletes what it holds.
    pub(crate) fn store(&self, object: Value, new: Option<Value>) -> PyResult<()> {
        store(self, object, new)
    }

    fn address(&self, object: Value) -> PyResult<*mut u8> {
        let owner = self.owner.get().and_then(|owner| owner.get::<TypeObject>());
        if owner.is_some_and(|owner| object.is_object() && object.ty().is_subtype_of(owner)) {
            // SAFETY: instances of the owner have the field at this offset.
            return Ok(unsafe { object.ptr().cast::<u8>().add(self.field.offset) });
        }
        let (name, got) = (&self.field.name, object.ty().name());
        Err(crate::raise!(TypeError, "descriptor '{name}' doesn't apply to a '{got}' object"))
    }
}

/// The static class that defines a method which `class` has, from where errors name it.
pub fn definer<'c>(class: &'c TypeObject, method: &str) -> &'c TypeObject {
    let bases = std::iter::successors(Some(class), |class| class.base());
    let mut statics = bases.filter(|class| class.has(type_flags::STATIC_PYTHON));
    statics.find(|class| class.dict().get_text(method).is_some()).unwrap_or(class)
}

/// The class that a type descriptor names, found through the loaded modules.
pub fn resolve_class(module: &str, name: &str) -> PyResult<Option<Ref>> {
    let mut found = match module {
        "builtins" => crate::builtins::dict()
            .get::<DictObject>()
            .and_then(|dict| dict.get_text(name.split('.').next()?)),
        _ => match crate::sys_state::modules().get_text(module) {
            Some(loaded) => {
                let first = name.split('.').next().unwrap_or(name);
                let patched = loaded.get::<ModuleObject>().and_then(|loaded| patched_class(loaded, first));
                match patched {
                    Some(class) => Some(class),
                    None => protocol::get_optional_attr(loaded.value(), StrObject::new(first).value())?,
                }
            }
            None => None,
        },
    };
    for part in name.split('.').skip(1) {
        found = match found {
            Some(outer) => protocol::get_optional_attr(outer.value(), StrObject::new(part).value())?,
            None => None,
        };
    }
    Ok(found)
}

/// Whether something else than the field is what a class has under its name.
pub fn is_replaced(class: &TypeObject, name: &str) -> bool {
    let found = class.lookup(StrObject::intern(name).value());
    !found.is_some_and(|found| found.is_instance::<TypedDescriptor>())
}

/// Whether a property stands in the place of a field in a class or some subclass.
pub fn has_stand_in(class: &TypeObject, name: &str) -> bool {
    let is_other = class.has(type_flags::STANDS_IN) && is_replaced(class, name);
    is_other || class.subclasses().iter().any(|subclass| has_stand_in(subclass, name))
}

/// An instance with unset fields, unless the class is abstract.
pub fn new_instance(class: &TypeObject) -> PyResult {
    match class.has(type_flags::ABSTRACT) {
        true => Err(abstract_error(class)),
        false => Ok(objects::object::allocate(class)),
    }
}

/// The class that a descriptor names, which must be there.
pub fn load_class(ty: &TypeDescr) -> PyResult {
    let TypeDescr::Class { module, name, .. } = ty else {
        return Err(error::not_supported(&format!("the type {ty} as a class")));
    };
    resolve_class(module, name)?
        .ok_or_else(|| crate::raise!(NameError, "name '{name}' is not defined in module '{module}'"))
}

/// `CheckedList[int]`: the class, subscripted with its arguments.
pub fn generic_class(ty: &TypeDescr) -> PyResult {
    let class = load_class(ty)?;
    let TypeDescr::Class { args, .. } = ty else { return Ok(class) };
    let parts = args.iter().map(type_value).collect::<PyResult<Vec<_>>>()?;
    let key = match <[Ref; 1]>::try_from(parts) {
        Ok([one]) => one,
        Err(parts) => TupleObject::new(parts).into_ref(),
    };
    protocol::get_item(class.value(), key.value())
}

/// A type argument as an object: a class, `X | None`, a primitive's stand-in.
fn type_value(ty: &TypeDescr) -> PyResult {
    match ty {
        TypeDescr::None => Ok(objects::none().to_ref()),
        TypeDescr::Literal(value) => type_value(&TypeDescr::builtin(value.class())),
        TypeDescr::Member { module, class, .. } => type_value(&TypeDescr::class(module, class)),
        TypeDescr::Object | TypeDescr::Callable | TypeDescr::Never => {
            Ok(objects::object::OBJECT.value().to_ref())
        }
        TypeDescr::Primitive(code) => {
            let module = protocol::import::import_absolute("__static__")?;
            protocol::get_attr(module.value(), StrObject::intern(code.text()).value())
        }
        TypeDescr::Class { args, .. } if !args.is_empty() => generic_class(ty),
        TypeDescr::Class { .. } => load_class(ty),
        TypeDescr::Union(members) => {
            let mut parts = members.iter().map(type_value).collect::<PyResult<Vec<_>>>()?.into_iter();
            let first = parts.next().expect("a union has members");
            parts.try_fold(first, |union, part| {
                protocol::binary_op(bytecode::BinaryOp::Or, union.value(), part.value())
            })
        }
    }
}

/// Whether a value satisfies a descriptor. Classes that are not loaded yet admit nothing but None where that is allowed.
pub fn admits(ty: &TypeDescr, value: Value) -> PyResult<bool> {
    match ty {
        TypeDescr::Object | TypeDescr::Primitive(_) => Ok(true),
        TypeDescr::None => Ok(objects::is_none(value)),
        TypeDescr::Callable => Ok(protocol::is_callable(value)),
        TypeDescr::Never => Ok(false),
        TypeDescr::Literal(literal) => Ok(is_literal(literal, value)),
        TypeDescr::Member { module, class, name } => {
            let Some(class) = resolve_class(module, class)? else { return Ok(false) };
            let member = protocol::get_optional_attr(class.value(), StrObject::intern(name).value())?;
            Ok(member.is_some_and(|member| member.value() == value))
        }
        TypeDescr::Union(members) => {
            for member in members {
                if admits(member, value)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        TypeDescr::Class { args, module, .. } if !args.is_empty() && module == "__static__" => {
            // An instantiated class has no subclasses.
            let class = generic_class(ty)?;
            Ok(class.get::<TypeObject>().is_some_and(|class| value.is_exact(class)))
        }
        TypeDescr::Class { module, name, exact, .. } => {
            let Some(class) = resolve_class(module, name)? else { return Ok(false) };
            let Some(class) = class.get::<TypeObject>() else { return Ok(true) };
            let admitted = if *exact { value.is_exact(class) } else { value.ty().is_subclass_of(class) };
            let int_as_float = !exact && ty.is_builtin("float") && int::IntRef::of(value).is_some();
            Ok(admitted || int_as_float)
        }
    }
}

/// [`admits`], asked often: where the class of a value alone decides, the last two classes that have passed are remembered by their
/// versions.
#[inline]
pub fn admits_again(ty: &TypeDescr, value: Value, cache: &InlineCache) -> PyResult<bool> {
    let version = u64::from(value.ty().version());
    if version != 0 && (cache.key.get() == version || cache.data.get() == version) {
        return Ok(true);
    }
    admits_slowly(ty, value, cache)
}

#[cold]
fn admits_slowly(ty: &TypeDescr, value: Value, cache: &InlineCache) -> PyResult<bool> {
    let admitted = admits(ty, value)?;
    if admitted && ty.is_by_class() {
        cache.data.set(cache.key.get());
        cache.key.set(u64::from(value.ty().version()));
    }
    Ok(admitted)
}

/// Whether a value is this one, and of just its class.
fn is_literal(literal: &Literal, value: Value) -> bool {
    match literal {
        Literal::Int(wanted) => {
            value.is_exact(&int::INT)
                && int::IntRef::of(value).is_some_and(|found| found.to_i64() == Some(*wanted))
        }
        Literal::Bool(wanted) => objects::bool::truth_of(value) == Some(*wanted),
        Literal::Str(text) => {
            value.is_exact(&objects::str::STR)
                && value.get::<StrObject>().is_some_and(|found| found.eq_str(text))
        }
        Literal::Bytes(bytes) => {
            value.is_exact(&objects::bytes::BYTES)
                && value.get::<BytesObject>().is_some_and(|found| found.as_slice() == &**bytes)
        }
    }
}

/// The source text of a literal.
fn literal_text(literal: &Literal) -> String {
    let value = match literal {
        Literal::Int(_) | Literal::Bool(_) => return literal.to_string(),
        Literal::Str(text) => StrObject::new(text).into_ref(),
        Literal::Bytes(bytes) => BytesObject::new(bytes).into_ref(),
    };
    protocol::repr_string(value.value()).expect("strings have a representation")
}

/// The members of a union, literals together.
fn union_text(members: &[TypeDescr]) -> String {
    let (mut texts, mut literals) = (Vec::new(), Vec::new());
    for member in members {
        match member {
            TypeDescr::Literal(value) => literals.push(literal_text(value)),
            TypeDescr::Member { class, name, .. } => literals.push(format!("{class}.{name}")),
            _ => texts.push(type_text(member)),
        }
    }
    if !literals.is_empty() {
        texts.push(format!("Literal[{}]", literals.join(", ")));
    }
    texts.join(" | ")
}

/// A type as `StaticTypeError` shows it.
pub fn type_text(ty: &TypeDescr) -> String {
    match ty {
        TypeDescr::Class { args, .. } if !args.is_empty() => match generic_class(ty) {
            Ok(class) => {
                class.get::<TypeObject>().map_or_else(|| ty.to_string(), |class| class.name().to_string())
            }
            Err(raised) => {
                drop(crate::thread::thread().take_raised(raised));
                ty.to_string()
            }
        },
        TypeDescr::Class { name, .. } => name.rsplit('.').next().unwrap_or(name).to_owned(),
        TypeDescr::Union(members) => match members.as_slice() {
            [TypeDescr::None, other] | [other, TypeDescr::None] => format!("Optional[{}]", type_text(other)),
            _ => union_text(members),
        },
        TypeDescr::Literal(value) => format!("Literal[{}]", literal_text(value)),
        TypeDescr::Member { class, name, .. } => format!("Literal[{class}.{name}]"),
        other => other.to_string().trim_start_matches('#').to_owned(),
    }
}

fn this<'a>(value: Value) -> &'a TypedDescriptor {
    value.get::<TypedDescriptor>().expect("slots are called for instances")
}

fn descr_get(value: Value, object: Option<Value>, _: Value) -> PyResult {
    let descriptor = this(value);
    let Some(object) = object else {
        return Ok(descriptor.default.get_ref().unwrap_or_else(|| value.to_ref()));
    };
    descriptor.load(object)?.ok_or_else(|| unset_field(object, &descriptor.field.name))
}

fn unset_field(object: Value, name: &str) -> Raised {
    let message = format!("'{}' object has no attribute '{name}'", object.ty().name());
    error::attribute_error(object, StrObject::intern(name).value(), &message)
}

/// Reads a field as an object.
///
/// # Safety
/// `address` is that of a field of this kind.
pub unsafe fn load(address: *mut u8, kind: FieldKind) -> Option<Ref> {
    // SAFETY: the contract; fields are aligned to their size.
    unsafe {
        match kind {
            FieldKind::Object => (*address.cast::<Field>()).get_ref(),
            FieldKind::Float => {
                let word = *address.cast::<u64>();
                decode_double(word)
                    .map(float::new)
                    .or_else(|| Value::from_bits(word).non_null().map(Value::to_ref))
            }
            FieldKind::Primitive(code) => Some(load_primitive(address, code)),
        }
    }
}

/// Reads a primitive as an object.
///
/// # Safety
/// `address` is that of a primitive of this type.
pub unsafe fn load_primitive(address: *const u8, code: TypeCode) -> Ref {
    // SAFETY: the contract.
    unsafe {
        match code {
            TypeCode::Int8 | TypeCode::Char => int::from_i64(i64::from(*address.cast::<i8>())),
            TypeCode::UInt8 => int::from_i64(i64::from(*address)),
            TypeCode::Int16 => int::from_i64(i64::from(*address.cast::<i16>())),
            TypeCode::UInt16 => int::from_i64(i64::from(*address.cast::<u16>())),
            TypeCode::Int32 => int::from_i64(i64::from(*address.cast::<i32>())),
            TypeCode::UInt32 => int::from_i64(i64::from(*address.cast::<u32>())),
            TypeCode::Int64 => int::from_i64(*address.cast::<i64>()),
            TypeCode::UInt64 => int::from_u64(*address.cast::<u64>()),
            TypeCode::Double => float::new(*address.cast::<f64>()),
            TypeCode::Single => float::new(f64::from(*address.cast::<f32>())),
            TypeCode::CBool => objects::bool(*address != 0).to_ref(),
            TypeCode::Object | TypeCode::Void => objects::none().to_ref(),
        }
    }
}

/// Writes a primitive from an object, with range and type checks.
///
/// # Safety
/// `address` is that of a primitive of this type.
pub unsafe fn store_primitive(address: *mut u8, code: TypeCode, value: Value) -> PyResult<()> {
    if code == TypeCode::Double || code == TypeCode::Single {
        let double = float::to_f64(value)?;
        // SAFETY: the contract.
        unsafe {
            if code == TypeCode::Double {
                address.cast::<f64>().write(double)
            } else {
                address.cast::<f32>().write(double as f32)
            }
        }
        return Ok(());
    }
    if code == TypeCode::CBool {
        let Some(truth) = objects::bool::truth_of(value) else {
            return Err(crate::raise!(TypeError, "expected 'bool', got '{}'", value.ty().name()));
        };
        // SAFETY: the contract.
        unsafe { address.write(u8::from(truth)) };
        return Ok(());
    }
    let Some(number) = int::IntRef::of(value) else {
        return Err(crate::raise!(TypeError, "expected 'int', got '{}'", value.ty().name()));
    };
    let bytes = primitive_bytes(number, code).ok_or_else(|| crate::raise!(OverflowError, "int overflow"))?;
    // SAFETY: the contract; the type has this many bytes.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), address, code.size()) };
    Ok(())
}

/// Writes a value that a `float` annotation admits.
///
/// # Safety
/// `address` is that of a float field.
pub unsafe fn store_float(address: *mut u8, value: Value) {
    let word = match float_bits(value) {
        Some(word) => word,
        None => encode_float_value(value).into_value().bits(),
    };
    // SAFETY: the contract.
    drop(unsafe { replace_float(address.cast(), word) });
}

/// Releases what a float field holds boxed, before a double is written over it.
///
/// # Safety
/// `address` is that of a float field.
pub unsafe fn clear_float(address: *mut u8) {
    // SAFETY: the contract.
    drop(unsafe { replace_float(address.cast(), 0) });
}

/// The little-endian bytes of a number in range.
fn primitive_bytes(number: int::IntRef<'_>, code: TypeCode) -> Option<[u8; 8]> {
    if code == TypeCode::UInt64 {
        return u64::try_from(&number.to_big()).ok().map(u64::to_le_bytes);
    }
    let wide = number.to_i64()?;
    (code.wrap(wide) == wide).then(|| wide.to_le_bytes())
}

fn descr_set(value: Value, object: Value, new: Option<Value>) -> PyResult<()> {
    store(this(value), object, new)
}

fn store(descriptor: &TypedDescriptor, object: Value, new: Option<Value>) -> PyResult<()> {
    let address = descriptor.address(object)?;
    let field = &descriptor.field;
    if let Some(new) = new
        && !admits_again(&field.ty, new, &descriptor.passed)?
    {
        let (expected, got, name) = (type_text(&field.ty), new.ty().name(), &field.name);
        return Err(error::raise(
            static_type_error(),
            &format!("expected '{expected}', got '{got}' for attribute '{name}'"),
        ));
    }
    if new.is_none() && field_default::restore(object, &field.name) {
        return Ok(());
    }
    // SAFETY: the address is that of a field of this kind.
    unsafe {
        match (field.kind, new) {
            (FieldKind::Object, Some(new)) => (*address.cast::<Field>()).set(new.to_ref()),
            (FieldKind::Float, Some(new)) => store_float(address, new),
            (FieldKind::Object | FieldKind::Float, None) if *address.cast::<u64>() == 0 => {
                return Err(unset_field(object, &field.name));
            }
            (FieldKind::Object, None) => drop((*address.cast::<Field>()).take()),
            (FieldKind::Float, None) => drop(replace_float(address.cast(), 0)),
            (FieldKind::Primitive(code), Some(new)) => store_primitive(address, code, new)?,
            (FieldKind::Primitive(_), None) => {
                return Err(crate::raise!(TypeError, "cannot delete primitive attribute '{}'", field.name));
            }
        }
    }
    Ok(())
}

/// A float field's word for an exact float.
fn float_bits(value: Value) -> Option<u64> {
    (value.is_object() && value.is_exact(&float::FLOAT))
        .then(|| float::of(value).map(encode_double))
        .flatten()
}

/// `StaticTypeError`.
pub fn static_type_error() -> &'static TypeObject {
    &STATIC_TYPE_ERROR
}

/// `StaticTypeError`, a `TypeError` raised where untyped code meets typed code.
pub static STATIC_TYPE_ERROR: TypeObject = TypeObject::from_spec(&ERROR_SPEC);
static ERROR_SPEC: TypeSpec = TypeSpec {
    module: "__static__",
    base: Some(&error::types::TypeError),
    flags: type_flags::BASE | type_flags::GC,
    ..TypeSpec::of::<error::ExceptionObject>("StaticTypeError")
};

/// `typed_descriptor`.
pub static TYPED_DESCRIPTOR: TypeObject = TypeObject::from_spec(&DESCRIPTOR_SPEC);
static DESCRIPTOR_SPEC: TypeSpec = TypeSpec {
    module: "__static__",
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots { descr_get: Some(descr_get), descr_set: Some(descr_set), ..Slots::EMPTY },
    ..TypeSpec::of::<TypedDescriptor>("typed_descriptor")
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_survive_nan_boxing() {
        for value in [0.0, -0.0, 1.5, -1.0e300, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE] {
            let word = encode_double(value);
            assert!(word >= FLOAT_BIAS);
            assert_eq!(decode_double(word).map(f64::to_bits), Some(value.to_bits()));
        }
        assert!(decode_double(encode_double(f64::NAN)).is_some_and(f64::is_nan));
        assert!(decode_double(encode_double(f64::from_bits(u64::MAX))).is_some_and(f64::is_nan));
        assert_eq!(decode_double(0x7fff_ffff_fff0), None);
    }
}
