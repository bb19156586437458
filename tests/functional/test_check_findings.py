"""Findings and verdicts end to end: a zone of the lab's Internet that has the fault, and its neighbour that has it not."""
import json

import dns.rdatatype
import dns.rrset
import hostile
import internet
import pytest
from checking import Reports
from internet import Zone, address, address6

COMMON = address(internet.COMMON)
FIRST, SECOND, REFUSES, LAME, BOTH, SILENT, GONE = (address(n) for n in range(120, 127))
# Made for these tests and thrown away: nobody has the private halves.
RSA1024 = ('MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCdmKkcy7aJzD2H+IWAtICBsKoDotQ7H6O41ttUOu2V6+HEjlREm26Yfe9U'
           'FN574+azH6BOX4k2lJtYXZ8I8K+1H+VAfnt/zXMznK383eibbB5udcFrB1QGf+UVMza2LNGBcBtJo3yIn3IAuz/yv5zG8VbH'
           'opexnEOkHo0Hlk7rYQIDAQAB')
RSA2048 = ('MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwjchCDqkwG3n5NFuFO12Z1RwohzMVxLVGV3TJpHuyNr+h25aT4mu'
           'M3sQWbE/Yf+hxELIjAlH61w66GYSrs+rwia9PNzV3ndta/JK3UwGg3lm/PUkKQiVUNVpSbNjK1dGWASiXXPpcg3Bs/dIGmNz'
           '+KGaPYS36wgPtNEEggqfkYzS9l2dqWAEDBqfi6u8EKmVT2WXUn8PZbhOtULoTrdVu+y6qSDxQXpptfZWblae/WxWa2qLIV9S'
           'BrDJVrwbMcqSgU5V4XlVmaBDGayEjeZW+0SumB2T+pv9qAy4iXDi55p4v08tK3/2Dfz/uiGjjKZpfOdfJpbOD81lWEV0Pp60'
           'jwIDAQAB')


def txt(text):
    return ' '.join(f'"{text[i:i + 250]}"' for i in range(0, len(text), 250))


# A domain that sends and takes mail, as it should be.
SOUND = f"""@ MX 10 mx1
@ MX 20 mx2
@ TXT "v=spf1 mx -all"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:d@SELF.example"
ns1 MX 0 .
ns1 TXT "v=spf1 -all"
ns2 MX 0 .
ns2 TXT "v=spf1 -all"
mx1 A 203.0.114.25
mx1 TXT "v=spf1 a -all"
mx2 A 203.0.114.26
mx2 TXT "v=spf1 a -all"
default._domainkey TXT {txt(f"v=DKIM1; k=rsa; p={RSA2048}")}
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:t@SELF.example"
"""
# One that neither sends nor takes any.
PARKED = """@ MX 0 .
@ TXT "v=spf1 -all"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:d@reports.example"
ns1 MX 0 .
ns1 TXT "v=spf1 -all"
ns2 MX 0 .
ns2 TXT "v=spf1 -all"
"""
SPF, DMARC = '"v=spf1 mx -all"', 'p=reject;'


def sound(*changes, more=''):
    text = SOUND
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text + more


def parked(*changes, more=''):
    text = PARKED
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text + more


def spf(record, more=''):
    return sound((SPF, record), more=more)


def includes(n):
    return f'"v=spf1 {" ".join(f"include:p{i}.parts.example" for i in range(n))} -all"'


