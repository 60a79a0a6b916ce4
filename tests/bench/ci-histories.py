#!/usr/bin/env python3
"""Series of real noise out of public CI, for `change-points.py --inject`.

Repositories that keep the results of their benchmarks with github-action-benchmark have a data.js on a branch, most
often gh-pages, which holds the newest results only: the older ones are in the branch's own history. Every CLONE is a
clone of such a repository with that branch; OUT gets a file a benchmark, a value a line, the oldest first.

  ci-histories.py OUT CLONE...
"""

import argparse
import collections
import json
import os
import re
import subprocess


def git(clone, *words):
    done = subprocess.run(['git', '-C', clone, *words], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ''


def results(text):
    """(benchmark, date, value) of a data.js: a JSON object that is given to a variable."""
    try:
        entries = json.loads(text[text.index('{'):].rstrip().rstrip(';'))['entries']
    except (ValueError, KeyError):
        return  # a revision that was cut short, or one of another shape
    for suite, runs in entries.items():
        for run in runs:
            for bench in run['benches']:
                yield f'{suite} {bench["name"]}', run['date'], bench['value']


def series_of(clone, ref, path, every):
    """{benchmark: {date: value}}"""
    series = collections.defaultdict(dict)
    revisions = git(clone, 'rev-list', ref, '--', path).split()
    for revision in revisions[::every] + revisions[-1:]:
        for name, date, value in results(git(clone, 'show', f'{revision}:{path}')):
            series[name][date] = value
    return series


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('out', metavar='OUT')
    p.add_argument('clones', metavar='CLONE', nargs='+')
    p.add_argument('--ref', default='gh-pages')
    p.add_argument('--every', type=int, default=12, help='revisions of data.js looked at: a revision holds many results')
    p.add_argument('--least', type=int, default=100, help='values a series must have')
    args = p.parse_args()
    os.makedirs(args.out, exist_ok=True)
    for clone in args.clones:
        repo = os.path.basename(os.path.normpath(clone))
        n = 0
        for path in git(clone, 'ls-tree', '-r', '--name-only', args.ref).splitlines():
            if not path.endswith('data.js') or '_static' in path:
                continue
            for name, by_date in series_of(clone, args.ref, path, args.every).items():
                if len(by_date) < args.least:
                    continue
                n += 1
                file = re.sub('[^A-Za-z0-9]+', '-', f'{repo}-{os.path.dirname(path)}-{name}')[:120]
                with open(os.path.join(args.out, f'{file}-{n}.csv'), 'w', encoding='utf-8') as f:
                    f.writelines(f'{value!r}\n' for _, value in sorted(by_date.items()))
        print(f'{repo}: {n} series')


if __name__ == '__main__':
    main()
