#!/usr/bin/env python3
"""What the reader of bounces finds and gets right, and messages per CPU second, beside flufl.bounce and GMime alone.

    bench_triage.py [--json FILE] [--full]

Quality over ../shared/data/bounces where that is there ("skipped" is said else), and over tests/data/bounces: what stands in the tables with a
basis of their own or of two tools and more; a row that is disputed or that one tool alone says is not scored. Then the same bounces as a
person answers, passes on and pastes them: none of these is a bounce. Speed over generated bounces of five mail systems (--full: 600,000).
And the whole command, from a mailbox on standard input to its verdict, with that many different bounces.
Nothing here passes or fails for being slow: machines differ.
"""
import argparse
import collections
import csv
import json
import os
import pathlib
import pty
import subprocess
import sys
import tempfile
import threading
import time

import generate

TREE = pathlib.Path(__file__).resolve().parent.parent.parent.parent
BUILD = TREE / 'build'
PROGRAM = BUILD / 'controller/dnsguard'
BENCH = BUILD / 'tests/bench/bench_triage'
SHARED = TREE.parent / 'shared/data/bounces'
BOUNCES = ('bounce', 'delay')


def bench(paths, *words):
    text = ''.join(f'{path}\n' for path in paths)
    return subprocess.run([BENCH, *map(str, words)], input=text, stdout=subprocess.PIPE, text=True, check=True).stdout


def records(paths):
    rows = map(json.loads, bench(paths, 'records', PROGRAM).splitlines())
    return {pathlib.Path(row['file']).name: row for row in rows}


def bare(text):
    return (text or '').strip().strip('<>').strip('"').lower()


class Scores:
    """name: [right, all, the wrong ones]"""

    def __init__(self):
        self.rows = collections.defaultdict(lambda: [0, 0, []])

    def count(self, name, is_right, what):
        row = self.rows[name]
        row[0] += is_right
        row[1] += 1
        if not is_right:
            row[2].append(what)

    def compare(self, name, expected, got, what):
        if expected:
            self.count(name, bare(expected) == bare(got), f'{what}: {expected} is {got or "not found"}')

    def show(self, title, is_verbose):
        for name, (right, total, wrong) in self.rows.items():
            print(f'{title:<12} {name:<34} {right:>6} of {total:<6} {100 * right / total:6.2f} %')
            for line in wrong if is_verbose else ():
                print(f'             {line}')


def score(scores, row, record):
    """row: what is expected, by the names of the shared table."""
    kind, name, original = row['class'], row['file'], record['original']
    if kind == 'not-bounce':
        scores.count('ordinary mail left alone', record['kind'] == 'ordinary', f'{name}: {record["kind"]}, {record["basis"]}')
    if kind not in BOUNCES:
        return
    scores.count('bounces found', record['kind'] in BOUNCES, f'{name}: {record["kind"]}')
    if row['is_agreed']:
        scores.compare('original sender', row['sender'], original['from'] or original['return_path'], name)
        scores.compare('original Message-ID', row['message_id'], original['message_id'], name)
        scores.compare('first public address', row['first_public'], record['first_public'], name)
        scores.compare('handoff address is the first', row['first_public'], record['handoff'], name)


def shared_rows():
    for line in (SHARED / 'expected.jsonl').read_text(encoding='utf-8').splitlines():
        row = json.loads(line)
        yield {'file': row['file'], 'class': row['cls'], 'is_agreed': row['orig_basis'].startswith('agree'),
               'sender': row['orig_from'] or row['orig_return_path'], 'message_id': row['orig_message_id'],
               'first_public': row['rcvd_top_public_ip']}


def own_rows():
    with (TREE / 'tests/data/bounces/expected.tsv').open(encoding='utf-8', newline='') as table:
        for row in csv.DictReader(table, delimiter='\t', quoting=csv.QUOTE_NONE):
            yield {**row, 'is_agreed': row['scored'] == 'yes'}


def quality(title, folder, rows, is_verbose):
    paths = sorted(folder.iterdir())
    found = records(paths)
    scores = Scores()
    for row in rows:
        score(scores, row, found[row['file']])
    bounces = [folder / row['file'] for row in rows if row['class'] in BOUNCES]
    with tempfile.TemporaryDirectory() as name:
        generate.answers(bounces, pathlib.Path(name))
        variants = records(sorted(pathlib.Path(name).iterdir()))
    for name, record in variants.items():
        scores.count(f'left alone: {name.partition("__")[0]}', record['kind'] == 'ordinary', f'{name}: {record["basis"]}')
    scores.show(title, is_verbose)
    return {name: row[:2] for name, row in scores.rows.items()}


