//! Executed text: `exec` and `eval` of a text that is known, in dictionaries that are given or among the names in sight.
//!
//! Text in a dictionary is a unit of its own, whose names are those of the dictionary before it runs, and become those of the dictionary behind it. What
//! it makes belongs to the module that runs it. It must not import: which modules a module uses is to be seen in its statements; nor
//! execute more text.

use parser::SourceText;
use parser::ast::{Module, Stmt};

use super::Analyser;
use super::finding::Call;
use super::module::Unit;
use super::value::{Args, EnvId, Eval, Flow, Kind, Names, Namespace, ObjectId, UnitId, Value};
use crate::scope::{self, ScopeId, ScopeKind, Scopes};

/// The hidden name of the dict of a module's variables.
const GLOBALS: &str = "<globals>";

/// What a text is.
enum Parsed<'a> {
    Statements(Module<'a>),
    Expression(parser::ast::Expression<'a>),
}

impl<'a> Analyser<'a, '_> {
    /// `exec(text, globals)`, `eval(text, globals)`
    pub(super) fn execute_text(&mut self, path: &'a str, args: &Args<'a>) -> Eval<'a> {
        self.spoil_summary();
        let unit = self.frame().unit;
        if self.units[unit].is_text {
            return Ok(self.unsupported(&format!("`{path}` in text that is executed")));
        }
        let (source, globals, locals) =
            (args.get(0, "source"), args.get(1, "globals"), args.get(2, "locals"));
        if let Some(Value::Opaque(id)) = source {
            return Ok(self.inspect(id, "SP0813", &format!("calls `{path}` with")));
        }
        let space = globals.filter(|_| locals.is_none_or(|locals| Some(locals) == globals));
        let own = self.module_dict();
        match (source, space) {
            (Some(Value::Str(text)), None) if globals.is_none() => self.run_text_here(path, text),
            (Some(Value::Str(text)), Some(space)) if Some(space) == own => {
                self.run_text_in_module(path, text)
            }
            (Some(Value::Str(text)), Some(Value::Object(id))) if self.has_known_names(id) => {
                self.run_text(path, text, id)
            }
            _ => {
                Ok(self.unsupported(&format!("`{path}` without a known text and a dictionary for its names")))
            }
        }
    }

    /// `globals()`, `locals()`, `vars()` and `vars(x)`.
    pub(super) fn names_in_sight(&mut self, path: &str, of: Option<Value<'a>>) -> Eval<'a> {
        self.spoil_summary();
        if let Some(of) = of {
            return if path == "vars" { self.attribute(of, "__dict__") } else { Ok(self.unsupported(path)) };
        }
        let (unit, scope, env) = (self.frame().unit, self.frame().scope, self.frame().env);
        if path == "globals" || self.units[unit].scopes.table[scope].kind == ScopeKind::Module {
            let globals = self.units[unit].env;
            return Ok(self.live_names(globals));
        }
        Ok(self.dict_of_names(Names::Env(env)))
    }

    /// The dict of the variables of a module, of which only is known what it is.
    fn live_names(&mut self, env: EnvId) -> Value<'a> {
        if let Some(known) = self.state.envs[env].names.get(GLOBALS) {
            return known;
        }
        let dict = self.object(Kind::Names(Names::Env(env)));
        let owner = self.state.envs[env].owner;
        if let Value::Object(id) = dict {
            self.state.objects[id].owner = owner;
        }
        self.state.envs[env].names.set(GLOBALS, dict);
        dict
    }

    /// The dict of the module whose code runs, if somebody has asked for it.
    fn module_dict(&mut self) -> Option<Value<'a>> {
        let unit = self.frame().unit;
        let env = self.units[unit].env;
        self.state.envs[env].names.get(GLOBALS)
    }

    /// Text whose names are those of the module: its functions see what the module binds later.
    fn run_text_in_module(&mut self, path: &str, text: &'a str) -> Eval<'a> {
        let unit = self.frame().unit;
        let (env, name) = (self.units[unit].env, self.units[unit].name);
        self.pay(text.len())?;
        let Some((parsed, scopes)) = self.parsed_text(path, text) else {
            return Err(self.raise("SyntaxError", "invalid syntax"));
        };
        let (root, value) = (scopes.module(), self.units[unit].value);
        let scopes_of_text = self.units.next_key();
        self.units.push(Unit { is_text: true, ..Unit::new(name, "<string>", text, scopes, env, value) });
        self.run_parsed(parsed, scopes_of_text, root, env)
    }

    /// Text without a dictionary: its names are those in sight, and what it binds in a function is lost.
    fn run_text_here(&mut self, path: &str, text: &'a str) -> Eval<'a> {
        let (unit, scope, env) = (self.frame().unit, self.frame().scope, self.frame().env);
        let kind = self.units[unit].scopes.table[scope].kind;
        if kind == ScopeKind::Module {
            return self.run_text_in_module(path, text);
        }
        let space = self.dict_of_names(Names::Env(self.units[unit].env));
        let Value::Object(id) = space else { return Ok(space) };
        let mut next = Some(env);
        let mut inner = Vec::new();
        while let Some(at) = next.filter(|at| *at != self.units[unit].env) {
            inner.push(at);
            next = self.state.envs[at].parent;
        }
        for at in inner.into_iter().rev() {
            for (name, value) in self.state.envs[at].names.entries().to_vec() {
                self.set_pair(id, name, value);
            }
        }
        let before = self.state.objects[id].kind.clone();
        let result = self.run_text(path, text, id)?;
        if kind == ScopeKind::Class
            && let (Kind::Dict(before), Kind::Dict(after)) = (before, self.state.objects[id].kind.clone())
        {
            for (key, value) in after.into_iter().filter(|pair| !before.contains(pair)) {
                if let Value::Str(name) = key {
                    self.state.envs[env].names.set(name, value);
                }
            }
        }
        Ok(result)
    }

    fn set_pair(&mut self, dict: ObjectId, name: &'a str, value: Value<'a>) {
        if let Kind::Dict(mut pairs) = self.state.objects[dict].kind.clone() {
            self.put(&mut pairs, Value::Str(name), value);
            *self.kind_mut(dict) = Kind::Dict(pairs);
        }
    }

    fn has_known_names(&self, id: ObjectId) -> bool {
        match &self.state.objects[id].kind {
            Kind::Dict(pairs) => pairs.iter().all(|(key, _)| matches!(key, Value::Str(_))),
            _ => false,
        }
    }

    fn run_text(&mut self, path: &str, text: &'a str, space: ObjectId) -> Eval<'a> {
        // Texts that are made in a loop are parsed each time.
        self.pay(text.len())?;
        let Some((parsed, scopes)) = self.parsed_text(path, text) else {
            return Err(self.raise("SyntaxError", "invalid syntax"));
        };
        let unit = self.text_unit(text, scopes);
        let env = self.units[unit].env;
        if let Kind::Dict(pairs) = &self.state.objects[space].kind {
            let pairs = pairs.clone();
            let names = &mut self.state.envs[env].names;
            for (key, value) in pairs {
                if let Value::Str(name) = key {
                    names.set(name, value);
                }
            }
        }
        let before = self.state.envs[env].names.clone();
        let root = self.units[unit].scopes.module();
        let result = self.run_parsed(parsed, unit, root, env);
        self.publish_names(space, env, &before);
        result
    }

    fn run_parsed(&mut self, parsed: Parsed<'a>, unit: UnitId, root: ScopeId, env: EnvId) -> Eval<'a> {
        let site = self.here.expect("calls stand somewhere");
        self.calls.push(Call { site, callee: "<string>" });
        let result = self.in_frame(unit, root, env, None, |this| match parsed {
            Parsed::Statements(module) => this.text_statements(module.body),
            Parsed::Expression(expression) => {
                this.at(expression.body.span, |this| this.eval(expression.body))
            }
        });
        self.calls.pop();
        self.here = Some(site);
        self.units[unit].is_finished = true;
        result
    }

    fn text_statements(&mut self, body: &'a [Stmt<'a>]) -> Eval<'a> {
        match self.block(body)? {
            Flow::Next | Flow::Break | Flow::Continue | Flow::Return(_) => Ok(Value::None),
        }
    }

    /// The names that the text has bound become those of the dictionary.
    fn publish_names(&mut self, space: ObjectId, env: EnvId, before: &Namespace<'a>) {
        let after = self.state.envs[env].names.clone();
        if after == *before {
            return;
        }
        self.note_change(Value::Object(space), "a dict");
        let pairs = after.entries().iter().map(|(name, value)| (Value::Str(name), *value)).collect();
        *self.kind_mut(space) = Kind::Dict(pairs);
    }

    fn parsed_text(&mut self, path: &str, text: &str) -> Option<(Parsed<'a>, Scopes<'a>)> {
        let source = SourceText::new(text);
        if path == "eval" {
            let expression = parser::parse_expression(&source, self.arena).ok()?;
            let scopes = scope::analyse_expression(&expression).ok()?;
            return Some((Parsed::Expression(expression), scopes));
        }
        let module = parser::parse_module(&source, self.arena).ok()?;
        let scopes = scope::analyse(&module, false).ok()?;
        Some((Parsed::Statements(module), scopes))
    }

    fn text_unit(&mut self, source: &'a str, scopes: Scopes<'a>) -> UnitId {
        let unit = self.units.next_key();
        let env = self.new_env(unit, scopes.module(), None);
        let value = self.object(Kind::Module(unit));
        let name = self.units[self.current()].name;
        self.units.push(Unit { is_text: true, ..Unit::new(name, "<string>", source, scopes, env, value) });
        unit
    }

    /// An import, if it is one that executed text may not make.
    pub(super) fn refuse_import_in_text(&mut self, name: &str) -> Option<Value<'a>> {
        let unit = self.frame().unit;
        if !self.units[unit].is_text {
            return None;
        }
        let help = "import it in the module, and give it to the text in its dictionary";
        self.report_with("SP0851", &format!("imports `{name}` in text that is executed"), Some(help));
        Some(self.silent())
    }
}
