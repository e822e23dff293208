//! `_heapq`: binary heaps in lists, with the least or with the greatest item first.
//!
//! An item sinks to the bottom along its smaller children and rises from there, which asks for fewer comparisons than stopping on the
//! way down (Knuth, volume 3, exercise 5.2.3-18). A comparison may run any program, so positions are looked at again behind each.

use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::{CompareOp, PyResult, Ref, protocol, py_functions, raise};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// What is first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Least,
    Greatest,
}

/// A heap while it is being worked on.
#[derive(Clone, Copy)]
struct Heap<'a> {
    list: &'a ListObject,
    order: Order,
}

impl Heap<'_> {
    fn get(self, at: usize) -> PyResult {
        self.list.get(at).ok_or_else(|| raise!(IndexError, "index out of range"))
    }

    /// Whether the first of two items belongs in front of the second. Fails if the list changes its length meanwhile.
    fn is_before(self, a: &Ref, b: &Ref) -> PyResult<bool> {
        let len = self.list.len();
        let (a, b) = if self.order == Order::Least { (a, b) } else { (b, a) };
        let is_less = protocol::compare::compare_bool(CompareOp::Less, a.value(), b.value())?;
        if self.list.len() == len {
            return Ok(is_less);
        }
        Err(raise!(RuntimeError, "list changed size during iteration"))
    }

    fn swap(self, a: usize, b: usize) -> PyResult<()> {
        let (first, second) = (self.get(a)?, self.get(b)?);
        for (at, item) in [(a, second), (b, first)] {
            drop(self.list.set(at, item));
        }
        Ok(())
    }

    /// Lets the item at `at` rise, but not above `top`.
    fn rise(self, top: usize, mut at: usize) -> PyResult<()> {
        let item = self.get(at)?;
        while at > top {
            let parent = (at - 1) / 2;
            if !self.is_before(&item, &self.get(parent)?)? {
                break;
            }
            self.swap(at, parent)?;
            at = parent;
        }
        Ok(())
    }

    /// Lets the item at `top` sink to where it belongs.
    fn sink(self, top: usize) -> PyResult<()> {
        let end = self.list.len();
        let mut at = top;
        while 2 * at + 1 < end {
            let mut child = 2 * at + 1;
            if child + 1 < end && !self.is_before(&self.get(child)?, &self.get(child + 1)?)? {
                child += 1;
            }
            self.swap(at, child)?;
            at = child;
        }
        self.rise(top, at)
    }

    fn push(self, item: Ref) -> PyResult<()> {
        self.list.try_push(item)?;
        self.rise(0, self.list.len() - 1)
    }

    fn pop(self) -> PyResult {
        let last = self.list.pop().ok_or_else(|| raise!(IndexError, "index out of range"))?;
        if self.list.is_empty() { Ok(last) } else { self.replace(last) }
    }

    /// Gives out the first item and puts another in.
    fn replace(self, item: Ref) -> PyResult {
        let first = self.list.set(0, item).map_err(|_| raise!(IndexError, "index out of range"))?;
        self.sink(0)?;
        Ok(first)
    }

    /// Puts an item in and gives out the first.
    fn push_pop(self, item: Ref) -> PyResult {
        let Some(first) = self.list.get(0) else { return Ok(item) };
        let (a, b) = if self.order == Order::Least { (&first, &item) } else { (&item, &first) };
        // The list may have become empty meanwhile: `replace` looks at it again.
        let is_before = protocol::compare::compare_bool(CompareOp::Less, a.value(), b.value())?;
        if is_before { self.replace(item) } else { Ok(item) }
    }

    fn heapify(self) -> PyResult<()> {
        (0..self.list.len() / 2).rev().try_for_each(|at| self.sink(at))
    }
}

const fn least(list: &ListObject) -> Heap<'_> {
    Heap { list, order: Order::Least }
}

const fn greatest(list: &ListObject) -> Heap<'_> {
    Heap { list, order: Order::Greatest }
}

py_functions! { static FUNCTIONS;
    /// Push item onto heap, maintaining the heap invariant.
    "heappush(heap, item, /)"
    fn heappush(heap: &ListObject, item: Ref) -> PyResult<()> {
        least(heap).push(item)
    }
    /// Pop the smallest item off the heap, maintaining the heap invariant.
    "heappop(heap, /)"
    fn heappop(heap: &ListObject) -> PyResult {
        least(heap).pop()
    }
    /// Pop and return the current smallest value, and add the new item.
    "heapreplace(heap, item, /)"
    fn heapreplace(heap: &ListObject, item: Ref) -> PyResult {
        least(heap).replace(item)
    }
    /// Push item on the heap, then pop and return the smallest item from the heap.
    "heappushpop(heap, item, /)"
    fn heappushpop(heap: &ListObject, item: Ref) -> PyResult {
        least(heap).push_pop(item)
    }
    /// Transform list into a heap, in-place, in O(len(heap)) time.
    "heapify(heap, /)"
    fn heapify(heap: &ListObject) -> PyResult<()> {
        least(heap).heapify()
    }
    /// Push item onto max heap, maintaining the heap invariant.
    "heappush_max(heap, item, /)"
    fn heappush_max(heap: &ListObject, item: Ref) -> PyResult<()> {
        greatest(heap).push(item)
    }
    /// Maxheap variant of heappop.
    "heappop_max(heap, /)"
    fn heappop_max(heap: &ListObject) -> PyResult {
        greatest(heap).pop()
    }
    /// Maxheap variant of heapreplace.
    "heapreplace_max(heap, item, /)"
    fn heapreplace_max(heap: &ListObject, item: Ref) -> PyResult {
        greatest(heap).replace(item)
    }
    /// Maxheap variant of heappushpop.
    "heappushpop_max(heap, item, /)"
    fn heappushpop_max(heap: &ListObject, item: Ref) -> PyResult {
        greatest(heap).push_pop(item)
    }
    /// Maxheap variant of heapify.
    "heapify_max(heap, /)"
    fn heapify_max(heap: &ListObject) -> PyResult<()> {
        greatest(heap).heapify()
    }
}
