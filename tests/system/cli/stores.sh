#!/bin/bash
# stores.sh BLKLAB AGENT: stores merged, runs exported and imported, fio's JSON as a run.
set -u
blklab=$1
here=$(cd "$(dirname "$0")" && pwd)
fixtures=$here/../../fixtures
[ $# -ge 2 ] || { echo "this build has no guest agent"; exit 77; }
agent=$2
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
dir=$(mktemp -d /tmp/blklab-stores-XXXXXX)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export XDG_STATE_HOME=$dir/state XDG_CACHE_HOME=$dir/cache
unset COLUMNS
. "$here/checks.sh"

printf '[read]\nrw=randread\nbs=4k\ntime_based\nruntime=100ms\n' >one.fio
printf 'name: good\nbacking: { size: 16MiB }\naxes:\n  bus: [virtio-blk, sata]\njobs: one.fio\nrepeats: 2\n' >good.yaml
check 0 'store ' run good.yaml --agent "$agent" --uri fake: --store a.db
check 0 'store ' run good.yaml --agent "$agent" --uri fake: --store b.db

# Merging: into the store of this user when none is named, both ways alike, again nothing.
check 2 'FILE is missing' merge
check 0 'a.db: 1 new run, 4 trials' merge a.db b.db
grep -qF "store $dir/state/blklab/store.db" out || fault "merge: where is not said: $(cat out)"
check 0 'good' list
check 0 'nothing new; 1 run was here already' merge a.db
check 0 'b.db: 1 new run, 4 trials' merge b.db a.db --into ba.db
check 0 '"new_runs": 0' merge "$dir/state/blklab/store.db" --into ba.db --json
json_says '[f["same_runs"] for f in doc["files"]] == [2] and doc["files"][0]["conflicts"] == []'
check 2 'is the one that it would be merged into' merge a.db -s a.db
check 2 "'none.db': does not exist" merge a.db none.db -s some.db
grep -qF 'a.db: 1 new run' out || fault "merge: what went well is not told: $(cat out)"
check 2 "\"error\": \"store 'none.db': does not exist" merge a.db none.db -s other.db --json
json_says '[(f["file"], f["new_runs"]) for f in doc["files"]] == [("a.db", 1)] and "none.db" in doc["error"]'
check 2 '"files": []' merge none.db -s nothing.db --json
# No store is made for what is none.
printf 'no store' >broken.db
printf '{"fio version": "fio-3.33", "jobs": []}' >empty.json
check 2 "'none.db': does not exist" merge none.db --into new.db
check 2 'broken.db' merge broken.db a.db --into new.db
check 2 'empty.json' import empty.json -s new.db
[ ! -e new.db ] || fault 'a store was made of files that are none'
cp "$fixtures/store-v1.db" old.db
sum=$(sha256sum <old.db)
check 0 'old.db: 1 new run, 6 trials' merge old.db -s ba.db
[ "$sum" = "$(sha256sum <old.db)" ] || fault 'merge: the old store was written to'
python3 - <<'PY'
import sqlite3
db = sqlite3.connect('a.db')
db.execute("UPDATE trial SET repeat = 7 WHERE plan_order = 0")
db.commit()
PY
check 2 'is another one here (table trial); it stays as it is here' merge a.db -s ba.db
head -c 20000 b.db >cut.db
check 2 'cut.db' merge cut.db -s ba.db

# One run as a file.
id=$("$blklab" list -s b.db --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["id"])')
check 0 "run $id is in run.db" export -s ba.db -o run.db "$id"
check 0 '"planned": 4' list -s run.db --json
json_says "len(doc) == 1 and doc[0]['id'] == '$id'"
check 0 'virtio-blk' report -s run.db --format md
check 2 'exists and is not overwritten' export -s ba.db -o run.db
check 0 "is in good-${id:0:13}.db" export -s b.db
check 2 'no run begins with' export zzz -s b.db
check 2 'its folder does not exist' export -s b.db -o no/run.db
[ -z "$(ls | grep part)" ] || fault "export left: $(ls)"


# What was exported comes in by its content, whatever its name.
cp run.db run.json
check 0 'run.json: 1 new run, 4 trials' import run.json -s imported.db
check 0 'nothing new; 1 run was here already' import run.json -s imported.db
check 2 'neither a run' import one.fio -s imported.db
check 2 'No such file' import none.json -s imported.db

# fio's documents. A job of reads, in both forms and for both latencies, on a file of this folder.
command -v fio >/dev/null || { echo "fio is not installed: its documents are not tested"; exit $failed; }
read_by_fio() { # FILE FORM OPTION...
	local to=$1 form=$2
	shift 2
	fio --name=rr --rw=randread --bs=4k --size=4m --filename="$dir/fio.dat" --ioengine=psync --runtime=1 \
		--time_based "$@" --output="$to" --output-format="$form" >fio.log 2>&1 || fault "fio: $(cat fio.log)"
}
read_by_fio plus.json json+
read_by_fio twin.json json+
read_by_fio lat.json json+ --lat_percentiles=1
read_by_fio plain.json json
read_by_fio mixed.json json --rw=randrw

check 0 'is imported: 2 cells, 2 trials' import a=plus.json b=twin.json -s fio.db --name floor --host lab7
check 0 'was imported before' import a=plus.json b=twin.json -s fio.db --name floor --host lab7
check 0 'next  blklab compare a b --run' import a=plus.json b=twin.json -s fio.db --name floor --host lab7
said=$(sed -n 's/^next  blklab //p' out)
check 0 '"scenario": "floor"' list -s fio.db --json
json_says 'len(doc) == 1 and doc[0]["host"] == "lab7" and doc[0]["ok"] == 2 and doc[0]["state"] == "complete"'
check 0 '' report -s fio.db --format json
json_says 'len(doc["cells"]) == 2'
check 0 'p99' compare a b -s fio.db
check 5 'gate' compare a b -s fio.db --gate
check 0 '<!doctype html' report -s fio.db --format html
grep -q '<p>Measured by fio-' out || fault 'report: not said that it was measured by another program'
grep -qF '128 buckets' out && fault "report: says of fio's figures how the lab's engine makes them"
check 0 'is imported' import lat.json -s fio.db --cell a
check 0 'is imported' import a=plus.json -s begin.db
check 0 'is imported' import b=plus.json -s begin.db
check 0 "" list -s begin.db
[ "$(tail -n +2 out | cut -d' ' -f1 | sort -u | wc -l)" = 2 ] || fault "list: ids that are alike: $(cat out)"
id=${said##*--run }
check 2 "'b' is not a cell of it; run ${id%% *} has it: name that run" compare b -s fio.db
check 0 p99 $said
check 0 'different versions of the engine' compare a --run-b "$("$blklab" list -s fio.db --json |
	python3 -c 'import json, sys; print([r["id"] for r in json.load(sys.stdin) if r["scenario"] == "floor"][0])')" -s fio.db
check 2 'a gate needs verdicts' compare a -s fio.db --gate --run-b "$("$blklab" list -s fio.db --json |
	python3 -c 'import json, sys; print([r["id"] for r in json.load(sys.stdin) if r["scenario"] == "floor"][0])')"
