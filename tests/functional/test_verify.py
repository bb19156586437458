"""verify: each name server that does not show what was published is named, with what is wrong and what to do."""
import dns.flags
import dns.rcode
import hostile
import lab as lablib
import places
import pytest
import servers

ZONE = 'example.test'
RECORDS = '''@ A 192.0.2.10
@ MX 10 oldmx
oldmx A 192.0.2.24
mx1 A 192.0.2.25
'''
POLICY = 'ttl: 5\nmail: {"@": {mx: [10 mx1.example.test], spf: [mx], dmarc: {policy: reject}}}'
OTHER = '127.0.0.21'
SECONDARY = '127.0.0.22'
PATIENCE_S = 4  # what is right must have answered by then on a busy machine too


@pytest.fixture(autouse=True)
def no_hostile_servers_left():
    yield
    hostile.stop_all()


def ask(place, *others, more='', body=POLICY):
    """The policy of a zone that is served at place and at others."""
    names = ', '.join([place.address, *others])
    return place.policy(ZONE, body, verify=f'{{servers: [{names}]{more}}}')


@pytest.fixture
def place(lab, unbound):
    place = places.Place(lab, 'knot', {ZONE: RECORDS})
    unbound([place.server])
    return place


def check_named(said, address, *words, count='1 of 2 name servers have it'):
    """Exit code 3, and the lines about address hold words."""
    said.expect(3)
    assert count in said.stdout and '1 zone verified: 1 not yet everywhere' in said.stdout, str(said)
    lines = said.stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith(f'  {address}'))
    assert all(word in '\n'.join(lines[at:at + 2]) for word in words), str(said)
    assert lines[at + 1].startswith('    '), said  # what to do
    assert said.stderr == ''


@pytest.mark.parametrize('kind', places.KINDS)
def test_secondary_lags_and_catches_up(lab, dnsguard, unbound, kind):
    """The remedy that is printed, done while verify --wait looks on, ends it."""
    place = places.Place(lab, kind, {ZONE: RECORDS}, ttl=2)  # --wait waits for old answers in caches too
    unbound([place.server])
    second = servers.Nsd(lab, [ZONE], primary=place.server, address=SECONDARY)
    old = second.serial(ZONE)
    policy = ask(place, SECONDARY)
    said = dnsguard('apply', '--yes', '--adopt', '--timeout', PATIENCE_S, policy).expect(3)
    behind = place.serial(ZONE) - old
    assert f'still serves serial {old}, {behind} behind {place.serial(ZONE)}: the old' in said.stdout
    assert 'nsd-control transfer example.test' in said.stdout and '1 of 2 name servers have it' in said.stdout
    assert dnsguard('log').stdout.split()[4] == 'applied'

    said = dnsguard('verify', policy)  # what stood before is not known any more: it is something else
    check_named(said, SECONDARY)
    waiting = lab.daemon('waiting', [lab.program, '--state', lab.dir / 'state', 'verify', '--wait', '--timeout', '300', policy])
    lablib.time.sleep(0.5)
    assert waiting.poll() is None
    second.control('transfer', ZONE)
    lablib.wait_for(lambda: waiting.poll() is not None, 'the end of verify --wait', 300)
    out = (lab.dir / 'waiting.log').read_text()
    assert waiting.returncode == 0, out
    assert f'all 2 name servers have it (serial {place.serial(ZONE)})' in out and 'the resolver sees it' in out
    assert second.dig(ZONE, 'MX') == ['10 mx1.example.test.']


def refusing(lab, _place):
    servers.Nsd(lab, ['other.test'], address=SECONDARY)
    return SECONDARY, 'answers REFUSED', 'configure example.test. on it'


def down(_lab, _place):
    return OTHER, 'could not tell: ', 'see that it runs'


def silent(_lab, _place):
    hostile.Silent(OTHER)
    return OTHER, 'could not tell: ', 'see that it runs, and that UDP and TCP reach it from here'


def too_slow(_lab, place):
    hostile.Relay(OTHER, place.address, delay_s=3 * PATIENCE_S)
    return OTHER, 'could not tell: ', 'see that it runs'


