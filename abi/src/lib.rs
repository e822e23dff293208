//! What compiled code and the runtime agree on: the runtime-helper table and the object layouts.
//!
//! - [`helper`]: every runtime function that compiled code may call, with its C signature and its promises
//! - [`layout`]: offsets in objects, types and the thread state
#![forbid(unsafe_code)]

pub mod helper;
pub mod layout;
