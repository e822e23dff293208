//! Expressions, and the small nodes that only occur inside them.

use base::Span;
use parser::ast::{
    Arg, Arguments, BoolOp, CmpOp, Comprehension, Constant, Conversion, Expr, ExprContext, ExprKind, Int,
    Keyword, Operator, PyStr, Thin, UnaryOp,
};
use runtime::objects::bytes::BytesObject;
use runtime::objects::complex::ComplexObject;
use runtime::objects::int::IntRef;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self};
use runtime::value::{PyResult, Value};
use runtime::{error, protocol, raise};

use super::{Reader, wtf8};

/// The nodes without fields, by the names of their classes.
macro_rules! by_name {
    ($class:expr, $type:ident: $($variant:ident)*) => {
        match $class { $(Some(stringify!($variant)) => Some($type::$variant),)* _ => None }
    };
}

impl<'a> Reader<'a> {
    // --- Fields that are expressions ---

    pub(super) fn child(&mut self, node: Value, class: &str, name: &str) -> PyResult<&'a Expr<'a>> {
        self.child_in(node, class, name, ExprContext::Load)
    }

    pub(super) fn child_in(
        &mut self,
        node: Value,
        class: &str,
        name: &str,
        ctx: ExprContext,
    ) -> PyResult<&'a Expr<'a>> {
        let value = self.required(node, class, name)?;
        self.expr(value.value(), ctx)
    }

    pub(super) fn optional_child(&mut self, node: Value, name: &str) -> PyResult<Option<&'a Expr<'a>>> {
        match self.optional_field(node, name)? {
            Some(value) => self.expr(value.value(), ExprContext::Load).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn children(&mut self, node: Value, class: &str, name: &str) -> PyResult<&'a [Expr<'a>]> {
        self.children_in(node, class, name, ExprContext::Load)
    }

    pub(super) fn children_in(
        &mut self,
        node: Value,
        class: &str,
        name: &str,
        ctx: ExprContext,
    ) -> PyResult<&'a [Expr<'a>]> {
        self.list(node, class, name, |reader, item| reader.expr(item, ctx).copied())
    }

