//! What can be iterated over, and what that gives: `Iterable[T]`, `Iterator[T]`, `Generator[Y, S, R]` and their asynchronous kin.
//! (PEP 484, PEP 525; decision 15)
//!
//! These are told by what they have, not by their class, and nothing is tested at run time: what they give is only expected. Type arguments are
//! covariant; what may be sent to a generator is contravariant. Of classes the checker knows what their `__iter__` and `__next__` say.

use super::{Type, TypeId};
use crate::program::{ClassId, ClassMember, Program};

/// What can be done with something that is iterated over; each of a family can do what those before it can.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Iteration {
    /// `iter(x)`
    Iterable,
    /// `next(x)`
    Iterator,
    /// `x.send(value)`
    Generator,
    /// `aiter(x)`
    AsyncIterable,
    /// `anext(x)`
    AsyncIterator,
    /// `x.asend(value)`
    AsyncGenerator,
}

impl Iteration {
    /// Every kind.
    const ALL: [Self; 6] = [
        Self::Iterable,
        Self::Iterator,
        Self::Generator,
        Self::AsyncIterable,
        Self::AsyncIterator,
        Self::AsyncGenerator,
    ];

    /// The name in `typing` and `collections.abc`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Iterable => "Iterable",
            Self::Iterator => "Iterator",
            Self::Generator => "Generator",
            Self::AsyncIterable => "AsyncIterable",
            Self::AsyncIterator => "AsyncIterator",
            Self::AsyncGenerator => "AsyncGenerator",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether what it gives must be awaited.
    pub fn is_async(self) -> bool {
        self >= Self::AsyncIterable
    }

    /// How many type arguments it has.
    pub fn arity(self) -> usize {
        match self {
            Self::Generator => 3,
            Self::AsyncGenerator => 2,
            _ => 1,
        }
    }

    /// Whether everything of this kind is of the other one, too.
    fn is_within(self, other: Self) -> bool {
        self.is_async() == other.is_async() && self >= other
    }
}

impl Program<'_> {
    /// Whether values of `sub` can be iterated over as asked.
    pub(crate) fn is_iterable_as(&mut self, sub: TypeId, kind: Iteration, args: &[TypeId]) -> bool {
        match self.types.get(sub).clone() {
            Type::Iteration { kind: own, args: own_args } => {
                own.is_within(kind) && self.iteration_arguments_fit(&own_args, args)
            }
            Type::Instance { class, .. } if self.is_opaque(class) => true,
            Type::Instance { .. } | Type::Literal(_) => self
                .provided(sub)
                .is_some_and(|(own, item)| own.is_within(kind) && self.is_subtype(item, args[0])),
            Type::None
            | Type::Function(_)
            | Type::Method(_)
            | Type::Module(_)
            | Type::Awaitable(_)
            | Type::Callable { .. } => false,
            _ => true,
        }
    }

    /// What is given is covariant, and so is what is returned; what is sent is contravariant.
    fn iteration_arguments_fit(&mut self, own: &[TypeId], wanted: &[TypeId]) -> bool {
        own.iter().zip(wanted).enumerate().all(|(at, (&own, &wanted))| match at {
            1 => self.is_subtype(wanted, own),
            _ => self.is_subtype(own, wanted),
        })
    }

    /// Whether nobody knows what a class has.
    fn is_opaque(&self, class: ClassId) -> bool {
        class == self.known.object || self.is_dynamic_class(class)
    }

    /// How an object can be iterated over, and what that gives.
    fn provided(&mut self, id: TypeId) -> Option<(Iteration, TypeId)> {
        let id = self.widen_literal(id);
        let (class, args, _) = self.types.as_instance(id)?;
        let (known, args, dynamic) = (self.known, args.to_vec(), self.types.dynamic);
        if class == known.range || class == known.str {
            let item = if class == known.range { known.int } else { known.str };
            return Some((Iteration::Iterable, self.types.instance(item)));
        }
        if class == known.tuple {
            let union = self.types.union(args.clone());
            return Some((Iteration::Iterable, if args.is_empty() { dynamic } else { union }));
        }
        if known.is_row(class) {
            return Some((Iteration::Iterable, dynamic));
        }
        let has_items = [known.list, known.set, known.dict, known.checked_list, known.checked_dict];
        if has_items.contains(&class) {
            return Some((Iteration::Iterable, args.first().copied().unwrap_or(dynamic)));
        }
        if [known.int, known.float, known.complex, known.bool].contains(&class) {
            return None;
        }
        if self.classes[class].module == self.builtins() {
            return Some((Iteration::Iterable, dynamic));
        }
        self.provided_by_methods(class, &args)
    }

    /// What the methods of a class say.
    fn provided_by_methods(&mut self, class: ClassId, args: &[TypeId]) -> Option<(Iteration, TypeId)> {
        let families = [
            ("__next__", Iteration::Iterator),
            ("__anext__", Iteration::AsyncIterator),
            ("__iter__", Iteration::Iterable),
            ("__aiter__", Iteration::AsyncIterable),
            ("__getitem__", Iteration::Iterable),
        ];
        let (name, kind, owner, member) = families.into_iter().find_map(|(name, kind)| {
            self.class_member(class, name).map(|(owner, member)| (name, kind, owner, member.clone()))
        })?;
        let dynamic = self.types.dynamic;
        let ClassMember::Method(function) = member else { return Some((kind, dynamic)) };
        self.bind_function(function);
        let (ret, is_dynamic) = (self.functions[function].ret, self.functions[function].is_dynamic);
        let item = match (name, self.types.get(ret)) {
            _ if is_dynamic => dynamic,
            ("__next__" | "__anext__" | "__getitem__", _) => ret,
            (_, Type::Iteration { args, .. }) => args[0],
            _ => dynamic,
        };
        let args = self.arguments_of(class, args, owner);
        let item = self.types.substitute(item, &args);
        let is_primitive = self.types.as_primitive(item).is_some();
        Some((kind, if is_primitive { dynamic } else { item }))
    }

    /// What iterating over a value of a type gives, as far as its class says.
    pub(crate) fn iterated_item(&mut self, id: TypeId, is_async: bool) -> Option<TypeId> {
        if let Type::Iteration { kind, args } = self.types.get(id) {
            return (kind.is_async() == is_async).then_some(args[0]);
        }
        if let Type::Class { class, .. } = *self.types.get(id) {
            let is_enumeration = self.classes[class].enumeration.is_some() && !is_async;
            return is_enumeration.then(|| self.types.instance(class));
        }
        let (kind, item) = self.provided(id)?;
        (kind.is_async() == is_async).then_some(item)
    }
}
