#!/bin/sh
# Every refusal, as a run gives it: the disk is in use, holds what the lab did not write, has no
# claim, or can't be handed over. What speaks against a claim is asked, too.
set -u
. /in/lib.sh
cd /out
mkdir /mnt/data /mnt/other

mark() { echo "$1: $(sha256sum <"/dev/$(disk "$1")" | cut -c1-16)"; }

for s in MOUNTED SWAP HELD LOOPED OPEN PAIR-A PAIR-B GPT GOOD; do
	blklab claim $s --yes >>claims.txt 2>&1 || echo "claim of $s failed" >>faults.txt
done

# Claimed, and then taken into use by somebody.
mkfs.ext4 -q "/dev/$(disk MOUNTED)" 40960 && mount "/dev/$(disk MOUNTED)" /mnt/data
mkswap "/dev/$(disk SWAP)" >/dev/null && swapon "/dev/$(disk SWAP)"
dmsetup create taken --table "0 2048 linear /dev/$(disk HELD) 0"
losetup /dev/loop0 "/dev/$(disk LOOPED)"
sleep 1000 <"/dev/$(disk OPEN)" &
sleeper=$!
mkfs.ext4 -q "/dev/$(disk PAIR-B)" 40960 && mount "/dev/$(disk PAIR-B)" /mnt/other
printf 'label: gpt\nsize=20MiB\n' | sfdisk -q "/dev/$(disk GPT)"
for s in HELD PAIR-A GPT BLANK; do mark $s; done >before.txt 2>&1

try() { # NAME SERIAL SCENARIO
	blklab run "/in/$3.yaml" --device "$(pci "$2")" --serial "$2" --store store.db \
		--accel kvm --json 2>/dev/null | grep '"event":"trial"' >"refused-$1.json"
}
try mounted MOUNTED refused-host
try mounted-vfio MOUNTED refused-vfio
try swap SWAP refused-host
try held HELD refused-host
try looped LOOPED refused-host
try open OPEN refused-host
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
for s in HELD PAIR-A GPT BLANK; do mark $s; done >after.txt 2>&1

kill $sleeper

# And the one that nothing speaks against, in the group of nobody else.
try good GOOD refused-host
sqlite3 store.db 'SELECT count(*) FROM handover' >handovers.txt
exit 0
