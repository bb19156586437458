"""Every provider behind an HTTP API, against a server that speaks its dialect: the whole way, there and back."""
import apis
import dialects
import pytest

NO_NULL_MX = (dialects.Azure, dialects.DigitalOcean, dialects.SakuraCloud)
ONE_TTL = (dialects.ValueDomain,)
WITH_GAP = (dialects.Linode,)
TAKES_NULL_MX = [d for d in dialects.ALL if d not in NO_NULL_MX + WITH_GAP]


@pytest.fixture(params=dialects.ALL, ids=lambda d: d.__name__)
def site(request, lab):
    made = apis.Site(lab, request.param)
    yield made
    made.stop()


def make(lab, dialect, **options):
    return apis.Site(lab, dialect, **options)


def test_whole_way(site):
    policy = site.policy()
    done = site.run('plan', '--adopt', policy).expect(3)
    assert site.writes() == [], str(done)
    site.apply(policy).expect(0)
    assert site.mail() == apis.wanted(site.first)
    assert site.broken == []
    n = len(site.writes())
    site.run('plan', policy).expect(0)  # what came back is what was wanted: no endless plan
    site.apply(policy).expect(0)
    assert len(site.writes()) == n
    site.run('restore', '--yes').expect(0)
    assert site.image() == site.first and site.broken == []


def test_fewest_calls(site):
    """One call where the API takes all at once; else one for each record that changes, and the marker's."""
    site.apply(site.policy()).expect(0)
    per_rrset = ('Azure', 'Gandi', 'Gehirn', 'Hetzner')
    n = {'ConoHa': 5, 'GoogleCloud': 1, 'Ovh': 5, 'SakuraCloud': 1, 'ValueDomain': 1,
         'Cloudflare': 1, 'DeSec': 1, 'Route53': 1, 'ExternalDns': 1, 'Webhook': 1, 'DigitalOcean': 5, 'Linode': 7}.get(type(site.dialect).__name__, 4)
    assert len(site.writes()) == n, site.writes()
    assert type(site.dialect).__name__ in per_rrset or n != 4


def test_ttl_alone(site):
    if isinstance(site.dialect, ONE_TTL):
        said = site.run('plan', '--adopt', site.policy(ttl='2h')).expect(1).stderr
        assert 'it takes 3600 to 3600 s; write ttl: 3600s' in said
        return
    policy = site.policy('mail:\n  "@": {mx: [10 oldmx.example.test, 20 mx1.example.test]}\n', ttl='2h')
    site.apply(policy).expect(0)
    assert site.mail() == {**site.first, ('@', 'MX'): (7200, sorted(['10 oldmx.example.test.', '20 mx1.example.test.']))}
    site.run('plan', policy).expect(0)
    site.run('restore', '--yes').expect(0)
    assert site.image() == site.first


@pytest.mark.parametrize('dialect', TAKES_NULL_MX, ids=lambda d: d.__name__)
def test_null_mx_and_back(lab, dialect):
    site = make(lab, dialect)
    policy = site.policy(apis.NULLED)
    site.apply(policy).expect(0)
    assert site.mail() == apis.nulled(site.first)
    site.run('plan', policy).expect(0)
    assert site.restore_all() == 2
    assert site.image() == site.first and site.broken == []


def test_null_mx_refused(lab):
    """Said at plan time, with what to do instead; and where the owner knows better, tried."""
    site = make(lab, dialects.DigitalOcean)
    said = site.run('plan', '--adopt', '--force', site.policy(apis.NULLED)).expect(1).stderr
    assert 'refuses a null MX (seen on 2020-12-28' in said and 'refuses all mail' in said and 'null-mx: accepted' in said
    assert site.writes() == []
    site.dialect.has_null_mx = True
    site.apply(site.policy(apis.NULLED, more=', null-mx: accepted')).expect(0)
    assert site.mail() == apis.nulled(site.first) and site.broken == []


def test_null_mx_with_a_gap(lab):
    site = make(lab, dialects.Linode)
    said = site.run('plan', '--adopt', '--force', site.policy(apis.NULLED)).expect(1).stderr
    assert 'for a moment there is no MX' in said and 'null-mx: with-a-gap' in said
    assert site.writes() == []
    policy = site.policy(apis.NULLED, more=', null-mx: with-a-gap')
    site.apply(policy).expect(0)
    assert site.mail() == apis.nulled(site.first)
    assert set(site.broken) == {'@: no MX, but an A'}
    site.run('plan', policy).expect(0)


