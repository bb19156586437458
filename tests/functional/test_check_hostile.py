"""check, spf, dmarc and audit against name servers and records that were made to deceive, to break or to delay.

What could not be looked up is "could not tell", never "absent"; nothing of what was read acts on a terminal.
"""
import json

import hostile
import internet
import pytest
import web
from checking import ABSENCE, Report, Reports, is_raw
from internet import Zone, address

SITE, CLOSED, DEAD = address(200), address(201), address(99)
COMMON = address(internet.COMMON)
NS = '''ns1 MX 0 .
ns1 TXT "v=spf1 -all"
ns2 MX 0 .
ns2 TXT "v=spf1 -all"
'''
PROTECTED = NS + '''@ MX 0 .
@ TXT "v=spf1 -all"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:d@reports.example"
'''
MAIL = NS + '''@ MX 10 mx
@ TXT "v=spf1 mx -all"
mx A 203.0.114.25
mx TXT "v=spf1 a -all"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:d@reports.example"
'''
STS = '_mta-sts TXT "v=STSv1; id=1;"\n'


def about(name, change):
    """For change=: answers about names that begin so."""
    def selected(message):
        if message.question[0].name.to_text().lower().startswith(name):
            change(message)
    return selected


# Name servers that misbehave: what each does to the answers of the common ones. Every zone is sound.
SERVERS = {
    'silent': lambda at: hostile.Silent(at),
    'servfail': lambda at: hostile.Relay(at, COMMON, change=hostile.fail_with('SERVFAIL')),
    'refused': lambda at: hostile.Relay(at, COMMON, change=hostile.fail_with('REFUSED')),
    'formerr': lambda at: hostile.Relay(at, COMMON, change=hostile.fail_with('FORMERR')),
    'no-tcp': lambda at: hostile.Relay(at, COMMON, change=hostile.truncate, has_tcp=False),
    'tcp-cut': lambda at: hostile.Relay(at, COMMON, change=hostile.truncate, is_tcp_cut=True),
    'wrong-id': lambda at: hostile.Relay(at, COMMON, wire=hostile.wrong_id),
    'wrong-question': lambda at: hostile.Relay(at, COMMON, change=hostile.wrong_question),
    'nonsense': lambda at: hostile.Relay(at, COMMON, wire=lambda wire: wire[:2] + b'\x84\0' + b'\xff' * 60),
    'late': lambda at: hostile.Relay(at, COMMON, delay_s=20),
}
# Those of which a part can be told.
PARTLY = {
    'slow': lambda at: hostile.Relay(at, COMMON, delay_s=0.15),
    'only-tcp': lambda at: hostile.Relay(at, COMMON, has_udp=False),
    'no-txt': lambda at: hostile.Relay(at, COMMON, change=hostile.only('TXT', hostile.fail_with('SERVFAIL'))),
    'no-mx': lambda at: hostile.Relay(at, COMMON, change=hostile.only('MX', hostile.fail_with('SERVFAIL'))),
    'no-dmarc': lambda at: hostile.Relay(at, COMMON, change=about('_dmarc.', hostile.fail_with('SERVFAIL'))),
    'lame': lambda at: hostile.Relay(at, COMMON, change=hostile.not_authoritative),
    'other-names': lambda at: hostile.Relay(at, COMMON, change=hostile.only('TXT MX', hostile.other_names)),
    'everything': lambda at: hostile.Scripted(at, hostile.answer_everything({
        'A': ['203.0.114.77'], 'TXT': ['"v=spf1 +all"', '"v=DMARC1; p=none"', '"v=STSv1; id=1;"', '"v=DKIM1; p="'],
        'MX': ['10 everything.example.'], 'CNAME': ['everything.example.'], 'TLSA': ['3 1 1 ' + '00' * 32],
        'NS': ['ns1.everything.example.'],
        'SOA': ['ns1.everything.example. h.everything.example. 1 3600 600 604800 300']})),
}
AT = {name: address(100 + n) for n, name in enumerate([*SERVERS, *PARTLY])}


