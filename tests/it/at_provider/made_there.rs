//! A provider that makes the values itself: what it made and nobody has is revoked, and never what somebody is given.

use super::*;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use v_secure_testkit::person::Done;

/// Keys are files, named by their values, which hold the rotation that they were made for. Who finds a `hold.PLACE` takes it for
/// a `held.PLACE`, and sleeps there as long as that is there: at `before-VERB` nothing is done yet, at `VERB` all is but the answer.
const PROGRAM: &str = r#"#!/bin/sh
set -eu
cd 'HERE'
request=$(cat)
text() {
    printf '%s\n' "$request" | sed -n "s/.*\"$1\":\"\([^\"\\\\]*\)\".*/\1/p"
}
verb=$(text verb)
sleep_at() {
    if mv "hold.$1" "held.$1" 2>/dev/null; then
        while [ -e "held.$1" ]; do sleep 0.05; done
    fi
}
answer() {
    sleep_at "$verb"
    printf '%s\n' "$1"
}
sleep_at "before-$verb"
case $verb in
    describe)
        answer '{"ok":true,"contract":1,"verbs":["describe","set","test","validate","list","revoke"],"makes":"provider","finds":"label","holds":2,"fences":true}'
        ;;
    set)
        key=made-$$
        text rotation >"keys/$key"
        answer "{\"ok\":true,\"value\":\"$key\"}"
        ;;
    list)
        cd keys
        found=$(grep -lx -e "$(text rotation)" -- * | sed 's/.*/{"handle":"&"}/' | paste -sd, -)
        cd ..
        answer "{\"ok\":true,\"credentials\":[$found]}"
        ;;
    revoke)
        key=$(text handle)
        [ -n "$key" ] || key=$(text value)
        rm -f "keys/$key"
        answer '{"ok":true}'
        ;;
    *)
        state=inactive
        if [ -e "keys/$(text value)" ]; then state=active; fi
        answer "{\"ok\":true,\"state\":\"$state\"}"
        ;;
esac
"#;

struct Keys {
    service: Service,
    owner: Person,
}

impl Keys {
    fn new() -> Option<Self> {
        let service = Service::new()?;
        let here = service.folder.path().display().to_string();
        service.replace(&replaced(PROGRAM, "HERE", &here));
        fs::create_dir(service.folder.path().join("keys")).unwrap();
        fs::write(service.folder.path().join("keys").join(FIRST), "none\n").unwrap();
        let owner = owner(&service);
        Some(Self { service, owner })
    }

    /// What the provider accepts.
    fn all(&self) -> Vec<String> {
        let keys = fs::read_dir(self.place("keys")).unwrap();
        let mut keys: Vec<String> =
            keys.map(|key| key.unwrap().file_name().into_string().unwrap()).collect();
        keys.sort();
        keys
    }

    fn place(&self, name: &str) -> PathBuf {
        self.service.folder.path().join(name)
    }

    /// A command that sleeps at a place, where it is by now.
    #[track_caller]
    fn asleep(&self, place: &str, line: &str) -> Child {
        fs::write(self.place(&format!("hold.{place}")), "").unwrap();
        let child = self.start(line);
        let begun = Instant::now();
        while !self.place(&format!("held.{place}")).exists() {
            assert!(begun.elapsed() < Duration::from_secs(60), "nobody comes to {place}");
            thread::sleep(Duration::from_millis(20));
        }
        child
    }

    /// What becomes of it when it wakes up.
    fn woken(&self, place: &str, child: Child) -> Done {
        fs::remove_file(self.place(&format!("held.{place}"))).unwrap();
        child.wait_with_output().unwrap().into()
    }

