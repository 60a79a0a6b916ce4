#!/bin/sh
# Every refusal, as a run gives it: the disk is in use, holds what the lab did not write, has no
# claim, or can't be handed over. What speaks against a claim is asked, too.
set -u
. /in/lib.sh
cd /out
mkdir /mnt/data /mnt/part /mnt/other

mark() {
	for s in MOUNTED-P HELD LVM LOOPED OPEN SIGNED GPT BLANK PAIR-A; do
		echo "$s: $(sha256sum <"/dev/$(disk "$s")" | cut -c1-16)"
	done
}

for s in MOUNTED MOUNTED-P SWAP HELD LVM LOOPED OPEN SIGNED GPT GOOD PAIR-A PAIR-B; do
	blklab claim $s --yes || echo "claim of $s failed" >>faults.txt
done

# Claimed, and then taken into use by somebody.
mkfs.ext4 -q "/dev/$(disk MOUNTED)" 20480 && mount "/dev/$(disk MOUNTED)" /mnt/data
printf 'label: dos\nsize=20MiB\n' | sfdisk -q "/dev/$(disk MOUNTED-P)"
mkfs.ext4 -q "/dev/$(disk MOUNTED-P)p1" && mount -o ro "/dev/$(disk MOUNTED-P)p1" /mnt/part
mkswap "/dev/$(disk SWAP)" >/dev/null && swapon "/dev/$(disk SWAP)"
dmsetup create taken --table "0 2048 linear /dev/$(disk HELD) 0"
mkdir /etc/lvm && echo 'activation { udev_sync = 0 udev_rules = 0 }' >/etc/lvm/lvm.conf
pvcreate -q "/dev/$(disk LVM)" && vgcreate -q taken "/dev/$(disk LVM)" &&
	lvcreate -q -Zn -Wn -n volume -l 1 taken
losetup /dev/loop0 "/dev/$(disk LOOPED)"
sleep 1000 <"/dev/$(disk OPEN)" &
sleeper=$!
mkfs.ext4 -q "/dev/$(disk PAIR-B)" 20480 && mount "/dev/$(disk PAIR-B)" /mnt/other
mkfs.ext4 -q "/dev/$(disk SIGNED)" 20480
printf 'label: gpt\nsize=20MiB\n' | sfdisk -q "/dev/$(disk GPT)"
mark >before.txt

try() { # NAME SERIAL SCENARIO
	blklab run "/in/$3.yaml" --device "$(pci "$2")" --serial "$2" --store store.db \
		--accel kvm --json 2>/dev/null | grep '"event":"trial"' >"refused-$1.json"
}
try mounted MOUNTED refused-host
try mounted-vfio MOUNTED refused-vfio
try mounted-partition MOUNTED-P refused-host
try swap SWAP refused-host
try held HELD refused-host
try lvm LVM refused-host
try looped LOOPED refused-host
try open OPEN refused-host
try signed SIGNED refused-host
try gpt GPT refused-host
try unclaimed BLANK refused-host
try group PAIR-A refused-vfio
try root ROOT refused-host
blklab run /in/refused-host.yaml --device "$(pci GOOD)" --serial WRONG --store store.db --accel kvm \
	>refused-serial.txt 2>&1
echo "status $?" >>refused-serial.txt
for s in MOUNTED SWAP ROOT GPT; do
	blklab claim $s --yes >"claim-$s.txt" 2>&1
	echo "status $?" >>"claim-$s.txt"
done
mark >after.txt

kill $sleeper

# And the one that nothing speaks against, in the group of nobody else.
try good GOOD refused-host
sqlite3 store.db 'SELECT count(*) FROM handover' >handovers.txt
exit 0
