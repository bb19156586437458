"""`dnsguard export` and `import`: each format is read back by the tool that it is for, or by a reader of its grammar."""
import json
import re
import shutil

import node
import pytest
import yaml

ZONE = 'example.test'
RECORDS = '''@ A 192.0.2.10
@ MX 10 oldmx
@ TXT "v=spf1 mx ?all"
@ TXT "some;body=\\\\else ${x} %{y}"
www A 192.0.2.10
oldmx A 192.0.2.24
mx1 A 192.0.2.25
lists CNAME elsewhere.example.
'''
BODY = '''mail:
  "@": {mx: [10 mx1.example.test, 20 oldmx.example.test], spf: [mx], dmarc: {policy: reject, aggregate: ["mailto:d@example.test"]}}
  news: {mx: null, spf: []}
silent: [www]
hosts: ignore
mx-hosts: ignore
verify: {servers: none}
ttl: 2h
'''
ODD = 'some;body=\\else ${x} %{y}'
WANTED = {
    ('@', 'MX'): {'10 mx1.example.test.', '20 oldmx.example.test.'},
    ('@', 'TXT'): {'v=spf1 mx -all', ODD},
    ('_dmarc', 'TXT'): {'v=DMARC1; p=reject; rua=mailto:d@example.test'},
    ('news', 'MX'): {'0 .'}, ('news', 'TXT'): {'v=spf1 -all'},
    ('www', 'MX'): {'0 .'}, ('www', 'TXT'): {'v=spf1 -all'},
    ('_dmarc.www', 'TXT'): {'v=DMARC1; p=reject; adkim=s; aspf=s; rua=mailto:d@example.test'},
}
SOA = '@ 3600 IN SOA ns.example.test. hostmaster.example.test. 1 7200 900 1209600 300\n@ 3600 IN NS ns.example.test.\n'


@pytest.fixture
def policy(lab):
    """Its zone is a file; what is exported is compared with what `apply` makes of it."""
    zone = lab.write('zone.file', f'$ORIGIN {ZONE}.\n$TTL 3600\n' + SOA + RECORDS)
    return lab.write('zone.yaml', f'zone: {ZONE}\nprovider: {{zonefile: {{path: "{zone}"}}}}\n{BODY}')


def export(dnsguard, kind, path):
    return dnsguard('export', '--format', kind, path).expect(0).stdout


def relative(owner):
    return '@' if owner.rstrip('.') == ZONE else owner.rstrip('.').removesuffix(f'.{ZONE}')


def joined(rdata):
    """The text of a TXT record in presentation form."""
    return re.sub(r'\\(.)', r'\1', ''.join(re.findall(r'"((?:[^"\\]|\\.)*)"', rdata)))


def collected(lines):
    """{(name, type): values} of lines "owner ttl IN type rdata"."""
    sets = {}
    for line in lines:
        owner, _, _, kind, rdata = line.split(None, 4)
        sets.setdefault((relative(owner), kind), set()).add(joined(rdata) if kind == 'TXT' else rdata)
    return sets


def checked_zone(lab, text):
    """The zone as named-checkzone reads it and writes it out; ldns and NSD read it too."""
    path = lab.write('exported.zone', f'$ORIGIN {ZONE}.\n' + SOA + 'ns A 192.0.2.1\nmx1 A 192.0.2.25\noldmx A 192.0.2.24\n' + text)
    out = lab.dir / 'checked.zone'
    lab.run(shutil.which('named-checkzone', path='/usr/sbin:/usr/bin'), '-i', 'none', '-s', 'full', '-o', out, ZONE, path).expect(0)
    lab.run('ldns-read-zone', path).expect(0)
    lab.run(shutil.which('nsd-checkzone', path='/usr/sbin:/usr/bin'), ZONE, path).expect(0)
    lines = [line for line in out.read_text().splitlines() if line and line[0] not in ';$']
    return {k: v for k, v in collected(lines).items() if k[1] in ('MX', 'TXT')}


def test_zonefile(lab, dnsguard, policy):
    text = export(dnsguard, 'zonefile', policy)
    assert checked_zone(lab, text) == WANTED
    assert ' 7200 IN MX ' in text


