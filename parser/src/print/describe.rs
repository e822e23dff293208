//! Which fields each node has, in the order of CPython's `Python.asdl`.

use super::{Printer, repr};
use crate::ast::{
    Alias, Arg, Arguments, CmpOp, Comprehension, Constant, Conversion, ExceptHandler, Expr, ExprContext,
    ExprKind, Keyword, MatchCase, Pattern, PatternKind, Stmt, StmtKind, TypeParam, TypeParamKind, WithItem,
};
use base::Span;
use lexer::repr::string;
use std::fmt::{Display, Write};

/// A node that can be printed.
pub(super) trait Describe {
    fn describe(&self, printer: &mut Printer<'_>);
}

impl<T: Describe> Describe for &T {
    fn describe(&self, printer: &mut Printer<'_>) {
        (**self).describe(printer);
    }
}

/// An absent key of a dict, or default of a keyword-only parameter.
impl<T: Describe> Describe for Option<T> {
    fn describe(&self, printer: &mut Printer<'_>) {
        match self {
            Some(node) => node.describe(printer),
            None => printer.out.push_str("None"),
        }
    }
}

/// A bare identifier in a list.
struct Identifier<'a>(&'a str);

impl Describe for Identifier<'_> {
    fn describe(&self, printer: &mut Printer<'_>) {
        string(&mut printer.out, self.0.chars().map(u32::from));
    }
}

impl Describe for CmpOp {
    fn describe(&self, printer: &mut Printer<'_>) {
        printer.class(self.name(), |_| {});
    }
}

/// The fields of a node while they are printed.
pub(super) struct Fields<'p, 'l> {
    pub(super) printer: &'p mut Printer<'l>,
    pub(super) count: usize,
    /// Whether every field so far is one that `ast.dump` puts on one line.
    pub(super) is_simple: bool,
}

impl Fields<'_, '_> {
    fn start(&mut self, name: &str) {
        self.printer.separator(self.count == 0);
        self.count += 1;
        self.printer.out.push_str(name);
        self.printer.out.push('=');
    }

    /// A field whose value prints as itself.
    fn plain(&mut self, name: &str, value: impl Display) {
        self.start(name);
        let _infallible = write!(self.printer.out, "{value}");
    }

    fn name(&mut self, name: &str, value: &str) {
        self.start(name);
        Identifier(value).describe(self.printer);
    }

    fn optional_name(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.name(name, value);
        }
    }

    pub(super) fn node(&mut self, name: &str, value: impl Describe) {
        self.start(name);
        value.describe(self.printer);
        self.is_simple &= self.printer.out.ends_with("()");
    }

    fn optional(&mut self, name: &str, value: Option<impl Describe>) {
        if let Some(value) = value {
            self.node(name, value);
        }
    }

    pub(super) fn list<T: Describe>(&mut self, name: &str, items: &[T]) {
        if !items.is_empty() {
            self.start(name);
            self.is_simple = false;
            self.printer.list(items);
        }
    }

    fn names(&mut self, name: &str, items: &[&str]) {
        let items: Vec<_> = items.iter().copied().map(Identifier).collect();
        self.list(name, &items);
    }

    /// An operator or context: a node without fields.
    fn tag(&mut self, name: &str, class: &str) {
        self.start(name);
        self.printer.class(class, |_| {});
    }

    fn context(&mut self, ctx: ExprContext) {
        self.tag("ctx", ctx.name());
    }

    fn constant(&mut self, value: &Constant<'_>) {
        self.start("value");
        repr::constant(&mut self.printer.out, value);
    }

    fn conversion(&mut self, conversion: Conversion) {
        self.plain("conversion", conversion as i32);
    }

    /// The four attributes.
    fn place(&mut self, span: Span) {
        if !self.printer.style.include_attributes {
            return;
        }
        let start = self.printer.lines.position(span.start);
        let end = self.printer.lines.position(span.end);
        self.plain("lineno", start.line);
        self.plain("col_offset", start.column);
        self.plain("end_lineno", end.line);
        self.plain("end_col_offset", end.column);
    }
}

