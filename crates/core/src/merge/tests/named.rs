//! Cases that have a name: each pair of changes side by side, and what becomes of it.