def flufl(paths, n_times):
    """CPU seconds a message; None: it is not installed (python3-flufl.bounce)."""
    try:
        from flufl.bounce import scan_message
    except ImportError:
        return None
    import email
    texts = [path.read_bytes() for path in paths]
    begin = time.process_time()
    found = 0
    for _ in range(n_times):
        for text in texts:
            found += bool(scan_message(email.message_from_bytes(text)))
    return {'messages': n_times * len(texts), 'found': found, 'cpu_s': time.process_time() - begin}


def speed(n):
    with tempfile.TemporaryDirectory() as name:
        paths = generate.bounces(pathlib.Path(name), 2000)
        n_times = max(1, n // len(paths))
        rows = {'dnsguard': json.loads(bench(paths, 'speed', PROGRAM, n_times)),
                'GMime alone': json.loads(bench(paths, 'gmime', min(n_times, 10))),
                'flufl.bounce': flufl(paths, 1)}
    print(f'\n{"generated bounces":<16} {"messages":>9} {"found":>9} {"CPU s":>8} {"a CPU s":>9} {"RSS MiB":>8} {"reader":>7}')
    for name, row in rows.items():
        if row is None:
            print(f'{name:<16} skipped: not installed')
            continue
        row['per_cpu_s'] = round(row['messages'] / row['cpu_s'])
        memory = [f'{row[key] / 1024:.1f}' if key in row else '-' for key in ('kib', 'reader_kib')]
        print(f'{name:<16} {row["messages"]:>9} {row.get("found", "-"):>9} {row["cpu_s"]:>8.3f} {row["per_cpu_s"]:>9} '
              f'{memory[0]:>8} {memory[1]:>7}')
    return rows


def feed(stream, heap, n_times, n_last):
    """The bounces again and again, each time with names of their own."""
    with stream:
        for k in range(n_times):
            stream.write(b''.join(heap).replace(b'@@', b'x%d.' % k))
        stream.write(b''.join(heap[:n_last]).replace(b'@@', b'x%d.' % n_times))


def whole(n):
    """`dnsguard triage -` over n bounces: all of them counted, in how much memory, with how many lines of progress."""
    with tempfile.TemporaryDirectory() as name:
        texts = [path.read_bytes() for path in generate.bounces(pathlib.Path(name), 2000)]
    heap = [b'From MAILER-DAEMON Mon Jun  1 10:00:00 2026\n' + text.replace(b'Message-ID: <b', b'Message-ID: <b@@').replace(b'<user', b'<u@@ser')
            + b'\n\n' for text in texts]
    end, other = pty.openpty()
    child = subprocess.Popen([PROGRAM, 'triage', '--domain', 'victim.example', '--own', '192.0.2.0/24', '-'], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=other, env={**os.environ, 'LC_ALL': 'C'})
    os.close(other)
    shown = [0]

    def listen():
        try:
            while data := os.read(end, 65536):
                shown[0] += data.count(b'messages')
        except OSError:
            pass
    threads = [threading.Thread(target=listen), threading.Thread(target=feed, args=(child.stdin, heap, n // 2000, n % 2000))]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    text = child.stdout.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    for thread in threads:
        thread.join()
    os.close(end)
    assert os.waitstatus_to_exitcode(status) == 3, text
    assert f'messages read: {n}; bounces among them: {n}' in ' '.join(text.split()), text
    cpu = usage.ru_utime + usage.ru_stime
    row = {'messages': n, 'cpu_s': round(cpu, 2), 'per_cpu_s': round(n / cpu), 'kib': usage.ru_maxrss, 'progress': shown[0],
           'wall_s': round(time.monotonic() - begin, 1)}
    print(f'{"dnsguard triage -":<16} {n:>9} {n:>9} {cpu:>8.2f} {row["per_cpu_s"]:>9} {usage.ru_maxrss / 1024:>8.1f}   '
          f'{shown[0]} lines of progress, {row["wall_s"]} s')
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--json', type=pathlib.Path)
    parser.add_argument('--full', action='store_true')
    parser.add_argument('--verbose', action='store_true', help='each wrong one')
    options = parser.parse_args()
    subprocess.run(['ninja', '-C', BUILD, 'controller/dnsguard', 'tests/bench/bench_triage'], check=True, stdout=subprocess.DEVNULL)
    result = {'own': quality('tests/data', TREE / 'tests/data/bounces/messages', list(own_rows()), options.verbose)}
    if SHARED.is_dir():
        result['shared'] = quality('shared/data', SHARED / 'messages', list(shared_rows()), options.verbose)
    else:
        print(f'shared/data  skipped: {SHARED} is not there')
    result['speed'] = speed(600000 if options.full else 20000)
    result['whole'] = [whole(n) for n in ((60000, 600000) if options.full else (2000, 20000))]
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
