"""clone_runs.py STORE SPEC...: copies of the store's oldest run, as other runs of other days.

A SPEC is a JSON object: "day" (after the first run), "host" (its name; its id is made of it), "iops"
(a factor on the requests counted: IOPS change, latencies stay), "facts" (of the environment: another
value, or null to take it away), "trial_facts" (another value of each trial's). Prints the ids, a line each.
"""
import hashlib
import json
import sqlite3
import sys
import uuid

DAY_MS = 24 * 3600 * 1000


def rows_of(db, table, column, value):
    cursor = db.execute(f'SELECT * FROM {table} WHERE {column} = ?', (value,))
    names = [d[0] for d in cursor.description]
    return [dict(zip(names, values)) for values in cursor.fetchall()]


def put(db, table, row):
    marks = ','.join('?' * len(row))
    db.execute(f'INSERT INTO {table} ({",".join(row)}) VALUES ({marks})', list(row.values()))


def copy(db, table, column, old, new, change=None):
    """Rows of @table whose @column is @old, with it @new. Yields old and new id of those with one."""
    for row in rows_of(db, table, column, old):
        before = row.get('id')
        if before:
            row['id'] = str(uuid.uuid4())
        row[column] = new
        if change:
            change(row)
        put(db, table, row)
        yield before, row.get('id')


def copy_all(*args):
    return list(copy(*args))


def copy_run(db, old, new, spec):
    row = rows_of(db, 'run', 'id', old)[0]
    row['id'] = new
    for key in ('started_ms', 'ended_ms'):
        row[key] += int(spec.get('day', 0) * DAY_MS)
    if 'host' in spec:
        row['host_name'] = spec['host']
        row['host_id'] = hashlib.sha256(spec['host'].encode()).hexdigest()[:16]
    put(db, 'run', row)


def copy_environment(db, old, new, facts):
    last = 0
    for row in rows_of(db, 'environment', 'run', old):
        last = max(last, row['idx'])
        row['run'] = new
        if row['key'] not in facts:
            put(db, 'environment', row)
    for i, (key, value) in enumerate(facts.items()):
        if value is not None:
            put(db, 'environment', {'run': new, 'idx': last + 1 + i, 'key': key, 'value': value})


def clone(db, old, new, spec):
    def in_new_cell(row):
        row['cell'], row['boot'] = cells[row['cell']], row['id']

    def counted(row):
        row['ios'] = int(row['ios'] * spec.get('iops', 1))
        row['bytes'] = row['ios'] * 4096

    def told(row):
        row['value'] = spec.get('trial_facts', {}).get(row['key'], row['value'])

    copy_run(db, old, new, spec)
    copy_environment(db, old, new, spec.get('facts', {}))
    for table in ('run_note', 'run_declared'):
        copy_all(db, table, 'run', old, new)
    cells = dict(copy(db, 'cell', 'run', old, new))
    for cell, cell_new in cells.items():
        copy_all(db, 'cell_axis', 'cell', cell, cell_new)
    for trial, trial_new in copy_all(db, 'trial', 'run', old, new, in_new_cell):
        copy_all(db, 'trial_fact', 'trial', trial, trial_new, told)
        copy_all(db, 'effective', 'trial', trial, trial_new)
        for job, job_new in copy_all(db, 'job_result', 'trial', trial, trial_new):
            for table in ('job_fact', 'sample_latency'):
                copy_all(db, table, 'job_result', job, job_new)
            copy_all(db, 'sample_direction', 'job_result', job, job_new, counted)


def main():
    db = sqlite3.connect(sys.argv[1])
    ids = [row[0] for row in db.execute('SELECT id FROM run ORDER BY id')]
    for i, spec in enumerate(sys.argv[2:]):
        new = f'{ids[0][:-4]}{0xc000 + len(ids) + i:04x}'
        clone(db, ids[0], new, json.loads(spec))
        print(new)
    db.commit()


main()
