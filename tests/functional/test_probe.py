"""Probes with a sink, and labels that mail moves on to, with the program itself, a real Knot and mail servers of the lab."""
import os
import random
import signal
import time

import guarding
import lab as lablib
import pytest
import taker as takers
from guarding import CALM, MX, NULL, SUB, ZONE, Guard, children, write_hook

SINK = '127.0.0.26'
RECORDS = guarding.RECORDS + f'sink A {SINK}\n'
POLICY = '''mail:
  "@":
    mx: [10 mx1.example.test]
    spf: [mx]
    dmarc: {policy: none}
    split: {to: m, armed-ttl: 1s, sink: [10 sink.example.test], probe: 1m, rotate: [m2, m3]}
'''
SUNK = ['10 sink.example.test.']
REJECT = '"v=DMARC1; p=reject; sp=reject; np=reject; adkim=s; aspf=s"'


class Probed(Guard):
    """With a sink that refuses null senders and takes the rest, as the policy service makes it."""

    def __init__(self, lab, listen_ms=1500, labels=(), **options):
        super().__init__(lab, policy=POLICY, records=RECORDS, more=(listen_ms, *labels), **options)
        self.sink = takers.Taker(SINK)

    def stop(self):
        super().stop()
        self.sink.stop()

    def to_split(self):
        end = time.monotonic() + 60
        self.say('alarm')
        while self.row()[0] != 'split' and time.monotonic() < end:
            self.say('ready')
            time.sleep(0.2)
        self.wait_state('split')

    def say_until(self, word, is_so, what):
        """Mail comes all the time; what is told before the guard listens does not count."""
        end = time.monotonic() + 60
        while not is_so():
            assert time.monotonic() < end, (what, self.row(), self.told)
            self.say(word)
            time.sleep(0.2)


@pytest.fixture
def make(lab):
    made = []

    def probed(**options):
        made.append(Probed(lab, mode='automatic', **options))
        return made[-1].start()
    yield probed
    for one in made:
        one.stop()


def test_silent(lab, make):
    """Null MX, sink, and all that was there before; SPF and DMARC do not loosen in between."""
    hook, letters = write_hook(lab)
    guard = make(hook=hook)
    guard.to_split()
    guard.wait_state('probing')
    lablib.wait_for(lambda: guard.mx() == SUNK, 'the sink', 60)
    assert guard.place.rrset(ZONE, 'MX')[0] == 1
    assert '"v=spf1 -all"' in guard.place.dig(ZONE, 'TXT')
    assert guard.place.dig(f'_dmarc.{ZONE}', 'TXT') == [REJECT]
    guard.say_until('mail', lambda: guard.row()[0] == 'cooldown', 'the way back')
    assert guard.place.table(ZONE) == guard.calm
    # asked as a sender is, and once with a sign of life that it may refuse
    assert (f'postmaster@{SUB}', f'postmaster@{ZONE}') in guard.sink.heard
    assert [rcpt for sender, rcpt in guard.sink.heard if sender == '' and rcpt.startswith('dnsguard-probe-')]
    assert not guard.sink.letters
    lablib.wait_for(lambda: [row for row in letters() if row['event'] == 'on-restore'], 'letters', 60)
    assert [row['why'] for row in letters() if row['event'] == 'on-probe'] == [
        'the sink is verified: listening', 'the attack is over']


def test_loud(make):
    guard = make(listen_ms=3600000, hold_ms=2000)
    guard.to_split()
    guard.wait_state('probing')
    guard.wait_told('listening')
    guard.say_until('loud', lambda: guard.row()[0] == 'split', 'null again')
    lablib.wait_for(lambda: guard.mx() == NULL, 'the null MX again', 60)
    assert 'the hold is doubled' in guard.told


def test_by_hand(lab, make):
    guard = make(hold_ms=3600000)
    assert 'not split' in lab.dnsguard('probe', '--yes', guard.policy, '@').expect(1).stderr
    guard.to_split()
    assert guard.mx() == NULL
    split = guard.place.table(ZONE)
    assert SUNK[0] in lab.dnsguard('probe', '--dry-run', guard.policy, '@').expect(3).stdout
    guard.sink.default = '550 5.7.1 no'
    assert 'the sink refuses mail' in lab.dnsguard('probe', '--yes', guard.policy, '@').expect(1).stderr
    assert guard.mx() == NULL
    guard.sink.default = takers.GOOD
    lab.dnsguard('probe', '--yes', guard.policy, '@').expect(0)
    assert guard.mx() == SUNK
    n = len(guard.sink.heard)
    lab.dnsguard('probe', '--yes', guard.policy, '@').expect(0)  # looked at again
    assert len(guard.sink.heard) > n
    lab.dnsguard('apply', '--yes', guard.policy).expect(0)  # nobody else takes it away
    assert guard.mx() == SUNK
    lab.dnsguard('split', '--yes', guard.policy, '@').expect(0)
    assert guard.place.table(ZONE) == split
    lab.dnsguard('probe', '--yes', guard.policy, '@').expect(0)
    lab.dnsguard('unsplit', '--yes', guard.policy, '@').expect(0)
    assert guard.place.table(ZONE) == guard.calm


