//! Strings that the runtime itself looks up, interned once.

use std::cell::Cell;

use crate::objects::str::StrObject;
use crate::value::Value;
use crate::world::World;

macro_rules! names {
    ($($name:ident)*) => {
        /// Interned, immortal strings.
        #[derive(Clone, Copy)]
        #[allow(missing_docs, reason = "each field is the string of its own name")]
        pub struct Names { $(pub $name: Value,)* }

        static NAMES: World<Cell<Names>> = World::new(Cell::new(Names { $($name: Value::NULL,)* }));

        /// Interns them all.
        pub(crate) fn initialize() {
            NAMES.set(Names { $($name: StrObject::intern(stringify!($name)).value(),)* });
        }
    };
}

/// The interned strings.
#[inline]
pub fn names() -> &'static Names {
    // SAFETY: written once by `initialize`, before anything reads it.
    unsafe { &*NAMES.as_ptr() }
}

names! {
    __add__ __sub__ __mul__ __truediv__ __floordiv__ __mod__ __pow__ __matmul__ __lshift__ __rshift__ __and__ __or__ __xor__
    __rsub__ __rmul__ __rtruediv__ __rfloordiv__ __rmod__ __rdivmod__ __rpow__ __rmatmul__ __rlshift__ __rrshift__ __rand__ __ror__
    __rxor__ __isub__ __imul__ __itruediv__ __ifloordiv__ __imod__ __ipow__ __imatmul__ __ilshift__ __irshift__ __iand__ __ior__
    __ixor__ __le__ __ne__ __gt__ __ge__
    __abs__ __abstractmethods__ __aenter__ __aexit__ __aiter__ __all__ __annotate__ __annotations__ __anext__ __args__
    __await__ __bases__ __bool__ __buffer__ __build_class__ __builtins__ __bytes__ __call__ __cause__ __ceil__ __class__
    __class_getitem__ __classcell__ __classdictcell__ __closure__ __code__ __complex__ __contains__ __context__ __defaults__ __del__
    __delattr__ __delete__ __delitem__ __dict__ __dir__ __divmod__ __doc__ __enter__ __eq__ __exit__ __file__ __float__
    __floor__ __format__ __fspath__ __get__ __getattr__ __getattribute__ __getinitargs__ __getitem__ __getnewargs__ __getnewargs_ex__ __getstate__ __globals__ __hash__ __iadd__
    __import__ __index__ __init__ __init_subclass__ __instancecheck__ __int__ __invert__ __iter__ __kwdefaults__ __len__
    __length_hint__ __loader__ __lt__ __main__ __match_args__ __missing__ __module__ __mro__ __mro_entries__ __name__
    __neg__ __new__ __newobj__ __newobj_ex__ __next__ __notes__ __orig_class__ __origin__ __package__ __parameters__ __path__ __pos__ __prepare__
    __qualname__ __radd__ __reduce__ __reduce_ex__ __release_buffer__ __repr__ __reversed__ __round__ __self__ __set__ __set_name__ __setattr__ __setitem__ __setstate__
    __sizeof__ __slotnames__ __slots__ __spec__ __str__ __subclasscheck__ __subclasshook__ __suppress_context__ __traceback__
    __trunc__ __type_params__ __wrapped__ __weakref__
    args builtins close copy copyreg end fileno flush filename items join key keys mro msg name obj open path print read
    readline reverse send sep stdout stderr stdin strict sys text throw update value values write default file metaclass
}
