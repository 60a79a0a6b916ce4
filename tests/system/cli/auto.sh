#!/bin/bash
# auto.sh BLKLAB AGENT SOURCE: repeats: auto, a budget, and rounds until steady, on the host's own
# disk and in real VMs (TCG). About a minute.
set -u
blklab=$1
[ $# -ge 3 ] || { echo "this build has no guest agent"; exit 77; }
agent=$2
kernel=${BLKLAB_TEST_KERNEL:-$(ls "$3"/.cache/packages/cloud/linux-image-*.deb 2>/dev/null | tail -n 1)}
[ -n "$kernel" ] || { echo "no cloud kernel package: \`make guests\`, or set BLKLAB_TEST_KERNEL"; exit 1; }
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
dir=$(mktemp -d /var/tmp/blklab-auto-XXXXXX)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0

fault() { echo "FAILED: $*"; failed=1; }

# run SCENARIO: into SCENARIO.db, what it says into out and err
run() {
	"$blklab" run "$1.yaml" --work-dir work --cache-dir cache --store "$1.db" --agent "$agent" \
		--kernel "$kernel" --accel tcg >out 2>err || fault "$1: exit $?: $(tail -n 5 err)"
	[ -z "$(find work/runs work/backing -mindepth 1)" ] || fault "$1 left $(find work/runs work/backing -mindepth 1)"
}

# says SCENARIO "python expression": q(SQL) has the rows, note and facts by their keys
says() {
	python3 - "$1.db" "$2" <<'PY' || fault "$1: $2"
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
def q(sql): return db.execute(sql).fetchall()
note = dict(q("SELECT key, value FROM run_note"))
declared = dict(q("SELECT key, value FROM run_declared"))
trial = q("SELECT key, value FROM trial_fact")
job = q("SELECT key, value FROM job_fact")
def values(facts, key): return [v for k, v in facts if k == key]
ok = eval(sys.argv[2])
if not ok:
    print(note, trial[:40], job, sep="\n")
sys.exit(0 if ok else 1)
PY
}

# The same configuration twice, on the host: their medians are not apart by a factor.
printf '[reads]\nrw=randread\nbs=4k\ndirect=1\nioengine=psync\ntime_based=1\nruntime=300ms\n' >reads.fio
cat >floor.yaml <<'YAML'
name: floor
backing: { size: 32MiB }
axes: { bus: host }
include:
  - { name: again, bus: host }
jobs: reads.fio
repeats: { least: 6, most: 8, metric: p50, narrow: 100% }
min_effect: { p50: 4% }
YAML
run floor
says floor 'note["repeats.stopped"].startswith("narrow: after 6 blocks; p50 is within 100 % of the reference")'
says floor 'note["repeats.widths"].startswith("again: reads ") and note["repeats.widths"].endswith("(6)")'
says floor 'q("SELECT count(*), count(DISTINCT repeat) FROM trial") == [(12, 6)]'
says floor 'declared["min_effect.p50"] == "0.04"'
grep -q '^trials  narrow: after 6 blocks' out || fault "the end does not say why: $(tail -n 12 out)"
"$blklab" list --store floor.db | grep -q ' complete$' || fault "the run is not complete: $("$blklab" list --store floor.db)"

# VMs: every trial is written in order, runs in rounds, and the budget ends it between blocks.
cat >steady.yaml <<'YAML'
name: steady
vm: { vcpus: 1, memory: 256MiB }
backing: { size: 32MiB, precondition: { fill: none, sequential: 1, round: 300ms, rounds: 6 } }
axes: { cache: [none, writeback] }
jobs: reads.fio
repeats: { least: 6, most: 8, budget: 25s }
YAML
run steady
says steady 'note["repeats.stopped"].startswith("budget: another block would not fit in 0:25, after ")'
says steady '1 <= q("SELECT count(DISTINCT repeat) FROM trial")[0][0] < 6'
says steady 'q("SELECT count(*) FROM trial WHERE state = \x27ok\x27")[0][0] == 2 * q("SELECT count(DISTINCT repeat) FROM trial")[0][0]'
says steady 'set(values(trial, "backing.purge")) == {"new image file"}'
says steady 'set(values(trial, "backing.written_in_order")) == {"1"}'
says steady 'set(values(job, "steady.rounds")) <= {"5", "6"} and len(values(job, "steady.rounds")) == len(values(job, "steady.reached")) > 0'
says steady 'all(len(v.split()) in (5, 6) and all(float(x) > 100 for x in v.split()) for v in values(job, "steady.iops"))'
says steady 'all(v == "yes" or v.startswith("no: ") for v in values(job, "steady.reached"))'
says steady 'any(v != "yes" for v in values(job, "steady.reached")) == ("not-steady" in note)'
# What was written in order is there to be read: no trial reads holes.
"$blklab" diagnose --store steady.db --json >out || fault "diagnose: exit $?"
grep -q reads-of-holes out && fault "the disk has holes: $(cat out)"

# A block that does not fit is not begun, and one under way is not cut off.
"$blklab" plan steady.yaml >out || fault "plan: exit $?"
grep -q '2 cells x 6 to 8 trials = at most 16, about 0:25' out || fault "plan: $(head -n 2 out)"
exit $failed
