//! The type lattice of HIR: a 16-byte value that says what a value can be.
//!
//! A type is a set of *leaves*, one bit each, narrowed by at most one *specialisation* with an 8-byte payload (method:
//! CinderX and ZJIT). Python's subclassable builtins have an exact and a user leaf, because only the exact one has
//! known behaviour; instances of all other classes are the leaf `Other`. Null is a leaf, so "optional" is a union. `int`
//! has three leaves of its own, because the tagged word `SmallInt` needs neither reference count nor memory access.
//!
//! Invariant: a specialisation restricts only the leaves it speaks about: a class only `Other` and the user leaves, an
//! integer or a range only the integer primitives and `SmallInt`, a double only `F64`, an object all object leaves. So
//! `Other{c3}|NoneType` is `Optional[C]`. Operations whose exact result is not representable return a superset.

use std::fmt;

use base::entity::EntityId;
use base::text::{Cursor, TextError};

use crate::env::{ClassId, ConstId};

/// What a value can be; see the module documentation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Type {
    leaves: Leaves,
    payload: u64,
}

/// The leaf set in the low bits, the specialisation's tag in the top three.
type Leaves = u64;

const SPEC_SHIFT: u32 = 61;
const LEAF_MASK: u64 = (1 << SPEC_SHIFT) - 1;

/// What narrows a leaf set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spec {
    /// Nothing.
    None,
    /// Instances of this class or of a subclass.
    Class(ClassId),
    /// Instances of exactly this class.
    ExactClass(ClassId),
    /// This object.
    Object(ConstId),
    /// This integer.
    Int(i64),
    /// Integers between two bounds, both included.
    Range(i32, i32),
    /// The double with these bits.
    Double(u64),
}

