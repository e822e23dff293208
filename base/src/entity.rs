//! Typed indices: small integers that name things in an arena, and the maps keyed by them.
//!
//! Indices instead of references keep IR nodes `Copy`, dense and free of borrow trouble; a distinct type per kind of
//! thing makes mixing them up a compile error. The printed prefix is fixed with the type, so memory and dumps use the same
//! names. (Method: Cranelift's `entity` crate.)

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A typed `u32` index. Implement it through [`entity_id!`](crate::entity_id).
pub trait EntityId: Copy + Eq {
    /// The index `at`.
    fn from_index(at: usize) -> Self;
    /// Position in the arena.
    fn index(self) -> usize;
}

/// Declares a typed index that prints as `prefix` followed by its number.
#[macro_export]
macro_rules! entity_id {
    ($(#[$meta:meta])* $vis:vis struct $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $vis struct $name(u32);

        impl $crate::entity::EntityId for $name {
            fn from_index(at: usize) -> Self {
                Self(u32::try_from(at).expect("an arena holds at most 2^32 entities"))
            }
            fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }
    };
}

/// The arena that owns entities of one kind.
#[derive(Clone, Debug)]
pub struct PrimaryMap<K, V> {
    items: Vec<V>,
    key: PhantomData<K>,
}

impl<K: EntityId, V> PrimaryMap<K, V> {
    /// An empty arena.
    pub const fn new() -> Self {
        Self { items: Vec::new(), key: PhantomData }
    }

    /// Adds an entity and names it.
    pub fn push(&mut self, item: V) -> K {
        let key = K::from_index(self.items.len());
        self.items.push(item);
        key
    }

    /// The name that the next `push` will give.
    pub fn next_key(&self) -> K {
        K::from_index(self.items.len())
    }

    /// How many entities there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The entity, if the key belongs to this arena.
    pub fn get(&self, key: K) -> Option<&V> {
        self.items.get(key.index())
    }

    /// All names, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = K> + ExactSizeIterator + use<K, V> {
        (0..self.items.len()).map(K::from_index)
    }

    /// All entities, in order.
    pub fn values(&self) -> std::slice::Iter<'_, V> {
        self.items.iter()
    }

    /// All entities, in order, for change.
    pub fn values_mut(&mut self) -> std::slice::IterMut<'_, V> {
        self.items.iter_mut()
    }

    /// Names with entities, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (K, &V)> + ExactSizeIterator {
        self.items.iter().enumerate().map(|(at, item)| (K::from_index(at), item))
    }
}

impl<K: EntityId, V> Default for PrimaryMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: EntityId, V> Index<K> for PrimaryMap<K, V> {
    type Output = V;
    fn index(&self, key: K) -> &V {
        &self.items[key.index()]
    }
}

impl<K: EntityId, V> IndexMut<K> for PrimaryMap<K, V> {
    fn index_mut(&mut self, key: K) -> &mut V {
        &mut self.items[key.index()]
    }
}

impl<K: EntityId, V> FromIterator<V> for PrimaryMap<K, V> {
    fn from_iter<I: IntoIterator<Item = V>>(items: I) -> Self {
        Self { items: items.into_iter().collect(), key: PhantomData }
    }
}

/// Facts about entities that another arena owns; a key never written reads as the default.
#[derive(Clone, Debug)]
pub struct SecondaryMap<K, V> {
    items: Vec<V>,
    default: V,
    key: PhantomData<K>,
}

impl<K: EntityId, V: Clone> SecondaryMap<K, V> {
    /// A map in which every key reads as `default`.
    pub const fn with_default(default: V) -> Self {
        Self { items: Vec::new(), default, key: PhantomData }
    }
}

impl<K: EntityId, V: Clone + Default> SecondaryMap<K, V> {
    /// A map in which every key reads as `V::default()`.
    pub fn new() -> Self {
        Self::with_default(V::default())
    }
}

