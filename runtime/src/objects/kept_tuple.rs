//! The tuple that an iterator gives out again and again, as long as nobody keeps it.
//!
//! `for a, b in zip(x, y)` unpacks each tuple and lets go of it. So `zip`, `enumerate` and the iterators over items of dicts hold on to
//! the first tuple that they have made, and fill it anew when they hold the only reference, as those of CPython do. Cost: a test.

use crate::field::Field;
use crate::header::Header;
use crate::object::Visitor;
use crate::objects::tuple::TupleObject;
use crate::value::Ref;

/// A tuple of a fixed number of items, once there is one.
#[derive(Default)]
pub(crate) struct KeptTuple(Field);

impl KeptTuple {
    /// A tuple of these items; the number is the same at every call.
    pub(crate) fn give<const N: usize>(&self, items: [Ref; N]) -> Ref {
        let Some(kept) = self.0.get() else {
            let made = Ref::from(TupleObject::of(items));
            self.0.set(made.clone());
            return made;
        };
        if kept.header().map(Header::refcount) != Some(1) {
            return TupleObject::of(items).into();
        }
        let given = kept.to_ref();
        // SAFETY: a tuple of `N` items, to which nobody else has access.
        drop(unsafe { TupleObject::refill(given.value(), items) });
        given
    }

    /// Shows the tuple to the cycle collector.
    pub(crate) fn visit(&self, visit: Visitor<'_>) {
        self.0.visit(visit);
    }

    /// Lets go of the tuple.
    pub(crate) fn clear(&self) {
        drop(self.0.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_tuple_that_nobody_keeps_is_filled_anew() {
        let _session = testing::session();
        let kept = KeptTuple::default();
        let small = |n| Ref::small(n);
        let items = |value: &Ref| -> Vec<Option<i64>> {
            value
                .get::<TupleObject>()
                .map(TupleObject::items)
                .into_iter()
                .flatten()
                .map(|item| item.as_small())
                .collect()
        };
        let first = kept.give([small(1), small(2)]);
        let place = first.value();
        let second = kept.give([small(3), small(4)]);
        assert_eq!((items(&first), items(&second)), (vec![Some(1), Some(2)], vec![Some(3), Some(4)]));
        drop(first);
        let third = kept.give([small(5), small(6)]);
        assert!(third.value() == place);
        assert_eq!((items(&second), items(&third)), (vec![Some(3), Some(4)], vec![Some(5), Some(6)]));
    }
}
