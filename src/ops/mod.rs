//! Layer 3, the use-cases: one file each, pure over what layers 0 to 2 give.

pub mod inject;
