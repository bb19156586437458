"""check, spf, dmarc: what a receiver on the Internet would see, on real name servers."""
import json
import re

import hostile
import internet
import lab as lablib
import mta
import places
import pytest

OPEN = '''@ MX 10 mx
@ A 203.0.114.80
mx A 203.0.114.90
www A 203.0.114.80
@ TXT "v=spf1 +all"
'''
PARKED = '''@ MX 0 .
ns1 MX 0 .
ns1 TXT "v=spf1 -all"
ns2 MX 0 .
ns2 TXT "v=spf1 -all"
@ TXT "v=spf1 -all"
_dmarc TXT "v=DMARC1; p=reject; sp=reject; np=reject; adkim=s; aspf=s"
'''
ABSENT = {'spf-none', 'dmarc-missing', 'mx-none', 'mx-implicit', 'dkim-none', 'tlsrpt-absent', 'domain-missing'}


@pytest.fixture(autouse=True)
def no_hostile_servers_left():
    yield
    hostile.stop_all()


@pytest.fixture
def world(lab, dnsguard):
    """world({zone: ...}): an Internet with these zones."""
    return lambda zones, **options: internet.Internet(lab, zones, **options)


def codes(seen):
    return {f['code'] for f in seen['findings']}


def verdicts(seen):
    """{(identity, class): verdict}."""
    return {(v['identity'], v['class']): v['verdict'] for v in seen['verdicts']}


# --- verdict and exit code ----------------------------------------------------------------------------------------

def test_parked_domain_is_sound(world):
    net = world({'parked.example': internet.Zone(PARKED, is_signed=True)})
    said = net.check('parked.example').expect(0)
    assert said.stdout.startswith('parked.example: ') and said.stderr == ''
    seen = net.look('parked.example')
    assert verdicts(seen)['from', 'domain'] == verdicts(seen)['mail-from', 'domain'] == 'protected'
    assert not codes(seen) & ABSENT


def test_forgeable_domain(world):
    net = world({'open.example': OPEN})
    said = net.check('open.example').expect(3)
    assert said.stdout.splitlines()[0] == 'open.example: can be forged'
    assert 'spf-pass-all' in said.stdout and 'v=spf1 +all' in said.stdout and 'dmarc-missing' in said.stdout
    seen = net.look('open.example')
    assert verdicts(seen)['from', 'domain'] == 'forgeable' and {'spf-pass-all', 'dmarc-missing'} <= codes(seen)


def test_broken_records_are_shown(world):
    net = world({'broken.example': OPEN.replace('+all', 'ip4:300.1.2.3 -all') + '@ TXT "v=spf1 mx -all"\n'
                 '_dmarc TXT "v=DMARC1; p=rejekt"\n'})
    said = net.check('broken.example').expect(3)
    assert 'spf-several' in said.stdout and 'ip4:300.1.2.3' in said.stdout and 'p=rejekt' in said.stdout


def test_name_that_does_not_exist(world):
    net = world({'parked.example': PARKED})
    said = net.check('nothing.example').expect(3)
    assert 'does not exist' in said.stdout
    net.check('nothing.parked.example').expect(0)


def test_silent_server_is_not_absence(world):
    """A zone whose only name server says nothing: could not tell, within the time that was given."""
    place = internet.address(100)
    net = world({'mute.example': internet.Zone(OPEN, behind=[place])})
    hostile.Silent(place)
    said = net.check('--timeout', '3', 'mute.example').expect(1)
    assert 'could not' in said.stdout
    seen = net.look('--timeout', '3', 'mute.example')
    assert not codes(seen) & ABSENT, codes(seen)
    assert verdicts(seen)['from', 'domain'] == 'unknown'


def test_resolver_is_silent(dnsguard):
    hostile.Silent('127.0.0.61')
    dnsguard('check', '--resolver', '127.0.0.61', '--trust-anchor', 'none', '--timeout', '2', 'any.example').expect(1)


def test_several_in_their_order(world):
    net = world({'open.example': OPEN, 'parked.example': PARKED})
    names = ['parked.example', 'open.example', 'nothing.example', 'parked.example', 'open.example', 'parked.example']
    said = net.check('--json', *names).expect(3)
    assert [json.loads(line)['domain'] for line in said.stdout.splitlines()] == [f'{n}.' for n in names]
    said = net.check(*names)
    assert re.findall(r'^(\S+): (?:is |can )', said.stdout, re.M) == names


def test_fast(world):
    net = world({'open.example': OPEN, 'parked.example': PARKED})
    assert verdicts(net.look('--fast', 'open.example'))['from', 'domain'] == 'forgeable'
    net.check('--fast', 'parked.example').expect(0)


