#!/bin/bash
# baseline.sh BLKLAB AGENT: baselines and hosts with the real binary. No VM: the runs are the fake
# hypervisor's, and those of other days and hosts are copies with other figures (clone_runs.py).
set -u
blklab=$1
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 2 ] || { echo "this build has no guest agent"; exit 77; }
agent=$2
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
dir=$(mktemp -d /tmp/blklab-baseline-XXXXXX)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export XDG_STATE_HOME=$dir/state XDG_CACHE_HOME=$dir/cache
unset COLUMNS
failed=0
fake="--uri fake: --agent $agent"

fault() { echo "FAILED: $*"; failed=1; }

# check CODE "part of the message" ARGUMENT...: out and err are kept for more checks.
check() {
	local code=$1 says=$2 got
	shift 2
	"$blklab" "$@" >out 2>err
	got=$?
	[ $got = "$code" ] || fault "blklab $*: exit $got, wanted $code: $(tail -n 3 err) $(head -n 5 out)"
	grep -qF -- "$says" out err || fault "blklab $*: no '$says' in: $(cat err out)"
}

# Where the page went is said beside the answer, not in it.
says_where() {
	grep -qx "report: $1" err || fault "$1: not said where the page is: $(cat err)"
}

json_says() {
	python3 - "$1" <<'PY' || fault "json: $1"
import json, sys
doc = json.load(open('out'))
sys.exit(0 if eval(sys.argv[1]) else 1)
PY
}

clone() { python3 "$here/clone_runs.py" "$@" || fault "clone_runs.py $*"; }

cat >good.yaml <<'YAML'
name: good
backing: { size: 16MiB }
axes:
  bus: [virtio-blk, sata]
jobs:
  file: one.fio
repeats: 2
seed: 3
YAML
printf '[read]\nrw=randread\nbs=4k\niodepth=4\ntime_based\nruntime=60ms\n' >one.fio
sed 's/^name: good/name: other/' good.yaml >other.yaml

# Words.
check 2 'ACTION is missing; one of record, list, show, check, retire' baseline
check 2 "'chek' is not an action; the nearest is check" baseline chek
check 0 'usage: blklab baseline ACTION' baseline --help
check 0 'usage: blklab baseline check' baseline check --help
check 0 'usage: blklab baseline check' help baseline check
check 2 'NAME is missing' baseline record
check 2 'SCENARIO is missing: the one to run, or --from RUN' baseline record db -s s.db
check 2 'without control characters' baseline record $'d\nb' good.yaml -s s.db
check 2 'give one of them' baseline record db good.yaml --from 01 -s s.db
check 2 "--min-effect: 'ninetynine' is no metric" baseline check db -s s.db --min-effect ninetynine=5%

# What is refused before anything is measured leaves no store behind.
for verb in run 'nightly --busy measure' 'baseline record b' calibrate; do
	check 2 "kernel '$dir/none'" $verb good.yaml --kernel "$dir/none" --accel tcg --agent "$agent" -s refused.db
	[ -e refused.db ] && fault "$verb: a run that was refused left a store behind"
done
check 2 "'nope'" nightly good.yaml --busy measure $fake -s refused.db --baseline nope
check 5 ', night 1' nightly good.yaml --busy measure $fake -s night.db

# Runs are made, and checked.
# That the host has no id is said once, however many runs there are.
: >no-id
if unshare -rm mount --bind no-id /etc/machine-id 2>/dev/null; then
	unshare -rm sh -c 'mount --bind no-id /etc/machine-id && exec "$@"' sh \
		"$blklab" baseline record db good.yaml $fake -s no-id.db --runs 2 >out 2>err
	[ "$(grep -c machine-id err)" = 1 ] || fault "the host's missing id is not said once: $(cat err)"
