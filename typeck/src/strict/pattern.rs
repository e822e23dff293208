//! `match`: which case a subject fits. Where that is not known, a case and those behind it are the arms of a branch.

use parser::ast::{MatchCase, Pattern, PatternKind};

use super::Analyser;
use super::value::{Eval, Flow, Kind, Value};

impl<'a> Analyser<'a, '_> {
    pub(super) fn cases(&mut self, subject: Value<'a>, cases: &'a [MatchCase<'a>]) -> Eval<'a, Flow<'a>> {
        let Some((case, rest)) = cases.split_first() else { return Ok(Flow::Next) };
        let mut fits = self.at(case.pattern.span, |this| this.fits(subject, case.pattern))?;
        if let Some(guard) = case.guard
            && fits != Some(false)
        {
            let value = self.eval(guard)?;
            match self.truth_of(value, guard.span)? {
                Some(true) => {}
                other => fits = other,
            }
        }
        match fits {
            Some(true) => self.block(case.body),
            Some(false) => self.cases(subject, rest),
            None => self.branch(|this| this.block(case.body), |this| this.cases(subject, rest)),
        }
    }

    /// Whether a value fits a pattern, whose names are bound; nothing if it is not known.
    fn fits(&mut self, subject: Value<'a>, pattern: &'a Pattern<'a>) -> Eval<'a, Option<bool>> {
        self.pay(1)?;
        match pattern.kind {
            PatternKind::MatchAs { pattern, name } => {
                let fits = pattern.map_or(Ok(Some(true)), |pattern| self.fits(subject, pattern))?;
                if let Some(name) = name
                    && fits != Some(false)
                {
                    self.store_name(name, subject)?;
                }
                Ok(fits)
            }
            PatternKind::MatchOr { patterns } => {
                let mut answer = Some(false);
                for pattern in patterns {
                    match self.fits(subject, pattern)? {
                        Some(true) => return Ok(Some(true)),
                        None => answer = None,
                        Some(false) => {}
                    }
                }
                Ok(answer)
            }
            _ => {
                if let Value::Opaque(id) = subject {
                    self.inspect(id, "SP0811", "matches");
                    return Ok(Some(false));
                }
                self.fits_known(subject, pattern)
            }
        }
    }

    fn fits_known(&mut self, subject: Value<'a>, pattern: &'a Pattern<'a>) -> Eval<'a, Option<bool>> {
        match pattern.kind {
            PatternKind::MatchValue { value } => {
                let value = self.eval(value)?;
                self.equals(subject, value)
            }
            PatternKind::MatchSingleton { value } => {
                let value = match value {
                    parser::ast::Constant::Bool(value) => Value::Bool(value),
                    _ => Value::None,
                };
                Ok(self.is_identical(subject, value))
            }
            PatternKind::MatchSequence { patterns } => self.fits_sequence(subject, patterns),
            PatternKind::MatchMapping { keys, patterns, rest } => {
                let Some(Kind::Dict(mut pairs)) = self.kind(subject).cloned() else {
                    return Ok(self.unless_typed(subject));
                };
                for (key, pattern) in keys.iter().zip(patterns) {
                    let key = self.eval(key)?;
                    let Some(at) = self.find_key(&pairs, key) else { return Ok(Some(false)) };
                    match self.fits(pairs.remove(at).1, pattern)? {
                        Some(true) => {}
                        other => return Ok(other),
                    }
                }
                if let Some(name) = rest {
                    let rest = self.object(Kind::Dict(pairs));
                    self.store_name(name, rest)?;
                }
                Ok(Some(true))
            }
            PatternKind::MatchClass { cls, patterns, kwd_attrs, kwd_patterns } => {
                let class = self.eval(cls)?;
                match self.is_instance(subject, class)? {
                    Some(true) => {}
                    other => return Ok(other),
                }
                let mut names = self.match_names(subject, class, patterns.len())?;
                if names.is_none() && patterns.len() == 1 {
                    return self.fits(subject, &patterns[0]);
                }
                let positional = names.take().unwrap_or_default();
                let parts =
                    positional.into_iter().zip(patterns).chain(kwd_attrs.iter().copied().zip(kwd_patterns));
                for (name, pattern) in parts {
                    let value = self.attribute(subject, name)?;
                    match self.fits(value, pattern)? {
                        Some(true) => {}
                        other => return Ok(other),
                    }
                }
                Ok(Some(true))
            }
            _ => Ok(Some(true)),
        }
    }

    /// What attributes positional patterns stand for.
    fn match_names(
        &mut self,
        subject: Value<'a>,
        class: Value<'a>,
        count: usize,
    ) -> Eval<'a, Option<Vec<&'a str>>> {
        if count == 0 {
            return Ok(Some(Vec::new()));
        }
        if let Some(fields) = self.fields_of(class) {
            return Ok(Some(fields.into_iter().map(|field| field.name).collect()));
        }
        if !matches!(self.kind(subject), Some(Kind::Instance(_))) {
            return Ok(None);
        }
        let names = self.attribute(class, "__match_args__")?;
        let texts = self.known_items(names).unwrap_or_default();
        Ok(Some(
            texts
                .into_iter()
                .filter_map(|name| if let Value::Str(name) = name { Some(name) } else { None })
                .collect(),
        ))
    }

    fn fits_sequence(&mut self, subject: Value<'a>, patterns: &'a [Pattern<'a>]) -> Eval<'a, Option<bool>> {
        let Some(items) = self.known_items(subject) else { return Ok(self.unless_typed(subject)) };
        let star = patterns.iter().position(|pattern| matches!(pattern.kind, PatternKind::MatchStar { .. }));
        let wanted = patterns.len() - usize::from(star.is_some());
        if items.len() < wanted || (star.is_none() && items.len() != wanted) {
            return Ok(Some(false));
        }
        let mut rest = items.as_slice();
        for (at, pattern) in patterns.iter().enumerate() {
            let taken = if Some(at) == star { items.len() - wanted } else { 1 };
            let (now, later) = rest.split_at(taken);
            rest = later;
            if let PatternKind::MatchStar { name } = pattern.kind {
                if let Some(name) = name {
                    let part = self.list(now.to_vec());
                    self.store_name(name, part)?;
                }
                continue;
            }
            match self.fits(now[0], pattern)? {
                Some(true) => {}
                other => return Ok(other),
            }
        }
        Ok(Some(true))
    }

    /// What is known to be of another class does not fit.
    fn unless_typed(&self, subject: Value<'a>) -> Option<bool> {
        let is_open = matches!(self.kind(subject), Some(Kind::Typed(_) | Kind::Instance(_)));
        (!is_open).then_some(false)
    }
}
