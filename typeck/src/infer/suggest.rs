//! Names that the user perhaps meant: candidates for a name, an attribute or a keyword that does not exist.
//!
//! Only what could stand there counts: names of the blocks around, of the module and of builtins; members of a class and its bases. What
//! is near is the business of `base::suggest`. Nothing of this is asked unless an error is reported.

use base::suggest;

use super::Checker;
use crate::builtin_names;
use crate::program::{ClassId, Member, ModuleId};

impl Checker<'_, '_> {
    /// A name in sight that is spelt like this one.
    pub(crate) fn similar_name(&self, name: &str) -> Option<String> {
        let module = &self.program.modules[self.module];
        let mut names: Vec<&str> = module.members.keys().copied().collect();
        let mut scope = self.scopes.last().copied();
        while let Some(here) = scope {
            let entry = &module.scopes.table[here];
            let is_own = self.scopes.contains(&here);
            if is_own || entry.kind.is_function_like() {
                names.extend(
                    entry.symbols.iter().filter(|symbol| symbol.usage.is_bound).map(|symbol| symbol.name),
                );
            }
            scope = entry.parent;
        }
        let builtins = &self.program.modules[self.program.builtins()];
        names.extend(builtins.members.keys().copied().filter(|name| is_public(name)));
        names.extend(builtin_names::NAMES.iter().copied().filter(|name| is_public(name)));
        suggest::likeliest(name, names).map(str::to_owned)
    }

    /// A member of a class or of its bases that is spelt like this one.
    pub(crate) fn similar_attribute(&self, class: ClassId, name: &str) -> Option<String> {
        let members =
            self.program.classes[class].mro.iter().flat_map(|&base| &self.program.classes[base].members);
        let is_likely = |member: &&str| is_public(member) || name.starts_with('_');
        suggest::likeliest(name, members.map(|(member, _)| *member).filter(is_likely)).map(str::to_owned)
    }

    /// A name at the top level of a module that is spelt like this one.
    pub(crate) fn similar_member(&self, module: ModuleId, name: &str) -> Option<String> {
        let members = &self.program.modules[module].members;
        let is_likely = |(member, kind): &(&&str, &Member<'_>)| {
            (is_public(member) || name.starts_with('_')) && !matches!(kind, Member::Module(_))
        };
        suggest::likeliest(name, members.iter().filter(is_likely).map(|(member, _)| *member))
            .map(str::to_owned)
    }
}

/// Whether a name is meant for everybody.
fn is_public(name: &str) -> bool {
    !name.starts_with('_')
}
