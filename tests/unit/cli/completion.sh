#!/bin/bash
# completion.sh BLKLAB SOURCE_DIR: what bash offers for a line, as a person would press Tab.
set -eu
blklab=$1 source_dir=$2
script=$("$blklab" completion bash)
eval "$script"
complete -p blklab | grep -q -- '-F _blklab' || { echo "nothing is registered for blklab"; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
touch one.yaml two.txt three.yml
mkdir folder

# expect "WANTED WORDS" WORD...: the offer for the line whose last word the cursor is in.
failed=0
expect() {
	local want=$1 got
	shift
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_blklab || true
	got=$(printf '%s\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"} | sort | paste -sd' ')
	if [ "$got" != "$want" ]; then
		echo "for '$*': offered '$got', wanted '$want'"
		failed=1
	fi
}
expect 'plan' blklab pl
expect 'compare completion' blklab com
expect '--repeats --report' blklab run --rep
expect 'auto kvm tcg' blklab run --accel ''
expect 'kvm' blklab run --accel = k          # bash cuts --accel=k into these words
expect 'auto kvm tcg' blklab run --accel =
expect 'folder' blklab run --work-dir ''
expect 'folder one.yaml three.yml' blklab run ''
expect 'one.yaml' blklab run --repeats 3 -s x.db --accel = tcg on
expect '' blklab run one.yaml ''             # a run has one scenario
expect 'html' blklab report --format ht
expect 'two.txt' blklab report --output tw
expect 'doctor' blklab help do
expect 'bash' blklab completion ''
expect '--explain' blklab doctor --ex
# Verbs with actions: the second word is one, and has options and operands of its own.
expect '--help check list record retire show' blklab baseline ''
expect 'record retire' blklab baseline re
expect 'auto kvm tcg' blklab baseline record --accel ''
expect 'folder one.yaml three.yml' blklab baseline record db ''
expect 'one.yaml' blklab baseline check --runs 3 --min-effect = p99=5% db on
expect '--note' blklab baseline record --no
# Every option that help shows is offered.
n=0
# options_of WORD...: of a verb, or of a verb and its action.
options_of() {
	local option
	for option in $("$blklab" "$@" --help | sed -n '/^Options:/,/^$/s/^ .\{0,5\}\(--[a-z-]*\).*/\1/p'); do
		n=$((n + 1))
		COMP_WORDS=(blklab "$@" "$option")
		COMP_CWORD=$(($# + 1))
		_blklab
		printf '%s\n' "${COMPREPLY[@]}" | grep -qx -- "$option" ||
			{ echo "blklab $* $option is not offered"; failed=1; }
	done
}
for verb in $("$blklab" help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\)  .*/\1/p'); do
	options_of "$verb"
	for action in $("$blklab" "$verb" --help | sed -n '/^Actions:/,/^$/s/^  \([a-z]*\)  .*/\1/p'); do
		options_of "$verb" "$action"
	done
done
[ "$n" -ge 40 ] || { echo "help shows only $n options"; failed=1; }
exit $failed
