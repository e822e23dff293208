//! The second pass: for every name of every scope, where it is found.
//!
//! Method: walk down with the names that enclosing functions bind, decide each symbol, walk up with the names that inner
//! scopes take from outside, and turn locals that they take into cells. (CPython: `analyze_block` in `symtable.c`.)

use rustc_hash::FxHashSet;

use super::collect::ScopeError;
use super::{Resolution, ScopeId, ScopeKind, Scopes, Symbol, Usage};

/// Names of enclosing functions that a scope can reach.
type Visible<'a> = FxHashSet<&'a str>;

/// Fills in every symbol's resolution.
pub(super) fn resolve(scopes: &mut Scopes<'_>) -> Result<(), ScopeError> {
    let module = scopes.module();
    share_globals(scopes, module);
    resolve_scope(scopes, module, &Visible::default()).map(|_| ())
}

/// What any block declares `global` is a global of the module's own code, too, which `exec` may run with other locals.
fn share_globals(scopes: &mut Scopes<'_>, module: ScopeId) {
    let declared: FxHashSet<&str> = (scopes.table.values().skip(1))
        .filter(|scope| !scope.is_inlined)
        .flat_map(|scope| scope.symbols.iter().filter(|symbol| symbol.usage.is_global))
        .map(|symbol| symbol.name)
        .collect();
    for symbol in &mut scopes.table[module].symbols {
        symbol.usage.is_global |= declared.contains(symbol.name);
    }
}

/// Whether the variable that `nonlocal` finds is a type parameter.
fn is_type_param(scopes: &Scopes<'_>, id: ScopeId, name: &str) -> bool {
    let mut around = scopes.table[id].parent;
    while let Some(outer) = around {
        let scope = &scopes.table[outer];
        let is_own = scope.symbol(name).is_some_and(|symbol| symbol.resolution == Resolution::Local);
        if is_own && scope.kind.is_function_like() {
            return scope.kind == ScopeKind::TypeParams;
        }
        around = scope.parent;
    }
    false
}

/// What the class around a deferred block does with a name that the block uses: its own variables come from its namespace at run time,
/// so that nothing further outside is meant.
fn in_class_around(scopes: &Scopes<'_>, id: ScopeId, name: &str) -> Option<Resolution> {
    let mut scope = &scopes.table[id];
    let is_deferred =
        matches!(scope.kind, ScopeKind::Annotations | ScopeKind::TypeParams | ScopeKind::TypeValue);
    if !is_deferred || !scope.can_see_class {
        return None;
    }
    while scope.kind != ScopeKind::Class {
        scope = &scopes.table[scope.parent?];
    }
    match scope.symbol(name)?.usage {
        Usage { is_global: true, .. } => Some(Resolution::GlobalExplicit),
        Usage { is_bound: true, is_nonlocal: false, .. } => Some(Resolution::GlobalImplicit),
        _ => None,
    }
}

/// Resolves one scope and those inside; returns the names that they take from outside.
fn resolve_scope<'a>(
    scopes: &mut Scopes<'a>,
    id: ScopeId,
    visible: &Visible<'a>,
) -> Result<Visible<'a>, ScopeError> {
    decide(scopes, id, visible)?;
    let inner_visible = names_for_children(scopes, id, visible);
    let mut taken = Visible::default();
    for child in scopes.table[id].children.clone() {
        let wanted = resolve_scope(scopes, child, &inner_visible)?;
        taken.extend(wanted);
    }
    make_cells(scopes, id, &mut taken);
    let own_free: Vec<_> = scopes.table[id].free_names();
    taken.extend(own_free);
    Ok(taken)
}

/// Decides each symbol by what the scope does with it and what encloses it.
fn decide<'a>(scopes: &mut Scopes<'a>, id: ScopeId, visible: &Visible<'a>) -> Result<(), ScopeError> {
    for at in 0..scopes.table[id].symbols.len() {
        let resolution = decide_symbol(scopes, id, &scopes.table[id].symbols[at], visible)?;
        scopes.table[id].symbols[at].resolution = resolution;
    }
    Ok(())
}

