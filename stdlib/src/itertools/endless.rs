//! `count`, `cycle` and `repeat`: iterators that need not end.

use std::cell::Cell;

use runtime::field::Field;
use runtime::header::Header;
use runtime::object;
use runtime::objects::complex::ComplexObject;
use runtime::objects::int::{self, IntRef};
use runtime::objects::iterators::own_keywords;
use runtime::objects::list::ListObject;
use runtime::objects::str::StrObject;
use runtime::slots::Slots;
use runtime::type_object::TypeSpec;
use runtime::{BinaryOp, PyResult, Ref, TypeObject, Value, protocol, py_methods, py_new, raise};

use super::declare::{iterator_layout, iterator_slots, iterator_spec};

iterator_layout! {
    /// `count`
    Count for COUNT { current, step, }
}

/// Whether a value has a number's conversions.
fn is_number(value: Value) -> bool {
    if IntRef::of(value).is_some() || value.is_instance::<ComplexObject>() {
        return true;
    }
    let names = ["__index__", "__int__", "__float__"];
    names.into_iter().any(|name| value.ty().lookup(StrObject::intern(name).value()).is_some())
}

py_new! {
    fn new_count(class, start: Option<Ref>, step: Option<Ref>) "count(start=0, step=1)" {
        let start = start.unwrap_or_else(|| int::from_i64(0));
        let step = step.unwrap_or_else(|| int::from_i64(1));
        if !is_number(start.value()) || !is_number(step.value()) {
            return Err(raise!(TypeError, "a number is required"));
        }
        let contents = Count { header: Header::new(class), current: Field::new(start), step: Field::new(step) };
        Ok(object::new_object_of(class, contents).into())
    }
}

fn next_count(value: Value) -> PyResult<Option<Ref>> {
    let this = Count::of(value);
    let (Some(current), Some(step)) = (this.current.get_ref(), this.step.get_ref()) else { return Ok(None) };
    let next = protocol::binary_op(BinaryOp::Add, current.value(), step.value())?;
    this.current.set(next);
    Ok(Some(current))
}

fn repr_count(value: Value) -> PyResult {
    let this = Count::of(value);
    let (current, step) = (this.current.get_or_none(), this.step.get_or_none());
    let mut text = format!("{}({}", value.ty().name(), protocol::repr_string(current.value())?);
    if IntRef::of(step.value()).is_none() || step.value().as_small() != Some(1) {
        text += ", ";
        text += &protocol::repr_string(step.value())?;
    }
    text.push(')');
    Ok(StrObject::new(&text).into())
}

pub(super) static COUNT: TypeObject = TypeObject::from_spec(&COUNT_SPEC);
static COUNT_SPEC: TypeSpec = TypeSpec {
    slots: Slots { repr: Some(repr_count), ..iterator_slots(new_count, next_count) },
    ..iterator_spec::<Count>(
        "count",
        "count(start=0, step=1)\n--\n\nNumbers from start on, each greater than the last one by step.\n\nThe same as start, start + step, start + 2 * step, and so on, computed by addition.",
        new_count,
        next_count,
    )
};

iterator_layout! {
    /// `cycle`
    Cycle for CYCLE {
        /// What is iterated over the first time; unset when it has ended.
        source,
        /// The items seen, a list.
        saved,
    } { position: Cell<usize>, }
}

py_new! {
    fn new_cycle(class, iterable: Value) "cycle(iterable, /)" {
        let source = Field::new(protocol::get_iter(iterable)?);
        let saved = Field::new(ListObject::empty());
        let contents = Cycle { header: Header::new(class), source, saved, position: Cell::new(0) };
        Ok(object::new_object_of(class, contents).into())
    }
}

fn next_cycle(value: Value) -> PyResult<Option<Ref>> {
    let this = Cycle::of(value);
    let Some(saved) = this.saved.get_ref() else { return Ok(None) };
    let saved = saved.get::<ListObject>().expect("cycle saves in a list");
    if let Some(source) = this.source.get_ref() {
        if let Some(item) = protocol::iter_next(source.value())? {
            saved.try_push(item.clone())?;
            return Ok(Some(item));
        }
        drop(this.source.take());
    }
    let at = this.position.get();
    this.position.set(if at + 1 < saved.len() { at + 1 } else { 0 });
    Ok(saved.get(at))
}

pub(super) static CYCLE: TypeObject = TypeObject::from_spec(&CYCLE_SPEC);
static CYCLE_SPEC: TypeSpec = iterator_spec::<Cycle>(
    "cycle",
    "cycle(iterable, /)\n--\n\nThe items of the iterable until it ends, then the same items again and again.",
    |class, args| new_cycle(class, own_keywords(class, &CYCLE, args)),
    next_cycle,
);

iterator_layout! {
    /// `repeat`
    Repeat for REPEAT { item, } {
        /// How often still; unset for ever.
        left: Cell<Option<usize>>,
    }
}

py_new! {
    fn new_repeat(class, object: Ref, times: Option<isize>) "repeat(object, times=None)" {
        let left = Cell::new(times.map(|times| times.max(0) as usize));
        let contents = Repeat { header: Header::new(class), item: Field::new(object), left };
        Ok(object::new_object_of(class, contents).into())
    }
}

fn next_repeat(value: Value) -> PyResult<Option<Ref>> {
    let this = Repeat::of(value);
    match this.left.get() {
        Some(0) => return Ok(None),
        Some(left) => this.left.set(Some(left - 1)),
        None => {}
    }
    Ok(this.item.get_ref())
}

fn repr_repeat(value: Value) -> PyResult {
    let this = Repeat::of(value);
    let item = protocol::repr_string(this.item.get_or_none().value())?;
    let times = this.left.get().map(|left| format!(", {left}")).unwrap_or_default();
    Ok(StrObject::new(&format!("{}({item}{times})", value.ty().name())).into())
}

py_methods! { static REPEAT_METHODS for "itertools.repeat", &Repeat;
    /// How many items are left.
    "__length_hint__(self, /)"
    fn length_hint(this) -> PyResult<usize> {
        this.left.get().ok_or_else(|| raise!(TypeError, "len() of unsized object"))
    }
}

pub(super) static REPEAT: TypeObject = TypeObject::from_spec(&REPEAT_SPEC);
static REPEAT_SPEC: TypeSpec = TypeSpec {
    slots: Slots { repr: Some(repr_repeat), ..iterator_slots(new_repeat, next_repeat) },
    methods: &[REPEAT_METHODS],
    ..iterator_spec::<Repeat>(
        "repeat",
        "repeat(object [,times]) -> the object, as many times as is said,\nor again and again if that is left out.",
        new_repeat,
        next_repeat,
    )
};
