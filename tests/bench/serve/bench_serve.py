#!/usr/bin/env python3
"""A registrar's day: N domains are parked, one signed event each, beside `dnsguard apply` of the same N policies in the same run.

    bench_serve.py [--json FILE] [--connections N] [--kills N] [--api [--rate CALLS] [--seconds S] [--lose N]] [N]

CPU seconds are of the process that does it (the platform's are not counted), from the kernel. Both start with zone files without any of our
records, end with the same records, and are asked what is left to do: nothing. --kills: the server is killed so often in between,
and no zone may have been changed twice. --api: all domains are zones of one account behind one HTTP API (tests/lab/account.py) that lets in CALLS
in any S seconds and keeps a record of each write; that record is what is believed in the end. --lose: so many writes get no answer. Nothing here passes or fails for being slow: machines differ.
"""
import argparse
import base64
import collections
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
PROGRAM = os.environ.get('DNSGUARD', ROOT / 'build/controller/dnsguard')
sys.path.insert(0, str(ROOT / 'tests/lab'))
import account  # pylint: disable=wrong-import-position
import api
KEY = bytes(range(32))
ZONE = '$ORIGIN {zone}.\n$TTL 300\n@ SOA ns1 hostmaster 1 3600 600 86400 300\n@ NS ns1\nns1 A 192.0.2.1\n@ A 192.0.2.2\n'
TEMPLATE = '''zone: "{zone}"
provider: {zonefile: {path: "%s/{zone}.zone"}}
verify: {servers: none}
hosts: ignore
silent: ["@", "*"]
'''
API_TEMPLATE = '''zone: "{zone}"
provider: {cloudflare: {url: "%s", token-file: "%s", calls-per-minute: %d}}
verify: {servers: none}
hosts: ignore
silent: ["@", "*"]
'''
STANDS = {('@', 'A'): (3600, ['192.0.2.2']), ('@', 'MX'): (3600, ['0 .']), ('*', 'MX'): (3600, ['0 .']),
          ('@', 'TXT'): (3600, ['"v=spf1 -all"']), ('*', 'TXT'): (3600, ['"v=spf1 -all"']),
          ('_dmarc', 'TXT'): (3600, ['"v=DMARC1; p=reject; sp=reject; np=reject; adkim=s; aspf=s"'])}
POLL_S = .1
BURST = 60  # what dnsguard sends at once after a rest, and once more after a start
TICKS = os.sysconf('SC_CLK_TCK')


class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.host)


