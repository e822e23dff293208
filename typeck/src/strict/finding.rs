//! Findings: what happens at import, through which calls, and why a value is not known.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use base::{Diagnostic, Origin, Span};

use super::Analyser;
use super::value::{Eval, Opaque, OpaqueId, Place, UnitId, Value};

/// Calls shown in full; of a longer chain the middle is left out.
const SHOWN: usize = 5;

/// A cause that has been reported.
pub(super) struct Reported {
    /// Whose finding it is.
    unit: UnitId,
    /// Its place among the findings of that module.
    at: usize,
    /// The expression at the top level that has led there.
    first: Place,
    /// Others that lead there.
    others: Vec<Place>,
}

impl Reported {
    /// It is met once more, by way of a place at the top level.
    fn again(&mut self, unit: UnitId, first: Place) {
        if unit == self.unit && first.unit == unit && first != self.first && !self.others.contains(&first) {
            self.others.push(first);
        }
    }
}

/// One call that has not ended.
pub(super) struct Call<'a> {
    /// Where it stands.
    pub(super) site: Place,
    /// What is called.
    pub(super) callee: &'a str,
}

impl<'a> Analyser<'a, '_> {
    /// Reports something that the running module does, once for each cause.
    pub(super) fn report(&mut self, code: &'static str, what: &str) {
        self.report_with(code, what, None);
    }

    /// Reports; `help` is what the user could do.
    pub(super) fn report_with(&mut self, code: &'static str, what: &str, help: Option<&str>) {
        self.spoil_summary();
        let running = self.current();
        let Some(place) = self.here else { return };
        let first = self.calls.first().map_or(place, |call| call.site);
        // What has no end is met in many places.
        let cause = if code == "SP0840" { first } else { place };
        if self.units[running].is_quiet {
            return;
        }
        let at = self.units[running].findings.len();
        let entry = self.reported.entry((cause, code));
        if let Entry::Occupied(mut known) = entry {
            known.get_mut().again(running, first);
            return;
        }
        entry.or_insert(Reported { unit: running, at, first, others: Vec::new() });
        let message = format!("importing `{}` {what}", self.units[running].name);
        // A call of a library function has no place of its own in the module.
        let span = if first.unit == running { first.span } else { Span::default() };
        let mut diagnostic = Diagnostic::new(code, span, message);
        if !self.calls.is_empty() {
            diagnostic = diagnostic.with_primary_text("runs at import");
            diagnostic = self.chain(diagnostic, place);
        }
        if let Some(help) = help {
            diagnostic = diagnostic.with_help(help);
        }
        self.units[running].findings.push(diagnostic);
    }

    /// Says of causes how many more places lead to them.
    pub(super) fn count_repeats(&mut self) {
        let mut repeated: Vec<_> = self.reported.values().filter(|known| !known.others.is_empty()).collect();
        repeated.sort_by_key(|known| (known.unit, known.at));
        for known in repeated {
            let count = known.others.len();
            let what = if count == 1 { "place has" } else { "places have" };
            if let Some(finding) = self.units[known.unit].findings.get_mut(known.at) {
                *finding = finding.clone().with_note(format!("{count} more {what} this cause"));
            }
        }
    }

    /// Adds the calls that lead to a place, outermost first.
    fn chain(&self, mut diagnostic: Diagnostic, effect: Place) -> Diagnostic {
        let count = self.calls.len();
        for (at, call) in self.calls.iter().enumerate().skip(1) {
            if count > SHOWN && (2..count - 2).contains(&at) {
                if at == 2 {
                    diagnostic = diagnostic.with_note(format!("{} more calls are not shown", count - 4));
                }
                continue;
            }
            let text = format!("`{}` calls `{}`", self.calls[at - 1].callee, call.callee);
            diagnostic = self.label(diagnostic, call.site, text);
        }
        let last = self.calls.last().map_or("", |call| call.callee);
        self.label(diagnostic, effect, format!("in `{last}`"))
    }

    fn label(&self, diagnostic: Diagnostic, place: Place, text: String) -> Diagnostic {
        if place.unit == self.current() {
            return diagnostic.with_label(place.span, text);
        }
        let unit = &self.units[place.unit];
        let origin = Origin { path: unit.path.to_owned(), text: unit.source.to_owned() };
        diagnostic.with_label_in(Arc::new(origin), place.span, text)
    }

    /// Reports that something is asked of an opaque value; what comes of it is silent.
    pub(super) fn inspect(&mut self, opaque: OpaqueId, code: &'static str, action: &str) -> Value<'a> {
        let found = self.opaques[opaque].clone();
        if found.is_silent {
            return Value::Opaque(opaque);
        }
        let code = match found {
            Opaque { is_varying: true, .. } => "SP0805",
            Opaque { is_undeclared: true, .. } => "SP0871",
            _ => code,
        };
        self.report(code, &format!("{action} a value that is not known: {}", found.reason));
        self.silent()
    }

    /// Reports an operation that the analyser has no rule for.
    pub(super) fn unsupported(&mut self, what: &str) -> Value<'a> {
        self.report("SP0820", &format!("does what the analysis does not follow: {what}"));
        self.silent()
    }

    /// Reports that a limit is passed; the result is silent.
    pub(super) fn over_budget(&mut self, what: &str) -> Value<'a> {
        self.report("SP0840", &format!("takes too long to follow: {what}"));
        self.silent()
    }

    /// Something is changed that a module owns; reports it if that is not the running one.
    pub(super) fn note_write(&mut self, owner: UnitId, what: &str) {
        if owner == self.current() {
            return;
        }
        let name = self.units[owner].name;
        let message = format!("changes {what} of `{name}`");
        let help = format!(
            "`{name}` has been imported already; let it be filled there, or by a function that a program calls"
        );
        self.report_with("SP0801", &message, Some(&help));
    }

    /// A value is changed.
    pub(super) fn note_change(&mut self, value: Value<'a>, what: &str) {
        if let Value::Object(id) = value {
            self.note_write(self.state.objects[id].owner, what);
        }
    }

    /// Evaluates at a place.
    pub(super) fn at<T>(&mut self, span: Span, run: impl FnOnce(&mut Self) -> Eval<'a, T>) -> Eval<'a, T> {
        let unit = self.frame().unit;
        let outer = self.here.replace(Place { unit, span });
        let result = run(self);
        self.here = outer;
        result
    }
}