macro_rules! leaves {
    ($($(#[$doc:meta])+ $konst:ident = $text:ident @ $bit:literal;)+) => {
        impl Type {
            $($(#[$doc])+ pub const $konst: Self = Self::of(1 << $bit);)+
        }

        /// Leaf names with their bits.
        const LEAVES: &[(&str, Leaves)] = &[$((stringify!($text), 1 << $bit)),+];
    };
}

leaves! {
    /// `None`.
    NONE = NoneType @ 0;
    /// `True` or `False` as objects.
    BOOL = Bool @ 1;
    /// A tagged integer.
    SMALL_INT = SmallInt @ 2;
    /// A heap object of exact class `int`.
    BIG_INT = BigInt @ 3;
    /// An instance of a subclass of `int` other than `bool`.
    INT_USER = IntUser @ 4;
    /// Exactly `float`.
    FLOAT_EXACT = FloatExact @ 5;
    /// A proper subclass of `float`.
    FLOAT_USER = FloatUser @ 6;
    /// Exactly `str`.
    STR_EXACT = StrExact @ 7;
    /// A proper subclass of `str`.
    STR_USER = StrUser @ 8;
    /// Exactly `bytes`.
    BYTES_EXACT = BytesExact @ 9;
    /// A proper subclass of `bytes`.
    BYTES_USER = BytesUser @ 10;
    /// Exactly `list`.
    LIST_EXACT = ListExact @ 11;
    /// A proper subclass of `list`.
    LIST_USER = ListUser @ 12;
    /// Exactly `tuple`.
    TUPLE_EXACT = TupleExact @ 13;
    /// A proper subclass of `tuple`.
    TUPLE_USER = TupleUser @ 14;
    /// Exactly `dict`.
    DICT_EXACT = DictExact @ 15;
    /// A proper subclass of `dict`.
    DICT_USER = DictUser @ 16;
    /// Exactly `set`.
    SET_EXACT = SetExact @ 17;
    /// A proper subclass of `set`.
    SET_USER = SetUser @ 18;
    /// A class whose metaclass is exactly `type`.
    TYPE_EXACT = TypeExact @ 19;
    /// A class with another metaclass.
    TYPE_USER = TypeUser @ 20;
    /// Any exception instance.
    EXCEPTION = Exception @ 21;
    /// A function.
    FUNC = Func @ 22;
    /// A code object.
    CODE = Code @ 23;
    /// A closure cell.
    CELL = Cell @ 24;
    /// A slice.
    SLICE = Slice @ 25;
    /// A generator or coroutine.
    GEN = Gen @ 26;
    /// A range.
    RANGE = RangeObject @ 27;
    /// A checked list.
    CHECKED_LIST = CheckedList @ 28;
    /// A checked dict.
    CHECKED_DICT = CheckedDict @ 29;
    /// A primitive array.
    ARRAY = Array @ 30;
    /// A module.
    MODULE = Module @ 31;
    /// An instance of any class without a leaf of its own.
    OTHER = Other @ 32;
    /// A growing row of primitives.
    VECTOR = Vector @ 33;
    /// The null word: unset, or a failure.
    NULL = Null @ 40;
    /// Signed 8-bit integer.
    I8 = I8 @ 41;
    /// Signed 16-bit integer.
    I16 = I16 @ 42;
    /// Signed 32-bit integer.
    I32 = I32 @ 43;
    /// Signed 64-bit integer.
    I64 = I64 @ 44;
    /// Unsigned 8-bit integer.
    U8 = U8 @ 45;
    /// Unsigned 16-bit integer.
    U16 = U16 @ 46;
    /// Unsigned 32-bit integer.
    U32 = U32 @ 47;
    /// Unsigned 64-bit integer.
    U64 = U64 @ 48;
    /// A double.
    F64 = F64 @ 49;
    /// A machine boolean, 0 or 1.
    CBOOL = CBool @ 50;
    /// A machine address inside an object, never counted.
    PTR = Ptr @ 51;
}

macro_rules! unions {
    ($($(#[$doc:meta])+ $konst:ident = $text:ident: $first:ident $(| $more:ident)*;)+) => {
        impl Type {
            $($(#[$doc])+ pub const $konst: Self = Self::of(Self::$first.leaves $(| Self::$more.leaves)*);)+
        }

        /// Names of frequent unions, larger before smaller, for printing and parsing.
        const UNIONS: &[(&str, Type)] = &[$((stringify!($text), Type::$konst)),+];
    };
}

unions! {
    /// An object word or null.
    WORD = Word: OBJECT | NULL;
    /// Any object, never null.
    OBJECT = Object: INT | FLOAT | STR | BYTES | LIST | TUPLE | DICT | SET | TYPE | NONE | EXCEPTION | FUNC | CODE | CELL | SLICE | GEN | RANGE | CHECKED_LIST | CHECKED_DICT | ARRAY | VECTOR | MODULE | OTHER;
    /// `int` as Python means it: subclasses and `bool` included.
    INT = Int: SMALL_INT | BIG_INT | INT_USER | BOOL;
    /// Exactly `int`.
    INT_EXACT = IntExact: SMALL_INT | BIG_INT;
    /// `float`.
    FLOAT = Float: FLOAT_EXACT | FLOAT_USER;
    /// `str`.
    STR = Str: STR_EXACT | STR_USER;
    /// `bytes`.
    BYTES = Bytes: BYTES_EXACT | BYTES_USER;
    /// `list`.
    LIST = List: LIST_EXACT | LIST_USER;
    /// `tuple`.
    TUPLE = Tuple: TUPLE_EXACT | TUPLE_USER;
    /// `dict`.
    DICT = Dict: DICT_EXACT | DICT_USER;
    /// `set`.
    SET = Set: SET_EXACT | SET_USER;
    /// A class.
    TYPE = TypeObject: TYPE_EXACT | TYPE_USER;
    /// A primitive integer of any width.
    PRIM_INT = PrimInt: I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64;
    /// A signed primitive integer.
    SIGNED = Signed: I8 | I16 | I32 | I64;
    /// Anything that lives in a general register uncounted.
    RAW = Raw: PRIM_INT | CBOOL | PTR;
    /// Any primitive value.
    PRIMITIVE = Primitive: RAW | F64;
    /// Everything.
    ANY = Any: WORD | PRIMITIVE;
}

/// Leaves that a class specialisation speaks about.
const CLASS_LEAVES: Leaves = Type::OTHER.leaves
    | Type::INT_USER.leaves
    | Type::FLOAT_USER.leaves
    | Type::STR_USER.leaves
    | Type::BYTES_USER.leaves
    | Type::LIST_USER.leaves
    | Type::TUPLE_USER.leaves
    | Type::DICT_USER.leaves
    | Type::SET_USER.leaves
    | Type::TYPE_USER.leaves
    | Type::EXCEPTION.leaves
    | Type::CHECKED_LIST.leaves
    | Type::CHECKED_DICT.leaves
    | Type::ARRAY.leaves
    | Type::VECTOR.leaves;

/// Leaves that an integer or a range speaks about.
const INT_LEAVES: Leaves = Type::PRIM_INT.leaves | Type::CBOOL.leaves | Type::SMALL_INT.leaves;

impl Type {
    /// The empty type: no value at all.
    pub const EMPTY: Self = Self::of(0);

    const fn of(leaves: Leaves) -> Self {
        Self { leaves, payload: 0 }
    }

    /// The leaves alone, without specialisation.
    #[must_use]
    pub const fn unspecialised(self) -> Self {
        Self::of(self.leaves & LEAF_MASK)
    }

    const fn bits(self) -> Leaves {
        self.leaves & LEAF_MASK
    }

    /// What narrows the leaves.
    pub fn spec(self) -> Spec {
        let entity = self.payload as usize;
        match self.leaves >> SPEC_SHIFT {
            1 => Spec::Class(ClassId::from_index(entity)),
            2 => Spec::ExactClass(ClassId::from_index(entity)),
            3 => Spec::Object(ConstId::from_index(entity)),
            4 => Spec::Int(self.payload as i64),
            5 => Spec::Range((self.payload >> 32) as i32, self.payload as i32),
            6 => Spec::Double(self.payload),
            _ => Spec::None,
        }
    }

    /// The same leaves narrowed by `spec`, which replaces any earlier one.
    #[must_use]
    pub fn with_spec(self, spec: Spec) -> Self {
        let (tag, payload, about) = match spec {
            Spec::None => (0, 0, 0),
            Spec::Class(class) => (1, class.index() as u64, CLASS_LEAVES),
            Spec::ExactClass(class) => (2, class.index() as u64, CLASS_LEAVES),
            Spec::Object(object) => (3, object.index() as u64, Self::OBJECT.leaves),
            Spec::Int(value) => (4, value as u64, INT_LEAVES),
            Spec::Range(lo, hi) => (5, u64::from(lo as u32) << 32 | u64::from(hi as u32), INT_LEAVES),
            Spec::Double(bits) => (6, bits, Self::F64.leaves),
        };
        if self.bits() & about == 0 {
            return self.unspecialised();
        }
        Self { leaves: self.bits() | tag << SPEC_SHIFT, payload }
    }

    /// Instances of `class` or its subclasses, for a class without a leaf of its own.
    pub fn instance_of(class: ClassId) -> Self {
        Self::OTHER.with_spec(Spec::Class(class))
    }

    /// Leaves about which this type's specialisation speaks.
    fn specialised_leaves(self) -> Leaves {
        self.bits()
            & match self.spec() {
                Spec::None => 0,
                Spec::Class(_) | Spec::ExactClass(_) => CLASS_LEAVES,
                Spec::Object(_) => Self::OBJECT.leaves,
                Spec::Int(_) | Spec::Range(..) => INT_LEAVES,
                Spec::Double(_) => Self::F64.leaves,
            }
    }

    /// Whether there is no such value.
    pub const fn is_empty(self) -> bool {
        self.bits() == 0
    }

    /// Whether every value of `self` is one of `other`. Two different classes are taken as unrelated.
    pub fn is_subtype(self, other: Self) -> bool {
        if self.bits() & !other.bits() != 0 {
            return false;
        }
        let concerned = self.bits() & other.specialised_leaves();
        concerned == 0 || (concerned & !self.specialised_leaves() == 0 && implies(self.spec(), other.spec()))
    }

    /// Whether some value may belong to both.
    pub fn could_be(self, other: Self) -> bool {
        !self.intersect(other).is_empty()
    }

    /// The smallest representable type that holds both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        if self.is_subtype(other) {
            return other;
        }
        if other.is_subtype(self) {
            return self;
        }
        let leaves = Self::of(self.bits() | other.bits());
        let (mine, theirs) = (self.union_keeps(self.spec(), other), other.union_keeps(other.spec(), self));
        match (self.spec(), other.spec()) {
            // Only one of two unrelated specialisations can be kept; the choice must not depend on the order.
            (a, b) if mine && theirs => leaves
                .with_spec(if (self.leaves, self.payload) > (other.leaves, other.payload) { b } else { a }),
            (spec, _) if mine => leaves.with_spec(spec),
            (_, spec) if theirs => leaves.with_spec(spec),
            (Spec::Class(a) | Spec::ExactClass(a), Spec::Class(b) | Spec::ExactClass(b)) if a == b => {
                leaves.with_spec(Spec::Class(a))
            }
            (a, b) => match (bounds(a), bounds(b)) {
                (Some((alo, ahi)), Some((blo, bhi))) if self.agrees_on(INT_LEAVES, other) => {
                    leaves.with_spec(range_spec(alo.min(blo), ahi.max(bhi)))
                }
                _ => leaves,
            },
        }
    }

    /// Whether the union with `other` may keep this type's `spec`: `other` says nothing about its leaves, or the same.
    fn union_keeps(self, spec: Spec, other: Self) -> bool {
        let about = Self::ANY.with_spec(spec).specialised_leaves();
        spec != Spec::None
            && (other.bits() & about == 0 || (other.spec() == spec && self.agrees_on(about, other)))
    }

    /// Whether both types specialise all of their own leaves among `about`.
    fn agrees_on(self, about: Leaves, other: Self) -> bool {
        self.bits() & about & !self.specialised_leaves() == 0
            && other.bits() & about & !other.specialised_leaves() == 0
    }

    /// A type that holds every value both hold.
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        if self.is_subtype(other) {
            return self;
        }
        if other.is_subtype(self) {
            return other;
        }
        let leaves = Self::of(self.bits() & other.bits());
        let (a, b) = (self.spec(), other.spec());
        if let (Some((alo, ahi)), Some((blo, bhi))) = (bounds(a), bounds(b)) {
            let (lo, hi) = (alo.max(blo), ahi.min(bhi));
            return if lo > hi {
                Self::of(leaves.bits() & !INT_LEAVES)
            } else {
                leaves.with_spec(range_spec(lo, hi))
            };
        }
        match (a, b) {
            (spec, Spec::None) | (Spec::None, spec) => leaves.with_spec(spec),
            (a, b) if implies(b, a) => leaves.with_spec(b),
            (Spec::Object(x), Spec::Object(y)) if x != y => Self::of(leaves.bits() & !Self::OBJECT.leaves),
            (Spec::ExactClass(x), Spec::ExactClass(y)) if x != y => Self::of(leaves.bits() & !CLASS_LEAVES),
            (a, _) => leaves.with_spec(a),
        }
    }

    /// The values of `self` that have none of the leaves of `other`.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self::of(self.bits() & !other.bits()).with_spec(self.spec())
    }

    /// The integer that every value of this type is, if there is just one.
    pub fn int_constant(self) -> Option<i64> {
        match self.spec() {
            Spec::Int(value) if self.bits() & !INT_LEAVES == 0 => Some(value),
            _ => None,
        }
    }

    /// Bounds of an integer type, from its range or its width.
    pub fn int_bounds(self) -> Option<(i64, i64)> {
        if self.is_empty() || self.bits() & !INT_LEAVES != 0 {
            return None;
        }
        bounds(self.spec())
            .or_else(|| WIDTHS.iter().find(|(ty, ..)| ty.bits() == self.bits()).map(|&(_, lo, hi)| (lo, hi)))
    }

    /// This integer type with the given bounds, as far as they can be represented.
    #[must_use]
    pub fn with_bounds(self, lo: i64, hi: i64) -> Self {
        self.with_spec(range_spec(lo, hi))
    }

    /// The double that every value of this type is.
    pub fn double_constant(self) -> Option<f64> {
        match self.spec() {
            Spec::Double(bits) if self.bits() == Self::F64.bits() => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// The object that every value of this type is.
    pub fn object_constant(self) -> Option<ConstId> {
        match self.spec() {
            Spec::Object(object) if self.bits() & !Self::OBJECT.leaves == 0 => Some(object),
            _ => None,
        }
    }

    /// The class that a class specialisation names, when all leaves are covered by it.
    pub fn class(self) -> Option<ClassId> {
        match self.spec() {
            Spec::Class(class) | Spec::ExactClass(class) if self.bits() & !CLASS_LEAVES == 0 => Some(class),
            _ => None,
        }
    }

    /// Whether a value of this type can be a heap object, whose references are counted. Immortal objects are counted like all
    /// others; that a constant needs no reference of its own is a matter of its definition, not of its type.
    pub const fn is_counted(self) -> bool {
        self.bits() & Self::OBJECT.leaves & !Self::SMALL_INT.leaves != 0
    }

    /// Whether a value may be a word that is no pointer, so that counting needs a tag test.
    pub fn may_be_tagged(self) -> bool {
        self.could_be(Self::SMALL_INT)
    }

    /// Whether a value may be null.
    pub fn may_be_null(self) -> bool {
        self.bits() & Self::NULL.leaves != 0
    }

    /// Whether the destructor of every such object runs no Python code and frees nothing that could.
    pub fn has_trivial_drop(self) -> bool {
        let simple = Self::INT_EXACT.leaves
            | Self::BOOL.leaves
            | Self::NONE.leaves
            | Self::FLOAT_EXACT.leaves
            | Self::STR_EXACT.leaves
            | Self::BYTES_EXACT.leaves
            | Self::NULL.leaves
            | Self::RANGE.leaves
            | Self::PRIMITIVE.leaves;
        self.bits() & !simple == 0
    }

    /// Width in bytes and signedness of a primitive integer type.
    pub fn int_width(self) -> Option<(u32, bool)> {
        let at = WIDTHS.iter().position(|(ty, ..)| ty.bits() == self.bits())?;
        INT_WIDTHS.get(at).copied()
    }
}

/// Integer types with their bounds; `U64` is bounded as far as `i64` can say.
const WIDTHS: &[(Type, i64, i64)] = &[
    (Type::I8, i8::MIN as i64, i8::MAX as i64),
    (Type::I16, i16::MIN as i64, i16::MAX as i64),
    (Type::I32, i32::MIN as i64, i32::MAX as i64),
    (Type::I64, i64::MIN, i64::MAX),
    (Type::U8, 0, u8::MAX as i64),
    (Type::U16, 0, u16::MAX as i64),
    (Type::U32, 0, u32::MAX as i64),
    (Type::CBOOL, 0, 1),
    (Type::SMALL_INT, -(1 << 62), (1 << 62) - 1),
];

/// Bytes and signedness, in the order of the first seven rows of `WIDTHS`.
const INT_WIDTHS: &[(u32, bool)] =
    &[(1, true), (2, true), (4, true), (8, true), (1, false), (2, false), (4, false)];

/// Whether specialisation `a` allows nothing that `b` forbids, on leaves both speak about.
fn implies(a: Spec, b: Spec) -> bool {
    match (a, b) {
        (a, b) if a == b => true,
        (_, Spec::None) => true,
        (Spec::ExactClass(x), Spec::Class(y)) => x == y,
        (Spec::Int(value), Spec::Range(lo, hi)) => (i64::from(lo)..=i64::from(hi)).contains(&value),
        (Spec::Range(lo, hi), Spec::Range(outer_lo, outer_hi)) => outer_lo <= lo && hi <= outer_hi,
        (Spec::Range(lo, hi), Spec::Int(value)) => lo == hi && i64::from(lo) == value,
        _ => false,
    }
}

/// Bounds that an integer specialisation gives.
fn bounds(spec: Spec) -> Option<(i64, i64)> {
    match spec {
        Spec::Int(value) => Some((value, value)),
        Spec::Range(lo, hi) => Some((lo.into(), hi.into())),
        _ => None,
    }
}

/// The specialisation for bounds, none if they exceed what the payload holds.
fn range_spec(lo: i64, hi: i64) -> Spec {
    if lo == hi {
        return Spec::Int(lo);
    }
    match (i32::try_from(lo), i32::try_from(hi)) {
        (Ok(lo), Ok(hi)) => Spec::Range(lo, hi),
        _ => Spec::None,
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("Empty");
        }
        let mut rest = self.bits();
        let names = UNIONS.iter().map(|&(name, ty)| (name, ty.bits())).chain(LEAVES.iter().copied());
        let mut separator = "";
        for (name, bits) in names {
            if rest & bits == bits {
                write!(f, "{separator}{name}")?;
                separator = "|";
                rest &= !bits;
            }
        }
        match self.spec() {
            Spec::None => Ok(()),
            Spec::Class(class) => write!(f, "{{{class}}}"),
            Spec::ExactClass(class) => write!(f, "{{={class}}}"),
            Spec::Object(object) => write!(f, "{{{object}}}"),
            Spec::Int(value) => write!(f, "{{{value}}}"),
            Spec::Range(lo, hi) => write!(f, "{{{lo}..{hi}}}"),
            Spec::Double(bits) => write!(f, "{{0x{bits:x}}}"),
        }
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads what `Display` writes.
pub fn parse_type(cursor: &mut Cursor<'_>) -> Result<Type, TextError> {
    let mut ty = Type::EMPTY;
    loop {
        let mark = cursor.clone();
        let name = cursor.take_while("a type", char::is_alphanumeric)?;
        ty = Type::of(ty.bits() | named(name).ok_or_else(|| mark.error(format!("unknown type `{name}`")))?);
        if !cursor.eat("|") {
            break;
        }
    }
    if !cursor.eat("{") {
        return Ok(ty);
    }
    let spec = parse_spec(cursor)?;
    cursor.expect("}")?;
    Ok(ty.with_spec(spec))
}

fn named(name: &str) -> Option<Leaves> {
    let unions = UNIONS.iter().map(|&(name, ty)| (name, ty.bits()));
    let empty = [("Empty", 0)].into_iter();
    empty.chain(unions).chain(LEAVES.iter().copied()).find(|(known, _)| *known == name).map(|(_, bits)| bits)
}

fn parse_spec(cursor: &mut Cursor<'_>) -> Result<Spec, TextError> {
    if cursor.eat("=") {
        return Ok(Spec::ExactClass(ClassId::from_index(cursor.entity("class")?)));
    }
    if cursor.peek("class") {
        return Ok(Spec::Class(ClassId::from_index(cursor.entity("class")?)));
    }
    if cursor.peek("const") {
        return Ok(Spec::Object(ConstId::from_index(cursor.entity("const")?)));
    }
    if cursor.eat("0x") {
        let mark = cursor.clone();
        let digits = cursor.take_while("hexadecimal digits", |c| c.is_ascii_hexdigit())?;
        return u64::from_str_radix(digits, 16).map(Spec::Double).map_err(|_| mark.error("64 bits at most"));
    }
    let low: i64 = cursor.integer()?;
    if !cursor.eat("..") {
        return Ok(Spec::Int(low));
    }
    let high: i32 = cursor.integer()?;
    i32::try_from(low)
        .map(|low| Spec::Range(low, high))
        .map_err(|_| cursor.error("range bounds have 32 bits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Type> {
        let (c0, c1) = (ClassId::from_index(0), ClassId::from_index(1));
        let k0 = ConstId::from_index(0);
        vec![
            Type::EMPTY,
            Type::ANY,
            Type::OBJECT,
            Type::WORD,
            Type::INT,
            Type::INT_EXACT,
            Type::SMALL_INT.with_spec(Spec::Int(3)),
            Type::NONE,
            Type::instance_of(c0),
            Type::instance_of(c0).union(Type::NONE),
            Type::OTHER.with_spec(Spec::ExactClass(c0)),
            Type::OTHER.with_spec(Spec::ExactClass(c1)),
            Type::instance_of(c1),
            Type::STR_EXACT.with_spec(Spec::Object(k0)),
            Type::I64,
            Type::I64.with_spec(Spec::Int(-7)),
            Type::I64.with_spec(Spec::Range(-7, 12)),
            Type::I64.with_spec(Spec::Range(0, 3)),
            Type::I64.union(Type::I32).with_spec(Spec::Int(1)),
            Type::F64.with_spec(Spec::Double(1.5f64.to_bits())),
            Type::FLOAT.union(Type::INT),
        ]
    }

    #[test]
    fn a_type_is_two_words() {
        assert_eq!(size_of::<Type>(), 16);
    }

    #[test]
    fn lattice_laws_hold() {
        for &a in &samples() {
            assert!(a.is_subtype(a), "{a} is a subtype of itself");
            assert!(Type::EMPTY.is_subtype(a) && a.is_subtype(Type::ANY));
            for &b in &samples() {
                let (join, meet) = (a.union(b), a.intersect(b));
                assert!(a.is_subtype(join) && b.is_subtype(join), "{a} and {b} are below {join}");
                assert_eq!(join, b.union(a), "union of {a} and {b} is symmetric");
                if a.is_subtype(b) {
                    assert_eq!(meet, a, "{a} is below {b}");
                }
                for &c in &samples() {
                    assert!(!(a.is_subtype(b) && b.is_subtype(c)) || a.is_subtype(c), "{a} <= {b} <= {c}");
                    let common = c.is_subtype(a) && c.is_subtype(b);
                    assert!(!common || c.is_subtype(meet), "{c} is below {a} and {b}, but not below {meet}");
                }
            }
        }
    }

    #[test]
    fn printing_round_trips() {
        for ty in samples() {
            let text = ty.to_string();
            assert_eq!(parse_type(&mut Cursor::new(&text)), Ok(ty), "{text}");
        }
    }

    #[test]
    fn optional_class_keeps_its_class() {
        let class = ClassId::from_index(3);
        let optional = Type::NONE.union(Type::instance_of(class));
        assert_eq!(optional.to_string(), "NoneType|Other{class3}");
        assert_eq!(optional.without(Type::NONE).class(), Some(class));
    }

    #[test]
    fn counting_follows_the_leaves() {
        assert!(!Type::SMALL_INT.union(Type::NULL).is_counted() && Type::NONE.is_counted());
        assert!(Type::INT_EXACT.is_counted() && Type::INT_EXACT.may_be_tagged());
        assert!(!Type::STR_EXACT.may_be_tagged());
    }
}
