//! How hints are typed that are no complete commands, or that must do more than end otherwise.

mod absent;
mod conflicts;
mod failures;
mod more;
mod people;
mod rotations;
mod usage;

use crate::hints::way::Way;

pub fn all() -> Vec<Way> {
    let mut ways = usage::all();
    ways.extend(failures::all());
    ways.extend(people::all());
    ways.extend(absent::all());
    ways.extend(conflicts::all());
    ways.extend(more::all());
    ways.extend(rotations::all());
    ways
}
