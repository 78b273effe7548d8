//! Paths of files in a project, as settings name them (`docs/format.md`, Settings): from the folder that the
//! vault's is in, with `/`.

/// Whether a list of paths, joined with `,`, is one that a setting takes.
pub(crate) fn is_list(text: &str) -> bool {
    text.split(',').all(is_path)
}

/// A path by which every file is meant would be no list.
fn is_path(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    path.split('/').all(is_part)
        && path.bytes().any(|byte| !matches!(byte, b'*' | b'/'))
        && path.bytes().all(|byte| byte >= b' ' && byte != 0x7f)
}

/// Whether a list names a file.
pub(crate) fn names(list: &str, file: &str) -> bool {
    list.split(',').any(|path| is_named(path, file))
}

/// `docs/` is all below a folder, `*.snap` a file in any folder, `docs/a.txt` one file; a `*` stands for any
/// text without `/`.
fn is_named(path: &str, file: &str) -> bool {
    let of_file: Vec<&str> = file.split('/').collect();
    let folder = path.strip_suffix('/');
    let of_path: Vec<&str> = folder.unwrap_or(path).split('/').collect();
    let fits = |parts: &[&str]| of_path.iter().zip(parts).all(|(path, part)| fits(path, part));
    match (folder, of_path.len()) {
        (Some(_), length) => of_file.len() > length && fits(&of_file),
        (None, 1) => of_file.last().is_some_and(|name| fits(&[name])),
        (None, length) => of_file.len() == length && fits(&of_file),
    }
}

fn fits(path: &str, part: &str) -> bool {
    let Some((first, rest)) = path.split_once('*') else { return path == part };
    let Some(mut part) = part.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(at) = part.find(piece) else { return false };
        part = &part[at + piece.len()..];
    }
    part.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_of_a_project_and_not_all_of_it() {
        for good in ["a", "pages/", "a/b.txt", "*.snap,tests/*/x y", ".env.test", "a*"] {
            assert!(is_list(good), "{good}");
        }
        for bad in
            ["", "a,", "/a", "a//b", "../a", "a/./b", "*", "*/", "**/*", "a\tb", "/", "a\u{7f}"]
        {
            assert!(!is_list(bad), "{bad}");
        }
    }

    #[test]
    fn a_list_names_files_folders_and_kinds() {
        for (list, file) in [
            ("pages/", "pages/a.txt"),
            ("pages/", "pages/a/b"),
            ("x,pages/a.txt", "pages/a.txt"),
            ("*.snap", "a.snap"),
            ("*.snap", "a/b/c.snap"),
            ("a/*/c", "a/b/c"),
            ("a/*", "a/b"),
            ("t*s/*x*/", "tests/axb/c"),
            ("a*b*", "ab"),
        ] {
            assert!(names(list, file), "{list} {file}");
        }
        for (list, file) in [
            ("pages/", "pages"),
            ("pages/", "a/pages/b"),
            ("pages/a.txt", "pages/a.txt/b"),
            ("*.snap", "a.snap/b"),
            ("a/*", "a/b/c"),
            ("a/*/", "a/b"),
            ("a*a", "a"),
            ("A", "a"),
        ] {
            assert!(!names(list, file), "{list} {file}");
        }
    }
}