fn decide_symbol<'a>(
    scopes: &Scopes<'a>,
    id: ScopeId,
    symbol: &Symbol<'a>,
    visible: &Visible<'a>,
) -> Result<Resolution, ScopeError> {
    let (scope, name) = (&scopes.table[id], symbol.name);
    if symbol.usage.is_global {
        return Ok(Resolution::GlobalExplicit);
    }
    if symbol.usage.is_nonlocal {
        let message = if scope.kind == ScopeKind::Module {
            "nonlocal declaration not allowed at module level".to_owned()
        } else if !visible.contains(name) {
            format!("no binding for nonlocal '{name}' found")
        } else if is_type_param(scopes, id, name) {
            format!("nonlocal binding not allowed for type parameter '{name}'")
        } else {
            return Ok(Resolution::Free);
        };
        return Err(ScopeError::new(symbol.span, message));
    }
    Ok(if symbol.usage.is_bound {
        Resolution::Local
    } else if scope.is_inlined {
        Resolution::Outer
    } else if let Some(found) = in_class_around(scopes, id, name) {
        found
    } else if visible.contains(name) {
        Resolution::Free
    } else {
        Resolution::GlobalImplicit
    })
}

/// What scopes inside `id` can reach.
fn names_for_children<'a>(scopes: &Scopes<'a>, id: ScopeId, visible: &Visible<'a>) -> Visible<'a> {
    let scope = &scopes.table[id];
    let mut names = visible.clone();
    match scope.kind {
        ScopeKind::Module => names.clear(),
        ScopeKind::Class => {
            names.insert("__class__");
            names.insert("__classdict__");
        }
        _ => {
            for symbol in &scope.symbols {
                match symbol.resolution {
                    Resolution::Local | Resolution::Cell | Resolution::Free => {
                        names.insert(symbol.name);
                    }
                    Resolution::GlobalExplicit => {
                        names.remove(symbol.name);
                    }
                    Resolution::GlobalImplicit | Resolution::Outer => {}
                }
            }
        }
    }
    names
}

/// Turns locals that inner scopes take into cells; removes them from `taken`; makes the rest free here.
fn make_cells<'a>(scopes: &mut Scopes<'a>, id: ScopeId, taken: &mut Visible<'a>) {
    let scope = &mut scopes.table[id];
    match scope.kind {
        ScopeKind::Module => taken.clear(),
        ScopeKind::Class => {
            // A body that declares `nonlocal __class__` passes the enclosing variable on instead.
            let is_own =
                !scope.symbol("__class__").is_some_and(|symbol| symbol.resolution == Resolution::Free);
            scope.needs_class_cell |= is_own && taken.remove("__class__");
            scope.needs_class_dict |= taken.remove("__classdict__");
            pass_through(scopes, id, taken);
        }
        _ => {
            for symbol in &mut scope.symbols {
                let is_own = matches!(symbol.resolution, Resolution::Local | Resolution::Cell);
                if is_own && taken.remove(symbol.name) {
                    symbol.resolution = Resolution::Cell;
                }
            }
            pass_through(scopes, id, taken);
        }
    }
}

/// Names taken from further outside are free here too, so that the closure passes them on.
fn pass_through<'a>(scopes: &mut Scopes<'a>, id: ScopeId, taken: &Visible<'a>) {
    let mut names: Vec<_> = taken.iter().copied().collect();
    names.sort_unstable();
    let scope = &mut scopes.table[id];
    if scope.is_inlined {
        return;
    }
    for name in names {
        match scope.symbol(name).map(|symbol| symbol.resolution) {
            Some(Resolution::Free) => {}
            // The block's own uses of the name mean something else: a class namespace, a global.
            Some(_) => scope.passed_on.push(name),
            None => scope.intern(name, base::Span::default()).resolution = Resolution::Free,
        }
    }
}
