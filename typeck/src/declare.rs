//! The declaration pass: what the top level of a module, and its classes, introduce.
//!
//! Nothing is resolved here, so that modules may import each other in cycles and names may be used before their definition;
//! `bind` resolves types afterwards. (`static-python.md` 1.6)

use base::{Diagnostic, Span};
use bumpalo::Bump;
use parser::SourceText;
use parser::ast::{self, ClassDef, Expr, ExprKind, FunctionDef, NodeId, Stmt, StmtKind};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::facts::Facts;
use crate::fold;
use crate::library;
use crate::marker::opts_in;
use crate::program::{
    Accessor, Class, ClassId, ClassKind, ClassMember, Constant, Function, FunctionId, Known, Member, Module,
    ModuleId, ModuleKind, ModuleLoader, Program,
};
use crate::scope::{self, Scopes};
use crate::ty::Types;

/// Types of the builtins.
pub(crate) const BUILTINS: &str = include_str!("stubs/builtins.pyi");
/// Types of `__static__`.
const STATIC: &str = include_str!("stubs/static.pyi");

impl<'a> Program<'a> {
    /// A session that knows the builtins.
    pub fn new(arena: &'a Bump, loader: &'a dyn ModuleLoader) -> Self {
        let nothing: ClassId = base::entity::EntityId::from_index(0);
        let known = Known {
            object: nothing,
            type_: nothing,
            int: nothing,
            bool: nothing,
            float: nothing,
            complex: nothing,
            str: nothing,
            bytes: nothing,
            list: nothing,
            tuple: nothing,
            dict: nothing,
            set: nothing,
            range: nothing,
            slice: nothing,
            checked_list: nothing,
            checked_dict: nothing,
            array: nothing,
            vector: nothing,
        };
        let mut program = Self {
            arena,
            loader,
            types: Types::default(),
            modules: base::entity::PrimaryMap::new(),
            classes: base::entity::PrimaryMap::new(),
            functions: base::entity::PrimaryMap::new(),
            type_vars: base::entity::PrimaryMap::new(),
            known,
            outermost: Span::default(),
            loop_depth: 0,
            alternatives: FxHashMap::default(),
            overloads: FxHashMap::default(),
            natives: FxHashMap::default(),
            by_name: FxHashMap::default(),
            chase_depth: 0,
        };
        let builtins = program.add_stub("builtins", BUILTINS, ModuleKind::Stub);
        let statics = program.add_stub("__static__", STATIC, ModuleKind::Stub);
        program.find_known(builtins, statics);
        program.bind_module(builtins);
        program.bind_module(statics);
        program
    }

    fn find_known(&mut self, builtins: ModuleId, statics: ModuleId) {
        let class = |module: ModuleId, name: &str| match self.modules[module].members.get(name) {
            Some(Member::Class(class)) => *class,
            _ => unreachable!("the stubs declare every class that the checker mentions"),
        };
        self.known = Known {
            object: class(builtins, "object"),
            type_: class(builtins, "type"),
            int: class(builtins, "int"),
            bool: class(builtins, "bool"),
            float: class(builtins, "float"),
            complex: class(builtins, "complex"),
            str: class(builtins, "str"),
            bytes: class(builtins, "bytes"),
            list: class(builtins, "list"),
            tuple: class(builtins, "tuple"),
            dict: class(builtins, "dict"),
            set: class(builtins, "set"),
            range: class(builtins, "range"),
            slice: class(builtins, "slice"),
            checked_list: class(statics, "CheckedList"),
            checked_dict: class(statics, "CheckedDict"),
            array: class(statics, "Array"),
            vector: class(statics, "Vector"),
        };
    }

    /// The module of the builtins.
    pub fn builtins(&self) -> ModuleId {
        base::entity::EntityId::from_index(0)
    }

