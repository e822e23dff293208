//! Mistakes with counts are noticed in debug builds before they do damage.

#![cfg(debug_assertions)]

use runtime::objects::list::ListObject;
use runtime::value::Ref;

#[test]
#[should_panic(expected = "a reference to a freed object is dropped")]
fn a_reference_that_is_dropped_twice() {
    let _attached = runtime::attach();
    let list: Ref = ListObject::empty().into();
    let value = list.value();
    drop(list);
    // SAFETY: none; the mistake is the test, and the assertion stands before any damage.
    drop(unsafe { Ref::from_owned(value) });
}

#[test]
#[should_panic(expected = "a reference to a freed object is taken")]
fn a_reference_to_what_is_gone() {
    let _attached = runtime::attach();
    let list: Ref = ListObject::empty().into();
    let value = list.value();
    drop(list);
    drop(value.to_ref());
}

#[test]
fn free_lists_are_sound() {
    let _attached = runtime::attach();
    let lists: Vec<_> = (0..10_000).map(|n| ListObject::new(vec![Ref::small(n)])).collect();
    drop(lists);
    assert_eq!(runtime::alloc::check_free_lists(), Ok(()));
}
