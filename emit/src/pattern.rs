//! `match` statements.
//!
//! A pattern consumes the subject on top of the stack. Captured values stay on the stack, below the values that are still
//! being looked at, until the whole pattern has matched; a failure jumps to the label that pops just as many entries as
//! are there. (CPython: `compiler_pattern` in `compile.c`.)

use base::Span;
use bytecode::{BinaryOp, CompareOp, Const, Opcode};
use parser::ast::{Expr, ExprKind, MatchCase, Pattern, PatternKind};

use crate::block::Label;
use crate::error::Emit;
use crate::fold;
use crate::literal_key;
use crate::module::Emitter;

/// State of one `case`.
#[derive(Default)]
struct Context {
    /// Names captured so far; their values are on the stack, the last one deepest.
    stores: Vec<String>,
    /// Label `n` pops `n` entries and goes to the next case.
    fail_pop: Vec<Label>,
    /// Whether a pattern that always matches is allowed.
    allow_irrefutable: bool,
    /// Entries above the captured values.
    on_top: usize,
}

impl<'a> Emitter<'a, '_> {
    pub(crate) fn match_(&mut self, subject: &'a Expr<'a>, cases: &'a [MatchCase<'a>]) -> Emit {
        self.expr(subject)?;
        let end = self.block().label();
        let depth = self.block().depth();
        for (at, case) in cases.iter().enumerate() {
            let is_last = at + 1 == cases.len();
            self.at(case.pattern.span);
            if !is_last {
                self.block().op(Opcode::COPY, 1);
            }
            let mut context =
                Context { allow_irrefutable: case.guard.is_some() || is_last, ..Context::default() };
            self.pattern(case.pattern, &mut context)?;
            self.at(case.pattern.span);
            for name in std::mem::take(&mut context.stores) {
                self.store_name(&name);
            }
            if let Some(guard) = case.guard {
                self.ensure_fail_pop(&mut context, 0);
                self.jump_if(guard, false, context.fail_pop[0])?;
            }
            if !is_last {
                self.at(case.pattern.span);
                self.block().op0(Opcode::POP_TOP);
            }
            self.stmts(case.body)?;
            self.nowhere();
            self.block().jump(Opcode::JUMP, end);
            self.block().continue_dead_at(if is_last { depth - 1 } else { depth });
            self.at(case.pattern.span);
            self.reset_fail_pop(&mut context);
        }
        self.block().mark(end);
        Ok(())
    }

    // --- Failing ---

    fn ensure_fail_pop(&mut self, context: &mut Context, pops: usize) {
        while context.fail_pop.len() <= pops {
            let label = self.block().label();
            context.fail_pop.push(label);
        }
    }

    /// Jumps to where everything of this case is popped.
    fn jump_to_fail(&mut self, context: &mut Context, opcode: Opcode) {
        let pops = context.on_top + context.stores.len();
        self.ensure_fail_pop(context, pops);
        self.block().jump(opcode, context.fail_pop[pops]);
    }

    fn reset_fail_pop(&mut self, context: &mut Context) {
        let labels = std::mem::take(&mut context.fail_pop);
        let Some((first, rest)) = labels.split_first() else { return };
        let base = self.block().depth();
        for (at, label) in rest.iter().enumerate().rev() {
            if !self.block().is_reachable() {
                self.block().continue_dead_at(base + at as u32 + 1);
            }
            self.block().mark(*label);
            self.block().op0(Opcode::POP_TOP);
        }
        self.block().mark(*first);
    }

    // --- Capturing ---

    /// Moves the top entry below `count - 1` others.
    fn rotate(&mut self, count: usize) {
        for depth in (2..=count).rev() {
            self.block().op(Opcode::SWAP, depth as u32);
        }
    }

    fn capture(&mut self, name: Option<&str>, span: Span, context: &mut Context) -> Emit {
        let Some(name) = name else {
            self.block().op0(Opcode::POP_TOP);
            return Ok(());
        };
        if context.stores.iter().any(|known| known == name) {
            return self.error(span, format!("multiple assignments to name '{name}' in pattern"));
        }
        self.rotate(context.on_top + context.stores.len() + 1);
        context.stores.push(name.to_owned());
        Ok(())
    }

    // --- Patterns ---

    /// `subject --`, or a jump to where it and everything above the statement's own entries is popped.
    fn pattern(&mut self, pattern: &'a Pattern<'a>, context: &mut Context) -> Emit {
        let range = self.at(pattern.span);
        self.match_pattern(pattern, context)?;
        self.block().set_range(range);
        Ok(())
    }

    fn match_pattern(&mut self, pattern: &'a Pattern<'a>, context: &mut Context) -> Emit {
        match pattern.kind {
            PatternKind::MatchValue { value: Expr { kind: ExprKind::JoinedStr { .. }, .. } } => {
                self.error(pattern.span, "patterns may only match literals and attribute lookups")
            }
            PatternKind::MatchValue { value } => {
                self.expr(value)?;
                self.at(pattern.span);
                match self.is_identity(value.id) {
                    true => self.block().op(Opcode::IS_OP, 0),
                    false => self.block().op(Opcode::COMPARE_OP, CompareOp::Equal as u32),
                }
                self.jump_to_fail(context, Opcode::POP_JUMP_IF_FALSE);
                Ok(())
            }
            PatternKind::MatchSingleton { value } => {
                self.load_const(fold::literal(value));
                self.block().op(Opcode::IS_OP, 0);
                self.jump_to_fail(context, Opcode::POP_JUMP_IF_FALSE);
                Ok(())
            }
            PatternKind::MatchSequence { patterns } => self.sequence_pattern(pattern, patterns, context),
            PatternKind::MatchMapping { keys, patterns, rest } => {
                self.mapping_pattern(pattern, keys, patterns, rest, context)
            }
            PatternKind::MatchClass { cls, patterns, kwd_attrs, kwd_patterns } => {
                self.class_pattern(pattern, cls, patterns, kwd_attrs, kwd_patterns, context)
            }
            PatternKind::MatchStar { name } => self.capture(name, pattern.span, context),
            PatternKind::MatchAs { pattern: None, name } => self.irrefutable_pattern(pattern, name, context),
            PatternKind::MatchAs { pattern: Some(inner), name } => {
                context.on_top += 1;
                self.block().op(Opcode::COPY, 1);
                // A name does not make a pattern refutable.
                self.pattern(inner, context)?;
                context.on_top -= 1;
                self.capture(name, pattern.span, context)
            }
            PatternKind::MatchOr { patterns } => self.or_pattern(pattern, patterns, context),
        }
    }

    /// A pattern that is part of another: it may match anything.
    fn inner_pattern(&mut self, pattern: &'a Pattern<'a>, context: &mut Context) -> Emit {
        let outer = std::mem::replace(&mut context.allow_irrefutable, true);
        self.pattern(pattern, context)?;
        context.allow_irrefutable = outer;
        Ok(())
    }

    fn irrefutable_pattern(
        &mut self,
        pattern: &Pattern<'a>,
        name: Option<&str>,
        context: &mut Context,
    ) -> Emit {
        if !context.allow_irrefutable {
            let message = match name {
                Some(name) => format!("name capture '{name}' makes remaining patterns unreachable"),
                None => "wildcard makes remaining patterns unreachable".to_owned(),
            };
            return self.error(pattern.span, message);
        }
        self.capture(name, pattern.span, context)
    }

    fn sequence_pattern(
        &mut self,
        pattern: &Pattern<'a>,
        patterns: &'a [Pattern<'a>],
        context: &mut Context,
    ) -> Emit {
        let star = patterns.iter().position(is_star);
        if let Some(star) = star
            && patterns[star + 1..].iter().any(is_star)
        {
            return self.error(pattern.span, "multiple starred names in sequence pattern");
        }
        let only_wildcards = patterns.iter().all(|inner| is_wildcard(inner) || is_star_wildcard(inner));
        context.on_top += 1;
        self.block().op0(Opcode::MATCH_SEQUENCE);
        self.jump_to_fail(context, Opcode::POP_JUMP_IF_FALSE);
        let least = patterns.len() - star.is_some() as usize;
        if star.is_none() || least > 0 {
            self.block().op0(Opcode::GET_LEN);
            self.load_const(Const::Int(least as i64));
            let operator = if star.is_some() { CompareOp::GreaterEqual } else { CompareOp::Equal };
            self.block().op(Opcode::COMPARE_OP, operator as u32);
            self.jump_to_fail(context, Opcode::POP_JUMP_IF_FALSE);
        }
        context.on_top -= 1;
        if only_wildcards {
            self.block().op0(Opcode::POP_TOP);
            Ok(())
        } else if star.is_some_and(|star| is_star_wildcard(&patterns[star])) {
            self.subscript_items(patterns, star.unwrap_or(0), context)
        } else {
            self.unpack_items(patterns, star, context)
        }
    }

    fn unpack_items(
        &mut self,
        patterns: &'a [Pattern<'a>],
        star: Option<usize>,
        context: &mut Context,
    ) -> Emit {
        match star {
            Some(star) => {
                let after = (patterns.len() - star - 1) as u32;
                self.block().op(Opcode::UNPACK_EX, star as u32 | after << 12);
            }
            None => self.block().op(Opcode::UNPACK_SEQUENCE, patterns.len() as u32),
        }
        context.on_top += patterns.len();
        for inner in patterns {
            context.on_top -= 1;
            self.inner_pattern(inner, context)?;
        }
        Ok(())
    }

    /// Around a nameless star, items are fetched one by one and the middle is never copied.
    fn subscript_items(&mut self, patterns: &'a [Pattern<'a>], star: usize, context: &mut Context) -> Emit {
        context.on_top += 1;
        for (at, inner) in patterns.iter().enumerate() {
            if at == star || is_wildcard(inner) {
                continue;
            }
            self.block().op(Opcode::COPY, 1);
            if at < star {
                self.load_const(Const::Int(at as i64));
            } else {
                self.block().op0(Opcode::GET_LEN);
                self.load_const(Const::Int((patterns.len() - at) as i64));
                self.block().op(Opcode::BINARY_OP, BinaryOp::Subtract as u32);
            }
            self.block().op0(Opcode::BINARY_SUBSCR);
            self.inner_pattern(inner, context)?;
        }
        context.on_top -= 1;
        self.block().op0(Opcode::POP_TOP);
        Ok(())
    }

    fn class_pattern(
        &mut self,
        pattern: &Pattern<'a>,
        cls: &'a Expr<'a>,
        patterns: &'a [Pattern<'a>],
        kwd_attrs: &'a [&'a str],
        kwd_patterns: &'a [Pattern<'a>],
        context: &mut Context,
    ) -> Emit {
        for (at, attr) in kwd_attrs.iter().enumerate() {
            if kwd_attrs[..at].contains(attr) {
                let message = format!("attribute name repeated in class pattern: {attr}");
                return self.error(kwd_patterns[at].span, message);
            }
        }
        self.expr(cls)?;
        self.at(pattern.span);
        self.load_const(Const::Tuple(kwd_attrs.iter().map(|attr| Const::str(attr)).collect()));
        self.block().op(Opcode::MATCH_CLASS, patterns.len() as u32);
        self.block().op(Opcode::COPY, 1);
        context.on_top += 1;
        self.jump_to_fail(context, Opcode::POP_JUMP_IF_NONE);
        let count = patterns.len() + kwd_patterns.len();
        self.block().op(Opcode::UNPACK_SEQUENCE, count as u32);
        context.on_top = context.on_top + count - 1;
        for inner in patterns.iter().chain(kwd_patterns) {
            context.on_top -= 1;
            self.inner_pattern(inner, context)?;
        }
        Ok(())
    }

    /// Keys are literals, of which no two are equal, or dotted names.
    fn check_keys(&self, pattern: &Pattern<'a>, keys: &'a [Expr<'a>]) -> Emit {
        let mut seen: Vec<Const> = Vec::new();
        for key in keys {
            match fold::constant(key) {
                Some(constant) if seen.iter().any(|other| literal_key::are_equal(other, &constant)) => {
                    let shown = literal_key::shown(key, &constant);
                    return self
                        .error(pattern.span, format!("mapping pattern checks duplicate key ({shown})"));
                }
                Some(constant) => seen.push(constant),
                None if matches!(key.kind, ExprKind::Attribute { .. } | ExprKind::BinOp { .. }) => {}
                None => {
                    let message = "mapping pattern keys may only match literals and attribute lookups";
                    return self.error(pattern.span, message);
                }
            }
        }
        Ok(())
    }

    fn mapping_pattern(
        &mut self,
        pattern: &Pattern<'a>,
        keys: &'a [Expr<'a>],
        patterns: &'a [Pattern<'a>],
        rest: Option<&'a str>,
        context: &mut Context,
    ) -> Emit {
        self.check_keys(pattern, keys)?;
        context.on_top += 1;
        self.block().op0(Opcode::MATCH_MAPPING);
        self.jump_to_fail(context, Opcode::POP_JUMP_IF_FALSE);
        if keys.is_empty() && rest.is_none() {
            context.on_top -= 1;
            self.block().op0(Opcode::POP_TOP);
            return Ok(());
        }
        let count = keys.len();
        if count > 0 {
            self.block().op0(Opcode::GET_LEN);
            self.load_const(Const::Int(count as i64));
            self.block().op(Opcode::COMPARE_OP, CompareOp::GreaterEqual as u32);
            self.jump_to_fail(context, Opcode::POP_JUMP_IF_FALSE);
        }
        keys.iter().try_for_each(|key| self.expr(key))?;
        self.at(pattern.span);
        self.block().op(Opcode::BUILD_TUPLE, count as u32);
        self.block().op0(Opcode::MATCH_KEYS);
        context.on_top += 2;
        self.block().op(Opcode::COPY, 1);
        self.jump_to_fail(context, Opcode::POP_JUMP_IF_NONE);
        self.block().op(Opcode::UNPACK_SEQUENCE, count as u32);
        context.on_top = context.on_top + count - 1;
        for inner in patterns {
            context.on_top -= 1;
            self.inner_pattern(inner, context)?;
        }
        context.on_top -= 2;
        self.mapping_rest(pattern, count as u32, rest, context)
    }

    /// `subject, keys --`: what the keys leave over goes to `rest`.
    fn mapping_rest(
        &mut self,
        pattern: &Pattern<'a>,
        count: u32,
        rest: Option<&str>,
        context: &mut Context,
    ) -> Emit {
        if rest.is_none() {
            self.block().op0(Opcode::POP_TOP);
            self.block().op0(Opcode::POP_TOP);
            return Ok(());
        }
        self.block().op(Opcode::BUILD_MAP, 0);
        self.block().op(Opcode::SWAP, 3);
        self.block().op(Opcode::DICT_UPDATE, 2);
        self.block().op(Opcode::UNPACK_SEQUENCE, count);
        for left in (1..=count).rev() {
            self.block().op(Opcode::COPY, 1 + left);
            self.block().op(Opcode::SWAP, 2);
            self.block().op0(Opcode::DELETE_SUBSCR);
        }
        self.capture(rest, pattern.span, context)
    }

    fn or_pattern(
        &mut self,
        pattern: &Pattern<'a>,
        patterns: &'a [Pattern<'a>],
        context: &mut Context,
    ) -> Emit {
        let end = self.block().label();
        let depth = self.block().depth();
        let mut control: Vec<String> = Vec::new();
        for (at, alternative) in patterns.iter().enumerate() {
            let is_last = at + 1 == patterns.len();
            let allow_irrefutable = is_last && context.allow_irrefutable;
            let mut inner = Context { allow_irrefutable, ..Context::default() };
            self.at(alternative.span);
            self.block().op(Opcode::COPY, 1);
            self.pattern(alternative, &mut inner)?;
            // Captures are put in order, and what is left over is dropped, at the alternative.
            if at == 0 {
                control.clone_from(&inner.stores);
            } else {
                self.reorder_captures(pattern, &control, inner.stores.clone())?;
            }
            self.block().jump(Opcode::JUMP, end);
            self.block().continue_dead_at(depth);
            self.reset_fail_pop(&mut inner);
        }
        // No alternative matched.
        self.at(pattern.span);
        self.block().op0(Opcode::POP_TOP);
        self.jump_to_fail(context, Opcode::JUMP);
        self.block().mark(end);
        let rotations = control.len() + 1 + context.on_top + context.stores.len();
        for name in control {
            self.rotate(rotations);
            if context.stores.contains(&name) {
                return self.error(pattern.span, format!("multiple assignments to name '{name}' in pattern"));
            }
            context.stores.push(name);
        }
        self.block().op0(Opcode::POP_TOP);
        Ok(())
    }

    /// Brings the captures of an alternative into the order of the first one.
    fn reorder_captures(
        &mut self,
        pattern: &Pattern<'a>,
        control: &[String],
        mut stores: Vec<String>,
    ) -> Emit {
        let differ = stores.len() != control.len() || control.iter().any(|name| !stores.contains(name));
        if differ {
            return self.error(pattern.span, "alternative patterns bind different names");
        }
        // The top of the stack is the first name.
        for (at, wanted) in control.iter().enumerate() {
            let found = stores.iter().position(|name| name == wanted).expect("the same names");
            if found == at {
                continue;
            }
            // Exchange through the top: positions count from the top, 1 is the first name.
            if at > 0 {
                self.block().op(Opcode::SWAP, at as u32 + 1);
            }
            self.block().op(Opcode::SWAP, found as u32 + 1);
            if at > 0 {
                self.block().op(Opcode::SWAP, at as u32 + 1);
            }
            stores.swap(at, found);
        }
        Ok(())
    }
}

fn is_star(pattern: &Pattern<'_>) -> bool {
    matches!(pattern.kind, PatternKind::MatchStar { .. })
}

fn is_star_wildcard(pattern: &Pattern<'_>) -> bool {
    matches!(pattern.kind, PatternKind::MatchStar { name: None })
}

fn is_wildcard(pattern: &Pattern<'_>) -> bool {
    matches!(pattern.kind, PatternKind::MatchAs { pattern: None, name: None })
}