impl Describe for Expr<'_> {
    fn describe(&self, printer: &mut Printer<'_>) {
        printer.class(expr_class(&self.kind), |fields| {
            expr_fields(fields, &self.kind);
            fields.place(self.span);
        });
    }
}

/// Derives the class name of a node from its variant.
macro_rules! class_names {
    ($function:ident($kind:ident): $($variant:ident)*) => {
        fn $function(kind: &$kind<'_>) -> &'static str {
            match kind {
                $($kind::$variant { .. } => stringify!($variant),)*
            }
        }
    };
}

class_names! { expr_class(ExprKind):
    BoolOp NamedExpr BinOp UnaryOp Lambda IfExp Dict Set ListComp SetComp DictComp GeneratorExp Await Yield YieldFrom
    Compare Call FormattedValue Interpolation JoinedStr TemplateStr Constant Attribute Subscript Starred Name List Tuple
    Slice
}

class_names! { stmt_class(StmtKind):
    FunctionDef AsyncFunctionDef ClassDef Return Delete Assign TypeAlias AugAssign AnnAssign For AsyncFor While If With
    AsyncWith Match Raise Try TryStar Assert Import ImportFrom Global Nonlocal Expr Pass Break Continue
}

class_names! { pattern_class(PatternKind):
    MatchValue MatchSingleton MatchSequence MatchMapping MatchClass MatchStar MatchAs MatchOr
}

class_names! { type_param_class(TypeParamKind): TypeVar ParamSpec TypeVarTuple }

#[allow(clippy::too_many_lines, reason = "one case per line of the ASDL")]
fn expr_fields(f: &mut Fields<'_, '_>, kind: &ExprKind<'_>) {
    match *kind {
        ExprKind::BoolOp { op, values } => {
            f.tag("op", op.name());
            f.list("values", values);
        }
        ExprKind::NamedExpr { target, value } => {
            f.node("target", target);
            f.node("value", value);
        }
        ExprKind::BinOp { left, op, right } => {
            f.node("left", left);
            f.tag("op", op.name());
            f.node("right", right);
        }
        ExprKind::UnaryOp { op, operand } => {
            f.tag("op", op.name());
            f.node("operand", operand);
        }
        ExprKind::Lambda { args, body } => {
            f.node("args", args);
            f.node("body", body);
        }
        ExprKind::IfExp { test, body, orelse } => {
            f.node("test", test);
            f.node("body", body);
            f.node("orelse", orelse);
        }
        ExprKind::Dict { keys, values } => {
            f.list("keys", keys);
            f.list("values", values);
        }
        ExprKind::Set { elts } => f.list("elts", elts),
        ExprKind::ListComp { elt, generators }
        | ExprKind::SetComp { elt, generators }
        | ExprKind::GeneratorExp { elt, generators } => {
            f.node("elt", elt);
            f.list("generators", generators);
        }
        ExprKind::DictComp { key, value, generators } => {
            f.node("key", key);
            f.node("value", value);
            f.list("generators", generators);
        }
        ExprKind::Await { value } | ExprKind::YieldFrom { value } => f.node("value", value),
        ExprKind::Yield { value } => f.optional("value", value),
        ExprKind::Compare { left, ops, comparators } => {
            f.node("left", left);
            f.list("ops", ops);
            f.list("comparators", comparators);
        }
        ExprKind::Call { func, args, keywords } => {
            f.node("func", func);
            f.list("args", args);
            f.list("keywords", keywords);
        }
        ExprKind::FormattedValue { value, conversion, format_spec } => {
            f.node("value", value);
            f.conversion(conversion);
            f.optional("format_spec", format_spec);
        }
        ExprKind::Interpolation { value, str, conversion, format_spec } => {
            f.node("value", value);
            f.name("str", str);
            f.conversion(conversion);
            f.optional("format_spec", format_spec);
        }
        ExprKind::JoinedStr { values } | ExprKind::TemplateStr { values } => f.list("values", values),
        ExprKind::Constant { value, kind } => {
            f.constant(&value);
            f.optional_name("kind", kind);
        }
        ExprKind::Attribute { value, attr, ctx } => {
            f.node("value", value);
            f.name("attr", attr);
            f.context(ctx);
        }
        ExprKind::Subscript { value, slice, ctx } => {
            f.node("value", value);
            f.node("slice", slice);
            f.context(ctx);
        }
        ExprKind::Starred { value, ctx } => {
            f.node("value", value);
            f.context(ctx);
        }
        ExprKind::Name { id, ctx } => {
            f.name("id", id);
            f.context(ctx);
        }
        ExprKind::List { elts, ctx } | ExprKind::Tuple { elts, ctx } => {
            f.list("elts", elts);
            f.context(ctx);
        }
        ExprKind::Slice { lower, upper, step } => {
            f.optional("lower", lower);
            f.optional("upper", upper);
            f.optional("step", step);
        }
    }
}

impl Describe for Stmt<'_> {
    fn describe(&self, printer: &mut Printer<'_>) {
        printer.class(stmt_class(&self.kind), |fields| {
            stmt_fields(fields, &self.kind);
            fields.place(self.span);
        });
    }
}

