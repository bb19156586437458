"""What the program says, and to whom: questions on a terminal, colours, diffs, notes, JSON lines as doc/json.md has them."""
import json
import re

import lab as lablib
import places
import pytest
from terminal import Terminal

ZONE = 'example.test'
RECORDS = '''@ A 192.0.2.10
@ MX 10 oldmx
www A 192.0.2.10
oldmx A 192.0.2.24
mx1 A 192.0.2.25
'''
POLICY = 'ttl: 5\nmail: {"@": {mx: [10 mx1.example.test], spf: [mx], dmarc: {policy: reject}}}\n'


@pytest.fixture
def place(lab):
    return places.Place(lab, 'knot', {ZONE: RECORDS})


def terminal(lab, *args, **env):
    return Terminal([lab.program, '--state', lab.dir / 'state', *args], cwd=lab.dir, env={'NO_COLOR': '', **env})


@pytest.mark.parametrize('answer', ['n\n', '\n', 'nay\n', '\x04', 'yes\n', 'y\n'], ids=repr)
def test_asks_on_a_terminal(lab, place, answer):
    policy = place.policy(ZONE, POLICY)
    before = place.axfr(ZONE)
    with terminal(lab, 'apply', '--adopt', policy) as t:
        t.wait_for('Publish this in 1 zone? [y/N] ')
        assert 'v=DMARC1; p=reject' in t.text and place.axfr(ZONE) == before
        t.type(answer)
        code = t.finish()
    if answer[0] == 'y':
        assert code == 0 and place.dig(ZONE, 'MX') == ['10 mx1.example.test.']
        assert 'published as change 1' in t.text
    else:
        assert code == 3 and place.axfr(ZONE) == before
        assert 'nothing was changed' in t.text


def test_ctrl_c_changes_nothing(lab, place, dnsguard):
    policy = place.policy(ZONE, POLICY)
    before = place.axfr(ZONE)
    with terminal(lab, 'apply', '--adopt', policy) as t:
        t.wait_for('[y/N]')
        t.process.send_signal(2)
        assert t.finish() == -2
    assert place.axfr(ZONE) == before
    assert 'has no changes' in dnsguard('log').expect(0).stdout


def test_colour(lab, place, dnsguard):
    policy = place.policy(ZONE, POLICY)
    for args, env, is_coloured in (((), {}, True), (('--diff',), {}, True), ((), {'NO_COLOR': '1'}, False),
                                   (('--no-color',), {}, False)):
        with terminal(lab, 'plan', *args, policy, **env) as t:
            assert t.finish() == 3
        assert ('\x1b[3' in t.raw or '\x1b[1' in t.raw) == is_coloured, (args, env)
    assert '\x1b' not in dnsguard('plan', policy, env={'NO_COLOR': ''}).expect(3).stdout


def test_diff(place, dnsguard):
    policy = place.policy(ZONE, POLICY)
    done = dnsguard('plan', '--adopt', '--diff', policy).expect(3)
    lines = done.stdout.splitlines()
    assert lines[0].startswith('--- ') and lines[1].startswith('+++ ')
    for line in ('-example.test. 300 IN MX 10 oldmx.example.test.', '+example.test. 5 IN MX 10 mx1.example.test.',
                 '+_dmarc.example.test. 5 IN TXT "v=DMARC1; p=reject"', '+example.test. 5 IN TXT "v=spf1 mx -all"'):
        assert line in [re.sub(r'\s+', ' ', got) for got in lines], done
    assert re.search(r'^plan [0-9a-f]{16}', done.stdout, re.M)


@pytest.mark.parametrize('mode', ['report', 'silent', 'ignore', None])
def test_hosts_that_take_mail(place, dnsguard, mode):
    policy = place.policy(ZONE, POLICY + (f'hosts: {mode}\n' if mode else ''))
    said = dnsguard('plan', '--adopt', policy).expect(3).stdout
    plan = json.loads(dnsguard('plan', '--adopt', '--json', policy).expect(3).stdout.splitlines()[0])['plan']
    hosts = {note['owner'] for note in plan['notes'] if note['code'] == 'host-takes-mail'}
    wanted = {change['owner'] for change in plan['changes'] if change['after'] and change['after']['records'] == ['0 .']}
    names = {f'{host}.example.test.' for host in ('www', 'oldmx', 'ns1')}
    assert hosts == (names if mode in ('report', None) else set())
    assert wanted == (names if mode == 'silent' else set())
    assert ('www.example.test' in said) == (mode != 'ignore')