def test_tree_is_always_shown(world):
    """What the record costs, term by term: in a fast check too, and of each record where there are several."""
    twice = OPEN.replace('+all', 'mx a:www.twice.example -all') + '@ TXT "v=spf1 ip4:192.0.2.0/24 ~all"\n'
    net = world({'sender.example': OPEN.replace('+all', 'mx -all'), 'twice.example': twice})
    for args in [], ['--fast']:
        said = net.check(*args, 'sender.example')
        assert '  1 of 10 look-ups, 0 of 2 void, 1 IPv4 address\n' in said.stdout and '    mx, 1 look-up, 1 IPv4 address\n' in said.stdout
        tree = net.look(*args, 'sender.example')['spf']
        assert tree['lookups'] == 1 and [node['term'] for node in tree['nodes']] == ['sender.example', 'mx'] and tree['more'] == []
        said = net.check(*args, 'twice.example')
        assert 'a:www.twice.example, 1 look-up' in said.stdout and 'ip4:192.0.2.0/24, 256 IPv4 addresses' in said.stdout
        tree = net.look(*args, 'twice.example')['spf']
        assert tree['records'] == 2 and {tree['addresses4'], tree['more'][0]['addresses4']} == {2, 256}
    said = net.run('spf', 'twice.example').expect(3)
    assert '2 of 10 look-ups' in said.stdout and '0 of 10 look-ups' in said.stdout and '2 SPF records' in said.stdout
    seen = net.run('spf', '--json', 'twice.example').expect(3).json()
    assert {seen['lookups'], seen['more'][0]['lookups']} == {0, 2} and seen['record'] != seen['more'][0]['record']


def test_cname_at_dmarc(world):
    net = world({'parked.example': PARKED,
                 'alias.example': '@ MX 0 .\n@ TXT "v=spf1 -all"\n_dmarc CNAME _dmarc.parked.example.\n',
                 'dangling.example': '@ MX 0 .\n@ TXT "v=spf1 -all"\n_dmarc CNAME nowhere.parked.example.\n'})
    assert verdicts(net.look('alias.example'))['from', 'domain'] == 'protected'
    assert verdicts(net.look('dangling.example'))['from', 'domain'] != 'protected'


def test_idn(world):
    net = world({'xn--bcher-kva.example': PARKED})
    seen = net.look('Bücher.example')
    assert seen['domain'] == 'xn--bcher-kva.example.' and seen['rc'] == 0
    said = net.check('bücher.example').expect(0)
    assert 'xn--bcher-kva.example' in said.stdout and 'bücher.example' in said.stdout
    said = net.run('dmarc', 'bücher.example').expect(0)
    assert 'xn--bcher-kva.example (bücher.example): reject (p= at _dmarc.xn--bcher-kva.example)\n' in said.stdout
    assert not re.search(r'\([^)]*\(', said.stdout)


def test_selectors_and_hosts(world):
    net = world({'open.example': OPEN + 'odd._domainkey TXT "v=DKIM1; p="\n'})
    assert 'dkim-revoked' in codes(net.look('--selector', 'odd', 'open.example'))
    assert 'dkim-selector-absent' in codes(net.look('--selector', 'even', 'open.example'))
    seen = net.look('--host', 'www', 'open.example')
    assert any(f['code'] == 'hosts-implicit-mx' and 'www.open.example' in f['text'] for f in seen['findings'])


def test_trust_anchor_by_default(lab, world, dnsguard):
    """A resolver that does not hand on signatures of a root that we know: nothing is validated, and --verbose says so."""
    world({'parked.example': PARKED})
    said = dnsguard('check', '--verbose', 'parked.example').expect(0)
    assert 'DNSSEC is not validated: ' in said.stdout
    assert 'DNSSEC is not validated: ' not in dnsguard('check', '--trust-anchor', 'none', '-v', 'parked.example').stdout


def test_bogus_is_not_absence(world):
    net = world({'bogus.example': internet.Zone(PARKED, is_signed=True, fault='signature')})
    said = net.check('bogus.example')
    assert said.rc != 0 and 'DNSSEC' in said.stdout
    assert not codes(net.look('bogus.example')) & ABSENT


# --- words --------------------------------------------------------------------------------------------------------

def test_explain(dnsguard):
    said = dnsguard('check', '--explain', 'spf-pass-all').expect(0)
    assert 'spf-pass-all' in said.stdout and 'RFC 7208' in said.stdout
    book = dnsguard('check', '--explain', 'all').expect(0).stdout
    assert 'spf-pass-all' in book and 'servers-behind' in book
    assert 'no finding has the code nonsense' in dnsguard('check', '--explain', 'nonsense').expect(2).stderr


