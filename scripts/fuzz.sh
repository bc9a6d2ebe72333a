#!/bin/sh
# Fuzzes what reads strangers' bytes: every target, or those named, for FUZZ_SECONDS each.
#
# What cargo-fuzz does without a sanitizer, which is all that takes a nightly compiler: coverage comes
# from LLVM's pass, which stable compilers have as well. C code, libjpeg-turbo, has none.
set -eu
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-60}
target=${CARGO_BUILD_TARGET:-$(rustc -vV | sed -n 's/^host: //p')}
CARGO_TARGET_DIR=${FUZZ_TARGET_DIR:-target/fuzz}
export CARGO_TARGET_DIR
corpus=$CARGO_TARGET_DIR/corpus
found=$CARGO_TARGET_DIR/findings

flags='--cfg fuzzing -C passes=sancov-module -C llvm-args=-sanitizer-coverage-level=4'
flags="$flags -C llvm-args=-sanitizer-coverage-inline-8bit-counters -C llvm-args=-sanitizer-coverage-pc-table"
flags="$flags -C llvm-args=-sanitizer-coverage-trace-compares"
# With --target they are not the flags of build scripts, which nothing counts for.
RUSTFLAGS=$flags cargo build --locked --profile fuzz --target "$target" -p livegate-fuzz --features libfuzzer
programs=$CARGO_TARGET_DIR/$target/fuzz

mkdir -p "$found"
all=$(FUZZ_CORPUS=$corpus "$programs/seeds" 2>/dev/null)
# shellcheck disable=SC2086 # $all is names on purpose
[ $# -gt 0 ] || set -- $all
for name; do
    echo "$name, $seconds s:"
    log=$found/$name.log
    if "$programs/$name" "$corpus/$name" -max_total_time="$seconds" -rss_limit_mb=512 -timeout=10 -max_len=65536 \
        -dict=fuzz/pictures.dict -artifact_prefix="$found/$name-" -print_final_stats=1 >"$log" 2>&1; then
        grep -E 'INITED|DONE' "$log" | sed 's/^/    /'
    else
        tail -30 "$log"
        echo "$name does not hold: the input is in $found" >&2
        exit 1
    fi
done
