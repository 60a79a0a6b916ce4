#!/bin/bash
# values.sh BLKLAB: files of values that others write, through the real binary: changes and stutter.
set -u
blklab=$(readlink -f "$1")
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
dir=$(mktemp -d /tmp/blklab-values-XXXXXX)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
unset COLUMNS
failed=0

fault() { echo "FAILED: $*"; failed=1; }

# check CODE "part of the message" ARGUMENT...: within a minute (sanitizers); out and err are kept.
check() {
	local code=$1 says=$2 got
	shift 2
	timeout 60 "$blklab" "$@" >out 2>err </dev/null
	got=$?
	[ $got = "$code" ] || fault "blklab $*: exit $got, wanted $code: $(tail -n 3 err)"
	grep -qF -- "$says" out err || fault "blklab $*: no '$says' in: $(tail -n 5 err out)"
}

# json_says "python expression over doc"
json_says() {
	python3 -c 'import json, sys; doc = json.load(open("out")); sys.exit(0 if eval(sys.argv[1]) else 1)' "$1" 2>/dev/null ||
		fault "json: $1: $(head -c 300 out)"
}

python3 - <<'PY'
import datetime, math, random
random.seed(3)
day = datetime.date(2024, 1, 1)
rows = []
for i in range(160):
    v = 412 * math.exp(random.gauss(0, .012)) * (1.08 if i >= 70 else 1) * (.95 if i >= 120 else 1)
    v *= 1.4 if i in (30, 100) else 1
    rows.append((str(day + datetime.timedelta(i)), '' if i % 37 == 11 else f'{v:.1f}'))
open('lf', 'w').write('date,p99 (us)\n' + ''.join(f'{d},{v}\n' for d, v in rows))
open('crlf', 'w', newline='').write('\ufeffdate;p99\r\n# a note\r\n\r\n' +
    ''.join(f'{d};{v.replace(".", ",")}\r\n' for d, v in rows))
open('places', 'w').write('\n'.join(v or 'NaN' for _, v in rows))
open('negative', 'w').write(''.join(f'{i},{random.gauss(0, 1) - 20 * (i >= 30)}\n' for i in range(60)))
open('unsorted', 'w').write(''.join(f'{d},{v}\n' for d, v in reversed(rows)))
open('huge', 'w').write(''.join(f'{i},{1e300 if i < 50 else 1e-300}\n' for i in range(100)))
open('apart', 'w').write(''.join(f'{i},{-1.7e308 if i < 50 else 1.7e308}\n' for i in range(100)))
open('million', 'w').write(''.join(f'{i},{1 + i % 7}\n' for i in range(1000000)))
open('most', 'w').write(''.join(f'{i},{random.lognormvariate(0, 1):.3f}\n' for i in range(20000)))
open('line', 'w').write('1,' + '9' * 1000000 + '\n')
open('binary', 'wb').write(bytes(range(256)) * 100)
open('utf16', 'wb').write('2024-01-01,1\n'.encode('utf-16'))
open('seconds', 'w').write('s,ms\n' + ''.join(
    f'{i / 10:.1f},{60 if i % 300 in (7, 8) else .4 * math.exp(random.gauss(0, .3)):.4f}\n' for i in range(6000)))
open('noise', 'w').write(''.join(f'{i / 10:.1f},{math.exp(random.gauss(0, .3)):.4f}\n' for i in range(6000)))
at, ios = 0, []
for i in range(300000):
    at += random.expovariate(500)
    ios.append(f'{at:.5f};{80 if at % 20 < .1 else random.lognormvariate(0, .2):.4f}\n'.replace('.', ','))
open('ios', 'w').write(''.join(ios))
open('storm', 'w').write(''.join(f'{i / 10:.1f},{random.paretovariate(.5):.4g}\n' for i in range(1000000)))
PY

# The same history in each way that it may be written.
check 0 '2024-03-11' changes --csv lf
check 0 '+8.' changes --csv lf
check 0 '2024-01-31 (' changes --csv lf
for f in lf crlf places; do
	check 0 change_points changes --csv $f --json
	json_says 'doc["change_points"] == [70, 120]'
	json_says '[o["index"] for o in doc["outliers"]] == [30, 100]'
	json_says 'doc["n"] == 160 and doc["n_absent"] == 5'
	json_says 'doc["changes"][0]["lo"] < 1.08 < doc["changes"][0]["hi"]'
	json_says '0.01 < doc["sigma"] < 0.015 and doc["options"]["c"] == 4'
