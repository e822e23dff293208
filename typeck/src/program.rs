//! Everything that one checking session knows: modules, classes, functions, types.
//!
//! Tables of plain data keyed by typed indices; the passes (`declare`, `bind`, `infer`) fill them in. Modules are declared when
//! they are first imported; a module that does not opt in with `import __static__` contributes nothing but dynamic names.

use std::sync::Arc;

use base::entity::PrimaryMap;
use base::{Diagnostic, Origin, Span};
use bumpalo::Bump;
use parser::ast::{self, ClassDef, FunctionDef, NodeId};
use rustc_hash::{FxHashMap, FxHashSet};

pub use crate::dataclass::{Dataclass, Options};
pub use crate::enumeration::Enumeration;
use crate::facts::Facts;
use crate::scope::Scopes;
use crate::ty::{Literal, TypeId, Types};

base::entity_id! {
    /// Names one module of the session.
    pub struct ModuleId, "module"
}
base::entity_id! {
    /// Names one class of the session.
    pub struct ClassId, "class"
}
base::entity_id! {
    /// Names one function of the session.
    pub struct FunctionId, "function"
}

/// Finds the source of modules; the command line and the importer implement it, so that this crate touches no files.
pub trait ModuleLoader: Sync {
    /// Path and text of a module, if it has Python source.
    fn load(&self, name: &str) -> Option<(String, String)>;

    /// Whether there is a module, of whatever kind, where the program's own modules are.
    fn is_module(&self, name: &str) -> bool {
        self.load(name).is_some()
    }

    /// Path and text of the stub of a module, in a folder of stubs, or beside the module.
    fn stub(&self, _folder: Option<&str>, _name: &str) -> Option<(String, String)> {
        None
    }

    /// What is missing if a module of this name certainly cannot be imported. Who does not know where a program will look says nothing.
    fn missing(&self, _name: &str) -> Option<Missing> {
        None
    }
}

/// A module that does not exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missing {
    /// The name as far as nothing has it.
    pub name: String,
    /// One that exists and is spelt alike.
    pub meant: Option<String>,
}

/// A loader that finds nothing.
pub struct NoModules;

impl ModuleLoader for NoModules {
    fn load(&self, _name: &str) -> Option<(String, String)> {
        None
    }
}

/// How much of a module is typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModuleKind {
    /// It opts in with `import __static__`.
    Static,
    /// A stub of the builtins or of `__static__`: types without code, enforced at run time.
    Stub,
    /// A stub of a module of the library: types that only the checker knows.
    Library,
    /// Anything else.
    Dynamic,
}

impl ModuleKind {
    /// Whether there are types and no code.
    pub fn is_stub(self) -> bool {
        matches!(self, Self::Stub | Self::Library)
    }
}

/// One module.
pub struct Module<'a> {
    /// Dotted name.
    pub name: &'a str,
    /// Path as diagnostics show it.
    pub path: &'a str,
    /// The text.
    pub source: &'a str,
    /// The tree; empty if the module could not be parsed or has no source.
    pub ast: ast::Module<'a>,
    /// Its scopes.
    pub scopes: Scopes<'a>,
    /// How much of it is typed.
    pub kind: ModuleKind,
    /// Names at its top level.
    pub members: FxHashMap<&'a str, Member<'a>>,
    /// Dotted names of the modules that `import` statements at its top level make attributes of packages.
    pub submodules: FxHashSet<&'a str>,
    /// What has been found wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// What has been found out about its nodes.
    pub facts: Facts,
}

/// What a module-level name is.
#[derive(Clone, Debug)]
pub enum Member<'a> {
    /// A class.
    Class(ClassId),
    /// A function.
    Function(FunctionId),
    /// A variable with a declared type.
    Variable {
        /// Its type; `None` until it is bound.
        ty: Option<TypeId>,
        /// The annotation.
        annotation: Option<&'a ast::Expr<'a>>,
        /// Whether it is `Final`.
        is_final: bool,
        /// The value of a `Final` with a constant.
        constant: Option<Constant<'a>>,
        /// The initial value.
        value: Option<&'a ast::Expr<'a>>,
        /// Where it is declared.
        span: Span,
    },
    /// A type alias.
    Alias(&'a ast::Expr<'a>),
    /// `T = TypeVar("T", bound=...)`: the call, and the variable once it has been asked for.
    TypeVar(&'a ast::Expr<'a>, Option<TypeId>),
    /// A name imported from another module.
    Imported {
        /// Dotted name of the module.
        module: &'a str,
        /// The name there.
        name: &'a str,
    },
    /// An imported module.
    Module(&'a str),
    /// Bound in a way that the checker does not follow.
    Dynamic,
}

