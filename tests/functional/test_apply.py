"""apply at every place where a zone can be kept: the records on the wire, what stays as it is, exit codes, digests."""
import shutil

import lab as lablib
import places
import pytest

ZONE = 'example.test'
RECORDS = r'''@ A 192.0.2.10
@ MX 10 oldmx
@ MX 30 mx1
@ TXT "v=spf1 mx ?all"
@ TXT "somebody=" "else; and more"
@ TXT "v=spf10 not SPF"
www A 192.0.2.10
www AAAA 2001:db8::10
oldmx A 192.0.2.24
mx1 A 192.0.2.25
mx2 A 192.0.2.26
out1 A 192.0.2.27
out1 77 TXT "hello"
_dmarc 99 TXT "v=DMARC1; p=none"
_dmarc 99 TXT "unrelated"
sub NS ns.sub
ns.sub A 192.0.2.53
alias CNAME www
_sip._tcp SRV 0 5 5060 www
odd TYPE65400 \# 3 010203
esc\.aped TXT "a\"b\\c\200" ""
CamelCase A 192.0.2.77
@ CAA 0 issue "ca.example.net"
'''
NETS = ('ip4:192.0.2.0/24', 'ip4:198.51.100.0/25', 'ip4:198.51.100.128/26', 'ip4:198.51.100.192/27', 'ip4:203.0.113.0/25',
        'ip4:203.0.113.128/26', *(f'ip6:2001:db8:1111:{n}::/64' for n in (2222, 3333, 4444, 5555, 6666)))
POLICY = '''ttl: 30s
mail:
  "@":
    mx: [10 mx1.example.test, 20 mx2.example.test]
    spf: [mx, "%s"]
    dkim: {s2026: dkim/rsa2048.pem, ed: dkim/ed25519.pem, rec: rec.txt, old: revoked}
    dmarc:
      policy: reject
      subdomains: quarantine
      nonexistent: reject
      dkim-alignment: strict
      spf-alignment: strict
      aggregate: ["mailto:dmarc@example.test", "mailto:a@example.org"]
      failure: "mailto:ruf@example.test"
      failure-options: "1:d:s"
      psd: n
      testing: true
    mta-sts: {mode: enforce, max-age: 30d}
    tlsrpt: ["mailto:tls@example.test", "https://tls.example.net/r"]
  lists:
    mx: [10 mx1.example.test]
    spf: ["include:example.test", "~all"]
    dmarc: {policy: quarantine}
    mta-sts: {mode: testing, id: fixed01}
  parked: {mx: none, spf: "v=spf1 -all", dmarc: "v=DMARC1; p=reject"}
silent: [www, "*", "*.dark"]
hosts: silent
helo: [out1]
report-for: [example.net]
''' % '", "'.join(NETS)
ED25519 = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='  # RFC 8463 appendix A.2
DENY, NOBODY = '0 .', '"v=spf1 -all"'
# What the policy above means, by hand. Owners relative to the zone; a TTL that is not 30 is that of records beside ours.
WANTED = {
    ('@', 'MX'): (30, ['10 mx1.example.test.', '20 mx2.example.test.']),
    ('_dmarc', 'TXT'): (99, ['"unrelated"', '"v=DMARC1; p=reject; sp=quarantine; np=reject; adkim=s; aspf=s; fo=1:d:s; '
                             'rua=mailto:dmarc@example.test,mailto:a@example.org; ruf=mailto:ruf@example.test; psd=n; t=y"']),
    ('ed._domainkey', 'TXT'): (30, ['"v=DKIM1; k=ed25519; p=zeB1kamCAKzV+Sl4qUUrG14nu2deyFuC1F8Oe9oJz6E="']),
    ('rec._domainkey', 'TXT'): (30, [f'"v=DKIM1; k=ed25519; p={ED25519}"']),
    ('old._domainkey', 'TXT'): (30, ['"v=DKIM1; p="']),
    ('_smtp._tls', 'TXT'): (30, ['"v=TLSRPTv1; rua=mailto:tls@example.test,https://tls.example.net/r"']),
    ('example.net._report._dmarc', 'TXT'): (30, ['"v=DMARC1;"']),
    ('lists', 'MX'): (30, ['10 mx1.example.test.']),
    ('lists', 'TXT'): (30, ['"v=spf1 include:example.test ~all"']),
    ('_dmarc.lists', 'TXT'): (30, ['"v=DMARC1; p=quarantine"']),
    ('_mta-sts.lists', 'TXT'): (30, ['"v=STSv1; id=fixed01;"']),
    ('parked', 'MX'): (30, [DENY]),
    ('parked', 'TXT'): (30, [NOBODY]),
    ('_dmarc.parked', 'TXT'): (30, ['"v=DMARC1; p=reject"']),
    ('www', 'MX'): (30, [DENY]),
    ('www', 'TXT'): (30, [NOBODY]),
    ('_dmarc.www', 'TXT'): (30, ['"v=DMARC1; p=reject; adkim=s; aspf=s; rua=mailto:dmarc@example.test,mailto:a@example.org"']),
    **{(host, rtype): (30, [what]) for host in ('*', '*.dark', 'camelcase', 'ns1', 'oldmx')
       for rtype, what in (('MX', DENY), ('TXT', NOBODY))},
    ('mx1', 'TXT'): (30, ['"v=spf1 a -all"']),
    ('mx2', 'TXT'): (30, ['"v=spf1 a -all"']),
    ('out1', 'TXT'): (77, ['"hello"', '"v=spf1 a -all"']),
}
SIMPLE = '''@ A 192.0.2.10
@ MX 10 oldmx
@ TXT "site=1"
oldmx A 192.0.2.24
mx1 A 192.0.2.25
'''
SIMPLE_POLICY = 'ttl: 5\nmail: {"@": {mx: [10 mx1.example.test], spf: [mx], dmarc: {policy: reject}}}'
each = pytest.mark.parametrize('kind', places.KINDS)


