//! The operations of the language on any value: what the interpreter, compiled code and native functions call.
//!
//! Each operation looks its slot up in the operand's type and falls back as CPython does, with the same messages. Quick paths for
//! small ints, floats and strs come first, so that dynamic code that meets them allocates nothing it need not.

mod abstract_class;
pub mod abstract_memo;
pub mod arithmetic;
pub mod attribute;
pub mod awaiting;
pub mod call;
pub mod compare;
pub mod import;
mod import_lock;
pub mod item;
pub mod iterate;
pub mod text;
pub mod truth;

pub use arithmetic::{absolute, binary_op, divmod, inplace_op, invert, negative, positive, power_mod};
pub use attribute::{
    Method, del_attr, generic_get_attr, generic_set_attr, get_attr, get_attr_text, get_method,
    get_optional_attr, has_attr, instance_dict, instance_dict_slot, set_attr,
};
pub use call::{
    call, call_args, call_bound, call_method, call_method_text, call_one, call_through_entry,
    call_with_receiver, is_callable, with_receiver,
};
pub use compare::{compare, compare_bool, contains, hash, is_same_or_equal, unhashable};
pub use item::{del_item, get_item, get_slice, known_length, len, length_hint, set_item};
pub use iterate::{
    collect, for_each, get_iter, identity, is_iterable, items_of_tuple, iter_next, iter_next_or_raise, unpack,
};
pub use text::{ReprGuard, ascii, format, push_repr, push_str, repr, repr_string, str, str_string};
pub use truth::{is_instance, is_subclass, is_true};