def lying(_lab, place):
    hostile.Relay(OTHER, place.address, change=hostile.lie('example.test.', 'MX', '10 mx.evil.example.'))
    return OTHER, 'something else', '10 mx.evil.example.', 'example.test. MX'


def null_beside(_lab, place):
    hostile.Relay(OTHER, place.address, change=hostile.lie('example.test.', 'MX', '10 mx1.example.test.', '0 .', ttl=5))
    return OTHER, 'something else', '0 .', 'example.test. MX'


def other_ttl(_lab, place):
    hostile.Relay(OTHER, place.address, change=hostile.lie('example.test.', 'MX', '10 mx1.example.test.', ttl=99))
    return OTHER, 'with TTL 99 in place of 5'


def lame(_lab, place):
    def change(message):
        message.flags &= ~dns.flags.AA
    hostile.Relay(OTHER, place.address, change=change)
    return OTHER, 'could not tell: ', 'let it load or transfer example.test.'


def failing(_lab, place):
    def change(message):
        message.set_rcode(dns.rcode.SERVFAIL)
        message.answer, message.authority = [], []
    hostile.Relay(OTHER, place.address, change=change)
    return OTHER, 'could not tell: ', 'SERVFAIL', 'what its log says'


def nonsense(_lab, place):
    relay = hostile.Relay(OTHER, place.address)
    relay.answer = lambda question, is_tcp: question[:2] + b'\x85\0' + b'\xff' * 40
    return OTHER, 'could not tell: '


FAULTS = [refusing, down, silent, too_slow, lying, null_beside, other_ttl, lame, failing, nonsense]


@pytest.mark.parametrize('fault', FAULTS, ids=lambda f: f.__name__)
def test_fault_is_named(lab, place, dnsguard, fault):
    address, *words = fault(lab, place)
    policy = ask(place, address, more=f', timeout: {PATIENCE_S}s')
    dnsguard('apply', '--yes', '--adopt', '--timeout', PATIENCE_S, policy).expect(3)
    assert place.dig(ZONE, 'MX') == ['10 mx1.example.test.']
    said = dnsguard('verify', policy)
    check_named(said, address, *words)


def test_slow_but_right(place, dnsguard):
    hostile.Relay(OTHER, place.address, delay_s=0.3)
    policy = ask(place, OTHER, more=', timeout: 30s')
    dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    assert 'all 2 name servers have it' in dnsguard('verify', policy).expect(0).stdout


def test_not_over_tcp(lab, place, dnsguard):
    """In force over UDP, and yet named (RFC 7766); what does not fit into a datagram is not seen at all."""
    def cut(message):
        if message.question[0].name.to_text().startswith('big.'):
            message.answer = []
            message.flags |= dns.flags.TC

    hostile.Relay(OTHER, place.address, has_tcp=False, change=cut)
    policy = ask(place, OTHER, more=f', timeout: {PATIENCE_S}s')
    dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    said = dnsguard('verify', policy).expect(0)
    assert '127.0.0.21' in said.stdout and 'over TCP it does not answer (RFC 7766): ' in said.stdout, str(said)
    assert 'open TCP port 53 to it' in said.stdout
    lablib.shutil.copy(lablib.ROOT / 'tests/data/dkim/rsa4096.pem', lab.dir / 'key.pem')
    policy = ask(place, OTHER, more=f', timeout: {PATIENCE_S}s', body=POLICY.replace('spf:', 'dkim: {big: key.pem}, spf:'))
    dnsguard('apply', '--yes', '--timeout', PATIENCE_S, policy).expect(3)
    said = dnsguard('verify', policy)
    check_named(said, OTHER, 'could not tell 1 of 5 RRsets', 'TCP')


def test_edit_at_the_primary(place, dnsguard):
    policy = ask(place)
    dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    place.update(ZONE, 'delete example.test. MX', 'add example.test. 5 MX 5 other.example.test.')
    lablib.wait_for(lambda: place.dig(ZONE, 'MX')[0].startswith('5 '), 'edit')
    said = dnsguard('verify', policy).expect(3)
    assert 'conflict: edited' in said.stdout and '5 other.example.test.' in said.stdout
    assert 'at its provider the zone is not what the policy says' in said.stdout


