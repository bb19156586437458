"""Providers behind HTTP APIs when things go wrong: nothing is done twice, lost, or half done for good."""
import os
import random
import signal
import subprocess

import api
import apis
import dialects
import lab as lablib
import pytest

RECOVERED = 4  # runs, at most, until all is as it should be
ROUNDS = int(os.environ.get('DNSGUARD_FAULTS', '5'))  # of each kind, in the long form
ONE_AFTER_THE_OTHER = [dialects.DigitalOcean, dialects.Gandi, dialects.Hetzner, dialects.Linode]
AT_ONCE = [dialects.Cloudflare, dialects.DeSec]
SLOW = ('timeout', 'slow')


SIGNED_AND_JAPANESE = [dialects.Azure, dialects.ConoHa, dialects.Gehirn, dialects.GoogleCloud, dialects.Ovh, dialects.SakuraCloud,
                       dialects.ValueDomain, dialects.Webhook]
A_CLASS_EACH = [dialects.Cloudflare, dialects.Gandi, dialects.DigitalOcean]


def name_of(x):
    return getattr(x, '__name__', str(x))


@pytest.fixture(params=A_CLASS_EACH, ids=name_of)
def site(request, lab):
    """One of each class of transactions: what is tested here stands in providers/api, not in the dialects."""
    made = apis.Site(lab, request.param)
    yield made
    made.stop()


def settle(site, policy):
    """Runs until the program says that it is done."""
    for n in range(RECOVERED):
        done = site.apply(policy)
        if done.rc == 0:
            return n + 1
    raise AssertionError(str(done))


def check_end(site, policy):
    assert site.mail() == apis.wanted(site.first)
    assert site.broken == []
    site.run('plan', policy).expect(0)
    values = [(r.name, r.type, r.value) for r in site.dialect.records]
    assert len(values) == len(set(values)), 'something was done twice'


@pytest.mark.slow
@pytest.mark.parametrize('kind', [k for k in api.FAULTS if k not in ('stale', 'reordered', 'duplicate')])
def test_a_write_goes_wrong(site, kind):
    policy = site.policy(more=', timeout: 2s' if kind in SLOW else '')
    site.fault(kind, on='write', skip=1 if type(site.dialect) in ONE_AFTER_THE_OTHER else 0)
    settle(site, policy)
    check_end(site, policy)


@pytest.mark.slow
@pytest.mark.parametrize('dialect', SIGNED_AND_JAPANESE, ids=name_of)
@pytest.mark.parametrize('kind', api.FAULTS)
def test_a_write_goes_wrong_elsewhere(lab, dialect, kind):
    site = apis.Site(lab, dialect)
    policy = site.policy(more=', timeout: 2s' if kind in SLOW else '')
    site.fault(kind, on='write', skip=1 if dialect in (dialects.Azure, dialects.ConoHa, dialects.Gehirn, dialects.Ovh) else 0)
    settle(site, policy)
    check_end(site, policy)


@pytest.mark.slow
@pytest.mark.parametrize('dialect', SIGNED_AND_JAPANESE, ids=name_of)
@pytest.mark.parametrize('kind', [k for k in api.FAULTS if k != '500-done'])
def test_a_read_goes_wrong_elsewhere(lab, dialect, kind):
    site = apis.Site(lab, dialect)
    policy = site.policy(more=', timeout: 2s' if kind in SLOW else '')
    site.fault(kind, on='read', skip=2)
    settle(site, policy)
    check_end(site, policy)


@pytest.mark.parametrize('dialect, kind', list(zip(SIGNED_AND_JAPANESE, ['lost', '500-done', 'lost', 'half', '500-done', 'lost',
                                                                        '500-done', 'lost'])), ids=name_of)
def test_a_reply_is_lost_elsewhere(lab, dialect, kind):
    """One fault for each in the ordinary run; all of them in the slow one."""
    site = apis.Site(lab, dialect)
    policy = site.policy()
    site.fault(kind)
    settle(site, policy)
    check_end(site, policy)


@pytest.mark.parametrize('kind', [k for k in api.FAULTS if k != '500-done'])
def test_a_read_goes_wrong(lab, kind):
    site = apis.Site(lab, dialects.Cloudflare)
    policy = site.policy(more=', timeout: 2s' if kind in SLOW else '')
    site.fault(kind, on='read', skip=2)
    settle(site, policy)
    check_end(site, policy)


