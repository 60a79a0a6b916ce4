#!/bin/bash
# under_systemd.sh BLKLAB SYSTEMD-FOLDER KERNEL-FOLDER: the service's own settings, in a real systemd,
# around a run that boots a real VM and attaches a disk to it.
#
# systemd is PID 1 of namespaces of its own here (process, mount, network, IPC, host name) and sees
# only this unit; /var, /run and /etc/default are its own, too. In place of 'nightly' the unit runs
# 'run' with the same words, which needs the same of the host and less time.
set -u
blklab=$1 from=$2 kernels=$3
systemd=/lib/systemd/systemd
skip() { echo "skipped: $*"; exit 77; }
[ "$(id -u)" = 0 ] || skip "needs root"
[ -x $systemd ] || skip "there is no $systemd"
command -v unshare >/dev/null || skip "there is no unshare"
kernel=$(ls "$kernels"/linux-image-*.deb 2>/dev/null | head -n 1)
[ -n "$kernel" ] || skip "no kernel package in $kernels: 'make guests'"
unshare --pid --fork --mount --uts --ipc --net --mount-proc true 2>/dev/null ||
	skip "no namespaces here"

dir=$(mktemp -d /tmp/blklab-units-XXXXXX)
before=$(find /sys/fs/cgroup -type d 2>/dev/null | sort)
tidy() {
	# The groups that systemd made; one with a process in it stays.
	comm -13 <(echo "$before") <(find /sys/fs/cgroup -type d 2>/dev/null | sort) |
		grep -E '/(init\.scope|system\.slice|user\.slice)(/|$)' | sort -r |
		while read -r group; do rmdir "$group" 2>/dev/null; done
	rm -rf "$dir"
}
trap tidy EXIT

mkdir -p "$dir/units/blklab-nightly@.service.d" "$dir/default"
sed "s|@bindir@/blklab|$blklab|" "$from/blklab-nightly@.service.in" \
	>"$dir/units/blklab-nightly@.service"
exec_line=$(sed -n 's/^ExecStart=//p' "$dir/units/blklab-nightly@.service")
case "$exec_line" in
"$blklab nightly "*) ;;
*) echo "FAILED: ExecStart is not of this form: $exec_line"; exit 1 ;;
esac
cat >"$dir/units/blklab-nightly@.service.d/test.conf" <<CONF
[Unit]
DefaultDependencies=no
SuccessAction=exit-force
FailureAction=exit-force
[Service]
ExecStart=
ExecStart=${exec_line/ nightly / run }
StandardOutput=append:$dir/said
StandardError=append:$dir/said
ExecStartPost=cp /var/lib/blklab/store.db $dir/store.db
CONF
cat >"$dir/units/test.target" <<CONF
[Unit]
DefaultDependencies=no
Wants=blklab-nightly@night-1.service
CONF
printf '[read]\nrw=randread\nbs=4k\ntime_based\nruntime=500ms\n' >"$dir/one.fio"
printf 'name: one\nvm: { vcpus: 1, memory: 256MiB }\nbacking: { size: 16MiB }\naxes: { bus: virtio-blk }\njobs: one.fio\nrepeats: 1\nseed: 1\n' \
	>"$dir/one.yaml"
echo "SCENARIO=$dir/one.yaml" >"$dir/default/blklab-nightly@night-1"
echo "OPTIONS=--kernel $kernel" >"$dir/default/blklab-nightly"

SYSTEMD_UNIT_PATH=$dir/units container=test timeout -s KILL ${LIMIT:-150} \
	unshare --pid --fork --kill-child --mount --uts --ipc --net --mount-proc sh -c '
	mount --make-rprivate / && mount -t tmpfs none /run &&
	mount -t tmpfs none /var && mkdir /var/lib /var/cache /var/tmp &&
	mount --bind "$1" /etc/default &&
	exec "$2" --system --unit=test.target --log-target=console --log-level=info --show-status=0' \
	sh "$dir/default" $systemd >"$dir/log" 2>&1
code=$?
failed=0
fault() { echo "FAILED: $*"; failed=1; }
[ $code = 0 ] || fault "systemd ended with $code"
"$blklab" list --store "$dir/store.db" --json >"$dir/runs.json" 2>"$dir/err" ||
	fault "no run was kept: $(cat "$dir/err")"
grep -q '"ok": 1' "$dir/runs.json" || fault "the trial has no result: $(cat "$dir/runs.json")"
[ $failed = 0 ] || tail -n 40 "$dir/log" "$dir/said"
[ $failed = 1 ] || echo "a run in the unit's settings under $(systemctl --version | head -n 1): one VM, one result"
exit $failed