check 2 'is not the same time (lat_percentiles)' import lat.json plus.json -s fio.db
check 2 'are the same document' import a=plus.json b=plus.json -s fio.db
check 2 'with and without histograms' import plus.json plain.json -s fio.db
check 2 'import one kind at a time' import plain.json run.db -s fio.db

# Percentiles out of bins are in the bucket that fio names by its middle.
python3 - plus.json fio.db clat lat.json fio.db lat <<'PY' || fault "percentiles are not fio's"
import json, math, sqlite3, sys
worst, bad = 0, 0
for path, store, kind in (sys.argv[1:4], sys.argv[4:7]):
    read = json.load(open(path))['jobs'][0]['read']
    version = 'fio-3.%' if kind == 'clat' else 'fio-3.% (lat)'
    row = sqlite3.connect(store).execute(
        "SELECT p50_ns, p90_ns, p95_ns, p99_ns, p99_9_ns, iops, n FROM percentiles JOIN run ON run.id = run"
        " WHERE version LIKE ? AND (version LIKE '%(lat)') = ? AND kind = ? AND direction = 'read' LIMIT 1",
        (version, kind == 'lat', kind)).fetchone()
    for p, ours in zip(('50', '90', '95', '99', '99.9'), row):
        fio = read[kind + '_ns']['percentile']['%f' % float(p)]
        half = 2 ** (math.floor(math.log2(fio)) - 6) / 2
        worst = max(worst, abs(ours - fio) / fio)
        bad += not fio - half <= ours <= fio + half
    bad += abs(row[5] / read['iops'] - 1) > 0.01 or row[6] != read[kind + '_ns']['N']
print("fio's percentiles and ours differ by at most %.2f %% (half a bucket of fio's: 0.78 %%)" % (100 * worst))
sys.exit(bad > 0)
PY

# Without histograms: what fio says, marked; of reads and writes together nothing.
check 0 'no histograms' import plain.json -s plain.db
check 0 '| plain |' report -s plain.db --format md
p99=$(python3 -c 'import json; print(json.load(open("plain.json"))["jobs"][0]["read"]["clat_ns"]["percentile"]["99.000000"])')
grep -qE '\| \\~[0-9.]+ [un]?s \|' out || fault "report: told percentiles are not marked: $(grep plain out)"
check 0 ",$p99," report -s plain.db --format csv
check 0 'medians over what was told of each ok trial' report -s plain.db --format html
grep -qF 'histograms of all ok trials' out && fault 'report: histograms that plain JSON has not'
check 0 '"told"' report -s plain.db --format json
json_says "str(doc).count('$p99') > 0"
check 0 'is imported' import mixed.json -s mixed.db
check 0 '| mixed |' report -s mixed.db --format md
grep -qE '^\| mixed \| reference \| [0-9.]+k? \| [0-9.]+ \| - \| - \| - \| [0-9.]+ [um]s \|' out ||
	fault "report: a job of reads and writes has percentiles: $(grep mixed out)"

[ $failed = 0 ] && echo "all as it should be"
exit $failed
