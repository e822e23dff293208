//! `ExceptionGroup`: the one builtin exception with two bases, so it is built as a class at start-up; and splitting groups.
//!
//! Splitting keeps the shape of nested groups: a leaf goes to the part that its match decides, and a group is derived anew for
//! every part that is not empty, with the original's traceback, cause, context and notes.

use std::cell::Cell;

use crate::error::{self, ExceptionObject, types};
use crate::names::names;
use crate::objects;
use crate::objects::builtin_function::MethodDescriptor;
use crate::objects::dict::DictObject;
use crate::objects::list::ListObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::type_type::TYPE;
use crate::objects::typing::generic_alias::SUBSCRIPTABLE;
use crate::protocol;
use crate::py_methods;
use crate::type_object::TypeObject;
use crate::types::build::{self, Shape};
use crate::value::{Py, PyResult, Ref, Value};
use crate::world::World;

static GROUP: World<Cell<Value>> = World::new(Cell::new(Value::NULL));

/// Builds the class.
pub(crate) fn initialize() -> PyResult<()> {
    let base = &types::BaseExceptionGroup;
    for def in METHODS.iter().chain(SUBSCRIPTABLE) {
        base.dict().set_text(def.signature.name(), MethodDescriptor::make(def, base));
    }
    base.modified();
    let bases =
        TupleObject::of([types::BaseExceptionGroup.value().to_ref(), types::Exception.value().to_ref()]);
    let namespace = DictObject::new();
    namespace.set_str(names().__module__, StrObject::intern("builtins").into());
    let class =
        build::build(&TYPE, &StrObject::intern("ExceptionGroup"), &bases, &namespace, Shape::default())?;
    class.header.make_immortal();
    GROUP.set(class.value());
    Ok(())
}

/// `ExceptionGroup`.
pub fn group_type() -> &'static TypeObject {
    // SAFETY: built at start-up and immortal.
    unsafe { GROUP.get().cast() }
}

/// The direct members of a group.
fn members(group: &ExceptionObject) -> Vec<Ref> {
    let members = group.extra[1].get().and_then(|members| members.get::<TupleObject>());
    members.map(|members| members.items().iter().map(|item| item.to_ref()).collect()).unwrap_or_default()
}

fn is_group(exception: Value) -> bool {
    exception.ty().is_subclass_of(&types::BaseExceptionGroup)
}

/// Whether an exception satisfies a matcher: a class, a tuple of classes, or a predicate.
fn is_match(exception: Value, matcher: Value) -> PyResult<bool> {
    let is_class = matcher.is_instance::<TypeObject>();
    if is_class || matcher.is_instance::<TupleObject>() {
        return error::matches(exception, matcher);
    }
    if !protocol::is_callable(matcher) {
        return Err(crate::raise!(
            TypeError,
            "expected an exception type, a tuple of exception types, or a callable (other than a class)"
        ));
    }
    protocol::is_true(protocol::call_one(matcher, exception)?.value())
}

/// A group like `group` with other members; nothing without members.
fn derived(group: Value, members: Vec<Ref>) -> PyResult<Option<Ref>> {
    if members.is_empty() {
        return Ok(None);
    }
    let list: Ref = ListObject::new(members).into();
    let made = protocol::call_method_text(group, "derive", &[list.value()])?;
    if !is_group(made.value()) {
        return Err(crate::raise!(TypeError, "derive must return an instance of BaseExceptionGroup"));
    }
    if let (Some(from), Some(to)) = (group.get::<ExceptionObject>(), made.get::<ExceptionObject>()) {
        drop(to.traceback.replace(from.traceback.get_ref()));
        drop(to.context.replace(from.context.get_ref()));
        drop(to.cause.replace(from.cause.get_ref()));
        to.suppress_context.set(from.suppress_context.get());
    }
    // What is no sequence is somebody else's mistake.
    if let Some(notes) = protocol::get_optional_attr(group, names().__notes__)?
        && protocol::iterate::is_sequence(notes.value())
    {
        let copy: Ref = ListObject::new(protocol::collect(notes.value())?).into();
        protocol::set_attr(made.value(), names().__notes__, copy.value())?;
    }
    Ok(Some(made))
}