def absolute(owner):
    return f'{ZONE}.' if owner == '@' else f'{owner}.{ZONE}.'


def split_text(rdata):
    """The strings of a TXT record as dig prints it (no escapes in ours)."""
    return rdata[1:-1].split('" "')


@pytest.fixture
def keys(lab):
    shutil.copytree(lablib.ROOT / 'tests/data/dkim', lab.dir / 'dkim')
    lab.write('rec.txt', f'rec._domainkey\tIN\tTXT\t( "v=DKIM1; k=ed25519; "\n\t"p={ED25519}" ) ; as OpenDKIM writes it\n')
    return lab.run('openssl', 'pkey', '-pubin', '-in', 'dkim/rsa2048.pem', '-outform', 'DER', '-out', 'rsa.der', check=True)


@each
def test_everything_it_publishes(lab, dnsguard, keys, kind):
    place = places.Place(lab, kind, {ZONE: RECORDS})
    policy = place.policy(ZONE, POLICY)
    before = place.axfr(ZONE)
    dnsguard('plan', '--adopt', policy).expect(3)
    assert place.axfr(ZONE) == before
    done = dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    assert 'published as change 2 and read back' in done.stdout and 'the name server has it' in done.stdout

    table = {(owner.lower(), rtype): rows for (owner, rtype), rows in place.table(ZONE).items()}
    long_ones = {(absolute('@'), 'TXT'), (absolute('s2026._domainkey'), 'TXT'), (absolute('_mta-sts'), 'TXT')}
    managed = {(absolute(owner), rtype) for owner, rtype in WANTED} | long_ones
    for (owner, rtype), (ttl, rdata) in WANTED.items():
        assert table[absolute(owner), rtype] == [(ttl, r) for r in rdata], (owner, rtype)

    ttl, spf = next(row for row in table[absolute('@'), 'TXT'] if row[1].startswith('"v=spf1 '))
    assert ttl == 300 and ''.join(split_text(spf)) == ' '.join(['v=spf1 mx', *NETS, '-all'])
    assert len(split_text(spf)[0]) <= 255 and len(split_text(spf)) == 2
    assert [r for _, r in table[absolute('@'), 'TXT'] if r != spf] == ['"somebody=" "else; and more"', '"v=spf10 not SPF"']
    (ttl, key), = table[absolute('s2026._domainkey'), 'TXT']
    der = lab.run('base64', '-w0', 'rsa.der', check=True).stdout
    assert ttl == 30 and ''.join(split_text(key)) == f'v=DKIM1; k=rsa; p={der}'
    assert max(map(len, split_text(key))) <= 255
    (ttl, sts), = table[absolute('_mta-sts'), 'TXT']
    assert sts.startswith('"v=STSv1; id=') and sts.endswith(';"')

    def others(lines):
        return [line for line in lines if (line.split()[0].lower(), line.split()[3]) not in managed
                and not line.startswith('_dnsguard.')]
    assert others(place.axfr(ZONE)) == others(before)
    assert set(table) == managed | {(line.split()[0].lower(), line.split()[3]) for line in others(before)}
    marker = place.dig(f'_dnsguard.{ZONE}', 'TXT')
    assert marker == [NOBODY] if not place.has_marker else len(marker) == 1 and marker != [NOBODY]  # the wildcard answers, or it

    now = (place.serial(ZONE), place.axfr(ZONE))
    again = dnsguard('apply', '--yes', policy).expect(0)
    assert (place.serial(ZONE), place.axfr(ZONE)) == now
    assert '1 zone planned: 1 as the policy says' in again.stdout and 'published' not in again.stdout
    assert dnsguard('plan', policy).expect(0).stderr == ''


