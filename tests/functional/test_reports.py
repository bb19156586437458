"""dnsguard reports: who sends in a domain's name, by DMARC aggregate reports."""
import base64
import gzip
import io
import json
import re
import zipfile

import lab as lablib

DAY = 1735689600
ROW = ('<record><row><source_ip>{ip}</source_ip><count>{n}</count><policy_evaluated><disposition>none</disposition>'
       '<dkim>{dkim}</dkim><spf>{spf}</spf></policy_evaluated></row><identifiers><header_from>{name}</header_from></identifiers></record>')


def report(rows, org='receiver.example', ident='1', domain='example.com'):
    """rows: (source, count, passes, name in From); passes: letters of d and s."""
    body = ''.join(ROW.format(ip=ip, n=n, dkim='pass' if 'd' in passes else 'fail', spf='pass' if 's' in passes else 'fail',
                              name=name) for ip, n, passes, name in rows)
    return (f'<?xml version="1.0"?><feedback><report_metadata><org_name>{org}</org_name><report_id>{ident}</report_id><date_range>'
            f'<begin>{DAY}</begin><end>{DAY + 86399}</end></date_range></report_metadata><policy_published><domain>{domain}</domain>'
            f'<p>none</p></policy_published>{body}</feedback>').encode()


def zipped(data, entries=1):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as archive:
        for n in range(entries):
            archive.writestr(f'{n}.xml', data)
    return out.getvalue()


def mail(data):
    return (b'From: r@receiver.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n\r\nhello\r\n--x\r\n'
            b'Content-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n' + base64.encodebytes(data) + b'--x--\r\n')


ROWS = [('192.0.2.1', 70, 'ds', 'example.com'), ('192.0.2.2', 5, '', 'example.com'), ('203.0.113.5', 20, '', 'example.com'),
        ('203.0.113.6', 4, '', 'sub.example.com'), ('198.51.100.7', 1, 'd', 'example.com')]


def run(dnsguard, *args):
    said = dnsguard('reports', *args)
    return said, [json.loads(line) for line in said.stdout.splitlines()] if '--json' in args else None


def test_each_form_and_each_report_once(dnsguard, tmp_path):
    data = report(ROWS)
    (tmp_path / 'cur').mkdir()
    (tmp_path / 'plain.xml').write_bytes(data)
    (tmp_path / 'a.xml.gz').write_bytes(gzip.compress(data))
    (tmp_path / 'b.zip').write_bytes(zipped(data))
    (tmp_path / 'cur' / '1:2,S').write_bytes(mail(gzip.compress(data)))
    (tmp_path / 'cur' / '2:2,S').write_bytes(mail(gzip.compress(report([('203.0.113.9', 3, '', 'example.com')], 'other.example'))))
    said, out = run(dnsguard, '--json', '--own', '192.0.2.0/24', tmp_path)
    assert said.rc == 3, str(said)
    assert len(out) == 1 and out[0]['type'] == 'reports' and out[0]['domain'] == 'example.com'
    assert out[0]['messages'] == 103
    assert {k: v for k, v in out[0]['by_class'].items() if v} == {'own': 70, 'own-failing': 5, 'forged': 27, 'forwarded': 1}
    assert out[0]['fail'] == 32 and out[0]['names'] == 2 and out[0]['forged_reporters'] == 2
    assert out[0]['sent_last'] == '2025-01-01'
    assert [(n['network'], n['prefix'], n['messages']) for n in out[0]['networks'] if n['class'] == 'forged'] == [('203.0.113.0', 24, 27)]
    assert '3 came again' in said.stderr


def test_json_is_as_documented(dnsguard, tmp_path):
    (tmp_path / 'r.xml').write_bytes(report(ROWS))
    _, out = run(dnsguard, '--json', '--own', '192.0.2.0/24', tmp_path)
    page = (lablib.ROOT / 'doc/json.md').read_text().partition('\n## reports\n')[2].partition('\n## ')[0]
    table, _, rest = page.partition('\nThe classes: ')
    classes, _, network = rest.partition('\n\nA network: ')
    listed = {key for row in table.splitlines() if row.startswith('| `') for key in re.findall('`([^`]+)`', row.split('|')[1])}
    assert listed | {'type'} == set(out[0])
    assert set(re.findall('`([^`]+)`', classes)) == set(out[0]['by_class']) == set(out[0]['days'][0]['messages'])
    assert set(re.findall('`([^`]+)`', network)) == set(out[0]['networks'][0])
    assert set(out[0]['days'][0]) == {'day', 'messages'}


def test_text_says_what_to_do(dnsguard, tmp_path):
    (tmp_path / 'r.xml').write_bytes(report(ROWS))
    said, _ = run(dnsguard, '--own', '192.0.2.0/24', tmp_path / 'r.xml')
    assert said.rc == 3
    assert 'p=reject asks to refuse 29 of them (29 %): forged 24, yours 5' in said.stdout
    assert 'first: make your own servers pass' in said.stdout
    assert 'only one organisation' in said.stdout


