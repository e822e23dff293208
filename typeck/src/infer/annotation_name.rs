//! Names in annotations that nothing binds.
//!
//! What an annotation means that the checker does not know is dynamic, so that a misspelt one would silently check nothing. Annotations are
//! not run (PEP 649), so that it is a warning: the program works. Annotations of locals and in texts are not looked at.
//!
//! Method: the names that scope analysis has seen in annotations, each once; their places only of those that nothing binds. Cost: a look at
//! the symbols of these scopes.

use base::Diagnostic;
use rustc_hash::FxHashSet;

use super::Checker;
use crate::builtin_names;
use crate::scope::{Resolution, Scope, ScopeKind, Symbol};

impl<'a> Checker<'a, '_> {
    pub(crate) fn check_annotation_names(&mut self) {
        let unknown: Vec<_> =
            self.annotation_names().into_iter().filter(|name| !self.is_name_of_module(name)).collect();
        if unknown.is_empty() || self.program.modules[self.module].members.contains_key("*") {
            return;
        }
        for symbol in self.unbound_in_annotations(&unknown) {
            let message = format!("the annotation names `{}`, which is not defined", symbol.name);
            let meant = self.similar_name(symbol.name);
            let diagnostic = Diagnostic::new("SP0154", symbol.span, message);
            self.program.report(self.module, diagnostic.with_suggestion(meant.as_deref()));
        }
    }

    /// Names that annotations take from outside of functions, in the order of the alphabet.
    fn annotation_names(&self) -> Vec<&'a str> {
        let scopes = self.program.modules[self.module].scopes.table.values();
        let symbols =
            scopes.filter(|scope| scope.kind == ScopeKind::Annotations).flat_map(|scope| &scope.symbols);
        let names: FxHashSet<&'a str> =
            symbols.filter(|symbol| is_global_use(symbol)).map(|symbol| symbol.name).collect();
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_unstable();
        names
    }

    fn is_name_of_module(&mut self, name: &'a str) -> bool {
        builtin_names::is_known(name)
            || self.program.modules[self.module].scopes.binds_global(name)
            || self.program.chase_name(self.module, name).is_some()
    }

    /// Where annotations use these names, unless a block around binds them.
    fn unbound_in_annotations(&self, names: &[&'a str]) -> Vec<Symbol<'a>> {
        let scopes = &self.program.modules[self.module].scopes;
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
            is_global_use(symbol)
                && names.binary_search(&symbol.name).is_ok()
                && !is_bound_around(scope, symbol.name)
        });
        unbound.map(|(_, symbol)| symbol.clone()).collect()
    }
}

fn is_global_use(symbol: &Symbol<'_>) -> bool {
    symbol.usage.is_used && symbol.resolution == Resolution::GlobalImplicit
}
