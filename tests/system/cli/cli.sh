#!/bin/bash
# cli.sh BLKLAB AGENT: exit codes, messages and machine-readable output of the real binary.
set -u
blklab=$1
here=$(cd "$(dirname "$0")" && pwd)
docs=$here/../../../docs
[ $# -ge 2 ] || { echo "this build has no guest agent"; exit 77; }
agent=$2
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
dir=$(mktemp -d /tmp/blklab-cli-XXXXXX)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export XDG_STATE_HOME=$dir/state XDG_CACHE_HOME=$dir/cache
unset COLUMNS
. "$here/checks.sh"

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
printf '[read]\nrw=randread\nbs=4k\ntime_based\nruntime=100ms\n' >one.fio
printf 'name: bad\naxes:\n  bus: [virtio-blk]\n  cache: [writebak]\njobs: one.fio\n' >bad.yaml

# Words.
check 2 'usage: blklab VERB'
check 0 'usage: blklab VERB' --help
check 0 'blklab ' --version
check 2 "'pln' is not a verb; the nearest is plan" pln
check 2 '--jsno: no such option; the nearest is --json' plan good.yaml --jsno
check 2 'SCENARIO is missing' run

"$blklab" man --markdown | cmp -s - "$docs/cli.md" ||
	fault "docs/cli.md is not what 'blklab man --markdown' prints"

# Plans.
check 2 'bad.yaml:4:11' plan bad.yaml
check 2 "'writebak'" plan bad.yaml
check 2 'bad.yaml:4:11' run bad.yaml
check 2 'neither a file nor a scenario of the library' plan no-such-name
check 0 'good   2 cells x 2 trials = 4' plan good.yaml
check 0 'quick' plan quick
check 0 "Overwritten: the disk with the serial 'S5XX' at 0000:5e:00.0, of which jobs use 4 GiB" \
	plan passthrough --device 5e:00.0 --serial S5XX
check 0 '"cells"' plan good.yaml --json
json_says '[c["name"] for c in doc["cells"]] == ["virtio-blk", "sata"] and len(doc["trials"]) == 4'
check 0 '"repeats": 7' plan good.yaml --json --repeats 7
check 0 '<domain' plan good.yaml --xml sata
python3 -c 'import sys, xml.dom.minidom as m; m.parse("out")' || fault 'plan --xml is no XML'
check 0 'bus="sata"' plan good.yaml --xml 1
check 2 "'saat' is not a cell; the nearest is 'sata'" plan good.yaml --xml saat
check 2 'only of use with --xml' plan good.yaml sata

# The XML is about the cell's own QEMU and this host.
for v in 7.2.9 10.0.2; do
	printf '#!/bin/sh\necho "QEMU emulator version %s"\n' $v >qemu-$v
	chmod +x qemu-$v
done
printf 'name: emu\naxes:\n  bus: [virtio-blk]\n  iothreads: 2\n  vcpus: 2\n  emulator: [%s, %s, %s]\njobs: one.fio\n' \
	"$dir/qemu-10.0.2" "$dir/qemu-7.2.9" "$dir/no-qemu" >emu.yaml
check 0 "<emulator>$dir/qemu-10.0.2</emulator>" plan emu.yaml --xml 0 --accel tcg
grep -qF 'QEMU 10.0.2 of' out || fault "plan --xml does not name the version: $(head out)"
python3 -c 'import xml.dom.minidom as m; m.parse("out")' || fault 'plan --xml is no XML'
grep -q '<domain .*type="qemu">' out || fault "plan --accel tcg: $(grep '<domain' out)"
check 3 'several iothreads for one virtio-blk disk need QEMU 9.0 or newer' plan emu.yaml --xml 1
[ ! -s out ] || fault 'an impossible cell has XML'
check 2 "no-qemu': No such file" plan emu.yaml --xml 2
check 0 ' type="kvm">' plan emu.yaml --xml 0 --accel kvm
"$blklab" plan emu.yaml --xml 0 >out 2>err || fault "plan --xml: $(cat err)"
if [ -w /dev/kvm ]; then # nothing is remembered in this cache: what is assumed is said
	grep -q 'acceleration: kvm; assumed' out && grep -q 'acceleration: kvm is assumed' err ||
		fault "plan --xml: not said that kvm is assumed: $(head out)"
else
	grep -q '/dev/kvm does not open' out && grep -q '<domain .*type="qemu">' out ||
		fault "plan --xml without /dev/kvm: $(head out)"
fi
mkdir tmp
TMPDIR=$dir/tmp check 0 '<domain' plan emu.yaml --xml 0
[ -z "$(ls tmp)" ] || fault "plan --xml left $(ls tmp)"
printf 'name: h\naxes: { bus: host }\njobs: one.fio\n' >host.yaml
check 2 'it has no VM, and no XML' plan host.yaml --xml

# A name that JSON can't carry is refused, not left out.
printf '[caf\xe9]\nruntime=1\n' >latin1.fio
printf 'name: l\njobs: latin1.fio\n' >latin1.yaml
check 2 "latin1.fio:1: '[caf\\xe9' is not UTF-8 text" plan latin1.yaml --json

# What has no meaning in a cell is not said of it.
printf 'name: floor\naxes:\n  bus: [virtio-blk, host]\n  cache: [none, unsafe]\njobs: one.fio\n' >floor.yaml
check 0 '"cells"' plan floor.yaml --json
json_says '[c["axes"] for c in doc["cells"] if c["name"] == "host"] == [{"bus": "host", "storage": "file"}]'
json_says 'all("cache" in c["axes"] and "cluster_size" not in c["axes"] for c in doc["cells"] if c["name"] != "host")'
check 0 'The same in every VM: storage file, iothreads 0' plan floor.yaml
grep -qE '^ +[0-9]+ +host +host +-$' out || fault "plan: the host has a cache mode: $(cat out)"

# Places that can't be.
check 2 'does not exist' list
check 2 'does not exist' report
"$blklab" run good.yaml --agent "$agent" --uri fake: --store /dev/null/x/store.db >out 2>err
code=$?
[ $code = 2 ] || [ $code = 3 ] || fault "a store that can't be made: exit $code"
grep -q '/dev/null/x/store.db' err || fault "a store that can't be made: $(cat err)"
check 2 '--report' run good.yaml --agent "$agent" --uri fake: --report /no/such/folder/r.html

# A page that can't be written is said, behind the figures, and hides no trial without a result.
mkdir folder
check 2 'store    p.db' run good.yaml --agent "$agent" --uri fake: --store p.db --report folder
grep -q -- '--report: cannot write' err || fault "run does not say that there is no page: $(cat err)"
check 1 '--report: cannot write' run good.yaml --agent "$agent" --uri fake:ok,ok,job-error --store p.db --report folder --json
grep '"event":"end"' out | grep -q '"report":null' || fault "run tells of a page that is not there: $(cat out)"

# The host. It may be unfit, but it has to say so in JSON.
"$blklab" doctor --json >out 2>err
code=$?
[ $code = 0 ] || [ $code = 3 ] || fault "doctor: exit $code"
json_says 'len(doc) > 15 and all(r["meaning"] and r["level"] in ("ok", "info", "warn", "bad") for r in doc)'
json_says "any(r['level'] == 'bad' for r in doc) == ($code == 3)"

# A whole run without a VM.
check 0 'store ' run good.yaml --agent "$agent" --uri fake: --store s.db
grep -q '^trial 4 of 4 ' err || fault "no plain line for the last trial: $(cat err)"
grep -q $'\033' out err && fault 'escape sequences in what is no terminal'
check 0 'good' list --store s.db
check 0 '"ok": 4' list --store s.db --json
json_says 'doc[0]["state"] == "complete" and doc[0]["planned"] == doc[0]["trials"] == 4 and doc[0]["ended_ms"] >= doc[0]["started_ms"]'
check 0 'virtio-blk' report --store s.db
check 0 '<!doctype html' report --store s.db --format html
check 0 '' report --store s.db --format json
json_says 'doc is not None'
check 0 'r.md: run' report --store s.db -o r.md
grep -q 'virtio-blk' r.md || fault 'report -o r.md is no Markdown of the run'
check 0 'sata' compare virtio-blk sata --store s.db
check 0 '' compare 0 1 --store s.db --json
json_says 'doc is not None'
check 2 "'virtoi-blk' is not a cell; the nearest is 'virtio-blk'" compare virtoi-blk sata --store s.db
check 2 'compared with itself' compare sata 1 --store s.db
check 0 'at least 4 more trials' compare 0 1 --store s.db --min-effect p99=8%
check 0 '"min_effect": 0.08' compare 0 1 --store s.db --min-effect p99=8% --json
check 0 '"min_effect": 0.08' report --store s.db --min-effect p99=8% --format json
check 2 "--min-effect: 'p98' is no metric" compare 0 1 --store s.db --min-effect p98=8%
check 2 '--min-effect: p99: 0 % is outside' report --store s.db --min-effect p99=0
check 2 '--calibration: run nosuch' compare 0 1 --store s.db --calibration nosuch
check 2 '--calibration: run ' report --store s.db --calibration "$(python3 -c 'import sqlite3; print(sqlite3.connect("s.db").execute("SELECT id FROM run").fetchone()[0])')"
check 2 "--paired is of files of values, and '0' is a cell" compare 0 1 --store s.db --paired
check 2 'zzzz' report zzzz --store s.db

check 0 '"event":"end"' run good.yaml --agent "$agent" --uri fake: --store s.db --json
json_says '[l["event"] for l in lines].count("trial") == 4 and lines[0]["event"] == "begin"'
json_says 'lines[-1]["ok"] == 4 and all(t["jobs"][0]["metrics"]["iops"] > 0 for t in lines if t["event"] == "trial")'
"$blklab" run good.yaml --agent "$agent" --uri fake: --store s.db --quiet >out 2>err ||
	fault "run --quiet failed: $("$blklab" report --store s.db --format md | grep -iE 'failed|mismatch')"
[ ! -s out ] && [ ! -s err ] || fault "--quiet said: $(cat out err)"

check 0 'store ' run floor.yaml --agent "$agent" --uri fake: --store floor.db --repeats 1
python3 - <<'PY' || fault 'cells: an axis without a meaning is not NULL'
import sqlite3, sys
rows = sqlite3.connect('floor.db').execute('SELECT cell, bus, cache, vcpus, cluster_size FROM cells').fetchall()
sys.exit(sorted(rows, key=str) != [('host', 'host', None, None, None),
                                   ('virtio-blk none', 'virtio-blk', 'none', '1', None),
                                   ('virtio-blk unsafe', 'virtio-blk', 'unsafe', '1', None)])
PY

# Trials that fail are results with a reason, and exit code 1.
check 1 'failed: ' run good.yaml --agent "$agent" --uri fake:panic,ok --store f.db
check 0 '"ok": 3' list --store f.db --json
json_says 'doc[0]["state"] == "complete"'

# No trial is begun when all of them need a disk that is not there; the others of a plan are run.
printf 'name: away\nrepeats: 2\nbacking: { size: 16MiB }\naxes:\n  bus: [virtio-blk]\n  storage: [device]\njobs: one.fio\n' \
	>away.yaml
sed 's/\[device\]/[device, file]/' away.yaml >partly.yaml
away=(--device ffff:ff:1f.7 --serial NONE --agent "$agent" --uri fake: --store away.db)
check 2 "no PCI function 'ffff:ff:1f.7' on this host" run away.yaml "${away[@]}"
check 2 'does not exist' list --store away.db
check 1 "no PCI function 'ffff:ff:1f.7' on this host" run partly.yaml "${away[@]}"
check 0 '"ok": 2' list --store away.db --json

# Ctrl-C, kill and a lost terminal: one interrupted trial, and nothing left in the folder.
for signal in INT TERM HUP; do
	python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
		"$blklab" run good.yaml --agent "$agent" --uri fake:mute --store $signal.db >out 2>err &
	pid=$!
	for _ in {1..200}; do
		compgen -G "$dir/state/blklab/backing/blklab-$pid-*" >/dev/null && break
		sleep 0.05
	done
	compgen -G "$dir/state/blklab/backing/blklab-$pid-*" >/dev/null || fault "$signal: no disk to see within 10 s"
	kill -$signal $pid
	wait $pid
	code=$?
	[ $code = 1 ] || fault "$signal: exit $code, wanted 1: $(tail -n 3 err)"
	grep -q 'what is complete is kept' err || fault "$signal: nothing said: $(cat err)"
	left=$(find "$dir/state" -name 'blklab-[0-9]*')
	[ -z "$left" ] || fault "$signal left behind: $left"
	python3 - $signal.db <<'PY' || fault "$signal: not one interrupted trial in the store"
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
sys.exit(db.execute('SELECT state FROM trial').fetchall() != [('interrupted',)] or
         db.execute('SELECT ended_ms FROM run').fetchone()[0] is None)
PY
	check 0 '' list --store $signal.db
	grep -qE ' 2 +4 +1 +0  interrupted$' out || fault "$signal: list: $(cat out)"
done

# One that was killed has no end.
"$blklab" run good.yaml --agent "$agent" --uri fake:mute --store kill.db >out 2>err &
pid=$!
for _ in {1..200}; do
	compgen -G "$dir/state/blklab/backing/blklab-$pid-*" >/dev/null && break
	sleep 0.05
done
# Two never measure at once; the lock goes with its process, however that ends.
check 3 "blklab run (pid $pid) since 20" run good.yaml --agent "$agent" --uri fake: --store second.db
kill -KILL $pid
wait $pid 2>/dev/null
check 0 'store ' run good.yaml --agent "$agent" --uri fake: --store second.db
COLUMNS=120 check 0 '' list --store kill.db
grep -qE ' 2 +4 +0 +0  killed or running$' out || fault "kill: list: $(cat out)"

# nohup: the terminal goes, the run stays.
(trap '' HUP; exec "$blklab" run good.yaml --agent "$agent" --uri fake: --store nohup.db >out 2>err) &
pid=$!
sleep 0.2
kill -HUP $pid
wait $pid
[ $? = 0 ] || fault "nohup: $(tail -n 3 err)"

# A store that can take no more stops the run and says so; what it has stays readable.
(ulimit -f 512; exec "$blklab" run good.yaml --agent "$agent" --uri fake: --store full.db --repeats 100 >out 2>err)
code=$?
[ $code = 3 ] || fault "a full disk: exit $code: $(tail -n 3 err)"
grep -q "can't be stored in 'full.db'; the run stops" err || fault "a full disk: $(tail -n 3 err)"
n=$(grep -c '^trial ' err)
[ "$n" -gt 1 ] && [ "$n" -lt 200 ] || fault "a full disk: $n of 200 trials were run"
check 0 '"interrupted"' list --store full.db --json
json_says "doc[0]['planned'] == 200 and doc[0]['trials'] == $((n - 1))"

# A reader that has seen enough is no fault.
"$blklab" plan quick 2>err | head -n 1 >out
[ "${PIPESTATUS[0]}" = 0 ] || fault 'a closed pipe is a fault'

[ $failed = 0 ] && echo "all as it should be"
exit $failed