def chain(n, end):
    """_dmarc is a chain of n CNAMEs that ends at end."""
    lines = ['_dmarc CNAME c1'] + [f'c{i} CNAME c{i + 1}' for i in range(1, n)]
    return PROTECTED.replace('_dmarc TXT', f'{end} TXT') + '\n'.join(lines) + f'\nc{n} CNAME {end}\n'


def strings(text):
    """A TXT record of any length."""
    return ' '.join(f'"{text[i:i + 250]}"' for i in range(0, len(text), 250))


EVIL = r'"v=spf1 \027]0;x\007 \000\155\226\128\174 \255\254 ip4:1.2.3.4 -all"'
ODD = r'mx\027\09131m\000\046\034\059\155\226\128\174x'
RECORDS = {
    'short-chain': chain(5, 'last'),
    'long-chain': chain(20, 'last'),
    'loop': PROTECTED.replace('_dmarc TXT', 'other TXT') + '_dmarc CNAME a\na CNAME b\nb CNAME a\n',
    'large': MAIL + f'@ TXT {strings("x" * 4096)}\n',
    'large-spf': PROTECTED.replace('"v=spf1 -all"', strings('v=spf1 ' + 'ip4:198.51.100.1 ' * 230 + '-all')),
    'many': MAIL + ''.join(f'@ TXT "verification={n:04}"\n' for n in range(1000)),
    'many-spf': PROTECTED + ''.join(f'@ TXT "v=spf1 ip4:203.0.114.{n % 250} exists:x{n}.example -all"\n' for n in range(1000)),
    'evil': PROTECTED.replace('"v=spf1 -all"', EVIL).replace('p=reject', r'p=reject\; x=\027[2J\155'),
    'evil-mx': MAIL.replace('10 mx', rf'10 {ODD}') + f'{ODD} A 203.0.114.25\n',
    'wildcard': PROTECTED + '* TXT "v=spf1 -all"\n* MX 0 .\n* A 203.0.114.80\n',
    'wildcard-txt': MAIL + '* TXT "v=spf1 +all"\n',
    'cname-mx': PROTECTED.replace('MX 0 .', 'MX 10 mx') + 'mx CNAME mx\n',
    'spf-loop': PROTECTED.replace('-all"', 'include:spf-loop.example -all"'),
    'xn--bcher-kva': PROTECTED,
    'odd_name': PROTECTED,
    'protected': PROTECTED + PROTECTED.replace('_dmarc', r'_dmarc.a\.b').replace('@', r'a\.b'),
}
ZONES = {
    **{f'{name}.example': Zone(PROTECTED, behind=[at]) for name, at in AT.items()},
    **{f'{name}.example': text for name, text in RECORDS.items()},
    **{f'{fault}.example': Zone(PROTECTED, is_signed=True, fault=fault) for fault in internet.FAULTS},
    **{f'only-{fault}.example': Zone(PROTECTED, is_signed=True, fault=fault) for fault in internet.FAULTS},
    'signed.example': Zone(PROTECTED, is_signed=True),
    **{f'half{n}.example': Zone(PROTECTED, behind=[COMMON, DEAD]) for n in range(4)},
    'dead.example': Zone(None, behind=[DEAD]),
    'glue1.example': Zone(PROTECTED, ns=['ns.glue2.example.'], has_glue=False, at=[COMMON]),
    'glue2.example': Zone(PROTECTED, ns=['ns.glue1.example.'], has_glue=False, at=[COMMON]),
    'reports.example': MAIL + '*._report._dmarc TXT "v=DMARC1"\n',
}
UNREACHABLE = [*SERVERS, *internet.FAULTS, 'dead', 'glue1']

