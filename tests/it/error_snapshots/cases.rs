//! A case: a code, what must be there first, and the call that fails; and all cases.

use super::{daily, files, general, rotations, state, trust};
use v_secure_testkit::stage::Stage;
use v_secure_testkit::tools;

pub struct Case {
    pub code: &'static str,
    pub given: fn(&Stage),
    pub line: String,
    /// The program, besides our own, that it does not work without.
    pub tool: Option<&'static str>,
}

impl Case {
    pub fn with(self, tool: &'static str) -> Self {
        Self { tool: Some(tool), ..self }
    }

    pub fn can_run(&self) -> bool {
        self.tool.is_none_or(tools::has)
    }
}

pub fn case(code: &'static str, given: fn(&Stage), line: impl Into<String>) -> Case {
    Case { code, given, line: line.into(), tool: None }
}

pub fn all() -> Vec<Case> {
    let mut cases = general::usage();
    cases.extend(general::failures());
    cases.extend(trust::rights());
    cases.extend(trust::owners());
    cases.extend(state::absent());
    cases.extend(daily::all());
    cases.extend(files::all());
    cases.extend(trust::integrity());
    cases.extend(state::conflicts());
    cases.extend(trust::passphrases());
    cases.extend(rotations::all());
    cases
}
