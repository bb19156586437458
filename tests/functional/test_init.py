"""init: the first zone.yaml of a zone that has seen better days; its plan is empty, whatever way the zone was read."""
import jsonschema
import lab as lablib
import places
import pytest
import yaml

ZONE = 'example.test'
KEY = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEApLw7RRw+lBUk14YIMhLbj0oi1e5VuFpHPoW38421fwyFbH1dOzzZ6oRfKOXzb3KmWgjngxcYIgWC0USf' \
      'R8ryZl5DsD/2Y2uVCdZ1qBEJQeZQYVYJ7ZQVYnUNLrwSX49xYJFol1hmEz6O7jgJJ8z2gTc/jsQwWFqLXfPDh4uwUQDXpdL0P34VHNiDTUpOrJBeMLVfTAnw7J7mGtjp' \
      'bcrhoy32OQIZu3Q/lIPMvn4GA1rwTqjSXZD9w5FOjlPxDpXv8chz/Cp1wp0wIkqygPPInrx9dkAtl0o88bQQKkcMqmgmJirRUNeQ7jQWjXnu1S64YVZKhTGqfw2A74S5' \
      'BlyATQIDAQAB'
RECORDS = rf'''@ A 192.0.2.10
@ 77 MX 10 Mx1
@ 77 MX 20 mx2.Example.NET.
@ 4321 TXT "v=spf1 " "ip4:192.0.2.0/24" " ?all"
@ 4321 TXT "site-verification=x\"y\\z"
_dmarc 61 TXT "v=DMARC1;p=none;  rua=mailto:a@example.test"
s1._domainkey 99 TXT "v=DKIM1; k=rsa; p={KEY[:200]}" "{KEY[200:]}"
old._domainkey TXT "v=DKIM1; p="
_mta-sts TXT "v=STSv1; id=20260101T000000;"
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@example.test"
dark MX 0 .
dark TXT "v=spf1 -all"
twice 33 MX 10 mx1
twice TXT "v=spf1 mx -all"
twice TXT "v=spf1 a -all"
broken MX 5 mx1
broken TXT "v=spf1 mx -all"
_dmarc.broken TXT "v=DMARC1; policy=reject"
lists MX 10 mx1
lists TXT "v=spf1 +mx ~all"
_dmarc.lists CNAME _dmarc.elsewhere.example.net.
*.wild MX 10 mx1
*.wild 5 TXT "v=spf1 mx -all"
null2 MX 0 .
null2 MX 10 mx1
sel._domainkey CNAME sel.keys.example.net.
deep.er MX 10 mx1
UPPER 12 MX 10 mx1
UPPER A 192.0.2.12
www A 192.0.2.10
www TXT "just text"
mx1 A 192.0.2.25
mx1 TXT "v=spf1 a -all"
alias CNAME www
sub NS ns1.sub
ns1.sub A 192.0.2.53
example.net._report._dmarc TXT "v=DMARC1;"
'''
each = pytest.mark.parametrize('kind', places.KINDS)


def check(dnsguard, place, path):
    """Its plan is empty and stays so, and the schema takes it. Returns the text."""
    text = path.read_text()
    jsonschema.Draft202012Validator(lablib.json.loads(dnsguard('schema').stdout)).validate(yaml.safe_load(text))
    before = place.axfr(ZONE)
    said = dnsguard('plan', path)
    assert said.rc == 0, f'{said}\n{text}'
    dnsguard('apply', '--yes', path).expect(0)
    assert place.axfr(ZONE) == before
    return text


@each
def test_from_where_it_is(lab, dnsguard, kind):
    """By transfer from every server; for NSD from its zone file."""
    place = places.Place(lab, kind, {ZONE: RECORDS})
    path = lab.dir / 'first.yaml'
    way = ['--from', place.path(ZONE)] if kind == 'nsd' else ['--server', place.address, '--key-file', place.key]
    done = dnsguard('init', ZONE, *way, '-o', path).expect(0)
    assert f'{path} is written' in done.stdout and done.stderr == '', str(done)
    policy = path.read_text().replace('mail:', f'verify: {{servers: ["{place.address}"]}}\nmail:', 1)
    path.write_text(policy)
    text = check(dnsguard, place, path)
    policy = yaml.safe_load(text)
    policy['mail'] = {name: mail or {} for name, mail in policy['mail'].items()}
    assert set(policy['mail']) == {'@', 'broken', 'dark', f'deep.er.{ZONE}.', 'lists', 'mx1', 'null2', 'twice', 'upper'}
    assert policy['report-for'] == ['example.net'] and policy['mail']['@']['dkim']['old'] == 'revoked'
    assert {name for name, mail in policy['mail'].items() if 'dmarc' in mail} == {'@'}
    assert {name for name, mail in policy['mail'].items() if 'mx' not in mail} == {'mx1', 'null2'}
    assert policy['mail']['dark']['mx'] is None and 'spf' not in policy['mail']['twice']


