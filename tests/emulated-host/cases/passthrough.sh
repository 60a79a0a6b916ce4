#!/bin/sh
# The matrix over one claimed device; then each bus writes blocks of its own, which are verified
# on the backing file from outside.
set -eu
. /in/lib.sh
dev=0000:00:10.0
state() { # NAME
	driver $dev >"/out/driver-$1.txt"
	ls /dev/nvme1n1 >"/out/node-$1.txt"
}
cd /out
blklab claim --json >devices.json
blklab claim PASSME01 --yes
blklab doctor --json >doctor.json || [ $? = 3 ] # its root disk has little room
state before
blklab run /in/passthrough.yaml --device $dev --serial PASSME01 --accel kvm --store store.db \
	--report report.html >table.txt 2>progress.txt
state after
for bus in vfio nvme-userspace virtio-blk host; do
	blklab run "/in/written-$bus.yaml" --device $dev --serial PASSME01 --accel kvm --store written.db \
		>"written-$bus.txt" 2>&1
	blklab report --store written.db --format json --output "written-$bus.json"
done
blklab report --store store.db --format json --output report.json
