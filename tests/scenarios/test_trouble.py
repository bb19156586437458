"""What goes wrong while it acts: kills, name servers that are down, people who edit, another controller. Real servers, one clock that leaps."""
import re
import time

import daemon
import places
import pytest
import scene as scenes
import servers
from scene import CALM, NULL, SUB, ZONE

pytestmark = pytest.mark.slow
SERVERS = '{{servers: ["{}", "{}"]}}'


def attack(s, is_true, what, most=60, **step):
    """Under attack, with friends who write to the subdomain once it is there."""
    s.until(is_true, what, most=most, **{'step_s': 45, 'forged': 2, 'friends': 1 if s.mx(SUB) else 0, **step})


def moves(s):
    """Published changes of the MX of the mail name: what the journal says, one word a step."""
    rows = s.sql('SELECT state FROM step ORDER BY id')
    return [state for state, in rows]


def nothing_is_half_done(s):
    assert 'intended' not in moves(s)
    mx = s.mx()
    assert mx == CALM or mx == NULL and s.mx(SUB) == CALM


def test_killed_in_every_state(make_scene, record_property):
    """kill -9 in each state, with its commands at work or not: what was begun is done, once, and the way home is the way back."""
    s = make_scene(policy=scenes.mail_section('{to: m, armed-ttl: 60s, when: automatic, hold: 1h}'))
    killed = []

    def kill_at(state, how=''):
        if s.state() == state:
            killed.append(state + how)
            s.daemon.kill()
            s.daemon.start()
            s.daemon.settle()

    attack(s, lambda: s.state() == 'elevated', 'elevated')
    kill_at('elevated', ', arming')
    attack(s, lambda: s.place.rrset(ZONE, 'MX')[0] == 60, 'the low TTL')
    kill_at('elevated', ', waiting for the old TTL')
    attack(s, s.has_alarm, 'the alarm')
    kill_at('elevated', ', alarm')
    s.calls_on_state('splitting', lambda: kill_at('splitting'), lambda: s.play(step_s=45, forged=2, friends=1), most=40)
    attack(s, lambda: s.state() == 'split', 'the split', most=20, step_s=10, friends=1)
    kill_at('split')
    assert s.mx() == NULL
    s.leap(2 * 3600)
    s.wait(s.proposal, 'the way back, proposed')
    kill_at('split', ', proposed')
    s.approve().expect(0)
    s.calls_on_state('restoring', lambda: kill_at('restoring'), lambda: (s.leap(20), time.sleep(0.5)), most=60)
    s.elapse(lambda: s.state() == 'cooldown', 'the way back')
    kill_at('cooldown')
    assert s.place.table(ZONE) == s.calm
    s.leap(25 * 3600)
    s.wait(lambda: s.state() in ('calm', 'elevated'), 'the end of the cooldown')
    nothing_is_half_done(s)
    record_property('killed', '; '.join(killed))
    print('killed:', '; '.join(killed))
    s.story(record_property)
    assert len(killed) >= 6
    texts = [row['text'] for row in s.daemon.said('guard')]
    assert sum('split: verified' in text for text in texts) <= 1


@pytest.mark.parametrize('which', ['secondary', pytest.param('primary', marks=pytest.mark.soak)])
def test_name_server_down(make_scene, record_property, which):
    """A name server is gone when the split is due: not split before all agree, and done when it is back. The cache of the scene knows the primary
    alone: while that is down it finds nobody's MX, and friends would have to write later."""
    made = {}

    def make_place(lab):
        knot = places.Place(lab, 'knot', {ZONE: scenes.RECORDS}, ttl=300, notify=[servers.Nsd.address], ns=['127.0.0.11', '127.0.0.13'])
        made['secondary'], made['primary'] = servers.Nsd(lab, [ZONE], primary=knot.server), knot.server
        return knot

    s = make_scene(make_place=make_place, verify=SERVERS.format('127.0.0.11', '127.0.0.13'))
    attack(s, s.has_alarm, 'the alarm')
    server = made[which]
    server.stop()
    friends = 0 if which == 'primary' else 1
    words = 'the plan could not be made' if which == 'primary' else 'splitting'
    s.until(lambda: s.is_told('splitting') and s.is_told(words), 'a try', step_s=60, forged=2, friends=friends if s.mx(SUB) else 0)
    assert not s.is_told('split: verified')
    server.start()
    for _ in range(40):
        if s.state() == 'split':
            break
        s.play(step_s=20, forged=1, friends=friends)
    print(s.state(), s.told()[-6:])
    s.story(record_property)
    assert s.state() == 'split' and s.mx() == NULL
    nothing_is_half_done(s)
    assert servers.Server.dig(made['secondary'], ZONE, 'MX') == NULL


