#!/bin/sh
# What befalls a device during a trial becomes a finding: its health log warns while the guest has it,
# and its controller is reset while the host has it.
set -eu
. /in/lib.sh
dev=0000:00:10.0
cd /out
blklab claim PASSME01 --yes

blklab run /in/trouble-vfio.yaml --device $dev --serial PASSME01 --store store.db --accel kvm --json >vfio.txt 2>&1 &
lab=$!
await_job vfio.txt $lab
sleep 1
outer set PASSME01 smart_critical_warning 4
wait $lab
outer set PASSME01 smart_critical_warning 0
blklab report --store store.db --format json --output vfio.json

blklab run /in/trouble-host.yaml --device $dev --serial PASSME01 --store store.db --json >host.txt 2>&1 &
lab=$!
await_job host.txt $lab
sleep 1
echo 1 >/sys/bus/pci/devices/$dev/nvme/nvme1/reset_controller
wait $lab
blklab report --store store.db --format json --output host.json
