"""The guard's runner with the program itself, a real Knot and a mail server of the lab: alarm to split and back, people who meddle, kills."""
import json
import os
import pathlib
import random
import signal
import sqlite3
import stat
import subprocess
import time

import lab as lablib
import places
import pytest
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
ROUNDS = int(os.environ.get('DNSGUARD_KILLS', '50'))


class Guard:
    """A name server, a mail server, a policy, and the guard of its mail name as a process that can be killed."""

    def __init__(self, lab, mode='approved', hold_ms=4000, hook=None, kind='knot'):
        self.lab, self.mode, self.hold_ms, self.hook = lab, mode, hold_ms, hook
        self.place = places.Place(lab, kind, {ZONE: RECORDS}, ttl=2)
        servers.Unbound(lab, of=[self.place.server])
        self.policy = self.place.policy(ZONE, POLICY)
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
             *([self.hook] if self.hook else [])],
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


@pytest.fixture
def make(lab):
    made = []

    def guard(**options):
        made.append(Guard(lab, **options))
        return made[-1].start()
    yield guard
    for one in made:
        one.stop()


def whole_lines(path):
    """Of a file that grows: without a last line that is still being written."""
    return path.read_text().split('\n')[:-1] if path.exists() else []


def write_hook(lab, body='cat >> {0}'):
    letters = lab.dir / 'letters'
    hook = lab.write('hook', f'#!/bin/sh\n{body.format(letters)}\n')
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    return hook, lambda: [json.loads(line) for line in whole_lines(letters)]


def test_there_and_back(lab, make):
    hook, letters = write_hook(lab)
    guard = make(hook=hook)
    guard.say('alarm')
    guard.wait_told('an attack: get ready')
    lablib.wait_for(lambda: guard.place.rrset(ZONE, 'MX') == (1, CALM), 'the low TTL')
    guard.say_until('ready', lambda: guard.row()[1], 'a proposal')
    assert guard.mx() == CALM  # nobody has said yes
    assert ('', f'postmaster@{SUB}') in guard.taker.heard
    lab.dnsguard('approve', 'ffffffff').expect(2)
    guard.approve().expect(0)
    guard.wait_state('split')
    assert guard.mx() == NULL and guard.place.dig(SUB, 'MX') == CALM
    split = guard.place.axfr(ZONE)

    lablib.wait_for(lambda: guard.row()[1], 'the way back, proposed', 120)
    assert guard.place.axfr(ZONE) == split
    guard.approve().expect(0)
    guard.wait_state('cooldown')
    assert guard.place.table(ZONE) == guard.calm  # canonical records, TXT strings and TTLs
    lablib.wait_for(lambda: len(letters()) >= 5, 'letters')
    assert [row['event'] for row in letters()] == ['on-alarm', 'on-propose', 'on-split', 'on-propose', 'on-restore']
    assert [row['sequence'] for row in letters()] == [1, 2, 3, 4, 5]
    assert {row['subdomain'] for row in letters()} == {SUB + '.'}
    assert not guard.taker.letters  # never a message
    assert [row for row in guard.sql('SELECT why FROM run') if 'approve' in row[0]]

    # what the letter says to publish by hand is what undoes the split
    script = letters()[2]['restore']
    assert script.startswith(f'zone {ZONE}.\n') and f'update add {ZONE}. 1 MX 10 mx1.{ZONE}.' in script


def test_hook_of_the_example(lab):
    """examples/watch-postfix/hook: a letter that comes again changes nothing, and what a person wrote stays."""
    table, calls = lab.dir / 'domains', lab.dir / 'calls'
    postmap = lab.write('postmap', f'#!/bin/sh\necho "$@" >> {calls}\ntouch "${{1#hash:}}.db"\n', 0o755)
    text = (lablib.ROOT / 'examples/watch-postfix/hook').read_text()
    hook = lab.write('hook', text.replace('/etc/postfix/dnsguard-domains', str(table)).replace('/usr/sbin/postmap', str(postmap)),
                     0o755)
    table.write_text('lists.example.test\tby hand\n')
    letter = json.dumps({'type': 'event', 'event': 'on-alarm', 'subdomain': f'{SUB}.'})
    for _ in range(3):
        lab.run(hook, stdin=letter, check=True)
    assert table.read_text() == f'lists.example.test\tby hand\n{SUB}\tdnsguard\n'
    assert calls.read_text() == f'hash:{table}\n'
    lab.run(hook, stdin=json.dumps({'subdomain': 'x y\nevil OK'}), check=True)
    lab.run(hook, stdin=json.dumps({'subdomain': None}), check=True)
    assert 'evil' not in table.read_text()


def test_automatic(make):
    guard = make(mode='automatic', hold_ms=3600000)
    guard.say('alarm')
    guard.say_until('ready', lambda: guard.row()[0] == 'split', 'the split')
    assert guard.mx() == NULL