@pytest.mark.parametrize('args, words', [
    (['check'], 'wants a domain'),
    (['check', 'user@example.com'], 'mail address'),
    (['check', 'a..b'], 'a..b'),
    (['check', '--resolver', 'ns.example', 'example.com'], 'wants an address'),
    (['check', '--resolver', '127.0.0.1:0', 'example.com'], 'wants an address'),
    (['check', '--host', 'a..b', 'example.com'], '--host'),
    (['check', '--open-relay', 'example.com'], '--i-own-this'),
    (['check', '--open-relay', '--i-own-this', 'example.com'], 'zone.yaml'),
    (['check', '--explain', 'x', '--ip', '192.0.2.1'], 'no option --ip'),
    (['spf'], 'wants a domain'),
    (['spf', '--ip', '192.0.2', 'example.com'], '--ip wants'),
    (['spf', '--from', 'user@example.com'], '--ip ADDRESS'),
    (['spf', '--ip', '192.0.2.1'], 'whose mail?'),
    (['spf', '--ip', '192.0.2.1', '--from', ''], '--helo'),
    (['spf', '--ip', '192.0.2.1', '--from', 'user@example.com', 'example.net'], 'either'),
    (['init', '--from'], 'wants FILE'),
    (['spf', '--from'], 'wants ADDRESS'),
    (['dmarc'], 'usage'),
    (['dmarc', 'example.com', '--spf', 'good'], '--spf wants'),
    (['dmarc', 'example.com', '--dkim', 'a..b'], '--dkim'),
])
def test_wrong_usage(dnsguard, args, words):
    said = dnsguard(*args).expect(2)
    assert words in said.stderr and said.stdout == '', str(said)
    assert said.stderr.startswith('dnsguard: ')


def test_file_that_is_not_there(dnsguard):
    assert 'nothing.yaml' in dnsguard('check', 'nothing.yaml').expect(1).stderr


# --- a policy -----------------------------------------------------------------------------------------------------

ZONE = 'example.test'
RECORDS = '''@ A 192.0.2.10
@ MX 10 mx1
mx1 A 192.0.2.25
www A 192.0.2.10
hidden-host-7 A 192.0.2.11
'''
POLICY = 'ttl: 5\nmail: {"@": {mx: [10 mx1.example.test], spf: [mx], dmarc: {policy: reject}}}'


@pytest.fixture
def place(lab, unbound):
    place = places.Place(lab, 'knot', {ZONE: RECORDS})
    unbound([place.server], extra='    local-data: "_dmarc.test. 60 TXT none"\n')  # else it could not be told
    return place


def look_at_policy(dnsguard, *args):
    """(the lines of check --json by their type, exit code)."""
    said = dnsguard('check', '--json', '--trust-anchor', 'none', *args)
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    return {line['type']: line for line in lines}, said.rc


def test_policy_not_in_force_and_hosts_by_name(place, dnsguard):
    """No probe can find hidden-host-7: the zone itself tells."""
    policy = place.policy(ZONE, POLICY)
    said = dnsguard('check', '--trust-anchor', 'none', policy).expect(3)
    assert 'at its provider the zone is not what the policy says' in said.stdout
    assert 'hidden-host-7.example.test' in said.stdout
    lines, rc = look_at_policy(dnsguard, policy)
    assert rc == 3 and lines['verify']['end'] == 'pending' and lines['check']['domain'] == f'{ZONE}.'
    assert any(f['code'] == 'hosts-implicit-mx' and 'hidden-host-7' in json.dumps(f) for f in lines['check']['findings'])
    assert 'dmarc-missing' in codes(lines['check'])


def test_policy_in_force(place, dnsguard):
    policy = place.policy(ZONE, POLICY + '\nhosts: silent')
    dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    lines, _ = look_at_policy(dnsguard, policy)
    assert lines['verify']['end'] == 'same' and lines['verify']['servers']['is_in_force']
    assert verdicts(lines['check'])['from', 'domain'] == 'protected'
    assert not codes(lines['check']) & {'dmarc-missing', 'hosts-implicit-mx', 'spf-none'}


def test_selectors_of_the_policy(lab, place, dnsguard):
    """A selector that nobody would try is looked at because the policy names it, also when the zone cannot be read."""
    lablib.shutil.copy(lablib.ROOT / 'tests/data/dkim/rsa2048.pem', lab.dir / 'key.pem')
    policy = place.policy(ZONE, POLICY.replace('spf:', 'dkim: {odd-selector-7: key.pem}, spf:'))
    dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    policy.write_text(policy.read_text().replace(f'"{place.address}:53"', '"127.0.0.63:53"'))
    lines, _ = look_at_policy(dnsguard, policy)
    assert 'odd-selector-7' in json.dumps(lines['check']['keys'])


