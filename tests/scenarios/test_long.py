"""The long waits, in full: a day's hold, reminders, two weeks' expiry, a day's cooldown; and many cycles with kills, for days. Real servers, one
clock that leaps. How many is set by DNSGUARD_CYCLES: the test run makes a few, `./dev soak` hundreds.
"""
import os
import pathlib
import random
import time

import pytest
import scene as scenes
from scene import CALM, NULL, SUB, ZONE

pytestmark = pytest.mark.slow
CYCLES = int(os.environ.get('DNSGUARD_CYCLES', '1'))
HOUR, DAY = 3600, 24 * 3600


def attack(s, is_true, what, most=60):
    s.until(is_true, what, most=most, step_s=45, forged=2, friends=1 if s.mx(SUB) else 0)


@pytest.mark.soak
def test_days(make_scene, record_property):
    """A split with the times that are the default: held a day, proposed and reminded for two weeks, back, a day of cooldown, calm."""
    s = make_scene()
    attack(s, lambda: s.state() == 'split', 'the split')
    begin = s.clock.now()
    s.leap(21 * HOUR)
    s.daemon.settle()
    s.befriend(1)
    assert not s.proposal() and s.state() == 'split'  # the hold is a day, a tenth more or less
    s.elapse(s.proposal, 'the way back, proposed', HOUR, 8)
    s.marks['hold'] = s.clock.now() - begin
    s.elapse(lambda: s.is_told('still proposed'), 'a reminder', 12 * HOUR, 8)
    s.elapse(lambda: s.clock.now() > begin + 15 * DAY, 'two weeks', DAY, 20)
    assert s.state() == 'split' and s.mx() == NULL and s.proposal()  # nobody said yes: nothing moves by itself
    assert s.befriend(1) == (1, [])
    s.approve().expect(0)
    s.elapse(lambda: s.state() == 'cooldown', 'the way back', 30)
    assert s.place.table(ZONE) == s.calm
    back = s.clock.now()
    for _ in range(25):  # again, at once: a person is asked, until the day is over
        s.play(step_s=60, forged=2)
    assert s.state() == 'cooldown' and s.mx() == CALM
    s.elapse(lambda: s.state() != 'cooldown', 'the end of the cooldown', HOUR, 30)
    assert s.clock.now() - back >= DAY - HOUR
    s.elapse(lambda: s.state() == 'calm', 'calm', 6 * HOUR, 30)
    s.elapse(lambda: s.place.table(ZONE) == s.calm, 'the TTLs from before', 60, 20)
    record_property('days', f'{(s.clock.now() - s.steps[0].at) / DAY:.1f}')
    s.story(record_property)


def test_elevated_for_days(make_scene):
    """Armed, and a person never says yes: a reminder after three days, nothing else; then quiet, and all is as it was."""
    s = make_scene(policy=scenes.mail_section('{to: m, armed-ttl: 60s, when: approved}'))
    attack(s, s.proposal, 'a proposal')
    for _ in range(19):
        s.play(step_s=4 * HOUR, forged=8)
    assert s.mx() == CALM and s.state() == 'elevated' and s.is_told('still elevated: a reminder')
    s.elapse(lambda: s.state() == 'calm', 'calm', 6 * HOUR, 30)
    s.elapse(lambda: s.place.table(ZONE) == s.calm, 'the TTLs from before', 60, 20)


def test_stop_for_days(make_scene):
    """Stopped: reminded each hour, untouched for days; released, it goes on."""
    s = make_scene()
    attack(s, s.has_alarm, 'the alarm')
    s.lab.dnsguard('stop', ZONE).expect(0)
    s.wait_state('held')
    before = s.place.table(ZONE)
    for _ in range(6):
        s.play(step_s=2 * HOUR, forged=4)
        s.wait(lambda: s.sql('SELECT due FROM guard')[0][0] > s.clock.now(), 'the next reminder')
    assert s.place.table(ZONE) == before and s.state() == 'held'
    assert sum('still held: a reminder' in text for text in s.told()) >= 5
    s.lab.dnsguard('release', ZONE).expect(0)
    s.wait_state('cooldown')


class Meter:
    """What the daemon holds, cycle by cycle: resident memory, open files, size of its journal."""

    def __init__(self, s):
        self.s, self.rows = s, []

    def look(self):
        pid = self.s.daemon.process.pid
        status = pathlib.Path(f'/proc/{pid}/status').read_text()
        rss = int(status.split('VmRSS:')[1].split()[0])
        fds = len(os.listdir(f'/proc/{pid}/fd'))
        self.rows.append((rss, fds, sum(path.stat().st_size for path in self.s.daemon.state.glob('journal.db*'))))