class Day:
    def __init__(self, folder, names, n_connections):
        self.dir, self.names, self.n_connections = folder, names, n_connections
        for name in 'zones', 'templates', 'policies':
            (folder / name).mkdir(parents=True)
        (folder / 'templates/parked.yaml').write_text(self.template())
        (folder / 'secret').write_text('whsec_' + base64.b64encode(KEY).decode())
        (folder / 'secret').chmod(0o600)
        self.cpu_s = 0.0
        self.stats = []

    def template(self):
        for name in self.names:
            (self.dir / 'zones' / f'{name}.zone').write_text(ZONE.replace('{zone}', name))
        return TEMPLATE % (self.dir / 'zones')

    def run(self, *argv, codes=(0,)):
        done = subprocess.run([PROGRAM, '--state', self.dir / 'state', *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert done.returncode in codes, f'{done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}'
        return done

    def start(self):
        self.process = subprocess.Popen(
            [PROGRAM, '--state', self.dir / 'state', 'serve', self.dir / 'policies', '--templates', self.dir / 'templates', '--socket',
             f'unix:{self.dir}/api', '--webhook-secret', self.dir / 'secret', '--rate', '1000000', '--limit', '1000000'],
            stdout=subprocess.PIPE)
        self.process.stdout.readline()

    def end(self, number=signal.SIGTERM):
        fields = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text().rpartition(')')[2].split()
        self.cpu_s += (int(fields[11]) + int(fields[12])) / TICKS
        status = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        self.stats.append(int(status.split('VmHWM:')[1].split()[0]) / 1024)
        self.process.send_signal(number)
        self.process.wait()

    # the platform

    def send(self, names):
        """Each event until it is taken, however often the server goes away."""
        connection = None
        for name in names:
            body = json.dumps({'type': 'domain.parked', 'data': {'domain': name}}).encode()
            at = str(int(time.time()))
            signed = b'.'.join((f'park-{name}'.encode(), at.encode(), body))
            headers = {'Content-Type': 'application/json', 'webhook-id': f'park-{name}', 'webhook-timestamp': at,
                       'webhook-signature': 'v1,' + base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()}
            while True:
                try:
                    connection = connection or Unix(f'{self.dir}/api')
                    connection.request('POST', '/v1/events', body, headers)
                    answer = connection.getresponse()
                    answer.read()
                    assert answer.status in (202, 503), answer.status
                    if answer.status == 202:
                        break
                except (OSError, http.client.HTTPException):
                    connection = None
                time.sleep(.05)

    def waiting(self):
        c = Unix(f'{self.dir}/api')
        c.request('GET', '/v1/health')
        return json.loads(c.getresponse().read())['waiting']

    def serve(self, n_kills):
        self.start()
        began = time.monotonic()
        threads = [threading.Thread(target=self.send, args=(self.names[i::self.n_connections],)) for i in range(self.n_connections)]
        for thread in threads:
            thread.start()
        for n in range(n_kills):
            while self.n_steps() < (n + 1) * len(self.names) // (n_kills + 1):
                time.sleep(POLL_S)
            self.end(signal.SIGKILL)
            self.start()
        for thread in threads:
            thread.join()
        taken_s = time.monotonic() - began
        while self.waiting() > 0:
            time.sleep(POLL_S)
        wall_s = time.monotonic() - began
        self.end()
        return {'what': 'serve', 'cpu_s': self.cpu_s, 'wall_s': wall_s, 'taken_s': taken_s, 'rss_mib': max(self.stats)}

    def n_steps(self):
        """By the number of the last: counting them all would take longer with each."""
        with sqlite3.connect(f'file:{self.dir}/state/journal.db?mode=ro', uri=True) as db:
            return db.execute('SELECT max(id) FROM step').fetchone()[0] or 0

    def apply(self):
        """The same policies by the command that a person runs."""
        for name in self.names:
            (self.dir / 'policies' / f'{name}.yaml').write_text((TEMPLATE % (self.dir / 'zones')).replace('{zone}', name))
        began, before = time.monotonic(), os.times()
        self.run('apply', '--yes', '--json', self.dir / 'policies')
        after = os.times()
        return {'what': 'apply', 'cpu_s': after.children_user + after.children_system - before.children_user - before.children_system,
                'wall_s': time.monotonic() - began, 'taken_s': 0.0, 'rss_mib': 0.0}

    def check(self):
        """Nothing is lost, nothing was done twice."""
        self.run('plan', '--json', self.dir / 'policies')
        with sqlite3.connect(f'file:{self.dir}/state/journal.db?mode=ro', uri=True) as db:
            rows = db.execute("SELECT zone, sum(state IN ('applied', 'verified')) FROM step GROUP BY zone").fetchall()
        assert len(rows) == len(self.names) and {row[1] for row in rows} == {1}, len(rows)


class ApiDay(Day):
    """All domains behind one API."""

    def __init__(self, folder, names, n_connections, rate, seconds, n_lost):
        self.account = account.Account(names, rate * seconds, seconds)
        self.account.lose = set(range(7, 7 + 11 * n_lost, 11))
        self.per_minute = 60 * (rate * seconds - 2 * BURST) // seconds
        super().__init__(folder, names, n_connections)

    def template(self):
        (self.dir / 'token').write_text(api.TOKEN)
        (self.dir / 'token').chmod(0o600)
        return API_TEMPLATE % (self.account.url, self.dir / 'token', self.per_minute)

    def check(self):
        """By what the provider has on record: all stands, and was written once."""
        a = self.account
        a.stop()
        for name in self.names:
            stands = {key: value for key, value in a.zone(name).image().items() if key != ('_dnsguard', 'TXT')}
            assert stands == STANDS, f'{name}: {stands}'
        n_writes = collections.Counter(len(a.writes[name]) for name in self.names)
        assert n_writes == {1: len(self.names)}, n_writes
        assert a.n_twice == 0
        with sqlite3.connect(f'file:{self.dir}/state/journal.db?mode=ro', uri=True) as db:
            assert db.execute("SELECT count(*) FROM step WHERE state = 'intended'").fetchone() == (0,)
        return {'calls': a.n_calls, 'refused': a.n_refused, 'early': a.n_early, 'lost': a.n_lost}


def by_api(options, names, folder):
    day = ApiDay(folder, names, options.connections, options.rate, options.seconds, options.lose)
    row = day.serve(options.kills)
    row.update(day.check())
    print(f'{len(names)} domains parked behind one API ({options.rate} calls a second, in any {options.seconds} s), {options.kills} kills, '
          f'{row["lost"]} answers lost: each stands as its policy says, each was written once')
    print(f'calls {row["calls"]} ({row["calls"] / len(names):.2f} a domain); refused as too many {row["refused"]}, of all that came before the end '
          f'of a wait {row["early"]}')
    print(f'wall {row["wall_s"]:.1f} s ({row["calls"] / row["wall_s"]:.0f} calls a second), all taken after {row["taken_s"]:.1f} s; '
          f'CPU {row["cpu_s"]:.2f} s, RSS {row["rss_mib"]:.1f} MiB')
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('n', nargs='?', type=int, default=10000)
    parser.add_argument('--connections', type=int, default=16)
    parser.add_argument('--kills', type=int, default=0)
    parser.add_argument('--json', type=pathlib.Path)
    parser.add_argument('--api', action='store_true')
    parser.add_argument('--rate', type=int, default=300)
    parser.add_argument('--seconds', type=int, default=10)
    parser.add_argument('--lose', type=int, default=0)
    options = parser.parse_args()
    names = [f'p{n}.example' for n in range(options.n)]
    if options.api:
        with tempfile.TemporaryDirectory() as folder:
            row = by_api(options, names, pathlib.Path(folder) / 'api')
        if options.json:
            options.json.write_text(json.dumps([row], indent=1) + '\n')
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for what in 'serve', 'apply':
            day = Day(pathlib.Path(folder) / what, names, options.connections)
            rows.append(day.serve(options.kills) if what == 'serve' else day.apply())
            day.check()
            shutil.rmtree(day.dir)
    print(f'{options.n} domains parked, {options.kills} kills: nothing lost, nothing done twice')
    print(f'{"":<6} {"CPU s":>8} {"domains/CPU s":>14} {"wall s":>8} {"taken s":>8} {"RSS MiB":>8} {"ratio":>6}')
    for row in rows:
        row['ratio'] = row['cpu_s'] / rows[1]['cpu_s']
        print(f'{row["what"]:<6} {row["cpu_s"]:>8.2f} {options.n / row["cpu_s"]:>14.0f} {row["wall_s"]:>8.1f} {row["taken_s"]:>8.1f} '
              f'{row["rss_mib"]:>8.1f} {row["ratio"]:>6.2f}')
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + '\n')


if __name__ == '__main__':
    sys.exit(main())
