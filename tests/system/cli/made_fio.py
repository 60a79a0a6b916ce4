"""made_fio.py FOLDER DAY CELL...: eight documents of fio for each cell, measured in turns.

FOLDER/CELL-REPEAT.json. A CELL is NAME=FACTOR[,NOISE[,MAX_NOISE]]: latencies are FACTOR times those of 1 and
vary by NOISE (standard deviation of the logarithm, 0.001) from one document to the next, the maximum by
MAX_NOISE. DAY: when, in days. NAME ending in "-mute": without the percentiles of its tail.
"""
import json
import math
import random
import sys

REPEATS = 8
N = 20000


def document(at_s, name, factor, noise, max_noise, rng):
    k = factor * math.exp(rng.gauss(0, noise))
    most = factor * math.exp(rng.gauss(0, max_noise))
    lat = {'min': 9000 * k, 'max': int(900000 * most), 'mean': 12000 * k, 'stddev': 400, 'N': N}
    clat = dict(lat)
    clat['percentile'] = {'50.000000': int(10000 * k)}
    if not name.endswith('-mute'):
        clat['percentile'] |= {'99.000000': int(20000 * k), '99.900000': int(90000 * k)}
    read = {'io_bytes': N * 4096, 'total_ios': N, 'runtime': 2000 * k, 'clat_ns': clat, 'lat_ns': lat}
    return {'fio version': 'fio-3.33', 'timestamp_ms': 1700000000000 + 1000 * at_s, 'jobs': [{'jobname': 'rr', 'read': read}]}


def main():
    folder, day = sys.argv[1], float(sys.argv[2])
    cells = [spec.split('=') for spec in sys.argv[3:]]
    rng = random.Random(1)
    for repeat in range(REPEATS):
        for i, (name, how) in enumerate(cells):
            numbers = [float(x) for x in how.split(',')] + [0.001, 0.001]
            at_s = int(day * 86400) + 10 * (repeat * len(cells) + i)
            text = json.dumps(document(at_s, name, *numbers[:3], rng))
            with open(f'{folder}/{name}-{repeat}.json', 'w', encoding='ascii') as f:
                f.write(text)


main()