#[allow(clippy::too_many_lines, reason = "one case per line of the ASDL")]
fn stmt_fields(f: &mut Fields<'_, '_>, kind: &StmtKind<'_>) {
    match *kind {
        StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
            f.name("name", def.name);
            f.node("args", def.args);
            f.list("body", def.body);
            f.list("decorator_list", def.decorator_list);
            f.optional("returns", def.returns);
            f.list("type_params", def.type_params);
        }
        StmtKind::ClassDef(def) => {
            f.name("name", def.name);
            f.list("bases", def.bases);
            f.list("keywords", def.keywords);
            f.list("body", def.body);
            f.list("decorator_list", def.decorator_list);
            f.list("type_params", def.type_params);
        }
        StmtKind::Return { value } => f.optional("value", value),
        StmtKind::Delete { targets } => f.list("targets", targets),
        StmtKind::Assign { targets, value } => {
            f.list("targets", targets);
            f.node("value", value);
        }
        StmtKind::TypeAlias { name, type_params, value } => {
            f.node("name", name);
            f.list("type_params", type_params);
            f.node("value", value);
        }
        StmtKind::AugAssign { target, op, value } => {
            f.node("target", target);
            f.tag("op", op.name());
            f.node("value", value);
        }
        StmtKind::AnnAssign { target, annotation, value, simple } => {
            f.node("target", target);
            f.node("annotation", annotation);
            f.optional("value", value);
            f.plain("simple", i32::from(simple));
        }
        StmtKind::For { target, iter, body, orelse } | StmtKind::AsyncFor { target, iter, body, orelse } => {
            f.node("target", target);
            f.node("iter", iter);
            f.list("body", body);
            f.list("orelse", orelse);
        }
        StmtKind::While { test, body, orelse } | StmtKind::If { test, body, orelse } => {
            f.node("test", test);
            f.list("body", body);
            f.list("orelse", orelse);
        }
        StmtKind::With { items, body } | StmtKind::AsyncWith { items, body } => {
            f.list("items", items);
            f.list("body", body);
        }
        StmtKind::Match { subject, cases } => {
            f.node("subject", subject);
            f.list("cases", cases);
        }
        StmtKind::Raise { exc, cause } => {
            f.optional("exc", exc);
            f.optional("cause", cause);
        }
        StmtKind::Try(parts) | StmtKind::TryStar(parts) => {
            f.list("body", parts.body);
            f.list("handlers", parts.handlers);
            f.list("orelse", parts.orelse);
            f.list("finalbody", parts.finalbody);
        }
        StmtKind::Assert { test, msg } => {
            f.node("test", test);
            f.optional("msg", msg);
        }
        StmtKind::Import { names } => f.list("names", names),
        StmtKind::ImportFrom { module, names, level } => {
            f.optional_name("module", module);
            f.list("names", names);
            f.plain("level", level);
        }
        StmtKind::Global { names } | StmtKind::Nonlocal { names } => f.names("names", names),
        StmtKind::Expr { value } => f.node("value", value),
        StmtKind::Pass | StmtKind::Break | StmtKind::Continue => {}
    }
}