# code: (records with the fault, records that come close). SELF in them is the zone's first label.
CASES = {
    'spf-none': (sound((f'@ TXT {SPF}\n', '')), sound()),
    'spf-several': (spf(f'{SPF}\n@ TXT "v=spf1 -all"'), spf(f'{SPF}\n@ TXT "v=spf2.0/pra -all"')),
    'spf-pass-all': (spf('"v=spf1 mx +all"'), spf('"v=spf1 mx ip4:203.0.114.0/24 -all"')),
    'spf-neutral-all': (spf('"v=spf1 mx ?all"'), spf('"v=spf1 ?mx -all"')),
    'spf-softfail-all': (sound((SPF, '"v=spf1 mx ~all"'), (DMARC, 'p=none;')), spf('"v=spf1 ~mx -all"')),
    'spf-no-all': (spf('"v=spf1 mx"'), spf('"v=spf1 redirect=p1.parts.example"')),
    'spf-too-many-lookups': (spf(includes(11)), spf(includes(10))),
    'spf-too-many-voids': (spf('"v=spf1 a:v1.SELF.example a:v2.SELF.example a:v3.SELF.example -all"'),
                           spf('"v=spf1 a:v1.SELF.example a:v2.SELF.example ip4:203.0.114.25 -all"')),
    'spf-loop': (spf('"v=spf1 include:SELF.example -all"'), spf('"v=spf1 include:p1.parts.example include:p1.parts.example -all"')),
    'spf-broken-include': (spf('"v=spf1 mx include:none.parts.example -all"'), spf('"v=spf1 mx include:p1.parts.example -all"')),
    'spf-unknown-mechanism': (spf('"v=spf1 mx ipv4:203.0.114.1 -all"'), spf('"v=spf1 mx ip4:203.0.114.1 -all"')),
    'spf-ptr': (spf('"v=spf1 mx ptr -all"'), sound()),
    'dmarc-missing': (sound(('_dmarc TXT', '_demarc TXT')), sound()),
    'dmarc-none': (sound((DMARC, 'p=none;')), sound((DMARC, 'p=reject; sp=reject;'))),
    'dmarc-quarantine': (sound((DMARC, 'p=quarantine;')), sound()),
    'dmarc-several': (sound(more='_dmarc TXT "v=DMARC1; p=none"\n'), sound(more='_dmarc TXT "v=spf1 -all"\n')),
    'dmarc-misplaced': (sound(more='@ TXT "v=DMARC1; p=reject"\n'), sound()),
    'dmarc-weak-sp': (sound((DMARC, 'p=reject; sp=none;')), sound((DMARC, 'p=reject; sp=reject;'))),
    'dmarc-testing': (sound((DMARC, 'p=reject; t=y;')), sound((DMARC, 'p=reject; t=n;'))),
    'dmarc-consent': (sound(('d@SELF.example', 'd@refuses.example')), sound(('d@SELF.example', 'd@reports.example'))),
    'mx-null-beside-others': (sound(more='@ MX 0 .\n'), parked()),
    'mx-null-preference': (parked(('MX 0 .', 'MX 10 .')), parked()),
    'mx-null-sends': (parked(('v=spf1 -all', 'v=spf1 ip4:203.0.114.25 -all')), parked()),
    'mx-implicit': (parked(('@ MX 0 .', '@ A 203.0.114.80')), parked(more='@ A 203.0.114.80\n')),
    'hosts-implicit-mx': (parked(('ns1 MX 0 .\n', '')), parked()),
    'hosts-no-spf': (parked(('ns1 TXT "v=spf1 -all"\n', '')), parked()),
    'hosts-broken-spf': (parked(('ns1 TXT "v=spf1 -all"', 'ns1 TXT "v=spf1 -all-"')), parked()),
    'helo-no-spf': (sound(('mx1 TXT "v=spf1 a -all"\n', '')), sound()),
    'wildcard-mx': (parked(more='* MX 10 mx\n* TXT "v=spf1 -all"\n'), parked(more='* MX 0 .\n* TXT "v=spf1 -all"\n')),
    'wildcard-address': (parked(more='* A 203.0.114.80\n'), parked(more='w A 203.0.114.80\nw MX 0 .\n')),
    'wildcard-no-spf': (parked(more='* MX 10 mx\n'), parked(more='* MX 0 .\n* TXT "v=spf1 -all"\n')),
    'parked-dmarc': (parked((DMARC, 'p=none;')), parked()),
    'parked-open': (parked(('@ MX 0 .\n@ TXT "v=spf1 -all"\n', '')), parked(('@ MX 0 .\n', ''))),
    'mx-none': (parked(('@ MX 0 .\n', '')), parked()),
    'mx-alias': (sound(('20 mx2\n', '20 mx3\n'), more='mx3 CNAME mx2\n'), sound()),
    'mx-no-address': (sound(('20 mx2\n', '20 mx3\n')), sound()),
    'mx-special-address': (sound(('203.0.114.26', '10.0.0.26')), sound()),
    'dkim-none': (sound((f'default._domainkey TXT {txt(f"v=DKIM1; k=rsa; p={RSA2048}")}\n', '')), sound()),
    'dkim-weak-key': (sound((txt(f'v=DKIM1; k=rsa; p={RSA2048}'), txt(f'v=DKIM1; k=rsa; p={RSA1024}'))), sound()),
    'dkim-testing': (sound(('v=DKIM1; k=rsa;', 'v=DKIM1; t=y; k=rsa;')), sound()),
    'tlsrpt-bad-uri': (sound(('"v=TLSRPTv1; rua=mailto:t@SELF.example"', '"v=TLSRPTv1; rua=mailto:t@"')), sound()),
    'dnssec-insecure': (sound(), Zone(sound(), is_signed=True)),
    'dnssec-secure': (Zone(sound(), is_signed=True), sound()),
    'dane-insecure': (sound(more=f'_25._tcp.mx1 TLSA 3 1 1 {"ab" * 32}\n'),
                      Zone(sound(more=f'_25._tcp.mx1 TLSA 3 1 1 {"ab" * 32}\n_25._tcp.mx2 TLSA 3 1 1 {"ab" * 32}\n'),
                           is_signed=True)),
}
# Of what is not there, and of several names, there is no record to show.
ABSENT = ('spf-none', 'dmarc-missing', 'mx-none', 'dnssec-insecure', 'dnssec-secure', 'hosts-implicit-mx', 'hosts-no-spf',
          'hosts-broken-spf', 'helo-no-spf', 'wildcard-no-spf', 'parked-open', 'dkim-none')


