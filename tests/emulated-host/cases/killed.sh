#!/bin/sh
# blklab is killed while the guest has the device; the next start gives it back.
set -eu
dev=0000:00:10.0
driver() { basename "$(readlink -f /sys/bus/pci/devices/$dev/driver)"; }
cd /out
blklab claim PASSME01 --yes >claim.txt

# Until a guest has it, and does I/O: $1 is the pid of blklab.
await_guest() {
	for i in $(seq 600); do
		if [ "$(driver)" = vfio-pci ] && grep -q '"phase":"job"' "$2"; then return; fi
		kill -0 "$1" || { echo "blklab ended too early"; cat "$2"; exit 1; }
		sleep 0.1
	done
	echo "no guest had the device within 60 s"; cat "$2"; exit 1
}

run() { # OUT
	blklab run /in/killed.yaml --device $dev --serial PASSME01 --accel kvm --store store.db --json >"$1" 2>&1 &
	lab=$!
	await_guest $lab "$1"
}

run first.txt
kill -9 $lab
wait $lab || true
{
	echo "driver $(driver)"
	echo "emulators $(pgrep -c qemu-system || true)"
} >killed.txt
blklab recover --store store.db >recover.txt 2>&1
{
	echo "driver $(driver)"
	echo "node $(ls /dev/nvme1n1)"
	echo "emulators $(pgrep -c qemu-system || true)"
} >recovered.txt

# QEMU dies with it: nothing is left that libvirt could ask.
run second.txt
kill -9 $lab
kill -9 $(pgrep qemu-system)
wait $lab || true
echo "driver $(driver)" >both-killed.txt
blklab run /in/killed-next.yaml --device $dev --serial PASSME01 --accel kvm --store store.db >next.txt 2>&1
{
	echo "driver $(driver)"
	echo "node $(ls /dev/nvme1n1)"
} >both-recovered.txt

# Ctrl-C: the device is back when blklab has ended.
run third.txt
kill -INT $lab
wait $lab || echo "status $?" >interrupted.txt
{
	echo "driver $(driver)"
	echo "node $(ls /dev/nvme1n1)"
} >>interrupted.txt

# A mount of the lab's own file system.
blklab run /in/killed-mount.yaml --device $dev --serial PASSME01 --accel kvm --store store.db --json >fourth.txt 2>&1 &
lab=$!
for i in $(seq 600); do
	grep -q '"phase":"job"' fourth.txt && break
	sleep 0.1
done
kill -9 $lab
wait $lab || true
grep -c nvme1n1 /proc/mounts >mounts.txt || true
blklab recover --store store.db >recover-mount.txt 2>&1
grep -c nvme1n1 /proc/mounts >>mounts.txt || true
