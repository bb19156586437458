"""What proves that mail is ours, or that it cannot be: DKIM signatures on originals that came back whole, addresses that never send."""
import base64
import functools
import json
import pathlib
import re
import subprocess

import dkim
import joejob
import lab as lablib
import pytest
from terminal import Terminal

OWN = ('--own', '192.0.2.0/24', '--domain', 'example.com')
KEY = 's1._domainkey.example.com'


@functools.cache
def pair():
    """A private key, and its record."""
    pem = subprocess.run(['openssl', 'genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'], check=True, capture_output=True).stdout
    public = subprocess.run(['openssl', 'pkey', '-pubout', '-outform', 'DER'], input=pem, check=True, capture_output=True).stdout
    return pem, f'v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}'


@functools.cache
def letter(n):
    """The n-th letter of alice, signed for example.com."""
    text = (f'From: alice@example.com\r\nTo: u{n}@there.example\r\nSubject: letter {n}\r\nMessage-ID: <{n}@example.com>\r\n'
            f'Date: {joejob.date(joejob.START)}\r\n\r\nIt has two lines\r\nof text.\r\n').encode()
    return (dkim.sign(text, b's1', b'example.com', pair()[0], canonicalize=(b'relaxed', b'relaxed')) + text).decode().replace('\r\n', '\n')


class Whole(joejob.Original):
    """A letter with the Received lines of its way."""
    number = 0

    def text(self, at=joejob.START):
        return ''.join(f'Received: {r}; {joejob.date(at)}\n' for r in self.received) + letter(self.number)


def returned(n, *received, change=('', ''), number=None):
    """Of the n-th letter, unless another number is given."""
    reporter = f'r{n % 6}.example'
    original = Whole([r.replace('BY', f'mx.{reporter}') for r in received])
    original.number = n if number is None else number
    text = joejob.bounce(original, n, reporter=reporter, to='alice@example.com', address=f'203.0.113.{n % 6 + 1}', by='mx1.example.com')
    return text.replace('text/rfc822-headers', 'message/rfc822').replace(*change)


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / 's1.txt'
    path.write_text(pair()[1] + '\n')
    return path


FOREIGN = 'from x.test (x.test [198.51.100.7])\n\tby BY (Postfix) with ESMTP id Q'
OURS = 'from mail.example.com (mail.example.com [192.0.2.10])\n\tby BY (Postfix) with ESMTP id Q'
LOGIN = 'from [192.168.1.2] (unknown [2001:db8:77::1])\n\t(Authenticated sender: anna)\n\tby mail.example.com (Postfix) with ESMTPSA id S'


def triage(dnsguard, tmp_path, messages, *args):
    said = dnsguard('triage', '--json', *OWN, *args, joejob.mbox(tmp_path / 'box', messages))
    assert said.rc in (0, 1, 3), str(said)
    return [json.loads(line) for line in said.stdout.splitlines()][-1]


def test_our_signature_on_the_original(dnsguard, tmp_path, key_file):
    key = ('--dkim-key', f'{KEY}={key_file}')
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


def test_one_signed_letter_sent_again_and_again(dnsguard, tmp_path, key_file):
    """Whoever got a letter of ours can send it to a million others (RFC 6376 section 8.6): that is neither ours nor forged."""
    key = ('--dkim-key', f'{KEY}={key_file}')
    again = [returned(n, FOREIGN, number=0) for n in range(40)]
    out = triage(dnsguard, tmp_path, again, *key)
    assert (out['verdict'], out['by_class']['own'], out['rules'], out['dkim']['copied']) == ('undecided', 2, {'signed': 2, 'signed-copies': 38}, 38)
    assert {'code': 'signed-copies', 'n': 38, 'of': 40, 'text': None} in out['incidents'][0]['against']
    said = dnsguard('triage', *OWN, *key, tmp_path / 'box').expect(1)
    assert 'somebody sends them again' in ' '.join(said.stdout.split()) and 'These are bounces of mail that you sent' not in said.stdout
    several = [returned(n, FOREIGN, number=n % 8) for n in range(80)]
    assert triage(dnsguard, tmp_path, several, *key)['verdict'] == 'undecided'
    flood = [joejob.forged(n, domain='example.com') for n in range(40)]
    out = triage(dnsguard, tmp_path, again + flood, *key)
    assert (out['verdict'], [i['kind'] for i in out['incidents']]) == ('forged', ['forged'])
    # a few letters that a list passed on, beside many that went to one each; and our own server's word, which nobody can copy
    ours = [returned(n, FOREIGN) for n in range(20)] + [returned(20 + n, FOREIGN, number=0) for n in range(5)]
    out = triage(dnsguard, tmp_path, ours, *key)
    assert (out['verdict'], out['confidence']) == ('own', 'high')
    out = triage(dnsguard, tmp_path, again + [returned(100 + n, OURS, LOGIN, number=0) for n in range(20)], *key)
    assert (out['verdict'], out['incidents'][0]['who']) == ('account', 'anna')


def test_a_signature_that_proves_nothing(dnsguard, tmp_path, key_file):
    key = ('--dkim-key', f'{KEY}={key_file}')
    changed = [returned(n, FOREIGN, change=('two lines', 'two linez')) for n in range(20)]
    out = triage(dnsguard, tmp_path, changed, *key)
    assert (out['verdict'], out['dkim']['broken'], out['rules']) == ('forged',20, {'handoff-foreign': 20})
    other = ('--dkim-key', f's2._domainkey.example.com={key_file}')
    out = triage(dnsguard, tmp_path, changed, *other)
    assert (out['verdict'], out['dkim']['no-key']) == ('forged', 20)
    theirs = [returned(n, FOREIGN, change=('d=example.com', 'd=example.org')) for n in range(20)]
    out = triage(dnsguard, tmp_path, theirs, *key)
    assert out['dkim']['none'] == 20
    for bad in ('s1=x', f'{KEY}=', f'{KEY}=/nowhere', f'{KEY}={lablib.ROOT / "README.md"}', 's1._domainkey.=x'):
        dnsguard('triage', '--dkim-key', bad, tmp_path / 'box').expect(2)


def test_keys_of_the_policy_and_of_dns(dnsguard, tmp_path, key_file, nsd, unbound):
    record = pair()[1]
    box = joejob.mbox(tmp_path / 'box', [returned(n, FOREIGN) for n in range(20)])
    (tmp_path / 'zone.yaml').write_text('zone: example.com\nprovider: {zonefile: {path: x.zone}}\nmail:\n'
                                        f'  "@": {{mx: [10 mail], spf: ["ip4:192.0.2.0/24"], dkim: {{s1: {key_file}}}}}\n')
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
