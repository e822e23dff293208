//! A walk over a tree as events: which class a node has and which fields, in the order of CPython's `Python.asdl`.
//!
//! The dump of the tree prints the events; `ast.parse` makes objects of them. A place is given in CPython's terms: lines from 1,
//! columns in bytes from 0.

use crate::ast::{
    Alias, Arg, Arguments, CmpOp, Comprehension, Constant, Conversion, ExceptHandler, Expr, ExprContext,
    ExprKind, Expression, FunctionType, Keyword, MatchCase, Module, NodeId, Pattern, PatternKind, Stmt,
    StmtKind, TypeParam, TypeParamKind, WithItem,
};
use crate::type_comments::TypeComments;
use base::{LineIndex, Span};

/// What takes the events. Every value follows a [`field`](Sink::field) or an [`item`](Sink::item).
pub trait Sink {
    /// A node of this class starts; its fields follow.
    fn open(&mut self, class: &'static str);
    /// The node started last ends.
    fn close(&mut self);
    /// The value of this field follows.
    fn field(&mut self, name: &'static str);
    /// A field that has no value: an empty list, or nothing.
    fn absent(&mut self, name: &'static str, is_list: bool);
    /// A list with items starts.
    fn open_list(&mut self);
    /// An item of the list follows.
    fn item(&mut self);
    /// The list ends.
    fn close_list(&mut self);
    /// An identifier.
    fn text(&mut self, text: &str);
    /// A number of the tree's own, such as a level or a line.
    fn number(&mut self, number: i64);
    /// An absent item, such as the key of `**mapping` in a dict.
    fn nothing(&mut self);
    /// A constant of the program.
    fn constant(&mut self, value: &Constant<'_>);
}

/// Sends a module, a node of class `Module` or `Interactive`.
pub fn walk_module<S: Sink>(
    class: &'static str,
    module: &Module<'_>,
    lines: &LineIndex,
    has_places: bool,
    sink: &mut S,
) {
    walk_commented(class, module, &TypeComments::default(), lines, has_places, sink);
}

/// Sends a module with its type comments.
pub fn walk_commented<S: Sink>(
    class: &'static str,
    module: &Module<'_>,
    comments: &TypeComments<'_>,
    lines: &LineIndex,
    has_places: bool,
    sink: &mut S,
) {
    Walk { sink, lines, comments: Some(comments), has_places }.class(class, |f| {
        f.list("body", module.body);
        if class == "Module" {
            let ignores: Vec<_> = comments.ignores.iter().map(|(at, tag)| Ignored { at: *at, tag }).collect();
            f.list("type_ignores", &ignores);
        }
    });
}

/// Sends an expression as a node of class `Expression`.
pub fn walk_expression<S: Sink>(
    expression: &Expression<'_>,
    lines: &LineIndex,
    has_places: bool,
    sink: &mut S,
) {
    Walk { sink, lines, comments: None, has_places }.class("Expression", |f| f.node("body", expression.body));
}

/// Sends the type of a function as a node of class `FunctionType`.
pub fn walk_function_type<S: Sink>(ty: &FunctionType<'_>, lines: &LineIndex, has_places: bool, sink: &mut S) {
    Walk { sink, lines, comments: None, has_places }.class("FunctionType", |f| {
        f.list("argtypes", ty.argtypes);
        f.node("returns", ty.returns);
    });
}

/// A walk under way.
struct Walk<'w, S> {
    sink: &'w mut S,
    lines: &'w LineIndex,
    comments: Option<&'w TypeComments<'w>>,
    /// Whether places are sent.
    has_places: bool,
}

/// A node, or what stands in a list of nodes.
trait Describe {
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>);
}

impl<T: Describe> Describe for &T {
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        (**self).describe(walk);
    }
}

/// An absent key of a dict, or default of a keyword-only parameter.
impl<T: Describe> Describe for Option<T> {
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        match self {
            Some(node) => node.describe(walk),
            None => walk.sink.nothing(),
        }
    }
}

/// A bare identifier in a list.
struct Identifier<'a>(&'a str);

impl Describe for Identifier<'_> {
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        walk.sink.text(self.0);
    }
}

/// A line of which checkers of types are to say nothing.
struct Ignored<'a> {
    at: u32,
    tag: &'a str,
}

impl Describe for Ignored<'_> {
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        let line = walk.lines.position(self.at).line;
        walk.class("TypeIgnore", |f| {
            f.number("lineno", line);
            f.name("tag", self.tag);
        });
    }
}

impl Describe for CmpOp {
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        walk.class(self.name(), |_| {});
    }
}

