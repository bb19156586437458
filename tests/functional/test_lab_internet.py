"""The lab's own Internet: zones are found from its root, validated as they are signed, and hostile servers do what they are for."""
import hostile
import internet
import pytest
import web
from internet import Zone, address, address6

SITE = address(200)
HOSTS = {
    'mta-sts.plain.example': web.policy('mx.plain.example'),
    'wrong.example': web.policy('mx', certificate='wrong'),
    'self.example': web.policy('mx', certificate='self-signed'),
    'moved.example': web.Answer(redirect='https://mta-sts.plain.example/'),
    'broken.example': web.Answer('abc', is_cut=True),
    'gone.example': web.Answer(status=404),
}
ZONES = {
    'plain.example': f'@ MX 10 mx\nmta-sts A {SITE}\n',
    'signed.test': Zone('@ MX 10 mx\n', is_signed=True),
    'co.uk': '',
    'a.co.uk': '@ MX 10 mx\n',
    'signature.example': Zone('@ MX 10 mx\n', is_signed=True, fault='signature'),
    'expired.example': Zone('@ MX 10 mx\n', is_signed=True, fault='expired'),
    'ds.example': Zone('@ MX 10 mx\n', is_signed=True, fault='ds'),
    'split.example': Zone(at={address(20): '@ MX 10 a\n', address(21): '@ MX 10 b\n', address(22): None},
                          serial={address(20): 5}),
    'behind.example': Zone('@ MX 10 mx\n', behind=[address(100)]),
    'loop1.example': Zone('@ MX 10 mx\n', ns=['ns1.loop2.example.', 'ns2.loop2.example.'], has_glue=False,
                          at=[address(10), address(11)]),
    'loop2.example': Zone('@ MX 10 mx\n', ns=['ns1.loop1.example.', 'ns2.loop1.example.'], has_glue=False,
                          at=[address(10), address(11)]),
    **{host: f'@ A {SITE}\n' for host in HOSTS if host.count('.') == 1},
}


@pytest.fixture(scope='module')
def world(module_lab):
    world = internet.Internet(module_lab, ZONES, [SITE])
    world.web = web.Web(module_lab, HOSTS, SITE)
    yield world
    world.web.stop()


@pytest.fixture
def relay():
    yield lambda *args, **options: hostile.Relay(address(100), address(10), *args, **options)
    hostile.stop_all()


def status(world, name, *more, server='127.0.0.53'):
    out = world.lab.run('dig', f'@{server}', '+time=10', '+tries=1', *more, name, 'MX').stdout
    return next((line.split('status: ')[1].partition(',')[0] for line in out.splitlines() if 'status: ' in line), out)


def test_validation(world):
    for name, trust in ('plain.example', ''), ('signed.test', 'ad'), ('a.co.uk', ''):
        assert world.unbound.dig(name, 'MX') == [f'10 mx.{name}.']
        out = world.lab.run('dig', '@127.0.0.53', '+dnssec', name, 'MX').stdout
        assert (' ad;' in out) == (trust == 'ad'), out
    for fault in internet.FAULTS:
        assert status(world, f'{fault}.example') == 'SERVFAIL'
        assert status(world, f'{fault}.example', '+cd') == 'NOERROR'


def test_name_servers_of_one_zone(world):
    def serial(at):
        return world.lab.run('dig', f'@{at}', '+short', '+norec', 'split.example', 'SOA').stdout.split()[2:3]
    assert serial(address(20)) == ['5'] and serial(address(21)) == ['1'] and serial(address(22)) == []
    assert status(world, 'split.example', server=address(22)) == 'REFUSED'
    assert status(world, 'plain.example', server=address6(10)) == 'NOERROR'


def test_names_that_need_each_other(world):
    assert status(world, 'loop1.example') == 'SERVFAIL'


def test_web(world):
    def curl(host):
        done = world.lab.run('curl', '-sS', '-w', '%{http_code}', f'https://{host}{web.PATH}')
        return done.rc, done.stdout
    rc, text = curl('mta-sts.plain.example')
    assert rc == 0 and text.startswith('version: STSv1') and text.endswith('200')
    assert curl('wrong.example')[0] == 60 and curl('self.example')[0] == 60
    assert curl('moved.example') == (0, '301') and curl('gone.example') == (0, '404')
    assert curl('broken.example')[0] == 18
    assert world.web.hits == {'mta-sts.plain.example': 1, 'moved.example': 1, 'gone.example': 1, 'broken.example': 1}


@pytest.mark.parametrize('options, said', [
    ({}, 'NOERROR'), ({'change': hostile.fail_with('REFUSED')}, 'REFUSED'),
    ({'change': hostile.only('TXT', hostile.fail_with('REFUSED'))}, 'NOERROR'),
    ({'wire': hostile.wrong_id}, 'ID mismatch'), ({'change': hostile.wrong_question}, 'Question section mismatch'),
    ({'change': hostile.truncate, 'has_tcp': False}, 'connection refused'),
    ({'change': hostile.truncate, 'is_tcp_cut': True}, 'communications error'),
], ids=['faithful', 'refuses', 'refuses-txt', 'wrong-id', 'wrong-question', 'no-tcp', 'tcp-cut'])
def test_relay(world, relay, options, said):
    relay(**options)
    assert said in status(world, 'behind.example', server=address(100))
