//! The rules of sections 6 and 7, one test each, and whole logs against plain readings of the text.

mod closed;
mod counting;
mod folding;
mod oracle;
mod plain;
mod plain_rotation;
mod records;
mod rotating;
mod rotating_cost;
