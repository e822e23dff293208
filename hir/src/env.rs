//! placeholder
use base::entity_id;
entity_id! {
    /// A class that the compile environment resolved.
    pub struct ClassId, "class"
}
entity_id! {
    /// A constant object, kept alive by the compiled code.
    pub struct ConstId, "const"
}
