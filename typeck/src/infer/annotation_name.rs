//! Names in annotations that nothing binds.
//!
//! What an annotation means that the checker does not know is dynamic, so that a misspelt one would silently check nothing. Annotations are
//! not run (PEP 649), so that it is a warning: the program works. Annotations of locals and in texts are not looked at.
//!
//! Method: the names that scope analysis has seen in annotations. Cost: a look at these.

use base::Diagnostic;

use super::Checker;
use crate::builtin_names;
use crate::scope::{Resolution, Scope, ScopeKind};

impl Checker<'_, '_> {
    pub(crate) fn check_annotation_names(&mut self) {
        for (span, name) in self.unbound_annotation_names() {
            if self.program.chase_name(self.module, name).is_some() {
                continue;
            }
            let message = format!("the annotation names `{name}`, which is not defined");
            let meant = self.similar_name(name);
            let diagnostic = Diagnostic::new("SP0154", span, message);
            self.program.report(self.module, diagnostic.with_suggestion(meant.as_deref()));
        }
    }
}

impl<'a> Checker<'a, '_> {
    fn unbound_annotation_names(&self) -> Vec<(base::Span, &'a str)> {
        let module = &self.program.modules[self.module];
        if module.members.contains_key("*") {
            return Vec::new();
        }
        let scopes = &module.scopes;
        let is_bound_around = |scope: &Scope<'a>, name: &str| {
            let mut next = scope.parent;
            while let Some(here) = next {
                if scopes.table[here].symbol(name).is_some_and(|symbol| symbol.usage.is_bound) {
                    return true;
                }
                next = scopes.table[here].parent;
            }
            false
        };
        let annotations = scopes.table.values().filter(|scope| scope.kind == ScopeKind::Annotations);
        let used = annotations.flat_map(|scope| scope.symbols.iter().map(move |symbol| (scope, symbol)));
        let unbound = used.filter(|(scope, symbol)| {
            symbol.usage.is_used
                && symbol.resolution == Resolution::GlobalImplicit
                && !builtin_names::is_known(symbol.name)
                && !scopes.binds_global(symbol.name)
                && !is_bound_around(scope, symbol.name)
        });
        unbound.map(|(_, symbol)| (symbol.span, symbol.name)).collect()
    }
}
