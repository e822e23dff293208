//! Modules: loading, running, importing, and where names are found.

use std::collections::BTreeSet;

use base::{Diagnostic, suggest};
use parser::SourceText;
use parser::ast::{Alias, Stmt, StmtKind};

use super::Analyser;
use super::call::MEANT;
use super::context::Managed;
use super::drive::Driven;
use super::value::{Env, EnvId, Eval, Kind, Namespace, Place, Stop, UnitId, Value};
use crate::marker::markers;
use crate::scope::{self, Resolution, ScopeId, ScopeKind, Scopes};

/// One strict module.
pub(super) struct Unit<'a> {
    pub(super) name: &'a str,
    pub(super) path: &'a str,
    pub(super) source: &'a str,
    pub(super) scopes: Scopes<'a>,
    /// Its top-level names.
    pub(super) env: EnvId,
    /// The module as a value.
    pub(super) value: Value<'a>,
    pub(super) is_package: bool,
    /// Whether its import has ended.
    pub(super) is_finished: bool,
    /// It may do what it likes: `from __strict__ import allow_side_effects`.
    pub(super) is_quiet: bool,
    /// It is executed text, no module.
    pub(super) is_text: bool,
    /// Strict modules that its import imports.
    pub(super) imports: BTreeSet<UnitId>,
    pub(super) findings: Vec<Diagnostic>,
}

impl<'a> Unit<'a> {
    /// One that has not run.
    pub(super) fn new(
        name: &'a str,
        path: &'a str,
        source: &'a str,
        scopes: Scopes<'a>,
        env: EnvId,
        value: Value<'a>,
    ) -> Self {
        Self {
            name,
            path,
            source,
            scopes,
            env,
            value,
            is_package: path.ends_with("__init__.py"),
            is_finished: false,
            is_quiet: false,
            is_text: false,
            imports: BTreeSet::new(),
            findings: Vec::new(),
        }
    }
}

/// One running block.
pub(super) struct Frame<'a> {
    pub(super) unit: UnitId,
    pub(super) scope: ScopeId,
    pub(super) env: EnvId,
    /// The first argument, for `super()`.
    pub(super) receiver: Option<Value<'a>>,
    /// What arms of branches return.
    pub(super) returns: Vec<Value<'a>>,
    /// An arm of a branch leaves the loop or the function.
    pub(super) may_leave: bool,
    /// What a generator has given so far.
    pub(super) yields: Option<Vec<Value<'a>>>,
    /// The exception being handled.
    pub(super) handled: Option<Value<'a>>,
    /// The `with` statement around which a generator runs.
    pub(super) managed: Option<Managed<'a>>,
    /// The loop that drives a generator.
    pub(super) driven: Option<Driven<'a>>,
    /// How many branches are around it.
    pub(super) branches: usize,
    /// Whether a generator gives some of its values on one of two ways only.
    pub(super) may_give: bool,
}

