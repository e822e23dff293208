//! Defaults of fields: what an instance of a static class holds before anybody stores into it.
//!
//! Typed code reads fields at their offsets and looks nowhere else, so that a default is written into each new instance, and back
//! again when the value is deleted. Every class has defaults of its own, since a subclass may replace those of its bases: by its body,
//! typed or not, or by an assignment to the class later. A value that the field does not admit is refused where the class is made.

use crate::error;
use crate::field::Field;
use crate::objects::property::Property;
use crate::objects::str::StrObject;
use crate::static_class::{self, FieldKind, StaticField, StaticLayout, TypedDescriptor};
use crate::type_object::{TypeObject, type_flags};
use crate::value::{PyResult, Ref, Value};

/// What one field of new instances holds.
pub(crate) struct FieldDefault {
    field: StaticField,
    value: Field,
}

impl Clone for FieldDefault {
    fn clone(&self) -> Self {
        FieldDefault { field: self.field.clone(), value: Field::from_option(self.value.get_ref()) }
    }
}

impl std::fmt::Debug for FieldDefault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "default of {}", self.field.name)
    }
}

impl FieldDefault {
    /// Writes the default into an instance.
    ///
    /// # Safety
    /// The field lies inside the object, whose class has this default.
    unsafe fn write(&self, object: Value) {
        let Some(value) = self.value.get() else { return };
        // SAFETY: the contract; the value has been admitted.
        unsafe {
            let address = object.ptr().cast::<u8>().add(self.field.offset);
            match self.field.kind {
                FieldKind::Object => (*address.cast::<Field>()).set(value.to_ref()),
                FieldKind::Float => static_class::store_float(address, value),
                FieldKind::Primitive(code) => {
                    let stored = static_class::store_primitive(address, code, value);
                    stored.expect("a primitive default has been stored before");
                }
            }
        }
    }
}

/// Writes all defaults of a class into a new instance.
pub(crate) fn fill(class: &TypeObject, object: Value) {
    let Some(layout) = class.static_layout() else { return };
    for default in layout.defaults.borrow().iter() {
        // SAFETY: the layout is that of the object's class.
        unsafe { default.write(object) };
    }
}

/// Writes the default of a field whose value is being deleted; false if it has none.
pub(crate) fn restore(object: Value, name: &str) -> bool {
    let Some(layout) = object.ty().static_layout() else { return false };
    let found = layout.defaults.borrow().iter().find(|default| default.field.name == name).cloned();
    let Some(default) = found else { return false };
    // SAFETY: the layout is that of the object's class.
    unsafe { default.write(object) };
    true
}

/// Makes a value the default of a field of a class whose layout is being made.
pub(crate) fn declare(layout: &StaticLayout, name: &str, value: Value) -> PyResult<()> {
    let Some(field) = layout.field(name) else { return Ok(()) };
    if is_specification(value) {
        remove(layout, name);
        return Ok(());
    }
    check(field, value)?;
    let made = FieldDefault { field: field.clone(), value: Field::new(value.to_ref()) };
    remove(layout, name);
    layout.defaults.borrow_mut().push(made);
    Ok(())
}

fn remove(layout: &StaticLayout, name: &str) {
    let mut defaults = layout.defaults.borrow_mut();
    let old = defaults.iter().position(|default| default.field.name == name).map(|at| defaults.remove(at));
    // Releasing the value may run code that asks for the defaults.
    drop(defaults);
    drop(old);
}

/// Whether a value says how a dataclass makes its field, and is none of the field itself: `field(default=...)`.
fn is_specification(value: Value) -> bool {
    value.is_object() && value.ty().full_name() == "dataclasses.Field"
}

/// Whether a field can hold the value.
fn check(field: &StaticField, value: Value) -> PyResult<()> {
    if let FieldKind::Primitive(code) = field.kind {
        let mut word = 0u64;
        // SAFETY: a word has room for every primitive.
        return unsafe { static_class::store_primitive(std::ptr::from_mut(&mut word).cast(), code, value) };
    }
    if static_class::admits(&field.ty, value)? {
        return Ok(());
    }
    let (expected, got) = (static_class::type_text(&field.ty), value.ty().name());
    let message = format!("expected '{expected}', got '{got}' for attribute '{}'", field.name);
    Err(error::raise(static_class::static_type_error(), &message))
}

