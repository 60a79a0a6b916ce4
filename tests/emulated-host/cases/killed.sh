#!/bin/sh
# blklab is killed while the guest has the device; the next start gives it back. While blklab
# lives, another one leaves the device alone.
set -eu
. /in/lib.sh
dev=0000:00:10.0
cd /out
blklab claim PASSME01 --yes

start() { # SCENARIO OUT
	blklab run "/in/$1.yaml" --device $dev --serial PASSME01 --accel kvm --store store.db --json >"$2" 2>&1 &
	lab=$!
}

run() { # SCENARIO OUT
	start "$1" "$2"
	await_job "$2" $lab
}

kill_lab() {
	kill -9 $lab
	wait $lab || true
}

store() { sqlite3 -cmd '.timeout 20000' store.db "$1"; }

recover() { # OUT
	blklab recover --store store.db >"$1" 2>&1 || echo "status $?" >>"$1"
}

state() {
	echo "driver $(driver $dev)"
	echo "node $(ls /dev/nvme1n1)"
}

emulators() { echo "emulators $(pgrep -c qemu-system || true)"; }

# A second blklab, with a work folder of its own: in that of the first, libvirt's lock would end it
# before it looks at any device.
beside() { # NAME
	blklab recover --store store.db --work-dir /srv/beside >"beside-$1-recover.txt" 2>&1 || true
	blklab run /in/killed-next.yaml --device $dev --serial PASSME01 --store other.db --work-dir /srv/beside \
		>"beside-$1-run.txt" 2>&1 || echo "status $?" >>"beside-$1-run.txt"
	{
		echo "driver $(driver $dev)"
		echo "guests $(pgrep -fc 'qemu-system.*vfio-pci' || true)"
		echo "mounts $(grep -c nvme1n1 /proc/mounts || true)"
		echo "not given back $(store 'SELECT count(*) FROM handover WHERE returned_ms IS NULL')"
		kill -0 $lab && echo "blklab lives"
	} >"beside-$1.txt"
}

run killed first.txt
beside guest
kill_lab
{
	echo "driver $(driver $dev)"
	emulators
} >killed.txt
recover recover.txt
{
	state
	emulators
} >recovered.txt

# At the first moment that the host has not got it: what gives it back must be in the store by then.
start killed frozen-run.txt
while [ -e /sys/bus/pci/drivers/nvme/$dev ]; do
	kill -0 $lab
	sleep 0.02
done
kill -STOP $lab
store "SELECT kind, device, serial FROM handover WHERE returned_ms IS NULL" >frozen.txt
[ -s frozen.txt ] || { echo "the host lost the device, and the store does not know of it"; exit 1; }
kill_lab
recover frozen-recover.txt
{
	state
	emulators
} >frozen-recovered.txt

# QEMU dies with it: nothing is left that libvirt could ask.
run killed second.txt
kill -9 $lab
kill -9 $(pgrep qemu-system)
wait $lab || true
echo "driver $(driver $dev)" >both-killed.txt
blklab run /in/killed-next.yaml --device $dev --serial PASSME01 --accel kvm --store store.db >next.txt 2>&1
state >both-recovered.txt

# Ctrl-C: the device is back when blklab has ended.
run killed third.txt
kill -INT $lab
wait $lab || echo "status $?" >interrupted.txt
state >>interrupted.txt

# A mount of the lab's own file system.
run killed-mount fourth.txt
beside mount
flock -n /dev/nvme1n1 true && echo "nobody holds it" >held.txt || echo "it is held" >held.txt
kill_lab
grep -c nvme1n1 /proc/mounts >mounts.txt || true
recover recover-mount.txt
grep -c nvme1n1 /proc/mounts >>mounts.txt || true

# What the store says is not what is there: another disk at that address, or a restart of the host
# after which somebody else gave it to VFIO.
reopen() { # ASSIGNMENTS
	store "UPDATE handover SET is_back = 0, $1 WHERE id = (SELECT min(id) FROM handover WHERE kind = 'vfio')"
}
give_to() { # DRIVER
	echo $dev >/sys/bus/pci/devices/$dev/driver/unbind
	echo "$1" >/sys/bus/pci/devices/$dev/driver_override
	echo $dev >/sys/bus/pci/drivers_probe
}
reopen "serial = 'OTHER'"
recover other-disk.txt
give_to vfio-pci
reopen "serial = 'PASSME01', given_ms = 1000"
recover restarted.txt
driver $dev >restarted-driver.txt
give_to nvme
echo >/sys/bus/pci/devices/$dev/driver_override