    /// A list in which None stands for an absent expression.
    fn optional_children(
        &mut self,
        node: Value,
        class: &str,
        name: &str,
    ) -> PyResult<&'a [Option<&'a Expr<'a>>]> {
        self.list(node, class, name, |reader, item| {
            if objects::is_none(item) { Ok(None) } else { reader.expr(item, ExprContext::Load).map(Some) }
        })
    }

    // --- Expressions ---

    /// An expression that is used as `ctx` says.
    pub(super) fn expr(&mut self, node: Value, ctx: ExprContext) -> PyResult<&'a Expr<'a>> {
        self.check_depth()?;
        if objects::is_none(node) {
            return Err(raise!(ValueError, "None disallowed in expression list"));
        }
        let Some(class) = self.class(node) else { return self.unexpected("expr", node) };
        let span = self.place(node, "expr")?;
        let kind = match self.target(node, class, ctx)? {
            Some(kind) => kind,
            None if ctx != ExprContext::Load => {
                let name = context_name(ctx);
                return Err(raise!(ValueError, "expression which can't be assigned to in {name} context"));
            }
            None => match self.operation(node, class)? {
                Some(kind) => kind,
                None => match self.display(node, class)? {
                    Some(kind) => kind,
                    None => self.literal(node, class, span)?,
                },
            },
        };
        Ok(self.nodes.expr(span, kind))
    }

    /// Expressions that have a context.
    fn target(&mut self, node: Value, class: &str, ctx: ExprContext) -> PyResult<Option<ExprKind<'a>>> {
        let kind = match class {
            "Name" => ExprKind::Name { id: self.name_field(node, class, "id")?, ctx },
            "Attribute" => ExprKind::Attribute {
                value: self.child(node, class, "value")?,
                attr: self.name_field(node, class, "attr")?,
                ctx,
            },
            "Subscript" => ExprKind::Subscript {
                value: self.child(node, class, "value")?,
                slice: self.child(node, class, "slice")?,
                ctx,
            },
            "Starred" => ExprKind::Starred { value: self.child_in(node, class, "value", ctx)?, ctx },
            "List" => ExprKind::List { elts: self.children_in(node, class, "elts", ctx)?, ctx },
            "Tuple" => ExprKind::Tuple { elts: self.children_in(node, class, "elts", ctx)?, ctx },
            _ => return Ok(None),
        };
        let given = self.field(node, class, "ctx")?;
        let Some(given) = by_name!(self.class(given.value()), ExprContext: Load Store Del) else {
            return self.unexpected("expr_context", given.value());
        };
        if given != ctx {
            let (wanted, given) = (context_name(ctx), context_name(given));
            return Err(raise!(ValueError, "expression must have {wanted} context but has {given} instead"));
        }
        Ok(Some(kind))
    }

    fn operation(&mut self, node: Value, class: &str) -> PyResult<Option<ExprKind<'a>>> {
        Ok(Some(match class {
            "BoolOp" => {
                let op = self.required(node, class, "op")?;
                let Some(op) = by_name!(self.class(op.value()), BoolOp: And Or) else {
                    return self.unexpected("boolop", op.value());
                };
                let values = self.children(node, class, "values")?;
                if values.len() < 2 {
                    return Err(raise!(ValueError, "BoolOp with less than 2 values"));
                }
                ExprKind::BoolOp { op, values }
            }
            "NamedExpr" => {
                let target = self.required(node, class, "target")?;
                if self.class(target.value()) != Some("Name") {
                    return Err(raise!(TypeError, "NamedExpr target must be a Name"));
                }
                let target = self.expr(target.value(), ExprContext::Store)?;
                ExprKind::NamedExpr { target, value: self.child(node, class, "value")? }
            }
            "BinOp" => ExprKind::BinOp {
                left: self.child(node, class, "left")?,
                op: self.operator(node, class)?,
                right: self.child(node, class, "right")?,
            },
            "UnaryOp" => {
                let op = self.required(node, class, "op")?;
                let Some(op) = by_name!(self.class(op.value()), UnaryOp: Invert Not UAdd USub) else {
                    return self.unexpected("unaryop", op.value());
                };
                ExprKind::UnaryOp { op, operand: self.child(node, class, "operand")? }
            }
            "Lambda" => ExprKind::Lambda {
                args: self.arguments(node, class)?,
                body: self.child(node, class, "body")?,
            },
            "IfExp" => ExprKind::IfExp {
                test: self.child(node, class, "test")?,
                body: self.child(node, class, "body")?,
                orelse: self.child(node, class, "orelse")?,
            },
            "Await" => ExprKind::Await { value: self.child(node, class, "value")? },
            "Yield" => ExprKind::Yield { value: self.optional_child(node, "value")? },
            "YieldFrom" => ExprKind::YieldFrom { value: self.child(node, class, "value")? },
            "Compare" => self.compare(node, class)?,
            "Call" => ExprKind::Call {
                func: self.child(node, class, "func")?,
                args: self.children(node, class, "args")?,
                keywords: self.arena.alloc(self.keywords(node, class)?),
            },
            "Slice" => ExprKind::Slice {
                lower: self.optional_child(node, "lower")?,
                upper: self.optional_child(node, "upper")?,
                step: self.optional_child(node, "step")?,
            },
            _ => return Ok(None),
        }))
    }

    pub(super) fn operator(&mut self, node: Value, class: &str) -> PyResult<Operator> {
        let op = self.required(node, class, "op")?;
        let found = by_name!(self.class(op.value()), Operator: Add Sub Mult MatMult Div Mod Pow LShift RShift BitOr
            BitXor BitAnd FloorDiv);
        found.map_or_else(|| self.unexpected("operator", op.value()), Ok)
    }

    fn compare(&mut self, node: Value, class: &str) -> PyResult<ExprKind<'a>> {
        let left = self.child(node, class, "left")?;
        let ops = self.list(node, class, "ops", |reader, op| {
            let found = by_name!(reader.class(op), CmpOp: Eq NotEq Lt LtE Gt GtE Is IsNot In NotIn);
            found.map_or_else(|| reader.unexpected("cmpop", op), Ok)
        })?;
        let comparators = self.children(node, class, "comparators")?;
        if comparators.is_empty() {
            return Err(raise!(ValueError, "Compare with no comparators"));
        }
        if comparators.len() != ops.len() {
            return Err(raise!(ValueError, "Compare has a different number of comparators and operands"));
        }
        Ok(ExprKind::Compare { left, ops: self.arena.alloc(ops), comparators })
    }

    fn display(&mut self, node: Value, class: &str) -> PyResult<Option<ExprKind<'a>>> {
        Ok(Some(match class {
            "Dict" => {
                let keys = self.optional_children(node, class, "keys")?;
                let values = self.children(node, class, "values")?;
                if keys.len() != values.len() {
                    return Err(raise!(ValueError, "Dict doesn't have the same number of keys as values"));
                }
                ExprKind::Dict { keys, values }
            }
            "Set" => ExprKind::Set { elts: self.children(node, class, "elts")? },
            "ListComp" => {
                let (elt, generators) = self.comprehension(node, class)?;
                ExprKind::ListComp { elt, generators }
            }
            "SetComp" => {
                let (elt, generators) = self.comprehension(node, class)?;
                ExprKind::SetComp { elt, generators }
            }
            "GeneratorExp" => {
                let (elt, generators) = self.comprehension(node, class)?;
                ExprKind::GeneratorExp { elt, generators }
            }
            "DictComp" => {
                let generators = self.generators(node, class)?;
                let (key, value) = (self.child(node, class, "key")?, self.child(node, class, "value")?);
                ExprKind::DictComp { key, value, generators }
            }
            _ => return Ok(None),
        }))
    }

    fn comprehension(
        &mut self,
        node: Value,
        class: &str,
    ) -> PyResult<(&'a Expr<'a>, &'a [Comprehension<'a>])> {
        let generators = self.generators(node, class)?;
        Ok((self.child(node, class, "elt")?, generators))
    }

    fn generators(&mut self, node: Value, class: &str) -> PyResult<&'a [Comprehension<'a>]> {
        let generators = self.list(node, class, "generators", |reader, item| {
            let class = "comprehension";
            if reader.class(item) != Some(class) {
                return reader.unexpected(class, item);
            }
            let is_async = reader.required(item, class, "is_async")?;
            Ok(Comprehension {
                id: reader.nodes.id(),
                target: reader.child_in(item, class, "target", ExprContext::Store)?,
                iter: reader.child(item, class, "iter")?,
                ifs: reader.children(item, class, "ifs")?,
                is_async: reader.number(is_async.value())? != 0,
            })
        })?;
        if generators.is_empty() {
            return Err(raise!(ValueError, "comprehension with no generators"));
        }
        Ok(generators)
    }

    // --- Literals ---

    fn literal(&mut self, node: Value, class: &str, span: Span) -> PyResult<ExprKind<'a>> {
        Ok(match class {
            "Constant" => {
                let value = self.field(node, class, "value")?;
                let is_unicode = match self.optional_field(node, "kind")? {
                    Some(kind) => self.text(kind.value())? == "u",
                    None => false,
                };
                self.constant(value.value(), is_unicode.then_some(&"u"), span)?
            }
            "JoinedStr" => {
                let values = self.list(node, class, "values", |reader, item| reader.piece(item))?;
                ExprKind::JoinedStr { values }
            }
            "TemplateStr" => {
                let values = self.children(node, class, "values")?;
                let is_part = |part: &Expr<'_>| {
                    matches!(
                        part.kind,
                        ExprKind::Interpolation { .. } | ExprKind::Constant { value: Constant::Str(_), .. }
                    )
                };
                if !values.iter().all(is_part) {
                    return Err(error::not_supported(
                        "other expressions than interpolations in a TemplateStr",
                    ));
                }
                ExprKind::TemplateStr { values }
            }
            "FormattedValue" => ExprKind::FormattedValue {
                value: self.child(node, class, "value")?,
                conversion: self.conversion(node, class)?,
                format_spec: self.optional_child(node, "format_spec")?,
            },
            "Interpolation" => self.interpolation(node, class)?,
            _ => return self.unexpected("expr", node),
        })
    }

    /// A part of an f-string; what is neither text nor a field is shown as a field.
    fn piece(&mut self, node: Value) -> PyResult<Expr<'a>> {
        let value = self.expr(node, ExprContext::Load)?;
        let is_part = matches!(
            value.kind,
            ExprKind::FormattedValue { .. } | ExprKind::Constant { value: Constant::Str(_), .. }
        );
        if is_part {
            return Ok(*value);
        }
        let kind = ExprKind::FormattedValue { value, conversion: Conversion::None, format_spec: None };
        Ok(*self.nodes.expr(value.span, kind))
    }

    fn interpolation(&mut self, node: Value, class: &str) -> PyResult<ExprKind<'a>> {
        let text = self.field(node, class, "str")?;
        let Some(text) = text.get::<StrObject>() else {
            return Err(error::not_supported("an Interpolation whose text is no str"));
        };
        Ok(ExprKind::Interpolation {
            value: self.child(node, class, "value")?,
            str: self.arena.alloc(self.nodes.name(&text.to_utf8()?)),
            conversion: self.conversion(node, class)?,
            format_spec: self.optional_child(node, "format_spec")?,
        })
    }

    fn conversion(&mut self, node: Value, class: &str) -> PyResult<Conversion> {
        let given = self.required(node, class, "conversion")?;
        match self.number(given.value())? {
            -1 => Ok(Conversion::None),
            115 => Ok(Conversion::Str),
            114 => Ok(Conversion::Repr),
            97 => Ok(Conversion::Ascii),
            other => Err(raise!(SystemError, "Unrecognized conversion character {other}")),
        }
    }

    /// A constant. Tuples become displays of constants, and numbers with a sign or two parts the operation that makes them.
    fn constant(&mut self, value: Value, kind: Option<Thin<'a, str>>, span: Span) -> PyResult<ExprKind<'a>> {
        self.check_depth()?;
        let plain = |value| ExprKind::Constant { value, kind };
        if objects::is_none(value) {
            return Ok(plain(Constant::None));
        }
        if value == objects::ellipsis() {
            return Ok(plain(Constant::Ellipsis));
        }
        if value == objects::bool(true) || value == objects::bool(false) {
            return Ok(plain(Constant::Bool(value == objects::bool(true))));
        }
        if value.is_exact(&objects::int::INT)
            && let Some(number) = IntRef::of(value)
        {
            return match number.to_i64() {
                Some(small) => Ok(plain(Constant::Int(Int::Small(small)))),
                None => self.big(value, span),
            };
        }
        if value.is_exact(&objects::float::FLOAT)
            && let Some(float) = objects::float::of(value)
        {
            return Ok(plain(Constant::Float(float)));
        }
        if let Some(complex) = value.get_exact::<ComplexObject>() {
            let (real, imaginary) = (complex.real(), complex.imaginary());
            let imaginary = plain(Constant::Complex(imaginary));
            if real == 0.0 && real.is_sign_positive() {
                return Ok(imaginary);
            }
            let (left, right) =
                (self.nodes.expr(span, plain(Constant::Float(real))), self.nodes.expr(span, imaginary));
            return Ok(ExprKind::BinOp { left, op: Operator::Add, right });
        }
        if let Some(text) = value.get_exact::<StrObject>() {
            let text = self.arena.alloc_slice_copy(&wtf8(text));
            return Ok(plain(Constant::Str(PyStr::from_wtf8(text))));
        }
        if let Some(data) = value.get_exact::<BytesObject>() {
            return Ok(plain(Constant::Bytes(self.arena.alloc_slice_copy(data.as_slice()))));
        }
        if let Some(items) = value.get_exact::<TupleObject>() {
            let mut elts = Vec::new();
            for &item in items.items() {
                let kind = self.constant(item, None, span)?;
                elts.push(*self.nodes.expr(span, kind));
            }
            let elts = self.arena.alloc_slice_copy(&elts);
            return Ok(ExprKind::Tuple { elts, ctx: ExprContext::Load });
        }
        if value.is_exact(&objects::set::FROZENSET) {
            return Err(error::not_supported("a frozenset as a constant of a tree"));
        }
        let got = value.ty().name();
        Err(raise!(TypeError, "got an invalid type in Constant: {got}"))
    }

    /// A whole number beyond 64 bits.
    fn big(&mut self, value: Value, span: Span) -> PyResult<ExprKind<'a>> {
        let digits = protocol::repr_string(value)?;
        let magnitude = self.arena.alloc_str(digits.trim_start_matches('-'));
        let kind = ExprKind::Constant { value: Constant::Int(Int::Big(magnitude)), kind: None };
        if !digits.starts_with('-') {
            return Ok(kind);
        }
        Ok(ExprKind::UnaryOp { op: UnaryOp::USub, operand: self.nodes.expr(span, kind) })
    }

    // --- Arguments and parameters ---

    pub(super) fn keywords(&mut self, node: Value, class: &str) -> PyResult<&'a [Keyword<'a>]> {
        self.list(node, class, "keywords", |reader, item| {
            let class = "keyword";
            if reader.class(item) != Some(class) {
                return reader.unexpected(class, item);
            }
            Ok(Keyword {
                span: reader.place(item, class)?,
                arg: reader.optional_name(item, "arg")?,
                value: reader.child(item, class, "value")?,
            })
        })
    }

    /// The field `args` of a function.
    pub(super) fn arguments(&mut self, node: Value, class: &str) -> PyResult<&'a Arguments<'a>> {
        let (args, class) = (self.required(node, class, "args")?, "arguments");
        let node = args.value();
        if self.class(node) != Some(class) {
            return self.unexpected(class, node);
        }
        let read = Arguments {
            posonlyargs: self.list(node, class, "posonlyargs", Self::arg)?,
            args: self.list(node, class, "args", Self::arg)?,
            vararg: self.optional_arg(node, "vararg")?,
            kwonlyargs: self.list(node, class, "kwonlyargs", Self::arg)?,
            kw_defaults: self.optional_children(node, class, "kw_defaults")?,
            kwarg: self.optional_arg(node, "kwarg")?,
            defaults: self.children(node, class, "defaults")?,
        };
        if read.defaults.len() > read.posonlyargs.len() + read.args.len() {
            return Err(raise!(ValueError, "more positional defaults than args on arguments"));
        }
        if read.kw_defaults.len() != read.kwonlyargs.len() {
            return Err(raise!(
                ValueError,
                "length of kwonlyargs is not the same as kw_defaults on arguments"
            ));
        }
        Ok(self.arena.alloc(read))
    }

    fn arg(&mut self, node: Value) -> PyResult<Arg<'a>> {
        let class = "arg";
        if self.class(node) != Some(class) {
            return self.unexpected(class, node);
        }
        Ok(Arg {
            id: self.nodes.id(),
            span: self.place(node, class)?,
            arg: self.name_field(node, class, "arg")?,
            annotation: self.optional_child(node, "annotation")?,
        })
    }

    fn optional_arg(&mut self, node: Value, name: &str) -> PyResult<Option<&'a Arg<'a>>> {
        match self.optional_field(node, name)? {
            Some(value) => {
                let arg = self.arg(value.value())?;
                Ok(Some(self.arena.alloc(arg)))
            }
            None => Ok(None),
        }
    }
}

fn context_name(ctx: ExprContext) -> &'static str {
    match ctx {
        ExprContext::Load => "Load",
        ExprContext::Store => "Store",
        ExprContext::Del => "Del",
    }
}
