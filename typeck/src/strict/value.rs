//! What the analyser computes with: values, the objects behind them, and the variables of blocks.
//!
//! A value is *known* (a scalar, a native name, an object whose kind tells everything), *typed* (an object of [`Kind::Typed`]: its class is
//! known, its contents are not) or *opaque* (nothing may be asked of it; [`Opaque`] says why). Values are small and copied; objects and
//! variables live in arenas ([`State`]), so that a branch runs on a copy of all that can change.

use base::Span;
use base::entity::PrimaryMap;
use parser::ast::{Arguments, Comprehension, Expr, Stmt};
use rustc_hash::FxHashMap;

use crate::scope::ScopeId;

base::entity_id! {
    /// Names one object.
    pub(super) struct ObjectId, "o"
}
base::entity_id! {
    /// Names the variables of one running or captured block.
    pub(super) struct EnvId, "env"
}
base::entity_id! {
    /// Names one strict module that takes part.
    pub(super) struct UnitId, "unit"
}
base::entity_id! {
    /// Names one reason why a value is not known.
    pub(super) struct OpaqueId, "u"
}

/// What an expression gives.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Value<'a> {
    None,
    Ellipsis,
    NotImplemented,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(&'a str),
    Bytes(&'a [u8]),
    /// A class, function or module that a stub declares, by its dotted path; builtins have no prefix.
    Native(&'a str),
    Object(ObjectId),
    Opaque(OpaqueId),
}

/// Why nothing is known of a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Opaque {
    /// Completes "the value is ...".
    pub(super) reason: String,
    /// It comes from a finding that has been reported.
    pub(super) is_silent: bool,
    /// It may be another one the next time.
    pub(super) is_varying: bool,
    /// A stub that should declare it does not.
    pub(super) is_undeclared: bool,
}

/// One object, and the module whose import has made it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Object<'a> {
    pub(super) owner: UnitId,
    pub(super) attributes: Namespace<'a>,
    pub(super) kind: Kind<'a>,
}

/// What an object is.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Kind<'a> {
    List(Vec<Value<'a>>),
    Tuple(Vec<Value<'a>>),
    Set {
        items: Vec<Value<'a>>,
        is_frozen: bool,
    },
    Dict(Pairs<'a>),
    Function(Function<'a>),
    Method {
        function: Value<'a>,
        receiver: Value<'a>,
    },
    NativeMethod {
        class: &'a str,
        name: &'a str,
        receiver: Value<'a>,
    },
    StaticMethod(Value<'a>),
    ClassMethod(Value<'a>),
    Property {
        getter: Value<'a>,
        setter: Value<'a>,
        deleter: Value<'a>,
    },
    Class(Class<'a>),
    Instance(Value<'a>),
    Module(UnitId),
    /// The dict of the variables of a module, or of the attributes of an object.
    Names(Names),
    Range {
        start: i64,
        stop: i64,
        step: i64,
    },
    /// `keys()`, `values()` or `items()` of a dict.
    View {
        dict: Value<'a>,
        part: &'static str,
    },
    Iterator {
        items: Vec<Value<'a>>,
        at: usize,
    },
    /// A generator that nobody has asked yet.
    Generator {
        function: Function<'a>,
        env: EnvId,
    },
    Super {
        class: ObjectId,
        receiver: Value<'a>,
    },
    /// A native function or a partial one, with arguments that come first.
    Partial {
        function: Value<'a>,
        args: Vec<Value<'a>>,
        keywords: Vec<(&'a str, Value<'a>)>,
    },
    /// A comparison that `functools.total_ordering` has added, by the one that the class writes.
    Derived {
        function: &'a str,
        root: &'a str,
    },
    /// The class is known: a path, perhaps with what the elements are, `list[str]`.
    Typed(&'a str),
}

/// Whose names a dict shows.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Names {
    Env(EnvId),
    Object(ObjectId),
}

/// What a function runs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body<'a> {
    Block(&'a [Stmt<'a>]),
    Value(&'a Expr<'a>),
    /// The turns of a generator expression.
    Turns {
        elt: &'a Expr<'a>,
        clauses: &'a [Comprehension<'a>],
        /// What the first clause goes over.
        first: Value<'a>,
        /// Nobody asks for their order.
        forgets: bool,
    },
}

/// A function of some strict module.
#[derive(Clone, Debug)]
pub(super) struct Function<'a> {
    pub(super) name: &'a str,
    pub(super) unit: UnitId,
    pub(super) scope: ScopeId,
    pub(super) env: EnvId,
    pub(super) args: &'a Arguments<'a>,
    pub(super) body: Body<'a>,
    pub(super) defaults: Vec<Value<'a>>,
    pub(super) kw_defaults: Vec<Option<Value<'a>>>,
    pub(super) is_async: bool,
    pub(super) is_generator: bool,
}

impl PartialEq for Function<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.scope == other.scope
            && self.unit == other.unit
            && self.env == other.env
            && self.defaults == other.defaults
    }
}

/// A class of some strict module.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Class<'a> {
    pub(super) name: &'a str,
    pub(super) bases: Vec<Value<'a>>,
    /// Itself first; natives are followed by what their stubs say.
    pub(super) mro: Vec<Value<'a>>,
    pub(super) metaclass: Value<'a>,
    /// Names of fields in their order, if instances are made from fields.
    pub(super) fields: Option<Vec<Field<'a>>>,
    /// What `@dataclass` has been asked for.
    pub(super) record: Record,
    /// The only attributes that its instances have, if that has been said.
    pub(super) slots: Option<Vec<&'a str>>,
}

