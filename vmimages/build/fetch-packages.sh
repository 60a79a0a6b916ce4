#!/bin/sh
# fetch-packages.sh [--suite SUITE] --out DIR PACKAGE[=VERSION]...
#
# Download Debian packages into DIR by name, without installing anything. A metapackage without files
# of its own (linux-image-cloud-amd64) is followed to the versioned package it stands for. Prints the
# path of each .deb.
#
# --suite: from that suite of the machine's own mirrors, "backports" for the -backports of its release;
# the suite's lists live in DIR/.apt/SUITE and are asked for again once a day, the machine's apt is left as it
# is.
set -eu

usage() {
	echo "usage: fetch-packages.sh [--suite SUITE] --out DIR PACKAGE[=VERSION]..." >&2
	exit 2
}

fail() {
	echo "fetch-packages: $*" >&2
	exit 3
}

out=
suite=
while [ $# -gt 0 ]; do
	case $1 in
	--suite)
		[ $# -ge 2 ] || usage
		suite=$2
		shift
		;;
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
suite_list() {
	codename=$1
	suite=$2
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -r "$f" ] || continue
		# deb [options] URI SUITE COMPONENT...
		sed -n "s/^[[:space:]]*deb[[:space:]]\{1,\}\(\[[^]]*\][[:space:]]\{1,\}\)\{0,1\}\([^[:space:]]\{1,\}\)[[:space:]]\{1,\}${codename}[[:space:]]\{1,\}.*/deb \1\2 $suite main/p" "$f"
	done
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -r "$f" ] || continue
		awk -v codename="$codename" -v suite="$suite" '
			function flush(   n, i, suites, uris, has, on, opts) {
				n = split(field["suites"], suites, /[ \t]+/)
				for (i = 1; i <= n; i++) if (suites[i] == codename) has = 1
				on = tolower(field["enabled"]) !~ /^(no|false|0)$/
				if (has && on && field["types"] ~ /(^|[ \t])deb([ \t]|$)/) {
					if (field["signed-by"] ~ /^\//) opts = "[signed-by=" field["signed-by"] "] "
					n = split(field["uris"], uris, /[ \t]+/)
					for (i = 1; i <= n; i++)
						if (uris[i] != "") print "deb " opts uris[i] " " suite " main"
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
if [ -n "$suite" ]; then
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	[ -n "$codename" ] || fail "/etc/os-release does not say the release's code name"
	[ "$suite" != backports ] || suite=$codename-backports
	apt_dir=$out/.apt/$suite
	mkdir -p "$apt_dir/state/lists/partial" "$apt_dir/cache/archives/partial"
	# One line an archive, the one with options first: apt refuses two that differ.
	suite_list "$codename" "$suite" | sort -u |
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
	case $1 in
	*=*) real=${1%%=*} version=${1#*=} ;;
	*)
		real=$(resolve "$1")
		version=$(candidate "$real" | sed -n 's/^Version:[[:space:]]*//p' | head -n 1)
		;;
	esac
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

update() {
	apt_run apt-get -qq update >&2 || return 1
	is_updated=1
	[ -z "$apt_dir" ] || touch "$apt_dir/asked"
}

cd "$out"
is_updated=
# A suite is asked for what is new there once a day; without a network what is known will do.
if [ -n "$apt_dir" ] && [ -e "$apt_dir/asked" ] &&
	[ -n "$(find "$apt_dir/asked" -mmin +1440)" ]; then
	update || true
fi
for package in "$@"; do
	get "$package" 2>/dev/null && continue
	# no lists yet (a fresh machine; --suite begins so), or old ones
	if [ -z "$is_updated" ]; then
		update || fail "apt-get update failed"
	fi
	get "$package" || fail "apt has no package '$package' ${suite:+in suite '$suite' }that it can download"
done
