#!/bin/bash
# cli.sh BLKLAB AGENT: nights as the real binary has them, on the fake hypervisor: lock, busy host, exit codes, files,
# a killed night, history.
set -u
blklab=$1
[ $# -ge 2 ] || { echo "this build has no guest agent"; exit 77; }
agent=$2
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
dir=$(mktemp -d /tmp/blklab-night-XXXXXX)
neighbour=
trap '[ -z "$neighbour" ] || kill $neighbour; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export XDG_STATE_HOME=$dir/state XDG_CACHE_HOME=$dir/cache BLKLAB_LOCK_DIR=$dir/lock
chmod 755 "$dir" # another user looks in
mkdir -m 1777 lock
unset COLUMNS
failed=0

fault() { echo "FAILED: $*"; failed=1; }

# check CODE "part of the message" ARGUMENT...: out and err are kept for more checks.
check() {
	local code=$1 says=$2 got
	shift 2
	"$blklab" "$@" >out 2>err
	got=$?
	[ $got = "$code" ] || fault "blklab $*: exit $got, wanted $code: $(tail -n 3 err)"
	grep -qF -- "$says" out err || fault "blklab $*: no '$says' in: $(tail -n 5 err out)"
}

json_says() { # FILE EXPRESSION over doc
	python3 -c 'import json, sys; doc = json.load(open(sys.argv[1])); sys.exit(0 if eval(sys.argv[2]) else 1)' "$1" "$2" ||
		fault "$1: not $2"
}

printf 'name: night\nbacking: { size: 16MiB }\naxes:\n  bus: [virtio-blk, sata]\njobs: one.fio\nrepeats: 1\n' >night.yaml
printf '[read]\nrw=randread\nbs=4k\ntime_based\nruntime=100ms\n' >one.fio
fake=(--agent "$agent" --uri fake: --store s.db)
now=(--busy measure --confirm off) # what this host does is nothing to this test

# What is asked for is read before anything is done.
check 2 "--wait: 'soon'" nightly night.yaml "${fake[@]}" --wait soon
check 2 "--confirm: 'often' is neither 'off' nor a number" nightly night.yaml "${fake[@]}" --confirm often
check 2 '--min-effect' nightly night.yaml "${fake[@]}" --min-effect p98=5%
check 2 "--junit: can't write in '/no/such'" nightly night.yaml "${fake[@]}" --junit /no/such/j.xml
check 2 "no-such.yaml" nightly night.yaml "${fake[@]}" --notify no-such.yaml
check 2 "neither a file nor a scenario" nightly no-such-scenario "${fake[@]}"
[ ! -e s.db ] || [ "$("$blklab" list --store s.db --json)" = '[]' ] || fault 'something was run'

# The first night can't tell; its files are there.
mkdir metrics
printf 'textfile: { folder: %s }\n' "$dir/metrics" >notify.yaml
check 5 '1 night in the history: figures are judged from the 8th night on' nightly night.yaml "${fake[@]}" "${now[@]}" \
	--report r.html --history h.json --junit j.xml --openmetrics m.prom
grep -q '<!doctype html' r.html || fault 'no report'
json_says h.json 'len(doc["nights"]) == 1 and doc["series"][0]["cell"] == "virtio-blk"'
python3 -c 'import xml.dom.minidom as m; m.parse("j.xml")' || fault 'no JUnit XML'
grep -q 'blklab_night' m.prom || fault 'no metrics'
check 5 '' nightly night.yaml "${fake[@]}" "${now[@]}" --json
json_says out 'doc["outcome"] == "cannot tell" and doc["run_id"]'
grep -q . err && ! grep -q busy err && fault "--json: $(cat err)"

# Ordinary runs are nights where that is asked for; from the eighth on it can tell.
for _ in 1 2 3 4 5 6; do "$blklab" run night.yaml "${fake[@]}" --quiet >/dev/null || fault 'run'; done
check 5 '3 nights in the history' nightly night.yaml "${fake[@]}" "${now[@]}"
"$blklab" nightly night.yaml "${fake[@]}" "${now[@]}" --adopt --json >out 2>err
json_says out 'doc["outcome"] != "not measured" and all(p["verdict"] != "cannot tell" for p in doc["points"])'

# A trial without a result is exit code 1 where it can be told, and the night has it.
"$blklab" nightly night.yaml --agent "$agent" --uri fake:panic,ok --store s.db "${now[@]}" --json >out 2>err
json_says out 'len(doc["failures"]) == 1'

# A busy host: here a machine of somebody else. It waits, gives up, says who, and tells it.
cp "$(command -v sleep)" qemu-system-x86
./qemu-system-x86 600 &
neighbour=$!
sleep 0.2
check 3 'other virtual machines' nightly night.yaml "${fake[@]}" --wait 0s
"$blklab" nightly night.yaml "${fake[@]}" --wait 1s --json --junit busy.xml >out 2>err
code=$?
[ $code = 3 ] || fault "a busy host: exit $code"
json_says out 'doc["outcome"] == "not measured" and "other virtual machines" in doc["reason"]'
[ -s busy.xml ] || fault 'a busy host: no JUnit XML'
check 5 'measured although the host was busy' nightly night.yaml "${fake[@]}" "${now[@]}" --store busy.db
# Who only waits keeps nobody from running.
"$blklab" nightly night.yaml "${fake[@]}" --wait 60s >out.1 2>err.1 &
pid=$!
for _ in {1..200}; do
	grep -q 'waiting for a quiet host' err.1 && break
	sleep 0.05
done
sleep 0.2
"$blklab" run night.yaml --agent "$agent" --uri fake: --store w.db --quiet >out 2>err || fault "a run beside one that waits: $(cat err)"
kill $pid
wait $pid
rm -f w.db
kill $neighbour
wait $neighbour 2>/dev/null
neighbour=

# A lock's line is that of who holds it, or none.
echo 'blklab run (pid 1) since 2026-01-01T00:00:00Z' >lock/blklab.lock
exec 9>>lock/blklab.lock
flock 9
check 3 'another process runs on this host' run night.yaml "${fake[@]}"
exec 9>&-

# Two never overlap, neither with run; who waits gets its turn.
n=$("$blklab" list --store s.db --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')
"$blklab" nightly night.yaml --agent "$agent" --uri fake:mute --store kill.db "${now[@]}" >out.1 2>err.1 &
pid=$!
for _ in {1..200}; do
	compgen -G "$dir/state/blklab/backing/blklab-$pid-*" >/dev/null && break
	sleep 0.05
done
check 3 "blklab nightly (pid $pid) since 20" run night.yaml "${fake[@]}"
check 3 "blklab nightly (pid $pid) since 20" nightly night.yaml "${fake[@]}" "${now[@]}" --wait 1s
grep -q 'waiting for it' err || fault "a lock that is waited for: $(cat err)"
[ "$("$blklab" list --store s.db --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')" = "$n" ] ||
	fault 'a run was made beside another'
# Another work folder, and another user: the host's lock holds them, too, and --wait waits for both.
check 3 "blklab nightly (pid $pid) since 20" run night.yaml "${fake[@]}" --work-dir "$dir/other"
grep -qF 'runs on this host, in another work folder' err || fault "another work folder: $(cat err)"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	mkdir -m 777 theirs
	other=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$dir/theirs" XDG_STATE_HOME="$dir/theirs"
		XDG_CACHE_HOME="$dir/theirs")
	if "${other[@]}" "$blklab" --version >/dev/null 2>&1; then
		"${other[@]}" "$blklab" run night.yaml --agent "$agent" --uri fake: --store theirs/s.db >out 2>err
		[ $? = 3 ] && grep -qF "blklab nightly (pid $pid) since 20" err || fault "another user: $(cat out err)"
	fi
fi
BLKLAB_LOCK_DIR='' "$blklab" run night.yaml "${fake[@]}" --store o.db --work-dir "$dir/other" --quiet >/dev/null ||
	fault 'no run beside another where that was asked for'
BLKLAB_LOCK_DIR=$dir/no-such "$blklab" run night.yaml "${fake[@]}" --store o.db --work-dir "$dir/other" >out 2>err ||
	fault "no place for the host's lock: $(cat err)"
grep -q 'in other work folders are not seen' err out || fault "no note of a lock that can't be had: $(cat err)"
rm -f o.db
"$blklab" nightly night.yaml "${fake[@]}" "${now[@]}" --wait 60s --work-dir "$dir/other" >out.3 2>err.3 &
elsewhere=$!
"$blklab" nightly night.yaml "${fake[@]}" "${now[@]}" --wait 60s >out.2 2>err.2 &
waiting=$!
sleep 1

# Killed in the middle: the lock goes with it, the next one begins, and the night is none.
kill -KILL $pid
wait $pid 2>/dev/null
wait $waiting
code=$?
[ $code = 0 ] || [ $code = 4 ] || [ $code = 5 ] || fault "the night that waited: exit $code: $(tail -n 3 err.2)"
wait $elsewhere
code=$?
[ $code = 0 ] || [ $code = 4 ] || [ $code = 5 ] || fault "the night elsewhere: exit $code: $(tail -n 3 err.3)"
grep -q 'runs on this host; waiting for it' err.3 || fault "who was waited for elsewhere: $(cat err.3)"
check 5 '1 night in the history' nightly night.yaml --agent "$agent" --uri fake: --store kill.db "${now[@]}"
grep -q '1 run of this scenario is left out: was interrupted' out || fault "a killed night is not left out: $(cat out)"
left=$(find "$dir/state" -name 'blklab-[0-9]*')
[ -z "$left" ] || fault "left behind: $left"

# Stopped: nothing was measured, and that is exit code 1 as of a run.
python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
	"$blklab" nightly night.yaml --agent "$agent" --uri fake:mute --store stop.db "${now[@]}" --json >out 2>err &
pid=$!
for _ in {1..200}; do
	compgen -G "$dir/state/blklab/backing/blklab-$pid-*" >/dev/null && break
	sleep 0.05
done
kill -INT $pid
wait $pid
code=$?
[ $code = 1 ] || fault "SIGINT: exit $code: $(tail -n 3 err)"
json_says out 'doc["outcome"] == "not measured" and doc["reason"] == "it was stopped"'

# An event is known to a person from then on.
python3 - <<'PY'
import sqlite3
db = sqlite3.connect('s.db')
host, run = db.execute('SELECT host_id, id FROM run ORDER BY started_ms DESC LIMIT 1').fetchone()
for i, event, host, scenario in ((1, 1, host, 'night'), (2, 2, host, 'night'), (3, 3, host, 'other'), (4, 4, 'else', 'night'),
                                 (5, 1, host, 'other')):
    db.execute("INSERT INTO change_event (id, event, host, scenario, cell, job, metric, at_run, found_run, is_drift, "
               "state, reported_ms) VALUES (?, ?, ?, ?, 'sata', 'read', 'p99_ns', ?, ?, 0, 'candidate', 1)",
               ('01970000-0000-7000-8000-00000000000%d' % i, '01970000-000%d-7000-8000-000000000000' % event, host, scenario,
                run, run))
db.commit()
PY
check 2 "'01970000' is the beginning of several events" history --store s.db --acknowledge 01970000
check 2 "there is no event '0198'" history --store s.db --acknowledge 0198
# Another scenario's, and another host's in a merged store, are not this one's to acknowledge.
check 2 "there is no event '01970000-0003'" history night --store s.db --acknowledge 01970000-0003
check 2 "there is no event '01970000-0004'" history night --store s.db --acknowledge 01970000-0004
check 2 "there is no event '01970000-0004'" history --store s.db --acknowledge 01970000-0004
check 0 '01970000-0002-7000  ' history night --store s.db --adopt --acknowledge 01970000-0001
grep -q '^01970000-0001-7000 .*acknowledged$' out || fault "not acknowledged: $(grep ^0197 out)"
grep -q '^01970000-0002-7000 .*candidate$' out || fault "another one acknowledged: $(grep ^0197 out)"
states() { python3 -c 'import sqlite3; print(*(r[0] for r in sqlite3.connect("s.db").execute("SELECT state FROM change_event ORDER BY id")))'; }
[ "$(states)" = 'acknowledged candidate candidate candidate candidate' ] || fault "acknowledged: $(states)"
"$blklab" history --store s.db --acknowledge 01970000-0003 || fault "--acknowledge without a scenario: exit $?"
[ "$(states)" = 'acknowledged candidate acknowledged candidate candidate' ] || fault "acknowledged: $(states)"
check 2 'does not exist' history --store missing.db --acknowledge 01970000-0003
[ ! -e missing.db ] || fault '--acknowledge made a store'
check 2 "this host has no baseline 'none'" nightly night.yaml "${fake[@]}" "${now[@]}" --baseline none

# What was measured can be looked at; also on a host that has no id, as images that never booted.
check 0 'night ' history --store s.db
if [ "$(id -u)" = 0 ] && [ -e /etc/machine-id ]; then
	unshare -m sh -c 'mount --bind /dev/null /etc/machine-id && exec "$@"' sh "$blklab" history --store s.db >out 2>err ||
		fault "history without a machine-id: $(cat err)"
fi
check 0 'virtio-blk, read' history night --store s.db
check 0 'night on ' history night.yaml --store s.db
check 2 "'nihgt' is neither a scenario that has runs" history nihgt --store s.db
check 2 "no night has figures of a cell 'sat'" history night --store s.db --cell sat
check 0 'date,run,cell,job,metric,value' history night --store s.db --csv --cell sata
grep -q virtio-blk out && fault '--cell: another cell is there'
check 0 '"blklab-history/1"' history night --store s.db --json --adopt
json_says out 'len(doc["nights"]) > 8 and doc["left_out"]["was interrupted"] == 0'
"$blklab" run night.yaml --agent "$agent" --uri fake: --store o.db --quiet >/dev/null
check 0 'no run of '"'night'"' was made by nightly; ordinary ones are shown' history night --store o.db

[ $failed = 0 ] && echo "all as it should be"
exit $failed
