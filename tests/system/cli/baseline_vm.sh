#!/bin/bash
# baseline_vm.sh BLKLAB PACKAGES WORK: a baseline of real VMs; then the disk becomes slow, which neither cell nor
# job shows, and the guest's kernel another one. check must see the first, and name the second.
set -u
blklab=$1 packages=$2 work=$3
kernel=${BLKLAB_TEST_KERNEL:-$(echo "$packages"/cloud/linux-image-*.deb)}
next=${BLKLAB_TEST_NEXT_KERNEL:-$(echo "$packages"/backports/linux-image-*.deb)}
[ -e "$kernel" ] && [ -e "$next" ] || { echo "no guest kernels: make guests"; exit 77; }
command -v nbdkit >/dev/null || { echo "nbdkit is not installed"; exit 77; }
rm -rf "$work/run" && mkdir -p "$work/run" && cd "$work/run" || exit 1
trap 'rm -rf "$work/run"' EXIT
where="--store s.db --work-dir $work/run/lab --cache-dir $work/cache"
fault() { echo "FAILED: $*"; cat out err; exit 1; }

cat >disk.yaml <<'YAML'
name: disk
backing: { size: 16MiB, nbdkit: "--filter=delay rdelay=0" }
axes:
  bus: [virtio-blk]
  storage: [nbd]
jobs:
  file: one.fio
repeats: 1
seed: 3
YAML
sed 's/rdelay=0/rdelay=60ms/' disk.yaml >slow.yaml
printf '[read]\nrw=randread\nbs=4k\niodepth=1\ntime_based\nruntime=800ms\n' >one.fio

"$blklab" baseline record db disk.yaml $where --kernel "$kernel" >out 2>err || fault "record: exit $?"
grep -q '3 runs' out || fault 'not three runs'
"$blklab" baseline check db slow.yaml $where --kernel "$next" >out 2>err
[ $? = 4 ] || fault 'a slow disk is not called drifted'
grep -qE '^  iops .* -[0-9]+ % .* drifted$' out || fault 'IOPS have not drifted'
grep -qE 'guest kernel 6\.[0-9.]+.* -> 6\.' out || fault 'the guest kernel is not named'
[ "$(grep -c ' -> ' out)" = 1 ] || fault 'more than the guest kernel changed'
cat out
