#!/usr/bin/env python3
"""Measures an audit beside the least that its questions cost (run in the lab: ./dev bench audit).

    bench_audit.py [--delay MS] [--memory N...] [--json FILE] [N]

N domains (default 20,000) in one zone at Knot, behind an Unbound whose cache is warm. CPU seconds and peak memory are of the process,
from the kernel. The floor is libunbound's event interface, asked by a program that does nothing else, in the same run; the ratio is
CPU against questions x what one costs there. Then the same with answers that take 40 ms. Nothing passes or fails for being slow.
--memory: nothing but audits of so many domains each, at a server that makes up its answers, to see that memory does not grow.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent.parent / 'lab')]
import generate  # noqa: E402
import lab as lablib  # noqa: E402
import servers  # noqa: E402

TOOLS = HERE.parent.parent.parent / 'build/tests/bench'
RESOLVER = '127.0.0.53'
RELAY = '127.0.0.28'
ANSWER = '127.0.0.29'
ROUNDS = 3
CHECKDMARC = '''checkdmarc 5.17 took 41 s wall and 18.2 s CPU for 1,000 domains (24 a second) where answers took 40 ms: measured once, elsewhere;
it is not part of this run.'''


class Bench:
    def __init__(self, lab, n):
        self.lab, self.n, self.rows, self.resolver = lab, n, [], RESOLVER
        self.dir = lab.dir / 'population'
        generate.generate(self.dir, n)
        knot = servers.Knot(lab, {'example': (self.dir / 'example.zone').read_text()})
        servers.Unbound(lab, of=[knot], extra='    msg-cache-size: 512m\n    rrset-cache-size: 1g\n'
                        '    num-queries-per-thread: 4096\n    outgoing-range: 4096\n    so-rcvbuf: 4m\n')
        self.cost_us = 0.0

    def measure(self, argv, stdin=None):
        with open('out.txt', 'wb') as out, open('err.txt', 'wb') as err, open(stdin or os.devnull, 'rb') as given:
            done = subprocess.run([TOOLS / 'bench_measure', 'used.txt', *map(str, argv)], stdin=given, stdout=out, stderr=err)
        if done.returncode:
            raise lablib.LabError(f'{argv}: {done.returncode}\n{pathlib.Path("err.txt").read_text(errors="replace")[-1000:]}')
        return tuple(map(float, pathlib.Path('used.txt').read_text().split()))

    def median(self, *args, rounds=ROUNDS, **options):
        runs = [self.measure(*args, **options) for _ in range(rounds)]
        return [statistics.median(column) for column in zip(*runs)]

    def row(self, job, used, n_questions, note=''):
        cpu, wall, peak = used
        ratio = cpu * 1e6 / (n_questions * self.cost_us) if self.cost_us else 1
        self.rows.append({'job': job, 'domains': self.n, 'cpu_s': cpu, 'wall_s': wall, 'peak_mib': peak / 1024,
                          'questions': n_questions, 'ratio': ratio})
        print(f'{job:44} {cpu:8.2f} {wall:8.2f} {peak / 1024:8.1f} {n_questions:9} {cpu * 1e6 / n_questions:8.1f} '
              f'{ratio:6.2f}  {note}', flush=True)

    def lookups(self, job, program, window=200):
        used = self.median([TOOLS / program, self.resolver, window], stdin=self.dir / 'lookups.txt')
        words = pathlib.Path('out.txt').read_text().split()
        done, failed = int(words[1]), int(words[5])
        if program == 'bench_audit_floor' and not self.cost_us:
            self.cost_us = used[0] * 1e6 / done
        self.row(job, used, done, f'{failed} failed' if failed else '')

    def audit(self, job, *args, rounds=ROUNDS):
        used = self.median([self.lab.program, 'audit', '--resolver', self.resolver, *args, self.dir / 'domains.txt'], rounds=rounds)
        last = json.loads(subprocess.run(['tail', '-n', '1', 'out.txt'], capture_output=True, check=True).stdout)
        if last['domains'] != self.n or last['errors']:
            raise lablib.LabError(f'{job}: {last}')
        self.row(job, used, last['questions'], f'{self.n / used[1]:.0f} domains/s, {last["unknown"]} unknown')

    def dig(self):
        used = self.measure(['dig', f'@{self.resolver}', '+noall', '-f', self.dir / 'lookups.txt'])
        self.row('dig -f (one after the other)', used, 4 * self.n)

    def run(self, has_dig):
        self.measure([self.lab.program, 'audit', '--resolver', self.resolver, self.dir / 'domains.txt'])  # warms the cache
        self.lookups('libunbound alone, window 200', 'bench_audit_floor')
        self.lookups('dnsguard\'s resolver, window 200', 'bench_audit_lookups')
        for threads in 1, 2:
            self.audit(f'dnsguard audit, {threads} thread{"s" * (threads > 1)}', '--threads', threads)
        self.audit('dnsguard audit --unordered, 1 thread', '--threads', 1, '--unordered')
        self.audit('dnsguard audit --fast, 1 thread', '--threads', 1, '--fast')
        if has_dig:
            self.dig()


def measure_memory(lab, counts):
    """Peak memory of audits of so many domains."""
    lab.daemon('answer', [TOOLS / 'bench_audit_answer', ANSWER, '53'])
    lab.wait_ready('answer', lambda: lablib.ask(ANSWER, 'd1.example') is not None)
    print(f'{"domains":>9} {"order":>9} {"cpu s":>8} {"wall s":>8} {"peak MiB":>8}')
    for n in counts:
        names = lab.write('names', ''.join(f'd{i}.example\n' for i in range(n)))
        for order in [], ['--unordered']:
            with open(os.devnull, 'wb') as out:
                subprocess.run([TOOLS / 'bench_measure', 'used.txt', lab.program, 'audit', '--resolver', ANSWER, '--threads', '2',
                                *order, names], check=True, stdout=out, stderr=subprocess.DEVNULL)
            cpu, wall, peak = map(float, pathlib.Path('used.txt').read_text().split())
            print(f'{n:9} {"none" if order else "input":>9} {cpu:8.2f} {wall:8.2f} {peak / 1024:8.1f}', flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    options.add_argument('domains', metavar='N', type=int, nargs='?', default=20000)
    options.add_argument('--delay', metavar='MS', type=int, default=40, help='of answers in the second part; 0: no second part')
    options.add_argument('--json', metavar='FILE', help='the figures as JSON lines too')
    options.add_argument('--memory', metavar='N', type=int, nargs='+', help='only this: audits of N domains, for their memory')
    chosen = options.parse_args()
    json_path = chosen.json and os.path.abspath(chosen.json)
    subprocess.run(['ninja', '-C', TOOLS.parents[1], *(f'tests/bench/bench_{name}' for name in (
        'audit_answer', 'audit_floor', 'audit_lookups', 'audit_relay', 'measure'))], check=True, stdout=subprocess.DEVNULL)
    with lablib.Lab(f'{os.environ["LAB_DIR"]}/audit') as lab:
        os.chdir(lab.dir)
        if chosen.memory:
            measure_memory(lab, chosen.memory)
            return 0
        bench = Bench(lab, chosen.domains)
        head = f'{"cpu s":>8} {"wall s":>8} {"peak MiB":>8} {"questions":>9} {"us each":>8} {"ratio":>6}'
        print(f'{"answers at once":44} {head}')
        bench.run(has_dig=True)
        if chosen.delay:
            lab.daemon('relay', [TOOLS / 'bench_audit_relay', RELAY, RESOLVER, str(chosen.delay)])
            lab.wait_ready('relay', lambda: lablib.ask(RELAY, 'example') is not None)
            bench.resolver, bench.cost_us = RELAY, 0.0
            print(f'{f"answers after {chosen.delay} ms":44} {head}')
            bench.run(has_dig=False)
            print(CHECKDMARC)
        lab.stop_all()
        if json_path:
            with open(json_path, 'a', encoding='utf-8') as out:
                out.writelines(json.dumps(row) + '\n' for row in bench.rows)
    return 0


if __name__ == '__main__':
    sys.exit(main())
