//! The stack of an unpickler: values, and marks that part them into lists.
//!
//! Invariant: nothing below the last mark is taken. A pickle that tries is refused, whatever it is.

use runtime::{PyResult, Raised, Ref, Value};

use super::bad_pickle;

/// See the module documentation.
#[derive(Default)]
pub(super) struct Stack {
    items: Vec<Ref>,
    marks: Vec<usize>,
}

impl Stack {
    #[cold]
    fn underflow(&self) -> Raised {
        match self.marks.is_empty() {
            true => bad_pickle!("unpickling stack underflow"),
            false => bad_pickle!("unexpected MARK found"),
        }
    }

    #[inline]
    fn fence(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    #[inline]
    pub(super) fn push(&mut self, item: Ref) {
        self.items.push(item);
    }

    #[inline]
    pub(super) fn pop(&mut self) -> PyResult {
        if self.items.len() <= self.fence() {
            return Err(self.underflow());
        }
        Ok(self.items.pop().expect("there is more than below the fence"))
    }

    /// The value that was pushed last.
    #[inline]
    pub(super) fn top(&self) -> PyResult<Value> {
        if self.items.len() <= self.fence() {
            return Err(self.underflow());
        }
        Ok(self.items[self.items.len() - 1].value())
    }

    /// Puts a value in the place of the last one.
    pub(super) fn replace_top(&mut self, item: Ref) -> PyResult<()> {
        drop(self.pop()?);
        self.push(item);
        Ok(())
    }

    /// The last `count` values.
    pub(super) fn pop_many(&mut self, count: usize) -> PyResult<Vec<Ref>> {
        if self.items.len() < self.fence() + count {
            return Err(self.underflow());
        }
        Ok(self.items.split_off(self.items.len() - count))
    }

    pub(super) fn mark(&mut self) {
        self.marks.push(self.items.len());
    }

    /// The values behind the last mark, which goes, too.
    pub(super) fn pop_mark(&mut self) -> PyResult<Vec<Ref>> {
        match self.marks.pop() {
            Some(mark) => Ok(self.items.split_off(mark)),
            None => Err(bad_pickle!("could not find MARK")),
        }
    }

    /// Takes one value off, or a mark if that is the last thing.
    pub(super) fn discard(&mut self) -> PyResult<()> {
        if self.marks.last() == Some(&self.items.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }
}