/// A constant that uses are replaced by.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Constant<'a> {
    /// A literal of the source.
    Literal(ast::Constant<'a>),
    /// A negated number.
    Negated(ast::Constant<'a>),
}

impl Constant<'_> {
    /// The literal type of an int or bool constant.
    pub fn literal(&self) -> Option<Literal> {
        match self {
            Self::Literal(value) => Literal::of_constant(value).filter(Literal::is_number),
            Self::Negated(ast::Constant::Int(ast::Int::Small(value))) => Some(Literal::Int(-value)),
            Self::Negated(_) => None,
        }
    }
}

/// One field of a class.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type; dynamic if it has no annotation.
    pub ty: TypeId,
    /// The class that declares it.
    pub class: ClassId,
    /// Whether the class body gives it a default.
    pub has_default: bool,
    /// Whether it may be assigned only in `__init__`.
    pub is_final: bool,
    /// Where it is declared.
    pub span: Span,
}

/// How a method binds its first argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binding {
    /// A function, not a method.
    None,
    /// The instance.
    Instance,
    /// The class.
    Class,
    /// Nothing.
    Static,
    /// A property getter.
    Property,
}

/// What a class-level name is.
#[derive(Clone, Debug)]
pub enum ClassMember<'a> {
    /// A field of instances.
    Field(Field<'a>),
    /// A method, or the getter of a property.
    Method(FunctionId),
    /// A class variable.
    Variable {
        /// Its type.
        ty: TypeId,
        /// Whether it is `Final`.
        is_final: bool,
        /// Where it is declared.
        span: Span,
    },
    /// Something that the checker does not follow.
    Dynamic,
}

/// `@name.setter` or `@name.deleter`.
#[derive(Clone, Copy, Debug)]
pub struct Accessor<'a> {
    /// The name of the property.
    pub name: &'a str,
    /// Whether it sets rather than deletes.
    pub is_setter: bool,
    /// The method.
    pub function: FunctionId,
}

/// One class.
pub struct Class<'a> {
    /// Its name.
    pub name: &'a str,
    /// Dotted name inside the module.
    pub qualname: String,
    /// Where it is defined.
    pub module: ModuleId,
    /// Its definition; none for the built-in dynamic class.
    pub def: &'a ClassDef<'a>,
    /// The statement that defines it.
    pub node: NodeId,
    /// Direct bases that are known.
    pub bases: Vec<ClassId>,
    /// The type arguments of each base, where it has some.
    pub base_args: Vec<Option<&'a ast::Expr<'a>>>,
    /// Method resolution order, itself first.
    pub mro: Vec<ClassId>,
    /// Names of its type parameters.
    pub type_params: &'a [&'a str],
    /// Variables in their place, once one has been needed.
    pub vars: Vec<TypeId>,
    /// Its own members, in declaration order.
    pub members: Vec<(&'a str, ClassMember<'a>)>,
    /// Position of each own member.
    pub by_name: FxHashMap<&'a str, usize>,
    /// Setters and deleters of its own properties.
    pub accessors: Vec<Accessor<'a>>,
    /// Laid out statically: fields at fixed offsets, methods in a vtable.
    pub is_static: bool,
    /// The enumeration of `__static__` that it is, by the type of the members' values.
    pub enumeration: Option<Enumeration>,
    /// How it is made a dataclass, if it is.
    pub options: Option<Options>,
    /// Its fields as a dataclass.
    pub dataclass: Option<Dataclass<'a>>,
    /// May not be subclassed.
    pub is_final: bool,
    /// Some base, decorator or keyword is beyond the checker.
    pub is_dynamic: bool,
    /// It is made by `ABCMeta`: `isinstance` may take others for its instances.
    pub has_virtual: bool,
    /// What its instances are told by.
    pub kind: ClassKind,
    /// Where its name stands.
    pub span: Span,
}

