#!/bin/bash
# verify.sh BLKLAB SYSTEMD-FOLDER: the units are what systemd takes, and what it says of a timer.
set -u
blklab=$1 from=$2
command -v systemd-analyze >/dev/null || { echo "systemd-analyze is not here"; exit 77; }
dir=$(mktemp -d /tmp/blklab-units-XXXXXX)
trap 'rm -rf "$dir"' EXIT
failed=0
fault() { echo "FAILED: $*"; failed=1; }

sed "s|@bindir@/blklab|$blklab|" "$from/blklab-nightly@.service.in" >"$dir/blklab-nightly@.service"
cp "$from/blklab-nightly@.timer" "$dir"
for unit in service timer; do
	said=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no \
		"$dir/blklab-nightly@quick.$unit" 2>&1) || fault "verify of the $unit: exit $?"
	# What the machine's own units do wrong is no business of ours.
	said=$(echo "$said" | grep blklab || true)
	[ -z "$said" ] || fault "verify of the $unit: $said"
done

# The check must be able to fail.
sed 's/^LockPersonality=.*/LockPersonalty=yes/' "$dir/blklab-nightly@.service" >"$dir/bad@.service"
systemd-analyze verify --man=no "$dir/bad@quick.service" 2>&1 | grep -q LockPersonalty ||
	fault "a misspelt key was not seen"

# An option that gives it a mount namespace or a list of devices breaks runs that no test here makes.
grep -nE '^(Protect(System|Home|Kernel|Control|Clock)|Private|ReadOnly|ReadWrite|Inaccessible|TemporaryFileSystem|BindPaths|RootDirectory|DeviceAllow|DevicePolicy|MemoryDenyWriteExecute|RestrictNamespaces|User=|DynamicUser)' \
	"$dir/blklab-nightly@.service" && fault "the options above are not for a program that runs VMs"

calendar=$(sed -n 's/^OnCalendar=//p' "$dir/blklab-nightly@.timer")
systemd-analyze calendar "$calendar" | grep -q 'Next elapse' || fault "calendar: $calendar"
exit $failed
