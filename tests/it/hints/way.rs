//! How a hint is typed, and what must come of it.

/// What of the hint is typed.
pub enum Typed {
    /// The hint itself, up to its explanation.
    Command,
    /// A command that stands in a sentence.
    Part(&'static str),
    /// An option that is added to the failing command.
    Option(&'static str),
    /// A variable that is set for the failing command.
    Variable(&'static str),
    /// The line that a hint without a command means.
    Line(&'static str),
}

pub enum Then {
    /// The failing command, given again, ends with 0, or with the stable code that is named.
    Again(&'static str),
    /// What was typed is what was wanted; a command that failed before then ends with 0.
    Instead(&'static str),
    /// What was typed is what was wanted.
    Does,
    /// It tells something and changes nothing.
    Informs,
    /// It finds what is broken, and so ends with another code than 0.
    Diagnoses,
}

pub struct Way {
    pub code: &'static str,
    /// How the hint begins.
    pub hint: &'static str,
    /// A part of the failing command, where several have the code.
    pub case: &'static str,
    pub typed: Typed,
    pub fill: Vec<(&'static str, &'static str)>,
    /// What a reader of the hint has done before.
    pub first: &'static str,
    /// What stands before the typed command: a variable, or what it reads.
    pub before: &'static str,
    /// Typed on a terminal that asks.
    pub answers: Vec<(&'static str, &'static str)>,
    pub then: Then,
}

pub fn way(code: &'static str, hint: &'static str) -> Way {
    Way {
        code,
        hint,
        case: "",
        typed: Typed::Command,
        fill: Vec::new(),
        first: "true",
        before: "",
        answers: Vec::new(),
        then: Then::Again(""),
    }
}

/// What another line says in place of a hint without a command.
pub fn said(code: &'static str, hint: &'static str, line: &'static str) -> Way {
    Way { typed: Typed::Line(line), then: Then::Does, ..way(code, hint) }
}

/// An option for the failing command.
pub fn option(code: &'static str, option: &'static str) -> Way {
    Way { typed: Typed::Option(option), then: Then::Does, ..way(code, option) }
}

/// A variable for the failing command.
pub fn variable(code: &'static str, variable: &'static str) -> Way {
    Way { typed: Typed::Variable(variable), then: Then::Does, ..way(code, variable) }
}

impl Way {
    pub fn on(self, case: &'static str) -> Self {
        Self { case, ..self }
    }

    pub fn part(self, part: &'static str) -> Self {
        Self { typed: Typed::Part(part), ..self }
    }

    pub fn option(self, option: &'static str) -> Self {
        Self { typed: Typed::Option(option), then: Then::Does, ..self }
    }

    pub fn fill(mut self, place: &'static str, with: &'static str) -> Self {
        self.fill.push((place, with));
        self
    }

    pub fn first(self, first: &'static str) -> Self {
        Self { first, ..self }
    }

    pub fn before(self, before: &'static str) -> Self {
        Self { before, ..self }
    }

    pub fn answer(mut self, question: &'static str, answer: &'static str) -> Self {
        self.answers.push((question, answer));
        self
    }

    pub fn ends(self, code: &'static str) -> Self {
        Self { then: Then::Again(code), ..self }
    }

    pub fn instead(self, proof: &'static str) -> Self {
        Self { then: Then::Instead(proof), ..self }
    }

    pub fn does(self) -> Self {
        Self { then: Then::Does, ..self }
    }

    pub fn informs(self) -> Self {
        Self { then: Then::Informs, ..self }
    }

    pub fn diagnoses(self) -> Self {
        Self { then: Then::Diagnoses, ..self }
    }

    pub fn is_of(&self, code: &str, line: &str, hint: &str) -> bool {
        let code = self.code == "*" || self.code == code;
        code && line.contains(self.case) && hint.starts_with(self.hint)
    }
}

/// Commands that only tell.
const TELLING: &[&str] = &[
    "git branch",
    "git log",
    "git status",
    "ls -ld",
    "v-secure access list",
    "v-secure adopt --list",
    "v-secure audit log",
    "v-secure audit verify",
    "v-secure doctor",
    "v-secure env list",
    "v-secure exposed",
    "v-secure identity show",
    "v-secure key slot list",
    "v-secure key status",
    "v-secure keyring show",
    "v-secure ls",
    "v-secure member list",
    "v-secure member show",
    "v-secure owner list",
    "v-secure pin show",
    "v-secure policy log",
    "v-secure policy proposals",
    "v-secure policy review",
    "v-secure role list",
    "v-secure rotation list",
    "v-secure secret diff",
    "v-secure secret rotation-status",
    "v-secure secret show",
    "v-secure secret versions",
    "v-secure settings show",
];

/// A hint's command without its explanation.
pub fn command(hint: &str) -> &str {
    let hint = hint.split("  #").next().unwrap_or(hint);
    hint.split(", ").next().unwrap_or(hint).trim_end()
}

/// The way of a hint that no table names: a command that tells, or one that is complete as it stands.
pub fn plain(hint: &str) -> Option<Way> {
    let typed = command(hint);
    let telling = TELLING.iter().any(|telling| typed.starts_with(telling))
        || typed.ends_with("--help")
        || typed == "v-secure";
    if typed == "v-secure doctor" {
        return Some(way("*", "").diagnoses());
    }
    let history = typed.starts_with("git ");
    match (telling, history) {
        // The vault lies in a repository, as it mostly does.
        (true, true) => Some(way("*", "").first(REPOSITORY).informs()),
        (true, false) => Some(way("*", "").informs()),
        (false, _) => is_complete(typed).then(|| way("*", "")),
    }
}

const REPOSITORY: &str = "test -d .git || { git init -q && git add -A && git commit -qm vault; }";

fn is_complete(typed: &str) -> bool {
    let placeholder = |word: &str| {
        word.contains('…')
            || word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
    };
    let names = |word: &str| word.split(['/', ':', '=']).any(placeholder);
    typed.starts_with("v-secure ") && !typed.split(' ').any(names)
}