@pytest.mark.parametrize('kind, program', [('knot', 'nsupdate'), ('bind', 'nsupdate'), ('bind', 'knsupdate')])
def test_nsupdate(request, lab, dnsguard, unbound, kind, program):
    """Sent by the real nsupdate of BIND, or Knot's, to a real server: afterwards there is nothing to change; sent again, it is refused."""
    server = request.getfixturevalue(kind)({ZONE: RECORDS}, address='127.0.0.11')
    unbound([server])
    policy = lab.write('zone.yaml', f'zone: {ZONE}\nprovider: {{rfc2136: {{server: "127.0.0.11", tsig: {{secret-file: '
                                    f'"{lab.key_file("bind")}"}}}}}}\n{BODY}')
    script = lab.write('script', 'server 127.0.0.11\n' + export(dnsguard, 'nsupdate', policy))
    nsupdate = [program, '-k', lab.key_file('bind' if program == 'nsupdate' else 'knot'), script]
    lab.run(*nsupdate).expect(0)
    dnsguard('plan', '--adopt', policy).expect(0)
    assert 'nothing to send' in export(dnsguard, 'nsupdate', policy)
    again = lab.run(*nsupdate)
    assert again.rc and ('YXRRSET' in again.stderr or 'NXRRSET' in again.stderr), str(again)


def test_octodns(dnsguard, policy):
    told = yaml.safe_load(export(dnsguard, 'octodns', policy))
    sets = {}
    for name, records in told.items():
        for r in records:
            assert r['ttl'] in (3600, 7200)
            values = {f'{v["preference"]} {v["exchange"]}' for v in r['values']} if r['type'] == 'MX' else \
                {v.replace('\\;', ';') for v in r['values']}
            if r['type'] == 'TXT':
                assert all(re.search(r'(?<!\\);', v) is None for v in r['values'])  # octoDNS refuses a bare one
            sets[name or '@', r['type']] = values
    assert sets == WANTED


DNSCONTROL = '''
const made = [], record = (kind) => (...args) => ({kind, args});
const names = {D_EXTEND: (zone, ...records) => made.push({zone, records}), MX: record("MX"), TXT: record("TXT"), TTL: record("TTL")};
require("vm").runInNewContext(text, names, {timeout: 10000});
tell(made);
'''


def test_dnscontrol(lab, dnsguard, policy):
    """Run as the JavaScript that it is, with the functions of dnscontrol that it calls."""
    made, = node.evaluate(lab, DNSCONTROL, export(dnsguard, 'dnscontrol', policy))
    assert made['zone'] == ZONE
    sets = {}
    for r in made['records']:
        label, *values, ttl = r['args']
        assert ttl['kind'] == 'TTL' and ttl['args'] in ([3600], [7200])
        assert len(values) == (2 if r['kind'] == 'MX' else 1) and (r['kind'] != 'MX' or isinstance(values[0], int))
        sets.setdefault((label, r['kind']), set()).add(f'{values[0]} {values[1]}' if r['kind'] == 'MX' else values[0])
    assert sets == WANTED


HCL = 'require("@cdktf/hcl2json").parse("dns.tf", text).then(tell);'


def test_terraform(lab, dnsguard, policy):
    """Read by HashiCorp's own reader of HCL."""
    text = export(dnsguard, 'terraform', policy)
    assert not re.search(r'(?<![$%])[$%]{', text)  # no template that somebody else's record could open
    node.need('@cdktf/hcl2json')
    told = node.evaluate(lab, HCL, text)
    assert set(told) == {'resource'} and set(told['resource']) == {'dns_mx_record_set', 'dns_txt_record_set'}
    sets = {}
    for kind, blocks in told['resource'].items():
        for block, in blocks.values():
            assert block['zone'] == f'{ZONE}.' and block['ttl'] in (3600, 7200)
            assert set(block) - {'name'} == {'zone', 'ttl', 'mx' if kind == 'dns_mx_record_set' else 'txt'}, block
            values = {f'{m["preference"]} {m["exchange"]}' for m in block['mx']} if 'mx' in block else \
                {v.replace("$${", "${").replace("%%{", "%{") for v in block['txt']}
            sets[block.get('name', '@'), 'MX' if 'mx' in block else 'TXT'] = values
    assert sets == WANTED