impl<'a> Analyser<'a, '_> {
    pub(super) fn frame(&mut self) -> &mut Frame<'a> {
        self.frames.last_mut().expect("code runs in a frame")
    }

    pub(super) fn new_env(&mut self, unit: UnitId, scope: ScopeId, parent: Option<EnvId>) -> EnvId {
        let owner = self.current();
        self.state.envs.push(Env { owner, unit, scope, parent, names: Namespace::default() })
    }

    /// Runs code in a frame of its own.
    pub(super) fn in_frame<T>(
        &mut self,
        unit: UnitId,
        scope: ScopeId,
        env: EnvId,
        receiver: Option<Value<'a>>,
        run: impl FnOnce(&mut Self) -> Eval<'a, T>,
    ) -> Eval<'a, T> {
        let (returns, yields) = (Vec::new(), None);
        self.frames.push(Frame {
            unit,
            scope,
            env,
            receiver,
            returns,
            may_leave: false,
            yields,
            handled: None,
            managed: None,
            driven: None,
            branches: self.branches,
            may_give: false,
        });
        let result = run(self);
        self.frames.pop();
        result
    }

    // --- Running modules ---

    /// Runs a module from its source; nothing if it does not parse.
    pub(super) fn import_source(&mut self, name: &'a str, path: &'a str, source: &str) -> Option<UnitId> {
        let text = SourceText::new(source);
        let tree = parser::parse_module(&text, self.arena).ok()?;
        let scopes = scope::analyse(&tree, false).ok()?;
        let root = scopes.module();
        let source = &*self.arena.alloc_str(text.text());
        let unit = self.units.next_key();
        self.running.push(unit);
        let env = self.new_env(unit, root, None);
        let value = self.object(Kind::Module(unit));
        let is_quiet = tree.body.iter().any(allows_effects);
        self.units.push(Unit { is_quiet, ..Unit::new(name, path, source, scopes, env, value) });
        self.by_name.insert(name, Some(unit));
        self.fill_names(unit);
        self.run_unit(unit, root, tree.body);
        self.running.pop();
        self.units[unit].is_finished = true;
        Some(unit)
    }

    fn fill_names(&mut self, unit: UnitId) {
        let Unit { name, path, env, is_package, .. } = self.units[unit];
        let package =
            if is_package { name } else { name.rsplit_once('.').map_or("", |(package, _)| package) };
        let names = &mut self.state.envs[env].names;
        names.set("__name__", Value::Str(name));
        names.set("__package__", Value::Str(package));
        names.set("__doc__", Value::None);
        names.set("__file__", Value::Str(path));
    }

    fn run_unit(&mut self, unit: UnitId, scope: ScopeId, body: &'a [Stmt<'a>]) {
        let (calls, here) = (std::mem::take(&mut self.calls), self.here.take());
        let env = self.units[unit].env;
        let ended = self.in_frame(unit, scope, env, None, |this| {
            for stmt in body {
                this.here = Some(Place { unit, span: stmt.span });
                let ended = match this.statement(stmt) {
                    Err(Stop::Raise(exception)) => {
                        this.escape(exception);
                        this.bury(unit, stmt.span)
                    }
                    Err(stop) => Err(stop),
                    Ok(_) => this.bury(unit, stmt.span),
                };
                match ended {
                    Ok(()) => {}
                    Err(Stop::Raise(exception)) => this.escape(exception),
                    Err(Stop::Exhausted | Stop::Enough) => {
                        this.here = Some(Place { unit, span: stmt.span });
                        this.over_budget("the limit of steps or of nested calls is passed");
                        break;
                    }
                }
            }
            Ok(())
        });
        debug_assert!(ended.is_ok(), "every statement's end is looked at");
        (self.calls, self.here) = (calls, here);
    }

    fn escape(&mut self, exception: Value<'a>) {
        let is_silent = matches!(exception, Value::Opaque(id) if self.opaques[id].is_silent);
        if is_silent || self.is_cut_short(self.current()) {
            return;
        }
        let class = self.class_name(exception);
        let text = match self.attribute_of_instance(exception, "args").map(|args| self.known_items(args)) {
            Some(Some(args)) => match args.first() {
                Some(Value::Str(text)) => format!("raises {class}: {text}"),
                _ => format!("raises {class}"),
            },
            _ => format!("raises {class}"),
        };
        let help = match self.attribute_of_instance(exception, MEANT) {
            Some(Value::Str(meant)) => Some(format!("did you mean `{meant}`?")),
            _ => None,
        };
        self.report_with("SP0830", &text, help.as_deref());
    }

    // --- Imports ---

    /// A module as a value, by its absolute name. Its packages are imported first.
    pub(super) fn import(&mut self, name: &str) -> Value<'a> {
        self.spoil_summary();
        let mut found = Value::None;
        for (end, _) in name.match_indices('.').chain([(name.len(), "")]) {
            let part = &*self.arena.alloc_str(&name[..end]);
            let unit = self.unit_of(part);
            if let Some(unit) = unit {
                let importer = self.current();
                self.units[importer].imports.insert(unit);
            }
            found = match unit {
                Some(unit) => self.units[unit].value,
                None if self.has_stub(part) => Value::Native(part),
                None => {
                    if end == name.len() && self.options.tells_imports {
                        self.note_import(part);
                    }
                    self.opaque(format!("the module `{part}` is not strict"))
                }
            };
        }
        found
    }

    /// The module whose code is followed: one that is strict, or of which a stub says so.
    fn unit_of(&mut self, name: &'a str) -> Option<UnitId> {
        if self.has_own_stub(name) {
            return self.declared_source(name);
        }
        let strict = self.strict_module(name);
        if strict.is_some() || !self.has_stub(name) {
            return strict;
        }
        self.declared_source(name)
    }

    /// Tells of an import that may do anything.
    fn note_import(&mut self, module: &str) {
        let help = "import it in the functions that use it, or declare it in a stub";
        self.report_with("SP0880", &format!("imports `{module}`, which may have effects"), Some(help));
    }

    /// A module whose stub says that its source counts: run as if it were strict.
    pub(super) fn source_unit(&mut self, name: &'a str) -> Option<UnitId> {
        if let Some(&Some(unit)) = self.by_name.get(name) {
            return Some(unit);
        }
        let (path, source) = self.loader.load(name)?;
        let path = &*self.arena.alloc_str(&path);
        self.import_source(name, path, &source)
    }

    /// A strict module, run if it has not been.
    pub(super) fn strict_module(&mut self, name: &'a str) -> Option<UnitId> {
        if let Some(&known) = self.by_name.get(name) {
            return known;
        }
        self.by_name.insert(name, None);
        let (path, source) = self.loader.load(name)?;
        if !is_strict(&source) {
            return None;
        }
        let path = &*self.arena.alloc_str(&path);
        self.import_source(name, path, &source)
    }

    pub(super) fn import_statement(&mut self, names: &'a [Alias<'a>]) -> Eval<'a, ()> {
        for alias in names {
            if let Some(nothing) = self.refuse_import_in_text(alias.name) {
                self.store_name(alias.asname.unwrap_or(alias.name), nothing)?;
                continue;
            }
            let last = self.import(alias.name);
            let first = alias.name.split('.').next().unwrap_or(alias.name);
            match alias.asname {
                Some(name) => {
                    let shadow = self.shadowing(alias.name);
                    self.store_name(name, shadow.unwrap_or(last))?;
                }
                None => {
                    let top = self.import(first);
                    self.store_name(first, top)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn import_from(
        &mut self,
        module: Option<&'a str>,
        names: &'a [Alias<'a>],
        level: u32,
    ) -> Eval<'a, ()> {
        if module == Some("__future__") && level == 0 {
            return Ok(());
        }
        let absolute = self.absolute_name(module.unwrap_or(""), level);
        let refused = self.refuse_import_in_text(&absolute);
        let source = refused.unwrap_or_else(|| self.import(&absolute));
        for alias in names {
            if alias.name == "*" && refused.is_none() {
                let help = "import the names that are used";
                self.report_with("SP0850", &format!("takes all names of `{absolute}`"), Some(help));
                continue;
            }
            let value = match refused {
                Some(nothing) => nothing,
                None => self.imported_name(source, &absolute, alias.name)?,
            };
            self.store_name(alias.asname.unwrap_or(alias.name), value)?;
        }
        Ok(())
    }

    /// The attribute of a package that has the name of its submodule: `import a.b as c` finds it first.
    fn shadowing(&self, name: &str) -> Option<Value<'a>> {
        let (package, last) = name.rsplit_once('.')?;
        let unit = self.by_name.get(package).copied().flatten()?;
        self.state.envs[self.units[unit].env].names.get(last)
    }

    fn absolute_name(&mut self, module: &str, level: u32) -> String {
        if level == 0 {
            return module.to_owned();
        }
        let unit = self.frame().unit;
        let Unit { name, is_package, .. } = self.units[unit];
        let mut base = name;
        for _ in 0..level - u32::from(is_package) {
            base = base.rsplit_once('.').map_or("", |(package, _)| package);
        }
        match (base, module) {
            (base, "") => base.to_owned(),
            ("", module) => module.to_owned(),
            (base, module) => format!("{base}.{module}"),
        }
    }

    fn imported_name(&mut self, source: Value<'a>, module: &str, name: &'a str) -> Eval<'a> {
        match source {
            Value::Native(path) => Ok(self.native_attribute(path, name)),
            Value::Opaque(_) => Ok(self.opaque(format!("`{name}` of `{module}`, which is not strict"))),
            _ => {
                let Some(&Kind::Module(unit)) = self.kind(source) else { return Ok(self.silent()) };
                if let Some(found) = self.state.envs[self.units[unit].env].names.get(name) {
                    return Ok(found);
                }
                let child = self.import(&format!("{module}.{name}"));
                if !matches!(child, Value::Opaque(_)) {
                    return Ok(child);
                }
                let message = format!("cannot import name '{name}' from '{module}'");
                let names = self.state.envs[self.units[unit].env].names.entries().iter();
                let meant = suggest::likeliest(name, names.map(|(name, _)| *name));
                Err(self.raise_meant("ImportError", &message, meant))
            }
        }
    }

    // --- Names ---

    pub(super) fn load_name(&mut self, name: &'a str) -> Eval<'a> {
        let (unit, scope, env) = {
            let frame = self.frame();
            (frame.unit, frame.scope, frame.env)
        };
        let mangled = self.units[unit].scopes.table[scope].mangle(name).into_owned();
        let (owner, resolution) = self.units[unit].scopes.lookup(scope, &mangled);
        let found = match resolution {
            Resolution::Local | Resolution::Cell => match self.env_of(env, owner) {
                Some(env) => match self.read(env, &mangled) {
                    Some(found) => Some(found),
                    // Class bodies and modules look further.
                    None if self.is_namespace(unit, owner) => self.global(unit, &mangled),
                    None => None,
                },
                None => self.captured(env, &mangled),
            },
            Resolution::Free => match self.captured(env, &mangled) {
                Some(found) => Some(found),
                None => self.global(unit, &mangled),
            },
            _ => self.global(unit, &mangled),
        };
        match found {
            Some(found) => Ok(found),
            // What has been reported may have kept the name from being bound.
            None if self.may_be_missing(unit, name) => Ok(self.silent()),
            None if matches!(resolution, Resolution::Local | Resolution::Cell)
                && !self.is_namespace(unit, owner) =>
            {
                let message =
                    format!("cannot access local variable '{name}' where it is not associated with a value");
                Err(self.raise("UnboundLocalError", &message))
            }
            None => {
                let meant = self.similar_name(unit, env, name);
                Err(self.raise_meant("NameError", &format!("name '{name}' is not defined"), meant))
            }
        }
    }

    /// A name in sight that is spelt like this one.
    fn similar_name(&mut self, unit: UnitId, env: EnvId, name: &str) -> Option<&'a str> {
        let (mut names, mut next) = (Vec::new(), Some(env));
        while let Some(env) = next {
            names.extend(self.state.envs[env].names.entries().iter().map(|(name, _)| *name));
            next = self.state.envs[env].parent;
        }
        let of_module = self.state.envs[self.units[unit].env].names.entries().iter();
        names.extend(of_module.map(|(name, _)| *name));
        names.extend(self.names_of_stub("builtins"));
        suggest::likeliest(name, names)
    }

    /// Whether a name of a module may be missing because statements have not been followed to their end.
    fn may_be_missing(&self, unit: UnitId, name: &str) -> bool {
        let found = |code: &str| self.units[unit].findings.iter().any(|finding| finding.code == code);
        let is_bound = self.units[unit].scopes.binds_global(name);
        found("SP0820") || found("SP0850") || is_bound && (found("SP0830") || self.is_cut_short(unit))
    }

    /// Whether some code of a module has been left out because its way was not known: what follows may go wrong for that alone.
    fn is_cut_short(&self, unit: UnitId) -> bool {
        const FOLLOWED: [&str; 8] =
            ["SP0801", "SP0802", "SP0804", "SP0830", "SP0831", "SP0852", "SP0860", "SP0880"];
        self.units[unit].findings.iter().any(|finding| !FOLLOWED.contains(&finding.code))
    }

    fn is_namespace(&self, unit: UnitId, scope: ScopeId) -> bool {
        matches!(self.units[unit].scopes.table[scope].kind, ScopeKind::Class | ScopeKind::Module)
    }

    /// The variables of a scope, from those of a block inside it.
    pub(super) fn env_of(&self, from: EnvId, scope: ScopeId) -> Option<EnvId> {
        let mut next = Some(from);
        while let Some(env) = next {
            if self.state.envs[env].scope == scope {
                return Some(env);
            }
            next = self.state.envs[env].parent;
        }
        None
    }

    /// A variable of a block around; class bodies are passed over.
    fn captured(&mut self, from: EnvId, name: &str) -> Option<Value<'a>> {
        let mut next = Some(from);
        while let Some(id) = next {
            let env = &self.state.envs[id];
            let is_class = self.units[env.unit].scopes.table[env.scope].kind == ScopeKind::Class;
            if (!is_class || name == "__class__") && env.names.get(name).is_some() {
                return self.read(id, name);
            }
            next = env.parent;
        }
        None
    }

    /// A name of a module, or a builtin.
    fn global(&mut self, unit: UnitId, name: &str) -> Option<Value<'a>> {
        let env = self.units[unit].env;
        if let Some(found) = self.read(env, name) {
            return Some(found);
        }
        if self.units[unit].scopes.binds_global(name) {
            // It may be bound later.
            self.spoil_summary();
        }
        self.builtin(name)
    }

    /// The value of a variable of a block.
    fn read(&mut self, env: EnvId, name: &str) -> Option<Value<'a>> {
        let (name, value) = self.state.envs[env].names.entry(name)?;
        self.note_read(env, name, value);
        Some(value)
    }

    pub(super) fn store_name(&mut self, name: &'a str, value: Value<'a>) -> Eval<'a, ()> {
        let name = self.mangled(name);
        let env = self.target_env(name);
        let owner = self.state.envs[env].owner;
        self.note_binding(env);
        self.note_write(owner, &format!("the variable `{name}`"));
        let value = self.automatic(env, name, value)?;
        self.state.envs[env].names.set(name, value);
        self.tell_space(env, name, value)
    }

    pub(super) fn delete_name(&mut self, name: &'a str) -> Eval<'a, ()> {
        let name = self.mangled(name);
        let env = self.target_env(name);
        let owner = self.state.envs[env].owner;
        self.note_binding(env);
        self.note_write(owner, &format!("the variable `{name}`"));
        if self.state.envs[env].names.remove(name).is_none() {
            return Err(self.raise("NameError", &format!("name '{name}' is not defined")));
        }
        Ok(())
    }

    pub(super) fn mangled(&mut self, name: &'a str) -> &'a str {
        let (unit, scope) = (self.frame().unit, self.frame().scope);
        match self.units[unit].scopes.table[scope].mangle(name) {
            std::borrow::Cow::Borrowed(name) => name,
            std::borrow::Cow::Owned(name) => self.arena.alloc_str(&name),
        }
    }

    /// Where a name is bound.
    fn target_env(&mut self, name: &str) -> EnvId {
        let (unit, scope, env) = {
            let frame = self.frame();
            (frame.unit, frame.scope, frame.env)
        };
        let (owner, resolution) = self.units[unit].scopes.lookup(scope, name);
        let found = match resolution {
            Resolution::Local | Resolution::Cell => self.env_of(env, owner),
            Resolution::Free => self.env_with(env, name),
            _ => Some(self.units[unit].env),
        };
        found.unwrap_or(env)
    }

    fn env_with(&self, from: EnvId, name: &str) -> Option<EnvId> {
        let mut next = self.state.envs[from].parent;
        while let Some(id) = next {
            let env = &self.state.envs[id];
            let scope = &self.units[env.unit].scopes.table[env.scope];
            if scope.kind != ScopeKind::Class
                && scope.symbol(name).is_some_and(|symbol| symbol.usage.is_bound)
            {
                return Some(id);
            }
            next = env.parent;
        }
        None
    }
}

/// Whether a source opts in.
fn is_strict(source: &str) -> bool {
    if !source.contains("__strict__") && !source.contains("__static__") {
        return false;
    }
    let arena = bumpalo::Bump::new();
    let text = SourceText::new(source);
    parser::parse_module(&text, &arena).is_ok_and(|tree| markers(tree.body).is_strict())
}

/// `from __strict__ import allow_side_effects`
fn allows_effects(stmt: &Stmt<'_>) -> bool {
    match stmt.kind {
        StmtKind::ImportFrom { module: Some("__strict__" | "strict_modules"), names, .. } => {
            names.iter().any(|alias| alias.name == "allow_side_effects")
        }
        _ => false,
    }
}
