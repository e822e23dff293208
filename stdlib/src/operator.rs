//! `_operator`: operators as functions.
//!
//! - [`getters`]: functions that ask an object for items, attributes or methods

mod getters;

use runtime::convert::{Keywords, Rest};
use runtime::objects::dict::DICT;
use runtime::objects::int::IntRef;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::types::ready;
use runtime::{BinaryOp, CompareOp, PyResult, Ref, Value, buffer, protocol, py_functions, raise};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(BINARY);
    module.add_functions(IN_PLACE);
    module.add_functions(COMPARISONS);
    module.add_functions(OTHERS);
    module.add_functions(SEARCHES);
    for ty in [&getters::ITEM_GETTER, &getters::ATTR_GETTER, &getters::METHOD_CALLER] {
        ready::ready(ty);
        module.dict().set_text(ty.name(), ty.value().to_ref());
    }
    Ok(())
}

fn is_sequence(value: Value) -> bool {
    let ty = value.ty();
    !ty.is_subclass_of(&DICT) && ty.lookup(StrObject::intern("__getitem__").value()).is_some()
}

macro_rules! binary {
    ($($doc:literal $signature:literal $name:ident = $op:ident;)*) => {
        py_functions! { static BINARY;
            $(#[doc = $doc] $signature
            fn $name(a: Value, b: Value) -> PyResult {
                protocol::binary_op(BinaryOp::$op, a, b)
            })*
        }
    };
}

binary! {
    "Same as a + b." "add(a, b, /)" add = Add;
    "Same as a - b." "sub(a, b, /)" sub = Subtract;
    "Same as a * b." "mul(a, b, /)" mul = Multiply;
    "Same as a / b." "truediv(a, b, /)" truediv = Divide;
    "Same as a // b." "floordiv(a, b, /)" floordiv = FloorDivide;
    "Same as a % b." "mod(a, b, /)" modulo = Modulo;
    "Same as a ** b." "pow(a, b, /)" pow = Power;
    "Same as a @ b." "matmul(a, b, /)" matmul = MatrixMultiply;
    "Same as a << b." "lshift(a, b, /)" lshift = LeftShift;
    "Same as a >> b." "rshift(a, b, /)" rshift = RightShift;
    "Same as a & b." "and_(a, b, /)" and = And;
    "Same as a | b." "or_(a, b, /)" or = Or;
    "Same as a ^ b." "xor(a, b, /)" xor = Xor;
}

macro_rules! in_place {
    ($($doc:literal $signature:literal $name:ident = $op:ident;)*) => {
        py_functions! { static IN_PLACE;
            $(#[doc = $doc] $signature
            fn $name(a: Value, b: Value) -> PyResult {
                protocol::inplace_op(BinaryOp::$op, a, b)
            })*
        }
    };
}

in_place! {
    "Same as a += b." "iadd(a, b, /)" iadd = Add;
    "Same as a -= b." "isub(a, b, /)" isub = Subtract;
    "Same as a *= b." "imul(a, b, /)" imul = Multiply;
    "Same as a /= b." "itruediv(a, b, /)" itruediv = Divide;
    "Same as a //= b." "ifloordiv(a, b, /)" ifloordiv = FloorDivide;
    "Same as a %= b." "imod(a, b, /)" imod = Modulo;
    "Same as a **= b." "ipow(a, b, /)" ipow = Power;
    "Same as a @= b." "imatmul(a, b, /)" imatmul = MatrixMultiply;
    "Same as a <<= b." "ilshift(a, b, /)" ilshift = LeftShift;
    "Same as a >>= b." "irshift(a, b, /)" irshift = RightShift;
    "Same as a &= b." "iand(a, b, /)" iand = And;
    "Same as a |= b." "ior(a, b, /)" ior = Or;
    "Same as a ^= b." "ixor(a, b, /)" ixor = Xor;
}

macro_rules! comparisons {
    ($($doc:literal $signature:literal $name:ident = $op:ident;)*) => {
        py_functions! { static COMPARISONS;
            $(#[doc = $doc] $signature
            fn $name(a: Value, b: Value) -> PyResult {
                protocol::compare(CompareOp::$op, a, b)
            })*
        }
    };
}

comparisons! {
    "Same as a < b." "lt(a, b, /)" lt = Less;
    "Same as a <= b." "le(a, b, /)" le = LessEqual;
    "Same as a == b." "eq(a, b, /)" eq = Equal;
    "Same as a != b." "ne(a, b, /)" ne = NotEqual;
    "Same as a > b." "gt(a, b, /)" gt = Greater;
    "Same as a >= b." "ge(a, b, /)" ge = GreaterEqual;
}