def test_name_server_stays_down(make_scene, record_property):
    """A secondary that nobody repairs: what cannot be verified is taken back, and the mail name has its MX."""
    made = {}

    def make_place(lab):
        knot = places.Place(lab, 'knot', {ZONE: scenes.RECORDS}, ttl=300, notify=[servers.Nsd.address], ns=['127.0.0.11', '127.0.0.13'])
        made['secondary'] = servers.Nsd(lab, [ZONE], primary=knot.server)
        return knot

    s = make_scene(make_place=make_place, verify=SERVERS.format('127.0.0.11', '127.0.0.13'))
    attack(s, s.has_alarm, 'the alarm')
    made['secondary'].stop()
    attack(s, lambda: s.is_told('splitting'), 'a try')
    for _ in range(40):
        s.play(step_s=60, forged=1, friends=1)
        if s.state() not in ('splitting', 'restoring'):
            break
    s.story(record_property)
    assert s.mx() == CALM, s.describe()
    assert s.is_told('not verified')
    nothing_is_half_done(s)


@pytest.mark.parametrize('edit', ['value', 'ttl', 'subdomain'])
@pytest.mark.parametrize('stage', ['armed', 'split'])
def test_person_edits(make_scene, record_property, stage, edit):
    """Somebody edits the zone in the middle of it: never overwritten; the guard holds still and says so."""
    s = make_scene(policy=scenes.mail_section('{to: m, armed-ttl: 60s, when: automatic, hold: 1h}'))
    attack(s, s.has_alarm, 'the alarm')
    if stage == 'split':
        attack(s, lambda: s.state() == 'split', 'the split')
    now = s.mx()[0]
    line = {'value': f'add {ZONE}. 60 MX 5 other.{ZONE}.', 'ttl': f'add {ZONE}. 7200 MX {now}', 'subdomain': f'add {SUB}. 60 MX 7 mx1.{ZONE}.'}
    name = SUB if edit == 'subdomain' else ZONE
    s.place.update(ZONE, f'delete {name}. MX', line[edit])
    theirs = s.place.rrset(name, 'MX')
    if stage == 'split':
        s.leap(2 * 3600)
        s.wait(lambda: s.proposal() or s.state() == 'held', 'the way back, proposed')
        if s.proposal():
            s.approve()
        s.elapse(lambda: s.state() == 'held', 'held', 60, 20)
    else:
        for _ in range(30):
            s.play(step_s=60, forged=2)
            if s.state() == 'held':
                break
    print(stage, edit, s.state(), s.told()[-3:])
    record_property('ended in', s.state())
    assert s.state() == 'held', s.describe()
    if (stage, edit) == ('split', 'ttl'):  # no conflict: it stands in the plan that a person said yes to, and is kept
        assert s.place.rrset(name, 'MX') == (7200, CALM)
    else:
        assert s.place.rrset(name, 'MX') == theirs, s.describe()
        assert s.is_told('conflict')


def test_two_controllers(make_scene, record_property):
    """Two machines guard the same zone, each with a journal of its own: one splits, the other sees that and holds still."""
    s = make_scene()
    other = daemon.Daemon(s.lab, [s.policy], s.logs, name='other')
    s.lab.dnsguard('apply', '--yes', '--adopt', s.policy, state=other.state).expect(0)
    other.start()
    attack(s, lambda: s.mx() == NULL, 'the null MX')
    for _ in range(8):
        s.play(step_s=30, forged=2, friends=1)
        other.settle()
    s.story(record_property)
    assert s.mx() == NULL and s.mx(SUB) == CALM
    states = sorted([s.state(), other.guard_state(ZONE)])
    record_property('states', ', '.join(states))
    print('states:', states)
    texts = [row['text'] for d in (s.daemon, other) for row in d.said('guard')]
    assert sum('split: verified' in text for text in texts) >= 1
    nothing_is_half_done(s)
    assert len(re.findall('0 \\.', ' '.join(s.mx()))) == 1
