#!/bin/bash
# upgrade.sh BLKLAB AGENT CACHE: kernels and emulators out of packages, in real VMs, and each is the one that was asked for.
set -u
blklab=$1 agent=$2 cache=$3
command -v apt-get >/dev/null || { echo "no apt-get"; exit 77; }
[ "$(id -u)" = 0 ] || { echo "an unpacked QEMU needs root"; exit 77; }
dir=$(mktemp -d /tmp/blklab-upgrade-XXXXXX)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
fail() { echo "FAILED: $*"; exit 1; }

cat >upgrade.yaml <<'YAML'
name: upgrade-check
vm: { vcpus: 1, memory: 256MiB }
backing: { size: 32MiB }
axes:
  kernel: ["apt:linux-image-cloud-amd64", "apt:linux-image-cloud-amd64/backports"]
  emulator: ["apt:qemu-system-x86", "apt:qemu-system-x86/backports"]
jobs: one.fio
repeats: 1
YAML
printf '[read]\nrw=randread\nbs=4k\ndirect=1\ntime_based\nruntime=500ms\n' >one.fio

"$blklab" run upgrade.yaml --kernel apt:linux-image-cloud-amd64 --work-dir work --cache-dir "$cache" --agent "$agent" \
	--store store.db || fail "exit $?"

# ask SQL: one answer a line
ask() { sqlite3 store.db "$1"; }
[ "$(ask "SELECT count(*) FROM trial WHERE state = 'ok'")" = 4 ] || fail "not four trials"
ask "SELECT cell.name, g.value, effective FROM trial JOIN cell ON cell.id = trial.cell
	JOIN trial_fact g ON g.trial = trial.id AND g.key = 'guest.kernel'
	JOIN effective ON effective.trial = trial.id AND effective.key = 'emulator.version' ORDER BY cell.idx" | tee seen
# The cell of the newer package has a newer version than the one of this release, both of the kernel and of QEMU.
newer() { [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | tail -n 1)" = "$2" ]; }
column() { sed -n "$1p" seen | cut -d'|' -f"$2"; }
newer "$(column 1 2)" "$(column 3 2)" || fail "kernels"
newer "$(column 1 3)" "$(column 2 3)" || fail "emulators"
[ "$(column 1 2)" = "$(column 2 2)" ] || fail "the kernel is not the one of the cell"
[ "$(column 1 3)" = "$(column 3 3)" ] || fail "the emulator is not the one of the cell"

# The plan asks the cell's own QEMU.
"$blklab" plan upgrade.yaml --xml 1 --cache-dir "$cache" >xml 2>err || fail "plan --xml: $(cat err)"
grep -q "QEMU $(column 2 3) of apt:qemu-system-x86/backports" xml || fail "plan --xml: $(head -n 4 xml)"

# A package that is not there is that cell's reason, and no other's.
sed -i 's|"apt:qemu-system-x86/backports"|"apt:qemu-system-x86=9:1-nope"|' upgrade.yaml
"$blklab" run upgrade.yaml --cell 0 --cell 1 --kernel apt:linux-image-cloud-amd64 --work-dir work --cache-dir "$cache" \
	--agent "$agent" --store second.db --quiet
[ $? = 1 ] || fail "a cell without its package is no failed trial"
sqlite3 second.db "SELECT state, reason FROM trial ORDER BY state" | tee seen
grep -q "^impossible|.*'apt:qemu-system-x86=9:1-nope' cannot be had: .*apt has no package" seen || fail "reason"
grep -q '^ok|' seen || fail "the other cell"