@each
def test_weak_points_are_named(lab, dnsguard, kind):
    place = places.Place(lab, kind, {ZONE: RECORDS})
    way = ['--from', place.path(ZONE)] if kind == 'nsd' else ['--server', place.address, '--key-file', place.key]
    text = dnsguard('init', ZONE, *way).expect(0).stdout
    comments = '\n'.join(line[line.index('#'):] for line in text.splitlines() if '#' in line)
    for words in ('weak: ?all', 'weak: p=none', 'RFC 5321 section 5.1', 'several SPF records', 'a null MX beside other MX',
                  'dmarc: left alone, it is broken', 'dmarc: left alone: an alias', 'selector sel is left alone: an alias',
                  '*.wild.example.test.: left alone', 'mta-sts: left alone', '- "www"', '- "ns1"', 'p= is empty'):
        assert words in comments, (words, text)
    assert 'ns1.sub' not in text and '- "mx1"' not in text  # of another zone; a mail server


def test_transfer_refused(lab, dnsguard):
    """Question by question: what it can find; what it finds is as exact."""
    place = places.Place(lab, 'bind', {ZONE: RECORDS}, extra='allow-transfer { none; };')
    path = lab.dir / 'first.yaml'
    dnsguard('init', ZONE, '--server', place.address, '--key-file', place.key, '-o', path).expect(0)
    path.write_text(path.read_text().replace('mail:', f'verify: {{servers: ["{place.address}"]}}\nmail:', 1))
    said = dnsguard('plan', path).expect(0)
    assert 'conflict' not in said.stdout
    mail = yaml.safe_load(path.read_text())['mail']['@']
    assert mail['mx'] == ['10 mx1.example.test.', '20 mx2.example.net.'] and 's1' in mail['dkim']


def test_without_a_key(lab, dnsguard):
    place = places.Place(lab, 'knot', {ZONE: RECORDS})
    text = dnsguard('init', ZONE, '--server', place.address).expect(0).stdout
    mail = yaml.safe_load(text)['mail']['@']
    assert mail['mx'] == ['10 mx1.example.test.', '20 mx2.example.net.'] and 'tsig' not in text


def test_never_overwrites(lab, dnsguard):
    zone = lab.write('zone', lablib.zone_text(ZONE, ['127.0.0.11'], RECORDS))
    mine = lab.write('zone.yaml', 'mine\n')
    said = dnsguard('init', ZONE, '--from', zone, '-o', mine)
    assert said.rc == 1 and 'zone.yaml: File exists' in said.stderr and mine.read_text() == 'mine\n'
    assert dnsguard('init', ZONE, '--from', zone, '-o', lab.dir / 'no/where.yaml').rc == 1


def test_finds_the_server_itself(lab, dnsguard, unbound):
    """No option: the resolver tells who keeps the zone."""
    place = places.Place(lab, 'knot', {ZONE: RECORDS})
    unbound([place.server])
    text = dnsguard('init', ZONE, '--key-file', place.key).expect(0).stdout
    assert 'ns1.example.test' in yaml.safe_load(text)['provider']['rfc2136']['server'] and yaml.safe_load(text)['mail']['dark']['mx'] is None
    said = dnsguard('init', 'nowhere.test').expect(1)
    assert '--server HOST' in said.stderr and '--from FILE' in said.stderr


def test_nothing_there(lab, dnsguard):
    assert 'nowhere.zone' in dnsguard('init', ZONE, '--from', lab.dir / 'nowhere.zone').expect(1).stderr
    assert '127.0.0.29' in dnsguard('init', ZONE, '--server', '127.0.0.29').expect(1).stderr
    place = places.Place(lab, 'knot', {'other.test': ''})
    assert dnsguard('init', ZONE, '--server', place.address).rc == 1


def test_hostile_zone(lab, dnsguard):
    """What stands in the zone does not leave its quotes or comments."""
    evil = r'''@ MX 10 mx1
x\010silent\:\032[a] MX 10 mx1
with\.dot MX 10 mx1
@ TXT "v=spf1 -all # \010hosts: silent\010"
_dmarc TXT "v=DMARC1; p=none; rua=mailto:\027[31m@example.test"
\035\044\123 A 192.0.2.1
'''
    zone = lab.write('zone', lablib.zone_text(ZONE, ['127.0.0.11'], evil))
    path = lab.dir / 'zone.yaml'
    dnsguard('init', ZONE, '--from', zone, '-o', path).expect(0)
    text = path.read_text()
    assert not [c for c in text if ord(c) < 32 and c != '\n'] and '\nhosts: silent' not in text
    assert 'silent' not in [key for key in yaml.safe_load(text)]
    assert dnsguard('plan', path).expect(0)