def of(records, label):
    """The zone with its own name in place of SELF."""
    if isinstance(records, Zone):
        return Zone(records.records.replace('SELF', label), is_signed=records.is_signed)
    return records.replace('SELF', label)


def label(code, has):
    return f'{code if has else "no-" + code}'


def alias_beside(message):
    """TXT at _dmarc is answered, and CNAME too."""
    asked = message.question[0]
    if asked.name.to_text() == '_dmarc.both.example.' and dns.rdatatype.to_text(asked.rdtype) == 'CNAME':
        message.answer = [dns.rrset.from_text(asked.name, 300, 'IN', 'CNAME', 'dmarc.provider.example.')]
        message.authority = []


ZONES = {
    **{f'{label(code, has)}.example': of(records, label(code, has))
       for code, pair in CASES.items() for has, records in zip((True, False), pair)},
    'sound.example': sound(('SELF', 'sound')),
    'parked.example': parked(),
    'open.example': '@ A 203.0.114.80\n@ MX 10 mx\nmx A 203.0.114.25\n',
    'lenient.example': sound(('SELF', 'lenient'), ('-all"\n_dmarc', '~all"\n_dmarc'), (DMARC, 'p=quarantine;')),
    'parts.example': ''.join(f'p{i} TXT "v=spf1 ip4:203.0.114.{i} -all"\n' for i in range(12)),
    'reports.example': '@ MX 10 mx\nmx A 203.0.114.25\n*._report._dmarc TXT "v=DMARC1"\n',
    'refuses.example': '@ MX 10 mx\nmx A 203.0.114.25\n',
    # Name servers that do not agree.
    'agree.example': parked(),
    'lag.example': Zone(at={FIRST: parked(), SECOND: parked(('p=reject', 'p=none'))}, serial={FIRST: 7, SECOND: 4}),
    'differ.example': Zone(at={FIRST: parked(), SECOND: parked(('v=spf1 -all', 'v=spf1 +all'))}),
    'refused.example': Zone(at={FIRST: parked(), REFUSES: None}),
    'lame.example': Zone(parked(), behind=[COMMON, LAME]),
    'silent.example': Zone(parked(), behind=[COMMON, SILENT]),
    'gone.example': Zone(parked(), behind=[COMMON, GONE]),
    'both.example': Zone(parked(), behind=[COMMON, BOTH]),
    'six.example': Zone(at={FIRST: parked(), address6(21): parked(('MX 0 .', 'MX 10 mx'), more='mx A 203.0.114.25\n')}),
}


@pytest.fixture(scope='module')
def world(module_lab):
    world = internet.Internet(module_lab, ZONES, [GONE])
    hostile.Silent(SILENT)
    hostile.Relay(LAME, COMMON, change=hostile.not_authoritative)
    hostile.Relay(BOTH, COMMON, change=alias_beside)
    yield world
    hostile.stop_all()


@pytest.fixture(scope='module')
def reports(world):
    return Reports(world)


