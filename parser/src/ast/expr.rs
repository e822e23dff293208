//! Expressions, and the small nodes that only occur inside them.

use super::{BoolOp, CmpOp, Constant, ExprContext, NodeId, Operator, UnaryOp};
use base::Span;

/// An expression with its place.
#[derive(Clone, Copy, Debug)]
pub struct Expr<'a> {
    /// Its number, for side tables.
    pub id: NodeId,
    /// From its first to its last token; parentheses around it do not count, except those of tuples and generators.
    pub span: Span,
    /// Longest path to a leaf, in nodes. Invariant: at most `MAX_TREE_DEPTH`.
    pub(crate) depth: u16,
    /// Whether parentheses surround it.
    pub(crate) parenthesized: bool,
    /// What it is.
    pub kind: ExprKind<'a>,
}

/// Most of what checking a program takes is its expressions.
const _: () = assert!(size_of::<Expr<'_>>() <= 56);

impl<'a> Expr<'a> {
    /// Whether the source has parentheses around the expression.
    pub const fn is_parenthesized(&self) -> bool {
        self.parenthesized
    }

    /// The identifier, if the expression is a plain name.
    pub const fn as_name(&self) -> Option<&'a str> {
        match self.kind {
            ExprKind::Name { id, .. } => Some(id),
            _ => None,
        }
    }
}

/// A reference of one word to what needs two: used where it keeps all nodes small and there is rarely anything.
pub type Thin<'a, T> = &'a &'a T;

/// The expressions of Python.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "fields are named and documented by CPython's ASDL")]
pub enum ExprKind<'a> {
    /// `a and b and c`
    BoolOp { op: BoolOp, values: &'a [Expr<'a>] },
    /// `target := value`
    NamedExpr { target: &'a Expr<'a>, value: &'a Expr<'a> },
    /// `left + right`
    BinOp { left: &'a Expr<'a>, op: Operator, right: &'a Expr<'a> },
    /// `-operand`
    UnaryOp { op: UnaryOp, operand: &'a Expr<'a> },
    /// `lambda args: body`
    Lambda { args: &'a Arguments<'a>, body: &'a Expr<'a> },
    /// `body if test else orelse`
    IfExp { test: &'a Expr<'a>, body: &'a Expr<'a>, orelse: &'a Expr<'a> },
    /// `{key: value, **value}`; a key is absent where `**` unpacks.
    Dict { keys: &'a [Option<&'a Expr<'a>>], values: &'a [Expr<'a>] },
    /// `{a, b}`
    Set { elts: &'a [Expr<'a>] },
    /// `[elt for …]`
    ListComp { elt: &'a Expr<'a>, generators: &'a [Comprehension<'a>] },
    /// `{elt for …}`
    SetComp { elt: &'a Expr<'a>, generators: &'a [Comprehension<'a>] },
    /// `{key: value for …}`
    DictComp { key: &'a Expr<'a>, value: &'a Expr<'a>, generators: &'a [Comprehension<'a>] },
    /// `(elt for …)`
    GeneratorExp { elt: &'a Expr<'a>, generators: &'a [Comprehension<'a>] },
    /// `await value`
    Await { value: &'a Expr<'a> },
    /// `yield value`
    Yield { value: Option<&'a Expr<'a>> },
    /// `yield from value`
    YieldFrom { value: &'a Expr<'a> },
    /// `left < b < c`; `ops` and `comparators` are equally long.
    Compare { left: &'a Expr<'a>, ops: Thin<'a, [CmpOp]>, comparators: &'a [Expr<'a>] },
    /// `func(args, keywords)`
    Call { func: &'a Expr<'a>, args: &'a [Expr<'a>], keywords: Thin<'a, [Keyword<'a>]> },
    /// A replacement field of an f-string.
    FormattedValue { value: &'a Expr<'a>, conversion: Conversion, format_spec: Option<&'a Expr<'a>> },
    /// A replacement field of a t-string; `str` is the text of the expression.
    Interpolation {
        value: &'a Expr<'a>,
        str: Thin<'a, str>,
        conversion: Conversion,
        format_spec: Option<&'a Expr<'a>>,
    },
    /// An f-string: string constants and `FormattedValue`s.
    JoinedStr { values: &'a [Expr<'a>] },
    /// A t-string: string constants and `Interpolation`s.
    TemplateStr { values: &'a [Expr<'a>] },
    /// A literal; `kind` is `u` for a string written with that prefix.
    Constant { value: Constant<'a>, kind: Option<Thin<'a, str>> },
    /// `value.attr`
    Attribute { value: &'a Expr<'a>, attr: &'a str, ctx: ExprContext },
    /// `value[slice]`
    Subscript { value: &'a Expr<'a>, slice: &'a Expr<'a>, ctx: ExprContext },
    /// `*value`
    Starred { value: &'a Expr<'a>, ctx: ExprContext },
    /// A variable.
    Name { id: &'a str, ctx: ExprContext },
    /// `[a, b]`
    List { elts: &'a [Expr<'a>], ctx: ExprContext },
    /// `(a, b)`
    Tuple { elts: &'a [Expr<'a>], ctx: ExprContext },
    /// `lower:upper:step`, only inside a subscript.
    Slice { lower: Option<&'a Expr<'a>>, upper: Option<&'a Expr<'a>>, step: Option<&'a Expr<'a>> },
}

/// The conversion of a replacement field; the discriminant is what the AST shows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(i32)]
pub enum Conversion {
    /// None given.
    None = -1,
    /// `!s`
    Str = 's' as i32,
    /// `!r`
    Repr = 'r' as i32,
    /// `!a`
    Ascii = 'a' as i32,
}

/// The parameters of a function or lambda.
///
/// `defaults` belong to the last of `posonlyargs` and `args`; `kw_defaults` is as long as `kwonlyargs`.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "fields are named and documented by CPython's ASDL")]
pub struct Arguments<'a> {
    pub posonlyargs: &'a [Arg<'a>],
    pub args: &'a [Arg<'a>],
    pub vararg: Option<&'a Arg<'a>>,
    pub kwonlyargs: &'a [Arg<'a>],
    pub kw_defaults: &'a [Option<&'a Expr<'a>>],
    pub kwarg: Option<&'a Arg<'a>>,
    pub defaults: &'a [Expr<'a>],
}

/// One parameter.
#[derive(Clone, Copy, Debug)]
pub struct Arg<'a> {
    /// Its number, for side tables.
    pub id: NodeId,
    /// The name and its annotation.
    pub span: Span,
    /// The name.
    pub arg: &'a str,
    /// The annotation.
    pub annotation: Option<&'a Expr<'a>>,
}

/// A keyword argument of a call or class definition.
#[derive(Clone, Copy, Debug)]
pub struct Keyword<'a> {
    /// From the name, or the stars, to the end of the value.
    pub span: Span,
    /// The name; absent for `**value`.
    pub arg: Option<&'a str>,
    /// The value.
    pub value: &'a Expr<'a>,
}

/// One `for` clause of a comprehension with its conditions.
#[derive(Clone, Copy, Debug)]
pub struct Comprehension<'a> {
    /// Its number, for side tables.
    pub id: NodeId,
    /// What is bound.
    pub target: &'a Expr<'a>,
    /// What is iterated over.
    pub iter: &'a Expr<'a>,
    /// The conditions.
    pub ifs: &'a [Expr<'a>],
    /// Whether it is an `async for`.
    pub is_async: bool,
}