/// The options of a dataclass that count for its instances.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Record {
    pub(super) is_frozen: bool,
    pub(super) is_equal: bool,
    pub(super) is_ordered: bool,
    pub(super) has_init: bool,
}

/// A field of a dataclass or named tuple.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) default: Option<Value<'a>>,
    pub(super) factory: Option<Value<'a>>,
    /// Given by name only.
    pub(super) is_kw_only: bool,
    /// An argument of the constructor.
    pub(super) is_given: bool,
    pub(super) is_compared: bool,
    /// Not kept, but given to `__post_init__`.
    pub(super) is_init_only: bool,
}

impl<'a> Field<'a> {
    /// One without a default.
    pub(super) fn new(name: &'a str) -> Self {
        Self {
            name,
            default: None,
            factory: None,
            is_kw_only: false,
            is_given: true,
            is_compared: true,
            is_init_only: false,
        }
    }
}

/// Names with values, in the order of their first binding.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Namespace<'a> {
    entries: Vec<(&'a str, Value<'a>)>,
    places: FxHashMap<&'a str, usize>,
}

impl<'a> Namespace<'a> {
    pub(super) fn get(&self, name: &str) -> Option<Value<'a>> {
        self.places.get(name).map(|&at| self.entries[at].1)
    }

    pub(super) fn entry(&self, name: &str) -> Option<(&'a str, Value<'a>)> {
        self.places.get(name).map(|&at| self.entries[at])
    }

    pub(super) fn set(&mut self, name: &'a str, value: Value<'a>) {
        match self.places.get(name) {
            Some(&at) => self.entries[at].1 = value,
            None => {
                self.places.insert(name, self.entries.len());
                self.entries.push((name, value));
            }
        }
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Value<'a>> {
        let at = self.places.remove(name)?;
        let (_, value) = self.entries.remove(at);
        self.places = self.entries.iter().enumerate().map(|(at, (name, _))| (*name, at)).collect();
        Some(value)
    }

    pub(super) fn entries(&self) -> &[(&'a str, Value<'a>)] {
        &self.entries
    }
}

/// The variables of one block.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Env<'a> {
    /// Whose import has made them.
    pub(super) owner: UnitId,
    pub(super) unit: UnitId,
    pub(super) scope: ScopeId,
    pub(super) parent: Option<EnvId>,
    pub(super) names: Namespace<'a>,
}

/// All that can change.
#[derive(Clone, Debug)]
pub(super) struct State<'a> {
    pub(super) objects: PrimaryMap<ObjectId, Object<'a>>,
    pub(super) envs: PrimaryMap<EnvId, Env<'a>>,
}

/// How a statement ends.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Flow<'a> {
    Next,
    Break,
    Continue,
    Return(Value<'a>),
}

/// Why an expression has no value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Stop<'a> {
    /// A Python exception.
    Raise(Value<'a>),
    /// A generator has given so much that it perhaps has no end.
    Enough,
    /// The budget of the module is used up.
    Exhausted,
}

/// What evaluation gives.
pub(super) type Eval<'a, T = Value<'a>> = Result<T, Stop<'a>>;

/// Keys with values, in their order.
pub(super) type Pairs<'a> = Vec<(Value<'a>, Value<'a>)>;

/// Keyword arguments.
pub(super) type Keywords<'a> = Vec<(&'a str, Value<'a>)>;

/// The arguments of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Args<'a> {
    pub(super) positional: Vec<Value<'a>>,
    pub(super) keywords: Keywords<'a>,
    /// Some came from a star whose contents are not known.
    pub(super) is_open: bool,
}

impl<'a> Args<'a> {
    pub(super) fn of(positional: &[Value<'a>]) -> Self {
        Self { positional: positional.to_vec(), ..Self::default() }
    }

    /// An argument by position or name.
    pub(super) fn get(&self, at: usize, name: &str) -> Option<Value<'a>> {
        let named = self.keywords.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        self.positional.get(at).copied().or(named)
    }

    /// All arguments.
    pub(super) fn values(&self) -> impl Iterator<Item = Value<'a>> {
        self.positional.iter().copied().chain(self.keywords.iter().map(|(_, value)| *value))
    }

    /// The same call with one more argument in front.
    pub(super) fn with_receiver(&self, receiver: Value<'a>) -> Self {
        let mut positional = vec![receiver];
        positional.extend(&self.positional);
        Self { positional, keywords: self.keywords.clone(), is_open: self.is_open }
    }
}

/// A place in one of the modules.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Place {
    pub(super) unit: UnitId,
    pub(super) span: Span,
}
