//! The scopes of a text as objects: what the library's `symtable` reads through `_symtable`.
//!
//! [`of`] gives one tuple per block: (kind, name, line, is nested, {name: (words, scope)}, blocks inside). The words say what the block does
//! with the name, the scope where it is found; the overlay module `_symtable` has the numbers that CPython gives them.
//! Comprehensions that run in their parent's frame (PEP 709) are no blocks: their variables and inner blocks count as the parent's.
//! Cost: linear in the number of symbols, times the depth of merged comprehensions.

use base::LineIndex;
use runtime::objects::dict::DictObject;
use runtime::objects::int;
use runtime::objects::list::ListObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::value::{Py, Ref};
use typeck::scope::{Resolution, Scope, ScopeId, ScopeKind, Scopes, Symbol, Usage};

/// The module's block, with all others inside.
pub(crate) fn of(scopes: &Scopes<'_>, lines: &LineIndex) -> Ref {
    Reader { scopes, lines }.block(scopes.module(), false)
}

struct Reader<'s> {
    scopes: &'s Scopes<'s>,
    lines: &'s LineIndex,
}

impl Reader<'_> {
    fn block(&self, id: ScopeId, is_nested: bool) -> Ref {
        let scope = &self.scopes.table[id];
        let (symbols, inside) = (DictObject::new(), ListObject::empty());
        self.add_symbols(scope, scope, &symbols);
        if scope.kind == ScopeKind::Module {
            self.add_globals(&symbols);
        }
        self.add_inside(scope, scope, is_nested || scope.kind.is_function_like(), &symbols, &inside);
        let line =
            if scope.kind == ScopeKind::Module { 0 } else { self.lines.position(scope.span.start).line };
        TupleObject::of([
            StrObject::intern(self.kind(scope)).into(),
            StrObject::new(shown_name(scope)).into(),
            int::from_i64(line.into()),
            int::from_i64(is_nested.into()),
            symbols.into(),
            inside.into(),
        ])
        .into()
    }

    /// Adds the symbols of `from`, which is `scope` itself or a comprehension that is part of it, and keeps those that are there.
    fn add_symbols(&self, scope: &Scope<'_>, from: &Scope<'_>, symbols: &DictObject) {
        for symbol in &from.symbols {
            let is_hidden =
                symbol.resolution == Resolution::Outer || symbol.name == ".0" && !std::ptr::eq(scope, from);
            if !is_hidden && symbols.get_text(symbol.name).is_none() {
                symbols.set_text(symbol.name, described(from, symbol));
            }
        }
    }

    /// What any block declares `global` is known to the module.
    fn add_globals(&self, symbols: &DictObject) {
        let usage = Usage { is_global: true, ..Usage::default() };
        let everywhere = self.scopes.table.values().skip(1).flat_map(|scope| &scope.symbols);
        for symbol in everywhere.filter(|symbol| symbol.usage.is_global) {
            if symbols.get_text(symbol.name).is_none() {
                symbols.set_text(symbol.name, pair(words(&usage), Resolution::GlobalExplicit));
            }
        }
    }

    fn add_inside(
        &self,
        scope: &Scope<'_>,
        around: &Scope<'_>,
        is_nested: bool,
        symbols: &DictObject,
        inside: &ListObject,
    ) {
        for &child in &around.children {
            let inner = &self.scopes.table[child];
            if inner.kind == ScopeKind::Annotations && self.scopes.future_annotations {
                continue;
            }
            if is_merged(scope, inner) {
                self.add_symbols(scope, inner, symbols);
                self.add_inside(scope, inner, is_nested, symbols, inside);
            } else {
                inside.push(self.block(child, is_nested));
            }
        }
    }

    fn kind(&self, scope: &Scope<'_>) -> &'static str {
        match scope.kind {
            ScopeKind::Module => "module",
            ScopeKind::Class => "class",
            ScopeKind::Function | ScopeKind::Lambda | ScopeKind::Generator | ScopeKind::Comprehension => {
                "function"
            }
            ScopeKind::Annotations => "annotation",
            ScopeKind::TypeParams => "type parameters",
            // The value of an alias stands where its type parameters do.
            ScopeKind::TypeValue => match scope.parent.map(|parent| &self.scopes.table[parent]) {
                Some(parent) if parent.kind == ScopeKind::TypeParams && parent.span != scope.span => {
                    "type variable"
                }
                _ => "type alias",
            },
        }
    }
}

/// Whether a block is a comprehension that counts as a part of the one around it.
fn is_merged(scope: &Scope<'_>, inner: &Scope<'_>) -> bool {
    inner.kind == ScopeKind::Comprehension && (inner.is_inlined || scope.kind == ScopeKind::Class)
}

/// Names of blocks without a name of their own lose the brackets, and the module is called `top`.
fn shown_name<'s>(scope: &'s Scope<'_>) -> &'s str {
    match scope.kind {
        ScopeKind::Module => "top",
        _ => scope.name.trim_start_matches('<').trim_end_matches('>'),
    }
}

fn described(scope: &Scope<'_>, symbol: &Symbol<'_>) -> Py<TupleObject> {
    let mut words = words(&symbol.usage);
    if scope.kind == ScopeKind::Class && symbol.usage.is_bound && scope.passed_on.contains(&symbol.name) {
        words.push("free in class");
    }
    pair(words, symbol.resolution)
}

fn pair(words: Vec<&'static str>, found: Resolution) -> Py<TupleObject> {
    let words = ListObject::new(words.into_iter().map(|word| StrObject::intern(word).into()).collect());
    let found = match found {
        Resolution::Local => "local",
        Resolution::Cell => "cell",
        Resolution::Free => "free",
        Resolution::GlobalExplicit => "global explicit",
        Resolution::GlobalImplicit | Resolution::Outer => "global implicit",
    };
    TupleObject::of([words.into(), StrObject::intern(found).into()])
}

fn words(usage: &Usage) -> Vec<&'static str> {
    let all = [
        (usage.is_global, "global"),
        (usage.is_assigned, "local"),
        (usage.is_param, "parameter"),
        (usage.is_nonlocal, "nonlocal"),
        (usage.is_used, "use"),
        (usage.is_imported, "import"),
        (usage.is_annotated, "annotation"),
        (usage.is_iteration_variable, "iteration variable"),
        (usage.is_type_param, "type parameter"),
    ];
    all.into_iter().filter(|&(is_so, _)| is_so).map(|(_, word)| word).collect()
}
