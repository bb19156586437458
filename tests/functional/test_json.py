"""doc/json.md: every key that is printed is listed there, and every key that is listed is printed."""
import json
import re

import internet
import lab as lablib
import pytest
from test_check_findings import parked, sound

PAGE = (lablib.ROOT / 'doc/json.md').read_text()
KEY = re.compile(r'`([^`]+)`')


def listed(heading):
    """{sentence above a table: its keys}; the first table's is ''."""
    part = re.search(rf'^### {re.escape(heading)}\n(.*?)(?=^##)', PAGE, re.M | re.S).group(1)
    tables = {}
    for above, rows in re.findall(r'^([^|\n][^\n]*:)?\n*\| key \| value \|\n\| --- \| --- \|\n((?:\|[^\n]*\n)+)', part, re.M):
        tables[above] = {key for row in rows.splitlines() for key in KEY.findall(row.split('|')[1])}
    return tables


def same(objects, keys, what):
    """Each of the objects has these keys and no other."""
    objects = list(objects)
    assert objects, f'{what}: nothing to look at'
    for each in objects:
        assert set(each) == keys, f'{what}: {set(each) ^ keys} is printed and not listed, or listed and not printed'


@pytest.fixture(scope='module')
def world(module_lab):
    return internet.Internet(module_lab, {
        'sound.example': sound(('SELF', 'sound'), ('v=spf1 mx', 'v=spf1 include:parts.sound.example mx'),
                               more='parts TXT "v=spf1 ip4:203.0.114.7 -all"\n'),
        'parked.example': parked()})


@pytest.fixture(scope='module')
def check(world):
    return world.look('sound.example')


def test_check(check):
    tables = listed('A `check` line')
    same([{k: v for k, v in check.items() if k != 'rc'}], listed('A `check` line')[''], 'check')
    same([check['mx']], tables['Of `mx`:'], 'mx')
    same(check['mx']['hosts'], tables['Of each MX host:'], 'MX host')
    same(check['keys'], tables['Of each key:'], 'key')
    same(check['servers'], tables['Of each name server:'], 'name server')
    same(check['records'], tables['Of each record:'], 'record')
    same(check['verdicts'], tables['Of each verdict:'], 'verdict')
    same(check['findings'], tables['Of each finding:'], 'finding')
    same([check['counts']], {'good', 'note', 'warning', 'error', 'unknown', 'not_shown'}, 'counts')


def test_parts_that_lines_share(world, check):
    tree, view = listed('An `spf-tree` line'), listed('A `dmarc` line')
    of_tree = tree['With a record also the keys of a tree:']
    same([check['spf']], of_tree | {'record', 'records', 'more'}, 'spf')
    same(check['spf']['nodes'], tree['Of each node:'], 'node')
    same([check['dmarc']], {'walk', 'psl'}, 'dmarc')
    same(check['dmarc'].values(), view['Of a view:'], 'view')
    same(check['dmarc']['walk']['steps'], view['Of each step:'], 'step')
    same([world.run('spf', '--json', 'sound.example').json()], listed('An `spf-tree` line')[''] | of_tree, 'spf-tree')
    same([world.run('spf', '--json', 'ns1.example').json()], listed('An `spf-tree` line')[''], 'spf-tree without a record')


def test_spf(world):
    said = world.run('spf', '--json', '-v', '--ip', '203.0.114.9', '--from', 'u@sound.example').json()
    same([said], listed('An `spf` line')[''], 'spf')
    same(said['trace'], listed('An `spf` line')['Of each step of the trace:'], 'trace')


def test_dmarc(world):
    said = world.run('dmarc', '--json', '--spf', 'fail', 'sound.example').json()
    same([said], listed('A `dmarc` line')[''], 'dmarc')
    for method in 'walk', 'psl':
        same([said[method]], {'domain', 'subdomain', 'missing'}, method)
        same(said[method].values(), listed('A `dmarc` line')['Of a view:'], 'view')
    same([said['message']], listed('A `dmarc` line')['Of the message:'], 'message')


def test_audit(world):
    names = world.lab.write('names', 'sound.example\na..b\nnothing.example\n')
    said = world.run('audit', '--resolver', world.resolver, names).expect(0)
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    domains = [line for line in lines if line['type'] == 'domain']
    same(domains, listed('A `domain` line')[''], 'domain')
    same([f for d in domains for f in d['findings']], {'code', 'severity'}, 'finding')
    same([lines[-1]], listed('The `summary` line of an audit')[''], 'summary')
    same(lines[-1]['causes'], {'code', 'domains'}, 'cause')


def test_lines_are_listed(world, check):
    """Each severity, verdict and state that is printed is one of those in the page."""
    words = {f['severity'] for f in check['findings']} | {r['state'] for r in check['records']}
    words |= {v['verdict'] for v in check['verdicts']} | {s['state'] for s in check['servers']}
    for word in words:
        assert f'`{word}`' in PAGE, word
