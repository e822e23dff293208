//! Methods and properties of static classes, as static callers find them: the function behind what a class has under a name.
//!
//! A static caller passes the receiver itself, so that it calls what a descriptor would bind: the function of a class method or static
//! method, and the getter or setter of a property. What stands in the place of a property without being one that typed code can call
//! (an untyped subclass's class attribute, a field, a class with its own `__getattr__`) is reached as any attribute is: the callee is then
//! `None`, which nobody can enter, and [`access`] does the rest. Costs a lookup in the class; callers remember what they have found.

use bytecode::{FunctionDescr, MethodKind, Signature, TypeDescr};

use crate::objects::function::FunctionObject;
use crate::objects::property::{PROPERTY, Property};
use crate::objects::str::StrObject;
use crate::objects::{self, class_method::unwrapped};
use crate::protocol::{self, attribute};
use crate::static_class;
use crate::thread::thread;
use crate::type_object::{TypeObject, type_flags};
use crate::value::{PyResult, Ref, Value};

/// What static callers call of what a class has under a name, borrowed from the class; nothing if it has no such method.
pub fn find(class: &TypeObject, name: Value, kind: MethodKind) -> Option<Value> {
    let found = class.lookup(name);
    match kind {
        MethodKind::Instance => found,
        MethodKind::Getter | MethodKind::Setter => {
            let accessor =
                found.filter(|_| has_plain_attributes(class, kind)).and_then(|found| part(found, kind));
            Some(accessor.unwrap_or_else(objects::none))
        }
        _ => found.map(unwrapped),
    }
}

/// Whether a subclass has something else under a name than its base, or reaches its attributes in another way.
pub fn differs(sub: &TypeObject, name: Value, base: Option<Value>, kind: MethodKind) -> bool {
    sub.lookup(name) != base || kind.is_accessor() && !has_plain_attributes(sub, kind)
}

/// The getter or the setter of what is a plain property.
fn part(found: Value, kind: MethodKind) -> Option<Value> {
    let property = found.get::<Property>().filter(|_| found.is_exact(&PROPERTY))?;
    if kind == MethodKind::Setter { property.setter() } else { property.getter() }
}

fn has_plain_attributes(class: &TypeObject, kind: MethodKind) -> bool {
    match kind {
        MethodKind::Setter => attribute::uses_generic_setattr(class),
        _ => attribute::uses_generic_getattr(class),
    }
}

/// Reads or sets a property as any attribute; `values` are the receiver and, for a setter, the value. Gives what a getter gives.
pub fn access(name: Value, kind: MethodKind, values: &[Value]) -> PyResult<Ref> {
    match (kind, values) {
        (MethodKind::Setter, &[receiver, value]) => {
            protocol::set_attr(receiver, name, value).map(|()| objects::none().to_ref())
        }
        (_, values) => protocol::get_attr(values[0], name),
    }
}

/// Whether a function may be entered by callers that have checked their arguments against a descriptor, and gives what that promises: it has
/// that signature, or it is what a static class, between `class`, where it was found, and the one that the descriptor names, defines
/// there: the checker has held such a one against what it overrides.
pub fn fits(function: &FunctionObject, descr: &FunctionDescr, class: Option<&TypeObject>) -> bool {
    let code = function.code().code();
    let Some(own) = &code.signature else { return false };
    if *own == descr.signature {
        return true;
    }
    let may_fit = own.representation() == descr.signature.representation() && own.representation() != 0;
    may_fit && class.is_some_and(|class| is_checked_override(function, own, descr, class))
}

fn is_checked_override(
    function: &FunctionObject,
    own: &Signature,
    descr: &FunctionDescr,
    class: &TypeObject,
) -> bool {
    let name = descr.split_name().1;
    let definer = class.mro().iter().filter_map(|base| base.get::<TypeObject>());
    let found = definer.into_iter().find_map(|base| Some((base, base.dict().get_text(name)?)));
    let Some((definer, found)) = found.filter(|(definer, _)| definer.has(type_flags::STATIC_PYTHON)) else {
        return false;
    };
    let found = match descr.kind.is_accessor() {
        true => part(found.value(), descr.kind),
        false => Some(unwrapped(found.value())),
    };
    // What overrides a setter may ask for more.
    let takes_it = match (own.params.get(1), descr.signature.params.get(1)) {
        (Some(own), Some(given)) if descr.kind == MethodKind::Setter => {
            own == given || *own == TypeDescr::Object
        }
        _ => true,
    };
    takes_it
        && found == Some(Value::from_object(function))
        && is_written_in(function, definer, name)
        && is_below(definer, descr)
}

/// Whether the code of a function is that of a method in the body of a class.
fn is_written_in(function: &FunctionObject, class: &TypeObject, method: &str) -> bool {
    let module = function.globals().get_text("__name__");
    if module.and_then(|name| name.get::<StrObject>().map(StrObject::to_string_lossy)) != class.module() {
        return false;
    }
    let class = class.qualname();
    let class = class.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
    let qualname = &function.code().code().qualname;
    qualname.strip_suffix(method).and_then(|front| front.strip_suffix('.')) == Some(&class)
}

/// Whether a class derives from the one that a descriptor names.
fn is_below(class: &TypeObject, descr: &FunctionDescr) -> bool {
    let Some(base) = descr.split_name().0 else { return false };
    match static_class::resolve_class(&descr.module, base) {
        Ok(Some(base)) => base.get::<TypeObject>().is_some_and(|base| class.is_subclass_of(base)),
        Ok(None) => false,
        Err(_) => {
            drop(thread().fetch_raised());
            false
        }
    }
}