/// What the instances of a class are told by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClassKind {
    /// Their class.
    Nominal,
    /// The members that they have.
    Protocol,
    /// Nothing but being a dict.
    TypedDict,
    /// Their class, which has fields by order.
    NamedTuple,
}

/// Kinds of parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParamKind {
    /// Before `/`.
    PositionalOnly,
    /// Ordinary.
    Ordinary,
    /// Behind `*`.
    KeywordOnly,
    /// `*args`
    Star,
    /// `**kwargs`
    DoubleStar,
}

impl ParamKind {
    /// Whether an argument goes to such a parameter by its place.
    pub fn is_by_place(self) -> bool {
        matches!(self, Self::Ordinary | Self::PositionalOnly)
    }
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Param<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type.
    pub ty: TypeId,
    /// Its kind.
    pub kind: ParamKind,
    /// What each argument is that it collects.
    pub item: Option<TypeId>,
    /// Whether callers do not check it, since the method overrides one whose parameter is a type parameter.
    pub is_erased: bool,
    /// Its default.
    pub default: Option<&'a ast::Expr<'a>>,
    /// Where it stands.
    pub span: Span,
}

/// What a decorator says of the body of a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body {
    /// Nothing.
    Typed,
    /// `@inline`: it is a single `return`.
    Inline,
    /// `@dynamic_return`: what it returns is dynamic, whatever it is declared to be.
    DynamicReturn,
    /// `@native`: a C function.
    Native,
    /// `@_donotcompile`, or a declaration for the sake of checkers: it is compiled dynamically.
    Untyped,
}

/// One function or method.
pub struct Function<'a> {
    /// Its name.
    pub name: &'a str,
    /// Dotted name inside the module.
    pub qualname: String,
    /// Where it is defined.
    pub module: ModuleId,
    /// The class whose method it is.
    pub class: Option<ClassId>,
    /// Its definition.
    pub def: &'a FunctionDef<'a>,
    /// The statement that defines it.
    pub node: NodeId,
    /// Names and types of its own type parameters.
    pub type_vars: &'a [(&'a str, TypeId)],
    /// Its parameters; empty until it is bound.
    pub params: Vec<Param<'a>>,
    /// What it returns; for `async` functions, what awaiting gives.
    pub ret: TypeId,
    /// Whether it returns `Self`: what its receiver is.
    pub returns_self: bool,
    /// What its truth says of its first argument.
    pub guard: Option<Guard>,
    /// How it binds its first argument.
    pub binding: Binding,
    /// It may not be overridden.
    pub is_final: bool,
    /// `@abstractmethod`: classes that have it and not another one in its place have no instances.
    pub is_abstract: bool,
    /// It is defined inside another function, so that nothing outside names it.
    pub is_nested: bool,
    /// `async def`
    pub is_async: bool,
    /// It contains `yield`.
    pub is_generator: bool,
    /// A decorator is beyond the checker: calls are dynamic.
    pub is_dynamic: bool,
    /// How its body is compiled.
    pub body: Body,
    /// A property whose value is kept in a field of this prefix.
    pub cache: Option<&'static str>,
    /// A decorator makes it: it has a signature and no body.
    pub is_generated: bool,
    /// Whether its signature has been resolved.
    pub is_bound: bool,
}

impl Function<'_> {
    /// Whether a call of it runs its typed body and gives what that returns.
    pub fn is_plain(&self) -> bool {
        !self.is_dynamic && !self.is_async && !self.is_generator && !self.is_generated
    }

    /// Whether calls of it make coroutines whose result is what it declares.
    pub fn is_coroutine(&self) -> bool {
        self.is_async && !self.is_generator && !self.is_dynamic
    }
}

base::entity_id! {
    /// Names one type variable.
    pub struct TypeVarId, "typevar"
}

/// A type variable of functions. (PEP 484, PEP 695)
pub struct TypeVar<'a> {
    /// Its name.
    pub name: &'a str,
    /// What its values are at least; `object` if nothing is said.
    pub bound: TypeId,
    /// The types of which it is one, if it is constrained to some.
    pub constraints: &'a [TypeId],
}

