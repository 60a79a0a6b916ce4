# checks.sh - sourced by the tests of the binary, in an empty folder: $blklab is the program.
failed=0

fault() { echo "FAILED: $*"; failed=1; }

# check CODE "part of the message" ARGUMENT...: out and err are kept for more checks.
check() {
	local code=$1 says=$2 got
	shift 2
	"$blklab" "$@" >out 2>err
	got=$?
	[ $got = "$code" ] || fault "blklab $*: exit $got, wanted $code: $(tail -n 3 err)"
	grep -qF -- "$says" out err || fault "blklab $*: no '$says' in: $(tail -n 5 err out)"
}

# json_says "python expression over doc (one document) or lines (one a line)"
json_says() {
	python3 - "$1" <<'PY' || fault "json: $1"
import json, sys
text = open('out').read()
try:
    doc = json.loads(text)
    lines = None
except ValueError:
    doc, lines = None, [json.loads(line) for line in text.splitlines()]
sys.exit(0 if eval(sys.argv[1]) else 1)
PY
}