@each
def test_exit_codes_and_digest(lab, dnsguard, kind):
    place = places.Place(lab, kind, {ZONE: SIMPLE})
    policy = place.policy(ZONE, SIMPLE_POLICY)
    start = place.axfr(ZONE)

    held = dnsguard('apply', '--yes', policy).expect(1)  # the MX is somebody's
    assert 'conflict: foreign' in held.stdout and '--adopt' in held.stdout and '1 in conflict' in held.stdout
    assert 'example.test: ' in held.stderr and place.axfr(ZONE) == start
    digest = dnsguard('plan', '--adopt', '--json', policy).expect(3).stdout.splitlines()[0]
    digest = lablib.json.loads(digest)['plan']['digest']
    assert digest[:16] in dnsguard('plan', '--adopt', policy).expect(3).stdout
    wrong = dnsguard('apply', '--adopt', '--plan', 'f' * 12, policy).expect(1)
    assert 'the plan is not ffffffffffff any more' in wrong.stderr and digest[:12] in wrong.stderr
    dnsguard('apply', '--adopt', '--plan', digest[:7], policy).expect(2)
    dnsguard('apply', '--adopt', '--plan', digest + '0', policy).expect(1)
    alone = dnsguard('apply', '--adopt', policy).expect(2)
    assert 'there is no terminal to ask on' in alone.stderr and '--yes' in alone.stderr
    assert place.axfr(ZONE) == start

    dnsguard('apply', '--adopt', '--plan', digest[:12], policy).expect(0)
    assert place.dig(ZONE, 'MX') == ['10 mx1.example.test.']
    after = place.axfr(ZONE)
    dnsguard('apply', '--adopt', '--plan', digest[:12], policy).expect(0)  # nothing is left to do
    assert place.axfr(ZONE) == after

    place.policy(ZONE, SIMPLE_POLICY + '\nsilent: [nix]')
    dnsguard('plan', policy).expect(3)
    old = dnsguard('apply', '--plan', digest, policy).expect(1)  # the policy changed since it was reviewed
    assert 'look at the new plan above' in old.stderr and place.axfr(ZONE) == after
    place.policy(ZONE, SIMPLE_POLICY + '\nsilnt: [nix]')
    said = dnsguard('apply', '--yes', policy).expect(2)
    assert f'{policy}:6:1: ' in said.stderr and "did you mean 'silent'" in said.stderr
    assert said.stdout == '0 zones planned: 1 unreadable\n' and place.axfr(ZONE) == after


@each
def test_server_away(lab, dnsguard, kind):
    """A failed read is no empty zone: nothing is planned on it, and the address is named."""
    place = places.Place(lab, kind, {ZONE: SIMPLE})
    policy = place.policy(ZONE, SIMPLE_POLICY)
    dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    place.stop()
    if kind != 'nsd':
        for command in (['plan'], ['apply', '--yes'], ['verify']):
            said = dnsguard(*command, policy).expect(1)
            assert place.address in said.stderr and 'example.test' in said.stderr
            assert '+ ' not in said.stdout and '1 failed' in said.stdout
        return
    dnsguard('plan', policy).expect(0)  # the zone file is there
    place.policy(ZONE, SIMPLE_POLICY + '\nsilent: [nix]')
    said = dnsguard('apply', '--yes', '--timeout', '1', policy)  # the file is written, its server is not there to reload
    assert said.rc in (1, 3) and 'nsd-control' in said.stdout + said.stderr, str(said)


def test_waits_for_the_caches(lab, dnsguard):
    """--wait ends when the last cache must have let go of the old answer: the old TTL decides."""
    place = places.Place(lab, 'knot', {ZONE: SIMPLE.replace('@ MX', '@ 2 MX')}, ttl=2)
    policy = place.policy(ZONE, SIMPLE_POLICY)
    done = dnsguard('apply', '--yes', '--adopt', '--wait', policy).expect(0)
    assert 'caches may hold old answers until' in done.stdout and 'waiting until' in done.stdout
    assert done.seconds > 1.5
    again = dnsguard('apply', '--yes', '--wait', policy).expect(0)
    assert 'waiting until' not in again.stdout, again
