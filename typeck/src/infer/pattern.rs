//! `match`: what each pattern says of the subject when it matches, and what is left when it does not. (`static-python.md` 1.9, PEP 634)
//!
//! A class pattern without parts is `isinstance`, `None` and the bools are `is`, a literal is equality. Patterns that look inside the
//! subject may fail for other reasons, and leave it as it was, unless they take whatever is in fields that every instance has. Captures have the type of what they take, as far as it is known.
//!
//! Cost: each pattern is visited once.

use parser::ast::{Constant, Expr, MatchCase, Pattern, PatternKind};

use super::{Checker, Env, env::join_into};
use crate::program::{ClassId, ClassMember};
use crate::ty::{Literal, Ty, Type, TypeId};

/// What a pattern is compared with.
#[derive(Clone, Copy)]
struct Subject {
    /// What is left of its type.
    id: TypeId,
    /// Whether that is a part of a union, so that nothing may be left in the end.
    is_of_union: bool,
    /// Whether it certainly is of the type.
    is_sure: bool,
}

/// What a pattern leaves of a type.
struct Split {
    /// Of what matches.
    yes: TypeId,
    /// Of what does not.
    no: TypeId,
}

impl<'a> Checker<'_, 'a> {
    pub(super) fn match_(&mut self, env: &mut Env<'a>, subject: &'a Expr<'a>, cases: &'a [MatchCase<'a>]) {
        let whole = self.object(env, subject);
        let is_of_union =
            matches!(self.program.types.get(whole.id), Type::Union(_)) || self.was_union(subject);
        let is_sure = whole.is_sure && !self.program.is_erased(whole.id);
        let (mut going, mut left) = (env.clone(), whole.id);
        let mut after: Option<Env<'a>> = None;
        for case in cases {
            let mut inner = going.clone();
            let split = self.pattern(&mut inner, Subject { id: left, is_of_union, is_sure }, case.pattern);
            if split.yes != left {
                self.refine(&mut inner, subject, split.yes);
                if asks_class(case.pattern, &mut |_| true) {
                    self.claim(&mut inner, subject, whole.id);
                }
            }
            match case.guard {
                Some(guard) => {
                    let (passed, failed) = self.condition(inner, guard);
                    inner = passed;
                    going.join(&failed, self.program);
                }
                None => {
                    left = split.no;
                    self.leave(&mut going, subject, whole, left);
                    let mut is_free =
                        |cls| self.class_of_expr(cls).is_some_and(|class| self.answers_freely(class));
                    if asks_class(case.pattern, &mut is_free) {
                        self.claim(&mut going, subject, whole.id);
                    }
                }
            }
            self.stmts(&mut inner, case.body);
            join_into(&mut after, &inner, self.program);
        }
        join_into(&mut after, &going, self.program);
        *env = after.expect("the state behind the last case has been joined");
    }

    /// No case so far has matched.
    fn leave(&mut self, going: &mut Env<'a>, subject: &'a Expr<'a>, whole: Ty, left: TypeId) {
        let is_exhausted = left == self.program.types.never;
        if is_exhausted && whole.is_sure {
            going.stop();
        } else if left != whole.id && !is_exhausted {
            self.refine(going, subject, left);
        }
    }

    /// Binds what a pattern captures in a value of a type.
    fn pattern(&mut self, env: &mut Env<'a>, ty: Subject, pattern: &'a Pattern<'a>) -> Split {
        let (never, span) = (self.program.types.never, pattern.span);
        match pattern.kind {
            PatternKind::MatchAs { pattern, name } => {
                let split = match pattern {
                    Some(inner) => self.pattern(env, ty, inner),
                    None => Split { yes: ty.id, no: never },
                };
                if let Some(name) = name {
                    self.refuse_object(name, span);
                    self.capture(env, name, split.yes);
                }
                split
            }
            PatternKind::MatchSingleton { value } => self.singleton_pattern(ty.id, &value),
            PatternKind::MatchValue { value } => self.value_pattern(ty, value),
            PatternKind::MatchOr { patterns } => {
                let (mut yes, mut left) = (never, ty.id);
                for inner in patterns {
                    let split = self.pattern(env, Subject { id: left, ..ty }, inner);
                    yes = self.program.types.union([yes, split.yes]);
                    left = split.no;
                }
                Split { yes, no: left }
            }
            PatternKind::MatchClass { cls, patterns, kwd_patterns: [], .. } => {
                self.class_pattern(env, ty, cls, (patterns, &[]))
            }
            PatternKind::MatchClass { cls, patterns, kwd_attrs, kwd_patterns }
                if kwd_patterns.iter().chain(patterns).all(takes_anything) =>
            {
                let split = self.class_pattern(env, ty, cls, (patterns, kwd_attrs));
                self.forget_captures(env, pattern);
                split
            }
            _ => {
                self.forget_captures(env, pattern);
                Split { yes: ty.id, no: ty.id }
            }
        }
    }

    fn capture(&mut self, env: &mut Env<'a>, name: &'a str, ty: TypeId) {
        let Some(var) = self.variable(name) else { return };
        let is_open = self.vars.declared(var).is_none();
        let dynamic = self.program.types.dynamic;
        env.set(var, Ty::expected(if is_open { ty } else { dynamic }));
    }

    fn singleton_pattern(&mut self, ty: TypeId, value: &Constant<'a>) -> Split {
        match value {
            Constant::None if self.program.types.admits_none(ty) => {
                Split { yes: self.program.types.none, no: self.program.types.without_none(ty) }
            }
            Constant::Bool(value) => self.bool_pattern(ty, *value),
            _ => Split { yes: ty, no: ty },
        }
    }

    /// `case True`: by identity.
    fn bool_pattern(&mut self, ty: TypeId, value: bool) -> Split {
        let literal = self.program.types.intern(Type::Literal(Literal::Bool(value)));
        let members = self.program.types.members(ty);
        if !members.contains(&literal) || !members.iter().all(|&member| self.is_single_value(member)) {
            return Split { yes: ty, no: ty };
        }
        let rest: Vec<_> = members.into_iter().filter(|&member| member != literal).collect();
        Split { yes: literal, no: self.program.types.union(rest) }
    }

    /// Whether a type has just one value.
    fn is_single_value(&self, ty: TypeId) -> bool {
        matches!(self.program.types.get(ty), Type::Literal(_) | Type::None)
    }

    fn value_pattern(&mut self, Subject { id: ty, is_sure, .. }: Subject, value: &'a Expr<'a>) -> Split {
        self.facts().identities.remove(&value.id);
        let literal = Literal::of_expr(value).or_else(|| self.member_of(value));
        let Some(literal) = literal else { return Split { yes: ty, no: ty } };
        let member = self.program.types.intern(Type::Literal(literal.clone()));
        if is_sure && self.is_told_by_identity(Ty::sure(ty), Ty::expected(member)) {
            self.facts().identities.insert(value.id);
        }
        let (yes, no) = self.split_by_literals(ty, &[literal]);
        Split { yes, no }
    }

    /// Without parts, `isinstance`. The classes of builtins that match their whole value with one part pass it on.
    fn class_pattern(
        &mut self,
        env: &mut Env<'a>,
        ty: Subject,
        cls: &'a Expr<'a>,
        (parts, names): (&'a [Pattern<'a>], &[&'a str]),
    ) -> Split {
        let class = self.class_of_expr(cls);
        let (known, never) = (self.program.known, self.program.types.never);
        let Some(class) = class else {
            parts.iter().for_each(|part| self.forget_captures(env, part));
            return Split { yes: ty.id, no: ty.id };
        };
        let (yes, no) = self.split_by_classes(ty.id, &[class]);
        match parts {
            [] if names.is_empty() && yes == ty.id && ty.is_of_union => Split { yes, no: never },
            [] if names.is_empty() => Split { yes, no },
            _ if self.has_parts(class, parts, names) => {
                parts.iter().for_each(|part| self.forget_captures(env, part));
                Split { yes, no: if yes == ty.id && ty.is_of_union { never } else { no } }
            }
            [part]
                if names.is_empty()
                    && [known.int, known.str, known.bool, known.list, known.dict, known.set, known.tuple]
                        .contains(&class) =>
            {
                let inner = self.pattern(env, Subject { id: yes, ..ty }, part);
                let is_whole = inner.no == never;
                Split { yes: inner.yes, no: if is_whole { no } else { ty.id } }
            }
            _ => {
                env.forget_fields();
                parts.iter().for_each(|part| self.forget_captures(env, part));
                Split { yes, no: ty.id }
            }
        }
    }

    /// Whether a pattern takes every instance of a class: it names fields, by the order of a dataclass or by name, and takes whatever is in them.
    fn has_parts(&self, class: ClassId, parts: &[Pattern<'a>], names: &[&'a str]) -> bool {
        let is_field = |name: &str| {
            self.program.classes[class].is_static
                && !self.program.has_hook(class, "__getattribute__")
                && matches!(self.program.class_member(class, name), Some((_, ClassMember::Field(_))))
        };
        parts.iter().all(takes_anything)
            && (0..parts.len()).all(|at| self.program.match_name(class, at).is_some_and(is_field))
            && names.iter().all(|name| is_field(name))
    }

    /// What a pattern captures that looks where the checker does not.
    fn forget_captures(&mut self, env: &mut Env<'a>, pattern: &'a Pattern<'a>) {
        let pattern_span = pattern.span;
        match pattern.kind {
            PatternKind::MatchAs { pattern, name } => {
                pattern.into_iter().for_each(|inner| self.forget_captures(env, inner));
                name.into_iter().for_each(|name| self.bind_dynamic(env, name, pattern_span));
            }
            PatternKind::MatchStar { name } => {
                name.into_iter().for_each(|name| self.bind_dynamic(env, name, pattern_span));
            }
            PatternKind::MatchSequence { patterns } | PatternKind::MatchOr { patterns } => {
                patterns.iter().for_each(|inner| self.forget_captures(env, inner));
            }
            PatternKind::MatchMapping { patterns, rest, .. } => {
                patterns.iter().for_each(|inner| self.forget_captures(env, inner));
                rest.into_iter().for_each(|name| self.bind_dynamic(env, name, pattern_span));
            }
            PatternKind::MatchClass { patterns, kwd_patterns, .. } => {
                env.forget_fields();
                patterns.iter().chain(kwd_patterns).for_each(|inner| self.forget_captures(env, inner));
            }
            PatternKind::MatchValue { .. } | PatternKind::MatchSingleton { .. } => {}
        }
    }
}

/// Whether a pattern asks for the class of the whole subject, and for one that is wanted.
fn asks_class<'a>(pattern: &'a Pattern<'a>, is_wanted: &mut dyn FnMut(&'a Expr<'a>) -> bool) -> bool {
    match pattern.kind {
        PatternKind::MatchClass { cls, .. } => is_wanted(cls),
        PatternKind::MatchAs { pattern: Some(inner), .. } => asks_class(inner, is_wanted),
        PatternKind::MatchOr { patterns } => patterns.iter().any(|inner| asks_class(inner, is_wanted)),
        _ => false,
    }
}

/// Whether a pattern is a capture or a wildcard.
fn takes_anything(pattern: &Pattern<'_>) -> bool {
    matches!(pattern.kind, PatternKind::MatchAs { pattern: None, .. })
}