class Round:
    """One fault somewhere on the way of an apply at one provider; then again until it is done."""

    def __init__(self, lab, dialect, fault):
        self.site, self.n_faults = apis.Site(lab, dialect), fault['times'] if fault else 0
        self.policy = self.site.policy(more=', timeout: 2s' if fault and fault['kind'] in SLOW else '', name=f'{lab.unique("zone")}.yaml')
        if fault:
            self.site.fault(**fault)
        self.told = []
        while not self.told or self.told[-1].rc:
            assert len(self.told) < RECOVERED, '\n'.join(map(str, self.told))
            self.told.append(self.site.apply(self.policy))
        self.n_calls = len(self.site.calls)
        self.n = {'write': len(self.site.writes()), 'read': self.n_calls - len(self.site.writes())}

    def check(self, n_sound):
        """As wanted; a fault costs no more calls than two runs without any have; and no secret was shown or kept."""
        assert self.site.faults[0]['times'] < self.n_faults, 'there was no fault'
        check_end(self.site, self.policy)
        assert self.n_calls <= (len(self.told) + 2 * self.n_faults) * n_sound, f'{self.n_calls} calls, {n_sound} without a fault'
        told = ''.join(done.stdout + done.stderr for done in self.told).encode()
        told += b''.join(p.read_bytes() for p in self.site.state.rglob('*') if p.is_file())
        for secret in self.site.secrets():
            assert secret.encode() not in told, 'a secret was shown'


@pytest.mark.soak
@pytest.mark.parametrize('kind', api.FAULTS)
def test_faults_of_a_kind(record_property, lab, kind):
    """At any provider, in any call of a run."""
    chance, sound, runs = random.Random(kind), {}, 0
    for _ in range(ROUNDS):
        dialect = chance.choice(dialects.ALL)
        on = chance.choice(['write'] if kind == '500-done' else ['read', 'write'])
        if dialect not in sound:
            whole = Round(lab, dialect, None)
            sound[dialect] = whole.n
            whole.site.stop()
        fault = {'kind': kind, 'on': on, 'skip': chance.randrange(sound[dialect][on]), 'times': chance.choice([1, 1, 2])}
        made = Round(lab, dialect, fault)
        try:
            made.check(sum(sound[dialect].values()))
        except AssertionError as why:
            raise AssertionError(f'{dialect.__name__}, {fault}: {why}') from None
        runs += len(made.told)
        made.site.stop()
    record_property('rounds', ROUNDS)
    print(f'{kind}: {ROUNDS} faults, {runs} runs until all was done')


@pytest.mark.parametrize('kind', ['stale', 'reordered', 'duplicate'])
def test_what_is_read_is_odd(site, kind):
    """A list that comes late, in another order or with everything twice, from the first look to the last."""
    site.fault(kind, on='read', times=1000 if kind == 'reordered' else 3)
    policy = site.policy()
    settle(site, policy)
    check_end(site, policy)


@pytest.mark.parametrize('dialect', ONE_AFTER_THE_OTHER, ids=name_of)
@pytest.mark.parametrize('skip', [1, 3])
def test_part_of_it_and_the_rest_in_the_next_run(lab, dialect, skip):
    """The provider fails for good after some edits: it is said how far it came, and the next run goes on from there."""
    site = apis.Site(lab, dialect)
    policy = site.policy()
    site.fault('500', on='write', times=1000, skip=skip)
    said = site.apply(policy).expect(1)
    assert 'RRsets are published, the next run goes on from there' in said.stderr, str(said)
    assert site.broken == []
    site.faults.clear()
    site.run('apply', '--yes', '--force', policy).expect(0)  # without --adopt: what stands there is ours
    check_end(site, policy)
    site.restore_all()
    assert site.mail() == site.first and site.broken == []


