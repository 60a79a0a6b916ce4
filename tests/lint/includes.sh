#!/bin/sh
# Every #include "x.h" points to the same folder or to a lower level (levels.txt).
set -eu
git ls-files -co --exclude-standard '*.h' '*.c' | grep -v '^tests/' |
awk -v levels=tests/lint/levels.txt '
function folder_of(path) {
	while (path != "" && !(path in level))
		if (!sub(/\/[^\/]*$/, "", path))
			path = ""
	return path
}
BEGIN {
	while ((getline line < levels) > 0) {
		if (line ~ /^#/ || line == "") continue
		n = split(line, w, " ")
		level[w[1]] = w[2]
		beside[w[1]] = "," w[3] ","
	}
}
{ files[++n_files] = $0; if ($0 ~ /\.h$/) { base = $0; sub(/.*\//, "", base); home[base] = folder_of($0) } }
END {
	for (i = 1; i <= n_files; i++) {
		path = files[i]
		from = folder_of(path)
		if (from == "") { print path ": its folder is not in " levels; bad = 1; continue }
		while ((getline line < path) > 0) {
			if (line !~ /^#include "/) continue
			split(line, q, "\"")
			name = q[2]; sub(/.*\//, "", name)
			checked++
			if (!(name in home)) {
				# generated headers live in the build folder of the same library
				continue
			}
			to = home[name]
			if (to == from || level[to] < level[from]) continue
			if (index(beside[from], "," to ",")) continue
			print path ": includes " name " of " to " (level " level[to] ") from level " level[from]
			bad = 1
		}
		close(path)
	}
	if (checked < 50) { print "only " checked " include lines were found: is this the right folder?"; bad = 1 }
	print checked " include lines read"
	exit bad
}'
