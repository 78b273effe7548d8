//! Looking for values in a file by what is kept of them, and for a value itself.

use super::encodings;
pub use super::encodings::Form;
use super::print::{self, Checks, Print, ScanKey};
use crate::crypto::id::VaultId;
use crate::secret_value::SecretValue;
use std::collections::{BTreeMap, HashMap};

/// So many places of one file are told apart: a file of nothing but values is stopped by the first.
const MOST: usize = 64;
/// Where a file has a zero so early, git takes it for no text, and lines say nothing.
const TEXT: usize = 8000;

/// Prints of vaults, ready to be looked for.
pub struct Searcher<'k> {
    key: &'k ScanKey,
    vaults: Vec<(VaultId, Checks)>,
    /// Each with the vault that it is of.
    prints: Vec<(usize, Print)>,
    by_rolling: HashMap<u16, Vec<usize>>,
    /// Which rolling hashes there are: most places of a file end here.
    known: Box<[u64; 1024]>,
}

/// A place in a file that has the bits of a value.
#[derive(Clone, Copy)]
pub struct Found<'s> {
    pub print: &'s Print,
    pub vault: &'s VaultId,
    pub place: Place,
}

/// Where in a file, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Counted from 1; `None` in a file that is no text.
    pub line: Option<usize>,
    pub form: Form,
}

impl<'k> Searcher<'k> {
    pub fn new(key: &'k ScanKey, of_vaults: Vec<(VaultId, Vec<Print>)>) -> Self {
        let (vaults, prints) = (Vec::new(), Vec::new());
        let (by_rolling, known) = (HashMap::new(), Box::new([0_u64; 1024]));
        let mut searcher = Self { key, vaults, prints, by_rolling, known };
        of_vaults.into_iter().for_each(|(vault, prints)| searcher.add(vault, prints));
        searcher
    }

    fn add(&mut self, vault: VaultId, prints: Vec<Print>) {
        for print in prints {
            let (word, bit) = place_of_bit(print.rolling);
            self.known[word] |= bit;
            self.by_rolling.entry(print.rolling).or_default().push(self.prints.len());
            self.prints.push((self.vaults.len(), print));
        }
        self.vaults.push((vault, self.key.of_vault(&vault)));
    }

    pub fn is_empty(&self) -> bool {
        self.prints.is_empty()
    }

    /// Where a file seems to hold values: each value once a line, in the plainest form.
    pub fn find(&self, file: &[u8]) -> Vec<Found<'_>> {
        let mut found: BTreeMap<(usize, Option<usize>), Form> = BTreeMap::new();
        encodings::each(file, &mut |stream| {
            self.key.rolling.each(stream.text, |at, rolling| {
                if !self.knows(rolling) || found.len() >= MOST {
                    return;
                }
                for number in self.matching(rolling, &stream.text[at..]) {
                    let form = found.entry((number, line(file, stream.origin(at))));
                    let form = form.or_insert(stream.form);
                    *form = stream.form.min(*form);
                }
            });
        });
        let place = |((number, line), form): ((usize, Option<usize>), Form)| {
            let (vault, print) = &self.prints[number];
            Found { print, vault: &self.vaults[*vault].0, place: Place { line, form } }
        };
        let mut found: Vec<Found<'_>> = found.into_iter().map(place).collect();
        found.sort_by_key(|found| found.place);
        found
    }

    fn knows(&self, rolling: u16) -> bool {
        let (word, bit) = place_of_bit(rolling);
        self.known[word] & bit != 0
    }

    fn matching(&self, rolling: u16, text: &[u8]) -> impl Iterator<Item = usize> {
        let numbers = self.by_rolling.get(&rolling).into_iter().flatten().copied();
        numbers.filter(move |number| {
            let (vault, print) = &self.prints[*number];
            let whole = text.get(..usize::from(print.length));
            whole.is_some_and(|whole| self.vaults[*vault].1.check(whole) == print.check)
        })
    }
}

fn place_of_bit(rolling: u16) -> (usize, u64) {
    (usize::from(rolling >> 6), 1 << (rolling & 63))
}

fn line(file: &[u8], at: usize) -> Option<usize> {
    let is_text = memchr::memchr(0, &file[..file.len().min(TEXT)]).is_none();
    is_text.then(|| memchr::memchr_iter(b'\n', &file[..at.min(file.len())]).count() + 1)
}