def test_wrong_usage(lab, dnsguard):
    for args, words in ((['frobnicate'], 'no command frobnicate; `'), (['aply'], 'did you mean apply?'),
                        (['help', 'spilt'], 'did you mean split?'), (['plan', '--jsno', 'x'], 'did you mean --json?'),
                        (['plan'], 'usage: dnsguard plan'),
                        (['plan', '--yes', 'x'], 'has no option --yes'), (['apply', '--plan'], '--plan wants DIGEST'),
                        (['log', '-n', 'many'], '--limit wants a whole number'), (['plan', '--nope', 'x'], 'no option --nope'),
                        (['restore', 'x'], 'not the number of a change'), (['plan', 'nowhere.yaml'], 'nowhere.yaml')):
        said = dnsguard(*args)
        assert said.rc == (1 if 'nowhere' in words else 2), str(said)
        assert words in said.stderr and said.stderr.startswith('dnsguard: '), str(said)
    assert dnsguard().rc == 2
    assert 'apply' in dnsguard('help').expect(0).stdout and '--adopt' in dnsguard('plan', '--help').expect(0).stdout
    assert '--adopt' in dnsguard('help', 'apply').expect(0).stdout
    assert re.match(r'dnsguard \d+\.\d+', dnsguard('--version').expect(0).stdout)


# --- JSON ---------------------------------------------------------------------------------------------------------

def documented():
    """{heading: keys in its tables} of doc/json.md."""
    text = (lablib.ROOT / 'doc/json.md').read_text()
    found = {}
    for heading, body in re.findall(r'^##+ (.*?)\n(.*?)(?=^##|\Z)', text, re.M | re.S):
        found[heading] = {key for table in re.findall(r'^\| key \| value \|\n\| --- \| --- \|\n((?:\|.*\n)+)', body, re.M)
                          for row in table.splitlines() for key in re.findall(r'`(\w+)`', row.split('|')[1])}
    return found


DOC = documented()
COMMON = DOC['A `plan` line'] - {'plan'}
LINES = {
    'plan': DOC['A `plan` line'],
    'result': COMMON | DOC['A `result` line'],
    'verify': DOC['A `plan` line'] | DOC['A `verify` line'],
    'summary': DOC['A `summary` line'],
    'error': {'type', 'error'},
    'step': DOC['A `step` line'],
    'provider': DOC['A `provider` line'],
}
SOMETIMES = {'error', 'note', 'settled', 'plan', 'change', 'old_until', 'mx_old_until', 'servers', 'resolver', 'digest', 'file',
             'line', 'column'}
ERROR = {'code', 'text', 'file', 'line', 'column'}
SET = {'ttl', 'records'}


def check(value, keys, sometimes=frozenset()):
    assert isinstance(value, dict) and set(value) <= keys and keys - set(value) <= sometimes, (set(value) ^ keys, value)


def check_plan(plan):
    check(plan, DOC['A plan'])
    check(plan['counts'], {'managed', 'same', 'create', 'change', 'ttl', 'delete', 'conflicts'})
    for change in plan['changes']:
        check(change, DOC['A change'])
        assert change['action'] in ('create', 'change', 'ttl', 'delete')
        for key in ('before', 'after'):
            assert change[key] is None or set(change[key]) == SET
        if change['conflict']:
            check(change['conflict'], DOC['A conflict'], {'last_applied'})
    for note in plan['notes']:
        check(note, DOC['A note'])


def check_servers(servers):
    check(servers, DOC['Servers'] - {'name', 'address', 'resolver', 'state', 'verdict', 'behind', 'group', 'trust', 'text',
                                     'remedy', 'tcp'})
    for server in servers['servers']:
        check(server, {'name', 'address', 'resolver', 'state', 'verdict', 'serial', 'behind', 'in_force', 'old', 'other',
                       'unknown', 'group', 'trust', 'text', 'remedy', 'tcp'})
    assert [set(group) for group in servers['groups']] == [{'verdict', 'servers'}] * len(servers['groups'])


