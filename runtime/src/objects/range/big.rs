//! Ranges whose bounds do not fit a word: the same questions, answered by arithmetic on int objects.

use std::cell::Cell;

use super::RangeObject;
use crate::field::Field;
use crate::header::Header;
use crate::object::{self, Object, Visitor};
use crate::objects::int;
use crate::objects::slice::SliceObject;
use crate::objects::str::StrObject;
use crate::operator::{BinaryOp, CompareOp};
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};

/// Bounds, step and length, ints all of them.
pub(super) struct BigRange {
    pub(super) start: Ref,
    pub(super) stop: Ref,
    pub(super) step: Ref,
    pub(super) len: Ref,
}

fn number(number: i64) -> Ref {
    int::from_i64(number)
}

fn is_negative(value: &Ref) -> PyResult<bool> {
    protocol::compare::compare_bool(CompareOp::Less, value.value(), number(0).value())
}

fn compute(op: BinaryOp, a: &Ref, b: &Ref) -> PyResult {
    protocol::binary_op(op, a.value(), b.value())
}

impl BigRange {
    /// The step is not zero.
    pub(super) fn new(start: Ref, stop: Ref, step: Ref) -> PyResult<BigRange> {
        let (low, high, by) = if is_negative(&step)? {
            (&stop, &start, protocol::negative(step.value())?)
        } else {
            (&start, &stop, step.clone())
        };
        let distance = compute(BinaryOp::Subtract, high, low)?;
        let before = compute(BinaryOp::Subtract, &distance, &number(1))?;
        let len = compute(BinaryOp::FloorDivide, &before, &by)?;
        let len = compute(BinaryOp::Add, &len, &number(1))?;
        let len = if is_negative(&len)? { number(0) } else { len };
        Ok(BigRange { start, stop, step, len })
    }

    /// The number at an index that is within the range.
    pub(super) fn at(&self, index: &Ref) -> PyResult {
        compute(BinaryOp::Add, &self.start, &compute(BinaryOp::Multiply, index, &self.step)?)
    }

    /// The number at an index, counted from the end if negative.
    pub(super) fn get(&self, key: Value) -> PyResult {
        let mut index = int::index(key)?;
        if is_negative(&index)? {
            index = compute(BinaryOp::Add, &index, &self.len)?;
        }
        if is_negative(&index)? || !self.is_before_end(&index)? {
            return Err(crate::raise!(IndexError, "range object index out of range"));
        }
        self.at(&index)
    }

    /// The numbers at the indices of a slice.
    pub(super) fn slice(&self, slice: &SliceObject) -> PyResult {
        let bounds = slice.indices(&self.len)?;
        let [start, stop, step] = bounds.items() else { unreachable!("three bounds of a slice") };
        let step = compute(BinaryOp::Multiply, &step.to_ref(), &self.step)?;
        RangeObject::of_ints(self.at(&start.to_ref())?, self.at(&stop.to_ref())?, step)
    }

    fn is_before_end(&self, index: &Ref) -> PyResult<bool> {
        protocol::compare::compare_bool(CompareOp::Less, index.value(), self.len.value())
    }

    /// Position of an int.
    pub(super) fn position(&self, wanted: Value) -> PyResult<Option<Ref>> {
        let distance = compute(BinaryOp::Subtract, &wanted.to_ref(), &self.start)?;
        let rest = compute(BinaryOp::Modulo, &distance, &self.step)?;
        if protocol::is_true(rest.value())? {
            return Ok(None);
        }
        let at = compute(BinaryOp::FloorDivide, &distance, &self.step)?;
        Ok((!is_negative(&at)? && self.is_before_end(&at)?).then_some(at))
    }

    pub(super) fn text(&self) -> PyResult<String> {
        let shown = |part: &Ref| protocol::repr_string(part.value());
        let (start, stop, step) = (shown(&self.start)?, shown(&self.stop)?, shown(&self.step)?);
        Ok(if step == "1" {
            format!("range({start}, {stop})")
        } else {
            format!("range({start}, {stop}, {step})")
        })
    }

    pub(super) fn visit(&self, visit: Visitor<'_>) {
        [&self.start, &self.stop, &self.step, &self.len].into_iter().for_each(|part| visit(part.value()));
    }
}

/// An iterator over a big range: the range, and the index of what comes next.
#[repr(C)]
pub(crate) struct LongRangeIterator {
    header: Header,
    range: Ref,
    next: Field,
    is_reversed: Cell<bool>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for LongRangeIterator {
    fn type_object() -> &'static TypeObject {
        &LONG_RANGE_ITERATOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        visit(self.range.value());
        self.next.visit(visit);
    }
}

/// An iterator over a range that is big.
pub(super) fn iterator(range: Value, is_reversed: bool) -> Ref {
    let contents = LongRangeIterator {
        header: Header::new(&LONG_RANGE_ITERATOR),
        range: range.to_ref(),
        next: Field::new(number(0)),
        is_reversed: Cell::new(is_reversed),
    };
    object::new_object(contents).into()
}

fn next(value: Value) -> PyResult<Option<Ref>> {
    let this = value.get::<LongRangeIterator>().expect("slots are called for instances");
    let range = this.big();
    let at = this.next.get_or_none();
    if !range.is_before_end(&at)? {
        return Ok(None);
    }
    this.next.set(compute(BinaryOp::Add, &at, &number(1))?);
    if !this.is_reversed.get() {
        return range.at(&at).map(Some);
    }
    let last = compute(BinaryOp::Subtract, &range.len, &number(1))?;
    range.at(&compute(BinaryOp::Subtract, &last, &at)?).map(Some)
}

py_methods! { static METHODS for "longrange_iterator", &LongRangeIterator;
    /// Private method returning an estimate of len(list(it)).
    "__length_hint__(self, /)"
    fn length_hint(this) -> PyResult {
        compute(BinaryOp::Subtract, &this.big().len, &this.next.get_or_none())
    }
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce(this) -> PyResult {
        let (range, at) = (this.big(), this.next.get_or_none());
        let last = compute(BinaryOp::Subtract, &range.len, &number(1))?;
        let (start, end, step) = if this.is_reversed.get() {
            let first = compute(BinaryOp::Subtract, &last, &at)?;
            (first, number(-1), protocol::negative(range.step.value())?)
        } else {
            (at, range.len.clone(), range.step.clone())
        };
        super::pickled(RangeObject::of_ints(range.at(&start)?, range.at(&end)?, step)?)
    }
    /// Set state information for unpickling.
    "__setstate__(self, object, /)"
    fn setstate(this, object: Value) -> PyResult<()> {
        let skipped = int::index(object)?;
        let skipped = if is_negative(&skipped)? { number(0) } else { skipped };
        let at = compute(BinaryOp::Add, &this.next.get_or_none(), &skipped)?;
        let is_inside = this.big().is_before_end(&at)?;
        this.next.set(if is_inside { at } else { this.big().len.clone() });
        Ok(())
    }
}

impl LongRangeIterator {
    fn big(&self) -> &BigRange {
        super::this(self.range.value()).big.as_deref().expect("the range of a big iterator is big")
    }
}

/// `longrange_iterator`.
pub(crate) static LONG_RANGE_ITERATOR: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots { iter: Some(protocol::identity), iternext: Some(next), ..Slots::EMPTY },
    methods: &[METHODS],
    ..TypeSpec::of::<LongRangeIterator>("longrange_iterator")
};

/// A str of the text.
pub(super) fn repr(range: &BigRange) -> PyResult {
    Ok(StrObject::new(&range.text()?).into())
}
