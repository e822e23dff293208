//! What `bytes` and `bytearray` have in common: searching, splitting, transforming, and the table of methods that both get.
//!
//! The functions work on slices; a type takes part by lending its bytes and making new instances ([`ByteString`]). A `bytearray` counts
//! the loan, so that arguments whose conversion runs Python code cannot resize it meanwhile.

pub mod convert;
pub mod methods;
pub(crate) mod room;
pub mod search;
pub mod transform;

use std::ops::Deref;

use crate::object::Object;
use crate::value::Ref;

/// A type whose instances are bytes.
pub trait ByteString: Object {
    /// The bytes on loan.
    type Loan<'a>: Deref<Target = [u8]>
    where
        Self: 'a;

    /// Lends the bytes.
    fn lend(&self) -> Self::Loan<'_>;

    /// A new instance of the exact type.
    fn make(data: Vec<u8>) -> Ref;
}
