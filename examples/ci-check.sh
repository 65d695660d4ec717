#!/usr/bin/env bash
# A step for continuous integration: fails when the forecast of a workload falls below its promise, or
# more than 5 % below a forecast that was kept. The exit code is the verdict: 0 passed, 1 breached,
# 2 invalid input, 3 no comparable baseline.
#
#     examples/ci-check.sh workloads/orders/workload.yaml machine.yaml baseline.json
#
# The baseline is written by:  predict forecast --workload ... --machine ... --format json -o baseline.json
set -euo pipefail
workload=${1:?usage: ci-check.sh WORKLOAD.yaml MACHINE.yaml [BASELINE.json]}
machine=${2:?usage: ci-check.sh WORKLOAD.yaml MACHINE.yaml [BASELINE.json]}
baseline=${3:-}
predict=${PREDICT:-predict}

arguments=(--workload "$workload" --machine "$machine" --assert 'tps >= 800' --assert 'p99_ms <= 100')
if [ -n "$baseline" ]; then
    arguments+=(--baseline "$baseline" --max-regression 5%)
fi
exec "$predict" check "${arguments[@]}"
