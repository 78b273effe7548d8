# Short names for the commands of CONTRIBUTING.md.

# Format, lint, test: what a change must pass.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    cargo test --locked

# Everything that CI runs.
ci:
    bash .ci/run

# Regenerate completions/, man/, tables of codes, the transcripts of errors and the list of hints.
generate:
    V_SECURE_REGENERATE=1 cargo test --locked --test it -- generated:: doctor:: error_snapshots:: hints:: json_schemas:: confirmations::

# Regenerate the fixtures that hold vaults (while format 1 is not frozen).
fixtures:
    V_SECURE_REGENERATE=1 cargo test --locked --test it demo::
    V_SECURE_REGENERATE=1 cargo test --locked --test it fixtures::
    V_SECURE_REGENERATE=1 cargo test --locked --test it forgery::

# Micro-benchmarks, then whole commands beside sops, rage and age.
bench:
    cargo bench
    bash benches/compare.sh