@pytest.mark.parametrize('dialect', ONE_AFTER_THE_OTHER, ids=name_of)
def test_killed_in_the_middle(lab, dialect):
    site = apis.Site(lab, dialect)
    policy = site.policy()
    site.fault('timeout', on='write', skip=2)
    argv = [lab.program, '--state', str(site.state), 'apply', '--yes', '--adopt', '--force', str(policy)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        lablib.wait_for(lambda: len(site.writes()) == 3, 'the third write', 60)
        running.send_signal(signal.SIGKILL)
    said = site.run('apply', '--yes', '--force', policy).expect(0)
    assert 'of an interrupted run' in said.stdout + said.stderr
    check_end(site, policy)


@pytest.mark.parametrize('dialect', AT_ONCE, ids=name_of)
def test_all_or_nothing(lab, dialect):
    site = apis.Site(lab, dialect)
    policy = site.policy()
    for kind in ('500', 'lost', '500-done', 'half'):
        site.fault(kind)
        n = len(site.writes())
        settle(site, policy)
        assert len(site.writes()) - n <= 2
        check_end(site, policy)
        site.restore_all()
        assert site.image() == site.first


@pytest.mark.parametrize('number', [2, 3])
def test_somebody_else_was_first(lab, number):
    """An edit after the plan: seen at the fresh look (read 2), or right before the first write (read 3). Nothing is overwritten."""
    site = apis.Site(lab, dialects.Gandi)
    reads = []

    def edit(dialect):
        reads.append(1)
        if len(reads) == number:
            dialect.put('@', 'MX', 3600, ['5 theirs.example.test.'])

    site.on_read = edit
    done = site.apply(site.policy()).expect(1)
    assert 'theirs.example.test' in done.stderr or 'somebody else edited it' in done.stderr, str(done)
    assert site.writes() == [] and site.image()['@', 'MX'] == (3600, ['5 theirs.example.test.'])


def test_somebody_else_meanwhile(lab):
    """An edit between two of our writes is no state on our way: it stands, and is told."""
    site = apis.Site(lab, dialects.DigitalOcean)
    n = []

    def edit(dialect):
        n.append(1)
        if len(n) == 2:
            dialect.records = [r for r in dialect.records if r.type != 'MX']
            dialect.put('@', 'MX', 3600, ['5 theirs.example.test.'])

    site.on_write = edit
    site.fault('500', on='write', times=1000, skip=2)
    done = site.apply(site.policy()).expect(1)
    assert 'somebody else' in done.stderr, str(done)
    assert site.image()['@', 'MX'] == (3600, ['5 theirs.example.test.'])


def test_no_secret_is_shown(lab):
    """Not even where the other side repeats it, whole or in part."""
    site = apis.Site(lab, dialects.Gandi)
    policy = site.policy()
    for text in (api.TOKEN, api.TOKEN[3:14], f'your key {api.TOKEN} is bad'):
        site.dialect.refuse = lambda status, _, text=text: (_ for _ in ()).throw(api.Refused(403, {'message': text}))
        site.dialect.ttl_min = 100000
        said = site.apply(policy, '--verbose').expect(1)
        assert 'refuses the key (403)' in said.stderr and 'it repeats the key' in said.stderr
        for n in range(len(api.TOKEN) - 7):
            assert api.TOKEN[n:n + 8] not in said.stdout + said.stderr
    state = b''.join(p.read_bytes() for p in site.state.rglob('*') if p.is_file())
    assert api.TOKEN[:8].encode() not in state


def test_a_wrong_key(site):
    policy = site.policy()
    lablib.pathlib.Path(site.files['token-file']).write_text('another\n')
    said = site.run('plan', policy).expect(1).stderr
    assert 'refuses the key (401)' in said and site.calls == []


def test_a_key_that_others_can_read(lab):
    site = apis.Site(lab, dialects.Cloudflare)
    os.chmod(site.files['token-file'], 0o644)
    said = site.run('plan', site.policy())
    assert said.rc and 'chmod 0600' in said.stderr
    assert site.calls == []


def test_a_redirect_is_not_followed(lab):
    site = apis.Site(lab, dialects.DeSec)
    site.fault('redirect', on='read')
    assert 'redirect (302), which is not followed' in site.run('plan', site.policy()).expect(1).stderr


def test_plain_http_to_elsewhere(lab):
    site = apis.Site(lab, dialects.DeSec, address='198.51.100.66')
    said = site.run('plan', site.policy())
    assert said.rc and 'plain http would show the key' in said.stderr and site.calls == []
    site.run('plan', '--adopt', site.policy(more=', insecure-http: true')).expect(3)


def test_tls(lab):
    site = apis.Site(lab, dialects.Hetzner, certificate='right')
    policy = site.policy()
    settle(site, policy)
    check_end(site, policy)
    other = apis.Site(lab, dialects.Hetzner, certificate='wrong')
    said = other.run('plan', other.policy(name='other.yaml')).expect(1)
    assert 'certificate' in said.stderr.lower() or 'ssl' in said.stderr.lower(), str(said)
    assert other.calls == []


ZONES = '<ListHostedZonesByNameResponse><HostedZones>{}</HostedZones></ListHostedZonesByNameResponse>'
XML = {
    'no-xml': '{"HostedZones": []}', 'nothing': '', 'cut': ZONES.format('<HostedZone>')[:-30], 'another': '<a/>', 'two-roots': '<a/><b/>',
    'entities': '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>' + ZONES.format('<HostedZone><Id>&c;</Id></HostedZone>'),
    'from-elsewhere': '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>' + ZONES.format('<HostedZone><Id>&b;</Id></HostedZone>'),
    'deep': '<a>' * 5000 + '</a>' * 5000, 'wide': ZONES.format('<HostedZone/>' * 200000),
    'encoding': '<?xml version="1.0" encoding="x-none"?>' + ZONES.format(''),
    'wrong-types': ZONES.format('<HostedZone><Id><Id/></Id><Name>example.test.</Name></HostedZone>'),
    'path': ZONES.format('<HostedZone><Id>/hostedzone/../../user</Id><Name>example.test.</Name></HostedZone>'),
    'control': ZONES.format('<HostedZone><Id>\x1b[31m</Id><Name>example.test.</Name></HostedZone>'),
}


@pytest.mark.parametrize('text', XML.values(), ids=XML.keys())
def test_nonsense_in_xml(lab, text):
    site = apis.Site(lab, dialects.Route53)
    site.dialect.handle = lambda *_: (200, text, dialects.XML_TYPE)
    said = site.run('plan', site.policy()).expect(1)
    assert 'not understood' in said.stderr or 'shows no' in said.stderr, str(said)
    assert '\x1b' not in said.stdout + said.stderr and len(said.stderr) < 1000
    assert site.writes() == [] and not any('..' in path for _, path, _ in site.calls)


@pytest.mark.parametrize('answer', [
    {'zones': []}, [], None, 'x', {'success': True}, {'success': True, 'result': {}},
    {'success': True, 'result': [{'id': '../../user', 'name': 'example.test'}]},
    {'success': True, 'result': [{'id': '..', 'name': 'example.test'}]},
    {'success': True, 'result': [{'id': 'a b', 'name': 'example.test'}]},
    {'success': 'yes', 'result': [{'id': 'a', 'name': 'example.test'}]}], ids=str)
def test_nonsense_about_the_zone(lab, answer):
    site = apis.Site(lab, dialects.Cloudflare)
    site.dialect.handle = lambda *_: (200, answer)
    said = site.run('plan', site.policy()).expect(1).stderr
    assert 'not understood' in said or 'shows no zone' in said or 'says no' in said
    assert all(path.startswith('/zones?') for _, path, _ in site.calls)


@pytest.mark.parametrize('rrset', [
    {}, {'rrset_name': 5}, {'rrset_name': '@', 'rrset_type': 'MX', 'rrset_ttl': -1, 'rrset_values': ['10 a.']},
    {'rrset_name': '@', 'rrset_type': 'MX', 'rrset_ttl': 300, 'rrset_values': ['10']},
    {'rrset_name': '@', 'rrset_type': 'MX', 'rrset_ttl': 300, 'rrset_values': [{'a': 1}]},
    {'rrset_name': '@', 'rrset_type': 'MX', 'rrset_ttl': 2 ** 40, 'rrset_values': ['10 a.']},
    {'rrset_name': 'x.', 'rrset_type': 'MX', 'rrset_ttl': 300, 'rrset_values': ['10 a.']},
    {'rrset_name': 'a..b', 'rrset_type': 'MX', 'rrset_ttl': 300, 'rrset_values': ['10 a.']},
    {'rrset_name': '@', 'rrset_type': 'TXT', 'rrset_ttl': 300, 'rrset_values': ['"\u001b[31m']},
    {'rrset_name': '@', 'rrset_type': 'TXT', 'rrset_ttl': 300, 'rrset_values': 'x'}], ids=str)
def test_nonsense_about_records(lab, rrset):
    """What was not understood is never taken for absent."""
    site = apis.Site(lab, dialects.Gandi)
    site.dialect.handle = lambda *_: (200, [rrset])
    said = site.run('plan', site.policy()).expect(1)
    assert '\x1b' not in said.stdout + said.stderr
