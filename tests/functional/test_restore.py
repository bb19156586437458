"""restore and log: every record, TXT string and TTL comes back as it was, online and by hand from the journal alone."""
import json
import re

import dns.zone
import lab as lablib
import places
import pytest

ZONE = 'example.test'
# Odd on purpose: two strings where one would do, an empty one, TTLs of their own.
RECORDS = r'''@ A 192.0.2.10
@ 77 MX 10 oldmx
@ 77 MX 5 mx1
@ 123 TXT "v=spf1 " "mx" "" " ?all"
@ 123 TXT "site=1"
_dmarc 61 TXT "v=DMARC1; " "p=none"
www A 192.0.2.10
oldmx A 192.0.2.24
mx1 A 192.0.2.25
'''
FIRST = 'ttl: 9\nmail: {"@": {mx: [10 mx1.example.test], spf: [mx], dmarc: {policy: reject}}}\nsilent: [www]'
SECOND = FIRST.replace('10 mx1', '20 mx1').replace('[mx]', '[mx, "ip4:192.0.2.0/24"]') + '\nhelo: [oldmx]'
each = pytest.mark.parametrize('kind', places.KINDS)


def start(lab, kind, dnsguard):
    """The zone, its policy applied twice, and what the zone was before each."""
    place = places.Place(lab, kind, {ZONE: RECORDS})
    states = [place.axfr(ZONE)]
    policy = place.policy(ZONE, FIRST)
    dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    states.append(place.axfr(ZONE))
    place.policy(ZONE, SECOND)
    dnsguard('apply', '--yes', policy).expect(0)
    return place, policy, states


def unmarked(lines):
    return [line for line in lines if not line.startswith('_dnsguard.')]


@each
def test_back_and_further_back(lab, dnsguard, kind):
    place, policy, states = start(lab, kind, dnsguard)
    assert place.has_marker == (states[1] != unmarked(states[1]))
    dnsguard('restore').expect(2)  # nobody to ask
    done = dnsguard('restore', '--yes').expect(0)
    assert re.search('published as change [34] and read back', done.stdout) and 'the name server has it' in done.stdout
    assert unmarked(place.axfr(ZONE)) == unmarked(states[1])
    done = dnsguard('restore', '--yes', '--zone', ZONE).expect(0)  # the next one that was not undone yet
    assert place.axfr(ZONE) == states[0]  # the marker as well: it came with the first change
    assert place.dig(f'_dnsguard.{ZONE}', 'TXT') == []
    said = dnsguard('restore', '--yes').expect(2)
    assert 'no change' in said.stderr and 'to undo' in said.stderr
    lines = dnsguard('log').expect(0).stdout.splitlines()
    heads = [line.split() for line in lines if line[0] != ' ']
    assert [int(head[0]) for head in heads] == list(range(len(heads), 0, -1))
    assert {(head[4], head[5]) for head in heads} <= {('verified', f'{ZONE}.'), ('applied', f'{ZONE}.')}  # applied: a first step
    undone = [head[-1] for head in heads if 'undoes' in head]
    assert undone == sorted(undone) and set(undone) == {'1', '2'} and 'undoes' not in heads[-1] + heads[-2]

    dnsguard('apply', '--yes', '--adopt', policy).expect(0)  # and all of it again
    assert '20 mx1.example.test.' in place.dig(ZONE, 'MX')


@each
def test_an_older_change(lab, dnsguard, kind):
    """Change 1 while change 2 stands on it: what 1 replaced is as before it, what only 2 did stays."""
    place, _, states = start(lab, kind, dnsguard)
    dnsguard('restore', '--yes', '1').expect(0)
    rest = [line for line in unmarked(place.axfr(ZONE)) if not line.startswith('oldmx.example.test. ') or ' A ' in line]
    assert rest == states[0]
    assert place.dig('oldmx.example.test', 'TXT') == ['"v=spf1 a -all"']
    same = dnsguard('restore', '--yes', '1').expect(0)
    assert 'every record is as it was before change 1 already' in same.stdout


@each
def test_edited_since(lab, dnsguard, kind):
    """What a person put there meanwhile is not overwritten."""
    place, _, _ = start(lab, kind, dnsguard)
    edit = '5 oldmx.example.test.'
    if kind == 'nsd':
        path = place.path(ZONE)
        path.write_text(re.sub(r'20\s+mx1(\.example\.test\.)?$', edit, path.read_text(), flags=re.M))
        place.control('reload', ZONE)
    elif kind == 'pdns-api':
        place.lab.run('pdnsutil', f'--config-dir={place.dir}', 'replace-rrset', ZONE, '@', 'MX', '9', edit, check=True)
    else:
        place.update(ZONE, 'delete example.test. MX', f'add example.test. 9 MX {edit}')
    lablib.wait_for(lambda: place.dig(ZONE, 'MX') == [edit], 'the edit')  # NSD reloads in its own time
    before = place.axfr(ZONE)
    said = dnsguard('restore', '--yes').expect(1)
    assert 'edited' in said.stdout and edit in said.stdout and place.axfr(ZONE) == before, str(said)
    dnsguard('restore', '--yes', '--adopt').expect(0)
    assert place.dig(ZONE, 'MX') == ['10 mx1.example.test.']