def test_mail_that_would_be_lost(make):
    """The subdomain refuses mail: not armed, not split, and said."""
    guard = make(mode='automatic')
    guard.taker.default = '550 5.1.1 unknown'
    guard.say('alarm')
    guard.wait_told('could not be armed')
    guard.say('ready')
    time.sleep(2)
    assert guard.mx() == CALM and guard.row()[0] == 'elevated'
    assert 'refuses' in guard.told


@pytest.mark.parametrize('edit', ['split', 'back'])
def test_a_person_meddles(make, edit):
    """Between our steps somebody edits the MX: held, with the person's records left alone, and release is his."""
    guard = make()
    guard.say('alarm')
    lablib.wait_for(lambda: guard.place.rrset(ZONE, 'MX') == (1, CALM), 'the low TTL')
    guard.say_until('ready', lambda: guard.row()[1], 'a proposal')
    if edit == 'back':
        guard.approve().expect(0)
        guard.wait_state('split')
        lablib.wait_for(lambda: guard.row()[1], 'the way back, proposed', 120)
    guard.place.update(ZONE, f'delete {ZONE}. MX', f'add {ZONE}. 60 MX 5 other.{ZONE}.')
    guard.approve()
    guard.wait_state('held')
    assert guard.mx() == [f'5 other.{ZONE}.']
    assert 'conflict' in guard.told


def test_stop(lab, make):
    guard = make(mode='automatic')
    guard.say('alarm')
    lablib.wait_for(lambda: guard.place.rrset(ZONE, 'MX') == (1, CALM), 'the low TTL')
    lab.dnsguard('stop').expect(0)
    guard.wait_state('held')
    before = guard.place.axfr(ZONE)
    for _ in range(5):
        guard.say('ready')
        time.sleep(0.3)
    assert guard.place.axfr(ZONE) == before
    assert 'not held' not in lab.dnsguard('release', ZONE).expect(0).stderr
    time.sleep(1.5)
    assert guard.row()[0] == 'held'  # the file is still there
    lab.dnsguard('release').expect(0)
    guard.wait_state('cooldown')
    lab.dnsguard('release', ZONE).expect(2)
    lab.dnsguard('stop', 'nobody.test').expect(2)
    assert lab.dnsguard('stop', '--json', ZONE).expect(0).json()['kind'] == 'stop'
    guard.wait_state('held')
    assert len(guard.sql("SELECT * FROM run WHERE who <> '' AND why LIKE '%release%'")) >= 2


def children(guard):
    """The dnsguard commands that run now on the journal of this guard: other tests have their own."""
    found = []
    for entry in pathlib.Path('/proc').iterdir():
        try:
            words = (entry / 'cmdline').read_bytes().split(b'\0') if entry.name.isdigit() else []
        except OSError:
            continue
        if os.fsencode(guard.state) in words and any(w in words for w in (b'arm', b'split', b'unsplit')):
            found.append(int(entry.name))
    return found


def test_killed_at_any_point(record_property, make):
    """kill -9 of the daemon and of its children, at random: the split is done once, and what comes back is what was there."""
    seed = int(os.environ.get('DNSGUARD_SEED', time.time_ns() % 1000000))
    print(f'DNSGUARD_SEED={seed}')
    chance = random.Random(seed)
    guard = make(mode='automatic', hold_ms=3600000)
    n_kills = 0
    for at in range(1, 4):
        end = time.monotonic() + 900
        is_back = False
        while time.monotonic() < end:
            guard.say('alarm')
            guard.say('ready')
            if n_kills < ROUNDS * at / 3:
                time.sleep(chance.uniform(0.01, 0.7))
                victims = children(guard)
                if victims and chance.random() < 0.6:
                    os.kill(chance.choice(victims), signal.SIGKILL)
                else:
                    guard.kill()
                    guard.start()
                n_kills += 1
            else:
                time.sleep(0.3)
            mx = guard.mx()
            assert mx in (CALM, NULL) and (mx == CALM or guard.place.dig(SUB, 'MX') == CALM)
            if guard.row()[0] == 'split' and n_kills >= ROUNDS * at / 3:
                is_back = True
                break
        assert is_back, (guard.row(), n_kills, guard.told)
        assert guard.mx() == NULL
        # The way back by hand, as a letter says; the guard is started anew.
        guard.kill()
        lablib.wait_for(lambda: not children(guard), 'children that outlived it', 120)
        guard.lab.dnsguard('unsplit', '--yes', guard.policy, '@').expect(0)
        assert guard.place.table(ZONE) == guard.calm
        guard.sql('DELETE FROM guard')
        guard.start()
    assert guard.sql("SELECT count(*) FROM step WHERE state = 'intended'") == [(0,)]
    assert n_kills >= ROUNDS
    record_property('kills', n_kills)