# --- MTA-STS: host name, answer, and what is to be found ------------------------------------------------------------
MX = 'mx.{}.example'
POLICIES = {
    'sts-fine': (web.policy(MX), 'sts-good'),
    'sts-testing': (web.policy(MX, mode='testing'), 'sts-mode-testing'),
    'sts-other-mx': (web.policy('mx.elsewhere.example'), 'sts-mx-unmatched'),
    'sts-redirect': (web.Answer(redirect='https://mta-sts.sts-fine.example/.well-known/mta-sts.txt'), 'sts-policy-redirect'),
    'sts-404': (web.Answer(status=404), 'sts-policy-status'),
    'sts-500': (web.Answer('x', status=500), 'sts-policy-status'),
    'sts-html': (web.policy(MX, content_type='text/html'), 'sts-policy-type'),
    'sts-no-type': (web.policy(MX, content_type=None), 'sts-policy-type'),
    'sts-large': (web.Answer('version: STSv1\r\n' + 'x: y\r\n' * 12000), 'sts-policy-too-long'),
    'sts-slow': (web.policy(MX, delay_s=30), 'sts-policy-unknown'),
    'sts-cut': (web.policy(MX, is_cut=True), 'sts-policy-unknown'),
    'sts-wrong': (web.policy(MX, certificate='wrong'), 'sts-policy-tls'),
    'sts-self': (web.policy(MX, certificate='self-signed'), 'sts-policy-tls'),
    'sts-evil': (web.Answer(b'version: STSv1\nmode: \x1b[2J\0\xff\xe2\x80\xae\nmax_age: x\n', content_type='text/plain'),
                 'sts-policy-mode'),
    'sts-private': ('10.1.2.3', 'sts-policy-private'),
    'sts-loopback': ('127.0.0.20', 'sts-policy-private'),
    'sts-closed': (CLOSED, 'sts-policy-unknown'),
    'sts-nowhere': (None, 'sts-policy-missing'),
}
HOSTS = {}
for each, (answer, _) in POLICIES.items():
    where = SITE
    if isinstance(answer, web.Answer):
        if isinstance(answer.body, str):
            answer.body = answer.body.format(each)
        HOSTS[f'mta-sts.{each}.example'] = answer
    else:
        where = answer
    ZONES[f'{each}.example'] = MAIL + STS + (f'mta-sts A {where}\n' if where else '')


@pytest.fixture(scope='module')
def world(module_lab):
    world = internet.Internet(module_lab, ZONES, [SITE, CLOSED, DEAD])
    for name, make in {**SERVERS, **PARTLY}.items():
        make(AT[name])
    site = web.Web(module_lab, HOSTS, SITE)
    yield world
    site.stop()
    hostile.stop_all()


@pytest.fixture(scope='module')
def reports(world):
    return Reports(world)


def impatient(reports, name):
    return reports(f'{name}.example', '--timeout', '1')


# --- nothing can be told --------------------------------------------------------------------------------------------

@pytest.mark.parametrize('name', [name for name in UNREACHABLE if name not in internet.FAULTS])
def test_could_not_tell(reports, name):
    said = impatient(reports, name)
    said.finding('domain-unknown')
    assert said.json['backscatter'] == 'unknown'
    assert 'nothing could be looked up' in said.text


@pytest.mark.parametrize('fault', internet.FAULTS)
def test_bogus_is_named(world, fault):
    """Not for two at once: of those Unbound at times tells one why, and the other SERVFAIL alone."""
    said = Report(world.check('--json', f'only-{fault}.example'), world.check(f'only-{fault}.example'))
    assert 'DNSSEC' in said.finding('dnssec-bogus')['text'] and said.rc == 3, str(said)
    said.finding('domain-unknown')
    assert said.json['backscatter'] == 'unknown' and 'nothing could be looked up' in said.text, str(said)


def test_deadline_is_its_own(reports):
    """libunbound waits 17 s for a silent server: the reason given is our own."""
    said = impatient(reports, 'silent')
    assert 'within the 1000 ms' in said.finding('domain-unknown')['text'], str(said)


def test_resolver_that_does_not_answer(world):
    """Silent, and not there at all."""
    for at in AT['silent'], DEAD:
        said = Report(world.check('--json', '--timeout', '1', '--resolver', at, 'protected.example'))
        said.finding('domain-unknown')
        assert said.rc == 1


