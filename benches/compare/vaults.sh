# Makes the equal vaults and files that ../compare.sh measures, each in its own folder of WORK.
# A v-secure vault NAME is WORK/NAME with its own home, config, state and cache folders beside the
# project, so that nothing of the caller's is read or written.
# shellcheck shell=bash

SIZES=(1 100 1000 10000)

# Names KEY_00001... with values of 32 hexadecimal digits, the same in every run.
make_plain() {
    local n
    mkdir -p "$WORK/plain"
    for n in "${SIZES[@]}"; do
        awk -v n="$n" 'BEGIN {
            srand(n)
            for (i = 1; i <= n; i++) {
                value = ""
                for (j = 0; j < 32; j++) value = value sprintf("%x", int(16 * rand()))
                printf "KEY_%05d=%s\n", i, value
            } }' >"$WORK/plain/$n.env"
        # Quoted: digits alone, or with one e, would be a number in YAML.
        sed 's/=\(.*\)/: "\1"/' "$WORK/plain/$n.env" >"$WORK/plain/$n.yaml"
    done
    printf 'a-new-value' >"$WORK/plain/new"
    printf '"a-new-value"' >"$WORK/plain/new.json"
    head -n 1 "$WORK/plain/1.env" >"$WORK/plain/small"
}

# The value of KEY in the plain file of N secrets.
plain_value() { sed -n "s/^$2=//p" "$WORK/plain/$1.env"; }

# The name of the secret in the middle of N.
middle() { printf 'KEY_%05d' $((($1 + 1) / 2)); }

make_age_files() {
    local recipient
    "$KEYGEN_BIN" -o "$WORK/age.key" 2>/dev/null
    recipient=$("$KEYGEN_BIN" -y "$WORK/age.key")
    export SOPS_AGE_KEY_FILE=$WORK/age.key
    mkdir -p "$WORK/sops"
    "${AGE_BIN:-$RAGE_BIN}" -r "$recipient" -o "$WORK/small.age" "$WORK/plain/small"
    [ -n "$SOPS_BIN" ] || return 0
    local n kind
    for n in "${SIZES[@]}"; do
        for kind in env yaml; do
            "$SOPS_BIN" encrypt --age "$recipient" "$WORK/plain/$n.$kind" >"$WORK/sops/$n.$kind"
        done
    done
}

# in_vault NAME COMMAND...: as the vault's member, in its project.
in_vault() (
    root=$WORK/$1
    shift
    export HOME=$root/home XDG_CONFIG_HOME=$root/config XDG_STATE_HOME=$root/state
    export XDG_CACHE_HOME=$root/cache XDG_DATA_HOME=$root/data XDG_RUNTIME_DIR=$root/run
    cd "$root/project"
    "$@"
)

# make_vault NAME N import|sets: fails NAME if v-secure refuses.
make_vault() {
    local name=$1 n=$2 how=$3 log=$RESULTS/$1.log
    note "making $name"
    mkdir -p "$WORK/$name"/{home,config,state,cache,data,run,project}
    chmod 700 "$WORK/$name/run"
    {
        in_vault "$name" "$V_SECURE_BIN" init --vault-name bench --member bench </dev/null &&
            if [ "$how" = import ]; then
                in_vault "$name" "$V_SECURE_BIN" import "$WORK/plain/$n.env" --no-input </dev/null
            else
                set_each "$name" "$WORK/plain/$n.env"
            fi
    } >"$log" 2>&1 || { fail "$name"; return 0; }
    save_vault "$name"
}

# set_each NAME FILE: one `set` for each line of FILE.
set_each() {
    local key value
    while IFS='=' read -r key value; do
        printf '%s' "$value" | in_vault "$1" "$V_SECURE_BIN" set "$key" || return 1
    done <"$2"
}

# Keeps the vault and its state as they are now, and writes WORK/NAME/restore, which brings them
# back. The project folder itself stays: hyperfine stands in it.
save_vault() {
    local root=$WORK/$1
    rm -rf "$root/saved"
    mkdir "$root/saved"
    cp -a "$root/project/.v-secure" "$root/state" "$root/saved/"
    write_program "$root/restore" "rm -rf '$root/project/.v-secure' '$root/state'
cp -a '$root/saved/.v-secure' '$root/project/'
cp -a '$root/saved/state' '$root/'
sync -f '$root'"
    write_program "$root/forget" "rm -rf '$root/state/v-secure'"
}

# write_program FILE BODY: hyperfine runs what prepares without a shell, so it is a file.
write_program() {
    printf '#!/bin/bash\nset -eu\n%s\n' "$2" >"$1"
    chmod 700 "$1"
}

# The number of log entries of a vault: one line each in its file.
entries() { grep -c '^{"parents":' "$WORK/$1/project/.v-secure/vault.toml" || true; }
