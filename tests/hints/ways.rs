//! How hints are typed that are no complete commands, or that must do more than end otherwise.

use crate::way::Way;
use crate::{ways_absent, ways_conflicts, ways_failures, ways_more, ways_people, ways_usage};

pub fn all() -> Vec<Way> {
    let mut ways = ways_usage::all();
    ways.extend(ways_failures::all());
    ways.extend(ways_people::all());
    ways.extend(ways_absent::all());
    ways.extend(ways_conflicts::all());
    ways.extend(ways_more::all());
    ways
}
