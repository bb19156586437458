#!/usr/bin/env python3
"""A registrar's day: N domains are parked, one signed event each, beside `dnsguard apply` of the same N policies in the same run.

    bench_serve.py [--json FILE] [--connections N] [--kills N] [N]

CPU seconds are of the process that does it (the platform's are not counted), from the kernel. Both start with zone files without any of our
records, end with the same records, and are asked what is left to do: nothing. --kills: the server is killed so often in between,
and no zone may have been changed twice. Nothing here passes or fails for being slow: machines differ.
"""
import argparse
import base64
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

PROGRAM = pathlib.Path(__file__).resolve().parent.parent.parent.parent / 'build/controller/dnsguard'
KEY = bytes(range(32))
ZONE = '$ORIGIN {zone}.\n$TTL 300\n@ SOA ns1 hostmaster 1 3600 600 86400 300\n@ NS ns1\nns1 A 192.0.2.1\n@ A 192.0.2.2\n'
TEMPLATE = '''zone: "{zone}"
provider: {zonefile: {path: "%s/{zone}.zone"}}
verify: {servers: none}
hosts: ignore
silent: ["@", "*"]
'''
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
        for name in names:
            (folder / 'zones' / f'{name}.zone').write_text(ZONE.replace('{zone}', name))
        (folder / 'templates/parked.yaml').write_text(TEMPLATE % (folder / 'zones'))
        (folder / 'secret').write_text('whsec_' + base64.b64encode(KEY).decode())
        (folder / 'secret').chmod(0o600)
        self.cpu_s = 0.0
        self.stats = []

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
                time.sleep(.05)
            self.end(signal.SIGKILL)
            self.start()
        for thread in threads:
            thread.join()
        taken_s = time.monotonic() - began
        while self.waiting() > 0:
            time.sleep(.05)
        wall_s = time.monotonic() - began
        self.end()
        return {'what': 'serve', 'cpu_s': self.cpu_s, 'wall_s': wall_s, 'taken_s': taken_s, 'rss_mib': max(self.stats)}

    def n_steps(self):
        with sqlite3.connect(f'file:{self.dir}/state/journal.db?mode=ro', uri=True) as db:
            return db.execute('SELECT count(*) FROM step').fetchone()[0]

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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('n', nargs='?', type=int, default=10000)
    parser.add_argument('--connections', type=int, default=16)
    parser.add_argument('--kills', type=int, default=0)
    parser.add_argument('--json', type=pathlib.Path)
    options = parser.parse_args()
    names = [f'p{n}.example' for n in range(options.n)]
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
