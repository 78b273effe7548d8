//! `two-keys.py`: keys that the service makes, found again by their label.

use super::service::{ADMIN, Mood, Service};
use super::{checks, example, failed, folder, tried};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use v_secure_core::crypto::id::{ObjectId, RotationId};
use v_secure_core::name::{Name, SecretName};
use v_secure_core::secret_value::SecretValue;
use v_secure_rotation::command::{Checked, CommandProvider, Target};
use v_secure_rotation::contract::{Answer, Call, CallError, Credential, Provider, State, Verb};
use v_secure_testkit::cli::Cli;
use v_secure_testkit::tools;

struct World {
    _folder: TempDir,
    program: PathBuf,
    service: Service,
}

impl World {
    /// Programs are found in the system's folders alone.
    fn new() -> Option<Self> {
        if !tools::has("python3") {
            return None;
        }
        if !["/usr/bin/python3", "/bin/python3"].iter().any(|path| Path::new(path).exists()) {
            tools::skip_here("python3 is in no folder of the system");
            return None;
        }
        let folder = folder()?;
        let program = example(folder.path(), "two-keys.py");
        Some(Self { _folder: folder, program, service: Service::start() })
    }

    fn ask(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let target = Target {
            name: Name::new("keys").unwrap(),
            endpoint: Some(self.service.endpoint.clone()),
            admin: Some(SecretValue::from(ADMIN.to_owned())),
            deadline: Duration::from_secs(60),
        };
        let program = Checked::as_it_is(&self.program).unwrap();
        CommandProvider::new(program, target, &v_secure::host::real::RealHost).call(call)
    }

    fn set(&self, rotation: u8) -> Result<String, CallError> {
        let secret = SecretName::parse("prod/KEY").unwrap();
        let rotation = RotationId([rotation; 16]);
        let call = Call { rotation: Some(&rotation), ..Call::new(Verb::Set, &secret) };
        self.ask(&call).map(|answer| answer.value.unwrap().expose_str().unwrap().to_owned())
    }

    fn handles(&self, rotation: u8) -> Vec<String> {
        let secret = SecretName::parse("prod/KEY").unwrap();
        let rotation = RotationId([rotation; 16]);
        let call = Call { rotation: Some(&rotation), ..Call::new(Verb::List, &secret) };
        self.ask(&call).unwrap().listed.into_iter().map(|listed| listed.handle).collect()
    }

    fn state(&self, value: &str) -> Option<State> {
        let secret = SecretName::parse("prod/KEY").unwrap();
        let (id, value) = (ObjectId([1; 32]), SecretValue::from(value.to_owned()));
        let credential = Some(Credential { id: &id, value: &value });
        self.ask(&Call { credential, ..Call::new(Verb::Validate, &secret) }).unwrap().state
    }

    fn revoke(&self, handle: &str) {
        let secret = SecretName::parse("prod/KEY").unwrap();
        let call = Call { handle: Some(handle), ..Call::new(Verb::Revoke, &secret) };
        self.ask(&call).unwrap();
    }
}

#[test]
fn it_keeps_the_contract_and_leaves_nothing() {
    let Some(world) = World::new() else { return };
    let more = ["--endpoint", &world.service.endpoint, "--admin-file", "-"];
    let run = tried(&Cli::with_vault(), &world.program, &more, format!("{ADMIN}\n").as_bytes());
    assert_eq!((run.code, failed(&run)), (0, vec![]), "{run:?}");
    for check in ["list passed", "two at a time passed", "a wrong base is fenced skipped"] {
        assert!(checks(&run).iter().any(|found| found == check), "{check}: {run:?}");
    }
    assert_eq!(world.service.labels(), [""; 0]);
}

#[test]
fn a_key_whose_making_was_not_answered_is_found_and_revoked() {
    let Some(world) = World::new() else { return };
    for mood in [Mood::Silent, Mood::Twice, Mood::Fails] {
        world.service.next(mood);
        let unclear = world.set(1);
        assert!(matches!(unclear, Err(CallError::Unclear { .. })), "{mood:?}: {unclear:?}");
        assert_eq!(world.service.labels(), [RotationId([1; 16]).to_string()]);
        let refused = world.set(1);
        assert!(matches!(refused, Err(CallError::Refused { .. })), "{refused:?}");
        let handles = world.handles(1);
        assert_eq!((handles.len(), world.handles(2)), (1, vec![]));
        world.revoke(&handles[0]);
        world.revoke(&handles[0]);
        assert_eq!(world.handles(1), [""; 0]);
    }
    let value = world.set(1).unwrap();
    assert_eq!(world.state(&value), Some(State::Active));
}

#[test]
fn a_service_that_is_late_busy_or_forgets_is_told_apart() {
    let Some(world) = World::new() else { return };
    world.service.next(Mood::Late);
    let late = world.set(1).unwrap();
    assert_eq!(world.state(&late), Some(State::Active));
    world.service.next(Mood::Busy);
    let busy = world.set(2);
    assert!(matches!(busy, Err(CallError::Again { .. })), "{busy:?}");
    world.service.next(Mood::Forgets);
    let forgotten = world.set(2).unwrap();
    assert_eq!(world.state(&forgotten), Some(State::Inactive));
    world.set(3).unwrap();
    let third = world.set(4);
    assert!(matches!(third, Err(CallError::Refused { .. })), "{third:?}");
}

#[test]
fn nobody_at_the_endpoint_is_tried_again() {
    let Some(mut world) = World::new() else { return };
    // Nothing listens on a port that was bound and let go.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.service.endpoint = format!("http://{port}");
    let nobody = world.set(1);
    assert!(matches!(nobody, Err(CallError::Again { .. })), "{nobody:?}");
}
