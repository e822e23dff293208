//! The patterns of `match` statements.

use parser::ast::{Constant, Expr, ExprKind, Operator, Pattern, PatternKind, UnaryOp};
use runtime::objects;
use runtime::raise;
use runtime::value::{PyResult, Value};

use super::Reader;

impl<'a> Reader<'a> {
    pub(super) fn pattern_field(
        &mut self,
        node: Value,
        class: &str,
        name: &str,
    ) -> PyResult<&'a Pattern<'a>> {
        let value = self.required(node, class, name)?;
        self.pattern(value.value(), false)
    }

    fn patterns(&mut self, node: Value, class: &str, name: &str, star: bool) -> PyResult<&'a [Pattern<'a>]> {
        self.list(node, class, name, |reader, item| reader.pattern(item, star).copied())
    }

    /// A pattern; `star` says whether `*rest` may stand here.
    fn pattern(&mut self, node: Value, star: bool) -> PyResult<&'a Pattern<'a>> {
        self.check_depth()?;
        let Some(class) = self.class(node) else { return self.unexpected("pattern", node) };
        let span = self.place(node, "pattern")?;
        let kind = match class {
            "MatchValue" => {
                let value = self.child(node, class, "value")?;
                if !is_pattern_value(value) {
                    return Err(raise!(ValueError, "patterns may only match literals and attribute lookups"));
                }
                PatternKind::MatchValue { value }
            }
            "MatchSingleton" => PatternKind::MatchSingleton { value: self.singleton(node, class)? },
            "MatchSequence" => {
                PatternKind::MatchSequence { patterns: self.patterns(node, class, "patterns", true)? }
            }
            "MatchMapping" => self.mapping(node, class)?,
            "MatchClass" => self.class_pattern(node, class)?,
            "MatchStar" if star => PatternKind::MatchStar { name: self.capture(node, "name")? },
            "MatchStar" => return Err(raise!(ValueError, "can't use MatchStar here")),
            "MatchAs" => self.capture_pattern(node)?,
            "MatchOr" => {
                let patterns = self.patterns(node, class, "patterns", false)?;
                if patterns.len() < 2 {
                    return Err(raise!(ValueError, "MatchOr requires at least 2 patterns"));
                }
                PatternKind::MatchOr { patterns }
            }
            _ => return self.unexpected("pattern", node),
        };
        Ok(self.nodes.pattern(span, kind))
    }

    fn singleton(&mut self, node: Value, class: &str) -> PyResult<Constant<'a>> {
        let value = self.field(node, class, "value")?;
        let value = value.value();
        if objects::is_none(value) {
            Ok(Constant::None)
        } else if value == objects::bool(true) || value == objects::bool(false) {
            Ok(Constant::Bool(value == objects::bool(true)))
        } else {
            Err(raise!(ValueError, "MatchSingleton can only contain True, False and None"))
        }
    }

    fn mapping(&mut self, node: Value, class: &str) -> PyResult<PatternKind<'a>> {
        let keys = self.children(node, class, "keys")?;
        let patterns = self.patterns(node, class, "patterns", false)?;
        if keys.len() != patterns.len() {
            return Err(raise!(ValueError, "MatchMapping doesn't have the same number of keys as patterns"));
        }
        let is_key = |key: &Expr<'_>| {
            let is_singleton =
                matches!(key.kind, ExprKind::Constant { value: Constant::None | Constant::Bool(_), .. });
            is_singleton || is_pattern_value(key)
        };
        if !keys.iter().all(is_key) {
            return Err(raise!(ValueError, "patterns may only match literals and attribute lookups"));
        }
        Ok(PatternKind::MatchMapping { keys, patterns, rest: self.capture(node, "rest")? })
    }

    fn class_pattern(&mut self, node: Value, class: &str) -> PyResult<PatternKind<'a>> {
        let cls = self.child(node, class, "cls")?;
        if !is_dotted_name(cls) {
            return Err(raise!(ValueError, "MatchClass cls field can only contain Name or Attribute nodes."));
        }
        let patterns = self.patterns(node, class, "patterns", false)?;
        let kwd_attrs = self.list(node, class, "kwd_attrs", Self::identifier)?;
        let kwd_patterns = self.patterns(node, class, "kwd_patterns", false)?;
        if kwd_attrs.len() != kwd_patterns.len() {
            return Err(raise!(
                ValueError,
                "MatchClass doesn't have the same number of keyword attributes as patterns"
            ));
        }
        Ok(PatternKind::MatchClass { cls, patterns, kwd_attrs, kwd_patterns })
    }

    fn capture_pattern(&mut self, node: Value) -> PyResult<PatternKind<'a>> {
        let pattern = match self.optional_field(node, "pattern")? {
            Some(inner) => Some(self.pattern(inner.value(), false)?),
            None => None,
        };
        let name = self.capture(node, "name")?;
        if pattern.is_some() && name.is_none() {
            return Err(raise!(ValueError, "MatchAs must specify a target name if a pattern is given"));
        }
        Ok(PatternKind::MatchAs { pattern, name })
    }

    fn capture(&mut self, node: Value, field: &str) -> PyResult<Option<&'a str>> {
        let name = self.optional_name(node, field)?;
        if name == Some("_") {
            return Err(raise!(ValueError, "can't capture name '_' in patterns"));
        }
        Ok(name)
    }
}

/// Whether an expression is a literal, a signed or complex number, an f-string or a dotted name.
fn is_pattern_value(value: &Expr<'_>) -> bool {
    match value.kind {
        ExprKind::Constant { value, .. } => {
            !matches!(value, Constant::None | Constant::Bool(_) | Constant::Ellipsis)
        }
        ExprKind::Attribute { .. } => is_dotted_name(value),
        ExprKind::UnaryOp { op: UnaryOp::USub, operand } => is_number(operand),
        ExprKind::BinOp { left, op: Operator::Add | Operator::Sub, right } => {
            let left =
                if let ExprKind::UnaryOp { op: UnaryOp::USub, operand } = left.kind { operand } else { left };
            is_number(left) && is_number(right)
        }
        ExprKind::JoinedStr { .. } => true,
        _ => false,
    }
}

fn is_number(value: &Expr<'_>) -> bool {
    matches!(
        value.kind,
        ExprKind::Constant { value: Constant::Int(_) | Constant::Float(_) | Constant::Complex(_), .. }
    )
}

fn is_dotted_name(value: &Expr<'_>) -> bool {
    let mut value = value;
    while let ExprKind::Attribute { value: inner, .. } = value.kind {
        value = inner;
    }
    value.as_name().is_some()
}
