#!/usr/bin/env bash
# The second implementation by itself, on the vectors, and against the program.
#
#   run.sh PROGRAM            compares with `PROGRAM audit verify` and `PROGRAM get`
#   run.sh --verdict EXAMPLE  compares with examples/verdict.rs, which is the library alone
#
# V_SECURE_INTEROP_VENV  a virtual environment to use (and make, if it is not there)
# V_SECURE_INTEROP_COUNT how many mutants (1000), V_SECURE_INTEROP_SEED by which seed (1),
# V_SECURE_INTEROP_HISTORIES how many histories of who gets in, and of closed logs (400),
# V_SECURE_INTEROP_CLOSED how many vaults with a closed log (200),
# V_SECURE_INTEROP_JOBS  in how many processes (2)
# V_SECURE_INTEROP_CAMPAIGN a folder of files that the campaign wrote (V_SECURE_CAMPAIGN_OUT)
# V_SECURE_INTEROP_DOORS on how many mutants every command that reads is asked (40)
#
# The last line is "N passed, N failed"; the exit code is 1 if anything failed.
set -euo pipefail

which=--binary
if [ "${1:-}" = --verdict ]; then
    which=--verdict
    shift
fi
if [ $# -ne 1 ]; then
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
fixtures=$here/../../fixtures
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

venv=${V_SECURE_INTEROP_VENV:-$work/venv}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
python=$venv/bin/python
export PYTHONDONTWRITEBYTECODE=1
# A set's order would choose other histories in each run, and what fails once could not be run again.
export PYTHONHASHSEED=${V_SECURE_INTEROP_SEED:-1}
cd "$here"

passed=0 failed=0
count() {
    passed=$((passed + $1))
    failed=$((failed + $2))
}

# Runs a step and keeps what it prints in $out; a step that ends badly is seen in what it counts.
step() {
    printf '== %s\n' "$1"
    shift
    out=$("$@" 2>&1) || true
    printf '%s\n' "$out"
}

# `number PATTERN`: the number that PATTERN finds in $out, or 0.
number() {
    printf '%s\n' "$out" | sed -nE "s/(^|.*[^0-9])$1.*/\\2/p" | tail -n 1 | grep . || echo 0
}

step "unit tests" "$python" -m unittest
ran=$(number 'Ran ([0-9]+) tests?')
bad=$(($(number 'failures=([0-9]+)') + $(number 'errors=([0-9]+)')))
[ "$ran" -gt 0 ] || bad=1
count $((ran > bad ? ran - bad : 0)) "$bad"

for name in format-1 format-1-age ed25519-strict; do
    step "vectors of $name" "$python" vault.py vectors "$fixtures/vectors/$name.json"
    good=$(number '([0-9]+) of [0-9]+ vectors agree')
    all=$(number '[0-9]+ of ([0-9]+) vectors agree')
    count "$good" $((all > 0 ? all - good : 1))
done

vault=$fixtures/vault/v1
step "agreement" "$python" agree.py "$vault/vault.toml" --older "$vault/older.toml" --keys "$vault/keys.json" \
    "$which" "$program" --count "${V_SECURE_INTEROP_COUNT:-1000}" --seed "${V_SECURE_INTEROP_SEED:-1}" \
    --jobs "${V_SECURE_INTEROP_JOBS:-2}"
files=$(number '([0-9]+) files: ')
bad=$(number '([0-9]+) files disagree')
[ "$files" -gt 0 ] || bad=1
count $((files > bad ? files - bad : 0)) "$bad"

step "forgeries" "$python" folder.py "$fixtures/forgeries" "$which" "$program" --jobs "${V_SECURE_INTEROP_JOBS:-2}"
files=$(number '([0-9]+) files: ')
bad=$(number '([0-9]+) files disagree')
[ "$files" -gt 0 ] || bad=1
count $((files > bad ? files - bad : 0)) "$bad"

if [ -n "${V_SECURE_INTEROP_CAMPAIGN:-}" ]; then
    step "campaign" "$python" folder.py "$V_SECURE_INTEROP_CAMPAIGN" "$which" "$program" \
        --jobs "${V_SECURE_INTEROP_JOBS:-2}"
    files=$(number '([0-9]+) files: ')
    bad=$(number '([0-9]+) files disagree')
    [ "$files" -gt 0 ] || bad=1
    count $((files > bad ? files - bad : 0)) "$bad"
fi

judge=()
[ "$which" = --binary ] || judge=(--verdict "$program")
step "who gets in" "$python" authority_model.py --count "${V_SECURE_INTEROP_HISTORIES:-400}" \
    --seed "${V_SECURE_INTEROP_SEED:-1}" --jobs "${V_SECURE_INTEROP_JOBS:-2}" "${judge[@]}"
files=$(number '([0-9]+) histories: ')
bad=$(number '([0-9]+) histories are wrong')
[ "$files" -gt 0 ] || bad=1
count $((files > bad ? files - bad : 0)) "$bad"

step "closed history" "$python" closing_model.py --count "${V_SECURE_INTEROP_HISTORIES:-400}" \
    --seed "${V_SECURE_INTEROP_SEED:-1}" --jobs "${V_SECURE_INTEROP_JOBS:-2}"
files=$(number '([0-9]+) histories: ')
bad=$(number '([0-9]+) histories are wrong')
[ "$files" -gt 0 ] || bad=1
count $((files > bad ? files - bad : 0)) "$bad"

step "rotations" "$python" rotation_model.py --count "${V_SECURE_INTEROP_HISTORIES:-400}" \
    --seed "${V_SECURE_INTEROP_SEED:-1}" --jobs "${V_SECURE_INTEROP_JOBS:-2}"
files=$(number '([0-9]+) trials: ')
bad=$(number '([0-9]+) trials are wrong')
[ "$files" -gt 0 ] || bad=1
count $((files > bad ? files - bad : 0)) "$bad"

step "weaker rules" "$python" weaker.py --jobs "${V_SECURE_INTEROP_JOBS:-2}"
files=$(number '([0-9]+) rules: ')
bad=$(number '([0-9]+) that no test notices')
[ "$files" -gt 0 ] || bad=1
count $((files > bad ? files - bad : 0)) "$bad"

if [ "$which" = --binary ]; then
    step "closed vaults" "$python" closing_agree.py --binary "$program" --count "${V_SECURE_INTEROP_CLOSED:-200}" \
        --seed "${V_SECURE_INTEROP_SEED:-1}" --jobs "${V_SECURE_INTEROP_JOBS:-2}"
    files=$(number '([0-9]+) files: ')
    bad=$(number '([0-9]+) files disagree')
    [ "$files" -gt 0 ] || bad=1
    count $((files > bad ? files - bad : 0)) "$bad"
fi

if [ "$which" = --binary ]; then
    step "mutants for the doors" "$python" mutants.py "$vault/vault.toml" --older "$vault/older.toml" \
        --keys "$vault/keys.json" -o "$work/mutants" --count "${V_SECURE_INTEROP_DOORS:-40}" \
        --seed "${V_SECURE_INTEROP_SEED:-1}"
    step "doors" "$python" doors.py --binary "$program" --genuine "$vault/vault.toml" --keys "$vault/keys.json" \
        --mutants "$work/mutants" --jobs "${V_SECURE_INTEROP_JOBS:-2}"
    files=$(number '([0-9]+) files, verify exits')
    bad=$(number '([0-9]+) files at odds')
    [ "$files" -gt 0 ] || bad=1
    count $((files > bad ? files - bad : 0)) "$bad"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