/// What the result of a `TypeGuard` or `TypeIs` function says of its argument. (PEP 647, PEP 742)
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guard {
    /// The type that the argument has if the result is true.
    pub ty: TypeId,
    /// `TypeIs`: it has not, if the result is false.
    pub tells_both: bool,
}

/// Classes that the checker itself mentions.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "each is the class of that name")]
pub struct Known {
    pub object: ClassId,
    pub type_: ClassId,
    pub int: ClassId,
    pub bool: ClassId,
    pub float: ClassId,
    pub complex: ClassId,
    pub str: ClassId,
    pub bytes: ClassId,
    pub list: ClassId,
    pub tuple: ClassId,
    pub dict: ClassId,
    pub set: ClassId,
    pub range: ClassId,
    pub slice: ClassId,
    pub checked_list: ClassId,
    pub checked_dict: ClassId,
    pub array: ClassId,
    pub vector: ClassId,
}

impl Known {
    /// Whether instances of a class map keys to values, as `dict` does.
    pub fn is_dict(&self, class: ClassId) -> bool {
        class == self.dict || class == self.checked_dict
    }

    /// Whether instances of a class are rows of primitives.
    pub fn is_row(&self, class: ClassId) -> bool {
        class == self.array || class == self.vector
    }
}

/// See the module documentation.
pub struct Program<'a> {
    /// Where trees and texts live.
    pub arena: &'a Bump,
    /// Where sources come from.
    pub loader: &'a dyn ModuleLoader,
    /// All types.
    pub types: Types,
    /// All modules.
    pub modules: PrimaryMap<ModuleId, Module<'a>>,
    /// All classes.
    pub classes: PrimaryMap<ClassId, Class<'a>>,
    /// All functions.
    pub functions: PrimaryMap<FunctionId, Function<'a>>,
    /// All type variables of functions.
    pub type_vars: PrimaryMap<TypeVarId, TypeVar<'a>>,
    /// Classes that the checker itself mentions.
    pub known: Known,
    /// The statement at the top level of a module that is being declared, and loops in it.
    pub(crate) outermost: Span,
    pub(crate) loop_depth: u32,
    /// Further functions that a name of a module may stand for, by the first.
    pub(crate) alternatives: FxHashMap<FunctionId, Vec<FunctionId>>,
    /// The signatures of a name of a stub under `@overload`, in their order, by the last of them.
    pub(crate) overloads: FxHashMap<FunctionId, Vec<FunctionId>>,
    /// The libraries of native functions.
    pub natives: FxHashMap<FunctionId, &'a str>,
    pub(crate) by_name: FxHashMap<&'a str, Option<ModuleId>>,
    /// How deep alias and import chains are being followed.
    pub(crate) chase_depth: u32,
}

impl<'a> Program<'a> {
    /// Whether `sub` is `sup` or derives from it.
    pub fn is_subclass(&self, sub: ClassId, sup: ClassId) -> bool {
        sup == self.known.object || self.classes[sub].mro.contains(&sup)
    }

    /// A member of a class or of its bases, with the class that has it.
    pub fn class_member(&self, class: ClassId, name: &str) -> Option<(ClassId, &ClassMember<'a>)> {
        self.classes[class].mro.iter().find_map(|&owner| {
            let at = *self.classes[owner].by_name.get(name)?;
            Some((owner, &self.classes[owner].members[at].1))
        })
    }

    /// The setter of a property of a class or of its bases.
    pub fn setter(&self, class: ClassId, name: &str) -> Option<FunctionId> {
        self.classes[class].mro.iter().find_map(|&owner| {
            let accessors = &self.classes[owner].accessors;
            accessors.iter().find(|known| known.is_setter && known.name == name).map(|known| known.function)
        })
    }

    /// The getter of a property that can be called with a typed receiver.
    pub fn typed_getter(&self, class: ClassId, name: &str) -> Option<FunctionId> {
        let (owner, &ClassMember::Method(getter)) = self.class_member(class, name)? else { return None };
        let entry = &self.functions[getter];
        let is_ours = entry.binding == Binding::Property && entry.cache.is_none();
        let has_layout = self.classes[class].is_static && self.classes[owner].is_static;
        let asks = ["__getattribute__", "__getattr__"].into_iter().any(|hook| self.has_hook(class, hook));
        (is_ours && has_layout && !asks && entry.is_plain()).then_some(getter)
    }

