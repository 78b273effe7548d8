#!/usr/bin/env bash
# What history costs: builds the program and the maker of vaults, and runs growth.py beside them, which says the rest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --release --locked --bin v-secure --example growth_vault
exec python3 benches/growth.py "$@"
