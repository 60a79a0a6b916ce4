#!/bin/sh
# fetch-packages.sh [--backports] --out DIR PACKAGE...
#
# Download Debian packages into DIR by name, without installing anything. A metapackage without files
# of its own (linux-image-cloud-amd64) is followed to the versioned package it stands for. Prints the
# path of each .deb.
#
# --backports: from the -backports suite of the machine's own release and mirrors; its lists live in
# DIR/.apt, the machine's apt is left as it is.
set -eu

usage() {
	echo "usage: fetch-packages.sh [--backports] --out DIR PACKAGE..." >&2
	exit 2
}

fail() {
	echo "fetch-packages: $*" >&2
	exit 3
}

out=
backports=
while [ $# -gt 0 ]; do
	case $1 in
	--backports) backports=1 ;;
	--out)
		[ $# -ge 2 ] || usage
		out=$2
		shift
		;;
	-*) usage ;;
	*) break ;;
	esac
	shift
done
if [ -z "$out" ] || [ $# -eq 0 ]; then
	usage
fi
command -v apt-get >/dev/null || fail "no apt-get: this needs Debian or one of its kin"
mkdir -p "$out"
out=$(cd "$out" && pwd)


# The machine's own archive lines with the suite replaced. Security and update suites, and sources
# of other makers, have no suite of the release's plain name and so give no line.
backports_list() {
	codename=$1
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -r "$f" ] || continue
		# deb [options] URI SUITE COMPONENT...
		sed -n "s/^[[:space:]]*deb[[:space:]]\{1,\}\(\[[^]]*\][[:space:]]\{1,\}\)\{0,1\}\([^[:space:]]\{1,\}\)[[:space:]]\{1,\}${codename}[[:space:]]\{1,\}.*/deb \1\2 $codename-backports main/p" "$f"
	done
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -r "$f" ] || continue
		awk -v codename="$codename" '
			function flush(   n, i, suites, uris, has, on, opts) {
				n = split(field["suites"], suites, /[ \t]+/)
				for (i = 1; i <= n; i++) if (suites[i] == codename) has = 1
				on = tolower(field["enabled"]) !~ /^(no|false|0)$/
				if (has && on && field["types"] ~ /(^|[ \t])deb([ \t]|$)/) {
					if (field["signed-by"] ~ /^\//) opts = "[signed-by=" field["signed-by"] "] "
					n = split(field["uris"], uris, /[ \t]+/)
					for (i = 1; i <= n; i++)
						if (uris[i] != "") print "deb " opts uris[i] " " codename "-backports main"
				}
				split("", field); key = ""
			}
			/^[ \t]*$/ { flush(); next }
			/^#/ { next }
			/^[A-Za-z-]+:/ {
				key = tolower(substr($0, 1, index($0, ":") - 1))
				value = substr($0, index($0, ":") + 1)
				sub(/^[ \t]+/, "", value); sub(/[ \t]+$/, "", value)
				field[key] = value; next
			}
			/^[ \t]/ { value = $0; sub(/^[ \t]+/, "", value); field[key] = field[key] " " value }
			END { flush() }' "$f"
	done
}

apt_dir=
if [ -n "$backports" ]; then
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	[ -n "$codename" ] || fail "/etc/os-release does not say the release's code name"
	apt_dir=$out/.apt
	mkdir -p "$apt_dir/state/lists/partial" "$apt_dir/cache/archives/partial"
	# One line an archive, the one with options first: apt refuses two that differ.
	backports_list "$codename" | sort -u |
		awk '{ uri = $(NF - 2); sub(/\/*$/, "", uri); if (!seen[uri]++) print }' \
			>"$apt_dir/sources.list"
	[ -s "$apt_dir/sources.list" ] ||
		fail "no source of suite '$codename' in /etc/apt/sources.list or sources.list.d"
fi

# apt_run TOOL ARGUMENT...
apt_run() {
	tool=$1
	shift
	if [ -n "$apt_dir" ]; then
		"$tool" -o APT::Sandbox::User=root \
			-o Dir::Etc::sourcelist="$apt_dir/sources.list" -o Dir::Etc::sourceparts=- \
			-o Dir::State="$apt_dir/state" -o Dir::State::status=/dev/null \
			-o Dir::Cache="$apt_dir/cache" "$@"
	else
		"$tool" -o APT::Sandbox::User=root "$@"
	fi
}

candidate() {
	apt_run apt-cache show --no-all-versions "$1" 2>/dev/null
}

# The package that has the files: itself, or for a linux-image metapackage the one it depends on.
resolve() {
	real=
	case $1 in
	linux-image-*)
		real=$(candidate "$1" |
			sed -n 's/^Depends:[[:space:]]*\(linux-image-[0-9][^ ,]*\).*/\1/p' | head -n 1)
		;;
	esac
	echo "${real:-$1}"
}

# Print the path of the .deb, downloaded unless it is there. 1: apt does not know it, or its lists
# name a version that the archive no longer has.
get() {
	real=$(resolve "$1")
	version=$(candidate "$real" | sed -n 's/^Version:[[:space:]]*//p' | head -n 1)
	[ -n "$version" ] || return 1
	# apt's own way to write a version into a file name
	name=${real}_$(echo "$version" | sed 's/:/%3a/g')_
	if ! ls "$name"*.deb >/dev/null 2>&1; then
		apt_run apt-get -qq download "$real=$version" >&2 || return 1
	fi
	for deb in "$name"*.deb; do
		[ -e "$deb" ] || return 1
		echo "$out/$deb"
	done
}

cd "$out"
is_updated=
for package in "$@"; do
	get "$package" 2>/dev/null && continue
	# no lists yet (a fresh machine; --backports begins so), or old ones
	if [ -z "$is_updated" ]; then
		apt_run apt-get -qq update >&2 || fail "apt-get update failed"
		is_updated=1
	fi
	get "$package" || fail "cannot download '$package': no such package, or see above"
done
