#!/bin/bash
# man.sh BLKLAB SOURCE_DIR: every page is free of warnings of groff and fits 80 columns.
set -eu
blklab=$1
command -v groff >/dev/null || { echo "groff is not installed"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$blklab" man --into "$dir"
n=0
for page in "$dir"/*.1; do
	n=$((n + 1))
	warnings=$(groff -man -Tascii -ww -z "$page" 2>&1)
	[ -z "$warnings" ] || { echo "$page: $warnings"; exit 1; }
	# The text must come through: the last section with the other pages' names.
	text=$(groff -man -Tascii -P-c -P-b -P-u -rLL=78n "$page")
	grep -q 'EXIT STATUS' <<<"$text" || { echo "$page: no EXIT STATUS in the text"; exit 1; }
	grep -q 'blklab-version' <<<"$text" || [ "$(basename "$page")" = blklab-version.1 ] ||
		{ echo "$page: SEE ALSO names no blklab-version"; exit 1; }
done
# The pages of a verb with options hold them as people type them.
groff -man -Tascii -P-c -P-b -P-u "$dir/blklab-run.1" | grep -q -- '--work-dir DIR' ||
	{ echo "blklab-run.1 does not show --work-dir DIR"; exit 1; }
[ "$n" -ge 10 ] || { echo "only $n pages"; exit 1; }
"$blklab" man run >"$dir/run"
cmp "$dir/run" "$dir/blklab-run.1"
echo "$n pages"