py_functions! { static OTHERS;
    /// Same as -a.
    "neg(a, /)"
    fn neg(a: Value) -> PyResult {
        protocol::negative(a)
    }
    /// Same as +a.
    "pos(a, /)"
    fn pos(a: Value) -> PyResult {
        protocol::positive(a)
    }
    /// Same as ~a.
    "invert(a, /)"
    fn invert(a: Value) -> PyResult {
        protocol::invert(a)
    }
    /// Same as ~a.
    "inv(a, /)"
    fn inv(a: Value) -> PyResult {
        protocol::invert(a)
    }
    /// Same as abs(a).
    "abs(a, /)"
    fn abs(a: Value) -> PyResult {
        protocol::absolute(a)
    }
    /// Same as not a.
    "not_(a, /)"
    fn not(a: Value) -> PyResult<bool> {
        protocol::is_true(a).map(|truth| !truth)
    }
    /// Return True if a is true, False otherwise.
    "truth(a, /)"
    fn truth(a: Value) -> PyResult<bool> {
        protocol::is_true(a)
    }
    /// Same as a is b.
    "is_(a, b, /)"
    fn is(a: Value, b: Value) -> bool {
        a == b
    }
    /// Same as a is not b.
    "is_not(a, b, /)"
    fn is_not(a: Value, b: Value) -> bool {
        a != b
    }
    /// Same as a.__index__()
    "index(a, /)"
    fn index(a: Value) -> PyResult {
        let number = runtime::objects::int::index(a)?;
        Ok(IntRef::of(number.value()).map_or_else(|| number.clone(), IntRef::to_exact))
    }
    /// Same as b in a (note reversed operands).
    "contains(a, b, /)"
    fn contains(a: Value, b: Value) -> PyResult<bool> {
        protocol::contains(a, b)
    }
    /// Same as a[b].
    "getitem(a, b, /)"
    fn getitem(a: Value, b: Value) -> PyResult {
        protocol::get_item(a, b)
    }
    /// Same as a[b] = c.
    "setitem(a, b, c, /)"
    fn setitem(a: Value, b: Value, c: Value) -> PyResult<()> {
        protocol::set_item(a, b, c)
    }
    /// Same as del a[b].
    "delitem(a, b, /)"
    fn delitem(a: Value, b: Value) -> PyResult<()> {
        protocol::del_item(a, b)
    }
    /// Same as a + b, for a and b sequences.
    "concat(a, b, /)"
    fn concat(a: Value, b: Value) -> PyResult {
        if a.ty().slots().concat.is_none() && !(is_sequence(a) && is_sequence(b)) {
            return Err(raise!(TypeError, "'{}' object can't be concatenated", a.ty().name()));
        }
        protocol::binary_op(BinaryOp::Add, a, b)
    }
    /// Same as a += b, for a and b sequences.
    "iconcat(a, b, /)"
    fn iconcat(a: Value, b: Value) -> PyResult {
        let slots = a.ty().slots();
        if slots.inplace_concat.is_none() && slots.concat.is_none() && !(is_sequence(a) && is_sequence(b)) {
            return Err(raise!(TypeError, "'{}' object can't be concatenated", a.ty().name()));
        }
        protocol::inplace_op(BinaryOp::Add, a, b)
    }
    /// Return 'a == b'.
    ///
    /// This function uses an approach designed to prevent timing analysis, making it appropriate for cryptography.
    "_compare_digest(a, b, /)"
    fn compare_digest(a: Value, b: Value) -> PyResult<bool> {
        let (first, second) = match (a.get::<StrObject>(), b.get::<StrObject>()) {
            (Some(a), Some(b)) if a.is_ascii() && b.is_ascii() => (a.raw_bytes().to_vec(), b.raw_bytes().to_vec()),
            (Some(_), Some(_)) => {
                return Err(raise!(TypeError, "comparing strings with non-ASCII characters is not supported"));
            }
            (None, None) if buffer::is_bytes_like(a) && buffer::is_bytes_like(b) => {
                (buffer::to_vec(a)?, buffer::to_vec(b)?)
            }
            _ => {
                let (a, b) = (a.ty().name(), b.ty().name());
                return Err(raise!(TypeError, "unsupported operand types(s) or combination of types: '{a}' and '{b}'"));
            }
        };
        // All bytes are looked at, wherever the first difference is; a wrong length is compared with itself.
        let same = if first.len() == second.len() { &first } else { &second };
        let differences = same.iter().zip(&second).fold(0, |all, (a, b)| all | std::hint::black_box(a ^ b));
        Ok(first.len() == second.len() && differences == 0)
    }
    /// Return an estimate of the number of items in obj.
    "length_hint(obj, default=0, /)"
    fn length_hint(obj: Value, default: Option<isize>) -> PyResult<isize> {
        Ok(protocol::known_length(obj)?.map_or(default.unwrap_or(0), |known| known as isize))
    }
    /// Same as a.__call__(*args).
    "call(obj, /, *args, **kwargs)"
    fn call(obj: Value, args: Rest<'_>, kwargs: Keywords) -> PyResult<Ref> {
        let values: Vec<Value> = args.0.iter().copied().chain(kwargs.0.iter().map(|(_, value)| *value)).collect();
        let names = TupleObject::new(kwargs.0.iter().map(|(name, _)| name.to_ref()).collect());
        protocol::call(obj, &values, (!kwargs.0.is_empty()).then_some(names.value()))
    }
}

/// Calls `found` with the position of each item that is or equals what is searched, until it says that this is enough.
fn search(sequence: Value, wanted: Value, mut found: impl FnMut(isize) -> bool) -> PyResult<()> {
    if !protocol::is_iterable(sequence) {
        return Err(raise!(TypeError, "argument of type '{}' is not iterable", sequence.ty().name()));
    }
    let iterator = protocol::get_iter(sequence)?;
    let mut at = 0;
    while let Some(item) = protocol::iter_next(iterator.value())? {
        if protocol::compare::is_same_or_equal(item.value(), wanted)? && found(at) {
            break;
        }
        at += 1;
    }
    Ok(())
}

py_functions! { static SEARCHES;
    /// Return the number of items in a which are, or which equal, b.
    "countOf(a, b, /)"
    fn count_of(a: Value, b: Value) -> PyResult<isize> {
        let mut count = 0;
        search(a, b, |_| {
            count += 1;
            false
        })?;
        Ok(count)
    }
    /// Return the first index of b in a.
    "indexOf(a, b, /)"
    fn index_of(a: Value, b: Value) -> PyResult<isize> {
        let mut first = None;
        search(a, b, |at| {
            first = Some(at);
            true
        })?;
        first.ok_or_else(|| raise!(ValueError, "sequence.index(x): x not in sequence"))
    }
}
