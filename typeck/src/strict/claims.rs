//! Whether the claims of a stub are true: functions that are declared without effects are called here, with arguments of which the types are
//! known, while nobody owns what the module has made.
//!
//! Only effects refute a claim. What the analysis cannot follow, or what it does with arguments of which the stub says nothing, does not.

use base::{Diagnostic, Span};
use bumpalo::Bump;
use parser::SourceText;
use parser::ast::{FunctionDef, Module, Stmt, StmtKind};

use super::module::Unit;
use super::stub::{self, Purity};
use super::value::{Args, Kind, Place, UnitId, Value};
use super::{Analyser, Options};
use crate::program::ModuleLoader;
use crate::scope;

/// Findings that mean an effect.
const EFFECTS: [&str; 3] = ["SP0801", "SP0802", "SP0804"];

/// What is wrong with a stub, and how many of its claims have been looked at.
pub struct Verdict {
    /// Claims that are not true.
    pub refuted: Vec<Diagnostic>,
    /// Functions that have been called.
    pub verified: usize,
}

/// Verifies the stub of a module whose source the loader finds; nothing if there is none or one of both does not parse.
pub fn verify(loader: &dyn ModuleLoader, module: &str, stub_path: &str, stub: &str) -> Option<Verdict> {
    super::on_own_thread(|| {
        let arena = Bump::new();
        Analyser::new(&arena, loader, &Options::default()).verify_stub(module, stub_path, stub)
    })
    .flatten()
}

impl<'a> Analyser<'a, '_> {
    fn verify_stub(mut self, module: &str, stub_path: &str, stub: &str) -> Option<Verdict> {
        let [module, stub_path] = [module, stub_path].map(|text| &*self.arena.alloc_str(text));
        let tree = parser::parse_module(&SourceText::new(stub), self.arena).ok()?;
        let driver = self.driver(module, stub_path, stub, &tree)?;
        let source = self.source_unit(module)?;
        let names = self.units[source].env;
        let mut verdict = Verdict { refuted: Vec::new(), verified: 0 };
        for (stmt, def) in claimed_functions(tree.body) {
            let Some(function) = self.state.envs[names].names.get(def.name) else { continue };
            verdict.verified += 1;
            let place = Place { unit: driver, span: claim_span(stmt, def) };
            self.call_claimed(driver, place, def, function);
            let found = std::mem::take(&mut self.units[driver].findings);
            let effects = found.into_iter().filter(|found| EFFECTS.contains(&found.code));
            verdict.refuted.extend(effects.map(|found| refuted(module, def, place.span, found)));
        }
        Some(verdict)
    }

    /// A unit that owns what is made while functions are called.
    fn driver(&mut self, module: &'a str, path: &'a str, stub: &str, tree: &Module<'a>) -> Option<UnitId> {
        let scopes = scope::analyse(tree, false).ok()?;
        let unit = self.units.next_key();
        self.running.push(unit);
        let env = self.new_env(unit, scopes.module(), None);
        let value = self.object(Kind::Module(unit));
        let source = self.arena.alloc_str(stub);
        self.units.push(Unit::new(module, path, source, scopes, env, value));
        Some(unit)
    }

    fn call_claimed(&mut self, driver: UnitId, place: Place, def: &'a FunctionDef<'a>, function: Value<'a>) {
        let (scope, env) = (self.units[driver].scopes.module(), self.units[driver].env);
        let mut args = Args::default();
        let needed = def.args.posonlyargs.len() + def.args.args.len() - def.args.defaults.len();
        for parameter in def.args.posonlyargs.iter().chain(def.args.args).take(needed) {
            let class = parameter.annotation.and_then(|annotation| self.type_path(annotation, "builtins"));
            let value = match class {
                Some(class) => self.typed(class),
                None => self.silent(),
            };
            args.positional.push(value);
        }
        self.here = Some(place);
        // Exceptions are no effects.
        let _result = self.in_frame(driver, scope, env, None, |this| this.call(function, args));
        self.calls.clear();
    }
}

/// Functions of which a stub says that they have no effect.
fn claimed_functions<'a>(body: &'a [Stmt<'a>]) -> impl Iterator<Item = (&'a Stmt<'a>, &'a FunctionDef<'a>)> {
    let default = stub::default_purity(body);
    body.iter().filter_map(move |stmt| {
        let StmtKind::FunctionDef(def) = stmt.kind else { return None };
        let purity = stub::purity(def.decorator_list, default);
        matches!(purity, Purity::Pure | Purity::Opaque | Purity::Varying(_)).then_some((stmt, def))
    })
}

/// The claim itself, or the first line of what it is about.
fn claim_span(stmt: &Stmt<'_>, def: &FunctionDef<'_>) -> Span {
    match def.decorator_list.first() {
        Some(decorator) => decorator.span,
        None => Span::new(stmt.span.start, stmt.span.start + "def ".len() as u32 + def.name.len() as u32),
    }
}

fn refuted(module: &str, def: &FunctionDef<'_>, span: Span, found: Diagnostic) -> Diagnostic {
    let what = found.message.split_once("` ").map_or(&*found.message, |(_, what)| what);
    let message = format!("`{module}.{}` is declared without effects, but {what}", def.name);
    let mut diagnostic = Diagnostic::error("SP0870", span, message);
    diagnostic.secondary = found.secondary;
    diagnostic.with_help("declare what it does: `@effect(\"...\")`, or `@mutates(\"self\")`")
}