    fn add_stub(&mut self, name: &'a str, source: &'a str, kind: ModuleKind) -> ModuleId {
        let text = SourceText::new(source);
        let tree = parser::parse_module(&text, self.arena).expect("the stubs are well-formed");
        let scopes = scope::analyse(&tree, false).expect("the stubs are well-formed");
        self.add_module(name, name, source, tree, scopes, kind)
    }

    /// Declares a module whose source has been parsed; `__static__` at its top makes it typed.
    pub fn add_module(
        &mut self,
        name: &'a str,
        path: &'a str,
        source: &'a str,
        tree: ast::Module<'a>,
        scopes: Scopes<'a>,
        kind: ModuleKind,
    ) -> ModuleId {
        let id = self.modules.push(Module {
            name,
            path,
            source,
            ast: tree,
            scopes,
            kind,
            members: FxHashMap::default(),
            submodules: FxHashSet::default(),
            diagnostics: Vec::new(),
            facts: Facts::default(),
        });
        self.by_name.insert(name, Some(id));
        if kind != ModuleKind::Dynamic {
            self.declare_body(id, tree.body);
        }
        id
    }

    /// A module by name if it is typed; loads it when it is first asked for.
    pub fn typed_module(&mut self, name: &str) -> Option<ModuleId> {
        if let Some(&known) = self.by_name.get(name) {
            return known;
        }
        let name = self.arena.alloc_str(name);
        self.by_name.insert(name, None);
        let Some((path, source)) = self.loader.load(name) else { return self.library_module(name) };
        let path = &*self.arena.alloc_str(&path);
        let text = SourceText::new(source);
        // What cannot be parsed is the importing statement's problem at run time.
        let tree = parser::parse_module(&text, self.arena).ok()?;
        let source = &*self.arena.alloc_str(text.text());
        if !opts_in(tree.body) {
            return None;
        }
        let scopes = scope::analyse(&tree, false).ok()?;
        let id = self.add_module(name, path, source, tree, scopes, ModuleKind::Static);
        self.bind_module(id);
        Some(id)
    }

    /// A module of the library that has a stub. What the stub leaves out is dynamic.
    fn library_module(&mut self, name: &'a str) -> Option<ModuleId> {
        let (_, source) = library::STUBS.iter().find(|(module, _)| *module == name)?;
        let id = self.add_stub(name, source, ModuleKind::Library);
        self.bind_module(id);
        Some(id)
    }

    /// Declares and binds the module that is being compiled.
    pub fn add_main(
        &mut self,
        name: &str,
        path: &str,
        source: &'a str,
        tree: ast::Module<'a>,
        scopes: Scopes<'a>,
    ) -> ModuleId {
        let arena = self.arena;
        let [name, path] = [name, path].map(|text| &*arena.alloc_str(text));
        let id = self.add_module(name, path, source, tree, scopes, ModuleKind::Static);
        self.bind_module(id);
        id
    }

