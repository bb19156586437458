"""arm and disarm, and what split does when the subdomain's mail servers refuse mail, stay silent, or are not there."""
import json
import subprocess

import pytest
import places
import servers
import taker as takers

ZONE, SUB = 'example.test', 'm.example.test'
MX = '127.0.0.25'
RECORDS = f'''@ 2 MX 10 mx1
@ 2 TXT "v=spf1 mx -all"
_dmarc 2 TXT "v=DMARC1; p=none"
mx1 A {MX}
'''
POLICY = '''ttl: 2s
mail:
  "@":
    mx: [10 mx1.example.test]
    spf: [mx]
    dmarc: {policy: none}
    split: {to: m, armed-ttl: 1s}
'''
CALM, NULL = '10 mx1.example.test.', '0 .'


def lines_of(said):
    return [json.loads(line) for line in said.stdout.splitlines()]


class Site:
    def __init__(self, lab, kind='knot'):
        self.place = places.Place(lab, kind, {ZONE: RECORDS}, ttl=2)
        servers.Unbound(lab, of=[self.place.server])
        self.policy = self.place.policy(ZONE, POLICY)
        self.takers = []

    def take(self, address=MX, **options):
        self.takers.append(takers.Taker(address, **options))
        return self.takers[-1]

    def mx(self):
        return self.place.dig(ZONE, 'MX')


@pytest.fixture
def site(lab):
    made = Site(lab)
    yield made
    for one in made.takers:
        one.stop()


def test_there_and_back(site, dnsguard):
    taker = site.take()
    before = site.place.table(ZONE)
    said = dnsguard('arm', '--yes', '--adopt', '--local', 'info,news', site.policy, '@').expect(0)
    assert 'is armed: the subdomain is in force and takes mail' in said.stdout
    assert 'waiting until' in said.stdout
    assert site.place.rrset(ZONE, 'MX') == (1, [CALM]) and site.place.dig(SUB, 'MX') == [CALM]
    assert taker.heard == [('', f'{local}@{SUB}') for local in ('postmaster', 'info', 'news')] and not taker.letters

    lines = lines_of(dnsguard('arm', '--yes', '--json', site.policy, '@').expect(0))
    assert [row['answer'] for row in lines if row['type'] == 'smtp'] == ['takes']
    row = lines[-1]
    assert (row['type'], row['smtp'], row['in_force'], row['name']) == ('arm', 'takes', True, ZONE + '.')

    dnsguard('disarm', '--yes', site.policy, '@').expect(0)
    after = site.place.table(ZONE)
    assert {key: after[key] for key in before} == before
    assert 'is not split or armed' in dnsguard('disarm', '--yes', site.policy, '@').expect(0).stdout


@pytest.mark.parametrize('answer, rc, words', [
    ('550 5.1.1 unknown', 3, 'its subdomain refuses mail'), ('451 4.7.1 later', 3, 'could not be told')])
def test_refused_mail(site, dnsguard, answer, rc, words):
    """The MX stays what it was: mail to the subdomain would be lost."""
    site.take(default=answer)
    said = dnsguard('arm', '--yes', '--adopt', '--now', site.policy, '@').expect(rc)
    assert words in said.stdout and answer[4:] in said.stdout
    said = dnsguard('split', '--yes', '--now', site.policy, '@').expect(1)
    assert site.mx() == [CALM] and 'nothing was changed' in said.stdout
    assert ('refuse mail for it' if answer[0] == '5' else 'could not tell') in said.stderr
    dnsguard('split', '--yes', '--now', '--no-smtp' if answer[0] == '4' else '--force', site.policy, '@').expect(0)
    assert site.mx() == [NULL]
    said = dnsguard('arm', '--yes', site.policy, '@').expect(1)
    assert 'is split' in said.stderr
    said = dnsguard('disarm', '--yes', site.policy, '@').expect(1)
    assert 'unsplit' in said.stderr and site.mx() == [NULL]


