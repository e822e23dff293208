//! Scopes: which names each code block binds, and where every name that it uses is found.
//!
//! Two passes, as CPython's `symtable.c`: [`collect`](collect::collect) walks the tree once and notes bindings, uses and declarations;
//! [`resolve`](resolve::resolve) walks the tree of scopes once and decides for every name whether it is local, a cell, free, or global.
//! Comprehensions in functions and modules are *inlined* (PEP 709): they have a scope of their own but run in their
//! parent's frame, where their variables get slots that no other name can reach, so nothing needs to be saved and restored.
//!
//! Cost: O(nodes + names x depth of nesting).

mod collect;
mod mangle;
mod resolve;

use base::Span;
use parser::ast::{Module, NodeId, Stmt, StmtKind};
use rustc_hash::{FxHashMap, FxHashSet};

pub use collect::ScopeError;
pub(crate) use collect::type_param_name;
pub use mangle::mangle;

base::entity_id! {
    /// Names one scope of a module.
    pub struct ScopeId, "scope"
}

/// What kind of block a scope belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ScopeKind {
    /// A module, or the source of `exec`, `eval` or one interactive input.
    Module,
    /// A class body.
    Class,
    /// A `def`.
    Function,
    /// A lambda.
    Lambda,
    /// A generator expression.
    Generator,
    /// A list, set or dict comprehension.
    Comprehension,
    /// The deferred annotations of a function, class or module (PEP 649).
    Annotations,
    /// The type parameters of a function, class or alias (PEP 695).
    TypeParams,
    /// The deferred value of a `type` statement, bound or default.
    TypeValue,
}

impl ScopeKind {
    /// Whether its names are visible to scopes nested in it.
    pub const fn is_function_like(self) -> bool {
        !matches!(self, Self::Module | Self::Class)
    }
}

/// Where a name is found.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Resolution {
    /// A slot of this block's frame, or the namespace of a module or class body.
    Local,
    /// A slot of this block's frame that holds a cell, because nested blocks use the name.
    Cell,
    /// A cell of an enclosing block.
    Free,
    /// Declared `global`.
    GlobalExplicit,
    /// Bound nowhere around: a global or builtin.
    GlobalImplicit,
    /// An inlined comprehension does not bind it: as in the parent scope.
    Outer,
}

/// What a scope does with a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// Assigned, imported, defined, deleted, or a parameter.
    pub is_bound: bool,
    /// A parameter.
    pub is_param: bool,
    /// Imported.
    pub is_imported: bool,
    /// A type parameter.
    pub is_type_param: bool,
    /// Bound otherwise than as a parameter and by an import.
    pub is_assigned: bool,
    /// Read.
    pub is_used: bool,
    /// Declared `global`.
    pub is_global: bool,
    /// Declared `nonlocal`.
    pub is_nonlocal: bool,
    /// Annotated.
    pub is_annotated: bool,
    /// The variable of a comprehension clause.
    pub is_iteration_variable: bool,
    /// The target of an assignment expression inside the comprehension, which binds it further outside.
    pub is_named_target: bool,
}

/// One name in one scope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symbol<'a> {
    /// The name, mangled.
    pub name: &'a str,
    /// What the scope does with it.
    pub usage: Usage,
    /// Where it is found.
    pub resolution: Resolution,
    /// Where it first occurs, for errors.
    pub span: Span,
}

/// One scope.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// What kind of block.
    pub kind: ScopeKind,
    /// Name of the function or class; `<lambda>` and the like otherwise.
    pub name: &'a str,
    /// Where the block begins; nothing for the module.
    pub span: Span,
    /// The enclosing scope; `None` for the module.
    pub parent: Option<ScopeId>,
    /// Scopes directly inside, in source order.
    pub children: Vec<ScopeId>,
    /// Names in the order of their first occurrence; parameters first.
    pub symbols: Vec<Symbol<'a>>,
    /// The class whose name mangles private names here.
    pub private: Option<&'a str>,
    /// The only names that are mangled here, if not all private ones are: the type parameters of a generic class, seen from its head.
    pub mangled_names: Option<Vec<&'a str>>,
    /// A comprehension that runs in its parent's frame.
    pub is_inlined: bool,
    /// It contains `yield`.
    pub has_yield: bool,
    /// It contains `await`, or is `async`.
    pub is_coroutine: bool,
    /// It contains `await`, or an asynchronous statement or comprehension, whatever it is.
    pub awaits: bool,
    /// A class whose methods use `__class__` or `super()`.
    pub needs_class_cell: bool,
    /// A class whose deferred annotations or type values read its namespace.
    pub needs_class_dict: bool,
    /// It lies directly in a class body, so that names may come from the class namespace.
    pub can_see_class: bool,
    /// It contains a docstring-worthy `return` with a value (for the errors of async generators).
    pub returns_value: bool,
    /// Names that inner blocks take from enclosing ones through this block, in which they mean something else.
    pub passed_on: Vec<&'a str>,
    /// Where symbols are, if there are more than a few.
    by_name: FxHashMap<&'a str, u32>,
}