def test_trust_anchor_of_another_root(world):
    """Then nothing can be believed, and nothing is said to be absent."""
    words = world.anchor.read_text().split()
    words[-1] = words[-1][::-1]
    other = world.lab.write('other.key', ' '.join(words) + '\n')
    said = Report(world.lab.dnsguard('check', '--json', '--timeout', '3', '--trust-anchor', other, 'protected.example'))
    said.finding('domain-unknown')


# --- a part can be told ---------------------------------------------------------------------------------------------

def test_protected(reports):
    """What all of these zones are when nobody stands between."""
    for name in 'protected', 'signed', 'slow', 'only-tcp', 'xn--bcher-kva', 'odd_name':
        said = reports(f'{name}.example')
        assert said.ruling() == said.ruling('mail-from') == 'protected', str(said)
        assert said.json['backscatter'] == 'no', str(said)


def test_txt_fails(reports):
    said = reports('no-txt.example')
    assert 'spf-none' not in said.codes and 'dmarc-missing' not in said.codes, str(said)
    assert said.ruling() == said.ruling('mail-from') == 'unknown' and said.rc == 1, str(said)
    assert said.json['backscatter'] == 'no', str(said)


def test_mx_fails(reports):
    said = reports('no-mx.example')
    assert said.json['backscatter'] == 'unknown' and said.ruling() == 'protected', str(said)
    assert said.ruling('mail-from') == 'protected' and said.rc == 1, str(said)


def test_dmarc_fails(reports):
    said = reports('no-dmarc.example')
    assert 'dmarc-missing' not in said.codes and said.ruling() == 'unknown' and said.rc == 1, str(said)
    assert said.ruling('mail-from') == 'protected', str(said)


def test_one_of_two_servers_is_dead(world):
    """The resolver needs a second for it at times, and is waited for: all is known but what the dead one says."""
    said = world.check('--json', *[f'half{n}.example' for n in range(4)])
    for n in range(4):
        each = Report(said, at=n)
        assert each.ruling() == 'protected' and DEAD in each.finding('servers-failing')['text'], str(each)
        assert 'unknown' not in {f['severity'] for f in each.findings}, str(each)


def test_lame(reports):
    said = reports('lame.example')
    assert not said.codes & set(ABSENCE), str(said)


def test_answers_about_other_names(reports):
    """What nobody asked for is not believed."""
    said = reports('other-names.example')
    assert 'elsewhere.example' not in json.dumps(said.json['mx']), str(said)


def test_answers_everything(reports):
    said = reports('everything.example')
    assert said.ruling() == 'forgeable' and said.rc == 3, str(said)


# --- records --------------------------------------------------------------------------------------------------------

def test_chain_of_cnames_is_followed(reports):
    said = reports('short-chain.example')
    assert said.ruling() == 'protected', str(said)


@pytest.mark.parametrize('name', ['long-chain', 'loop'])
def test_chain_that_does_not_end(reports, name):
    said = reports(f'{name}.example')
    assert 'dmarc-missing' not in said.codes and said.ruling() == 'unknown' and said.rc == 1, str(said)
    assert said.ruling('mail-from') == 'protected', str(said)


def test_large_and_many(reports):
    for name in 'large', 'many':
        said = reports(f'{name}.example')
        assert said.json['spf']['record'] == 'v=spf1 mx -all' and said.ruling('mail-from') == 'protected', str(said)


def test_large_record(reports):
    said = reports('large-spf.example')
    assert {'spf-long', 'spf-answer-large'} & said.codes, str(said)


def test_a_thousand_spf_records(reports):
    said = reports('many-spf.example')
    assert 'spf-several' in said.codes and len(said.text) < 100000, str(said)


def test_octets_that_act_on_terminals(reports):
    """Report() looks at every octet that was printed."""
    said = reports('evil.example')
    assert said.rc == 3 and r'\027' in said.text, str(said)
    said = reports('evil-mx.example')
    assert said.rc == 3, str(said)


def test_wildcards(reports):
    said = reports('wildcard.example')
    assert said.ruling('from', 'missing') == 'protected', str(said)
    said = reports('wildcard-txt.example')
    assert said.ruling('mail-from', 'missing') == 'forgeable', str(said)
    assert said.ruling('mail-from', 'domain') == 'protected', str(said)


