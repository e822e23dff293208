//! For tests, here and in the crates above: a session that holds the global lock and checks for leaks at its end.

use crate::audit::{self, Census};
use crate::init::{self, Attached};
use crate::thread::thread;

/// Holds the runtime during a test; panics at its end if objects are left over or an exception is still set.
pub struct Session {
    mark: Census,
    _attached: Attached,
}

/// Starts a session.
pub fn session() -> Session {
    let attached = init::attach();
    drop(thread().fetch_raised());
    Session { mark: audit::census(), _attached: attached }
}

impl Drop for Session {
    fn drop(&mut self) {
        if std::thread::panicking() {
            drop(thread().fetch_raised());
            return;
        }
        if let Some(exception) = thread().fetch_raised() {
            panic!("an exception is still set: {}", crate::error::print::format_exception(exception.value()));
        }
        let growth = audit::census().growth_since(&self.mark);
        assert!(growth.is_empty(), "objects left over: {growth:?}");
    }
}