/// So many symbols are found as fast by looking at each.
const FEW: usize = 8;

impl<'a> Scope<'a> {
    /// A name as it is stored when it occurs here.
    pub fn mangle<'n>(&self, name: &'n str) -> std::borrow::Cow<'n, str> {
        let is_spared = self.mangled_names.as_ref().is_some_and(|names| !names.contains(&name));
        mangle(self.private.filter(|_| !is_spared), name)
    }

    /// What is known of a (mangled) name here.
    pub fn symbol(&self, name: &str) -> Option<&Symbol<'a>> {
        self.find(name).map(|at| &self.symbols[at])
    }

    fn find(&self, name: &str) -> Option<usize> {
        if self.symbols.len() <= FEW {
            return self.symbols.iter().position(|symbol| symbol.name == name);
        }
        self.by_name.get(name).map(|&at| at as usize)
    }

    /// Names that take a cell of an enclosing block, sorted.
    pub fn free_names(&self) -> Vec<&'a str> {
        let mut names = self.names_with(Resolution::Free);
        names.extend(&self.passed_on);
        names.sort_unstable();
        names
    }

    /// Names that this block makes cells for, sorted.
    pub fn cell_names(&self) -> Vec<&'a str> {
        self.names_with(Resolution::Cell)
    }

    /// Names that have slots of their own without cells, in the order of their spelling.
    pub fn local_names(&self) -> Vec<&'a str> {
        self.names_with(Resolution::Local)
    }

    /// The symbol of a name, made if it is new.
    fn intern(&mut self, name: &'a str, span: Span) -> &mut Symbol<'a> {
        let at = self.find(name).unwrap_or_else(|| {
            let (usage, resolution) = (Usage::default(), Resolution::GlobalImplicit);
            self.symbols.push(Symbol { name, usage, resolution, span });
            self.index_new();
            self.symbols.len() - 1
        });
        &mut self.symbols[at]
    }

    /// Makes the last symbol known to the index, which there is when there are more than a few.
    fn index_new(&mut self) {
        let known = self.by_name.len();
        if self.symbols.len() > FEW {
            let new = self.symbols.iter().enumerate().skip(known);
            self.by_name.extend(new.map(|(at, symbol)| (symbol.name, at as u32)));
        }
    }

    fn names_with(&self, resolution: Resolution) -> Vec<&'a str> {
        let mut names: Vec<_> = self
            .symbols
            .iter()
            .filter(|symbol| symbol.resolution == resolution)
            .map(|symbol| symbol.name)
            .collect();
        names.sort_unstable();
        names
    }
}

/// Which of the scopes that one node can have.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ScopeRole {
    /// The body of the function, class, lambda or comprehension.
    Body,
    /// Its annotations.
    Annotations,
    /// Its type parameters.
    TypeParams,
    /// The bound of a type parameter, or the value of a type alias.
    Value,
    /// The default of a type parameter.
    Default,
}

/// All scopes of one module.
#[derive(Clone, Debug, Default)]
pub struct Scopes<'a> {
    /// The scopes; the module's is the first.
    pub table: base::entity::PrimaryMap<ScopeId, Scope<'a>>,
    by_node: FxHashMap<(NodeId, ScopeRole), ScopeId>,
    /// The module's deferred annotations, if it has any.
    pub module_annotations: Option<ScopeId>,
    /// `from __future__ import annotations` is in force: annotations are text.
    pub future_annotations: bool,
    /// Deferred annotations of classes, by the class's body scope.
    class_annotations: FxHashMap<ScopeId, ScopeId>,
    /// Names of the module that some block binds.
    bound_globals: FxHashSet<&'a str>,
    /// Whether some block names a function that may bind names of the module by other means.
    pub has_namespace_changers: bool,
    /// Whether the module names the function that tells how many references an object has.
    pub counts_references: bool,
    /// Whether the module names the attribute of frames that holds their variables.
    pub names_variables_of_frames: bool,
    /// Whether the module names the function that has calls and lines reported.
    pub names_tracing: bool,
}