def test_zone_that_nobody_serves(lab, dnsguard):
    """verify: servers: none: what the file holds is taken as published."""
    lab.write('z.zone', lablib.zone_text(ZONE, ['127.0.0.11'], RECORDS))
    policy = lab.write('z.yaml', f'zone: {ZONE}\nprovider: {{zonefile: {{path: z.zone}}}}\n'
                       f'verify: {{servers: none, resolver: 127.0.0.62}}\n{POLICY}\n')
    lines, rc = look_at_policy(dnsguard, '--timeout', '10', policy)
    assert rc == 3 and {'spf-none', 'hosts-implicit-mx', 'dmarc-unknown'} <= codes(lines['check'])
    assert verdicts(lines['check'])['mail-from', 'domain'] == 'forgeable'
    assert verdicts(lines['check'])['from', 'domain'] == 'unknown'  # nobody can say what stands at _dmarc.test
    lab.write('z.zone', lablib.zone_text(ZONE, ['127.0.0.11'], RECORDS + '_dmarc TXT "v=DMARC1; p=reject"\n', serial=2))
    lines, _ = look_at_policy(dnsguard, '--timeout', '10', policy)
    assert verdicts(lines['check'])['from', 'domain'] == 'protected'


def test_provider_away(lab, place, dnsguard):
    policy = place.policy(ZONE, POLICY).read_text().replace(f'"{place.address}:53"', '"127.0.0.63:53"')
    path = lab.write('away.yaml', policy)
    said = dnsguard('check', '--trust-anchor', 'none', '--json', path).expect(1)
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    assert lines[0]['end'] == 'failed' and lines[-1]['type'] == 'check'
    assert verdicts(lines[-1])['from', 'domain'] == 'forgeable'


@pytest.mark.skipif(mta.UNUSABLE is not None, reason=str(mta.UNUSABLE))
@pytest.mark.parametrize('relays, code', [(mta.OPEN, 'relay-open'), (mta.CLOSED, 'relay-refused')])
def test_open_relay(lab, unbound, dnsguard, relays, code):
    """Only with both words, and only the MX hosts of the policy; no message is sent."""
    server = mta.Postfix(lab, ZONE, relays=relays, address='127.0.0.25')
    place = places.Place(lab, 'knot', {ZONE: RECORDS.replace('192.0.2.25', server.address)})
    unbound([place.server])
    policy = place.policy(ZONE, POLICY)
    assert not [c for c in codes(look_at_policy(dnsguard, policy)[0]['check']) if c.startswith('relay')]
    before = server.log
    dnsguard('check', '--open-relay', policy).expect(2)
    assert server.log == before  # nobody was asked
    lines, _ = look_at_policy(dnsguard, '--open-relay', '--i-own-this', '--verbose', policy)
    assert code in codes(lines['check'])


# --- spf and dmarc ------------------------------------------------------------------------------------------------

SENDER = '''@ TXT "v=spf1 include:_spf ip4:203.0.114.7 -all exp=why"
_spf TXT "v=spf1 ip6:2001:db9::/48 a:out -all"
out A 203.0.114.8
why TXT "%{i} is not ours"
soft TXT "v=spf1 ~all"
broken TXT "v=spf1 ip4:1 -all"
loop TXT "v=spf1 include:loop.sender.example -all"
'''.replace('include:_spf', 'include:_spf.sender.example').replace('a:out', 'a:out.sender.example').replace(
    'exp=why', 'exp=why.sender.example')


@pytest.mark.parametrize('args, result, rc', [
    (['--from', 'u@sender.example', '--ip', '203.0.114.7'], 'pass', 0),
    (['--from', 'u@sender.example', '--ip', '203.0.114.8'], 'pass', 0),
    (['--from', 'u@sender.example', '--ip', '2001:db9::8'], 'pass', 0),
    (['--from', 'u@sender.example', '--ip', '203.0.114.9'], 'fail', 3),
    (['--from', '<>', '--helo', 'sender.example', '--ip', '203.0.114.7'], 'pass', 0),
    (['soft.sender.example', '--ip', '203.0.114.7'], 'softfail', 3),
    (['broken.sender.example', '--ip', '203.0.114.7'], 'permerror', 3),
    (['loop.sender.example', '--ip', '203.0.114.7'], 'permerror', 3),
    (['nothing.sender.example', '--ip', '203.0.114.7'], 'none', 0),
])
def test_spf_result(world, args, result, rc):
    net = world({'sender.example': SENDER})
    said = net.run('spf', *args).expect(rc)
    assert said.stdout.startswith(f'{result}: '), str(said)
    seen = net.run('spf', '--json', '--verbose', *args).json()
    assert seen['type'] == 'spf' and seen['result'] == result and seen['trace'] is not None
    if result == 'fail':
        assert '203.0.114.9 is not ours' in said.stdout and seen['explanation'] == '203.0.114.9 is not ours'