    /// The setter of a property that can be called with typed arguments: it belongs to the class that the getter is of.
    pub fn typed_setter(&self, class: ClassId, name: &str) -> Option<FunctionId> {
        let getter = self.typed_getter(class, name)?;
        let setter = self.setter(class, name)?;
        let entry = &self.functions[setter];
        let is_whole = entry.class == self.functions[getter].class && entry.params.len() == 2;
        let gives_object = self.types.as_primitive(entry.ret).is_none();
        let asks = self.has_hook(class, "__setattr__");
        (is_whole && gives_object && !asks && entry.is_plain()).then_some(setter)
    }

    /// Whether `isinstance` may take others for instances of a class: the class says so, or has been told to.
    pub fn has_virtual_instances(&self, class: ClassId) -> bool {
        self.classes[class].mro.iter().any(|&base| self.classes[base].has_virtual)
    }

    /// Whether a class has no instances, since an abstract method of it or of a base has nothing in its place.
    pub(crate) fn is_abstract(&self, class: ClassId) -> bool {
        let names = self.classes[class].mro.iter().flat_map(|&base| &self.classes[base].members);
        self.has_virtual_instances(class)
            && names.into_iter().any(|(name, _)| self.is_abstract_member(class, name))
    }

    /// Whether what a class has under a name is abstract: a method, or a part of a property.
    fn is_abstract_member(&self, class: ClassId, name: &str) -> bool {
        let Some((owner, &ClassMember::Method(method))) = self.class_member(class, name) else {
            return false;
        };
        let accessors = self.classes[owner].accessors.iter().filter(|accessor| accessor.name == name);
        let mut parts = accessors.map(|accessor| accessor.function).chain([method]);
        parts.any(|part| self.functions[part].is_abstract)
    }

    /// Whether something about a class or one of its bases is beyond the checker.
    pub fn is_dynamic_class(&self, class: ClassId) -> bool {
        self.classes[class].mro.iter().any(|&base| self.classes[base].is_dynamic)
    }

    /// Whether a stub declares every attribute of a builtin class: `__slots__` says that there is no dictionary for others.
    pub fn has_complete_stub(&self, class: ClassId) -> bool {
        let entry = &self.classes[class];
        self.modules[entry.module].kind.is_stub() && entry.by_name.contains_key("__slots__")
    }

    /// Whether the instances of a class have no attributes but those that it and its bases declare, and no method that makes up others.
    pub fn has_only_declared(&self, class: ClassId) -> bool {
        let is_complete = self.classes[class].is_static || self.has_complete_stub(class);
        let hooks = ["__getattr__", "__getattribute__", "__setattr__"];
        is_complete && !hooks.into_iter().any(|name| self.has_hook(class, name))
    }

    /// Whether a class or a base of it has a method of this name that is not one of the builtins: who reads or stores an attribute asks it.
    pub(crate) fn has_hook(&self, class: ClassId, name: &str) -> bool {
        let is_own = |owner: ClassId| self.modules[self.classes[owner].module].kind != ModuleKind::Stub;
        self.class_member(class, name).is_some_and(|(owner, _)| is_own(owner))
    }

    /// A typed module that has been loaded already.
    pub fn find_module(&self, name: &str) -> Option<ModuleId> {
        self.by_name.get(name).copied().flatten()
    }

    /// Adds a place of some module to a finding about a module. Stubs are no places: nobody has written them.
    pub(crate) fn label(
        &self,
        diagnostic: Diagnostic,
        here: ModuleId,
        there: ModuleId,
        span: Span,
        text: impl Into<String>,
    ) -> Diagnostic {
        let other = &self.modules[there];
        if here == there {
            diagnostic.with_label(span, text)
        } else if other.kind.is_stub() {
            diagnostic
        } else {
            let origin = Origin { path: other.path.to_owned(), text: other.source.to_owned() };
            diagnostic.with_label_in(Arc::new(origin), span, text)
        }
    }

    /// Reports something about a module.
    pub fn report(&mut self, module: ModuleId, diagnostic: Diagnostic) {
        let diagnostics = &mut self.modules[module].diagnostics;
        if !diagnostics.contains(&diagnostic) {
            diagnostics.push(diagnostic);
        }
    }
}