def test_external_dns(lab, dnsguard, policy):
    said = dnsguard('export', '--format', 'external-dns', policy).expect(1)
    assert 'cannot hold a null MX' in said.stderr and said.stdout == ''
    policy.write_text(policy.read_text().replace('  news: {mx: null, spf: []}\n', '').replace('silent: [www]\n', ''))
    told = yaml.safe_load(export(dnsguard, 'external-dns', policy))
    assert (told['apiVersion'], told['kind']) == ('externaldns.k8s.io/v1alpha1', 'DNSEndpoint')
    assert re.fullmatch(r'[a-z0-9]([a-z0-9-]*[a-z0-9])?', told['metadata']['name'])
    sets = {(relative(e['dnsName']), e['recordType']): {t + '.' if e['recordType'] == 'MX' else t for t in e['targets']}
            for e in told['spec']['endpoints']}
    assert sets == {k: v for k, v in WANTED.items() if k[0] not in ('news', 'www', '_dmarc.www')}


@pytest.mark.parametrize('args, said', [([], 'expected --format with one of zonefile'), (['--format', 'yaml'], 'expected --format')])
def test_wrong_format(dnsguard, policy, args, said):
    assert said in dnsguard('export', *args, policy).expect(2).stderr


def test_export_changes_nothing(lab, dnsguard, policy):
    before = (lab.dir / 'zone.file').read_text()
    export(dnsguard, 'zonefile', policy)
    assert (lab.dir / 'zone.file').read_text() == before
    dnsguard('plan', policy).expect(3)
    assert 'conflict' in dnsguard('plan', policy).stdout  # nothing was adopted either


def test_octets_that_are_no_ascii(lab, dnsguard):
    """What a format cannot hold is said, and not changed into something else."""
    zone = lab.write('zone.file', f'$ORIGIN {ZONE}.\n$TTL 3600\n' + SOA + '@ TXT "\\195\\164"\n@ TXT "v=spf1 ?all"\n')
    policy = lab.write('zone.yaml', f'zone: {ZONE}\nprovider: {{zonefile: {{path: "{zone}"}}}}\nmail:\n  "@": {{mx: null, spf: []}}\n')
    for kind in ('octodns', 'dnscontrol', 'terraform'):
        assert 'no ASCII' in dnsguard('export', '--format', kind, policy).expect(1).stderr
    assert '\\195\\164' in export(dnsguard, 'zonefile', policy)


# import

PROVIDER = '{gandi: {token-file: api.token}}'
OCTODNS = r'''---
? ''
: - type: MX
    ttl: 7200
    values:
    - exchange: mx1.example.test.
      preference: 10
    - {value: oldmx.example.test., priority: 20}
  - {type: TXT, values: ["v=spf1 mx -all", some\;thing]}
  - {type: A, value: 192.0.2.10}
  - {type: ALIAS, value: x.example.}
_dmarc: {type: TXT, ttl: 300, value: v=DMARC1\; p=reject}
www:
  octodns: {cloudflare: {proxied: true}}
  type: A
  values: [192.0.2.10]
news: {type: MX, value: {exchange: ., preference: 0}}
'''


def test_import_octodns(lab, dnsguard):
    """What octoDNS keeps becomes a policy for the provider where the zone really is; there its plan is empty."""
    path = lab.write('octo.yaml', OCTODNS)
    out = lab.dir / 'zone.yaml'
    lab.write('api.token', 'x\n', 0o600)
    dnsguard('import', ZONE, '--from', path, '--format', 'octodns', '--provider', PROVIDER, '-o', out).expect(0)
    policy = yaml.safe_load(out.read_text())
    assert policy['provider'] == {'gandi': {'token-file': 'api.token'}}
    assert policy['mail']['@']['mx'] == ['10 mx1.example.test', '20 oldmx.example.test'] or len(policy['mail']['@']['mx']) == 2
    assert 'reject' in str(policy['mail']['@']['dmarc']) and policy['mail']['news']['mx'] in (None, 'null', 'none')