/// That function.
const REFERENCE_COUNTER: &str = "getrefcount";

/// That attribute of frames.
const FRAME_VARIABLES: &str = "f_locals";

/// The function that has calls and lines reported.
const TRACING: &str = "settrace";

/// Functions that may bind names of a module without its saying so.
const NAMESPACE_CHANGERS: &[&str] =
    &["globals", "locals", "vars", "exec", "setattr", "__import__", "__getattr__"];

impl<'a> Scopes<'a> {
    /// The module's own scope.
    pub fn module(&self) -> ScopeId {
        self.table.keys().next().expect("every module has a scope")
    }

    /// Whether some block binds a name of the module.
    pub fn binds_global(&self, name: &str) -> bool {
        self.bound_globals.contains(name)
    }

    /// Finds what is known of the module's names, once the symbols are complete.
    fn survey_globals(&mut self) {
        let module = self.module();
        for (scope, entry) in self.table.iter() {
            let is_global = |usage: Usage| usage.is_bound && (usage.is_global || scope == module);
            let bound = entry.symbols.iter().filter(|symbol| is_global(symbol.usage));
            self.bound_globals.extend(bound.map(|symbol| symbol.name));
            self.has_namespace_changers |=
                NAMESPACE_CHANGERS.iter().any(|changer| entry.symbol(changer).is_some());
        }
    }

    /// The scope that a node opens in a role, if it has one.
    pub fn find(&self, node: NodeId, role: ScopeRole) -> Option<ScopeId> {
        self.by_node.get(&(node, role)).copied()
    }

    /// The body scope of a function, class, lambda or comprehension.
    pub fn body(&self, node: NodeId) -> ScopeId {
        self.find(node, ScopeRole::Body).expect("the collector gives every block a scope")
    }

    /// The deferred annotations of a class or module body.
    pub fn annotations_of(&self, body: ScopeId) -> Option<ScopeId> {
        if body == self.module() {
            self.module_annotations
        } else {
            self.class_annotations.get(&body).copied()
        }
    }

    /// Where a (mangled) name used in `scope` is found, and the scope that decides: inlined comprehensions pass it on.
    pub fn lookup(&self, mut scope: ScopeId, name: &str) -> (ScopeId, Resolution) {
        loop {
            let here = &self.table[scope];
            match here.symbol(name).map(|symbol| symbol.resolution) {
                Some(Resolution::Outer) | None if here.is_inlined => {
                    scope = here.parent.expect("an inlined comprehension has a parent");
                }
                Some(found) => return (scope, found),
                None => return (scope, Resolution::GlobalImplicit),
            }
        }
    }
}

/// Analyses the scopes of a module whose statements are `module.body`. `future_annotations` is in force from outside; the
/// module's own import of the feature counts too.
pub fn analyse<'a>(module: &Module<'a>, future_annotations: bool) -> Result<Scopes<'a>, ScopeError> {
    let future_annotations = future_annotations || imports_future_annotations(module.body);
    let mut scopes = collect::collect(module.body, future_annotations)?;
    scopes.future_annotations = future_annotations;
    resolve::resolve(&mut scopes)?;
    scopes.survey_globals();
    Ok(scopes)
}

/// Whether a module opens with `from __future__ import annotations`.
fn imports_future_annotations(body: &[Stmt<'_>]) -> bool {
    body.iter().any(|stmt| match stmt.kind {
        StmtKind::ImportFrom { module: Some("__future__"), names, .. } => {
            names.iter().any(|alias| alias.name == "annotations")
        }
        _ => false,
    })
}

/// Analyses the scopes of a single expression.
pub fn analyse_expression<'a>(expression: &parser::ast::Expression<'a>) -> Result<Scopes<'a>, ScopeError> {
    let mut scopes = collect::collect_expression(expression.body)?;
    resolve::resolve(&mut scopes)?;
    Ok(scopes)
}