def lines_of(said):
    """The JSON lines, each as the document says."""
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    assert said.stdout.isascii() and len(lines) > 0, str(said)
    for line in lines:
        check(line, LINES[line['type']], SOMETIMES)
        if 'error' in line:
            check(line['error'], ERROR, {'file', 'line', 'column'})
        if 'plan' in line:
            check_plan(line['plan'])
        for key in ('servers', 'resolver'):
            if key in line:
                check_servers(line[key])
        for change in line.get('changes', ()):
            check(change, {'owner', 'type', 'why', 'before', 'after'})
    return lines


def types(said):
    return [line['type'] for line in lines_of(said)]


def test_json_lines(lab, place, dnsguard, unbound):
    unbound([place.server])
    policy = place.policy(ZONE, POLICY, verify=f'{{servers: [{place.address}, 127.0.0.99]}}')
    text = policy.read_text()
    plan, summary = lines_of(dnsguard('plan', '--json', policy).expect(3))
    assert plan['end'] == 'conflict' and plan['error']['code'] == 'conflict' and plan['zone'] == 'example.test.'
    assert plan['document'] == str(policy) and summary['conflict'] == 1 and summary['zones'] == 1
    conflict, = [c for c in plan['plan']['changes'] if c['conflict']]
    assert conflict['conflict']['code'] == 'foreign' and conflict['position']['line'] == 5

    said = dnsguard('apply', '--json', '--yes', '--adopt', '--timeout', '4', policy).expect(3)
    assert types(said) == ['plan', 'summary', 'result', 'summary']
    result = lines_of(said)[2]
    assert result['end'] == 'lagging' and result['change'] == 1 and result['steps_applied'] == 1
    assert result['old_until'] >= result['mx_old_until'] > 1e9 and not result['servers']['is_in_force']
    lines = lines_of(dnsguard('verify', '--json', policy).expect(3))
    assert [line['type'] for line in lines] == ['verify', 'summary'] and lines[0]['end'] == 'lagging'
    assert lines[0]['resolver']['servers'][0]['resolver'] is True and lines[0]['n_managed'] == 4
    away = [s for s in lines[0]['servers']['servers'] if s['verdict'] == 'unknown']
    assert [s['address'] for s in away] == ['127.0.0.99@53'] and away[0]['remedy']

    step, = lines_of(dnsguard('log', '--json').expect(0))
    assert step['state'] == 'applied' and step['restores'] is None and step['change'] == 1 and step['ended_at'] > 1e9
    assert step['command'].startswith('dnsguard --state ') and '@' in step['who'] and step['document'] == str(policy)
    assert {(c['owner'], c['type']) for c in step['changes']} >= {('example.test.', 'MX'), ('_dmarc.example.test.', 'TXT')}
    assert types(dnsguard('restore', '--json', '--yes', '1', '--timeout', '4')) == ['plan', 'result']
    step = lines_of(dnsguard('log', '--json').expect(0))[0]
    assert step['restores'] == 1
    assert set(types(dnsguard('providers', '--json').expect(0))) == {'provider'}

    for args, code in ((['apply', '--json', '--plan', 'ffffffff', policy], 'conflict'),
                       (['apply', '--json', '--adopt', policy], 'input')):
        said = dnsguard(*args)
        error = lines_of(said)[-1]
        assert error['type'] == 'error' and error['error']['code'] == code and error['error']['text'] in said.stderr
    policy.write_text(text + 'ttl: 3\n')
    error, summary = lines_of(dnsguard('plan', '--json', policy).expect(2))
    assert error['error']['code'] == 'input' and error['error']['file'] == str(policy) and error['error']['line'] == 7
    assert summary['broken'] == 1
    place.stop()
    policy.write_text(text)
    plan, summary = lines_of(dnsguard('plan', '--json', policy).expect(1))
    assert plan['end'] == 'failed' and plan['error']['code'] in ('io', 'remote') and 'plan' not in plan


def test_json_of_a_split(place, dnsguard):
    policy = place.policy(ZONE, POLICY.replace('spf:', 'split: {to: m, armed-ttl: 1s}, spf:'))
    dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    said = dnsguard('split', '--json', '--yes', '--no-smtp', '--now', policy, '@').expect(0)
    assert types(said) == ['plan', 'plan', 'result', 'summary', 'result', 'summary'], str(said)
    assert 'null MX' in said.stderr
    said = dnsguard('unsplit', '--json', '--yes', '--now', policy, '@').expect(0)
    assert types(said) == ['plan', 'result', 'summary'], str(said)
