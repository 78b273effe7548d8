//! Of exit code 2.

use crate::hints::way::{Way, option, said, variable, way};

pub fn all() -> Vec<Way> {
    words().into_iter().chain(values()).chain(editing()).chain(keys()).collect()
}

fn words() -> Vec<Way> {
    vec![
        said("bad-name", "names are", "v-secure ls -e default").on("ls -e"),
        said("bad-name", "names are", "v-secure audit log --actor admin").on("--actor"),
        said("bad-reason", "--reason TEXT, on", "v-secure rm --yes A --reason short"),
        said("bad-time", "durations are", "printf x | v-secure set A --ttl 30d").on("--ttl"),
        said("bad-time", "durations are", "printf x | v-secure set A --ttl 12h").on("--ttl"),
        said("bad-time", "dates are", "printf x | v-secure set A --expires-at 2030-01-31")
            .on("--expires-at"),
        said(
            "bad-time",
            "dates are",
            "printf x | v-secure set A --expires-at 2030-01-31T12:00:00Z",
        )
        .on("--expires-at"),
        said("bad-time", "durations are", "v-secure ls --expiring 30d").on("--expiring"),
        said("bad-type", "types are", "printf x | v-secure set A --type api_key"),
        way("bad-variable", "v-secure secret set default/A --var").fill("VARIABLE", "URL").does(),
        way("bad-variable", "v-secure set")
            .fill("NAME", "A")
            .fill("VARIABLE", "URL")
            .before("printf x | ")
            .does(),
        said("identity-twice", "give one", "v-secure init --new-identity"),
        said("repeated-field", "give it once", "printf x | v-secure set A --meta team=a"),
        said("bad-filter", "one of:", "v-secure logs tail --filter rotation"),
        said("bad-filter", "one of:", "v-secure logs tail --filter secret=A"),
        said("bad-filter", "one of:", "v-secure logs tail --filter actor=admin"),
        way("setting-variable", "v-secure settings set").does(),
        way("bad-value", "v-secure settings set").on("settings").does(),
        said("bad-value", "V_SECURE_HISTORY=full", "V_SECURE_HISTORY=full v-secure get A")
            .on("V_SECURE_HISTORY"),
        said("usage", "v-secure get", "v-secure get A").on("gett"),
        said(
            "age-debug",
            "unset AGEDEBUG",
            "export AGEDEBUG=plugin; unset AGEDEBUG; v-secure --version",
        ),
        said("same-name", "choose another", "v-secure secret rename A B"),
        way("several-values", "v-secure get NAME").fill("NAME", "A").fill("VERSION", "1").does(),
    ]
}

fn values() -> Vec<Way> {
    vec![
        way("empty-value", "printf ''").instead("test -z \"$(v-secure get A)\""),
        way("environment-unsaid", "v-secure import .env.prod -e prod")
            .instead("v-secure get prod/B"),
        way("environment-unsaid", "v-secure import .env.prod -e default").instead("v-secure get B"),
        way("bad-generator", "v-secure set NAME --generate")
            .fill("NAME", "A")
            .fill("KIND:SIZE", "hex:16")
            .instead("test \"$(v-secure get A | wc -c)\" -eq 32"),
        way("value-in-arguments", "v-secure set NAME")
            .part("v-secure set NAME")
            .fill("NAME", "A")
            .answer("Value", "two")
            .instead(TWO),
        way("value-in-arguments", "printf").fill("NAME", "A").instead(NEW),
        way("value-too-long", "split").first("head -c 10485761 /dev/zero > FILE").instead(PARTS),
        way("no-value", "printf").instead(NEW),
        way("no-value", "v-secure secret rotate").instead(OTHER),
        way("no-value", "v-secure set").instead("v-secure secret rotate A"),
    ]
}

const TWO: &str = "test \"$(v-secure get A)\" = two";
const NEW: &str = "test \"$(v-secure get A)\" = new";
const OTHER: &str = "test \"$(v-secure get A)\" != one";
const PARTS: &str = "v-secure set P1 --file PART-aa && v-secure set P2 --file PART-ab";

fn editing() -> Vec<Way> {
    vec![
        variable("no-editor", "EDITOR=COMMAND").fill("COMMAND", "true"),
        way("no-editor", "printf").fill("NAME", "A").instead(NEW),
        way("no-github-env", "v-secure export").does(),
        way("no-github-env", "v-secure exec").fill("COMMAND", "true").does(),
        way("edit-syntax", "v-secure edit").before("EDITOR=true ").does(),
        way("lines-missing", "v-secure edit").instead("! v-secure get A"),
        way("import-from", "sops").fill("FILE", "enc.yaml").before(SOPS).instead("v-secure get B"),
    ]
}

const SOPS: &str = "sops() { echo '{\"B\": \"1\"}'; }; ";

fn keys() -> Vec<Way> {
    vec![
        way("backup-reader", "v-secure backup create b.age --with-identity --passphrase")
            .before(BACKUP)
            .instead("test -s b.age"),
        way("backup-reader", "v-secure backup create b.age --with-identity --recipient")
            .fill("AGE_RECIPIENT", RECIPIENT)
            .instead("test -s b.age"),
        way("request", "v-secure member request").before(DEVICE).does(),
        said(
            "no-input",
            "FILE,",
            "v-secure recovery new --out FILE && v-secure recovery test FILE",
        ),
        said(
            "no-input",
            "FILE,",
            "v-secure recovery new --out FILE && v-secure recovery test - < FILE",
        ),
        way("no-terminal", "v-secure recovery new --out FILE").instead("test -s FILE"),
        way("no-terminal", "v-secure recovery new --out -")
            .part("v-secure recovery new --out -")
            .fill("--out -", "--out - | cat > FILE")
            .instead("test -s FILE"),
        said(
            "weak-passphrase",
            "six words",
            "V_SECURE_PASSPHRASE='divorce garage shuffle hunt nasty tulip' v-secure init --passphrase",
        ).on("init"),
        option("weak-passphrase", "--allow-weak-passphrase"),
    ]
}

const RECIPIENT: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
const BACKUP: &str = "V_SECURE_BACKUP_PASSPHRASE='divorce garage shuffle hunt nasty tulip' ";
/// At the device that asks.
const DEVICE: &str = "export HOME=$PWD/../other; mkdir $HOME; v-secure identity new; v-secure --trust-first-use ls; ";
