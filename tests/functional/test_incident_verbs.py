"""Verbs of a playbook on real servers: each says what it costs, waits for a yes, and its outcome is on record."""
import json
import re

import guarding
import lab as lablib
import mta
import places
import pytest
import taker as takers
import test_check
import test_probe
from guarding import ZONE
from terminal import Terminal


def run_of(lab, policy, steps):
    """run(answers, ...): the playbook of these steps, on record as incident 1."""
    lab.write('way.yaml', 'playbook: way\nsteps:\n' + ''.join(f'  - {step}\n' for step in steps))
    lab.dnsguard('incident', 'open', ZONE, '--why', 'told by telephone').expect(0)

    def run(answer=None, *more, env=None):
        given = ('--answer', answer) if answer else ()
        return lab.dnsguard('incident', 'run', 1, '--playbook', './way.yaml', '--policy', policy, *given, *more, env=env)
    return run


def steps_of(lab):
    out = json.loads(lab.dnsguard('incident', 'show', 1, '--json').expect(0).stdout)
    return [e['text'] for e in out['timeline'] if e['kind'] == 'step']


@pytest.mark.skipif(mta.UNUSABLE is not None, reason=str(mta.UNUSABLE))
@pytest.mark.parametrize('relays, outcome', [(mta.CLOSED, 'done'), (mta.OPEN, 'failed'), pytest.param(mta.LATER, 'failed', marks=pytest.mark.soak)])
def test_relay(lab, unbound, relays, outcome):
    """Our own mail server is asked after a yes; one that relays, or puts it off, does not pass."""
    server = mta.Postfix(lab, ZONE, relays=relays, address='127.0.0.25')
    place = places.Place(lab, 'knot', {ZONE: test_check.RECORDS.replace('192.0.2.25', server.address)})
    unbound([place.server], extra='    local-data: "_dmarc.test. 60 TXT none"\n')
    run = run_of(lab, place.policy(ZONE, test_check.POLICY), ['{id: test, do: test-relay, then: end}'])
    before = server.log
    said = run(None, '--trust-anchor', 'none').expect(3)
    assert re.search(rf'cost +two connections to each address of mx1\.{ZONE};', said.stdout) and 'a yes to this' in said.stdout
    assert server.log == before and steps_of(lab) == []  # nobody was asked
    said = run('test=yes', '--trust-anchor', 'none').expect(0 if outcome == 'done' else 3)
    assert 'two connections' in said.stdout and 'waits' in said.stdout or outcome == 'done'
    found = {mta.CLOSED: 'refuses recipients of strangers', mta.OPEN: 'accepts RCPT for a stranger', mta.LATER: "puts a stranger's mail off"}
    assert found[relays] in ' '.join(said.stdout.split())
    [step] = steps_of(lab)
    assert step.startswith(f'test: {outcome}') and ('not seen to refuse' in step) == (outcome == 'failed')
    assert server.log != before


@pytest.fixture
def guard(lab):
    made = guarding.Guard(lab, policy=test_probe.POLICY, records=test_probe.RECORDS)
    sink = takers.Taker(test_probe.SINK)
    yield made
    made.stop()
    sink.stop()


def test_a_probe_by_two_people(lab, guard):
    """The first sees the plan; the second does it. Then split again, and back."""
    run = run_of(lab, guard.policy, ['{id: probe, do: probe, approval: two, undo: "dnsguard split"}',
                                     '{id: again, do: split, undo: "dnsguard unsplit"}', '{id: back, do: unsplit, undo: x}'])
    said = run('probe=yes', env={'SUDO_USER': 'alice'})
    assert 'not split' in said.stderr and guard.mx() == guarding.CALM  # nothing to probe for
    lab.dnsguard('split', '--yes', guard.policy, '@').expect(0)
    split = guard.place.table(ZONE)
    said = run('probe=yes', env={'SUDO_USER': 'alice'}).expect(3)
    assert test_probe.SUNK[0] in said.stdout and "a second person" in said.stdout and guard.mx() == guarding.NULL
    run('probe=yes', env={'SUDO_USER': 'alice'}).expect(3)
    assert guard.mx() == guarding.NULL
    run('probe=yes', env={'SUDO_USER': 'bob'}).expect(3)
    assert guard.mx() == test_probe.SUNK
    run('again=yes').expect(3)
    assert guard.place.table(ZONE) == split
    run('back=yes').expect(0)
    assert guard.place.table(ZONE) == guard.calm
    assert [s for s in steps_of(lab) if 'done' in s] == ['probe: done', 'again: done', 'back: done']