    fn declare_body(&mut self, module: ModuleId, body: &'a [Stmt<'a>]) {
        for stmt in body {
            self.outermost = stmt.span;
            self.declare_stmt(module, stmt);
        }
    }

    /// What a loop binds, it may bind again.
    fn declare_loop(&mut self, module: ModuleId, body: &'a [Stmt<'a>], orelse: &'a [Stmt<'a>]) {
        self.loop_depth += 1;
        self.declare_nested(module, body);
        self.loop_depth -= 1;
        self.declare_nested(module, orelse);
    }

    pub(crate) fn declare_stmt(&mut self, module: ModuleId, stmt: &'a Stmt<'a>) {
        match stmt.kind {
            StmtKind::ClassDef(def) => {
                let class = self.declare_class(module, stmt.id, def, None);
                self.declare_name(module, def.name, Member::Class(class), def.name_span);
            }
            StmtKind::FunctionDef(def) => {
                let function = self.declare_function(module, stmt.id, def, None, false);
                self.declare_name(module, def.name, Member::Function(function), def.name_span);
            }
            StmtKind::AsyncFunctionDef(def) => {
                let function = self.declare_function(module, stmt.id, def, None, true);
                self.declare_name(module, def.name, Member::Function(function), def.name_span);
            }
            StmtKind::AnnAssign { target, annotation, value, simple: true } => {
                if let Some(name) = target.as_name() {
                    let member = annotated_variable(target, annotation, value);
                    self.declare_name(module, name, member, target.span);
                }
            }
            StmtKind::TypeAlias { name, type_params: [], value } => {
                if let Some(id) = name.as_name() {
                    self.declare_name(module, id, Member::Alias(value), name.span);
                }
            }
            StmtKind::Import { names } => self.declare_imports(module, names),
            StmtKind::ImportFrom { module: from, names, level } => {
                self.declare_from(module, from, names, level)
            }
            StmtKind::Assign { targets: [Expr { kind: ExprKind::Name { id, .. }, .. }], value }
                if is_type_var(value) =>
            {
                self.modules[module].members.entry(id).or_insert(Member::TypeVar(value, None));
            }
            StmtKind::Assign { targets, .. } => {
                targets.iter().for_each(|target| self.declare_dynamic(module, target))
            }
            StmtKind::AugAssign { target, .. } => self.declare_dynamic(module, target),
            StmtKind::If { test, body, orelse } => {
                match self.known_test(module, test) {
                    Some(true) => return self.declare_body(module, body),
                    Some(false) => return self.declare_body(module, orelse),
                    None => {}
                }
                if test.as_name() == Some("TYPE_CHECKING") {
                    self.declare_body(module, body);
                } else {
                    self.declare_nested(module, body);
                }
                self.declare_nested(module, orelse);
            }
            StmtKind::For { target, body, orelse, .. } => {
                self.declare_dynamic(module, target);
                self.declare_loop(module, body, orelse);
            }
            StmtKind::While { body, orelse, .. } => self.declare_loop(module, body, orelse),
            StmtKind::With { items, body } => {
                for target in items.iter().filter_map(|item| item.optional_vars) {
                    self.declare_dynamic(module, target);
                }
                self.declare_nested(module, body);
            }
            StmtKind::Try(parts) | StmtKind::TryStar(parts) => {
                self.declare_nested(module, parts.body);
                for handler in parts.handlers {
                    self.declare_nested(module, handler.body);
                }
                self.declare_nested(module, parts.orelse);
                self.declare_nested(module, parts.finalbody);
            }
            _ => {}
        }
    }

    pub(crate) fn declare_as_dynamic(&mut self, module: ModuleId, name: &'a str) {
        self.modules[module].members.insert(name, Member::Dynamic);
    }

    pub(crate) fn declare_dynamic(&mut self, module: ModuleId, target: &'a Expr<'a>) {
        match target.kind {
            ExprKind::Name { id, .. } => {
                self.modules[module].members.entry(id).or_insert(Member::Dynamic);
            }
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
                elts.iter().for_each(|elt| self.declare_dynamic(module, elt));
            }
            ExprKind::Starred { value, .. } => self.declare_dynamic(module, value),
            _ => {}
        }
    }

    fn declare_name(&mut self, module: ModuleId, name: &'a str, member: Member<'a>, span: Span) {
        if let (Some(&Member::Function(old)), &Member::Function(new)) =
            (self.modules[module].members.get(name), &member)
        {
            self.note_overload(module, old, new);
        }
        let previous = self.modules[module].members.get(name);
        let clashes = match (previous, &member) {
            (Some(Member::Function(old)), Member::Function(_)) => !self.functions[*old].is_dynamic,
            (Some(Member::Class(_) | Member::Function(_) | Member::Variable { .. }), _) => true,
            _ => false,
        };
        if clashes {
            let first = self.member_span(previous.expect("a clash has a first definition"));
            let diagnostic = Diagnostic::error("SP0101", span, format!("cannot redefine '{name}'"))
                .with_label(first, "first defined here");
            self.report(module, diagnostic);
        }
        self.modules[module].members.insert(name, member);
    }

    fn member_span(&self, member: &Member<'a>) -> Span {
        match member {
            Member::Class(class) => self.classes[*class].span,
            Member::Function(function) => self.functions[*function].def.name_span,
            Member::Variable { span, .. } => *span,
            _ => Span::default(),
        }
    }

    fn declare_imports(&mut self, module: ModuleId, names: &'a [ast::Alias<'a>]) {
        for alias in names {
            let first = alias.name.split('.').next().unwrap_or(alias.name);
            let (name, target) = match alias.asname {
                Some(asname) => (asname, alias.name),
                None => (first, first),
            };
            let ends = alias.name.match_indices('.').skip(1).map(|(at, _)| at).chain([alias.name.len()]);
            let parts = ends.map(|end| &alias.name[..end]).filter(|part| part.contains('.'));
            self.modules[module].submodules.extend(parts);
            self.modules[module].members.insert(name, Member::Module(target));
        }
    }

    fn declare_from(
        &mut self,
        module: ModuleId,
        from: Option<&'a str>,
        names: &'a [ast::Alias<'a>],
        level: u32,
    ) {
        let Some(target) = self.absolute_name(module, from, level) else {
            names
                .iter()
                .for_each(|alias| self.declare_as_dynamic(module, alias.asname.unwrap_or(alias.name)));
            return;
        };
        for alias in names {
            if let Some((builtin, checked)) = checked_container(target, alias.name) {
                self.modules[module]
                    .members
                    .insert(builtin, Member::Imported { module: "__static__", name: checked });
            }
            let member = Member::Imported { module: target, name: alias.name };
            self.modules[module].members.insert(alias.asname.unwrap_or(alias.name), member);
        }
    }

    /// Another getter takes the place of the one that is known.
    fn forget_getter(&mut self, class: ClassId, name: &str) {
        if let Some(&at) = self.classes[class].by_name.get(name)
            && let ClassMember::Method(old) = self.classes[class].members[at].1
        {
            self.functions[old].is_dynamic = true;
        }
    }

    /// The absolute name of the module that a relative import means.
    pub(crate) fn absolute_name(
        &self,
        module: ModuleId,
        from: Option<&'a str>,
        level: u32,
    ) -> Option<&'a str> {
        if level == 0 {
            return from;
        }
        let here = &self.modules[module];
        let mut parts: Vec<_> = here.name.split('.').collect();
        let is_package = here.path.ends_with("__init__.py");
        let up = level as usize - is_package as usize;
        if up > parts.len() {
            return None;
        }
        parts.truncate(parts.len() - up);
        parts.extend(from);
        Some(self.arena.alloc_str(&parts.join(".")))
    }

    // --- Classes and functions ---

    fn declare_class(
        &mut self,
        module: ModuleId,
        node: NodeId,
        def: &'a ClassDef<'a>,
        outer: Option<&str>,
    ) -> ClassId {
        let qualname = outer.map_or_else(|| def.name.to_owned(), |outer| format!("{outer}.{}", def.name));
        let type_params: Vec<_> = def.type_params.iter().map(scope::type_param_name).collect();
        let id = self.classes.push(Class {
            name: def.name,
            qualname,
            module,
            def,
            node,
            bases: Vec::new(),
            base_args: Vec::new(),
            mro: Vec::new(),
            type_params: self.arena.alloc_slice_copy(&type_params),
            vars: Vec::new(),
            members: Vec::new(),
            by_name: FxHashMap::default(),
            accessors: Vec::new(),
            is_static: false,
            enumeration: None,
            options: None,
            dataclass: None,
            is_final: false,
            is_dynamic: false,
            has_virtual: false,
            kind: ClassKind::Nominal,
            span: def.name_span,
        });
        self.classes[id].mro.push(id);
        for stmt in def.body {
            self.declare_class_stmt(module, id, stmt);
        }
        id
    }

    fn declare_class_stmt(&mut self, module: ModuleId, class: ClassId, stmt: &'a Stmt<'a>) {
        match stmt.kind {
            StmtKind::FunctionDef(def) => {
                let function = self.declare_function(module, stmt.id, def, Some(class), false);
                self.add_method(module, class, def, function);
            }
            StmtKind::AsyncFunctionDef(def) => {
                let function = self.declare_function(module, stmt.id, def, Some(class), true);
                self.add_method(module, class, def, function);
            }
            StmtKind::Assign { targets, .. } => {
                for target in targets {
                    if let Some(name) = target.as_name() {
                        let name = self.private_name(class, name);
                        self.add_class_member(class, name, ClassMember::Dynamic);
                    }
                }
            }
            StmtKind::ClassDef(def) => {
                let name = self.private_name(class, def.name);
                self.add_class_member(class, name, ClassMember::Dynamic);
            }
            _ => {}
        }
    }

    fn add_method(
        &mut self,
        module: ModuleId,
        class: ClassId,
        def: &'a FunctionDef<'a>,
        function: FunctionId,
    ) {
        let name = self.private_name(class, def.name);
        let accessor = def.decorator_list.iter().find_map(|decorator| match decorator.kind {
            ExprKind::Attribute { attr: attr @ ("setter" | "deleter" | "getter"), .. } => Some(attr),
            _ => None,
        });
        if let Some(kind) = accessor {
            if kind == "getter" {
                self.forget_getter(class, name);
            } else {
                let accessor = Accessor { name, is_setter: kind == "setter", function };
                self.classes[class].accessors.push(accessor);
            }
            return;
        }
        if let Some(&at) = self.classes[class].by_name.get(name)
            && let ClassMember::Method(old) = self.classes[class].members[at].1
            && !self.functions[old].is_dynamic
        {
            let diagnostic =
                Diagnostic::error("SP0101", def.name_span, format!("cannot redefine '{}'", def.name))
                    .with_label(self.functions[old].def.name_span, "first defined here");
            self.report(module, diagnostic);
        }
        if let Some(&at) = self.classes[class].by_name.get(name)
            && let ClassMember::Method(old) = self.classes[class].members[at].1
        {
            self.note_overload(module, old, function);
        }
        self.add_class_member(class, name, ClassMember::Method(function));
    }

    /// A further signature of a function of the library.
    fn note_overload(&mut self, module: ModuleId, old: FunctionId, new: FunctionId) {
        if self.modules[module].kind == ModuleKind::Library {
            let mut variants = self.overloads.remove(&old).unwrap_or_else(|| vec![old]);
            variants.push(new);
            self.overloads.insert(new, variants);
        }
    }

    /// A name in the body of a class as it is stored.
    pub(crate) fn private_name(&self, class: ClassId, name: &'a str) -> &'a str {
        match scope::mangle(Some(self.classes[class].name), name) {
            std::borrow::Cow::Borrowed(name) => name,
            std::borrow::Cow::Owned(name) => self.arena.alloc_str(&name),
        }
    }

    /// Adds or replaces a member of a class.
    pub(crate) fn add_class_member(&mut self, class: ClassId, name: &'a str, member: ClassMember<'a>) {
        let class = &mut self.classes[class];
        match class.by_name.get(name) {
            Some(&at) => class.members[at].1 = member,
            None => {
                class.by_name.insert(name, class.members.len());
                class.members.push((name, member));
            }
        }
    }

    /// A function that is defined inside another one.
    pub(crate) fn declare_inner_function(
        &mut self,
        outer: FunctionId,
        node: NodeId,
        def: &'a FunctionDef<'a>,
        is_async: bool,
    ) -> FunctionId {
        let function = self.declare_function(self.functions[outer].module, node, def, None, is_async);
        let qualname = format!("{}.<locals>.{}", self.functions[outer].qualname, def.name);
        let entry = &mut self.functions[function];
        (entry.qualname, entry.is_nested) = (qualname, true);
        function
    }

    pub(crate) fn declare_function(
        &mut self,
        module: ModuleId,
        node: NodeId,
        def: &'a FunctionDef<'a>,
        class: Option<ClassId>,
        is_async: bool,
    ) -> FunctionId {
        let qualname = match class {
            Some(class) => {
                format!("{}.{}", self.classes[class].qualname, self.private_name(class, def.name))
            }
            None => def.name.to_owned(),
        };
        let decorators = self.decorators(module, def, class.is_some());
        let scopes = &self.modules[module].scopes;
        let is_generator =
            scopes.find(node, scope::ScopeRole::Body).is_some_and(|body| scopes.table[body].has_yield);
        self.functions.push(Function {
            name: def.name,
            qualname,
            module,
            class,
            def,
            node,
            type_vars: &[],
            params: Vec::new(),
            ret: self.types.dynamic,
            returns_self: false,
            guard: None,
            binding: decorators.binding,
            is_final: decorators.is_final,
            is_abstract: decorators.is_abstract,
            is_nested: false,
            is_async,
            is_generator,
            is_dynamic: decorators.is_unknown,
            body: decorators.body,
            cache: decorators.cache,
            is_generated: false,
            is_bound: false,
        })
    }
}