def n_steps(s, state):
    return s.sql(f"SELECT count(*) FROM step WHERE state = '{state}'")[0][0]


def cycle(s, chance=None):
    """One whole turn, calm to calm. chance: the daemon, or a command of its, is killed now and then. Returns the number of kills."""
    kills = 0

    def maybe_kill(odds=0.35):
        nonlocal kills
        if chance is None or chance.random() > odds:
            return
        pids = s.daemon.all_pids()
        if pids and chance.random() < 0.5:
            s.daemon.kill_one(chance.choice(pids))
        else:
            s.daemon.kill()
            s.daemon.start()
        kills += 1

    def check():
        mx = s.mx()
        assert mx in (CALM, NULL) and (mx == CALM or s.mx(SUB) == CALM), s.describe()
        assert s.state() != 'held', s.describe()

    def go(is_true, what, step_s, most, forged=0):
        for _ in range(most):
            if is_true():
                return
            s.leap(step_s)
            if forged:
                s.write_refusals(forged)
            time.sleep(0.05 if chance is None else chance.uniform(0, 0.3))
            maybe_kill()
            if not forged:
                time.sleep(1.05)
            s.daemon.settle()
            check()
        assert is_true(), f'{what}: {s.describe()}'

    go(lambda: s.state() == 'split', 'the split', 60, 60, forged=3)
    assert s.mx() == NULL
    go(s.proposal, 'the way back, proposed', HOUR, 40)
    while s.state() == 'split':
        if s.proposal():
            s.lab.dnsguard('approve', s.proposal()[:8])
        go(lambda: s.state() != 'split', 'the yes', 10, 30) if s.proposal() else time.sleep(0.2)
    go(lambda: s.state() == 'cooldown', 'the way back', 30, 60)
    assert s.place.table(ZONE) == s.calm
    go(lambda: s.state() == 'calm', 'calm', 12 * HOUR, 60)
    # What is open when the TTLs are back: the last command was killed between the answer and the journal, and the guard begins it once more.
    go(lambda: s.place.table(ZONE) == s.calm and not n_steps(s, 'intended'), 'the TTLs from before', 60, 60)
    return kills


@pytest.mark.soak
def test_cycles_with_kills(make_scene, record_property):
    """Whole turns, with kill -9 of the daemon and of its commands at random: each ends where it began, and nothing was done twice."""
    seed = int(os.environ.get('DNSGUARD_SEED', time.time_ns() % 1000000))
    print(f'DNSGUARD_SEED={seed}')
    s = make_scene(attack='lines', policy=scenes.mail_section('{to: m, armed-ttl: 60s, when: automatic, hold: 1h}'))
    chance = random.Random(seed)
    kills = 0
    for n in range(CYCLES):
        kills += cycle(s, chance)
        assert not n_steps(s, 'lost'), s.lab.dnsguard('log')
    record_property('cycles', CYCLES)
    record_property('kills', kills)
    print(f'{CYCLES} cycles, {kills} kills')
    assert kills or CYCLES < 3


@pytest.mark.soak
def test_soak(make_scene, record_property):
    """Turn after turn with one daemon: what it holds does not grow."""
    s = make_scene(attack='lines', policy=scenes.mail_section('{to: m, armed-ttl: 60s, when: automatic, hold: 1h}'))
    meter = Meter(s)
    begin = s.clock.now()
    for _ in range(CYCLES):
        cycle(s)
        meter.look()
    for n, row in enumerate(meter.rows):
        print(n, *row)
    record_property('hours', f'{(s.clock.now() - begin) / HOUR:.0f}')
    record_property('rss, files, journal', str(meter.rows[-1]))
    first, last = meter.rows[min(2, len(meter.rows) - 1)], meter.rows[-1]
    assert last[1] <= first[1]  # open files
    if CYCLES >= 10:
        half = meter.rows[len(meter.rows) // 2]
        assert last[0] - half[0] <= 512, 'memory'  # KiB, over half of the turns
        assert last[2] / len(meter.rows) < 128 << 10, 'the journal, a turn'
    assert s.clock.now() - begin > 36 * HOUR * CYCLES  # at 200 turns some three hundred days