fi
check 0 '1 of the 3 runs that a check needs' baseline record db good.yaml $fake -s s.db --runs 1 --note 'first one'
grep -q 'note: first one' out || fault "record does not show its note: $(cat out)"
grep -q 'good on ' out && grep -q 'host kernel' out || fault "record shows no profile: $(cat out)"
check 2 "'db' is a baseline of good on this host already, of 1 run; --add" baseline record db good.yaml $fake -s s.db
check 2 "--add: 'dc' is no baseline of good" baseline record dc good.yaml $fake -s s.db --add
check 5 '1 run in the baseline; 3 are the least' baseline check db $fake -s s.db
check 0 'in use' baseline list -s s.db
check 0 '"profile"' baseline record db good.yaml $fake -s s.db --add --runs 2 --json
json_says 'doc["format"] == "blklab-baseline/1" and len(doc["baseline"]["runs"]) == 3'
json_says '[l["iodepth"] for l in doc["profile"]] == [4, 4]'
# The figures of a fake are any, so that only the answer's form is sure here.
"$blklab" baseline check db $fake -s s.db --json >out 2>err
case $? in 0 | 4 | 5) ;; *) fault "check: $(cat err)" ;; esac
json_says 'doc["format"] == "blklab-check/1" and len(doc["figures"]) > 8'
json_says 'doc["outcome"] in ("ok", "drifted", "cannot tell") and doc["environment_changes"] == []'
check 0 'is retired' baseline retire db -s s.db --why 'new firmware'
check 2 "'db' is no baseline" baseline check db $fake -s s.db
check 0 'retired: new firmware' baseline list -s s.db --all
check 0 'retired ' baseline show db -s s.db
check 1 'no trial has a result' baseline record bad good.yaml --uri fake:will-not-start --agent "$agent" -s s.db --runs 1

# What changed: runs of other days, of one run's figures.
"$blklab" run good.yaml $fake -s d.db --quiet || fault 'run'
first=$("$blklab" list -s d.db --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["id"])')
clone d.db '{"day": 1, "iops": 1.02}' '{"day": 3, "iops": 0.99}' '{"day": 4, "iops": 1.01}' \
	'{"day": 9, "iops": 1.0}' '{"day": 10, "iops": 0.7, "trial_facts": {"emulator.version": "9.9.9"}}' \
	'{"day": 11, "iops": 1.5}' >ids
mapfile -t ids <ids
check 0 '4 runs over 4.0 days' baseline record db --from "$first" --from "${ids[0]}" --from "${ids[1]}" \
	--from "${ids[2]}" -s d.db
check 0 'ok: 1' baseline check db --run "${ids[3]}" -s d.db
grep -q 'nothing changed' out || fault "check: an environment changed: $(cat out)"
check 4 'for the worse' baseline check db --run "${ids[4]}" -s d.db
grep -q 'QEMU 0.0.0 -> 9.9.9' out || fault "check does not name QEMU: $(cat out)"
grep -A1 '^sata  *read' out | grep -qE '^  iops .* -30 % .* drifted$' || fault "check does not name the figure: $(cat out)"
check 0 'for the better' baseline check db --run newest -s d.db
check 0 'ok: ' baseline check db --run "${ids[4]}" -s d.db --min-effect iops=60% --min-effect bandwidth=60%
check 4 'drifted' baseline check db --run "${ids[4]}" -s d.db --json
json_says '[c["text"] for c in doc["environment_changes"]] == ["QEMU 0.0.0 -> 9.9.9"]'
json_says 'sorted({(f["metric"], f["is_worse"]) for f in doc["figures"] if f["verdict"] == "drifted"}) == [("bytes_per_s", True), ("iops", True)]'
json_says 'all(f["lo"] < 1 < f["hi"] for f in doc["figures"] if f["metric"] == "iops")'
# The same as pages, and the nights of that store.
page_says() { # FILE TEXT: a whole page that has it, and asks nothing of the network
	tail -n 1 "$1" | grep -q '</html>' && grep -qF "$2" "$1" && ! grep -q 'https*:' "$1" ||
		fault "page $1 lacks: $2"
}
check 0 'baseline db' baseline show db -s d.db --report show.html
says_where show.html
page_says show.html 'What this host gives'
check 4 'drifted' baseline check db --run "${ids[4]}" -s d.db --report check.html
says_where check.html
page_says check.html '<b>QEMU 0.0.0 → 9.9.9</b>'
page_says check.html '<div class="badge worse"'
check 0 'a digit a night' history good -s d.db --adopt --report nights.html
says_where nights.html
page_says nights.html 'QEMU 0.0.0 → 9.9.9'
# Trials of it that have no result are said; what drifted weighs more.
clone d.db '{"day": 11, "iops": 1.0}' '{"day": 12, "iops": 0.7}' >failed
python3 - failed <<'PY' || fault 'one more trial of each, that failed'
import sqlite3, sys
db = sqlite3.connect("d.db")
names = [column[1] for column in db.execute("PRAGMA table_info(trial)")]
for run in open(sys.argv[1]).read().split():
    trial = dict(zip(names, db.execute("SELECT * FROM trial WHERE run = ? LIMIT 1", (run,)).fetchone()))
    trial.update(id="failed-of-" + run[-4:], boot="failed-of-" + run[-4:], repeat=2, plan_order=4, state="failed",
                 reason="it died")
    db.execute(f"INSERT INTO trial ({','.join(names)}) VALUES ({','.join('?' * len(names))})", list(trial.values()))
