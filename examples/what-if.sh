#!/usr/bin/env bash
# What would more cores, or not waiting for the disk, do to a workload? Prints one table.
#
#     examples/what-if.sh workloads/orders/workload.yaml
set -euo pipefail
workload=${1:?usage: what-if.sh WORKLOAD.yaml}
predict=${PREDICT:-predict}

echo "# clients and cores"
"$predict" sweep --workload "$workload" \
    --set workload.clients=1,4,16,64 --set machine.cpu.cores=2,4,8 --format csv

echo "# the same with commits that do not wait for the flush"
"$predict" sweep --workload "$workload" \
    --set workload.clients=16,64 --set machine.postgresql.synchronous_commit=on,off --format csv