def test_import_and_export_again(lab, dnsguard, policy):
    """octoDNS to zone.yaml and back: the same records."""
    first = export(dnsguard, 'octodns', policy)
    zone = export(dnsguard, 'zonefile', policy)
    kept = lab.write('kept.zone', f'$ORIGIN {ZONE}.\n' + SOA + zone)
    path = lab.write('octo.yaml', first)
    out = lab.dir / 'imported.yaml'
    dnsguard('import', ZONE, '--from', path, '--format', 'octodns', '--provider', f'{{zonefile: {{path: "{kept}"}}}}', '-o', out).expect(0)
    dnsguard('plan', out).expect(0)  # of what it can say nothing changes
    again = yaml.safe_load(export(dnsguard, 'octodns', out))
    told = yaml.safe_load(first)
    for name, records in again.items():
        for record in records:
            same = next(r for r in told[name] if r['type'] == record['type'])
            assert json.dumps(record['values'], sort_keys=True) in json.dumps(same['values'], sort_keys=True) or \
                sorted(map(str, record['values'])) == sorted(map(str, same['values']))


def test_import_zonefile(lab, dnsguard):
    """From an exported file, for the provider that it came from."""
    path = lab.write('exported.zone', f'$ORIGIN {ZONE}.\n$TTL 3600\n' + SOA + '@ MX 10 mx1\n@ TXT "v=spf1 mx -all"\nmx1 A 192.0.2.25\n')
    text = dnsguard('import', ZONE, '--from', path, '--provider', PROVIDER).expect(0).stdout
    assert yaml.safe_load(text)['provider'] == {'gandi': {'token-file': 'api.token'}}
    assert 'mx1' in text and f'"{path}"' not in text and f"'{path}'" not in text
    assert dnsguard('import', ZONE, '--from', path).expect(0).stdout == dnsguard('init', ZONE, '--from', path).expect(0).stdout


def test_import_from_a_server(lab, dnsguard, knot):
    knot({ZONE: RECORDS}, address='127.0.0.11')
    text = dnsguard('import', ZONE, '--server', '127.0.0.11', '--key-file', lab.key_file('bind'), '--provider', PROVIDER).expect(0).stdout
    assert yaml.safe_load(text)['provider'] == {'gandi': {'token-file': 'api.token'}} and 'oldmx' in text


@pytest.mark.parametrize('text, said', [
    ('- a\n', 'expected names with their records'), ('x: 5\n', 'expected a record'), ('x: {type: TXT}\n', 'expected a record'),
    ('x: {type: MX, value: 5}\n', 'expected exchange'), ('x: {type: MX, value: {exchange: a., preference: 70000}}\n', '0 to 65535'),
    ('x: {type: MX, value: {exchange: a, preference: 1}}\n', 'final dot'), ('x.: {type: A, value: 192.0.2.1}\n', 'without a final dot'),
    ('x: {type: A, value: nonsense}\n', 'octo.yaml:1:'), ('x: {type: TXT, ttl: -1, value: a}\n', 'expected a TTL'),
    ('x: &a {type: TXT, value: b}\ny: *a\n', 'aliases'), ('x: [\n', 'octo.yaml:2'), ('a..b: {type: TXT, value: c}\n', 'octo.yaml:1:1'),
    ('x: {type: TXT, value: "\\0"}\n', 'expected a text'), ('[' * 2000, 'octo.yaml:')], ids=lambda x: x[:20].strip())
def test_octodns_that_is_none(lab, dnsguard, text, said):
    path = lab.write('octo.yaml', text)
    done = dnsguard('import', ZONE, '--from', path, '--format', 'octodns', '--provider', PROVIDER)
    assert done.rc == 2 and said in done.stderr and done.stdout == '', str(done)


def test_import_asks_for_a_place(lab, dnsguard):
    path = lab.write('octo.yaml', OCTODNS)
    assert '--provider' in dnsguard('import', ZONE, '--from', path, '--format', 'octodns').expect(2).stderr
    assert 'zonefile or octodns' in dnsguard('import', ZONE, '--from', path, '--format', 'csv').expect(2).stderr
    said = dnsguard('import', ZONE, '--from', path, '--format', 'octodns', '--provider', '{nowhere: {}}').expect(2).stderr
    assert 'nowhere' in said
