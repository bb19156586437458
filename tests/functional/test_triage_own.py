"""What proves that mail is ours, or that it cannot be: DKIM signatures on originals that came back whole, addresses that never send."""
import json
import pathlib
import re

import joejob
import lab as lablib
from terminal import Terminal

SIGNED = lablib.ROOT / 'tests/data/dkim/verify'
OWN = ('--own', '192.0.2.0/24', '--domain', 'example.com')
KEY = 's1._domainkey.example.com'


class Whole(joejob.Original):
    """A letter that dkimpy signed for example.com, with the Received lines of its way."""

    def text(self, at=joejob.START):
        letter = (SIGNED / 'rsa-relaxed.eml').read_bytes().decode().replace('\r\n', '\n')
        return ''.join(f'Received: {r}; {joejob.date(at)}\n' for r in self.received) + letter


def returned(n, *received, change=('', '')):
    reporter = f'r{n % 6}.example'
    hops = [r.replace('BY', f'mx.{reporter}') for r in received]
    text = joejob.bounce(Whole(hops), n, reporter=reporter, to='alice@example.com', address=f'203.0.113.{n % 6 + 1}', by='mx1.example.com')
    return text.replace('text/rfc822-headers', 'message/rfc822').replace(*change)


FOREIGN = 'from x.test (x.test [198.51.100.7])\n\tby BY (Postfix) with ESMTP id Q'
OURS = 'from mail.example.com (mail.example.com [192.0.2.10])\n\tby BY (Postfix) with ESMTP id Q'
LOGIN = 'from [192.168.1.2] (unknown [2001:db8:77::1])\n\t(Authenticated sender: anna)\n\tby mail.example.com (Postfix) with ESMTPSA id S'


def triage(dnsguard, tmp_path, messages, *args):
    said = dnsguard('triage', '--json', *OWN, *args, joejob.mbox(tmp_path / 'box', messages))
    assert said.rc in (0, 1, 3), str(said)
    return [json.loads(line) for line in said.stdout.splitlines()][-1]


def test_our_signature_on_the_original(dnsguard, tmp_path):
    key = ('--dkim-key', f'{KEY}={SIGNED / "rsa.txt"}')
    passed_on = [returned(n, FOREIGN) for n in range(20)]
    out = triage(dnsguard, tmp_path, passed_on)
    assert (out['verdict'], out['dkim']['not-checked']) == ('forged', 20)
    out = triage(dnsguard, tmp_path, passed_on, *key)
    assert (out['verdict'], out['confidence'], out['dkim']['ours'], out['rules']) == ('own', 'high',20, {'signed': 20})
    assert 'signed' in [r['code'] for r in out['incidents'][0]['for']] and out['split'] is False
    stolen = [returned(n, OURS, LOGIN) for n in range(20)]
    out = triage(dnsguard, tmp_path, stolen, *key)
    assert (out['verdict'], out['confidence'], out['incidents'][0]['who']) == ('account', 'high', 'anna')
    assert {'signed', 'login'} <= {r['code'] for r in out['incidents'][0]['for']}


def test_a_signature_that_proves_nothing(dnsguard, tmp_path):
    key = ('--dkim-key', f'{KEY}={SIGNED / "rsa.txt"}')
    changed = [returned(n, FOREIGN, change=('two lines', 'two linez')) for n in range(20)]
    out = triage(dnsguard, tmp_path, changed, *key)
    assert (out['verdict'], out['dkim']['broken'], out['rules']) == ('forged',20, {'handoff-foreign': 20})
    other = ('--dkim-key', f's2._domainkey.example.com={SIGNED / "rsa.txt"}')
    out = triage(dnsguard, tmp_path, changed, *other)
    assert (out['verdict'], out['dkim']['no-key']) == ('forged', 20)
    theirs = [returned(n, FOREIGN, change=('d=example.com', 'd=example.org')) for n in range(20)]
    out = triage(dnsguard, tmp_path, theirs, *key)
    assert out['dkim']['none'] == 20
    for bad in ('s1=x', f'{KEY}=', f'{KEY}=/nowhere', f'{KEY}={lablib.ROOT / "README.md"}', 's1._domainkey.=x'):
        dnsguard('triage', '--dkim-key', bad, tmp_path / 'box').expect(2)


