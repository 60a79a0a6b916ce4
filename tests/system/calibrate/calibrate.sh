#!/bin/bash
# calibrate.sh BLKLAB AGENT CACHE KERNEL: equal cells in real VMs; what is called different there is a false alarm.
set -u
here=$(cd "$(dirname "$0")" && pwd)
blklab=$1 agent=$2 cache=$3
kernel=$(find "$4" -name 'linux-image-*.deb' 2>/dev/null | sort -V | tail -n 1)
[ -n "$kernel" ] || { echo "no kernel package in $4: make guests"; exit 77; }
dir=$(mktemp -d /tmp/blklab-calibrate-XXXXXX)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
fail() { echo "FAILED: $*"; exit 1; }

cat >one.yaml <<'YAML'
name: equal
vm: { vcpus: 1, memory: 256MiB }
backing: { size: 32MiB }
axes: { bus: virtio-blk, iothreads: 1 }
jobs: one.fio
seed: 5
YAML
printf '[global]\nbs=4k\ndirect=1\ntime_based\nruntime=500ms\n[read]\nrw=randread\n[write]\nstonewall\nrw=randwrite\n[scan]\nstonewall\nrw=read\n' >one.fio

"$blklab" calibrate one.yaml --repeats 6 --kernel "$kernel" --work-dir work --cache-dir "$cache" --agent "$agent" \
	--store store.db >table || fail "exit $?"
cat table
"$blklab" calibrate --run 0 --store store.db --json >doc || fail "exit $? of --run"
for pair in '0 1' '2 3' '0 2' '1 3' '0 3' '1 2'; do
	read -r a b <<<"$pair"
	"$blklab" compare "$a" "$b" --store store.db --json >"pair-$a-$b" || fail "exit $? of compare $a $b"
done
python3 "$here/false_alarms.py" . || exit 1
