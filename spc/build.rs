//! Links `spc` at a fixed address: two megabytes of tables with addresses in them need not be written when a process starts, and stay
//! shared between processes.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-arg-bins=-no-pie");
}
