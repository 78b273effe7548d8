//! Planted values, keys and passphrases, looked for in files, in shared memory, in `/proc` of every
//! process and in what every process writes, all the while that the commands of every day run.
#![cfg(target_os = "linux")]

mod crash;
mod scene;
mod typed;

use scene::{PASSPHRASE, Scene, VALUE, case, is_own};
use v_secure_testkit::faults;
use v_secure_testkit::keyctl;
use v_secure_testkit::tools;

const OTHER: &str = "planted-value-other-77ab31";
const IMPORTED: &str = "planted-value-imported-5d20";
const SECOND: &str = "planted ceramic voyage lantern 4421";
const BACKUP: &str = "planted meadow turbine harbour 9902";
const EDIT: &str = "sed -i s/first/second/ \"$1\"; sleep 0.1";

#[test]
fn no_daily_command_leaves_anything_planted_anywhere() {
    if faults::skipped() || !is_own(no_daily_command_leaves_anything_planted_anywhere) {
        return;
    }
    let mut scene = Scene::new();
    for text in [OTHER, IMPORTED, SECOND, BACKUP] {
        scene.watch.plant(text, None);
    }
    scene.run(&case("init --vault-name shop --member ada"));
    scene.run(&case("settings set kdf m=19456,t=2,p=1"));
    scene.plant_keys();
    with_secrets(&scene);
    to_programs(&scene);
    with_rotations(&scene);
    with_slots(&scene);
    with_recovery(&mut scene);
    with_people(&mut scene);
    looking(&scene);
    scene.nothing_was_written();
}

fn with_secrets(scene: &Scene) {
    let first = format!("{VALUE} first");
    for (line, input) in [
        ("set A --tag web", first.as_str()),
        ("set A --json", &first),
        ("set prod/A --ttl 30d", OTHER),
        ("set GEN --generate=hex:16", ""),
        ("set brief/BRIEF --ttl 1s", OTHER),
        ("secret rotate A", &first),
        ("secret rotate GEN", ""),
        ("secret describe A text", ""),
        ("secret tag A --add api", ""),
        ("secret copy A --to-env dev", ""),
        ("secret rename dev/A dev/B", ""),
        ("secret rollback A --version 1", ""),
        ("secret diff default prod", ""),
        ("diff .v-secure/vault.toml", ""),
        ("git textconv .v-secure/vault.toml", ""),
        ("import - -e imported", "D=planted-value-imported-5d20\n"),
        ("prune --dry-run", ""),
        ("prune", ""),
    ] {
        scene.run(&case(line).input(input));
    }
    let stand_in = format!("printf 'D={IMPORTED}\\n'; sleep 0.1");
    let path = format!("{}:{}", scene.program("sops", &stand_in).display(), tools::path());
    std::fs::write(scene.sandbox.project().join("enc.env"), "sealed").unwrap();
    scene.run(&case("import --from sops enc.env -e sops").set("PATH", &path));
    let editor = scene.program("editor", EDIT).join("editor");
    let editor = editor.to_str().unwrap();
    scene.run(&case("secret edit A").set("EDITOR", editor).in_memory());
    scene.run(&case("edit").set("EDITOR", editor).in_memory());
    let failing = scene.program("failing", "echo \"$1\" >/dev/null; exit 3").join("failing");
    let failing = failing.to_str().unwrap();
    scene.run(&case("secret edit A").set("EDITOR", failing).in_memory().fails(1));
}

fn to_programs(scene: &Scene) {
    let template = scene.sandbox.project().join("template");
    let text = "a={{ v-secure:A }}\nb={{ v-secure:A | base64 }}\nc={{ v-secure:A | json }}\n";
    std::fs::write(template, text).unwrap();
    let out = scene.given("rendered");
    scene.run(&case("inject -i template").gives());
    scene.run(&case(&format!("inject -i template -o {out}")));
    scene.run(&case("inject").input("{{ v-secure:A }} {{ v-secure:NONE }}").fails(5));
    scene.run(&case("get A").gives());
    scene.run(&case("get A --json").gives());
    scene.run(&case("export --format dotenv").gives());
    scene.run(&case("secret diff default prod --reveal").gives());
    scene.run(&case("exec -- sleep 0.1").program());
    scene.run(&case("exec --as-file F=A --only GEN -- cat /proc/self/fd/64").program().gives());
    let named = "exec --as-file F=A --named-files --only GEN -- sleep 0.1";
    scene.run(&case(named).program().in_memory());
    scene.run(&case("exec -- /nonexistent/program").program().fails(127));
}

