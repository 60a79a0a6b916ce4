"""false_alarms.py FOLDER: are equal cells called apart more often than the nominal rate allows?

FOLDER has what `blklab calibrate --json` (doc) and `blklab compare A B --json` (pair-A-B) say of four equal cells under
three jobs. Prints the figures; exit 1: they are, or the two say something else than each other.

Comparisons of all cells with each other share their trials. Independent are those of a matching: 0 with 1 and 2 with 3.
Jobs of one boot may share what the boot or that moment made, so each job has a matching of its own. Of six pairs the
95 % interval leaves out "no change" when all six have one sign: 2 / 2^6, 3.1 %.
"""
import json
import math
import sys

MATCHINGS = {'read': ('0-1', '2-3'), 'write': ('0-2', '1-3'), 'scan': ('0-3', '1-2')}
PAIRS = 6
RATE = 2 / 2 ** PAIRS
LEVEL = 0.001


def beyond(most, n):
    """P(more than @most of @n are apart)."""
    return sum(math.comb(n, k) * RATE ** k * (1 - RATE) ** (n - k) for k in range(most + 1, n + 1))


def load(folder, name):
    with open(f'{folder}/{name}', encoding='utf-8') as f:
        return json.load(f)


def is_apart(doc, job, metric):
    c = next(j for j in doc['jobs'] if j['job'] == job)['b_against_a'][metric]
    assert c['pairs'] == PAIRS, c
    return not c['ratio_lo95'] <= 1 <= c['ratio_hi95']


def check(doc, pairs, job, metric):
    """Both verbs say the same of each pair."""
    row = next(r for r in doc['rows'] if r['job'] == job and r['metric'] == metric)
    assert row['comparisons'] == 6 and row['sd_log'] > 0, row
    assert row['visible']['6'] > row['visible']['30'] > 0, row
    assert row['apart'] == sum(is_apart(p, job, metric) for p in pairs.values()), row


def main():
    doc = load(sys.argv[1], 'doc')
    names = [name for matching in MATCHINGS.values() for name in matching]
    pairs = {name: load(sys.argv[1], f'pair-{name}') for name in names}
    print({k: doc[k] for k in ('equal_cells', 'repeats', 'comparisons', 'apart', 'alarms', 'alarms_corrected')})
    assert doc['equal_cells'] == 4 and doc['repeats'] == PAIRS
    most = next(k for k in range(len(names)) if beyond(k, len(names)) < LEVEL)
    worst = 0
    for metric in ('iops', 'mean_ns', 'p50_ns'):
        for job in MATCHINGS:
            check(doc, pairs, job, metric)
        n = sum(is_apart(pairs[name], job, metric) for job, matching in MATCHINGS.items() for name in matching)
        print(f'{metric}: {n} of {len(names)} independent comparisons are apart, nominal {RATE:.1%} each; '
              f'more than {most} have a chance of {beyond(most, len(names)):.2%}')
        worst = max(worst, n)
    if worst > most:
        sys.exit('equal cells are called apart above the nominal rate')
    if doc['alarms_corrected'] > 0.05 * doc['comparisons']:
        sys.exit('false alarms above the nominal rate')


main()