/// What the body of a class says about fields that it inherits: values are their defaults; a field cannot be hidden by anything that
/// typed code would not see.
pub(crate) fn replace_inherited(class: &TypeObject, layout: &StaticLayout) -> PyResult<()> {
    let is_below =
        |base: &Value| base.get::<TypeObject>().is_some_and(|base| base.has(type_flags::STANDS_IN));
    if class.mro().iter().any(is_below) {
        class.set_flags(type_flags::STANDS_IN);
    }
    for field in &layout.fields {
        let key = StrObject::intern(&field.name);
        let Some(value) = class.dict().get_str(key.value()).map(Value::to_ref) else { continue };
        if value.is_instance::<TypedDescriptor>() {
            continue;
        }
        if layout.admits_stand_in(&field.name) && value.is_instance::<Property>() {
            remove(layout, &field.name);
            class.set_flags(type_flags::STANDS_IN);
            continue;
        }
        if value.ty().slots().descr_get.is_some() {
            let (class, name) = (class.name(), &field.name);
            return Err(crate::raise!(TypeError, "class '{class}' cannot hide inherited member: '{name}'"));
        }
        declare(layout, &field.name, value.value())?;
        class.dict().set_str(key.value(), TypedDescriptor::new(class, field, Some(value)).into());
    }
    Ok(())
}

/// Says of a class whether its instances need defaults.
pub(crate) fn mark(class: &TypeObject, layout: &StaticLayout) {
    if layout.defaults.borrow().is_empty() {
        class.clear_flags(type_flags::FIELD_DEFAULTS);
    } else {
        class.set_flags(type_flags::FIELD_DEFAULTS);
    }
}

/// A subclass that is not typed has the fields and methods of its base, where typed code finds them. What its body says is held against
/// them: final methods stay, and the values of fields are theirs.
pub(crate) fn inherit(class: &TypeObject, base: &TypeObject) -> PyResult<()> {
    let Some(layout) = base.static_layout().cloned() else { return Ok(()) };
    for method in layout.methods.iter().filter(|method| method.is_final) {
        if class.dict().get_text(&method.name).is_some() {
            let (name, base) = (&method.name, base.name());
            return Err(crate::raise!(
                TypeError,
                "'{name}' overrides a final method in the static base class {base}"
            ));
        }
    }
    replace_inherited(class, &layout)?;
    mark(class, &layout);
    class.set_static_layout(Box::new(layout));
    Ok(())
}

/// Assigns to an attribute of a class, or deletes it, if that is the default of a field; false if it is not.
pub(crate) fn assign(class: &TypeObject, name: Value, new: Option<Value>) -> PyResult<bool> {
    let Some(layout) = class.static_layout() else { return Ok(false) };
    let Some(text) = name.get::<StrObject>().map(StrObject::to_string_lossy) else { return Ok(false) };
    let Some(descriptor) = class.dict().get_text(&text) else { return Ok(false) };
    let Some(descriptor) = descriptor.get::<TypedDescriptor>() else { return Ok(false) };
    match new {
        Some(value) if value.is_object() && value.ty().slots().descr_get.is_some() => return Ok(false),
        Some(value) => {
            declare(layout, &text, value)?;
            descriptor.set_default(Some(value.to_ref()));
        }
        None if descriptor.default().is_none() => return Ok(false),
        None => {
            remove(layout, &text);
            descriptor.set_default(None);
        }
    }
    mark(class, layout);
    hand_down(class, &text, new)?;
    class.modified();
    Ok(true)
}

/// Subclasses that say nothing of the field follow.
fn hand_down(class: &TypeObject, name: &str, new: Option<Value>) -> PyResult<()> {
    for subclass in class.subclasses() {
        let Some(layout) = subclass.static_layout() else { continue };
        if subclass.dict().get_text(name).is_some() {
            continue;
        }
        match new {
            Some(value) => declare(layout, name, value)?,
            None => remove(layout, name),
        }
        mark(subclass, layout);
        hand_down(subclass, name, new)?;
    }
    Ok(())
}

/// Releases all defaults of a class that is going away.
pub(crate) fn clear(layout: &StaticLayout) {
    let defaults: Vec<FieldDefault> = layout.defaults.borrow_mut().drain(..).collect();
    drop(defaults);
}

/// The values of all defaults, for the cycle collector.
pub(crate) fn for_each(layout: &StaticLayout, mut visit: impl FnMut(Value)) {
    layout.defaults.borrow().iter().filter_map(|default| default.value.get()).for_each(&mut visit);
}

/// The default of a field.
pub(crate) fn of(layout: &StaticLayout, name: &str) -> Option<Ref> {
    let defaults = layout.defaults.borrow();
    defaults.iter().find(|default| default.field.name == name).and_then(|default| default.value.get_ref())
}
