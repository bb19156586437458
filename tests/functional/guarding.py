"""The guard's runner as a process of its own (guard_driver), with a real name server and a mail server of the lab."""
import json
import pathlib
import sqlite3
import stat
import subprocess
import time

import lab as lablib
import places
import processes
import servers
import taker as takers

ZONE, SUB = 'example.test', 'm.example.test'
MX = '127.0.0.25'
RECORDS = f'''@ 4 MX 10 mx1
@ 4 TXT "v=spf1 mx -all"
@ 4 TXT "site=1" "two strings"
_dmarc 4 TXT "v=DMARC1; p=none"
mx1 A {MX}
'''
POLICY = '''mail:
  "@":
    mx: [10 mx1.example.test]
    spf: [mx]
    dmarc: {policy: none}
    split: {to: m, armed-ttl: 1s}
'''
CALM, NULL = ['10 mx1.example.test.'], ['0 .']


class Guard:
    """A name server, a mail server, a policy, and the guard of its mail name as a process that can be killed."""

    def __init__(self, lab, mode='approved', hold_ms=4000, hook=None, kind='knot', policy=POLICY, records=RECORDS, more=()):
        self.lab, self.mode, self.hold_ms, self.hook, self.more = lab, mode, hold_ms, hook, [str(word) for word in more]
        self.place = places.Place(lab, kind, {ZONE: records}, ttl=2)
        servers.Unbound(lab, of=[self.place.server])
        self.policy = self.place.policy(ZONE, policy)
        self.taker = takers.Taker(MX)
        self.state = lab.dir / 'state'
        lab.dnsguard('apply', '--yes', '--adopt', self.policy).expect(0)
        self.calm = self.place.table(ZONE)
        self.driver = pathlib.Path(lab.program).resolve().parents[1] / 'tests/functional/guard_driver'
        self.process, self.n_starts = None, 0

    def start(self):
        self.n_starts += 1
        self.log = self.lab.dir / f'guard{self.n_starts}.log'
        self.process = subprocess.Popen(
            [self.driver, self.state, self.lab.program, self.policy, f'{ZONE}.', f'{ZONE}.', self.mode, str(self.hold_ms),
             self.hook or '-', *self.more],
            stdin=subprocess.PIPE, stdout=open(self.log, 'wb'), stderr=subprocess.STDOUT, text=True)
        return self

    def say(self, word):
        self.process.stdin.write(word + '\n')
        self.process.stdin.flush()

    def say_until(self, word, is_true, what):
        """As the detector does, again and again: it may be too early for the guard."""
        def once():
            self.say(word)
            time.sleep(0.3)
            return is_true()
        try:
            lablib.wait_for(once, what, 180)
        except lablib.LabError as why:
            raise lablib.LabError(f'{why}, it is {self.row()}\n{self.told}') from None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(120)
        self.taker.stop()

    @property
    def told(self):
        return self.log.read_text()

    def wait_told(self, words, timeout_s=120):
        try:
            lablib.wait_for(lambda: words in self.told, words, timeout_s)
        except lablib.LabError as why:
            raise lablib.LabError(f'{why}\n{self.told}') from None

    def mx(self):
        return self.place.dig(ZONE, 'MX')

    def sql(self, text):
        with sqlite3.connect(self.state / 'journal.db', timeout=120) as db:
            return db.execute(text).fetchall()

    def row(self):
        found = self.sql('SELECT state, proposal FROM guard')
        return found[0] if found else (None, None)

    def wait_state(self, state, timeout_s=180):
        try:
            lablib.wait_for(lambda: self.row()[0] == state, state, timeout_s)
        except lablib.LabError as why:
            raise lablib.LabError(f'{why}, it is {self.row()}\n{self.told}') from None

    def approve(self):
        lablib.wait_for(lambda: self.row()[1], 'a proposal', 120)
        return self.lab.dnsguard('approve', self.row()[1][:8])


def whole_lines(path):
    """Of a file that grows: without a last line that is still being written."""
    return path.read_text().split('\n')[:-1] if path.exists() else []


def write_hook(lab, body='cat >> {0}'):
    letters = lab.dir / 'letters'
    hook = lab.write('hook', f'#!/bin/sh\n{body.format(letters)}\n')
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    return hook, lambda: [json.loads(line) for line in whole_lines(letters)]


def children(guard):
    """The dnsguard commands that run now on the journal of this guard: other tests have their own."""
    return processes.commands(guard.state, 'arm', 'split', 'unsplit')


def standing_by(guard):
    """The process that waits beside this guard to be its next command; None."""
    return next((pid for pid in processes.children(guard.process.pid) if processes.stands_by(pid, guard.state)), None)
