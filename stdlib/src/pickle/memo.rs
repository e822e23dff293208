//! What has been pickled so far: objects by their identity, each with the number under which the pickle knows it.
//!
//! The memo owns its objects, so that no address is used twice while it lasts.

use runtime::object::Visitor;
use runtime::{Ref, Value};
use rustc_hash::FxHashMap;

/// See the module documentation.
#[derive(Default)]
pub(super) struct Memo {
    numbers: FxHashMap<u64, u32>,
    /// The objects with their numbers, in the order in which they came.
    objects: Vec<(Ref, u32)>,
}

impl Memo {
    /// The number of an object.
    #[inline]
    pub(super) fn find(&self, value: Value) -> Option<u32> {
        if self.objects.is_empty() {
            return None;
        }
        self.numbers.get(&value.bits()).copied()
    }

    /// Gives an object a number.
    pub(super) fn put(&mut self, value: Value, number: u32) {
        self.numbers.insert(value.bits(), number);
        self.objects.push((value.to_ref(), number));
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn objects(&self) -> &[(Ref, u32)] {
        &self.objects
    }

    pub(super) fn visit(&self, visit: Visitor<'_>) {
        self.objects.iter().for_each(|(object, _)| visit(object.value()));
    }
}
