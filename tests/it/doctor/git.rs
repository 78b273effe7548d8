//! What git has, keeps and lacks of a vault.

use super::*;

#[test]
fn git_must_track_the_vault_keep_its_bytes_and_find_the_program() {
    if !tools::has("git") {
        return;
    }
    let cli = Cli::with_vault();
    git(&cli, &["init", "--quiet"]);
    let folder = cli.project().canonicalize().unwrap().join(".v-secure");
    for file in [".gitattributes", ".gitignore"] {
        fs::remove_file(folder.join(file)).unwrap();
    }
    let found = doctor(&cli);
    assert_eq!(found.command("git-untracked"), format!("git add {}", folder.display()));
    for code in ["git-attributes", "git-lock", "hook-missing"] {
        assert_eq!(found.command(code), "v-secure git install");
    }
    cli.ok("git install");
    let found = doctor(&cli);
    for code in ["git-attributes", "git-lock", "hook-missing"] {
        found.lacks(code);
    }
    fs::write(cli.project().join(".gitignore"), ".v-secure\n").unwrap();
    let found = doctor(&cli);
    found.lacks("git-attributes");
    assert_eq!(found.1, 1);
    found.command("git-ignored");
    git(&cli, &["add", "--force", ".v-secure"]);
    let lock = folder.join(".lock");
    assert_eq!(doctor(&cli).command("git-lock"), format!("git rm --cached {}", lock.display()));
    git(&cli, &["rm", "--quiet", "--cached", ".v-secure/.lock"]);
    cli.ok("git install");
    let found = doctor(&cli);
    found.command("git-sound");
    found.command("hook-helpless");
    let program = Path::new(binary()).parent().unwrap();
    let mut command = cli.command("doctor --json");
    command.env("PATH", cli::path_after(program));
    examine(&mut command).command("hook-installed");
}

#[test]
fn keys_and_values_in_the_index_are_found_wherever_they_lie() {
    if !tools::has("git") {
        return;
    }
    let cli = Cli::with_vault();
    git(&cli, &["init", "--quiet"]);
    let project = cli.project();
    let key = project.join("notes/key.txt");
    fs::create_dir(project.join("notes")).unwrap();
    fs::copy(home(&cli).join("config/v-secure/identity.txt"), &key).unwrap();
    git(&cli, &["add", ".v-secure"]);
    doctor(&cli).lacks("plain-key");
    git(&cli, &["add", "notes"]);
    // It is what the next commit would hold that counts.
    fs::remove_file(&key).unwrap();
    let found = doctor(&cli);
    let owner = cli.ok("member list").split('\t').next().unwrap().to_owned();
    let what = format!("git tracks notes/key.txt, which holds the private key of {owner}");
    assert_eq!(found.find("plain-key").unwrap()["what"], what.as_str());
    let keeping = "git rm --cached notes/key.txt  # which keeps the file itself";
    assert_eq!(found.command("plain-key"), keeping);
    git(&cli, &["-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "-m", "x"]);
    let found = doctor(&cli);
    let command = found.command("plain-key");
    let start = "git rm --cached notes/key.txt  # and replace the key, which a commit holds: ";
    assert!(command.starts_with(start), "{command}");
    assert!(command.contains(&format!("'v-secure member key remove {owner}/")), "{command}");
    git(&cli, &["rm", "--quiet", "--cached", "notes/key.txt"]);
    doctor(&cli).lacks("plain-key");
    // What has no key to sign is named by its recipient, and goes by the commands that are said.
    let made = cli.ok("member add ci --service --new-identity --read prod/*");
    fs::write(project.join("ci.txt"), made).unwrap();
    git(&cli, &["add", "ci.txt"]);
    git(&cli, &["-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "-m", "x"]);
    let found = doctor(&cli);
    let command = found.command("plain-key");
    assert!(command.contains("'v-secure member add ci --device --new-identity'"), "{command}");
    cli.ok("member add ci --device --new-identity");
    let (_, remove) = command.split_once("'v-secure member key remove ").unwrap();
    cli.ok(&format!("member key remove {} --yes", remove.trim_end_matches('\'')));
    doctor(&cli).lacks("plain-key");
    // A key of nobody here is a project's own.
    cli.ok("identity new -o other.txt");
    git(&cli, &["add", "other.txt"]);
    doctor(&cli).lacks("plain-key");

    cli.feed("set A", b"v");
    fs::write(project.join(".env"), "A=v\n").unwrap();
    git(&cli, &["add", "--force", ".env"]);
    fs::remove_file(project.join(".env")).unwrap();
    assert!(doctor(&cli).command("plain-file").starts_with("git rm --cached .env"));
}

/// The folder of the vault that `doctor` is asked in is not all of the repository.
#[test]
fn keys_of_another_vault_of_the_repository_are_found_too() {
    if !tools::has("git") {
        return;
    }
    let cli = Cli::with_vault();
    git(&cli, &["init", "--quiet"]);
    let inner = cli.project().join("inner");
    fs::create_dir(&inner).unwrap();
    cli.ok("identity new -o inner/key.txt");
    let mut init = cli.command("--identity key.txt init --vault-name inner --nested");
    assert_eq!(finish(init.current_dir(&inner), b"").code, 0);
    git(&cli, &["add", "."]);
    let found = doctor(&cli);
    let command = found.command("plain-key");
    assert_eq!(command, "git rm --cached inner/key.txt  # which keeps the file itself");
    let found = examine(cli.command("doctor --json").current_dir(&inner));
    assert!(found.command("plain-key").contains("/inner/key.txt  #"));
}
