#!/bin/bash
# gate.sh BLKLAB: what `compare --gate` lets through, by made documents of fio and the real binary.
set -u
blklab=$1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d /tmp/blklab-gate-XXXXXX)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
unset COLUMNS
. "$here/checks.sh"

# make DAY STORE NAME=FACTOR...: one run of these cells, measured in turns on that day.
make() {
	local day=$1 store=$2 files=() name repeat
	shift 2
	python3 "$here/made_fio.py" . "$day" "$@" || fault "made_fio.py $*"
	for name in "${@%%=*}"; do
		for repeat in 0 1 2 3 4 5 6 7; do
			files+=("$name=$name-$repeat.json")
		done
	done
	check 0 'is imported' import "${files[@]}" -s "$store"
}

make 0 s.db base=1 alike=1 slow=1.3 fast=0.7 noisy=1,0.3 peaks=1,0.001,0.8 some-mute=1

# Nothing is worse, and all that a gate waits for is told: the same, or better.
check 0 'passed: 0 of 6 comparisons are worse' compare base alike -s s.db --gate
grep -qF "of what it waits for 0 can't be told" <(tr -s ' \n' ' ' <out) || fault "something is open: $(cat out)"
check 0 '' compare base fast -s s.db --gate --json
json_says 'doc["gate"] == {"comparisons": 6, "worse": 0, "open": 0, "is_passed": True}'
json_says '{c["verdict"] for m, c in doc["jobs"][0]["b_against_a"].items() if m not in ("p99_9_ns", "max_ns")} <= {"better", "same"}'
# It does not wait for the maximum, nor for a p99.9 that too few samples lie beyond; the table says of either that it can't tell.
check 0 'passed: ' compare base peaks -s s.db --gate
[ "$(grep -cE '^  (max|p99\.9) .*cannot tell' out)" = 2 ] || fault "max and p99.9 are not open: $(cat out)"
# Worse.
check 4 'not passed: 6 of 6 comparisons are worse' compare base slow -s s.db --gate
check 4 'not passed: ' compare fast alike -s s.db --gate
check 0 'worse' compare base slow -s s.db
# Not worse, and not all told: too much noise, too few trials, a figure that one of the two lacks.
check 5 'open: 0 of 6 comparisons are worse' compare base noisy -s s.db --gate
grep -qE 'p99 .*cannot tell' out || fault "noise is told: $(cat out)"
check 5 'open: 0 of 5 comparisons are worse' compare base some-mute -s s.db --gate
json='import sys, json; print(json.load(sys.stdin)[0]["id"])'
check 0 'is imported' import a=base-0.json a=base-1.json b=alike-0.json b=alike-1.json -s few.db
check 5 'open: 0 of 0 comparisons are worse' compare a b -s few.db --gate
check 0 '' compare base noisy -s s.db --gate --min-effect p99=100% --min-effect p50=100% --min-effect mean=100% \
	--min-effect iops=100% --min-effect bandwidth=100%

# Two runs of fio, a day apart: no verdict and no gate, however far they are apart.
make 0 days.db base=1
before=$("$blklab" list -s days.db --json | python3 -c "$json")
make 1 days.db base=1.3
check 0 'two runs' compare base -s days.db --run-b "$before"
grep -qE 'worse|better|same$' out && fault "two imported runs get a verdict: $(cat out)"
grep -qE 'p99 .*-2[23]' out || fault "the ratio is not shown: $(cat out)"
check 2 'a gate needs verdicts: two runs' compare base -s days.db --run-b "$before" --gate

[ $failed = 0 ] && echo "all as it should be"
exit $failed
