"""What gets a key, what makes changes public, and what the other side itself compares."""
import signal
import subprocess

import api
import apis
import dialects
import lab as lablib
import pytest

WITH_LOGIN = (dialects.Azure, dialects.ConoHa, dialects.GoogleCloud)
LOGINS = {'Azure': '/oauth2/', 'ConoHa': '/auth/tokens', 'GoogleCloud': '/token'}
SECRETS = ('5ecret', 'PRIVATE')


def login_of(site):
    return LOGINS[type(site.dialect).__name__]


@pytest.fixture(params=WITH_LOGIN, ids=lambda d: d.__name__)
def site(request, lab):
    made = apis.Site(lab, request.param)
    yield made
    made.stop()


def no_secret(said):
    return not any(secret in said.stdout + said.stderr for secret in SECRETS)


def test_one_login_for_a_run(site):
    """Reading, changing, reading back: the token of one login serves them all, and a new run gets its own."""
    policy = site.policy()
    site.apply(policy).expect(0)
    assert site.dialect.n_logins == 1
    site.run('plan', policy).expect(0)
    assert site.dialect.n_logins == 2


def test_a_login_goes_wrong_for_a_while(site):
    site.fault('500', on=login_of(site), times=2)
    site.run('plan', '--adopt', site.policy()).expect(3)


@pytest.mark.parametrize('kind', ['not-json', 'error-200'])
def test_nonsense_at_the_login(site, kind):
    site.fault(kind, on=login_of(site), times=9)
    if isinstance(site.dialect, dialects.ConoHa) and kind == 'not-json':
        return  # its token is not in the body
    said = site.run('plan', site.policy()).expect(1)
    assert 'not understood: no token' in said.stderr and no_secret(said)


@pytest.mark.parametrize('token', ['', 'a b', 'x\x7f', 'y' * 9000], ids=lambda t: t[:3])
def test_no_token(lab, token):
    """What cannot stand in a header field never gets there."""
    site = apis.Site(lab, dialects.Azure)
    handle = site.dialect.handle
    site.dialect.handle = lambda method, path, *rest: \
        (200, {'access_token': token, 'expires_in': 60}) if '/oauth2/' in path else handle(method, path, *rest)
    assert 'no token' in site.run('plan', site.policy()).expect(1).stderr
    assert len(site.calls) == 1


def test_a_wrong_secret(lab):
    for dialect in (dialects.Azure, dialects.ConoHa):
        site = apis.Site(lab, dialect)
        policy = site.policy()
        lablib.pathlib.Path(site.files[site.dialect.token_option]).write_text('another-5ecret\n')
        said = site.run('plan', policy).expect(1)
        assert 'refuses the key (401)' in said.stderr and no_secret(said)


def test_a_wrong_signature(lab):
    """Signed with another secret: the other side says so, and nothing is shown."""
    site = apis.Site(lab, dialects.Ovh)
    policy = site.policy()
    lablib.pathlib.Path(site.files['application-secret-file']).write_text('another-5ecret\n')
    said = site.run('plan', policy).expect(1)
    assert 'refuses the key (401)' in said.stderr and no_secret(said) and site.n_refused == 1


@pytest.mark.parametrize('text', ['{}', '{"client_email": "a", "token_uri": "https://a", "project_id": "b", "private_key": "x"}', 'x',
                                  '[' * 5000], ids=lambda t: t[:8])
def test_a_key_file_that_is_none(lab, text):
    site = apis.Site(lab, dialects.GoogleCloud)
    policy = site.policy()
    lablib.pathlib.Path(site.files['key-file']).write_text(text)
    said = site.run('plan', policy)
    assert said.rc in (1, 2) and 'expected the key of a service account' in said.stderr


def test_tokens_come_from_where_the_key_says_by_https_only(lab):
    site = apis.Site(lab, dialects.GoogleCloud)
    path = lablib.pathlib.Path(site.files['key-file'])
    path.write_text(path.read_text().replace(f'{site.url}/token', 'http://198.51.100.9/token'))
    said = site.run('plan', site.policy())
    assert said.rc in (1, 2) and 'plain http' in said.stderr and site.calls == []


# publish


def test_made_public_once(lab):
    site = apis.Site(lab, dialects.Ovh)
    policy = site.policy()
    site.run('plan', '--adopt', policy).expect(3)
    assert site.dialect.n_refreshed == 0
    site.apply(policy).expect(0)
    assert site.dialect.served == site.image() and site.dialect.n_refreshed == 2  # before the first look, and after the last edit
    site.run('plan', policy).expect(0)
    assert site.dialect.n_refreshed == 2


@pytest.mark.parametrize('kind', ['500', '503', 'lost'])
def test_making_public_goes_wrong_for_a_while(lab, kind):
    site = apis.Site(lab, dialects.Ovh)
    site.fault(kind, on='/refresh', times=2, skip=1)
    site.apply(site.policy()).expect(0)
    assert site.dialect.served == site.image()