def test_it_changes_its_mind_meanwhile(site, dnsguard):
    """Asked again after the wait for the old TTL, right before the last step."""
    taker = site.take()

    class Fickle(dict):
        def get(self, key, default=None):
            return default if len(taker.heard) < 2 else '550 5.1.1 not any more'
    taker.answers = Fickle()
    said = dnsguard('split', '--yes', '--adopt', site.policy, '@').expect(1)
    assert 'Step 2' in said.stdout and 'refuse mail for it' in said.stderr
    assert site.mx() == [CALM] and site.place.rrset(ZONE, 'MX')[0] == 1


def test_nobody_there(site, dnsguard):
    """No connection proves nothing."""
    said = dnsguard('split', '--yes', '--adopt', '--now', site.policy, '@').expect(1)
    assert 'could not tell' in said.stderr and site.mx() == [CALM]


def test_several_hosts(lab, site, dnsguard):
    """An address that is not there does not matter beside one that takes mail; a host of which none does, does; one refusal is
    enough."""
    policy = site.place.policy(ZONE, POLICY.replace('[10 mx1.example.test]', '[10 mx1.example.test, 20 mx2.example.test]'))
    site.place.update(ZONE, 'add mx1.example.test. 2 A 127.0.0.26', 'add mx2.example.test. 2 A 127.0.0.27')
    site.take()
    said = dnsguard('arm', '--yes', '--adopt', '--now', policy, '@').expect(3)
    assert 'could not be told' in said.stdout
    second = site.take('127.0.0.27')
    said = dnsguard('arm', '--yes', '--now', policy, '@').expect(0)
    assert 'mx1.example.test (127.0.0.26): could not tell' in said.stdout
    assert 'mx2.example.test (127.0.0.27): takes mail' in said.stdout
    second.default = '550 5.7.1 not here'
    said = dnsguard('arm', '--yes', '--now', policy, '@').expect(3)
    assert 'its subdomain refuses mail' in said.stdout


def test_the_word_comes_later(lab, site, dnsguard):
    """--plan -: the plan is shown, and done when its digest is read; another one, or nothing, and nothing is done."""
    site.take()
    dnsguard('arm', '--yes', '--adopt', site.policy, '@').expect(0)
    before = site.place.axfr(ZONE)
    for word, status in ('', 1), ('f' * 16 + '\n', 1), ('ffff\n', 2):
        lines = lines_of(dnsguard('split', '--json', '--plan', '-', site.policy, '@', stdin=word).expect(status))
        digest = next(row for row in lines if row['type'] == 'plan')['plan']['digest']
        assert site.place.axfr(ZONE) == before
    with subprocess.Popen([lab.program, '--state', lab.dir / 'state', 'split', '--json', '--plan', '-', site.policy, '@'],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asked:
        assert json.loads(asked.stdout.readline())['plan']['digest'] == digest  # it is said before the word is waited for
        assert site.place.axfr(ZONE) == before and asked.poll() is None
        asked.communicate(digest[:16] + '\n')
        assert asked.returncode == 0
    assert site.mx() == [NULL]
    dnsguard('split', '--json', '--plan', '-', site.policy, '@').expect(0)  # nothing is left to say a word to


def test_dry_run(site, dnsguard):
    """Names the plan that the split would be, to the letter; writes nothing."""
    site.take()
    dnsguard('arm', '--yes', '--adopt', site.policy, '@').expect(0)
    before = site.place.axfr(ZONE)
    lines = lines_of(dnsguard('split', '--dry-run', '--json', site.policy, '@').expect(3))
    digest = next(row for row in lines if row['type'] == 'plan')['plan']['digest']
    assert site.place.axfr(ZONE) == before
    dnsguard('split', '--plan', 'f' * 16, site.policy, '@').expect(1)
    assert site.place.axfr(ZONE) == before
    dnsguard('split', '--plan', digest[:16], site.policy, '@').expect(0)
    assert site.mx() == [NULL]
    lines = lines_of(dnsguard('unsplit', '--dry-run', '--json', site.policy, '@').expect(3))
    assert site.mx() == [NULL]
    assert 'is split already' in dnsguard('split', '--yes', site.policy, '@').expect(0).stdout
    dnsguard('unsplit', '--yes', site.policy, '@').expect(0)
    assert site.mx() == [CALM]
