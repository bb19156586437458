"""Many zones and several providers in one run: what fails does not keep the rest from being applied, and is named."""
import json

import lab as lablib
import places
import pytest
import servers
from terminal import Terminal

RECORDS = '''@ A 192.0.2.10
@ MX 10 mx1
mx1 A 192.0.2.25
'''
MAIL = 'mail: {"@": {mx: [10 mx1.%s], spf: [mx], dmarc: {policy: reject}}}'
KINDS = ('knot', 'bind', 'pdns', 'pdns-api', 'nsd')


def summary(said):
    """The last line of the run."""
    return said.stdout.rstrip().splitlines()[-1]


@pytest.fixture
def fleet(lab):
    """One zone at each of five providers, and a folder with their policies."""
    addresses = {'pdns-api': '127.0.0.16'}
    made = {}
    for kind in KINDS:
        zone = f'{kind}.test'
        made[zone] = places.Place(lab, kind, {zone: RECORDS}, **({'address': addresses[kind]} if kind in addresses else {}))
        made[zone].policy(zone, MAIL % zone, name=f'fleet/{zone}.yaml')
    return made


@pytest.mark.parametrize('down', KINDS)
def test_one_provider_down(lab, fleet, dnsguard, down):
    down = f'{down}.test'
    if down == 'nsd.test':
        fleet[down].path(down).unlink()
    else:
        fleet[down].stop()
    dnsguard('plan', 'fleet').expect(1)
    said = dnsguard('apply', '--yes', 'fleet').expect(1)
    assert '5 zones planned: 4 to change, 1 failed' in said.stdout and summary(said) == '4 zones published: 4 applied', str(said)
    assert f'dnsguard: {down}: ' in said.stderr and said.stderr.count('dnsguard: ') == 1
    for zone, place in fleet.items():
        if zone != down:
            assert place.dig(f'_dmarc.{zone}', 'TXT') == ['"v=DMARC1; p=reject"'] and f'{zone}: published as change' in said.stdout
    log = [json.loads(line) for line in dnsguard('log', '--json').stdout.splitlines()]
    assert {step['zone'] for step in log} == {f'{zone}.' for zone in fleet if zone != down}
    assert len({step['run'] for step in log}) == 1
    again = dnsguard('apply', '--yes', 'fleet').expect(1)
    assert '5 zones planned: 4 as the policy says, 1 failed' in again.stdout


def test_all_up_and_one_restored(lab, fleet, dnsguard, unbound):
    unbound([place.server for place in fleet.values()])
    before = {zone: place.axfr(zone) for zone, place in fleet.items()}
    digest = json.loads(dnsguard('plan', '--json', 'fleet').expect(3).stdout.splitlines()[-1])['digest']
    said = dnsguard('apply', '--plan', digest[:12], 'fleet').expect(0)
    assert summary(said) == '5 zones published: 5 applied'
    dnsguard('plan', 'fleet').expect(0)
    said = dnsguard('verify', 'fleet').expect(0)
    assert summary(said) == '5 zones verified: 5 as the policy says'
    for zone, place in fleet.items():
        dnsguard('restore', '--yes', '--zone', zone).expect(0)
        assert place.axfr(zone) == before[zone]
        assert f' {zone}.' in dnsguard('log', '--zone', zone, '-n', '1').stdout
    assert summary(dnsguard('plan', 'fleet').expect(3)) == '5 zones planned: 5 to change'


def test_one_policy_is_wrong(lab, fleet, dnsguard):
    """The others are applied; exit code 2 says that a document must be corrected."""
    path = lab.dir / 'fleet/bind.test.yaml'
    path.write_text(path.read_text().replace('spf:', 'spff:'))
    said = dnsguard('apply', '--yes', 'fleet').expect(2)
    assert f'{path.relative_to(lab.dir)}:4:' in said.stderr and "did you mean 'spf'" in said.stderr
    assert summary(said) == '4 zones published: 4 applied' and '1 unreadable' in said.stdout
    assert fleet['bind.test'].dig('_dmarc.bind.test', 'TXT') == []


def test_one_file_with_defaults(lab, dnsguard):
    """Defaults under the zones' own keys, and one zone in conflict: the others are applied."""
    zones = [f'z{n}.test' for n in range(20)]
    server = servers.Knot(lab, {zone: RECORDS.replace('@ MX', '@ MX 5 other\n@ MX') if zone == 'z7.test' else
                                '@ A 192.0.2.1\n' for zone in zones})
    key = lab.key_file('knot', name='tsig.key')
    path = lab.write('fleet.yaml', f'''defaults:
  provider: {{rfc2136: {{server: {server.address}, tsig: {{secret-file: {key.name}}}}}}}
  ttl: 5
  mail: {{"@": {{mx: none, spf: [], dmarc: {{policy: reject}}}}}}
  silent: [www]
  verify: {{servers: [{server.address}]}}
zones:
''' + ''.join(f'  {zone}: {{}}\n' for zone in zones[:-1]) + f'''  {zones[-1]}:
    ttl: 7
    mail: {{"@": {{mx: [10 mx.z1.test]}}, news: {{mx: none}}}}
''')
    said = dnsguard('apply', '--yes', path).expect(1)
    assert '20 zones planned: 19 to change, 1 in conflict' in said.stdout and 'z7.test' in said.stderr
    assert summary(said) == '19 zones published: 19 applied'
    assert server.rrset('z19.test', 'MX') == (7, ['10 mx.z1.test.']) and server.rrset('news.z19.test', 'MX') == (7, ['0 .'])
    for zone in ('z0.test', 'z18.test'):
        assert server.rrset(zone, 'MX') == (5, ['0 .']) and server.dig(zone, 'TXT') == ['"v=spf1 -all"']
        assert server.rrset(f'www.{zone}', 'MX') == (5, ['0 .'])
    assert server.dig('z7.test', 'MX') == ['10 mx1.z7.test.', '5 other.z7.test.'] and server.dig('_dmarc.z7.test', 'TXT') == []


def many(lab, n):
    zones = [f'z{i}.test' for i in range(n)]
    for zone in zones:
        lab.write(f'zones/{zone}.zone', lablib.zone_text(zone, ['127.0.0.10'], RECORDS))
    return lab.write('fleet.yaml', '''defaults:
  provider: {zonefile: {path: "zones/{zone}.zone"}}
  mail: {"@": {spf: [mx], dmarc: {policy: reject}}}
  verify: {servers: none}
zones:
''' + ''.join(f'  {zone}: {{}}\n' for zone in zones))


def test_progress_on_a_terminal(lab, dnsguard):
    """300 zones: a line that replaces itself on a terminal, and nothing of it in a pipe."""
    path = many(lab, 300)
    assert dnsguard('plan', path).expect(3).stderr == ''
    with Terminal([lab.program, '--state', lab.dir / 'state', 'apply', '--yes', path], cwd=lab.dir) as t:
        assert t.finish() == 0
    assert '\r\x1b[K' in t.raw and '64 zones planned' in t.text and '256 zones published' in t.text
    assert '300 zones published: 300 applied' in t.text
    said = dnsguard('plan', path).expect(0)
    assert summary(said) == '300 zones planned: 300 as the policy says'
