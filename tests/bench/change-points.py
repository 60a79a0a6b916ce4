#!/usr/bin/env python3
"""What the change point detector scores on labelled data, through `blklab changes --csv --json`.

A folder of labelled data holds annotations.json, {series: {annotator: [index of the first value after, ...]}},
and the series: NAME.csv (a value a line, or date,value), or the Turing Change Point Dataset's own layout,
datasets/NAME/NAME.json; that of several dimensions or with missing values are left out. Nothing of such data is
part of this repository: https://github.com/alan-turing-institute/TCPD is public.

F1 and cover are those of van den Burg & Williams, An Evaluation of Change Point Detection Algorithms (2020):
an annotated point is found by at most one reported point, at most --margin values away, the beginning counts as a
point of everybody; precision is against the union of all annotators, recall is the mean over them. Cover is the
mean over annotators of how well each of their segments is met by one reported (Jaccard), weighted by length.

--inject takes folders of series of real noise, without annotations: pieces of them get seeded steps, a third of them
none, and precision, recall and F1 are of all steps together, at most two values away. What such a history did by
itself is no mistake of the detector: values are taken over their running median of --level values, and a piece is made
of blocks of --block values in random order (0: as they are, and each true change of theirs counts as a false one).
Outliers, odd distributions and what neighbours have in common stay.
"""

import argparse
import glob
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile

STEPS = (3, 4, 6, 9)  # in standard deviations of the piece, of neighbours' differences
PIECE = 160  # values
APART = 20  # values between steps, and to either end


def read_values(path):
    """The values of a file that `blklab changes` takes, or of TCPD's JSON; None: not of one dimension, or incomplete."""
    if path.endswith('.json'):
        with open(path) as f:
            doc = json.load(f)
        raw = doc['series'][0]['raw']
        return raw if doc['n_dim'] == 1 and all(isinstance(v, (int, float)) for v in raw) else None
    values = []
    with open(path) as f:
        for line in f:
            try:
                values.append(float(line.replace(';', ',').split(',')[-1]))
            except ValueError:
                pass
    return values


def load(folder):
    with open(os.path.join(folder, 'annotations.json')) as f:
        annotations = json.load(f)
    out = {}
    for name, annotators in sorted(annotations.items()):
        for path in (os.path.join(folder, 'datasets', name, name + '.json'), os.path.join(folder, name + '.csv')):
            values = read_values(path) if os.path.exists(path) else None
            if values:
                out[name] = (values, list(annotators.values()))
    return out


def detect(args, values):
    how = ['--display'] if args.display else []
    if args.linear == 'always' or (args.linear == 'auto' and min(values) <= 0):
        how.append('--linear')
    with tempfile.NamedTemporaryFile('w', suffix='.csv') as f:
        f.write('\n'.join(repr(v) for v in values) + '\n')
        f.flush()
        done = subprocess.run([args.blklab, 'changes', '--json', '--csv', f.name, '--min-effect', args.min_effect, *how],
                              capture_output=True, text=True)
    if done.returncode:
        sys.exit(f'blklab changes: exit {done.returncode}: {done.stderr.strip()}')
    return json.loads(done.stdout)['change_points']


def found(truth, reported, margin):
    """How many of @truth have a reported point of their own, the nearest one."""
    left, n = set(reported), 0
    for t in sorted(truth):
        near = min(left, key=lambda x: (abs(x - t), x), default=None)
        if near is not None and abs(near - t) <= margin:
            left.remove(near)
            n += 1
    return n


def f1(annotators, reported, margin):
    reported = set(reported) | {0}
    each = [set(a) | {0} for a in annotators]
    precision = found(set().union(*each), reported, margin) / len(reported)
    recall = statistics.mean(found(a, reported, margin) / len(a) for a in each)
    return 2 * precision * recall / (precision + recall)


def segments(points, n):
    edges = [0, *sorted(p for p in set(points) if 0 < p < n), n]
    return list(zip(edges, edges[1:]))


def jaccard(a, b):
    both = max(0, min(a[1], b[1]) - max(a[0], b[0]))
    return both / (a[1] - a[0] + b[1] - b[0] - both)


def cover(annotators, reported, n):
    mine = segments(reported, n)
    return statistics.mean(sum((s[1] - s[0]) * max(jaccard(s, m) for m in mine) for s in segments(a, n)) / n
                           for a in annotators)