done
"$blklab" changes --csv - <lf >out 2>err || fault "standard input: $(cat err)"
grep -q 'standard input: 155 values' out || fault "standard input is not named: $(head -1 out)"
check 0 'no change point' changes --csv lf --min-effect 10%
check 0 '(display)' changes --csv lf --display --min-effect 0
check 0 'second    ' changes --csv lf --second-opinion
check 0 '"second_opinion"' changes --csv lf --second-opinion --json
json_says 'any(abs(o["index"] - 70) <= 2 for o in doc["second_opinion"])'
check 2 'one strictness at a time' changes --csv lf --display --alert
check 2 "'lots' is no percentage" changes --csv lf --min-effect lots
check 2 "not within 0% and 1000%" changes --csv lf --min-effect -1
check 2 'name a file of them by --csv' changes
check 2 'No such file' changes --csv absent
check 2 'directory' changes --csv .

# What is wrong is said, with its line; what is only unusual is looked at.
check 2 'has no logarithm' changes --csv negative
check 0 'change_points' changes --csv negative --linear --json
json_says 'doc["change_points"] == [30] and -22 < doc["changes"][0]["difference"] < -18'
check 2 "line 2: '2024-06-07' is before '2024-06-08' of line 1" stutter --csv unsorted
check 2 'sort the file by its first column' changes --csv unsorted
check 2 '1000000 values; at most 20000' changes --csv million
check 0 'noise' changes --csv most
check 0 'change_points' changes --csv huge --json
json_says 'doc["change_points"] == [50]'
check 2 'farther apart' changes --csv apart --linear
check 2 'is beyond what a double holds' changes --csv line
check 2 'NUL bytes' changes --csv binary
check 2 'UTF-8 first' changes --csv utf16
check 2 'no value in 0 lines; a date and a value a line are expected: 2024-03-01,412' changes --csv /dev/null
check 2 'no value in 0 lines; seconds and a value a line are expected: 12.5,0.41' stutter --csv /dev/null
check 2 'seconds and a value a line' stutter --csv binary
printf '1,5\n2,inf\n' >f && check 2 "line 2: 'inf' is no value" changes --csv f
printf '1,5\n2,1e400\n' >f && check 2 "line 2: '1e400' is beyond" changes --csv f
printf '1,5\n2,-3\n' >f && check 2 'line 2: -3 has no logarithm' changes --csv f
printf '1,5\n' >f && check 0 'too few to look for a change' changes --csv f
for i in $(seq 30); do echo "$i,7"; done >f
check 0 'all values are equal' changes --csv f
printf '\033[31m2024,5\n' >f && check 2 'neither a date' changes --csv f
! grep -q $'\033' err || fault "a control character came through"

# Stalls.
check 0 'One every 30.0 s' stutter --csv seconds
check 0 'periods from 15.0 s to 60.0 s would have been found' stutter --csv seconds
check 0 periodic stutter --csv seconds --json
json_says 'doc["periodic"] and abs(doc["period_s"] - 30) < .1 and doc["p"] <= .01'
json_says 'len(doc["stalls"]) == 20 and abs(doc["stalls"][1]["at_s"] - 30.7) < .01 and doc["unit"] == "ms"'
json_says 'doc["testable"]["longest_s"] == 60 and doc["beats_seen"] == 20'
check 0 'read as us' stutter --csv seconds --unit us
check 0 'No stall' stutter --csv noise
check 0 periodic stutter --csv noise --json
json_says 'not doc["periodic"] and doc["period_s"] is None and doc["stalls"] == []'
check 0 periodic stutter --csv ios --json
json_says 'doc["periodic"] and abs(doc["period_s"] - 20) < .1 and doc["window_s"] == .1'
check 0 periodic stutter --csv storm --json
json_says 'not doc["periodic"]'
check 0 'windows of' stutter --csv lf
check 2 'a value without its time' stutter --csv places
check 2 'is no latency' stutter --csv negative
check 2 'name a file of them by --csv' stutter
printf '0,1\n0.1,2\n1e12,3\n' >f && check 2 'the first column is expected in seconds' stutter --csv f
printf '0,1\n' >f && check 0 'No stall' stutter --csv f
printf '0,1e300\n1,1\n' >f && check 0 '' stutter --csv f
check 2 'beyond what a double holds in ns' stutter --csv huge --unit s

[ $failed = 0 ] && echo "all of changes and stutter as wanted"
exit $failed
