"""The guard's runner with the program itself, a real Knot and a mail server of the lab: alarm to split and back, people who meddle, kills."""
import itertools
import json
import os
import random
import signal
import time

import lab as lablib
import pytest
from guarding import CALM, NULL, SUB, ZONE, Guard, children, standing_by, write_hook

ROUNDS = int(os.environ.get('DNSGUARD_KILLS', '50'))


@pytest.fixture
def make(lab):
    made = []

    def guard(**options):
        made.append(Guard(lab, **options))
        return made[-1].start()
    yield guard
    for one in made:
        one.stop()


def check_record(lab, guard):
    """One record of the episode, opened by the guard, with its states and the changes of DNS, in their order."""
    listed = lab.dnsguard('incident', 'list', '--json').expect(3).stdout.splitlines()
    assert [json.loads(row)['name'] for row in listed] == [f'{ZONE}.']
    out = json.loads(lab.dnsguard('incident', 'show', ZONE, '--json').expect(0).stdout)
    assert out['opened_by'] == 'dnsguard watch' and out['zone'] == f'{ZONE}.' and out['broken'] is None
    states = [e['data']['to'] for e in out['timeline'] if e['kind'] == 'guard']
    order = ['elevated', 'splitting', 'split', 'restoring', 'cooldown']
    assert [s for s, _ in itertools.groupby(states) if s in order] == order
    assert len([e for e in out['timeline'] if e['kind'] == 'change']) >= 3  # armed, split, restored
    said = lab.dnsguard('incident', 'close', ZONE).expect(3)
    assert 'the guard is not calm yet' in said.stdout


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
    lablib.wait_for(lambda: letters() and letters()[-1]['event'] == 'on-restore', 'letters')
    events = [event for event, _ in itertools.groupby(row['event'] for row in letters())]  # a slow yes is reminded of
    assert events == ['on-alarm', 'on-propose', 'on-split', 'on-propose', 'on-restore']
    assert [row['sequence'] for row in letters()] == list(range(1, len(letters()) + 1))
    assert {row['subdomain'] for row in letters()} == {SUB + '.'}
    assert not guard.taker.letters  # never a message
    assert [row for row in guard.sql('SELECT why FROM run') if 'approve' in row[0]]
    check_record(lab, guard)

    # what the letter says to publish by hand is what undoes the split
    script = next(row for row in letters() if row['event'] == 'on-split')['restore']
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


@pytest.mark.parametrize('is_killed', [False, True])
def test_a_process_stands_by(make, is_killed):
    """From the alarm on one process waits, and is the split when there is a yes; one that has gone is not missed."""
    guard = make(hold_ms=3600000)
    assert guard.row()[0] in (None, 'calm') and standing_by(guard) is None
    guard.say('alarm')
    lablib.wait_for(lambda: standing_by(guard), 'a process that waits')
    guard.say_until('ready', lambda: guard.row()[1], 'a proposal')
    pid = standing_by(guard)
    os.kill(pid, signal.SIGKILL if is_killed else signal.SIGSTOP)
    guard.approve().expect(0)
    if not is_killed:
        time.sleep(3)
        assert guard.mx() == CALM  # it is the one, and does not hear
        os.kill(pid, signal.SIGCONT)
    guard.wait_state('split')
    assert guard.mx() == NULL
    assert [why for why, in guard.sql('SELECT why FROM run') if ' split ' in why and '--plan -' in why]
    lablib.wait_for(lambda: standing_by(guard) is None, 'that none waits during the split')
    guard.kill()
    lablib.wait_for(lambda: not children(guard), 'that none is left behind')


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
