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

[ $failed = 0 ] && echo "all as it should be"
exit $failed
