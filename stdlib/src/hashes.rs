//! `_md5`, `_sha1`, `_sha2`, `_sha3` and `_blake2`: the algorithms under the library's `hashlib`.
//!
//! - [`algorithm`](self): what an algorithm is; MD5, SHA-1 and SHA-2 are the crates of RustCrypto
//! - `sponge`: SHA-3 and SHAKE over the permutation of the crate `keccak`; `blake2`: BLAKE2, whose parameter blocks no crate takes whole
//! - [`object`]: one object for all of them; [`blake2_object`]: the parameters of BLAKE2

mod algorithm;
mod blake2;
pub mod blake2_object;
pub mod object;
mod sponge;

use runtime::PyResult;
use runtime::objects::int;
use runtime::objects::module::ModuleObject;
use runtime::types::ready;

/// Fills `_md5`.
pub(crate) fn fill_md5(module: &ModuleObject) -> PyResult<()> {
    fill(module, &["md5"])
}

/// Fills `_sha1`.
pub(crate) fn fill_sha1(module: &ModuleObject) -> PyResult<()> {
    fill(module, &["sha1"])
}

/// Fills `_sha2`.
pub(crate) fn fill_sha2(module: &ModuleObject) -> PyResult<()> {
    fill(module, &["sha224", "sha256", "sha384", "sha512"])
}

/// Fills `_sha3`.
pub(crate) fn fill_sha3(module: &ModuleObject) -> PyResult<()> {
    fill(module, &["sha3_224", "sha3_256", "sha3_384", "sha3_512", "shake_128", "shake_256"])
}

fn fill(module: &ModuleObject, names: &[&str]) -> PyResult<()> {
    for ty in object::TYPES {
        ready::ready(ty);
    }
    for function in object::FUNCTIONS.iter().filter(|function| names.contains(&function.signature.name())) {
        module.add_functions(std::slice::from_ref(function));
    }
    // How much is hashed before other threads are let in.
    module.dict().set_text("_GIL_MINSIZE", int::from_i64(2048));
    Ok(())
}

/// Fills `_blake2`.
pub(crate) fn fill_blake2(module: &ModuleObject) -> PyResult<()> {
    blake2_object::complete();
    for ty in blake2_object::TYPES {
        module.dict().set_text(ty.name(), ty.value().to_ref());
    }
    module.dict().set_text("_GIL_MINSIZE", int::from_i64(2048));
    Ok(())
}
