#!/usr/bin/env python3
"""Measures plan and apply beside the least that the same input costs (run in the lab: ./dev bench).

    bench.py [--full] [--provider zonefile|knot|pdns] [--json FILE] [N...]

CPU seconds and peak memory are of the process (and what it started and waited for), from the kernel; ratio is against the
floor on the same input in the same run. Nothing here passes or fails for being slow: machines differ.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

import generate

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'lab'))
import lab as lablib  # noqa: E402
import servers  # noqa: E402

TOOLS = HERE.parent.parent / 'build/tests/bench'
MAX = {'knot': 10000, 'pdns': 1000}  # more would measure the server's start


class Failed(Exception):
    pass


def measure(argv, codes=(0,)):
    """Runs argv: (CPU seconds, wall seconds, peak MiB)."""
    with open('out.txt', 'wb') as out:
        done = subprocess.run([TOOLS / 'bench_measure', 'used.txt', *map(str, argv)], stdout=out,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode not in codes:
        tail = pathlib.Path('out.txt').read_text(errors='replace')[-1000:]
        raise Failed(f'{" ".join(map(str, argv))[:300]}: ended with {done.returncode}, expected {codes}\n{tail}')
    cpu, wall, peak = map(float, pathlib.Path('used.txt').read_text().split())
    return cpu, wall, peak / 1024


class Bench:
    def __init__(self, n, provider, lab):
        self.n, self.provider, self.lab = n, provider, lab
        self.dir = lab.dir / f'{provider}{n}'
        self.rows = []
        self.rounds = 5 if n <= 100 else 3 if n <= 1000 else 1

    def prepare(self):
        if self.provider == 'zonefile':
            generate.generate(self.dir, self.n)
        elif self.provider == 'pdns':
            self.prepare_pdns()
        else:
            key = self.lab.key_file('knot')
            generate.generate(self.dir, self.n, f'{{rfc2136: {{server: "{generate.SERVER}:53", tsig: {{name: labkey, '
                              f'algorithm: hmac-sha256, secret-file: {key}}}}}}}', f'{{servers: ["{generate.SERVER}"]}}')
            zones = {z: (self.dir / f'zones/{z}.zone').read_text() for z in generate.names(self.n)}
            self.server = servers.Knot(self.lab, zones)
        for kind, suffix in (('same', 'yaml'), ('changed', 'yaml'), ('zones', 'zone')):
            (self.dir / f'{kind}.list').write_text(''.join(
                f'{self.dir}/{kind}/{z}.{suffix}\n' for z in generate.names(self.n)))

    def prepare_pdns(self):
        """The server makes its key when it starts, and starts with the zones: the policies come second."""
        generate.generate(self.dir, self.n)
        self.server = servers.Pdns(self.lab, {z: (self.dir / f'zones/{z}.zone').read_text()
                                              for z in generate.names(self.n)})
        shutil.rmtree(self.dir)
        generate.generate(self.dir, self.n, f'{{powerdns: {{url: "{self.server.api_url}", api-key-file: '
                          f'{self.server.api_key_file}}}}}', '{servers: none}')

    def median(self, *args, rounds=None, **options):
        runs = [measure(*args, **options) for _ in range(rounds or self.rounds)]
        return [statistics.median(column) for column in zip(*runs)]

    def floor(self, job, what):
        return self.median([TOOLS / 'bench_floor', job, self.dir / f'{what}.list'])

    def transfers(self):
        argv = ['kdig', f'@{generate.SERVER}', '-k', self.lab.key_file('knot')]
        for zone in generate.names(self.n):
            argv += [zone, 'AXFR']
        return self.median(argv)

    def dnsguard(self, *args, codes, rounds=None):
        return self.median([self.lab.program, '--state', self.dir / 'state', '--no-color', *args], codes=codes,
                           rounds=rounds)

    def row(self, job, got, floors):
        least = sum(cpu for cpu, _, _ in floors)
        self.rows.append({'zones': self.n, 'provider': self.provider, 'job': job, 'cpu_s': got[0], 'wall_s': got[1],
                          'peak_mib': got[2], 'floor_cpu_s': least})
        print(f'{self.n:>7}  {self.provider:9} {job:24} {got[0]:9.3f} {got[1]:9.3f} {got[2]:8.1f} {least:9.3f} '
              f'{got[0] / least if least else 0:7.2f}', flush=True)

    def run(self):
        self.prepare()
        yaml = self.floor('yaml', 'same')
        have = self.transfers() if self.provider == 'knot' else self.floor('ldns', 'zones')
        self.row('plan, nothing to change', self.dnsguard('plan', self.dir / 'same', codes=(0,)), [yaml, have])
        self.row('plan, one change a zone', self.dnsguard('plan', '--adopt', '--force', self.dir / 'changed',
                                                          codes=(3,)), [yaml, have])
        write = None if self.provider == 'knot' else self.floor('rewrite', 'zones')
        applied = self.dnsguard('apply', '--yes', '--adopt', '--force', self.dir / 'changed', codes=(0,), rounds=1)
        again = self.dnsguard('plan', self.dir / 'changed', codes=(0,), rounds=1)
        if self.provider == 'knot':
            last = generate.names(self.n)[-1]
            if not any('-all' in text for text in self.server.dig(last, 'TXT')):
                raise Failed(f'{last}: was applied, but the server does not serve it')
            write = measure(['knsupdate', '-v', '-k', self.lab.key_file('knot'), self.dir / 'update.txt'])
            print(f'{"":7}  whole apply {self.n / applied[1]:.0f} zones/s wall (plan, journal and verify in it), knsupdate '
                  f'{self.n / write[1]:.0f} updates/s: {write[1] / applied[1]:.2f} x')
        self.row('apply, one change a zone', applied, [yaml, have, write])
        self.row('plan after it', again, [yaml, have])

    def clean(self):
        self.lab.stop_all()
        shutil.rmtree(self.dir, ignore_errors=True)


def main():
    options = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    options.add_argument('zones', metavar='N', type=int, nargs='*')
    options.add_argument('--full', action='store_true', help='100,000 zones as well')
    options.add_argument('--provider', choices=['zonefile', 'knot', 'pdns'], action='append')
    options.add_argument('--json', metavar='FILE', help='the figures as JSON lines too')
    chosen = options.parse_args()
    json_path = chosen.json and os.path.abspath(chosen.json)
    subprocess.run(['ninja', '-C', TOOLS.parents[1], 'tests/bench/bench_floor', 'tests/bench/bench_measure'],
                   check=True, stdout=subprocess.DEVNULL)
    counts = chosen.zones or [1, 100, 10000] + ([100000] if chosen.full else [])
    print(f'{"zones":>7}  {"provider":9} {"job":24} {"cpu s":>9} {"wall s":>9} {"peak MiB":>8} {"floor s":>9} {"ratio":>7}')
    bad = 0
    for provider in chosen.provider or ['zonefile', 'knot', 'pdns']:
        for n in counts:
            if n > MAX.get(provider, n):
                continue
            with lablib.Lab(f'{os.environ["LAB_DIR"]}/{provider}{n}') as lab:
                os.chdir(lab.dir)
                bench = Bench(n, provider, lab)
                try:
                    bench.run()
                except (Failed, lablib.LabError) as why:
                    print(f'{n:>7}  {provider:9} failed: {why}')
                    bad = 1
                bench.clean()
                if json_path:
                    with open(json_path, 'a', encoding='utf-8') as out:
                        out.writelines(json.dumps(row) + '\n' for row in bench.rows)
    return bad


if __name__ == '__main__':
    sys.exit(main())
