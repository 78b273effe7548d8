//! What a device keeps of values, by which commands, and what is done where that cannot be used.

use super::*;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use v_secure_core::crypto::bytes::encode;
use v_secure_core::crypto::id::VaultId;
use v_secure_core::scan::noted::Noted;
use v_secure_core::scan::print::ScanKey;
use v_secure_core::scan::sealed::SealedPrints;
use v_secure_core::secret_value::SecretValue;
use v_secure_testkit::cli::finish;

fn scan(repository: &Repository) -> PathBuf {
    state(repository).join("scan")
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn no_value_is_in_the_state_folder_in_any_form() {
    let Some(repository) = guarded() else { return };
    repository.0.ok("get prod/TOKEN");
    let digits = |value: &[u8]| value.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let all = files(&state(&repository));
    assert!(all.iter().any(|path| path.starts_with(scan(&repository))));
    for path in all {
        let held = fs::read(&path).unwrap();
        let lower = held.to_ascii_lowercase();
        for value in [TOKEN, PEM, &PEM[20..52]] {
            // Whatever stands before the value in base64, some of these digits are in it.
            let encoded = [0, 1, 2].map(|skip| STANDARD.encode(&value.as_bytes()[skip..]));
            let forms = [value.as_bytes().to_vec(), encode(value.as_bytes()).into_bytes()];
            let forms = forms.into_iter().chain(encoded.map(|text| text.as_bytes()[..16].to_vec()));
            for form in forms {
                assert!(!holds(&held, &form[..16]), "{}", path.display());
            }
            let hex = digits(value.as_bytes());
            assert!(!holds(&lower, &hex.as_bytes()[..24]), "{}", path.display());
        }
    }
    for path in files(&scan(&repository)) {
        let held = fs::read(&path).unwrap();
        assert!(!holds(&held, b"TOKEN"), "{}: names are sealed too", path.display());
    }
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[test]
fn whatever_reads_or_writes_a_value_keeps_something_of_it() {
    let Some(repository) = guarded() else { return };
    let cli = &repository.0;
    fs::write(cli.project().join("t"), "{{ v-secure:prod/TOKEN }}").unwrap();
    fs::write(cli.project().join("../in.env"), format!("NEW='{TOKEN}'\n")).unwrap();
    cli.ok("settings set reads off");
    for line in [
        "get prod/TOKEN",
        "-e prod exec -- true",
        "-e prod export --only TOKEN --format json",
        "-e prod inject -i t",
        "secret copy prod/TOKEN --to-env copied",
        "secret rename copied/TOKEN copied/RENAMED",
        "secret rollback prod/TOKEN --version 1",
        "import ../in.env -e fresh",
        "secret rotate prod/TOKEN",
        "set prod/TOKEN",
    ] {
        cli.set("prod/TOKEN", "a short one");
        cli.set("prod/TOKEN", TOKEN);
        let run = match line.starts_with("secret rollback") {
            true => {
                cli.set("prod/TOKEN", "a short one");
                let _ = fs::remove_dir_all(scan(&repository));
                cli.run(line)
            }
            false => {
                let _ = fs::remove_dir_all(scan(&repository));
                cli.feed(line, TOKEN.as_bytes())
            }
        };
        assert_eq!(run.code, 0, "{line}: {run:?}");
        write(&repository, "a", TOKEN);
        let run = cli.run("git pre-commit");
        assert!(run.err.contains("hold the value of"), "{line}: {run:?}");
    }
}

#[test]
fn short_values_and_those_that_can_be_guessed_are_not_kept() {
    let Some(repository) = guarded() else { return };
    for value in
        ["x9$Lq2vRt7Pw4z-K1m0", "https://api.stripe.com/v1", "correct horse battery staple"]
    {
        repository.0.set("prod/TOKEN", value);
        repository.commit("vault");
        write(&repository, "a", format!("{value}\n"));
        passes(&repository);
        repository.git(&["rm", "--quiet", "a"]);
    }
}

#[test]
fn nothing_is_kept_in_a_job_nor_by_the_library() {
    let Some(repository) = guarded() else { return };
    fs::remove_dir_all(scan(&repository)).unwrap();
    let mut command = repository.0.command("get prod/TOKEN");
    assert_eq!(finish(command.env("CI", "true"), b"").code, 0);
    let identity = state(&repository).join("../../config/v-secure/identity.txt");
    let options = v_secure::Options {
        project: repository.root(),
        state: Some(state(&repository).canonicalize().unwrap()),
        first_use: v_secure::FirstUse::Refuse,
        strict: false,
        prune: false,
        whole_history: false,
    };
    let identity = SecretValue::new(fs::read(identity).unwrap());
    let vault = v_secure::Vault::with_host(options, &identity, v_secure::host::real::RealHost);
    assert_eq!(vault.retrieve("prod/TOKEN").unwrap().expose(), TOKEN.as_bytes());
    assert!(!scan(&repository).exists());
}

#[test]
fn without_its_key_the_search_is_left_out_and_begins_anew() {
    let Some(repository) = guarded() else { return };
    fs::remove_file(scan(&repository).join("key")).unwrap();
    write(&repository, "a", TOKEN);
    let run = hook(&repository, "git pre-commit", 0);
    assert!(
        run.err.contains("not searched for values of secrets: the key of the fingerprints is gone"),
        "{run:?}"
    );
    assert!(hook(&repository, "git pre-commit", 0).err.is_empty(), "said once");
    repository.0.ok("get prod/TOKEN");
    assert!(stopped(&repository).contains("prod/TOKEN"));
}

#[test]
fn a_state_folder_that_cannot_be_written_or_is_not_there_stops_nothing() {
    let Some(repository) = guarded() else { return };
    fs::remove_dir_all(scan(&repository)).unwrap();
    // Root writes everywhere, but not into a file that stands for the folder.
    fs::write(scan(&repository), "").unwrap();
    assert_eq!(repository.0.ok("get prod/TOKEN"), TOKEN);
    repository.0.set("prod/NEW", TOKEN);
    repository.commit("vault");
    write(&repository, "a", TOKEN);
    let run = hook(&repository, "git pre-commit", 0);
    assert!(run.err.contains("not searched for values of secrets"), "{run:?}");
    fs::remove_file(scan(&repository)).unwrap();
    repository.0.ok("get prod/TOKEN");
    let mut command = repository.0.command("git pre-commit");
    command.env_remove("HOME").env_remove("XDG_STATE_HOME");
    assert_eq!(finish(&mut command, b"").code, 0, "no state folder");
    stopped(&repository);
    let mode = fs::Permissions::from_mode(0o500);
    fs::set_permissions(scan(&repository), mode).unwrap();
    assert!(stopped(&repository).contains("prod/TOKEN"), "reading is enough");
}

/// Bits that are alike by chance: the print of another value, put in the place of a version's own.
#[test]
fn fingerprints_that_are_alike_by_chance_are_found_out() {
    let Some(repository) = guarded() else { return };
    let key = SecretValue::new(fs::read(scan(&repository).join("key")).unwrap());
    let key = ScanKey::parse(key).unwrap();
    let file = files(&scan(&repository))
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "json"));
    let file = file.unwrap();
    let vault = VaultId::parse(file.file_stem().unwrap().to_str().unwrap()).unwrap();
    let mut prints =
        key.open(&vault, SealedPrints::parse(&fs::read(&file).unwrap()).unwrap()).unwrap();
    let own = prints.iter_mut().find(|print| print.secret.as_str() == "prod/TOKEN").unwrap();
    let other = SecretValue::from("nothing secret: zY8xW7vU6tS5rQ4pO3nM".to_owned());
    let noted = Noted::of(&own.secret, own.mark, &other).unwrap();
    *own = key.print(&vault, &noted).unwrap();
    let random = &v_secure::host::real::RealHost;
    fs::write(&file, key.seal(random, &vault, &prints).unwrap().to_json()).unwrap();
    write(&repository, "a", other.expose());
    assert!(stopped(&repository).contains("seems to hold the value of prod/TOKEN"));
    let run = hook(&repository, "git pre-commit --confirm", 0);
    assert!(run.err.contains("no value of a secret is in what is staged"), "{run:?}");
    write(&repository, "b", PEM);
    let run = hook(&repository, "git pre-commit --confirm", 1);
    assert!(run.err.contains("b, line 1, holds the value of prod/PEM"), "{run:?}");
    assert!(!run.err.contains("prod/TOKEN"), "{run:?}");
}

