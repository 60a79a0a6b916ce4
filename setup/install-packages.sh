#!/bin/sh
# install-packages.sh GROUP...: install what is missing of these groups of packages.txt.
#
# Asks apt only when something is missing, so that an offline machine that has
# everything works. Needs root for installing; says so otherwise.
set -eu

here=$(dirname "$0")
missing=
for group in "$@"; do
	for package in $(awk -v g="$group" '$1 == g { print $2 }' "$here/packages.txt"); do
		if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
			missing="$missing $package"
		fi
	done
done
[ -n "$missing" ] || exit 0

echo "installing:$missing"
sudo=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "these packages are missing and installing them needs root:$missing" >&2
		exit 3
	fi
	sudo=sudo
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# Words of $missing are package names from our own list: splitting is meant.
# shellcheck disable=SC2086
if ! { $sudo apt-get update && $sudo apt-get install -y --no-install-recommends $missing; } \
	>"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "cannot install:$missing (apt's last words are above)" >&2
	exit 3
fi