def test_null_mx_refused_by_the_server(lab):
    """What is not known is tried: the server's word is shown, and the MX stands."""
    site = make(lab, dialects.DeSec)
    site.dialect.has_null_mx = False
    said = site.apply(site.policy(apis.NULLED)).expect(1)
    assert "The domain name '.' is invalid." in said.stderr, str(said)
    assert site.image()['@', 'MX'] == site.first['@', 'MX']


@pytest.mark.parametrize('dialect, ttl, instead', [
    (dialects.DeSec, '60s', 'ttl: 3600s'), (dialects.Gandi, '60s', 'ttl: 300s'), (dialects.Linode, '90m', 'ttl: 7200s'),
    (dialects.Cloudflare, '2d', 'ttl: 86400s')], ids=lambda x: getattr(x, '__name__', x))
def test_ttl_that_is_not_taken(lab, dialect, ttl, instead):
    site = make(lab, dialect)
    said = site.run('plan', '--adopt', site.policy(ttl=ttl)).expect(1).stderr
    assert instead in said and 'zone.yaml:' in said
    assert site.writes() == []


def test_preference_that_is_not_taken(lab):
    site = make(lab, dialects.Linode)
    said = site.run('plan', '--adopt', site.policy('mail:\n  "@": {mx: [256 mx1.example.test]}\n')).expect(1).stderr
    assert 'takes up to 255' in said


def test_minimum_ttl_of_the_domain(lab):
    site = make(lab, dialects.DeSec)
    site.dialect.ttl_min = 60
    policy = site.policy(ttl='5m')
    site.apply(policy).expect(0)
    assert site.mail() == apis.wanted(site.first, 300)


@pytest.mark.parametrize('dialect', [dialects.Gandi, dialects.DigitalOcean], ids=lambda d: d.__name__)
def test_long_text(lab, dialect):
    """Texts above 255 octets come back as they were, however the API cuts them."""
    text = 'v=DKIM1; k=rsa; p=' + 'A' * 392
    site = make(lab, dialect)
    policy = site.policy('mail:\n  "@": {mx: [10 mx1.example.test], dkim: {s1: s1.pub}}\n')
    lab.write('s1.pub', text + '\n')
    done = site.apply(policy)
    assert done.rc in (0, 2), str(done)
    if done.rc == 0:
        site.run('plan', policy).expect(0)


def test_route53_compares(lab):
    """What somebody changed between our look and our batch is a conflict that Route 53 itself sees."""
    site = make(lab, dialects.Route53)

    def edit(dialect):
        dialect.put('@', 'MX', 3600, ['5 theirs.example.test.'])

    policy = site.policy()
    site.on_write = edit
    said = site.apply(policy).expect(1)
    assert 'somebody else changed this zone meanwhile' in said.stderr, str(said)
    assert site.image()['@', 'MX'] == (3600, ['5 theirs.example.test.'])
    assert ('_dmarc', 'TXT') not in site.image()


def test_route53_names_and_policies(lab):
    """Octal escapes, aliases; an RRset with a routing policy is not ours to write."""
    site = make(lab, dialects.Route53, records=apis.RECORDS + '*.wild A 192.0.2.9\n*.wild MX 10 mx1.example.test.\n')
    policy = site.policy('mail:\n  "@": {mx: [10 mx1.example.test]}\nsilent: ["*.wild"]\n')
    site.apply(policy).expect(0)
    assert site.image()['*.wild', 'MX'][1] == ['0 .']
    site.run('plan', policy).expect(0)
    out = site.dialect.out
    site.dialect.out = lambda key, records: out(key, records).replace('<TTL>', '<SetIdentifier>a</SetIdentifier><TTL>')
    assert 'routing policy' in site.run('plan', policy).expect(1).stderr


@pytest.mark.parametrize('body, is_served', [
    ({'include': []}, True), ({}, True), ({'filters': ['example.test']}, True), ({'include': ['test']}, True),
    ({'filters': ['other.test', '.xample.test']}, False), ({'include': ['www.example.test']}, False)], ids=str)
def test_domains_of_a_webhook(lab, body, is_served):
    site = make(lab, dialects.ExternalDns)
    handle = site.dialect.handle
    site.dialect.handle = lambda method, path, *rest: (200, body) if path == '/' else handle(method, path, *rest)
    said = site.run('plan', '--adopt', site.policy())
    assert said.rc == (3 if is_served else 1), str(said)
    assert is_served or 'does not serve example.test' in said.stderr
