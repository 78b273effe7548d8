//! The database users that a secret's value alternates between.

/// Longer names are cut off by the server, so that two of them may be one.
const MAX_NAME: usize = 63;

/// Whose password is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Users {
    /// One user: with its new password the old one ends.
    One(String),
    /// Two users in turn, so that the one in use goes on while the other is given a new password.
    Two {
        names: [String; 2],
        /// As whom both work, and which owns what they create.
        owner: String,
    },
}

/// Users cannot be rotated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsersError {
    #[error("a name is empty, longer than 63 bytes, or has a control character")]
    Name,
    #[error("the users and the owner are not three different roles")]
    Same,
    #[error("the owner cannot be called 'none'")]
    None,
}

impl Users {
    pub(super) fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Two { names, .. } => names,
        }
    }

    pub(super) fn has(&self, user: &str) -> bool {
        self.names().iter().any(|name| name == user)
    }

    pub(super) const fn are_two(&self) -> bool {
        matches!(self, Self::Two { .. })
    }

    /// Who is given the next password, where `user` has the current one.
    pub(super) fn next(&self, user: &str) -> Option<&str> {
        match self {
            Self::One(name) => Some(&**name).filter(|name| *name == user),
            Self::Two { names: [a, b], .. } if a == user => Some(b),
            Self::Two { names: [a, b], .. } if b == user => Some(a),
            Self::Two { .. } => None,
        }
    }

    pub(super) fn check(&self) -> Result<(), UsersError> {
        let owner = match self {
            Self::One(_) => None,
            Self::Two { owner, .. } => Some(owner),
        };
        let fits = |name: &String| {
            (1..=MAX_NAME).contains(&name.len()) && !name.contains(char::is_control)
        };
        if !self.names().iter().chain(owner).all(fits) {
            return Err(UsersError::Name);
        }
        match self {
            Self::Two { names: [a, b], owner } if a == b || owner == a || owner == b => {
                Err(UsersError::Same)
            }
            // `SET role` takes it for no role.
            Self::Two { owner, .. } if owner == "none" => Err(UsersError::None),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two(a: &str, b: &str, owner: &str) -> Users {
        Users::Two { names: [a.to_owned(), b.to_owned()], owner: owner.to_owned() }
    }

    #[test]
    fn two_users_take_turns() {
        let users = two("a", "b", "o");
        assert_eq!(
            (users.next("a"), users.next("b"), users.next("c")),
            (Some("b"), Some("a"), None)
        );
        let users = Users::One("a".to_owned());
        assert_eq!((users.next("a"), users.next("b")), (Some("a"), None));
    }

    #[test]
    fn roles_are_different_and_not_cut_off() {
        assert_eq!(two("a", "b", "o").check(), Ok(()));
        assert_eq!(two("Ä \"x\"", "b", "o").check(), Ok(()));
        for (a, b, owner) in [("a", "a", "o"), ("a", "b", "a"), ("a", "b", "b")] {
            assert_eq!(two(a, b, owner).check(), Err(UsersError::Same));
        }
        let long = "ä".repeat(32);
        for name in ["", &long, "a\0", "a\n"] {
            assert_eq!(Users::One(name.to_owned()).check(), Err(UsersError::Name), "{name:?}");
        }
        assert_eq!(two("a", "b", "none").check(), Err(UsersError::None));
    }
}