def test_hold(lab, guard):
    """On a terminal: the guard is told, at once, and says so; what is held is not split by an alarm."""
    guard.start()
    guard.say_until('alarm', lambda: guard.row()[0], 'the guard')
    run = run_of(lab, guard.policy, ['{id: hold, do: hold, undo: "dnsguard release"}', '{id: look, do: status}'])
    said = run().expect(3)
    assert re.search('cost +until `dnsguard release`', said.stdout) and steps_of(lab) == []
    argv = [lab.program, '--state', guard.state, 'incident', 'run', '1', '--policy', guard.policy]
    with Terminal(argv, cwd=lab.dir, env={'NO_COLOR': '1'}) as t:
        t.wait_for('[yes, skip, quit]')
        assert '`dnsguard release`' in t.text
        t.type('quit\n')
        assert t.finish() == 3
    with Terminal(argv, cwd=lab.dir, env={'NO_COLOR': '1'}) as t:  # gone on with, by somebody else or later
        t.wait_for('[yes, skip, quit]')
        t.type('yes\n')
        assert t.finish() == 0, t.text
    assert steps_of(lab) == ['hold: begun', 'hold: done', 'look: done: with findings']
    guard.wait_state('held')
    assert guard.mx() == guarding.CALM
    lab.dnsguard('release', ZONE).expect(0)
    lablib.wait_for(lambda: guard.row()[0] != 'held', 'the guard to go on')


AMEND = '''playbook: way
steps:
  - {id: term, ask: "Which?", free: true}
  - {id: withdraw, do: withdraw-sender, of: term, undo: x}
  - {id: key, ask: "Which?", free: true}
  - {id: revoke, do: revoke-key, of: key, undo: x}
'''
FILE = '''zone: example.test
provider: {zonefile: {path: zone.txt}}
verify: {servers: none}
mail:
  "@":
    mx: [10 mx1]
    spf:
      - mx
      - ip4:192.0.2.7  # the old web server
      - include:_spf.provider.example
    dkim: {s1: "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}
'''


def test_what_zone_yaml_has_to_say_first(lab):
    """The line is shown as it is and as it should be; until it is so, nothing is published; what is published survives the next apply."""
    lab.write('zone.txt', f'$ORIGIN {ZONE}.\n$TTL 3600\n@ SOA ns1 host 1 3600 600 86400 300\n@ NS ns1\n@ MX 10 mx1\nns1 A 192.0.2.53\nmx1 A 192.0.2.25\n')
    policy = lab.write('zone.yaml', FILE)
    lab.dnsguard('apply', '--yes', policy).expect(0)
    run = run_of(lab, policy, [])
    lab.write('way.yaml', AMEND)
    before = (lab.dir / 'zone.txt').read_text()
    assert 'is no term of SPF' in run('term=the web server').expect(2).stderr
    said = run('term=+IP4:192.0.2.7,withdraw=yes').expect(3)
    assert 'no spf:' not in said.stdout and f'{policy}:9: take ip4:192.0.2.7 out of spf:\n    -       - ip4:192.0.2.7  # the old web server\n' in said.stdout
    assert 'which is yours to make' in said.stdout and (lab.dir / 'zone.txt').read_text() == before and policy.read_text() == FILE
    lines = [json.loads(line) for line in run('withdraw=yes', '--json').expect(3).stdout.splitlines()]
    assert [(row['line'], row['to']) for row in lines if row['type'] == 'incident-amend'] == [(9, None)] and lines[-1]['type'] == 'incident-waits'
    argv = [lab.program, '--state', lab.dir / 'state', 'incident', 'run', '1', '--policy', policy]
    with Terminal(argv, cwd=lab.dir, env={'NO_COLOR': '1'}) as t:
        t.wait_for('[done, skip, quit')
        t.type('done\n')
        t.wait_for_count('[done, skip, quit', 2)  # said, and not so
        changed = FILE.replace('      - ip4:192.0.2.7  # the old web server\n', '')
        policy.write_text(changed)
        t.type('done\n')
        t.wait_for('[yes, skip, quit')
        t.type('yes\n')
        t.wait_for('[y/N] ')
        t.type('y\n')
        t.wait_for('[one line')
        t.type('s1\n')
        t.wait_for('p=11')
        t.type('quit\n')
        t.finish()
    assert '+     dkim: {s1: revoked}' in t.text.replace('    +', '+'), t.text
    assert 'ip4:192.0.2.7' not in (lab.dir / 'zone.txt').read_text() and steps_of(lab)[:3] == ['term: answered: +IP4:192.0.2.7', 'withdraw: begun', 'withdraw: done']
    policy.write_text(re.sub('{s1: .*}', '{s1: revoked}', changed))
    assert 'no dkim: of zone.yaml has a key s7 in force' in lab.dnsguard(
        'incident', 'run', 1, '--playbook', lab.write('other.yaml', AMEND.replace('playbook: way', 'playbook: other')), '--policy', policy,
        '--answer', 'term=ip4:192.0.2.77,withdraw=skip,key=s7').expect(3).stdout
    run('term=skip,withdraw=skip,key=s1,revoke=yes').expect(0)
    after = (lab.dir / 'zone.txt').read_text()
    assert '"v=DKIM1; p="' in after
    lab.dnsguard('apply', '--yes', policy).expect(0)
    assert (lab.dir / 'zone.txt').read_text() == after