def edit_by_hand(place, script):
    """In the zone file: out with the RRsets that the script names, in with its lines; a new serial, and a reload."""
    zone = dns.zone.from_file(str(place.path(ZONE)), ZONE, relativize=False)
    for owner, rtype in re.findall(r'^; was: (\S+) (\S+) ', script, re.M):
        zone.delete_rdataset(owner, rtype)
    soa = zone.find_rdataset(f'{ZONE}.', 'SOA')
    serial = soa[0].serial + 1
    soa.add(soa[0].replace(serial=serial), soa.ttl)
    lines = [line for line in script.splitlines() if line and line[0] != ';']
    place.path(ZONE).write_text(zone.to_text(relativize=False) + '\n' + '\n'.join(lines) + '\n')
    place.control('reload', ZONE)
    lablib.wait_for(lambda: place.serial(ZONE) == serial, 'reload')


@each
def test_offline_by_hand(lab, dnsguard, kind):
    """The printed script, without its comment signs, brings the zone back: no server, no zone.yaml, no key is needed to print it."""
    place, policy, states = start(lab, kind, dnsguard)
    policy.unlink()
    scripts = [dnsguard('restore', '--offline', n).expect(0).stdout for n in ('2', '1')]
    assert all('as it was before change' in script for script in scripts)
    if kind == 'nsd':
        for script in scripts:
            edit_by_hand(place, script)
        assert place.axfr(ZONE) == states[0]
        return
    for script in scripts:
        lines = script.split('The same for nsupdate:\n')[1].splitlines()
        text = '\n'.join(re.sub(r'^; ?', '', line) for line in lines)
        lab.run('nsupdate', '-v', '-k', place.key, stdin=f'server {place.address}\n{text}\n', check=True)
    assert unmarked(place.axfr(ZONE)) == states[0]


def test_restore_ends_a_split(lab, dnsguard):
    place = places.Place(lab, 'knot', {ZONE: RECORDS}, ttl=2)
    policy = place.policy(ZONE, FIRST.replace('{mx', '{split: {to: m, armed-ttl: 2s}, mx'))
    dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    calm = place.axfr(ZONE)
    dnsguard('split', '--yes', '--no-smtp', '--now', policy, '@').expect(0)
    assert place.dig(ZONE, 'MX') == ['0 .']
    said = dnsguard('restore', '--yes').expect(0)
    assert 'not split any more' in said.stdout and place.dig(ZONE, 'MX') == ['10 mx1.example.test.']
    dnsguard('apply', '--yes', policy).expect(0)  # and stays so
    assert unmarked(place.axfr(ZONE)) == unmarked(calm)
    assert 'is not split' in dnsguard('unsplit', '--yes', policy, '@').expect(0).stdout


def test_log(lab, dnsguard):
    place, policy, _ = start(lab, 'knot', dnsguard)
    text = dnsguard('log', '-v', '--zone', ZONE).expect(0).stdout
    head = re.match(r'2 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  verified  example\.test\.  3 RRsets\n +(\S+@\S+): dnsguard (.*)\n', text)
    assert head and head[2].endswith(f'apply --yes {policy}'), text
    assert '- example.test. 9 IN MX 10 mx1.example.test.' in re.sub(' +', ' ', text)
    assert '+ example.test. 9 IN MX 20 mx1.example.test.' in re.sub(' +', ' ', text)
    assert r'- example.test. 123 IN TXT "v=spf1 " "mx" "" " ?all"' in re.sub(' +', ' ', text)
    assert dnsguard('log', '-n', '1').stdout.count(' UTC ') == 1
    assert 'has no changes' in dnsguard('log', '--zone', 'other.test').expect(0).stdout
    assert dnsguard('log', '--json', '--zone', 'other.test').expect(0).stdout == ''
    steps = [json.loads(line) for line in dnsguard('log', '--json').stdout.splitlines()]
    assert [(s['change'], s['state'], s['zone']) for s in steps] == [(2, 'verified', f'{ZONE}.'), (1, 'verified', f'{ZONE}.')]
    mx, = [c for c in steps[1]['changes'] if (c['owner'], c['type']) == (f'{ZONE}.', 'MX')]
    assert mx['before'] == {'ttl': 77, 'records': ['5 mx1.example.test.', '10 oldmx.example.test.']}
    assert mx['after'] == {'ttl': 9, 'records': ['10 mx1.example.test.']} and 'take mail' in mx['why']
    assert dnsguard('restore', '99').expect(2).stderr.count('no change 99') == 1
