#!/usr/bin/env python3
"""From the word to the answer (run in the lab: ./dev bench latency): how long until the primary serves a split.

    bench_latency.py [N] [KIND...]

Knot, BIND and PowerDNS (knot, bind, pdns), N rounds each. A round begins with an armed name: MX with a low TTL, subdomain published. It ends when a
question to the primary finds the null MX at the name and an MX at the subdomain. Side by side in each round:

    sync        one entry of a journal on this disk: 4 KiB and fdatasync(). A split writes two before its UPDATE, the guard two before that
    start       a program that starts and ends: `nsupdate -V`, `dnsguard log --help`
    floor       ldns in one process: one signed UPDATE, one question
    nsupdate    by hand: the program started with the one change
    split       `dnsguard split` by hand; without the question by SMTP (--no-smtp), and with it
    approved    `dnsguard approve` to the answer: the command, the guard, and the process that stands by and becomes the split
    automatic   evidence that is enough, to the answer: the guard by itself

What the policy waits for (15 minutes of alarm, TTLs, a person) is not in it. Nothing here passes or fails for being slow: machines differ.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / 'tests/lab'), str(ROOT / 'tests/functional')]
import guarding  # noqa: E402
import lab as lablib  # noqa: E402

BUILD = ROOT / 'build'
TOOL = BUILD / 'tests/bench/bench_latency'
ZONE, SUB = guarding.ZONE, guarding.SUB
HOST = f'10 mx1.{ZONE}.'


REST_S = 1.5  # name servers put off what comes right behind another change: nothing does, in an attack


class Watcher:
    """Asks the primary until the split is there."""

    def __init__(self, address):
        time.sleep(REST_S)
        self.process = subprocess.Popen([TOOL, 'watch', address, ZONE, SUB], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == 'asking\n'

    def milliseconds(self, since_ns):
        seen = self.process.stdout.read()
        if self.process.wait() != 0:
            raise lablib.LabError('the split was not served')
        return (int(seen) - since_ns) / 1e6


class Rounds:
    def __init__(self, lab, kind):
        self.lab, self.guard = lab, guarding.Guard(lab, kind=kind, hold_ms=3600000)
        self.address = self.guard.place.address
        self.script = lab.write('null.txt', f'server {self.address} 53\nzone {ZONE}.\nupdate delete {ZONE}. MX\n'
                                f'update add {ZONE}. 1 MX 0 .\nsend\n')
        self.key = lab.key_file()

    def arm(self):
        self.lab.dnsguard('arm', '--yes', '--now', '--no-smtp', self.guard.policy, ZONE).expect(0)

    def back(self):
        """The old MX is there again, with its old TTL."""
        self.lab.dnsguard('unsplit', '--yes', '--now', self.guard.policy, ZONE).expect(0)
        if self.guard.mx() != guarding.CALM:
            raise lablib.LabError(f'the way back left {self.guard.mx()}')

    def timed(self, argv):
        watcher = Watcher(self.address)
        since = time.monotonic_ns()
        with open(self.lab.dir / 'said', 'w+b') as said:
            process = subprocess.Popen([str(word) for word in argv], stdout=said, stderr=said)
            try:
                ms = watcher.milliseconds(since)
            except lablib.LabError as why:
                said.seek(0)
                raise lablib.LabError(f'{why}\n{said.read().decode(errors="replace")}') from None
            process.wait()
        return ms

    def sync(self):
        fd = os.open(self.guard.state / 'sync', os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(fd, bytes(4096))  # the file is there
        os.fdatasync(fd)
        since = time.monotonic_ns()
        os.write(fd, bytes(4096))
        os.fdatasync(fd)
        ms = (time.monotonic_ns() - since) / 1e6
        os.close(fd)
        os.unlink(self.guard.state / 'sync')
        return ms

    def start(self, *argv):
        since = time.monotonic_ns()
        subprocess.run([str(word) for word in argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return (time.monotonic_ns() - since) / 1e6

    def floor(self):
        self.arm()
        time.sleep(REST_S)
        key = self.lab.key
        out = self.lab.run(TOOL, 'floor', self.address, ZONE, ZONE, SUB, HOST, key.name, key.secret, 1, check=True).stdout
        return int(out.split()[1]) / 1e6

    def nsupdate(self):
        ms = self.timed(['nsupdate', '-k', self.key, self.script])
        self.guard.place.update(ZONE, f'delete {ZONE} MX', f'add {ZONE} 1 MX {HOST}')
        self.back()
        return ms

    def split(self, *options):
        self.arm()
        ms = self.timed([self.lab.program, '--state', self.guard.state, 'split', '--json', '--yes', '--now', *options, '--',
                         self.guard.policy, ZONE])
        self.back()
        return ms

    def begin(self, mode):
        """A guard that has seen the alarm and arms."""
        self.guard.sql('DELETE FROM guard')
        self.guard.mode = mode
        self.guard.start()
        self.guard.say('alarm')
        self.guard.wait_told('an attack: get ready')

    def is_armed(self):
        return any('"is_armed":true' in str(cell).replace(' ', '') for row in self.guard.sql('SELECT * FROM guard') for cell in row)

    def end(self):
        self.guard.wait_state('split')
        self.guard.process.stdin.close()
        self.guard.process.wait()
        self.back()

    def approved(self):
        self.begin('approved')
        self.guard.say_until('ready', lambda: self.guard.row()[1], 'a proposal')
        ms = self.timed([self.lab.program, '--state', self.guard.state, 'approve', self.guard.row()[1][:8]])
        self.end()
        return ms

    def automatic(self):
        self.begin('automatic')
        lablib.wait_for(self.is_armed, 'that it is armed', 300)
        watcher = Watcher(self.address)
        since = time.monotonic_ns()
        self.guard.say('ready')
        ms = watcher.milliseconds(since)
        self.end()
        return ms


def say(kind, name, values, floor):
    ranked = sorted(values)
    median, p95 = statistics.median(ranked), ranked[min(len(ranked) - 1, int(0.95 * len(ranked)))]
    print(f'{kind:6} {name:22} {len(values):4} {median:9.2f} {p95:9.2f} {ranked[0]:9.2f} {median - floor:12.2f}', flush=True)
    return median


def main():
    words = sys.argv[1:]
    n = int(words.pop(0)) if words and words[0].isdigit() else 20
    subprocess.run(['ninja', '-C', BUILD, 'tests/bench/bench_latency', 'tests/functional/guard_driver'], check=True,
                   stdout=subprocess.DEVNULL)
    print(f'load {" ".join(f"{x:.1f}" for x in os.getloadavg())}, {os.cpu_count()} processors; milliseconds to the first right answer')
    print(f'{"server":6} {"":22} {"n":>4} {"median":>9} {"p95":>9} {"least":>9} {"above floor":>12}')
    for kind in words or ['knot', 'bind', 'pdns']:
        with lablib.Lab(f'{os.environ["LAB_DIR"]}/{kind}') as lab:
            rounds = Rounds(lab, kind)
            jobs = [('sync', rounds.sync), ('start: nsupdate', lambda: rounds.start('nsupdate', '-V')),
                    ('start: dnsguard', lambda: rounds.start(rounds.lab.program, 'log', '--help')),
                    ('floor: ldns', rounds.floor), ('nsupdate', rounds.nsupdate),
                    ('split --no-smtp', lambda: rounds.split('--no-smtp')), ('split', rounds.split),
                    ('approved', rounds.approved), ('automatic', rounds.automatic)]
            seen = {name: [] for name, _ in jobs}
            for _ in range(n):
                for name, job in jobs:
                    seen[name].append(job())
            floor = statistics.median(seen['floor: ldns'])
            for name, values in seen.items():
                say(kind, name, values, floor)
            rounds.guard.stop()
    return 0


if __name__ == '__main__':
    sys.exit(main())