/// The builtin container that a switch of `__static__.compiler_flags` replaces in a module, and by which.
pub fn checked_container(module: &str, name: &str) -> Option<(&'static str, &'static str)> {
    match (module, name) {
        ("__static__.compiler_flags", "checked_dicts") => Some(("dict", "CheckedDict")),
        ("__static__.compiler_flags", "checked_lists") => Some(("list", "CheckedList")),
        _ => None,
    }
}

/// Whether an expression looks like `TypeVar("T")`; what its name means is asked when the variable is.
fn is_type_var(value: &Expr<'_>) -> bool {
    let ExprKind::Call { func, .. } = value.kind else { return false };
    match func.kind {
        ExprKind::Name { id, .. } => id == "TypeVar",
        ExprKind::Attribute { attr, .. } => attr == "TypeVar",
        _ => false,
    }
}

/// Whether an annotation is `Final` or `Final[...]`.
pub(crate) fn is_final_annotation(annotation: &Expr<'_>) -> bool {
    match annotation.kind {
        ExprKind::Name { id: "Final", .. } | ExprKind::Attribute { attr: "Final", .. } => true,
        ExprKind::Subscript { value, .. } => is_final_annotation(value),
        _ => false,
    }
}

/// Whether an annotation is `Final`, which leaves the type to the value.
pub(crate) fn is_bare_final(annotation: &Expr<'_>) -> bool {
    is_final_annotation(annotation) && !matches!(annotation.kind, ExprKind::Subscript { .. })
}

/// What an annotated assignment to a name declares.
pub(crate) fn annotated_variable<'a>(
    target: &Expr<'a>,
    annotation: &'a Expr<'a>,
    value: Option<&'a Expr<'a>>,
) -> Member<'a> {
    let is_final = is_final_annotation(annotation);
    let constant = value.filter(|_| is_final).and_then(constant_value);
    Member::Variable { ty: None, annotation: Some(annotation), is_final, constant, value, span: target.span }
}

/// The value of a constant expression.
fn constant_value<'a>(value: &'a Expr<'a>) -> Option<Constant<'a>> {
    match value.kind {
        ExprKind::Constant { value, .. } => Some(Constant::Literal(value)),
        ExprKind::UnaryOp { op: ast::UnaryOp::USub, operand } => match operand.kind {
            ExprKind::Constant {
                value: value @ (ast::Constant::Int(_) | ast::Constant::Float(_)), ..
            } => Some(Constant::Negated(value)),
            _ => fold::constant(value),
        },
        _ => fold::constant(value),
    }
}