db.commit()
PY
mapfile -t failed_ids <failed
check 1 '1 of its 5 trials has no result' baseline check db --run "${failed_ids[0]}" -s d.db
check 1 '"trials_ok": 4' baseline check db --run "${failed_ids[0]}" -s d.db --json
check 4 '1 of its 5 trials has no result' baseline check db --run "${failed_ids[1]}" -s d.db --report failed.html
page_says failed.html '1 of the 5 trials that were checked'
# A page that can't be written costs no verdict.
mkdir folder
check 4 'drifted: ' baseline check db --run "${ids[4]}" -s d.db --report folder
grep -q -- '--report: cannot write' err || fault "check does not say that there is no page: $(cat err)"
check 2 'ok: 1' baseline check db --run "${ids[3]}" -s d.db --report folder
check 2 'baseline db' baseline show db -s d.db --report folder
check 2 'a digit a night' history good -s d.db --adopt --report folder
check 2 "--report: can't write in 'nowhere'" baseline check db --run "${ids[4]}" -s d.db --report nowhere/x.html
check 2 'is of the baseline itself' baseline check db --run "$first" -s d.db
"$blklab" run other.yaml $fake -s d.db --quiet || fault 'run'
check 2 "is of scenario 'other'" baseline check db --run "$("$blklab" list -s d.db --json |
	python3 -c 'import json, sys; print([r["id"] for r in json.load(sys.stdin) if r["scenario"] == "other"][0])')" -s d.db

# Equal cells.
check 0 "without 'no change'" calibrate good.yaml $fake -s c.db --copies 2 --repeats 6 --report calibrated.html
says_where calibrated.html
grep -q '^run [0-9a-f-]*, for compare --calibration' out || fault "calibrate does not say its run: $(cat out)"
page_says calibrated.html 'Every comparison of two equal cells'
check 2 "without 'no change'" calibrate good.yaml $fake -s c.db --copies 2 --repeats 6 --report folder

# Hosts.
check 2 'are of 1 host' hosts -s d.db
"$blklab" run good.yaml $fake -s h.db --quiet || fault 'run'
clone h.db '{"host": "h1"}' '{"host": "h2", "iops": 1.02}' '{"host": "h3", "iops": 0.99}' >ids
"$blklab" hosts -s h.db >out 2>err || fault "alike hosts: exit $?: $(cat out err)"
grep -q 'the 4 hosts are alike' out || fault "hosts: $(cat out)"
clone h.db '{"host": "weird", "iops": 0.5, "facts": {"cpu.governor": "powersave"}}' >ids
check 4 'weird is unlike the others: at ' hosts -s h.db
grep -q 'Only weird has:' out && grep -q 'CPU governor powersave (4 of the 4 others: none)' out ||
	fault "hosts does not say what weird has: $(cat out)"
check 4 'weird is unlike the others' hosts -s h.db --report hosts.html
says_where hosts.html
page_says hosts.html '<h3>weird alone has</h3>'
check 4 'weird is unlike the others' hosts -s h.db --report folder
check 4 '"blklab-hosts/1"' hosts -s h.db --json
json_says '[h["name"] for h in doc["hosts"] if h["odd_figures"]] == ["weird"]'
json_says 'doc["odd_host"] == [h["id"] for h in doc["hosts"] if h["name"] == "weird"][0]'
# The same from a store a host, and by baselines.
"$blklab" run good.yaml $fake -s one.db --quiet || fault 'run'
check 4 'weird is unlike the others' hosts -s h.db -s h.db --scenario good
check 2 "'nothing.db'" hosts -s h.db -s nothing.db
check 2 "baselines 'db' of 'good' are of 0 hosts" hosts -s h.db --baseline db
exit $failed