@pytest.mark.parametrize('code', CASES)
def test_finding(reports, code):
    """It is found, with evidence, rule and remedy; its neighbour has not got it."""
    said = reports(f'{label(code, True)}.example')
    found = said.finding(code)
    assert found['text'] in said.words and found['rule'] and found['remedy'], str(said)
    assert found['evidence'] or code in ABSENT, str(said)
    near = reports(f'{label(code, False)}.example')
    assert code not in near.codes, str(near)


# --- verdicts -------------------------------------------------------------------------------------------------------

def test_sound(reports):
    """Nobody who did it right is scolded."""
    said = reports('sound.example')
    assert not [f for f in said.findings if f['severity'] in ('warning', 'error')] and said.rc == 0, str(said)
    for name_class in 'domain', 'subdomain', 'missing':
        assert said.ruling('from', name_class) == 'protected', str(said)
    assert said.ruling('mail-from') == 'protected', str(said)
    assert said.json['backscatter'] == 'yes', str(said)  # its MX takes bounces


def test_parked(reports):
    said = reports('parked.example')
    assert not [f for f in said.findings if f['severity'] in ('warning', 'error')] and said.rc == 0, str(said)
    assert said.ruling() == said.ruling('mail-from') == 'protected' and said.json['backscatter'] == 'no', str(said)
    lines = said.text.splitlines()
    assert 'backscatter' in said.text.lower() and 'protected' in '\n'.join(lines[:12]), str(said)


def test_open(reports):
    said = reports('open.example')
    assert said.ruling() == said.ruling('mail-from') == 'forgeable' and said.rc == 3, str(said)
    assert said.json['backscatter'] == 'yes' and 'forgeable' in '\n'.join(said.text.splitlines()[:12]), str(said)


def test_lenient(reports):
    said = reports('lenient.example')
    assert said.ruling('from') == said.ruling('mail-from') == 'lenient', str(said)


def test_missing(reports):
    said = reports('nowhere.example')
    said.finding('domain-missing')
    assert not said.json['exists'], str(said)


def test_the_record_that_decides(reports):
    """Each verdict names it."""
    said = reports('dmarc-none.example')
    assert said.ruling() == 'forgeable', str(said)
    verdict = next(v for v in said.json['verdicts'] if (v['identity'], v['class']) == ('from', 'domain'))
    assert 'v=DMARC1; p=none' in verdict['record'] and verdict['record'] in said.words, str(said)


def test_several_domains(world):
    said = world.check('--json', 'sound.example', 'open.example', 'parked.example').expect(3)
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    assert [line['domain'] for line in lines if line['type'] == 'check'] == ['sound.example.', 'open.example.', 'parked.example.']


# --- name servers ---------------------------------------------------------------------------------------------------

def servers(said):
    return [f for f in said.findings if f['area'] == 'servers']


def test_servers_agree(reports):
    said = reports('agree.example')
    assert [f['code'] for f in servers(said)] == ['servers-agree'] and said.rc == 0, str(said)


@pytest.mark.parametrize('name, codes, words', [
    ('lag', {'servers-behind', 'servers-dmarc-differ'}, [FIRST, SECOND, 'serial 4, the newest is 7', 'p=none']),
    ('differ', {'servers-spf-differ'}, [FIRST, SECOND, 'v=spf1 +all', 'v=spf1 -all']),
    ('six', {'servers-mx-differ'}, [FIRST, address6(21), '0 .', '10 mx.six.example']),
    ('refused', {'servers-refused'}, [REFUSES]),
    ('lame', {'servers-lame'}, [LAME]),
    ('silent', {'servers-silent'}, [SILENT]),
    ('gone', {'servers-failing'}, [GONE, 'Connection refused']),
    ('both', {'servers-cname-beside'}, [BOTH, 'CNAME', '_dmarc.both.example']),
])
def test_servers_disagree(reports, name, codes, words):
    """Who says what is named."""
    said = reports(f'{name}.example')
    found = [f for f in servers(said) if f['severity'] in ('warning', 'error')]
    assert {f['code'] for f in found} >= codes and said.rc == 3, str(said)
    assert 'servers-agree' not in said.codes
    for word in words:
        assert word in str([f for f in found if f['code'] in codes]) and word in said.words, f'{word}\n{said}'
