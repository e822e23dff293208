//! `match`: what patterns ask of their subject.

use runtime::value::Value;

use super::{own, truth};

pub(super) extern "C" fn match_mapping(subject: Value) -> i64 {
    truth(interp::pattern::is_mapping(subject))
}

pub(super) extern "C" fn match_sequence(subject: Value) -> i64 {
    truth(interp::pattern::is_sequence(subject))
}

pub(super) extern "C" fn match_keys(subject: Value, keys: Value) -> Value {
    own(interp::pattern::match_keys(subject, keys))
}

pub(super) extern "C" fn match_class(subject: Value, class: Value, count: usize, names: Value) -> Value {
    own(interp::pattern::match_class(&subject.to_ref(), &class.to_ref(), count, &names.to_ref()))
}
