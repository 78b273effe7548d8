//! A case: a code, what must be there first, and the call that fails; and all cases.

use crate::stage::Stage;
use crate::{daily, files, general, state, trust};

pub struct Case {
    pub code: &'static str,
    pub given: fn(&Stage),
    pub line: String,
}

pub fn case(code: &'static str, given: fn(&Stage), line: impl Into<String>) -> Case {
    Case { code, given, line: line.into() }
}

pub fn all() -> Vec<Case> {
    let mut cases = general::usage();
    cases.extend(general::failures());
    cases.extend(trust::rights());
    cases.extend(state::absent());
    cases.extend(daily::all());
    cases.extend(files::all());
    cases.extend(trust::integrity());
    cases.extend(state::conflicts());
    cases.extend(trust::passphrases());
    cases
}
