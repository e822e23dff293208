//! Cycles of imports: which names a module finds in another one that is still being imported depends on which of them came first, and that
//! the program decides. So each strict module of the cycle is taken for the first once, and what the module in question does is reported
//! if it does so in one of these orders.
//!
//! Cost: an analysis for each member of the cycle, of which there may be a few.

use std::collections::BTreeSet;

use base::Diagnostic;
use bumpalo::Bump;

use super::value::UnitId;
use super::{Analyser, Options, Subject, allow};
use crate::program::ModuleLoader;

/// Members of a cycle that are tried.
const MEMBERS: usize = 16;

/// Everything that importing a module would do, whichever module of its cycle is imported first.
pub(super) fn findings(
    loader: &dyn ModuleLoader,
    options: &Options,
    subject: Subject<'_>,
) -> Vec<Diagnostic> {
    let arena = Bump::new();
    let (mut found, cycle) = Analyser::new(&arena, loader, options).analyse(subject, subject.name);
    for first in cycle.iter().take(MEMBERS) {
        let Some((path, source)) = loader.load(first) else { continue };
        let entry = Subject { name: first, path: &path, source: &source };
        let arena = Bump::new();
        let (others, _) = Analyser::new(&arena, loader, options).analyse(entry, subject.name);
        for other in others {
            let is_known =
                |known: &Diagnostic| known.code == other.code && known.primary.span == other.primary.span;
            if !found.iter().any(is_known) {
                found.push(other.with_note(format!("so it is when `{first}` is imported first")));
            }
        }
    }
    // That imports may have effects is worth a word about what has none of its own.
    if found.iter().any(|found| found.code != "SP0880") {
        found.retain(|found| found.code != "SP0880");
    }
    allow::apply(subject.source, found)
}

impl<'a> Analyser<'a, '_> {
    /// Imports one module; gives what another one (or itself) does, and the other members of that one's cycle.
    fn analyse(mut self, first: Subject<'_>, wanted: &str) -> (Vec<Diagnostic>, Vec<&'a str>) {
        let [name, path] = [first.name, first.path].map(|text| &*self.arena.alloc_str(text));
        // Packages come first, and perhaps import the module.
        for (end, _) in name.match_indices('.') {
            self.strict_module(&name[..end]);
        }
        if !self.by_name.contains_key(name) {
            self.import_source(name, path, first.source);
        }
        self.count_repeats();
        match self.by_name.get(wanted).copied().flatten() {
            Some(unit) => (std::mem::take(&mut self.units[unit].findings), self.cycle_of(unit)),
            None => Default::default(),
        }
    }

    /// The modules that a module imports, directly or not, and that import it.
    fn cycle_of(&self, unit: UnitId) -> Vec<&'a str> {
        let leads_here = |from: UnitId| self.reached_from(from).contains(&unit);
        let others = self.reached_from(unit).into_iter().filter(|&other| other != unit && leads_here(other));
        let mut names: Vec<_> = others.map(|other| self.units[other].name).collect();
        names.sort_unstable();
        names
    }

    fn reached_from(&self, unit: UnitId) -> BTreeSet<UnitId> {
        let (mut found, mut next) = (BTreeSet::new(), vec![unit]);
        while let Some(unit) = next.pop() {
            next.extend(self.units[unit].imports.iter().filter(|&&other| found.insert(other)));
        }
        found
    }
}
