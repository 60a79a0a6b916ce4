#!/bin/sh
# A folder's README has at most 30 lines and names each of its headers in its list, once: a header
# that no README names is found by chance, and one named twice has been two things.
set -u
bad=0

for readme in orchestrator/cli/*/README.md reports/*/README.md results/*/README.md; do
	folder=${readme%/README.md}
	lines=$(wc -l < "$readme")
	if [ "$lines" -gt 30 ]; then
		echo "$readme: $lines lines; 30 are the most"
		bad=1
	fi
	for header in "$folder"/*.h; do
		name=$(basename "$header" .h)
		# the list ends where it says what may be included or where to start; [ch]: a header and its file
		n=$(sed '/^\(May include\|Start with\)/d' "$readme" | grep '^- \|^  ' |
			grep -oE "(^|[^a-zA-Z0-9_])$name\.(h|\[ch\])" | wc -l)
		if [ "$n" -ne 1 ]; then
			echo "$readme: lists $name.h $n times; once is right"
			bad=1
		fi
	done
done
exit $bad
