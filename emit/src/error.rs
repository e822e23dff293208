//! What can be wrong with a program that parses: the compiler's own `SyntaxError`s.

use base::Span;
use typeck::scope::ScopeError;

/// A program that cannot be compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EmitError {
    /// Where.
    pub span: Span,
    /// CPython's sentence.
    pub message: String,
}

impl EmitError {
    /// An error at `span`.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }
}

impl From<ScopeError> for EmitError {
    fn from(error: ScopeError) -> Self {
        Self { span: error.span, message: error.message }
    }
}

/// Result of emitting a node.
pub(crate) type Emit<T = ()> = Result<T, EmitError>;
