//! Random histories of several writers, against a model that knows nothing of entries and their order.

mod history;
mod model;

use super::blended::{is_blended, mended};
use super::*;
use crate::file::format::Trust;
use history::{Replicas, Step};
use proptest::prelude::*;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..history::REPLICAS, 0..history::SECRETS, any::<u8>()).prop_flat_map(
        |(replica, secret, pick)| {
            prop_oneof![
                4 => Just(Step::Put { replica, secret }),
                2 => Just(Step::Merge { into: replica, from: usize::from(pick) % history::REPLICAS }),
                1 => Just(Step::Remove { replica, secret }),
                1 => Just(Step::Restore { replica, secret }),
                1 => Just(Step::Resolve { replica, secret, pick: pick.into() }),
            ]
        },
    );
    prop::collection::vec(step, 1..14)
}

fn united(one: &Vault, other: &Vault) -> Result<String, MergeError> {
    merge(one.file().clone(), [other.file().clone()], history::NOW).map(|merged| merged.text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(history::cases()))]

    #[test]
    fn what_is_active_is_what_the_model_says(steps in steps()) {
        let mut replicas = Replicas::new();
        for step in &steps {
            replicas.play(step);
            replicas.check();
        }
    }

    #[test]
    fn order_and_repetition_change_nothing(steps in steps()) {
        let mut replicas = Replicas::new();
        steps.iter().for_each(|step| replicas.play(step));
        let [a, b, c] = replicas.vaults();
        let ab = united(a, b).unwrap();
        prop_assert_eq!(&ab, &united(b, a).unwrap());
        let open = |text: &str| {
            Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, history::NOW).unwrap()
        };
        let (ab, bc) = (open(&ab), open(&united(b, c).unwrap()));
        prop_assert_eq!(united(&ab, c).unwrap(), united(a, &bc).unwrap());
        prop_assert_eq!(united(&ab, b).unwrap(), format::write(ab.file()));
        prop_assert_eq!(united(a, a).unwrap(), format::write(a.file()));
    }

    /// Lines put together by hand, in another order and twice, with old copies of what is active.
    #[test]
    fn a_text_out_of_order_is_mended_and_told_from_tampering(steps in steps(), seed in any::<u64>()) {
        let mut replicas = Replicas::new();
        steps.iter().for_each(|step| replicas.play(step));
        let [a, b, _] = replicas.vaults();
        let text = history::shuffled(a.file(), b.file(), seed);
        prop_assert!(is_blended(&text, history::NOW));
        prop_assert_eq!(mended(&text, history::NOW).unwrap().text, united(a, b).unwrap());
    }
}
