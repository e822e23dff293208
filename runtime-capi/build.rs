//! Gives the shared library its SONAME, which a Rust `cdylib` has not by default: without one, programs would record the path
//! that they were linked with, and could not tell an incompatible version. The number changes with the ABI, not with releases.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libstaticpy.so.0");
    }
}