/// The key is nowhere else, and a keyring that does not answer stops no commit.
#[cfg(target_os = "linux")]
#[test]
fn the_os_keyring_has_the_key_where_there_is_one() {
    if v_secure_testkit::desktop::skipped() {
        return;
    }
    let Some(repository) = guarded() else { return };
    let data = tempfile::tempdir().unwrap();
    let desktop = v_secure_testkit::desktop::Desktop::start(data.path(), true);
    let on_it = |line: &str| {
        let mut command = repository.0.command(line);
        finish(command.env("DBUS_SESSION_BUS_ADDRESS", &desktop.address), b"")
    };
    fs::remove_dir_all(scan(&repository)).unwrap();
    assert_eq!(on_it("get prod/TOKEN").text(), TOKEN);
    assert!(!scan(&repository).join("key").exists());
    let item = fs::read_to_string(scan(&repository).join("keyring")).unwrap();
    assert!(item.starts_with("scan:"), "{item}");
    write(&repository, "a", TOKEN);
    let stopped = on_it("git pre-commit");
    assert!(stopped.code == 1 && stopped.err.contains("prod/TOKEN"), "{stopped:?}");
    let away = hook(&repository, "git pre-commit", 0);
    let said =
        "not searched for values of secrets: the key of the fingerprints is in the OS keyring";
    assert!(away.err.contains(said), "{away:?}");
    // What is read meanwhile is kept by no other key.
    repository.0.set("prod/NEW", "pQ9zLr4Wn8Xc2Vb7Tk5M");
    assert!(!scan(&repository).join("key").exists() && scan(&repository).join("aside").exists());
    assert_eq!(on_it("git pre-commit").code, 1);
    // Another keyring, which never had it.
    let (data, item) = (tempfile::tempdir().unwrap(), item.as_str());
    let other = v_secure_testkit::desktop::Desktop::start(data.path(), true);
    let run = |line: &str| {
        let mut command = repository.0.command(line);
        finish(command.env("DBUS_SESSION_BUS_ADDRESS", &other.address), b"")
    };
    assert!(run("git pre-commit").err.contains("the key of the fingerprints is gone"));
    fs::remove_file(scan(&repository).join("aside")).unwrap();
    assert_eq!(run("get prod/TOKEN").code, 0);
    assert_ne!(fs::read_to_string(scan(&repository).join("keyring")).unwrap(), item);
    assert!(run("git pre-commit").err.contains("hold the value of"));
}
