//! Imports that cannot succeed: modules that nobody has, names that a typed module does not have.
//!
//! Only statements that stand directly in their block are looked at: under a condition or in a `try`, a failing import may be what the program is
//! prepared for. What a module does not declare may still be there if it changes its own namespace by other means; such modules are
//! not judged. Cost: a look-up for each imported name, and the file system where something is missing.

use base::{Diagnostic, Span, suggest};
use parser::ast::{Alias, Stmt, StmtKind};

use super::Checker;
use crate::builtin_names;
use crate::program::{ModuleId, ModuleKind};

impl<'a> Checker<'_, 'a> {
    /// An `import` or `from ... import` statement.
    pub(crate) fn check_import(&mut self, stmt: &Stmt<'a>) {
        if self.depth > 1 || self.is_silent {
            return;
        }
        match stmt.kind {
            StmtKind::Import { names } => {
                for alias in names {
                    self.check_module(alias.span, alias.name);
                }
            }
            StmtKind::ImportFrom { module, names, level } => {
                let Some(from) = self.program.absolute_name(self.module, module, level) else { return };
                if self.check_module(stmt.span, from) {
                    names.iter().for_each(|alias| self.check_imported(from, alias));
                }
            }
            _ => {}
        }
    }

    /// Whether a module may exist.
    fn check_module(&mut self, span: Span, name: &'a str) -> bool {
        let Some(missing) = self.program.loader.missing(name) else { return true };
        let message = format!("no module named '{}'", missing.name);
        self.report(Diagnostic::new("SP0152", span, message).with_suggestion(missing.meant.as_deref()));
        false
    }

    /// A name from a module.
    fn check_imported(&mut self, from: &'a str, alias: &Alias<'a>) {
        let typed = self.program.typed_module(from);
        let Some(module) = typed.filter(|&module| !self.is_library(module)) else {
            return self.check_exported(from, alias);
        };
        let meant = match from {
            "__static__" if builtin_names::STATIC.binary_search(&alias.name).is_ok() => return,
            "__static__" => suggest::likeliest(alias.name, builtin_names::STATIC).map(str::to_owned),
            _ if alias.name == "*" || self.may_have(module, alias.name) => return,
            _ => self.similar_member(module, alias.name),
        };
        self.unknown_import(from, alias, meant.as_deref());
    }

    fn unknown_import(&mut self, from: &str, alias: &Alias<'a>, meant: Option<&str>) {
        let message = format!("cannot import name '{}' from '{from}'", alias.name);
        self.report(Diagnostic::new("SP0151", alias.span, message).with_suggestion(meant));
    }

    pub(super) fn is_library(&self, module: ModuleId) -> bool {
        self.program.modules[module].kind == ModuleKind::Library
    }

    /// A name from a module of the library.
    fn check_exported(&mut self, from: &str, alias: &Alias<'a>) {
        if let Some(meant) = self.unknown_export(from, alias.name).filter(|_| alias.name != "*") {
            self.unknown_import(from, alias, meant);
        }
    }

    /// Of a name that a module of the library certainly does not have, the one that was perhaps meant.
    pub(super) fn unknown_export(&self, module: &str, name: &str) -> Option<Option<&'static str>> {
        let names = self.program.exports(module).filter(|_| !name.starts_with('_'))?;
        (!names.contains(&name)).then(|| suggest::likeliest(name, names))
    }

    /// Whether a module has, or may get, something of this name.
    pub(crate) fn may_have(&self, module: ModuleId, name: &str) -> bool {
        let entry = &self.program.modules[module];
        let is_dunder = name.starts_with("__");
        let is_declared = entry.members.contains_key(name) || entry.scopes.binds_global(name);
        let is_open = entry.members.contains_key("*") || entry.scopes.has_namespace_changers;
        let is_submodule = || self.program.loader.is_module(&format!("{}.{name}", entry.name));
        entry.kind != ModuleKind::Static || is_dunder || is_declared || is_open || is_submodule()
    }
}