@pytest.mark.parametrize('status', [403, pytest.param(500, marks=pytest.mark.slow)])
def test_what_is_not_public_is_no_success(lab, status):
    """All records stand, and no name server shows one: that is said and ends with 1; the next run makes them public."""
    site = apis.Site(lab, dialects.Ovh)
    policy = site.policy()
    handle, n = site.dialect.handle, []

    def refuse(method, path, *rest):
        if path.endswith('/refresh'):
            n.append(1)
            if len(n) >= 2:
                raise api.Refused(status, {'message': 'not now'})
        return handle(method, path, *rest)

    site.dialect.handle = refuse
    done = site.apply(policy).expect(1)
    assert 'not made public yet: apply again does that' in done.stderr and 'not now' in done.stderr, str(done)
    assert (done.stdout + done.stderr).count('not made public yet') == 1
    assert site.dialect.served == site.first and site.mail() == apis.wanted(site.first)
    if status == 403:
        assert 'not now' in site.run('apply', '--yes', policy).expect(1).stderr  # still refused: before the first look
    site.dialect.handle = handle
    site.run('apply', '--yes', policy).expect(0)  # without --adopt: what stands there is ours
    assert site.dialect.served == site.image()
    site.restore_all()
    assert site.mail() == site.first


def test_killed_before_it_was_public(lab):
    site = apis.Site(lab, dialects.Ovh)
    policy = site.policy()
    site.fault('timeout', on='/refresh', skip=1)
    argv = [lab.program, '--state', str(site.state), 'apply', '--yes', '--adopt', '--force', str(policy)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        lablib.wait_for(lambda: sum(path.endswith('/refresh') for _, path, _ in site.calls) == 2, 'the refresh', 60)
        running.send_signal(signal.SIGKILL)
    assert site.dialect.served == site.first
    site.apply(policy).expect(0)
    assert site.dialect.served == site.image() and site.mail() == apis.wanted(site.first)


# what they compare themselves


@pytest.mark.parametrize('dialect', [dialects.Azure, dialects.GoogleCloud, dialects.SakuraCloud, dialects.Webhook],
                         ids=lambda d: d.__name__)
def test_it_compares_itself(lab, dialect):
    """An edit between our look and our write is a conflict that the other side sees; it stands."""
    site = apis.Site(lab, dialect)
    done = []

    def edit(there):
        if not done:
            done.append(1)
            there.put('@', 'MX', 3600, ['5 theirs.example.test.'])
            there.put('@', 'TXT', 3600, ['"theirs"'])

    site.on_write = edit
    said = site.apply(site.policy()).expect(1)
    assert 'somebody else' in said.stderr or 'theirs' in said.stderr, str(said)
    image = site.image()
    assert image['@', 'MX'] == (3600, ['5 theirs.example.test.']) and image['@', 'TXT'] == (3600, ['"theirs"'])


# odd ones


def test_types_of_their_own(lab):
    """OVH keeps DMARC as a type of its own: it is a TXT record all the same, and becomes one when it changes."""
    site = apis.Site(lab, dialects.Ovh, records=apis.RECORDS + '_dmarc TXT "v=DMARC1; p=none"\n')
    policy = site.policy()
    site.apply(policy).expect(0)
    assert site.image()['_dmarc', 'TXT'] == (3600, ['"v=DMARC1; p=reject"'])
    site.run('plan', policy).expect(0)


def test_no_mx_below_the_zone(lab):
    """How VALUE-DOMAIN writes one is not known: none is written, and what stands there stays."""
    site = apis.Site(lab, dialects.ValueDomain, records=apis.RECORDS + 'news MX 10 mx1.example.test.\n')
    said = site.run('plan', '--adopt', site.policy('mail:\n  "lists2": {mx: [10 mx1.example.test]}\n')).expect(1).stderr
    assert "takes an MX for the zone's own name only" in said
    site.apply(site.policy()).expect(0)
    assert site.image()['news', 'MX'] == site.first['news', 'MX']


@pytest.mark.parametrize('section', ['split: {to: m}', 'split: {to: m, rotate: [n]}'])
def test_no_split_without_an_mx_below_the_zone(lab, section):
    """Said at the first plan, with what to do instead; and by split, which changes nothing."""
    site = apis.Site(lab, dialects.ValueDomain)
    policy = site.policy(f'mail:\n  "@": {{mx: [10 mx1.example.test], spf: [mx], dmarc: {{policy: reject}}, {section}}}\n')
    for command in ('plan', '--adopt'), ('apply', '--yes', '--adopt', '--force'), ('split', '--yes', '--no-smtp', '--adopt', '--force'):
        done = site.run(*command, policy, *(['@'] if command[0] == 'split' else [])).expect(1)
        text = ' '.join(done.stderr.split())
        assert f'{policy}:' in text and 'example.test. cannot be split: its mail would move to m.example.test.' in text, str(done)
        assert 'Instead move the DNS of the zone' in text and 'shed:' in text
    assert site.writes() == [] and site.image() == site.first


@pytest.mark.parametrize('line', ['mx', 'mx mail', 'mx mail 70000', 'mx mail x', 'txt', 'txt a..b c', 'mx a. 1 b c'])
def test_lines_that_are_not_understood(lab, line):
    site = apis.Site(lab, dialects.ValueDomain)
    handle = site.dialect.handle

    def add(*args):
        status, o = handle(*args)
        o['results']['records'] += f'\n{line}'
        return status, o

    site.dialect.handle = add
    said = site.run('plan', site.policy()).expect(1).stderr
    assert 'not understood' in said or 'name' in said
    assert site.writes() == []


def test_several_zones_of_one_name(lab):
    site = apis.Site(lab, dialects.GoogleCloud)
    handle = site.dialect.handle

    def both(method, path, *rest):
        status, o = handle(method, path, *rest)
        for zone in o.get('managedZones', []):
            zone['visibility'] = 'public'
        return status, o

    site.dialect.handle = both
    assert 'say which by managed-zone' in site.run('plan', site.policy()).expect(1).stderr
    site.run('plan', '--adopt', site.policy(more=', managed-zone: lab-zone')).expect(3)
