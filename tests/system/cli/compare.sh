#!/bin/bash
# compare.sh BLKLAB: values that others measured, compared by the real binary.
set -u
blklab=$1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d /tmp/blklab-compare-XXXXXX)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
unset COLUMNS
. "$here/checks.sh"

# Values of other tools. benchstat prints p=0.446 of its own example.
printf '# Go 1.17\nns/op\n3069\n3075\n3069\n3067\n3207\n3064\n3064\n3058\n3059\n3062\n' >before.txt
printf '3075\r\n3065\r\n3059\r\n3065\r\n3060\r\n3081\r\n3186\r\n3135\r\n3087\r\n3062' >after.txt
check 0 'B is same' compare --csv before.txt after.txt
check 0 '' compare before.txt after.txt --csv --json
json_says 'doc["verdict"] == "same" and abs(doc["p"] - 0.446) < 5e-4 and doc["n"] == 10 and doc["lo"] < doc["ratio"] < doc["hi"] and doc["test"] == "Mann-Whitney"'
printf '100,130\n101,133\n99,129\n100,131\n102,131\n98,128\n' >pairs.csv
check 0 '' compare --csv pairs.csv --json
json_says 'doc["verdict"] == "worse" and doc["paired"] and abs(doc["p"] - 2 / 64) < 1e-9 and 1.25 < doc["lo"] < 1.31 < doc["hi"] < 1.4'
check 0 '' compare --csv pairs.csv --json --more-is-better
json_says 'doc["verdict"] == "better" and not doc["less_is_better"]'
check 0 '' compare --csv pairs.csv --json --min-effect 50%
json_says 'doc["verdict"] == "same" and doc["min_effect"] == 0.5'
check 0 '' compare --csv before.txt after.txt --paired --json
json_says 'doc["paired"] and doc["n"] == 10 and doc["test"] == "Wilcoxon signed rank"'
# The median of ten lies between the second and the ninth (97.85 %).
json_says 'abs(doc["a"]["median_lo"] - 3059) < 1e-6 and abs(doc["a"]["median_hi"] - 3075) < 1e-6 and abs(doc["a"]["median_level"] - 0.9785) < 5e-5'
json_says 'abs(doc["b"]["median_lo"] - 3060) < 1e-6 and abs(doc["b"]["median_hi"] - 3135) < 1e-6'
check 0 'before.txt  (10 values, median 3070 [3060, 3080], 97.9 %)' compare --csv before.txt after.txt
printf '2024-01-01,5\n2024-01-02,6\n2024-01-03,7\n' >days.csv
printf '2024-01-02,12\n2024-01-03,14\n2024-01-04,1\n' >later.csv
check 0 '' compare --csv days.csv later.csv --paired --json
json_says 'doc["n"] == 2 and doc["ratio"] == 2 and doc["lo"] is None and "median_lo" not in doc["a"] and doc["left_out"] == 1 and doc["verdict"] == "cannot tell" and doc["more_trials_least"] == 4'
check 2 'standard input: line 2: 0 has no logarithm' compare --csv - before.txt < <(printf '1\n0\n')
printf '1\nx\n' >bad.txt
check 2 "bad.txt: line 2: 'x' is no value" compare --csv before.txt bad.txt
printf 'a\nb\n' >none.txt
check 2 'none.txt: no value in 2 lines; one value a line is expected: 412' compare --csv before.txt none.txt
printf '1,2\n3,\0\n' >nul.csv
check 2 'no text (UTF-16 must be made UTF-8 first); one value a line' compare --csv before.txt nul.csv
check 2 'two values a line are expected: 412,398' compare --csv nul.csv
check 2 'a single file holds pairs' compare --csv before.txt
check 2 '10 values and 2 are no pairs' compare --csv before.txt <(printf '1\n2\n') --paired
check 2 'leave it out' compare --csv before.txt after.txt --run 01
check 2 "'p99=5%' is no percentage" compare --csv before.txt after.txt --min-effect p99=5%
check 2 'less is better' compare --csv before.txt after.txt --more-is-better --less-is-better
check 2 'both files are standard input' compare --csv - -

# Four a side are the least, however many the other side has.
seq 10 20 >eleven.txt
printf '1\n1.1\n1.2\n' >three.txt
check 0 'cannot tell: 3 values; four a side are the least for a 95 % interval; at least 1 more' compare --csv eleven.txt three.txt
check 0 '' compare --csv three.txt eleven.txt --json
json_says 'doc["verdict"] == "cannot tell" and doc["lo"] is None and doc["more_trials_least"] == 1'
printf '1\n1.1\n1.2\n1.3\n' >four.txt
check 0 'B is worse' compare --csv four.txt eleven.txt

# A hundred thousand values a side take no more than a moment.
python3 - <<'PY'
import random
random.seed(7)
for name, shift in (('many.txt', 1.0), ('more.txt', 1.02)):
    with open(name, 'w') as f:
        for _ in range(100000):
            f.write('%.4f\n' % (100 * shift * random.lognormvariate(0, 0.1)))
PY
check 0 '' compare --csv many.txt more.txt --json
json_says 'doc["verdict"] == "same" and 1.018 < doc["lo"] < 1.02 < doc["hi"] < 1.022 and doc["p"] < 1e-100'
check 0 '' compare --csv many.txt more.txt --paired --json --min-effect 1%
json_says 'doc["verdict"] == "worse" and 1.018 < doc["lo"] < doc["hi"] < 1.022'

# Values that drift are not independent, and pairs of them are: that is said.
seq 100 119 >up.txt
seq 102 121 >up2.txt
check 0 'values that follow each other are alike' compare --csv up.txt up2.txt
check 0 '' compare --csv up.txt up2.txt --json
json_says 'abs(doc["autocorrelation"] - 0.85) < 0.01 and abs(doc["variance_inflation"] - 12.3) < 0.5'
json_says 'doc["lo"] < 0.95 < 1.08 < doc["hi"] and doc["p"] > 0.5'
# The same values in another order lie 20 % apart for sure; one after the other they may have drifted there.
seq 100 119 >first.txt
seq 120 139 >second.txt
check 0 'variance 12.3 times as large' compare --csv first.txt second.txt
grep -q '^cannot tell' out || fault "a drift is judged: $(cat out)"
check 0 'B is worse' compare --csv <(seq 100 119 | awk '{print (NR * 7) % 20, $0}' | sort -n | cut -d' ' -f2) \
	<(seq 120 139 | awk '{print (NR * 7) % 20, $0}' | sort -n | cut -d' ' -f2)
! grep -q NOTE out || fault "values in no order are called alike: $(cat out)"
for i in 1 2 3 4 5 6; do printf '10%d\n11%d\n' "$i" "$i"; done >alternate.txt
check 0 'follow each other alternate' compare --csv alternate.txt alternate.txt
check 0 '' compare --csv before.txt after.txt --json
json_says '"autocorrelation" not in doc'

[ $failed = 0 ] && echo "all as it should be"
exit $failed
