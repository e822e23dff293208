//! placeholder
use super::VerifyError;
use crate::ir::Function;
pub(super) fn verify(_func: &Function, _errors: &mut Vec<VerifyError>) {}
