#!/bin/sh
# Runs one fuzz target, on stable Rust: `fuzz/run.sh TARGET [SECONDS]`, TARGET one of schema, statement, script, plan,
# workload. Texts to start from are the repository's own; what breaks a reader is kept in fuzz/target/found/TARGET.
set -eu
target=$1
seconds=${2:-600}
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
case $target in
    schema) seeds='../tests/fixtures/*.sql ../workloads/*/schema.sql ../tests/explain_agreement/cases/*/schema.sql' ;;
    statement | script) seeds='../workloads/*/*.sql ../tests/fixtures/*.sql ../tests/fixtures/*.txt' ;;
    plan) seeds='../tests/fixtures/plans/*' ;;
    workload) seeds='../workloads/*/*.yaml ../tests/explain_agreement/cases/*/workload.yaml' ;;
    *) echo "unknown target $target" >&2; exit 2 ;;
esac
# What cargo-fuzz would pass, without its sanitizers, which need a nightly compiler.
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
 -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1" \
    cargo build --quiet --bin "$target" --target x86_64-unknown-linux-gnu
mkdir -p "target/corpus/$target" "target/found/$target"
for file in $seeds; do
    cp "$file" "target/corpus/$target/$(echo "$file" | tr '/.' '__')"
done
if [ "$target" = statement ]; then
    # Statements one by one, as the workloads and the fixtures have them.
    sed -n 's/^ *- sql: \([A-Z].*\)/\1/p' ../workloads/*/workload.yaml ../tests/explain_agreement/cases/*/workload.yaml |
        awk '{ file = "target/corpus/statement/line" NR; print > file; close(file) }'
    sed -n 's/.*sql: "\(.*\)"}.*/\1/p' ../tests/explain_agreement/cases/*/workload.yaml |
        awk '{ file = "target/corpus/statement/quoted" NR; print > file; close(file) }'
fi
ulimit -v 4000000
exec nice -n 19 "target/x86_64-unknown-linux-gnu/debug/$target" "target/corpus/$target" -dict="dictionary/$target" \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 -artifact_prefix="target/found/$target/" \
    -print_final_stats=1