def test_servers_by_ns_records(place, dnsguard):
    """Without verify: servers the zone's own NS records say who is asked; one of them has no address."""
    place.update(ZONE, 'add example.test. 300 NS ns9.example.test.', 'add ns9.example.test. 300 A 127.0.0.29')
    policy = place.policy(ZONE, POLICY, verify=f'{{timeout: {PATIENCE_S}s}}')
    dnsguard('apply', '--yes', '--adopt', '--timeout', PATIENCE_S, policy).expect(3)
    said = dnsguard('verify', policy).expect(3)
    assert 'ns9.example.test 127.0.0.29@53' in said.stdout and '1 of 2 name servers have it' in said.stdout
    place.update(ZONE, 'delete ns9.example.test. A')
    said = dnsguard('verify', policy).expect(3)
    assert 'correct its name or its address records' in said.stdout


def test_nobody_serves_it(place, dnsguard):
    policy = place.policy(ZONE, POLICY, verify='{servers: none}')
    assert 'no name server was asked' in dnsguard('apply', '--yes', '--adopt', policy).expect(0).stdout
    assert 'no name server was asked' in dnsguard('verify', policy).expect(0).stdout


def test_what_was_never_applied_is_not_waited_for(place, dnsguard):
    """It would wait an hour, which is longer than this test runs a program."""
    said = dnsguard('verify', '--wait', ask(place)).expect(3)
    assert 'at its provider the zone is not what the policy says' in said.stdout


# --- the resolver -------------------------------------------------------------------------------------------------

def test_resolver_holds_the_old_answer(lab, unbound, dnsguard):
    place = places.Place(lab, 'knot', {ZONE: RECORDS}, ttl=20)
    resolver = unbound([place.server])
    body = POLICY.replace('ttl: 5', 'ttl: 20')
    policy = ask(place, body=body)
    dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    lablib.wait_for(lambda: resolver.dig(ZONE, 'MX') == ['10 mx1.example.test.'], 'resolver')
    place.policy(ZONE, body.replace('10 mx1', '20 mx1'), verify=f'{{servers: [{place.address}]}}')
    said = dnsguard('apply', '--yes', policy).expect(0)
    assert 'caches may hold old answers until' in said.stdout
    said = dnsguard('verify', policy).expect(3)
    assert 'the name server has it' in said.stdout and 'the resolver does not see it' in said.stdout, str(said)
    assert '10 mx1.example.test.' in said.stdout and 'wait' in said.stdout, str(said)
    said = dnsguard('verify', '--wait', policy).expect(0)
    assert 'the resolver sees it' in said.stdout and said.seconds > 1
    assert resolver.dig(ZONE, 'MX') == ['20 mx1.example.test.']
    dnsguard('verify', policy).expect(0)


def test_resolver_is_away(lab, dnsguard):
    place = places.Place(lab, 'knot', {ZONE: RECORDS})
    policy = place.policy(ZONE, POLICY, verify=f'{{servers: [{place.address}], resolver: 127.0.0.28}}')
    dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    said = dnsguard('verify', policy).expect(0)
    assert 'what the resolver sees is not known' in said.stdout and 'could not tell' in said.stdout


def test_resolver_validates(lab, unbound, dnsguard):
    """With a trust anchor: secure as it is signed; bogus when the anchor is another key's."""
    place = places.Place(lab, 'bind-signed', {ZONE: RECORDS})
    unbound([place.server])
    anchor = place.trust_anchor(ZONE)
    policy = ask(place, more=f', trust-anchor: {anchor}')
    dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    view = lablib.json.loads(dnsguard('verify', '--json', policy).expect(0).stdout.splitlines()[0])['resolver']
    assert view['servers'][0]['trust'] == 'secure' and view['is_in_force']
    words = anchor.read_text().split()
    words[-1] = ('A' if words[-1][0] != 'A' else 'B') + words[-1][1:]
    anchor.write_text(' '.join(words) + '\n')
    said = dnsguard('verify', policy).expect(3)
    assert 'DNSSEC' in said.stdout and 'compare the DS records at the parent' in said.stdout, str(said)