def test_names(world, reports):
    said = Report(world.check('--json', 'Bücher.example'))
    assert said.json['domain'] == 'xn--bcher-kva.example.' and said.ruling() == 'protected', str(said)
    said = reports(r'a\.b.protected.example')
    assert said.json['domain'] == r'a\.b.protected.example.' and said.ruling() == 'protected', str(said)


@pytest.mark.parametrize('name', ['a..b', 'x' * 64 + '.example', '.'.join(['abcdefgh'] * 30), '', '\x1b[2J.example', '\udcff.example',
                                  r'\300.example', 'xn--\u00fc.example'])
def test_what_is_no_name(world, name):
    said = world.check('--json', name)
    assert said.rc in (1, 2) and not is_raw(said.stderr), repr(said.stderr)
    assert all(json.loads(line) for line in said.stdout.splitlines())


# --- MTA-STS --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('name', POLICIES)
def test_mta_sts(reports, name):
    said = reports(f'{name}.example', *(['--timeout', '12'] if name == 'sts-slow' else []))
    code = POLICIES[name][1]
    found = said.finding(code)
    good = [c for c in said.codes if c in ('sts-good', 'sts-mode-testing')]
    assert good == ([code] if name in ('sts-fine', 'sts-testing') else good if 'type' in code or 'mx' in code else []), str(said)
    if code == 'sts-policy-unknown':
        assert found['severity'] == 'unknown' and said.rc in (1, 3), str(said)


# --- the other commands ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize('name', ['silent', 'servfail', 'tcp-cut', 'wrong-id', 'signature', 'long-chain', 'loop'])
def test_spf_and_dmarc(world, name):
    if name not in ('long-chain', 'loop'):
        said = world.run('spf', '--json', '--timeout', '1', '--ip', '203.0.114.1', '--from', f'a@{name}.example',
                         '--helo', 'mx.example')
        assert json.loads(said.stdout)['result'] == 'temperror', str(said)
        said = world.run('spf', '--timeout', '1', f'{name}.example')
        assert said.rc == 1 and 'could not tell' in said.stdout, str(said)
    said = world.run('dmarc', '--json', '--timeout', '1', f'{name}.example')
    assert said.rc == 1 and json.loads(said.stdout)['walk']['domain']['state'] == 'unknown', str(said)


def audited(world, names, *options):
    """{name without its final dot: what audit says of it}, in the order of its lines."""
    listed = world.lab.write('names', '\n'.join(names) + '\n')
    said = world.run('audit', '--timeout', '20', *options, listed)
    assert not is_raw(said.stdout + said.stderr) and said.stdout.isascii(), str(said)
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    return {line['domain'].rstrip('.'): line for line in lines if 'domain' in line}


def test_audit(world):
    """All of them in one run: each gets its line, in order, and what could not be told is not absent."""
    names = [f'{name}.example' for name in [*UNREACHABLE, *PARTLY, *RECORDS]]
    lines = audited(world, names, '--resolver', world.resolver)
    assert list(lines) == names
    for name in UNREACHABLE:
        line = lines[f'{name}.example']
        assert set(line['verdicts']['from'].values()) == {'unknown'} and line['backscatter'] == 'unknown', line
        assert not {f['code'] for f in line['findings']} & set(ABSENCE), line
    for name in 'protected', 'slow', 'short-chain', 'odd_name':
        assert lines[f'{name}.example']['verdicts']['from']['domain'] == 'protected', lines[f'{name}.example']
    assert lines['loop.example']['verdicts']['from']['domain'] == 'unknown', lines['loop.example']


def test_audit_from_the_root(world):
    """Without a resolver it asks name servers itself, from the root hints on, and validates."""
    names = ['protected.example', 'signed.example', 'signature.example', 'servfail.example', 'silent.example']
    lines = audited(world, names, '--root-hints', world.hints)
    assert [line['verdicts']['from']['domain'] for line in lines.values()] == ['protected'] * 2 + ['unknown'] * 3, lines
