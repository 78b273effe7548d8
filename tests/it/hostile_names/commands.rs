//! What commands say of branches, backups and imported files with such names.

use super::*;

/// `git checkout side` takes the tag's commit where there is a tag, too.
#[test]
fn a_branch_is_named_in_full_where_its_name_is_that_of_something_else() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    repository.git("branch -m side");
    repository.git("checkout --quiet --orphan pages");
    repository.git("rm -r --quiet --force .");
    repository.git("commit --quiet --allow-empty -m empty");
    let hint = || hints(&repository.run(&root, &["ls"]), "vault-hidden").remove(0);
    assert_eq!(hint(), "git checkout side -- .v-secure");
    repository.git("tag side");
    assert_eq!(hint(), "git checkout refs/heads/side -- .v-secure");
    repository.git("update-ref refs/remotes/origin/main refs/heads/side");
    repository.git("branch --quiet -D side");
    assert_eq!(hint(), "git checkout origin/main -- .v-secure");
    repository.git("tag origin/main");
    let full = hint();
    assert_eq!(full, "git checkout refs/remotes/origin/main -- .v-secure");
    repository.git("update-ref refs/heads/HEAD refs/remotes/origin/main");
    assert_eq!(hint(), "git checkout refs/heads/HEAD -- .v-secure");
    repository.follow(&root, &full);
    assert!(root.join(FILE).exists());
}

#[test]
fn what_import_says_is_about_that_file_alone() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    for name in NAMES {
        fs::create_dir(root.join(name)).unwrap();
        let (known, file) = (repository.tracked(), format!("./{name}/.env"));
        fs::write(root.join(&file), "A=hunter2\n").unwrap();
        let said = |from: &str, to: &str| {
            let mut command = repository.0.command("import");
            let run = finish(command.args(["--", &file[2..]]), b"");
            let (_, after) = run.err.split_once(from).unwrap_or_else(|| panic!("{run:?}"));
            after.split_once(to).unwrap().0.to_owned()
        };
        repository.git("add --all");
        repository.follow(&root, &said("is staged: ", ", before"));
        assert_eq!(repository.tracked(), known);
        repository.follow(&root, &said("does not ignore it: ", ", or add a line to .gitignore"));
        assert!(!root.join(&file).exists());
        fs::write(root.join(name).join(".env.prod"), "B=2\n").unwrap();
        let run = repository.run(&root, &["import", "--", &format!("{name}/.env.prod")]);
        repository.follow(&root, &hints(&run, "environment-unsaid")[0]);
        assert!(repository.0.ok("ls -e prod").contains('B'));
        repository.0.ok("rm B -e prod --yes");
        fs::write(root.join(&file), "A=ENC[AES256_GCM,data:q1w2,iv:e3,tag:r4,type:str]\n").unwrap();
        let run = repository.run(&root, &["import", "--", &file[2..]]);
        let hint = hints(&run, "import-from").remove(0);
        let run = repository.run(&root, &["import", "--from", "sops", "--", &file[2..]]);
        let more = hints(&run, "foreign-missing").pop().unwrap();
        let more = more.strip_prefix("where it is installed: ").unwrap();
        let sops = "sops() { for last; do :; done; test -f \"$last\" && echo C=1; }; ";
        repository.type_in("sh", &root, &hint);
        repository.follow(&root, &format!("{sops}{more}"));
        assert!(repository.0.ok("ls").contains('C'));
        repository.0.ok("rm C --yes");
        fs::remove_dir_all(root.join(name)).unwrap();
    }
}

#[test]
fn what_backups_say_is_about_that_file_alone() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    repository.0.ok("identity new -o other.txt");
    let other = fs::read_to_string(root.join("other.txt")).unwrap();
    let recipient = other.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    for name in NAMES {
        fs::create_dir(root.join(name)).unwrap();
        let file = format!("{name}/b.age");
        let run = repository.run(&root, &["backup", "create", "--with-identity", "--", &file]);
        let hint = hints(&run, "backup-reader").remove(1);
        repository.follow(&root, &hint.replace("AGE_RECIPIENT", recipient));
        assert!(root.join(&file).exists(), "{hint}");
        let run = repository.run(&root, &["backup", "restore", "--", &file]);
        let hint = hints(&run, "backup-locked").remove(0);
        repository.follow(&root, &hint.replace("FILE", "other.txt"));
        fs::write(repository.0.vault(), "damaged\n").unwrap();
        let run =
            repository.run(&root, &["--identity", "other.txt", "backup", "restore", "--", &file]);
        let hints = hints(&run, "header-key");
        let moved = hints[0].strip_suffix(", and then").unwrap();
        repository.follow(&root, moved);
        repository.follow(&root, &hints[1].replace("v-secure", "v-secure --identity other.txt"));
        assert!(repository.0.vault().exists());
        fs::remove_dir_all(root.join(name)).unwrap();
    }
}

#[test]
fn names_that_cannot_be_shown_are_in_no_command() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    for name in ["two\nlines", "back\\'; touch ${HOME}_pwned; '"] {
        let folder = repository.own_vault_in(name);
        repository.commit();
        fs::write(folder.join(".env"), "A=hunter2\n").unwrap();
        repository.git("add --all");
        let run = repository.run(&root, &["git", "pre-commit"]);
        let said = hints(&run, "plain-file");
        assert!(said[0].starts_with("git rm --cached, with that file"), "{said:?}");
        fs::remove_dir_all(&folder).unwrap();
        repository.git("add --all");
        let run = repository.run(&root, &["git", "pre-commit"]);
        let said = hints(&run, "vault-deleted");
        assert_eq!(said[0], "git restore --staged, with that vault");
        repository.commit();
        let folder = repository.vault_in(&format!("{name}, later"));
        let mend = mends(&repository.run(&folder, &["doctor"]), "git-untracked");
        assert!(mend.starts_with("git add, on that path: "), "{mend}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
