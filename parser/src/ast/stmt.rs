//! Statements, and the small nodes that only occur inside them.

use super::{Arguments, Expr, Keyword, MatchCase, NodeId, Operator, Thin};
use base::Span;

/// A statement with its place.
#[derive(Clone, Copy, Debug)]
pub struct Stmt<'a> {
    /// Its number, for side tables.
    pub id: NodeId,
    /// From its first to its last token; decorators do not count.
    pub span: Span,
    /// Longest path to a leaf, in nodes. Invariant: at most `MAX_TREE_DEPTH`.
    pub(crate) depth: u16,
    /// What it is.
    pub kind: StmtKind<'a>,
}

const _: () = assert!(size_of::<Stmt<'_>>() <= 64);

/// The statements of Python.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "fields are named and documented by CPython's ASDL")]
pub enum StmtKind<'a> {
    /// `def name(args): body`
    FunctionDef(&'a FunctionDef<'a>),
    /// `async def name(args): body`
    AsyncFunctionDef(&'a FunctionDef<'a>),
    /// `class name(bases): body`
    ClassDef(&'a ClassDef<'a>),
    /// `return value`
    Return { value: Option<&'a Expr<'a>> },
    /// `del targets`
    Delete { targets: &'a [Expr<'a>] },
    /// `a = b = value`
    Assign { targets: &'a [Expr<'a>], value: &'a Expr<'a> },
    /// `type name[type_params] = value`
    TypeAlias { name: &'a Expr<'a>, type_params: &'a [TypeParam<'a>], value: &'a Expr<'a> },
    /// `target += value`
    AugAssign { target: &'a Expr<'a>, op: Operator, value: &'a Expr<'a> },
    /// `target: annotation = value`; `simple` says that the target is a name without parentheses.
    AnnAssign { target: &'a Expr<'a>, annotation: &'a Expr<'a>, value: Option<&'a Expr<'a>>, simple: bool },
    /// `for target in iter: body`
    For { target: &'a Expr<'a>, iter: &'a Expr<'a>, body: &'a [Stmt<'a>], orelse: Thin<'a, [Stmt<'a>]> },
    /// `async for target in iter: body`
    AsyncFor { target: &'a Expr<'a>, iter: &'a Expr<'a>, body: &'a [Stmt<'a>], orelse: Thin<'a, [Stmt<'a>]> },
    /// `while test: body`
    While { test: &'a Expr<'a>, body: &'a [Stmt<'a>], orelse: Thin<'a, [Stmt<'a>]> },
    /// `if test: body`; an `elif` is an `If` alone in `orelse`.
    If { test: &'a Expr<'a>, body: &'a [Stmt<'a>], orelse: Thin<'a, [Stmt<'a>]> },
    /// `with items: body`
    With { items: &'a [WithItem<'a>], body: &'a [Stmt<'a>] },
    /// `async with items: body`
    AsyncWith { items: &'a [WithItem<'a>], body: &'a [Stmt<'a>] },
    /// `match subject: cases`
    Match { subject: &'a Expr<'a>, cases: &'a [MatchCase<'a>] },
    /// `raise exc from cause`
    Raise { exc: Option<&'a Expr<'a>>, cause: Option<&'a Expr<'a>> },
    /// `try: … except …: …`
    Try(&'a Try<'a>),
    /// `try: … except* …: …`
    TryStar(&'a Try<'a>),
    /// `assert test, msg`
    Assert { test: &'a Expr<'a>, msg: Option<&'a Expr<'a>> },
    /// `import names`
    Import { names: &'a [Alias<'a>] },
    /// `from ..module import names`; `level` counts the dots.
    ImportFrom { module: Option<&'a str>, names: &'a [Alias<'a>], level: u32 },
    /// `global names`
    Global { names: &'a [&'a str] },
    /// `nonlocal names`
    Nonlocal { names: &'a [&'a str] },
    /// An expression for its effect.
    Expr { value: &'a Expr<'a> },
    /// `pass`
    Pass,
    /// `break`
    Break,
    /// `continue`
    Continue,
}

/// A function definition, `async` or not.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "fields are named and documented by CPython's ASDL")]
pub struct FunctionDef<'a> {
    pub name: &'a str,
    /// Where the name stands.
    pub name_span: Span,
    pub args: &'a Arguments<'a>,
    pub body: &'a [Stmt<'a>],
    pub decorator_list: &'a [Expr<'a>],
    pub returns: Option<&'a Expr<'a>>,
    pub type_params: &'a [TypeParam<'a>],
}

/// A class definition.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "fields are named and documented by CPython's ASDL")]
pub struct ClassDef<'a> {
    pub name: &'a str,
    /// Where the name stands.
    pub name_span: Span,
    pub bases: &'a [Expr<'a>],
    pub keywords: &'a [Keyword<'a>],
    pub body: &'a [Stmt<'a>],
    pub decorator_list: &'a [Expr<'a>],
    pub type_params: &'a [TypeParam<'a>],
}

/// A `try` statement with handlers of one kind, `except` or `except*`.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "fields are named and documented by CPython's ASDL")]
pub struct Try<'a> {
    pub body: &'a [Stmt<'a>],
    pub handlers: &'a [ExceptHandler<'a>],
    pub orelse: &'a [Stmt<'a>],
    pub finalbody: &'a [Stmt<'a>],
}

/// One `except` clause.
#[derive(Clone, Copy, Debug)]
pub struct ExceptHandler<'a> {
    /// Its number, for side tables.
    pub id: NodeId,
    /// From `except` to the end of the body.
    pub span: Span,
    /// The exception types; absent in a bare `except:`.
    pub type_: Option<&'a Expr<'a>>,
    /// The name bound to the exception.
    pub name: Option<&'a str>,
    /// What is done.
    pub body: &'a [Stmt<'a>],
}

/// One imported name; `*` for all.
#[derive(Clone, Copy, Debug)]
pub struct Alias<'a> {
    /// Name and new name.
    pub span: Span,
    /// What is imported, with dots where `import` allows them.
    pub name: &'a str,
    /// What it is called here.
    pub asname: Option<&'a str>,
}

/// One context manager of a `with` statement.
#[derive(Clone, Copy, Debug)]
pub struct WithItem<'a> {
    /// The manager.
    pub context_expr: &'a Expr<'a>,
    /// Where the entered value goes.
    pub optional_vars: Option<&'a Expr<'a>>,
}

/// A type parameter of a function, class or type alias.
#[derive(Clone, Copy, Debug)]
pub struct TypeParam<'a> {
    /// Its number, for side tables.
    pub id: NodeId,
    /// Stars, name, bound and default.
    pub span: Span,
    /// What it is.
    pub kind: TypeParamKind<'a>,
}

/// The kinds of type parameters.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "fields are named and documented by CPython's ASDL")]
pub enum TypeParamKind<'a> {
    /// `T: bound = default`
    TypeVar { name: &'a str, bound: Option<&'a Expr<'a>>, default_value: Option<&'a Expr<'a>> },
    /// `**P = default`
    ParamSpec { name: &'a str, default_value: Option<&'a Expr<'a>> },
    /// `*Ts = default`
    TypeVarTuple { name: &'a str, default_value: Option<&'a Expr<'a>> },
}
