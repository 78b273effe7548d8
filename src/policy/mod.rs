//! Who may do what, layer 2: the linear chain of signed policy entries, its fold and its authority
//! rules (`docs/format.md` section 4). Pure.

pub mod entry;
pub mod op;
