#!/bin/sh
# Solves the same networks with this program and with peers, and prints throughput, time and factor.
#
# Needs Octave with its queueing package (Debian: apt install octave octave-queueing) and Ciw
# (pip install ciw); a peer that is not there is left out.
set -eu
here=$(dirname "$0")
out=$(mktemp -d)
trap 'rm -r "$out"' EXIT
cargo bench --quiet --bench peers > "$out/ours"
: > "$out/octave"
: > "$out/ciw"
if command -v octave-cli > /dev/null; then octave-cli --no-gui --quiet "$here/octave.m" > "$out/octave"; fi
if python3 -c 'import ciw' 2> /dev/null; then python3 "$here/simulate.py" > "$out/ciw"; fi
awk '
  FILENAME ~ /ours$/ { x[$1] = $2; us[$1] = $3; next }
  { n = split(FILENAME, path, "/")
    printf "%-24s %-8s throughput %.6f (here %.6f)  %12.1f us (here %.2f us)  factor %.0f\n",
           $1, path[n], $2, x[$1], $3, us[$1], $3 / us[$1] }
' "$out/ours" "$out/octave" "$out/ciw"