impl<K: EntityId, V: Clone + Default> Default for SecondaryMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: EntityId, V: Clone> Index<K> for SecondaryMap<K, V> {
    type Output = V;
    fn index(&self, key: K) -> &V {
        self.items.get(key.index()).unwrap_or(&self.default)
    }
}

impl<K: EntityId, V: Clone> IndexMut<K> for SecondaryMap<K, V> {
    fn index_mut(&mut self, key: K) -> &mut V {
        let at = key.index();
        if at >= self.items.len() {
            self.items.resize(at + 1, self.default.clone());
        }
        &mut self.items[at]
    }
}

/// A set of entities, one bit each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntitySet<K> {
    words: Vec<u64>,
    key: PhantomData<K>,
}

impl<K: EntityId> EntitySet<K> {
    /// The empty set.
    pub const fn new() -> Self {
        Self { words: Vec::new(), key: PhantomData }
    }

    /// Adds `key`; true if it was absent.
    pub fn insert(&mut self, key: K) -> bool {
        let (word, bit) = (key.index() / 64, 1 << (key.index() % 64));
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let absent = self.words[word] & bit == 0;
        self.words[word] |= bit;
        absent
    }

    /// Removes `key`; true if it was present.
    pub fn remove(&mut self, key: K) -> bool {
        let (word, bit) = (key.index() / 64, 1 << (key.index() % 64));
        let Some(slot) = self.words.get_mut(word) else { return false };
        let present = *slot & bit != 0;
        *slot &= !bit;
        present
    }

    /// Whether `key` is in the set.
    pub fn contains(&self, key: K) -> bool {
        self.words.get(key.index() / 64).is_some_and(|word| word & (1 << (key.index() % 64)) != 0)
    }

    /// Adds every member of `other`; true if that changed the set.
    pub fn union_with(&mut self, other: &Self) -> bool {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        let mut changed = false;
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            changed |= more & !*word != 0;
            *word |= more;
        }
        changed
    }

    /// Removes every member of `other`.
    pub fn remove_all(&mut self, other: &Self) {
        for (word, less) in self.words.iter_mut().zip(&other.words) {
            *word &= !less;
        }
    }

    /// Removes every member that `other` lacks; true if that changed the set.
    pub fn intersect_with(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (at, word) in self.words.iter_mut().enumerate() {
            let kept = *word & other.words.get(at).copied().unwrap_or(0);
            changed |= kept != *word;
            *word = kept;
        }
        changed
    }

    /// Removes every member.
    pub fn clear(&mut self) {
        self.words.clear();
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// Members in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = K> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            std::iter::successors((word != 0).then_some(word), |rest| {
                let rest = rest & (rest - 1);
                (rest != 0).then_some(rest)
            })
            .map(move |rest| K::from_index(at * 64 + rest.trailing_zeros() as usize))
        })
    }
}

impl<K: EntityId> Default for EntitySet<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: EntityId> FromIterator<K> for EntitySet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut set = Self::new();
        for key in keys {
            set.insert(key);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    entity_id! {
        /// A key for the tests below.
        struct Key, "k"
    }

    #[test]
    fn keys_print_with_their_prefix() {
        let mut map: PrimaryMap<Key, &str> = PrimaryMap::new();
        map.push("zero");
        let one = map.push("one");
        assert_eq!(format!("{one} {one:?}"), "k1 k1");
        assert_eq!(map[one], "one");
    }

    #[test]
    fn set_iterates_in_order_and_reports_change() {
        let mut set: EntitySet<Key> = [70, 3, 64].map(Key::from_index).into_iter().collect();
        assert_eq!(set.iter().map(EntityId::index).collect::<Vec<_>>(), [3, 64, 70]);
        assert!(!set.insert(Key::from_index(64)));
        assert!(set.remove(Key::from_index(64)));
        assert!(!set.contains(Key::from_index(64)));
        let other = set.clone();
        assert!(!set.union_with(&other));
    }
}