/// The parts of an exception that match and that do not.
pub fn split(exception: Value, matcher: Value) -> PyResult<(Option<Ref>, Option<Ref>)> {
    crate::thread::thread().check_stack(" in exceptiongroup_split_recursive")?;
    if is_match(exception, matcher)? {
        return Ok((Some(exception.to_ref()), None));
    }
    let Some(group) = exception.get::<ExceptionObject>().filter(|_| is_group(exception)) else {
        return Ok((None, Some(exception.to_ref())));
    };
    let (mut matching, mut rest) = (Vec::new(), Vec::new());
    for member in members(group) {
        let (yes, no) = split(member.value(), matcher)?;
        matching.extend(yes);
        rest.extend(no);
    }
    Ok((derived(exception, matching)?, derived(exception, rest)?))
}

/// Whether an exception was derived from a group by splitting: it has the group's notes, traceback, cause and context.
pub fn is_part_of(exception: Value, original: Value) -> bool {
    let (Some(one), Some(other)) = (exception.get::<ExceptionObject>(), original.get::<ExceptionObject>())
    else {
        return false;
    };
    let notes =
        |exception: &ExceptionObject| exception.dict().and_then(|dict| dict.get_str(names().__notes__));
    is_group(exception)
        && is_group(original)
        && notes(one) == notes(other)
        && one.traceback.get() == other.traceback.get()
        && one.cause.get() == other.cause.get()
        && one.context.get() == other.context.get()
}

/// The part of `original` whose leaves occur in one of the groups `parts`.
pub fn projection(original: Value, parts: &[Ref]) -> PyResult<Option<Ref>> {
    let mut wanted = Vec::new();
    for part in parts {
        collect_leaves(part.value(), &mut wanted)?;
    }
    if wanted.is_empty() { Ok(None) } else { keep(original, &wanted) }
}

/// Appends the exceptions in an exception that are no groups.
fn collect_leaves(exception: Value, leaves: &mut Vec<Value>) -> PyResult<()> {
    crate::thread::thread().check_stack(" in collect_exception_group_leaf_ids")?;
    match exception.get::<ExceptionObject>().filter(|_| is_group(exception)) {
        None => leaves.push(exception),
        Some(group) => {
            for member in members(group) {
                collect_leaves(member.value(), leaves)?;
            }
        }
    }
    Ok(())
}

/// The part of an exception that consists of these leaves.
fn keep(exception: Value, leaves: &[Value]) -> PyResult<Option<Ref>> {
    crate::thread::thread().check_stack(" in exceptiongroup_split_recursive")?;
    let Some(group) = exception.get::<ExceptionObject>().filter(|_| is_group(exception)) else {
        return Ok(leaves.contains(&exception).then(|| exception.to_ref()));
    };
    let mut kept = Vec::new();
    for member in members(group) {
        kept.extend(keep(member.value(), leaves)?);
    }
    derived(exception, kept)
}

fn or_none(part: Option<Ref>) -> Ref {
    part.unwrap_or_else(|| objects::none().to_ref())
}

py_methods! { static METHODS for "BaseExceptionGroup", &ExceptionObject;
    /// Make a group of the same kind with other exceptions.
    "derive(self, excs, /)"
    fn derive(this, excs: Value) -> PyResult {
        let message = this.extra[0].get_or_none();
        protocol::call(types::BaseExceptionGroup.value(), &[message.value(), excs], None)
    }
    /// Split by a condition into the exceptions that match and those that do not.
    "split(self, matcher_value, /)"
    fn split_method(this, matcher_value: Value) -> PyResult<Py<TupleObject>> {
        let (yes, no) = split(Value::from_object(this), matcher_value)?;
        Ok(TupleObject::of([or_none(yes), or_none(no)]))
    }
    /// The part of the group that matches a condition, or None.
    "subgroup(self, matcher_value, /)"
    fn subgroup(this, matcher_value: Value) -> PyResult {
        split(Value::from_object(this), matcher_value).map(|(yes, _)| or_none(yes))
    }
}