def test_rotation_by_hand(lab, make):
    guard = make(hold_ms=3600000)
    m2, m3 = f'm2.{ZONE}', f'm3.{ZONE}'
    guard.to_split()
    guard.taker.answers[f'postmaster@{m2}'] = '550 5.1.1 not yet'
    lab.dnsguard('rotate', '--yes', guard.policy, '@', 'm2').expect(3)
    assert guard.place.dig(m2, 'MX') == CALM and guard.place.dig(SUB, 'MX') == CALM
    assert 'refuse mail' in lab.dnsguard('retire', '--yes', guard.policy, '@').expect(1).stderr
    del guard.taker.answers[f'postmaster@{m2}']
    lab.dnsguard('rotate', '--yes', guard.policy, '@', 'm2').expect(0)
    lab.dnsguard('rotate', '--yes', guard.policy, '@', 'm4').expect(2)
    lab.dnsguard('retire', '--yes', guard.policy, '@').expect(0)
    assert guard.place.rrset(SUB, 'MX') == (1, NULL) and guard.place.dig(m2, 'MX') == CALM
    assert guard.place.dig(f'_dmarc.{SUB}', 'TXT') == [REJECT]
    assert 'moved on' in lab.dnsguard('rotate', '--yes', guard.policy, '@', 'm').expect(1).stderr
    lab.dnsguard('rotate', '--yes', guard.policy, '@', 'm3').expect(0)
    lab.dnsguard('retire', '--yes', guard.policy, '@').expect(0)
    assert guard.place.dig(m2, 'MX') == NULL and guard.place.dig(m3, 'MX') == CALM
    lab.dnsguard('unsplit', '--yes', guard.policy, '@').expect(0)
    assert guard.place.table(ZONE) == guard.calm
    assert not guard.sql('SELECT * FROM stage')


def test_the_attacker_follows(lab, make):
    """To m2, with m serving until nobody writes there any more; back with all that was there."""
    hook, letters = write_hook(lab)
    m2 = f'm2.{ZONE}'
    guard = make(hook=hook, hold_ms=20000, labels=(SUB + '.', m2 + '.'))
    guard.taker.answers[f'postmaster@{m2}'] = '550 5.1.1 not yet'  # what the hook has to change
    guard.to_split()
    guard.say_until('followed 0', lambda: guard.row()[0] == 'rotating', 'the next label')
    lablib.wait_for(lambda: [row for row in letters() if row['event'] == 'on-rotate'], 'the letter', 60)
    assert letters()[-1]['subdomain'] == m2 + '.' and letters()[-1]['subdomains'] == [SUB + '.', m2 + '.']
    guard.kill()
    guard.start()
    del guard.taker.answers[f'postmaster@{m2}']
    guard.wait_state('split', 60)
    assert guard.place.dig(m2, 'MX') == CALM and guard.mx() == NULL
    lablib.wait_for(lambda: guard.place.dig(SUB, 'MX') == NULL, 'the old label given up', 60)
    guard.say_until('mail', lambda: guard.row()[0] == 'cooldown', 'the way back')
    assert guard.place.table(ZONE) == guard.calm
    assert [row['event'] for row in letters() if row['event'] == 'on-retire']


@pytest.mark.slow
def test_killed_in_a_probe(record_property, make):
    """kill -9 of the daemon and of its children in every part of a probe: the MX is the null MX, the sink or what was there."""
    chance = random.Random(int(os.environ.get('DNSGUARD_SEED', time.time_ns() % 1000000)))
    guard = make(hold_ms=1000)
    n_kills, end = 0, time.monotonic() + 120
    guard.to_split()
    while guard.row()[0] != 'cooldown':
        assert time.monotonic() < end, (guard.row(), guard.told)
        guard.say('mail')
        mx = guard.mx()
        assert mx in (CALM, NULL, SUNK), mx
        time.sleep(chance.uniform(0.01, 0.5))
        if n_kills < 20:
            victims = children(guard)
            if victims and chance.random() < 0.5:
                os.kill(chance.choice(victims), signal.SIGKILL)
            else:
                guard.kill()
                guard.start()
            n_kills += 1
    assert guard.place.table(ZONE) == guard.calm
    assert guard.sql("SELECT count(*) FROM step WHERE state = 'intended'") == [(0,)]
    record_property('kills', n_kills)
