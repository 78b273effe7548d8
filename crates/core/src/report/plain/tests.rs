//! A text for whatever git hands in.

use super::*;

#[test]
fn what_is_no_vault_has_a_text_that_says_so() {
    for bytes in
        [&b""[..], b"\xff\xfe\0", b"# v-secure vault\nformat = 1\n", b"\x1b[2J\n<<<<<<< ours\n"]
    {
        let text = text(bytes);
        assert!(text.starts_with("NOT A VAULT THAT CAN BE READ\n  "), "{text}");
        assert!(!text.contains('\x1b') && text.ends_with('\n'), "{text:?}");
    }
    assert_eq!(unread("why\n"), "NOT A VAULT THAT CAN BE READ\n  why\\u{a}\n");
}