impl<S: Sink> Walk<'_, S> {
    /// A node: its class, then the fields that `fields` names.
    fn class(&mut self, class: &'static str, fields: impl FnOnce(&mut Self)) {
        self.sink.open(class);
        fields(self);
        self.sink.close();
    }

    fn number(&mut self, name: &'static str, value: impl Into<i64>) {
        self.sink.field(name);
        self.sink.number(value.into());
    }

    fn name(&mut self, name: &'static str, value: &str) {
        self.sink.field(name);
        self.sink.text(value);
    }

    fn optional_name(&mut self, name: &'static str, value: Option<&str>) {
        match value {
            Some(value) => self.name(name, value),
            None => self.sink.absent(name, false),
        }
    }

    fn node(&mut self, name: &'static str, value: impl Describe) {
        self.sink.field(name);
        value.describe(self);
    }

    fn optional(&mut self, name: &'static str, value: Option<impl Describe>) {
        match value {
            Some(value) => self.node(name, value),
            None => self.sink.absent(name, false),
        }
    }

    fn list<T: Describe>(&mut self, name: &'static str, items: &[T]) {
        if items.is_empty() {
            self.sink.absent(name, true);
            return;
        }
        self.sink.field(name);
        self.sink.open_list();
        for item in items {
            self.sink.item();
            item.describe(self);
        }
        self.sink.close_list();
    }

    fn names(&mut self, name: &'static str, items: &[&str]) {
        let items: Vec<_> = items.iter().copied().map(Identifier).collect();
        self.list(name, &items);
    }

    /// An operator or context: a node without fields.
    fn tag(&mut self, name: &'static str, class: &'static str) {
        self.sink.field(name);
        self.class(class, |_| {});
    }

    fn context(&mut self, ctx: ExprContext) {
        self.tag("ctx", ctx.name());
    }

    fn constant(&mut self, value: &Constant<'_>) {
        self.sink.field("value");
        self.sink.constant(value);
    }

    fn conversion(&mut self, conversion: Conversion) {
        self.number("conversion", conversion as i32);
    }

    /// What a comment says about the type of a node, if one does.
    fn type_comment(&mut self, node: NodeId) {
        if let Some(text) = self.comments.and_then(|comments| comments.of(node)) {
            self.name("type_comment", text);
        }
    }

    /// The four attributes.
    fn place(&mut self, span: Span) {
        if !self.has_places {
            return;
        }
        let (start, end) = (self.lines.position(span.start), self.lines.position(span.end));
        self.number("lineno", start.line);
        self.number("col_offset", start.column);
        self.number("end_lineno", end.line);
        self.number("end_col_offset", end.column);
    }
}

impl Describe for Expr<'_> {
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        walk.class(expr_class(&self.kind), |f| {
            expr_fields(f, &self.kind);
            f.place(self.span);
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
fn expr_fields<S: Sink>(f: &mut Walk<'_, S>, kind: &ExprKind<'_>) {
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
            f.optional_name("kind", kind.copied());
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
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        walk.class(stmt_class(&self.kind), |f| {
            stmt_fields(f, &self.kind);
            f.type_comment(self.id);
            f.place(self.span);
        });
    }
}

#[allow(clippy::too_many_lines, reason = "one case per line of the ASDL")]
fn stmt_fields<S: Sink>(f: &mut Walk<'_, S>, kind: &StmtKind<'_>) {
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
            f.number("simple", i32::from(simple));
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
            f.number("level", level);
        }
        StmtKind::Global { names } | StmtKind::Nonlocal { names } => f.names("names", names),
        StmtKind::Expr { value } => f.node("value", value),
        StmtKind::Pass | StmtKind::Break | StmtKind::Continue => {}
    }
}

impl Describe for Pattern<'_> {
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        walk.class(pattern_class(&self.kind), |f| {
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
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        walk.class("arguments", |f| {
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
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        walk.class("arg", |f| {
            f.name("arg", self.arg);
            f.optional("annotation", self.annotation);
            f.type_comment(self.id);
            f.place(self.span);
        });
    }
}

impl Describe for Keyword<'_> {
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        walk.class("keyword", |f| {
            f.optional_name("arg", self.arg);
            f.node("value", self.value);
            f.place(self.span);
        });
    }
}

impl Describe for Comprehension<'_> {
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        walk.class("comprehension", |f| {
            f.node("target", self.target);
            f.node("iter", self.iter);
            f.list("ifs", self.ifs);
            f.number("is_async", i32::from(self.is_async));
        });
    }
}

impl Describe for ExceptHandler<'_> {
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        walk.class("ExceptHandler", |f| {
            f.optional("type", self.type_);
            f.optional_name("name", self.name);
            f.list("body", self.body);
            f.place(self.span);
        });
    }
}

impl Describe for Alias<'_> {
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        walk.class("alias", |f| {
            f.name("name", self.name);
            f.optional_name("asname", self.asname);
            f.place(self.span);
        });
    }
}

impl Describe for WithItem<'_> {
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        walk.class("withitem", |f| {
            f.node("context_expr", self.context_expr);
            f.optional("optional_vars", self.optional_vars);
        });
    }
}

impl Describe for MatchCase<'_> {
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        walk.class("match_case", |f| {
            f.node("pattern", self.pattern);
            f.optional("guard", self.guard);
            f.list("body", self.body);
        });
    }
}

impl Describe for TypeParam<'_> {
    fn describe<S: Sink>(&self, walk: &mut Walk<'_, S>) {
        walk.class(type_param_class(&self.kind), |f| {
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