    fn start(&self, line: &str) -> Child {
        let arguments: Vec<&str> = line.split(' ').collect();
        let mut command = self.owner.command(&arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// One credential beside the first one, which is what everybody is given; then that alone.
    #[track_caller]
    fn end_well(&self) {
        let new = current(&self.owner);
        let mut both = vec![FIRST.to_owned(), new.clone()];
        both.sort();
        assert_eq!(self.all(), both);
        assert_ne!(new, FIRST);
        self.owner.run("rotation retire prod/A").ok();
        assert_eq!(self.all(), [new]);
        self.owner.run("secret rotate prod/A").ok();
        self.owner.run("audit verify").ok();
    }
}

#[test]
fn a_key_is_made_there_and_the_one_before_it_revoked() {
    let Some(keys) = Keys::new() else { return };
    keys.owner.run("secret rotate prod/A").ok();
    keys.end_well();
}

#[test]
fn who_slept_while_another_one_had_a_key_made_gives_nobody_one_and_leaves_none() {
    for place in ["before-set", "set"] {
        let Some(keys) = Keys::new() else { return };
        let slept = keys.asleep(place, "--json secret rotate prod/A");
        keys.owner.run("rotation run").ok();
        let new = current(&keys.owner);
        let woken = keys.woken(place, slept);
        assert_eq!(woken.error(), (7, "rotation-over".into()), "{place}");
        assert_eq!(current(&keys.owner), new, "{place}");
        keys.end_well();
    }
}

#[test]
fn who_slept_before_it_revoked_what_nobody_had_takes_nobodys_key() {
    let Some(keys) = Keys::new() else { return };
    let first = keys.asleep("set", "secret rotate prod/A");
    // It has seen the key of the first one, and of that nobody knew.
    let machine = keys.asleep("list", "rotation run");
    keys.woken("set", first);
    keys.woken("list", machine);
    keys.end_well();
}

#[test]
fn a_key_whose_making_was_not_answered_is_replaced_or_taken_back() {
    let Some(keys) = Keys::new() else { return };
    for ends in ["--resume", "--abort"] {
        keys.service.edit(|whole| {
            replaced(
                &whole,
                "        text rotation >",
                "        text rotation >\"keys/$key\"; exit 1; text rotation >",
            )
        });
        keys.service.serve(&keys.owner, "prod/A");
        let unclear = keys.owner.run("--json secret rotate prod/A").error();
        assert_eq!(unclear, (1, "provider-unclear".into()));
        let was = current(&keys.owner);
        assert_eq!(keys.all().len(), 2);
        keys.service.edit(|whole| replaced(&whole, "\"keys/$key\"; exit 1; text rotation >", ""));
        keys.service.serve(&keys.owner, "prod/A");
        keys.owner.run(&format!("secret rotate prod/A {ends}")).ok();
        match ends {
            "--resume" => {
                keys.owner.run("rotation retire prod/A").ok();
                assert_ne!(current(&keys.owner), was);
            }
            _ => assert_eq!(current(&keys.owner), was),
        }
        assert_eq!(keys.all(), [current(&keys.owner)], "{ends}");
    }
}

/// The same, where the provider answers the same rotation with the same key, or cannot find what it made at all.
fn found_by(finds: &str) -> Option<Keys> {
    let keys = Keys::new()?;
    keys.service.edit(|whole| {
        let whole = replaced(&whole, "\"finds\":\"label\"", &format!("\"finds\":\"{finds}\""));
        match finds {
            "idempotency" => replaced(&whole, "key=made-$$", "key=made-$(text rotation)"),
            _ => whole,
        }
    });
    keys.service.serve(&keys.owner, "prod/A");
    Some(keys)
}

impl Keys {
    /// Has a key made, and loses the answer.
    #[track_caller]
    fn lose(&self, line: &str) {
        let answers = "        answer \"{\\\"ok\\\":true,\\\"value\\\":\\\"$key\\\"}\"\n";
        self.service.edit(|whole| replaced(&whole, answers, &format!("        exit 1\n{answers}")));
        self.service.serve(&self.owner, "prod/A");
        let unclear = self.owner.run(&format!("--json {line}")).error();
        assert_eq!(unclear, (1, "provider-unclear".into()));
        self.service.edit(|whole| replaced(&whole, "        exit 1\n", ""));
        self.service.serve(&self.owner, "prod/A");
        assert_eq!(self.all().len(), 2);
    }
}

#[test]
fn a_key_that_is_made_again_by_the_same_rotation_is_the_one_that_was_lost() {
    for goes_on in ["secret rotate prod/A --resume", "rotation run", "rotation promote prod/A"] {
        let Some(keys) = found_by("idempotency") else { return };
        keys.lose("secret rotate prod/A");
        let lost = keys.all().into_iter().find(|key| key != FIRST).unwrap();
        keys.owner.run(goes_on).ok();
        assert_eq!(current(&keys.owner), lost, "{goes_on}");
        keys.end_well();
    }
}

#[test]
fn a_key_that_was_lost_is_recorded_and_revoked_by_an_abort() {
    let Some(keys) = found_by("idempotency") else { return };
    keys.lose("secret rotate prod/A");
    keys.owner.run("secret rotate prod/A --abort").ok();
    assert_eq!((current(&keys.owner).as_str(), keys.all()), (FIRST, vec![FIRST.to_owned()]));
    let retire = keys.owner.run("--json rotation retire prod/A").error();
    assert_eq!(retire, (5, "rotation-missing".into()));
    keys.owner.run("secret rotate prod/A").ok();
    keys.end_well();
}

#[test]
fn a_machine_has_no_key_made_that_may_be_lost_for_ever() {
    let Some(keys) = found_by("nothing") else { return };
    let orphans = |line: &str| {
        let refused = keys.owner.run(&format!("--json {line}"));
        assert_eq!(refused.error(), (1, "provider-unfit".into()), "{line}");
        assert!(refused.err.contains("--accept-orphans"), "{line}: {}", refused.err);
    };
    orphans("secret rotate prod/A");
    keys.lose("secret rotate prod/A --accept-orphans");
    orphans("secret rotate prod/A --resume");
    orphans("rotation promote prod/A");
    for _ in 0..3 {
        let run = keys.owner.run("--json rotation run");
        assert_eq!(run.error(), (1, "rotations-failed".into()));
        assert_eq!(keys.all().len(), 2, "{}", run.out);
    }
    keys.owner.run("secret rotate prod/A --resume --accept-orphans").ok();
    assert_eq!(keys.all().len(), 3);
    assert_ne!(current(&keys.owner), FIRST);
}

#[test]
fn what_is_made_for_a_share_is_given_to_nobody_else_when_its_making_was_lost() {
    for finds in ["label", "idempotency"] {
        let Some(keys) = found_by(finds) else { return };
        keys.lose("secret rotate prod/A --to 5%");
        let run = keys.owner.run("rotation run --json").json();
        assert_eq!(run["secrets"][0]["did"], "held", "{finds}: {run}");
        let refused = keys.owner.run("--json secret rotate prod/A --resume").error();
        assert_eq!(refused, (7, "rotation-open".into()), "{finds}");
        keys.owner.run("secret rotate prod/A --resume --to 5%").ok();
        assert_eq!((current(&keys.owner).as_str(), keys.all().len()), (FIRST, 2), "{finds}");
        let run = keys.owner.run("rotation run --json").json();
        assert_eq!(run["secrets"][0]["did"], "held", "{finds}: {run}");
        keys.owner.run("rotation promote prod/A").ok();
        keys.end_well();
    }
}
