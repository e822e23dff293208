//! Statements, and the small nodes that only occur inside them.

use base::Span;
use parser::ast::{
    Alias, ClassDef, ExceptHandler, ExprContext, FunctionDef, MatchCase, Stmt, StmtKind, Thin, Try,
    TypeParam, TypeParamKind, WithItem,
};
use runtime::raise;
use runtime::value::{PyResult, Value};

use super::Reader;

impl<'a> Reader<'a> {
    pub(super) fn stmts(&mut self, node: Value, class: &str, name: &str) -> PyResult<&'a [Stmt<'a>]> {
        self.list(node, class, name, |reader, item| reader.stmt(item).copied())
    }

    fn orelse(&mut self, node: Value, class: &str) -> PyResult<Thin<'a, [Stmt<'a>]>> {
        Ok(self.arena.alloc(self.stmts(node, class, "orelse")?))
    }

    /// The field `body`, which must not be empty.
    fn body(&mut self, node: Value, class: &str) -> PyResult<&'a [Stmt<'a>]> {
        let body = self.stmts(node, class, "body")?;
        Self::filled(body, "body", class)
    }

    fn stmt(&mut self, node: Value) -> PyResult<&'a Stmt<'a>> {
        self.check_depth()?;
        if runtime::objects::is_none(node) {
            return Err(raise!(ValueError, "None disallowed in statement list"));
        }
        let Some(class) = self.class(node) else { return self.unexpected("stmt", node) };
        let span = self.place(node, "stmt")?;
        let kind = match self.definition(node, class, span)? {
            Some(kind) => kind,
            None => match self.compound(node, class)? {
                Some(kind) => kind,
                None => self.simple(node, class)?,
            },
        };
        Ok(self.nodes.stmt(span, kind))
    }

    // --- Definitions ---

    fn definition(&mut self, node: Value, class: &str, span: Span) -> PyResult<Option<StmtKind<'a>>> {
        Ok(Some(match class {
            "FunctionDef" => StmtKind::FunctionDef(self.function(node, class, span)?),
            "AsyncFunctionDef" => StmtKind::AsyncFunctionDef(self.function(node, class, span)?),
            "ClassDef" => {
                let def = ClassDef {
                    name: self.name_field(node, class, "name")?,
                    name_span: span,
                    bases: self.children(node, class, "bases")?,
                    keywords: self.keywords(node, class)?,
                    body: self.body(node, class)?,
                    decorator_list: self.children(node, class, "decorator_list")?,
                    type_params: self.type_params(node, class)?,
                };
                StmtKind::ClassDef(self.arena.alloc(def))
            }
            _ => return Ok(None),
        }))
    }

    fn function(&mut self, node: Value, class: &str, span: Span) -> PyResult<&'a FunctionDef<'a>> {
        let def = FunctionDef {
            name: self.name_field(node, class, "name")?,
            name_span: span,
            args: self.arguments(node, class)?,
            body: self.body(node, class)?,
            decorator_list: self.children(node, class, "decorator_list")?,
            returns: self.optional_child(node, "returns")?,
            type_params: self.type_params(node, class)?,
        };
        Ok(self.arena.alloc(def))
    }

    fn type_params(&mut self, node: Value, class: &str) -> PyResult<&'a [TypeParam<'a>]> {
        self.list(node, class, "type_params", |reader, item| {
            let Some(class) = reader.class(item) else { return reader.unexpected("type_param", item) };
            let span = reader.place(item, "type_param")?;
            let name = reader.name_field(item, class, "name")?;
            let default_value = reader.optional_child(item, "default_value")?;
            let kind = match class {
                "TypeVar" => {
                    let bound = reader.optional_child(item, "bound")?;
                    TypeParamKind::TypeVar { name, bound, default_value }
                }
                "ParamSpec" => TypeParamKind::ParamSpec { name, default_value },
                "TypeVarTuple" => TypeParamKind::TypeVarTuple { name, default_value },
                _ => return reader.unexpected("type_param", item),
            };
            Ok(TypeParam { id: reader.nodes.id(), span, kind })
        })
    }

    // --- Compound statements ---

    fn compound(&mut self, node: Value, class: &str) -> PyResult<Option<StmtKind<'a>>> {
        Ok(Some(match class {
            "For" | "AsyncFor" => {
                let target = self.child_in(node, class, "target", ExprContext::Store)?;
                let iter = self.child(node, class, "iter")?;
                let (body, orelse) = (self.body(node, class)?, self.orelse(node, class)?);
                if class == "For" {
                    StmtKind::For { target, iter, body, orelse }
                } else {
                    StmtKind::AsyncFor { target, iter, body, orelse }
                }
            }
            "While" | "If" => {
                let test = self.child(node, class, "test")?;
                let (body, orelse) = (self.body(node, class)?, self.orelse(node, class)?);
                if class == "While" {
                    StmtKind::While { test, body, orelse }
                } else {
                    StmtKind::If { test, body, orelse }
                }
            }
            "With" | "AsyncWith" => {
                let items = self.with_items(node, class)?;
                let body = self.body(node, class)?;
                if class == "With" {
                    StmtKind::With { items, body }
                } else {
                    StmtKind::AsyncWith { items, body }
                }
            }
            "Match" => StmtKind::Match {
                subject: self.child(node, class, "subject")?,
                cases: self.match_cases(node, class)?,
            },
            "Try" => StmtKind::Try(self.try_(node, class)?),
            "TryStar" => StmtKind::TryStar(self.try_(node, class)?),
            _ => return Ok(None),
        }))
    }

    fn with_items(&mut self, node: Value, class: &str) -> PyResult<&'a [WithItem<'a>]> {
        let items = self.list(node, class, "items", |reader, item| {
            let class = "withitem";
            if reader.class(item) != Some(class) {
                return reader.unexpected(class, item);
            }
            let context_expr = reader.child(item, class, "context_expr")?;
            let optional_vars = match reader.optional_field(item, "optional_vars")? {
                Some(target) => Some(reader.expr(target.value(), ExprContext::Store)?),
                None => None,
            };
            Ok(WithItem { context_expr, optional_vars })
        })?;
        Self::filled(items, "items", class)
    }

    fn match_cases(&mut self, node: Value, class: &str) -> PyResult<&'a [MatchCase<'a>]> {
        let cases = self.list(node, class, "cases", |reader, item| {
            let class = "match_case";
            if reader.class(item) != Some(class) {
                return reader.unexpected(class, item);
            }
            Ok(MatchCase {
                id: reader.nodes.id(),
                pattern: reader.pattern_field(item, class, "pattern")?,
                guard: reader.optional_child(item, "guard")?,
                body: reader.body(item, class)?,
            })
        })?;
        Self::filled(cases, "cases", class)
    }

    fn try_(&mut self, node: Value, class: &str) -> PyResult<&'a Try<'a>> {
        let body = self.body(node, class)?;
        let handlers = self.list(node, class, "handlers", |reader, item| {
            let kind = "ExceptHandler";
            if reader.class(item) != Some(kind) {
                return reader.unexpected("excepthandler", item);
            }
            Ok(ExceptHandler {
                id: reader.nodes.id(),
                span: reader.place(item, "excepthandler")?,
                type_: reader.optional_child(item, "type")?,
                name: reader.optional_name(item, "name")?,
                body: reader.body(item, kind)?,
            })
        })?;
        let orelse = self.stmts(node, class, "orelse")?;
        let finalbody = self.stmts(node, class, "finalbody")?;
        if handlers.is_empty() && finalbody.is_empty() {
            return Err(raise!(ValueError, "{class} has neither except handlers nor finalbody"));
        }
        if handlers.is_empty() && !orelse.is_empty() {
            return Err(raise!(ValueError, "{class} has orelse but no except handlers"));
        }
        if class == "TryStar" && handlers.iter().any(|handler| handler.type_.is_none()) {
            return Err(raise!(SyntaxError, "expected one or more exception types"));
        }
        Ok(self.arena.alloc(Try { body, handlers, orelse, finalbody }))
    }

    // --- Simple statements ---

    fn simple(&mut self, node: Value, class: &str) -> PyResult<StmtKind<'a>> {
        Ok(match class {
            "Return" => StmtKind::Return { value: self.optional_child(node, "value")? },
            "Delete" => {
                let targets = self.children_in(node, class, "targets", ExprContext::Del)?;
                StmtKind::Delete { targets: Self::filled(targets, "targets", class)? }
            }
            "Assign" => {
                let targets = self.children_in(node, class, "targets", ExprContext::Store)?;
                let targets = Self::filled(targets, "targets", class)?;
                StmtKind::Assign { targets, value: self.child(node, class, "value")? }
            }
            "TypeAlias" => {
                let name = self.child_in(node, class, "name", ExprContext::Store)?;
                if name.as_name().is_none() {
                    return Err(raise!(TypeError, "TypeAlias with non-Name name"));
                }
                let type_params = self.type_params(node, class)?;
                StmtKind::TypeAlias { name, type_params, value: self.child(node, class, "value")? }
            }
            "AugAssign" => StmtKind::AugAssign {
                target: self.child_in(node, class, "target", ExprContext::Store)?,
                op: self.operator(node, class)?,
                value: self.child(node, class, "value")?,
            },
            "AnnAssign" => self.annotated(node, class)?,
            "Raise" => {
                let (exc, cause) = (self.optional_child(node, "exc")?, self.optional_child(node, "cause")?);
                if exc.is_none() && cause.is_some() {
                    return Err(raise!(ValueError, "Raise with cause but no exception"));
                }
                StmtKind::Raise { exc, cause }
            }
            "Assert" => StmtKind::Assert {
                test: self.child(node, class, "test")?,
                msg: self.optional_child(node, "msg")?,
            },
            "Import" => StmtKind::Import { names: self.aliases(node, class)? },
            "ImportFrom" => self.import_from(node, class)?,
            "Global" => StmtKind::Global { names: self.declared(node, class)? },
            "Nonlocal" => StmtKind::Nonlocal { names: self.declared(node, class)? },
            "Expr" => StmtKind::Expr { value: self.child(node, class, "value")? },
            "Pass" => StmtKind::Pass,
            "Break" => StmtKind::Break,
            "Continue" => StmtKind::Continue,
            _ => return self.unexpected("stmt", node),
        })
    }

    fn annotated(&mut self, node: Value, class: &str) -> PyResult<StmtKind<'a>> {
        let target = self.child_in(node, class, "target", ExprContext::Store)?;
        let simple = self.required(node, class, "simple")?;
        let simple = self.number(simple.value())? != 0;
        if simple && target.as_name().is_none() {
            return Err(raise!(TypeError, "AnnAssign with simple non-Name target"));
        }
        Ok(StmtKind::AnnAssign {
            target,
            annotation: self.child(node, class, "annotation")?,
            value: self.optional_child(node, "value")?,
            simple,
        })
    }

    fn import_from(&mut self, node: Value, class: &str) -> PyResult<StmtKind<'a>> {
        let level = match self.optional_field(node, "level")? {
            Some(level) => self.number(level.value())?,
            None => 0,
        };
        if level < 0 {
            return Err(raise!(ValueError, "Negative ImportFrom level"));
        }
        let module = match self.optional_field(node, "module")? {
            Some(module) => Some(self.text(module.value())?),
            None => None,
        };
        let level = u32::try_from(level).unwrap_or(u32::MAX);
        Ok(StmtKind::ImportFrom { module, names: self.aliases(node, class)?, level })
    }

    fn aliases(&mut self, node: Value, class: &str) -> PyResult<&'a [Alias<'a>]> {
        let names = self.list(node, class, "names", |reader, item| {
            let class = "alias";
            if reader.class(item) != Some(class) {
                return reader.unexpected(class, item);
            }
            let name = reader.required(item, class, "name")?;
            Ok(Alias {
                span: reader.place(item, class)?,
                name: reader.text(name.value())?,
                asname: reader.optional_name(item, "asname")?,
            })
        })?;
        Self::filled(names, "names", class)
    }

    fn declared(&mut self, node: Value, class: &str) -> PyResult<&'a [&'a str]> {
        let names = self.list(node, class, "names", Self::identifier)?;
        Self::filled(names, "names", class)
    }
}