impl Describe for Pattern<'_> {
    fn describe(&self, printer: &mut Printer<'_>) {
        printer.class(pattern_class(&self.kind), |f| {
            match self.kind {
                PatternKind::MatchValue { value } => f.node("value", value),
                PatternKind::MatchSingleton { value } => f.constant(&value),
                PatternKind::MatchSequence { patterns } | PatternKind::MatchOr { patterns } => {
                    f.list("patterns", patterns);
                }
                PatternKind::MatchMapping { keys, patterns, rest } => {
                    f.list("keys", keys);
                    f.list("patterns", patterns);
                    f.optional_name("rest", rest);
                }
                PatternKind::MatchClass { cls, patterns, kwd_attrs, kwd_patterns } => {
                    f.node("cls", cls);
                    f.list("patterns", patterns);
                    f.names("kwd_attrs", kwd_attrs);
                    f.list("kwd_patterns", kwd_patterns);
                }
                PatternKind::MatchStar { name } => f.optional_name("name", name),
                PatternKind::MatchAs { pattern, name } => {
                    f.optional("pattern", pattern);
                    f.optional_name("name", name);
                }
            }
            f.place(self.span);
        });
    }
}

impl Describe for Arguments<'_> {
    fn describe(&self, printer: &mut Printer<'_>) {
        printer.class("arguments", |f| {
            f.list("posonlyargs", self.posonlyargs);
            f.list("args", self.args);
            f.optional("vararg", self.vararg);
            f.list("kwonlyargs", self.kwonlyargs);
            f.list("kw_defaults", self.kw_defaults);
            f.optional("kwarg", self.kwarg);
            f.list("defaults", self.defaults);
        });
    }
}

impl Describe for Arg<'_> {
    fn describe(&self, printer: &mut Printer<'_>) {
        printer.class("arg", |f| {
            f.name("arg", self.arg);
            f.optional("annotation", self.annotation);
            f.place(self.span);
        });
    }
}

impl Describe for Keyword<'_> {
    fn describe(&self, printer: &mut Printer<'_>) {
        printer.class("keyword", |f| {
            f.optional_name("arg", self.arg);
            f.node("value", self.value);
            f.place(self.span);
        });
    }
}

impl Describe for Comprehension<'_> {
    fn describe(&self, printer: &mut Printer<'_>) {
        printer.class("comprehension", |f| {
            f.node("target", self.target);
            f.node("iter", self.iter);
            f.list("ifs", self.ifs);
            f.plain("is_async", i32::from(self.is_async));
        });
    }
}

impl Describe for ExceptHandler<'_> {
    fn describe(&self, printer: &mut Printer<'_>) {
        printer.class("ExceptHandler", |f| {
            f.optional("type", self.type_);
            f.optional_name("name", self.name);
            f.list("body", self.body);
            f.place(self.span);
        });
    }
}

impl Describe for Alias<'_> {
    fn describe(&self, printer: &mut Printer<'_>) {
        printer.class("alias", |f| {
            f.name("name", self.name);
            f.optional_name("asname", self.asname);
            f.place(self.span);
        });
    }
}

impl Describe for WithItem<'_> {
    fn describe(&self, printer: &mut Printer<'_>) {
        printer.class("withitem", |f| {
            f.node("context_expr", self.context_expr);
            f.optional("optional_vars", self.optional_vars);
        });
    }
}

impl Describe for MatchCase<'_> {
    fn describe(&self, printer: &mut Printer<'_>) {
        printer.class("match_case", |f| {
            f.node("pattern", self.pattern);
            f.optional("guard", self.guard);
            f.list("body", self.body);
        });
    }
}

impl Describe for TypeParam<'_> {
    fn describe(&self, printer: &mut Printer<'_>) {
        printer.class(type_param_class(&self.kind), |f| {
            match self.kind {
                TypeParamKind::TypeVar { name, bound, default_value } => {
                    f.name("name", name);
                    f.optional("bound", bound);
                    f.optional("default_value", default_value);
                }
                TypeParamKind::ParamSpec { name, default_value }
                | TypeParamKind::TypeVarTuple { name, default_value } => {
                    f.name("name", name);
                    f.optional("default_value", default_value);
                }
            }
            f.place(self.span);
        });
    }
}