def test_what_is_sound(dnsguard, tmp_path):
    (tmp_path / 'r.xml').write_bytes(report([('192.0.2.1', 7, 'd', 'example.com')]))
    said, out = run(dnsguard, '--json', '--own', '192.0.2.1', tmp_path / 'r.xml')
    assert said.rc == 0 and out[0]['by_class']['own'] == 7


def test_only_one_zone(dnsguard, tmp_path):
    (tmp_path / 'a.xml').write_bytes(report(ROWS))
    (tmp_path / 'b.xml').write_bytes(report([('192.0.2.1', 9, '', 'other.example')], domain='other.example', ident='2'))
    _, out = run(dnsguard, '--json', '--own', '192.0.2.0/24', '--zone', 'sub.Example.com', tmp_path)
    assert [(o['domain'], o['messages']) for o in out] == [('example.com', 4)]


def test_own_by_spf(dnsguard, tmp_path, nsd, unbound):
    """Without --own the SPF record tells; where no record can be used nothing is called forged."""
    server = nsd({'example.test': '@ TXT "v=spf1 a:out.example.test include:amazonses.com.example.test -all"\nout A 192.0.2.1\nout A 192.0.2.2\n'
                                  'amazonses.com TXT "v=spf1 ip4:198.51.100.7 ?all"\n', 'none.test': 'www A 192.0.2.1'})
    resolver = unbound(of=[server])
    (tmp_path / 'a.xml').write_bytes(report(ROWS, domain='example.test').replace(b'example.com', b'example.test'))
    (tmp_path / 'b.xml').write_bytes(report(ROWS, ident='2', domain='none.test').replace(b'example.com', b'none.test'))
    said, out = run(dnsguard, '--json', '--resolver', resolver.address, '--trust-anchor', 'none', '--timeout', '120', tmp_path)
    by_name = {o['domain']: o['by_class'] for o in out}
    assert {k: v for k, v in by_name['example.test'].items() if v} == {'own': 71, 'own-failing': 5, 'forged': 24}, str(said)
    assert {k: v for k, v in by_name['none.test'].items() if v} == {'other': 71, 'undecided': 29}, str(said)
    assert said.rc == 3 and 'could not be judged (none.test: ' in said.stderr


def test_silent_resolver(dnsguard, tmp_path):
    """Could not tell is never forged."""
    (tmp_path / 'a.xml').write_bytes(report(ROWS))
    said, out = run(dnsguard, '--json', '--resolver', '127.0.0.61', '--trust-anchor', 'none', '--timeout', '1', tmp_path)
    assert {k: v for k, v in out[0]['by_class'].items() if v} == {'other': 71, 'undecided': 29}, str(said)
    assert said.rc == 0 and 'could not be judged' in said.stderr


def test_broken_ones_are_told_and_the_rest_is_read(dnsguard, tmp_path):
    (tmp_path / 'good.xml').write_bytes(report([('192.0.2.1', 7, 'd', 'example.com')]))
    (tmp_path / 'cut.xml.gz').write_bytes(gzip.compress(report(ROWS, ident='2'))[:-30])
    (tmp_path / 'two.zip').write_bytes(zipped(report(ROWS, ident='3'), 2))
    (tmp_path / 'laughs.xml').write_bytes(b'<!DOCTYPE feedback [<!ENTITY a "b">]><feedback>&a;</feedback>')
    (tmp_path / 'bomb.xml.gz').write_bytes(gzip.compress(b' ' * (32 << 20)))
    (tmp_path / 'escape.xml').write_bytes(report([('192.0.2.\x1b[2J', 7, 'd', 'example.com')], ident='4'))
    said, out = run(dnsguard, '--json', '--own', '192.0.2.1', tmp_path)
    assert said.rc == 1 and [o['messages'] for o in out if o['type'] == 'reports'] == [7], str(said)
    for words in ('DOCTYPE', '2 entries', 'ends too early', 'come out of one'):
        assert words in said.stderr, str(said)
    assert '\x1b' not in said.stdout + said.stderr


def test_usage(dnsguard, tmp_path):
    (tmp_path / 'r.xml').write_bytes(report(ROWS))
    for args, rc, words in ((('--own', '192.0.2.0/33', tmp_path), 2, '--own wants'), (('--own', 'x', tmp_path), 2, '--own wants'),
                            (('--zone', 'a..b', tmp_path), 2, '--zone'), ((tmp_path / 'missing',), 1, 'No such file')):
        said, _ = run(dnsguard, *args)
        assert said.rc == rc and words in said.stderr, str(said)
    (tmp_path / 'r.xml').write_bytes(b'')
    said, _ = run(dnsguard, tmp_path)
    assert said.rc == 2 and 'no DMARC aggregate report' in said.stderr