def test_keys_of_the_policy_and_of_dns(dnsguard, tmp_path, nsd, unbound):
    record = (SIGNED / 'rsa.txt').read_text().strip()
    box = joejob.mbox(tmp_path / 'box', [returned(n, FOREIGN) for n in range(20)])
    (tmp_path / 'zone.yaml').write_text('zone: example.com\nprovider: {zonefile: {path: x.zone}}\nmail:\n'
                                        f'  "@": {{mx: [10 mail], spf: ["ip4:192.0.2.0/24"], dkim: {{s1: {tmp_path}/s1.txt}}}}\n')
    (tmp_path / 's1.txt').write_text(record + '\n')
    said = dnsguard('triage', '--policy', tmp_path / 'zone.yaml', box).expect(0)
    assert 'came back whole: 20; that verify: 20' in ' '.join(said.stdout.split())
    pieces = ' '.join(f'"{record[i:i + 200]}"' for i in range(0, len(record), 200))
    server = nsd({'example.com': f'@ TXT "v=spf1 ip4:192.0.2.0/24 -all"\ns1._domainkey TXT {pieces}\n'})
    dns = ('--dns', '--resolver', unbound(of=[server]).address, '--trust-anchor', 'none', '--timeout', '10')
    said = dnsguard('triage', '--json', *OWN, *dns, box).expect(0)
    assert json.loads(said.stdout)['dkim']['ours'] == 20
    said = dnsguard('triage', *OWN, '--explain', 1, *dns, box).expect(0)
    assert 'it verifies; your key signed this' in ' '.join(said.stdout.split())


def test_an_address_that_never_sends(dnsguard, tmp_path):
    headless = [joejob.forged(n).partition('Received: from good.example')[0] + '\n' for n in range(20)]
    out = triage(dnsguard, tmp_path, headless)
    assert out['rules'] == {'no-evidence': 20}
    out = triage(dnsguard, tmp_path, headless, '--list', 'ME@good.example,other@good.example')
    assert out['rules'] == {'never-sends': 20} and out['owner']['lists'] == ['me@good.example', 'other@good.example']
    assert [i['kind'] for i in out['incidents']] == ['forged', 'list-leak']
    dnsguard('triage', '--list', 'good.example', tmp_path / 'box').expect(2)


def test_explained_in_japanese(dnsguard, lab, tmp_path):
    """What the reader of messages concluded is said in the reader's language, too."""
    box = joejob.mbox(tmp_path / 'box', [returned(1, FOREIGN)])
    catalogues = pathlib.Path(lab.program).parent.parent / 'po'
    said = dnsguard('triage', *OWN, '--explain', 1, box, env={'LC_ALL': 'ja_JP.UTF-8', 'LANGUAGE': '', 'DNSGUARD_LOCALE': str(catalogues)})
    assert '配送状況が「failed」（失敗）です' in said.stdout and 'バウンス（不達通知）' in said.stdout
    assert '報告元の組織の外にある最初のアドレスです' in said.stdout and '未検証' in said.stdout


def test_progress_on_a_terminal(lab, tmp_path):
    """A line that replaces itself while a mailbox is read, and nothing of it in a pipe."""
    box = joejob.mbox(tmp_path / 'box', [joejob.forged(n) for n in range(600)])
    with Terminal([lab.program, 'triage', '--own', '192.0.2.0/24', box], env={'LC_ALL': 'C'}) as t:
        assert t.finish() == 3
    assert len(re.findall('\r\x1b\\[K\\d+ messages', t.raw)) >= 2
    assert lab.dnsguard('triage', '--own', '192.0.2.0/24', box).expect(3).stderr == ''