fn with_rotations(scene: &Scene) {
    scene.run(&case("set rot/R").input(VALUE));
    scene.run(&case("secret rotate rot/R --to 5%").input(OTHER));
    scene.run(&case("secret rotate rot/R --resume --to 100% --json"));
    scene.run(&case("exec -e rot --instance web-1 -- sleep 0.1").program());
    for line in [
        "secret rotation-status rot/R --instance web-1",
        "rotation list",
        "rotation promote rot/R",
        "rotation retire rot/R --yes",
    ] {
        scene.run(&case(line));
    }
    scene.run(&case("secret rotate rot/R --to 5%").input(VALUE));
    scene.run(&case("secret rollback rot/R"));
    scene.run(&case("rotation retire rot/R --yes --json"));
}

fn with_slots(scene: &Scene) {
    let (first, second) = (scene.hand("first", PASSPHRASE), scene.hand("second", SECOND));
    let new = "V_SECURE_NEW_PASSPHRASE_FILE";
    scene.run(&case("key slot add --label phone").set(new, &first));
    scene.run(&case("get A").set("V_SECURE_PASSPHRASE_FILE", &first).gives());
    scene.run(&case("--passphrase-fd 0 get A").input(PASSPHRASE).gives());
    scene.run(&case("--passphrase-fd 0 get A").input(SECOND).fails(3));
    scene.run(&case("key slot change phone").set(new, &second));
    scene.run(&case("key slot list"));
    scene.run(&case("key slot remove phone"));
    let other = scene.given("other");
    std::fs::create_dir(&other).unwrap();
    let made =
        format!("--vault {other} init --vault-name other --passphrase --kdf m=19456,t=2,p=1");
    scene.run(&case(&made).set(new, &first).set("V_SECURE_PASSPHRASE_FILE", &first));
    let command = format!("sleep 0.1; cat {}", scene.hand("key", &scene.key));
    scene.run(&case("get A").set("V_SECURE_IDENTITY_CMD", &command).gives());
    let loud = [("RUST_BACKTRACE", "full"), ("RUST_LOG", "trace"), ("AGEDEBUG", "all")];
    let loud =
        |line: &str| loud.iter().fold(case(line), |case, (name, value)| case.set(name, value));
    scene.run(&loud("get A").gives());
    scene.run(&loud("--passphrase-fd 0 get A").input(SECOND).fails(3));
    if !keyctl::skipped() {
        for line in ["unlock --for 1h", "secret list", "set A", "lock"] {
            scene.run(&case(line).input(VALUE).in_session());
        }
    }
}

fn with_recovery(scene: &mut Scene) {
    let (text, words) = (scene.given("recovery.txt"), scene.given("words.txt"));
    scene.run(&case(&format!("recovery new --out {text}")));
    scene.run(&case(&format!("recovery new --words --out {words}")));
    let last = |path: &str| {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().rfind(|line| !line.starts_with('#')).unwrap().to_owned()
    };
    let (key, typed) = (last(&text), last(&words));
    scene.watch.plant(&key, None);
    scene.watch.plant(typed.split(' ').take(6).collect::<Vec<_>>().join(" "), None);
    scene.run(&case(&format!("recovery test {text}")));
    scene.run(&case("recovery test -").input(&typed));
    scene.run(&case("recovery test -").input(&format!("{typed} {typed}")).fails(3));
    let restored = scene.given("restored");
    scene.run(&case(&format!("identity restore - -o {restored}")).input(&key));
    let backup = scene.given("backup.age");
    let create = format!("backup create {backup} --with-identity --backup-passphrase-fd 0");
    scene.run(&case(&create).input(BACKUP));
    let again = scene.given("again");
    let restore =
        format!("backup restore {backup} --backup-passphrase-fd 0 --identity-out {again}");
    scene.run(&case(&restore).input(BACKUP));
    scene.run(
        &case(&format!("backup restore {backup} --backup-passphrase-fd 0")).input(SECOND).fails(3),
    );
}

fn with_people(scene: &mut Scene) {
    let theirs = scene.given("developer.txt");
    scene.run(&case(&format!("identity new -o {theirs}")));
    let text = std::fs::read_to_string(&theirs).unwrap();
    scene.watch.plant(text.lines().last().unwrap(), None);
    scene.run(&case("role create developer --grant read,write:prod/*"));
    let request = scene.run(&case(&format!("--identity {theirs} member request developer")));
    let add = "member add developer --request - --role developer --yes";
    scene.run(&case(add).input(&request));
    for line in [
        "key status",
        "key rotate --all",
        "key rotate --all --dek",
        "member remove developer --yes",
        "exposed",
        "secret rm prod/A --yes",
        "secret restore prod/A",
    ] {
        scene.run(&case(line));
    }
}

fn looking(scene: &Scene) {
    for line in [
        "",
        "list",
        "secret list --json",
        "secret show A",
        "secret versions A",
        "audit log",
        "audit log --reads",
        "audit verify",
        "audit export --format jsonl --reads",
        "audit export --format csv",
        "logs tail -n 50 --reads",
        "member list",
        "policy log",
        "policy review",
        "settings show",
        "identity show",
        "pin show",
        "doctor --json",
    ] {
        scene.run(&case(line));
    }
}
