//! Objects by id: classes and constants that compiled code refers to, each kept alive once.
//!
//! The compiler speaks of ids, machine code of addresses; this is where the two meet. Builtin classes and singletons have the
//! fixed ids of `hir::env`. Entries are never given back: code that refers to them may run until the end.

use base::entity::EntityId;
use hir::env::{BUILTINS, ClassId, ConstId};
use runtime::error::types::AssertionError;
use runtime::objects::dict::DictObject;
use runtime::objects::iterators::LIST_ITERATOR;
use runtime::objects::{self, function};
use runtime::type_object::TypeObject;
use runtime::value::{Ref, Value};
use rustc_hash::FxHashMap;

/// Objects of one kind with their ids.
pub(crate) struct Interner<I> {
    objects: Vec<Ref>,
    ids: FxHashMap<u64, I>,
}

impl<I: EntityId + Copy> Interner<I> {
    fn of(objects: Vec<Ref>) -> Self {
        let ids = objects.iter().enumerate().map(|(at, object)| (object.bits(), I::from_index(at))).collect();
        Self { objects, ids }
    }

    /// The id of an object, new or known.
    pub(crate) fn id(&mut self, object: Value) -> I {
        let next = I::from_index(self.objects.len());
        *self.ids.entry(object.bits()).or_insert_with(|| {
            self.objects.push(object.to_ref());
            next
        })
    }

    /// Gives up all objects.
    pub(crate) fn take(&mut self) -> Vec<Ref> {
        self.ids.clear();
        std::mem::take(&mut self.objects)
    }

    /// The object of an id.
    pub(crate) fn object(&self, id: I) -> Value {
        self.objects[id.index()].value()
    }
}

/// Classes, builtin ones first.
pub(crate) fn classes() -> Interner<ClassId> {
    let builtins = runtime::builtins::dict();
    let builtins = builtins.get::<DictObject>().expect("the builtins are in a dict");
    let class = |name: &str| match name {
        "function" => function::FUNCTION.value().to_ref(),
        "NoneType" => objects::none().ty().value().to_ref(),
        "list_iterator" => LIST_ITERATOR.value().to_ref(),
        _ => builtins.get_text(name).expect("builtin classes are builtins"),
    };
    Interner::of(BUILTINS.iter().map(|(name, _)| class(name)).collect())
}

/// Constants, singletons first.
pub(crate) fn constants() -> Interner<ConstId> {
    let singletons = [objects::none(), objects::bool(true), objects::bool(false), AssertionError.value()];
    assert_eq!(singletons.len(), ConstId::FIRST_FREE, "every constant with a fixed id is here");
    Interner::of(singletons.into_iter().map(Value::to_ref).collect())
}

impl Interner<ClassId> {
    /// The class of an id.
    pub(crate) fn class<'a>(&self, id: ClassId) -> &'a TypeObject {
        self.object(id).get::<TypeObject>().expect("only classes have class ids")
    }
}