def test_spf_could_not_tell(world):
    place = internet.address(100)
    net = world({'mute.example': internet.Zone(SENDER, behind=[place])})
    hostile.Silent(place)
    assert net.run('spf', '--timeout', '2', 'mute.example', '--ip', '203.0.114.7').expect(1).stdout.startswith('temperror: ')
    assert 'could not tell' in net.run('spf', '--timeout', '2', 'mute.example').expect(1).stdout
    assert 'could not tell' in net.run('dmarc', '--timeout', '2', 'mute.example').expect(1).stdout


def test_spf_tree(world):
    net = world({'sender.example': SENDER})
    said = net.run('spf', 'sender.example').expect(0)
    assert '2 of 10 look-ups' in said.stdout and 'include:_spf.sender.example' in said.stdout
    seen = net.run('spf', '--json', 'sender.example').expect(0).json()
    assert seen['type'] == 'spf-tree' and seen['lookups'] == 2 and seen['addresses4'] == 2 and len(seen['nodes']) > 2
    assert 'includes itself' in net.run('spf', 'loop.sender.example').expect(3).stdout
    assert 'no SPF record' in net.run('spf', 'out.sender.example').expect(3).stdout


DMARC = '_dmarc TXT "v=DMARC1; p=reject; sp=none; np=quarantine"\nwww A 203.0.114.80\n'


def test_dmarc_policy(world):
    net = world({'deep.example': DMARC, 'none.example': ''})
    said = net.run('dmarc', 'deep.example').expect(0)
    assert 'deep.example: reject (p= at _dmarc.deep.example)' in said.stdout
    seen = net.run('dmarc', '--json', 'deep.example').expect(0).json()
    assert [seen['walk'][who]['policy'] for who in ('domain', 'subdomain', 'missing')] == ['reject', 'none', 'quarantine']
    assert seen['psl']['missing']['policy'] == 'none' and seen['do_methods_differ'] and seen['message'] is None
    assert net.run('dmarc', '--json', 'www.deep.example').json()['walk']['domain']['tag'] == 'sp'
    assert 'no policy' in net.run('dmarc', 'none.example').expect(3).stdout


def test_dmarc_twice_at_one_name(world):
    """Both records, and both things that receivers do then."""
    net = world({'deep.example': DMARC + '_dmarc.low TXT "v=DMARC1; p=quarantine"\n_dmarc.low TXT "v=DMARC1; p=none"\n'})
    said = net.run('dmarc', 'low.deep.example').expect(0)
    assert '_dmarc.low.deep.example has 2 DMARC records' in said.stdout
    assert 'RFC 9989 section 4.10) find: none (sp= at _dmarc.deep.example)\n' in said.stdout
    assert 'those that stop there find: no policy\n' in said.stdout
    assert 'v=DMARC1; p=quarantine\n' in said.stdout and 'v=DMARC1; p=none\n' in said.stdout
    step = net.run('dmarc', '--json', 'low.deep.example').json()['walk']['domain']['steps'][0]
    assert step['records'] == 2 and {step['record'], *step['more']} == {'v=DMARC1; p=quarantine', 'v=DMARC1; p=none'}


@pytest.mark.parametrize('args, result, rc', [
    (['--spf', 'pass'], 'pass', 0),
    (['--spf', 'pass:www.deep.example'], 'pass', 0),
    (['--spf', 'fail'], 'fail', 3),
    (['--spf', 'pass:evil.example'], 'fail', 3),
    (['--dkim', 'evil.example,m.deep.example'], 'pass', 0),
    (['--dkim', 'evil.example'], 'fail', 3),
])
def test_dmarc_message(world, args, result, rc):
    net = world({'deep.example': DMARC, 'evil.example': ''})
    said = net.run('dmarc', 'deep.example', *args).expect(rc)
    assert said.stdout.startswith(f'{result}: ')
    message = net.run('dmarc', '--json', 'deep.example', *args).json()['message']
    assert message['result'] == result and message['disposition'] == ('reject' if result == 'fail' else None)
