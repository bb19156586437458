"""`dnsguard provider probe`: what an account takes is found out, and nothing is left behind, whatever happens."""
import json
import signal
import subprocess

import apis
import dialects
import lab as lablib
import pytest

SCRATCH = 'dnsguard-probe'
BODY = 'mail:\n  "@": {mx: [10 mx1.example.test]}\n'


def probe(site, *args, more=', calls-per-minute: 600000'):  # our own server has no limit
    return site.run('provider', 'probe', '--yes', *args, site.policy(BODY, more=more))


def told(done):
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize('dialect, status, found', [
    (dialects.Cloudflare, 0, {'null_mx': 'accepted', 'ttl_min': 60}),
    (dialects.DigitalOcean, 0, {'null_mx': 'refused', 'ttl_min': 30}),
    (dialects.DeSec, 3, {'null_mx': 'accepted', 'ttl_min': 3600})], ids=lambda x: getattr(x, '__name__', ''))
def test_found(lab, dialect, status, found):
    site = apis.Site(lab, dialect)
    done = probe(site, '--json').expect(status)
    said = told(done)
    assert said['scratch'] == f'{SCRATCH}.example.test.' and said['txt_max'] == 4000 and not said['was_left']
    assert found.items() <= said.items() and said['is_otherwise'] == (status == 3)
    assert site.image() == site.first and site.broken == []


def test_in_words(lab):
    """A null MX that the table says is refused: the option that makes plans go by what was found."""
    site = apis.Site(lab, dialects.DigitalOcean)
    site.dialect.has_null_mx = True
    check, limit = site.dialect.check, 512

    def no_long_texts(record):
        check(record)
        if record.type == 'TXT' and len(record.value) > limit:
            site.dialect.refuse(422, 'Data is too long')

    site.dialect.check = no_long_texts
    said = probe(site).expect(3).stdout
    assert 'null MX       accepted   (known: refused)' in said and 'Write `null-mx: accepted`' in said
    assert 'longest TXT   256 octets' in said and 'Data is too long' in said
    assert site.image() == site.first


def test_exclusive(lab):
    """Taken alone, but not in place of another MX."""
    site = apis.Site(lab, dialects.Gandi)
    put = site.dialect.put

    def alone(name, kind, ttl, values):
        if kind == 'MX' and values == ['0 .'] and (name, kind) in site.dialect.rrsets():
            site.dialect.refuse(409, 'remove the other MX first')
        put(name, kind, ttl, values)

    site.dialect.put = alone
    done = probe(site, '--json').expect(3)
    assert told(done)['null_mx'] == 'exclusive' and 'remove the other MX first' in told(done)['null_mx_why']
    assert site.image() == site.first


def test_not_tried_where_it_would_stop_mail(lab):
    site = apis.Site(lab, dialects.Linode)
    assert told(probe(site, '--json'))['null_mx'] == 'not tried'
    assert site.image() == site.first


def test_a_name_that_is_somebody_elses(lab):
    for records in (f'{SCRATCH} A 192.0.2.9\n', f'{SCRATCH} TXT "theirs"\n', f'{SCRATCH} MX 10 mx1.example.test.\n'):
        site = apis.Site(lab, dialects.Gandi, records=apis.RECORDS + records)
        assert 'somebody else' in probe(site).expect(1).stderr
        assert site.writes() == []


@pytest.mark.parametrize('skip', [1, 4, 12])
def test_killed(lab, skip):
    """What a killed run left the next one takes away."""
    site = apis.Site(lab, dialects.Gandi)
    site.fault('timeout', on='write', skip=skip)
    argv = [lab.program, '--state', str(site.state), 'provider', 'probe', '--yes', str(site.policy(BODY))]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        lablib.wait_for(lambda: len(site.writes()) == skip + 1, 'the write', 60)
        running.send_signal(signal.SIGKILL)
    assert site.image() != site.first
    said = told(probe(site, '--json').expect(0))
    assert said['was_left'] and site.image() == site.first


@pytest.mark.parametrize('kind', ['500', '429', 'lost', 'closed', 'half'])
@pytest.mark.parametrize('skip', [0, 2, 9])
@pytest.mark.slow
def test_something_goes_wrong(lab, kind, skip):
    site = apis.Site(lab, dialects.Gandi)
    site.fault(kind, on='write', skip=skip)
    probe(site)
    if site.image() != site.first:
        probe(site).expect(0)
    assert site.image() == site.first


def test_the_provider_is_gone(lab):
    """It cannot clean up then, says so, and the next run does."""
    site = apis.Site(lab, dialects.Gandi)
    site.fault('500', on='write', times=1000, skip=3)
    said = probe(site).expect(1)
    assert 'may still stand at dnsguard-probe.example.test.' in said.stdout + said.stderr, str(said)
    site.faults.clear()
    probe(site).expect(0)
    assert site.image() == site.first


def test_asks_first(lab):
    site = apis.Site(lab, dialects.Gandi)
    said = site.run('provider', 'probe', site.policy(BODY))
    assert said.rc == 2 and '--yes' in said.stderr and site.writes() == []
    assert site.run('provider', 'mend', site.policy(BODY)).rc == 2


def test_at_a_server(lab, knot):
    """The same by dynamic update."""
    server = knot({'example.test': '@ A 192.0.2.10\n'}, address='127.0.0.11')
    policy = lab.write('zone.yaml', f'zone: example.test\nprovider: {{rfc2136: {{server: "127.0.0.11", tsig: {{secret-file: '
                                    f'"{lab.key_file("bind")}"}}}}}}\nmail: {{"@": {{mx: null}}}}\n')
    said = told(lab.dnsguard('provider', 'probe', '--yes', '--json', policy).expect(0))
    assert (said['null_mx'], said['ttl_min'], said['txt_max']) == ('accepted', 1, 4000)
    assert server.dig(f'{SCRATCH}.example.test', 'TXT') == []