def labelled(args, folder):
    print(f'\n{os.path.basename(os.path.abspath(folder))}, margin {args.margin}\n'
          f'{"series":24} {"n":>5}  {"F1":>5} {"cover":>5}  {"none":>5} {"cover":>5}  found')
    rows = []
    for name, (values, annotators) in load(folder).items():
        points = detect(args, values)
        n = len(values)
        rows.append((name, f1(annotators, points, args.margin), cover(annotators, points, n),
                     f1(annotators, [], args.margin), cover(annotators, [], n)))
        print(f'{name:24} {n:5}  ' + '{:.3f} {:.3f}  {:.3f} {:.3f}'.format(*rows[-1][1:]) + f'  {points}')
    groups = [('all', None)] + [(g.split(':')[0], set(g.split(':')[1].split(','))) for g in args.group]
    for title, names in groups:
        some = [r for r in rows if names is None or r[0] in names]
        if some:
            means = [statistics.mean(column) for column in zip(*(r[1:] for r in some))]
            print(f'{title + " (" + str(len(some)) + ")":24} {"":5}  ' + '{:.3f} {:.3f}  {:.3f} {:.3f}'.format(*means))


def without_levels(values, width):
    """Over the running median: short correlations and outliers stay, levels and drifts go."""
    half = width // 2
    return [v / statistics.median(values[max(0, i - half):i + half + 1]) for i, v in enumerate(values)]


def noise_of(values):
    """Standard deviation by the median difference of neighbours, on the logarithms."""
    y = [math.log(v) for v in values]
    return 1.4826 * statistics.median(abs(b - a) for a, b in zip(y, y[1:])) / math.sqrt(2)


def places(rng, n_steps, n):
    while True:
        at = sorted(rng.sample(range(APART, n - APART), n_steps))
        if all(b - a >= APART for a, b in zip(at, at[1:])):
            return at


def in_blocks(rng, values, size):
    blocks = [values[i:i + size] for i in range(0, len(values), size)]
    rng.shuffle(blocks)
    return [v for block in blocks for v in block]


def make_piece(rng, series, k, block):
    """A piece of a real series and the places where it got steps."""
    while True:
        name, values = series[rng.randrange(len(series))]
        n = min(PIECE, len(values))
        begin = rng.randrange(len(values) - n + 1)
        piece = values[begin:begin + n]
        if block:
            piece = in_blocks(rng, piece, block)
        if noise_of(piece) > 0:
            break
    at = places(rng, (0, 1, 2)[k % 3], n)
    level, sigma = 0.0, noise_of(piece)
    for i in range(n):
        if i in at:
            level += rng.choice((-1, 1)) * rng.choice(STEPS) * sigma
        piece[i] *= math.exp(level)
    return name, piece, at


def injected(args):
    series = []
    for folder in args.inject:
        for path in sorted(glob.glob(os.path.join(folder, '*.csv'))):
            values = read_values(path)
            if len(values) >= PIECE // 2 and min(values) > 0:
                values = without_levels(values, args.level) if args.level else values
                series.append((os.path.basename(path), values))
    rng = random.Random(args.seed)
    hit = reported = steps = alarms = null = 0
    for k in range(args.series):
        name, piece, at = make_piece(rng, series, k, args.block)
        points = detect(args, piece)
        n = found(at, points, 2)
        hit, reported, steps = hit + n, reported + len(points), steps + len(at)
        null += not at
        alarms += not at and bool(points)
        if args.verbose:
            print(f'{name:40} steps {at}, found {points}')
    p, r = hit / reported if reported else 0, hit / steps
    print(f'\ninjected: {args.series} pieces of {len(series)} series, seed {args.seed}: '
          f'P {p:.2f}, R {r:.2f}, F1 {2 * p * r / (p + r) if p + r else 0:.2f} (+-2); '
          f'{alarms} of {null} without a step have an alarm')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('folders', nargs='*', help='of labelled data')
    p.add_argument('--blklab', default=os.path.join(os.path.dirname(__file__), '../../build/blklab'))
    p.add_argument('--display', action='store_true', help='c 3, alpha 1e-3 instead of c 4, 1e-4')
    p.add_argument('--min-effect', default='0')
    p.add_argument('--linear', choices=('auto', 'always'), default='auto', help='auto: where a value is 0 or less')
    p.add_argument('--margin', type=int, default=5)
    p.add_argument('--group', action='append', default=[], metavar='TITLE:A,B', help='a mean of some series')
    p.add_argument('--inject', action='append', default=[], metavar='FOLDER', help='of real noise')
    p.add_argument('--series', type=int, default=72)
    p.add_argument('--level', type=int, default=61)
    p.add_argument('--block', type=int, default=8)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--verbose', action='store_true')
    args = p.parse_args()
    if not args.folders and not args.inject:
        p.error('a folder of labelled data, or --inject FOLDER')
    for folder in args.folders:
        labelled(args, folder)
    if args.inject:
        injected(args)


if __name__ == '__main__':
    main()
