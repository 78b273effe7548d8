//! A recipient as a record states it. What it says is [`super::recipient`]'s.

use super::recipient;

crate::name::stated_text::stated_text! {
    /// The text of an age, SSH or plugin recipient, as the policy carries it. Whether it is one, in
    /// its canonical form, is judged by [`recipient::read`].
    RecipientText
}

impl RecipientText {
    /// Of a text that somebody gave: without the comment of an SSH key.
    pub fn of_given(text: &str) -> Self {
        Self::new(recipient::canonical(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_text_loses_the_comment_of_an_ssh_key_and_nothing_else() {
        for (given, text) in [
            ("ssh-ed25519 AAAA olga@laptop", "ssh-ed25519 AAAA"),
            ("ssh-ed25519 AAAA", "ssh-ed25519 AAAA"),
            ("age1x", "age1x"),
        ] {
            assert_eq!(RecipientText::of_given(given), text);
        }
    }
}