/// Where a file holds a value, if it does: what a print can only suspect.
pub fn place_of(file: &[u8], value: &SecretValue) -> Option<Place> {
    let value = print::counting(value.expose())?;
    let mut first: Option<Place> = None;
    encodings::each(file, &mut |stream| {
        let Some(at) = memchr::memmem::find(stream.text, value.expose()) else { return };
        let place = Place { line: line(file, stream.origin(at)), form: stream.form };
        first = Some(first.map_or(place, |first| first.min(place)));
    });
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::bytes::Fixed;
    use crate::host::testing::TestHost;
    use crate::name::SecretName;
    use crate::scan::noted::Noted;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    const ONE: VaultId = VaultId([1; 32]);
    const TWO: VaultId = VaultId([2; 32]);
    const TOKEN: &str = "sk_live_51H8xkQ2eZvKYlo2C0aB3d9";
    const PEM: &str = "-----BEGIN KEY-----\nMC4CAQAwBQYDK2VwBCIEIHq0Rk9mT2xq\nXzL1v0Qm7dW3pZt8\n-----END KEY-----\n";

    fn print(key: &ScanKey, vault: &VaultId, (name, value): (&str, &str)) -> Print {
        let secret = SecretName::parse(name).unwrap();
        let noted =
            Noted::of(&secret, Fixed([1; 32]), &SecretValue::from(value.to_owned())).unwrap();
        key.print(vault, &noted).unwrap()
    }

    fn found(searcher: &Searcher<'_>, file: &str) -> Vec<(String, Option<usize>, Form)> {
        let found = searcher.find(file.as_bytes()).into_iter();
        found.map(|one| (one.print.secret.to_string(), one.place.line, one.place.form)).collect()
    }

    #[test]
    fn values_of_all_vaults_are_found_with_their_lines() {
        let key = ScanKey::generate(&TestHost);
        let one = vec![print(&key, &ONE, ("prod/TOKEN", TOKEN))];
        let two = vec![print(&key, &TWO, ("dev/PEM", PEM))];
        let searcher = Searcher::new(&key, vec![(ONE, one), (TWO, two)]);
        let hit = |name: &str, line, form| (name.to_owned(), Some(line), form);
        assert_eq!(found(&searcher, "a\nb\n"), []);
        assert_eq!(
            found(&searcher, &format!("a\nt={TOKEN};{TOKEN}\n%20{TOKEN}")),
            [hit("prod/TOKEN", 2, Form::Plain), hit("prod/TOKEN", 3, Form::Plain)]
        );
        let indented = PEM.replace('\n', "\n    ");
        assert_eq!(
            found(&searcher, &format!("k: |\n    {indented}")),
            [hit("dev/PEM", 2, Form::Plain)]
        );
        let encoded = STANDARD.encode(TOKEN);
        assert_eq!(
            found(&searcher, &format!("\n\n{encoded}")),
            [hit("prod/TOKEN", 3, Form::Base64)]
        );
        let binary = format!("\0\n{TOKEN}");
        assert_eq!(found(&searcher, &binary), [("prod/TOKEN".into(), None, Form::Plain)]);
        assert_eq!(searcher.find(PEM.as_bytes())[0].vault, &TWO);
        assert_eq!(found(&searcher, &TOKEN[..TOKEN.len() - 1]), []);
        assert_eq!(found(&searcher, &TOKEN.to_uppercase()), []);
    }

    #[test]
    fn a_value_itself_tells_whether_a_file_holds_it() {
        let value = SecretValue::from(TOKEN.to_owned());
        let place = |file: &str| place_of(file.as_bytes(), &value);
        let at = |line, form| Some(Place { line: Some(line), form });
        assert_eq!(place("nothing"), None);
        assert_eq!(place(&format!("\n{TOKEN}\n{}", STANDARD.encode(TOKEN))), at(2, Form::Plain));
        assert_eq!(place(&format!("x: {}", STANDARD.encode(TOKEN))), at(1, Form::Base64));
        assert_eq!(place_of(b"short", &SecretValue::from("short".to_owned())), None);
    }

    /// As many as a value of another text would have to meet: none of these does.
    #[test]
    fn other_texts_are_not_found() {
        let key = ScanKey::generate(&TestHost);
        let value = |n: u64| blake3::hash(&n.to_le_bytes()).to_hex().to_string();
        let prints = (0..1000).map(|n| print(&key, &ONE, ("prod/A", &value(n)))).collect();
        let searcher = Searcher::new(&key, vec![(ONE, prints)]);
        let file: String = (2000..3000).map(|n| value(n) + "\n").collect();
        assert_eq!(found(&searcher, &file), []);
        assert_eq!(found(&searcher, &value(999)).len(), 1);
    }
}
