# Measures commands and writes the tables of ../compare.sh, which sources this file. Knows nothing
# of vaults. Needs HERE (the folder of compare.sh), WORK (a temporary folder), RESULTS (a folder
# in it), STATISTIC (a column of hyperfine's CSV) and TIME_BIN.
# Every function that measures leaves RESULTS/ID.* or, where the command failed, RESULTS/ID.failed.
# shellcheck shell=bash

note() { printf '%s\n' "$*" >&2; }

fail() {
    touch "$RESULTS/$1.failed"
    note "FAILED $1: ${2:-see $RESULTS/$1.log}"
}

# measure ID PREPARE INPUT COMMAND...: the time of a whole command. PREPARE is a program (or empty)
# that runs, untimed, before each run; INPUT a file for stdin (or empty). Debian's hyperfine cannot
# redirect, so INPUT takes a shell, whose start counts; hyperfine's own correction for a shell is a
# mean of other runs, which on a busy machine can exceed what it corrects.
measure() {
    local id=$1 prepare=$2 input=$3 start took run
    shift 3
    run=("$@")
    [ -z "$input" ] || run=(sh -c 'file=$1; shift; exec "$@" <"$file"' sh "$input" "$@")
    [ -z "$prepare" ] || "$prepare"
    start=${EPOCHREALTIME/[.,]/}
    if ! "${run[@]}" </dev/null >/dev/null 2>"$RESULTS/$id.log"; then
        fail "$id"
        return
    fi
    took=$((${EPOCHREALTIME/[.,]/} - start))
    local plan=(--warmup 3 --min-runs 20)
    if ((took > 1000000)); then plan=(--runs 3); elif ((took > 300000)); then plan=(--warmup 1 --runs 7); fi
    [ -z "$prepare" ] || plan+=(--prepare "$prepare")
    note "measuring $id"
    hyperfine --shell none --style none "${plan[@]}" --command-name "$id" \
        --export-json "$RESULTS/$id.json" --export-csv "$RESULTS/$id.csv" "${run[*]@Q}" \
        >/dev/null 2>>"$RESULTS/$id.log" || fail "$id"
}

# measure_memory ID COMMAND...: the greatest resident set of three runs, in KiB.
measure_memory() {
    local id=$1 greatest=0 run
    shift
    for run in 1 2 3; do
        if ! "$TIME_BIN" -f %M -o "$RESULTS/$id.$run" "$@" </dev/null >/dev/null 2>"$RESULTS/$id.log"; then
            fail "$id"
            return
        fi
        run=$(tail -n 1 "$RESULTS/$id.$run")
        if ((run > greatest)); then greatest=$run; fi
    done
    printf '%s\n' "$greatest" >"$RESULTS/$id.kib"
}

# gives ID EXPECTED COMMAND...: fails ID unless the command prints EXPECTED, so that no row compares
# a right answer with a wrong one.
gives() {
    local id=$1 expected=$2 actual
    shift 2
    actual=$("$@" </dev/null 2>"$RESULTS/$id.log") || { fail "$id"; return 1; }
    [ "$actual" = "$expected" ] || { fail "$id" "another value than the one put in"; return 1; }
}

# The median (or what BENCH_STATISTIC says) of ID in seconds, or its memory in KiB; nothing if it was
# not measured.
figure() {
    if [ -e "$RESULTS/$1.failed" ]; then return; fi
    if [ -e "$RESULTS/$1.kib" ]; then cat "$RESULTS/$1.kib"; fi
    if [ -e "$RESULTS/$1.csv" ]; then awk -F, -v name="$STATISTIC" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) column = i }
        NR == 2 { print $column }' "$RESULTS/$1.csv"; fi
}

# A figure for people: 1.23 ms, 12.3 ms, 1.23 s; 4.5 MiB for memory.
shown() {
    local value
    value=$(figure "$1")
    if [ -e "$RESULTS/$1.failed" ]; then
        printf 'failed'
    elif [ -z "$value" ]; then
        printf 'left out'
    elif [ -e "$RESULTS/$1.kib" ]; then
        awk -v v="$value" 'BEGIN { printf "%.1f MiB", v / 1024 }'
    else
        awk -v v="$value" 'BEGIN {
            if (v >= 1) printf "%.2f s", v
            else printf (v < 0.01 ? "%.2f ms" : "%.1f ms"), v * 1000 }'
    fi
}

# The ratio wanted of row ID as wanted.tsv writes it; "-" if it has none.
wanted() { awk -F'\t' -v id="$1" '$1 == id { found = $2 } END { print found == "" ? "-" : found }' "$HERE/compare/wanted.tsv"; }

comparison_head() {
    printf '| v-secure | time or memory | beside | time or memory | ratio | wanted at most | reached |\n'
    printf '|---|--:|---|--:|--:|--:|---|\n'
}

# comparison ROW "OUR WORDS" OURS "THEIR WORDS" THEIRS: one line; a ratio above 1 is called a loss.
comparison() {
    local verdict
    verdict=$(awk -v a="$(figure "$3")" -v b="$(figure "$5")" -v wanted="$(wanted "$1")" 'BEGIN {
        if (a == "" || b == "") { printf "- | %s | -", wanted; exit }
        split(wanted, part, "/"); bound = part[2] == "" ? part[1] : part[1] / part[2]
        reached = wanted == "-" ? "-" : (a / b <= bound ? "yes" : "**no**")
        printf "%.3f%s | %s | %s", a / b, (a > b ? " (loss)" : ""), wanted, reached }')
    printf '| %s | %s | %s | %s | %s |\n' "$2" "$(shown "$3")" "$4" "$(shown "$5")" "$verdict"
}
