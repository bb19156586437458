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


# --- the logs of our own servers ----------------------------------------------------------------------------------------

def passage(n, lines, message=None, way='smtp[9]: {id}: to=<u{n}@there.example>, relay=mx.there.example[203.0.113.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, '
            'status=sent (250 ok)'):
    """What Postfix writes about one message: lines, then that it was handed on."""
    ident = f'4Xy{n:07d}Z'
    message = message or f'{n}@example.com'
    lines = [*lines, 'cleanup[3]: {id}: message-id=<{m}>', 'qmgr[4]: {id}: from=<alice@example.com>, size=900, nrcpt=1 (queue active)', way,
             'qmgr[4]: {id}: removed']
    return ''.join('2026-11-22T20:13:00.000000+00:00 mail postfix/' + line.format(id=ident, n=n, m=message) + '\n' for line in lines)


BY_LOGIN = ['smtpd[2]: {id}: client=unknown[198.51.100.77], sasl_method=PLAIN, sasl_username=Anna']
BY_STRANGER = ['smtpd[2]: {id}: client=unknown[198.51.100.77]']
BY_PROGRAM = ['pickup[2]: {id}: uid=33 from=<www-data>']
FROM_INSIDE = ['smtpd[2]: {id}: client=pc.example.com[192.0.2.77]']
TO_FILTER = 'smtp[9]: {id}: to=<u{n}@there.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)'
FROM_FILTER = ['smtpd[2]: {id}: client=localhost[127.0.0.1]']
REFUSED = 'smtp[9]: {id}: to=<u{n}@there.example>, relay=mx.there.example[203.0.113.9]:25, delay=1, delays=0/0/0/1, dsn=5.7.1, status=bounced (spam)'
FORWARDED = ('smtp[9]: {id}: to=<x@elsewhere.example>, orig_to=<bob@example.com>, relay=mx.elsewhere.example[203.0.113.8]:25, delay=1, delays=0/0/0/1, '
             'dsn=2.0.0, status=sent (250 ok)')
TO_MAILBOX = 'local[9]: {id}: to=<bob@example.com>, relay=local, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered to mailbox)'
# No line of the original says how it came in: the log alone knows.
BARE = [returned(n, OURS) for n in range(20)]


@pytest.mark.parametrize('log, verdict, rule, who', [
    (lambda n: passage(n, BY_LOGIN), 'account', 'login', 'anna'),
    (lambda n: passage(n, BY_LOGIN, way=TO_FILTER) + passage(n + 100, FROM_FILTER, f'{n}@example.com'), 'account', 'login', 'anna'),
    (lambda n: passage(n, BY_LOGIN, way=REFUSED), 'account', 'login', 'anna'),
    (lambda n: passage(n, BY_STRANGER), 'relay', 'open-relay', 'mail.example.com'),
    (lambda n: passage(n, BY_PROGRAM), 'script', 'script', None),
    (lambda n: passage(n, FROM_INSIDE), 'own', 'inside', None),
    (lambda n: passage(n, BY_STRANGER, way=FORWARDED), 'forged', 'forwarded', None),
    (lambda n: f'2026-11-22 20:13:00 1vMabc-0000{n:02d}-0F <= alice@example.com H=(pc) [198.51.100.77] P=esmtpsa A=plain:Anna S=900 id={n}@example.com\n'
               f'2026-11-22 20:13:01 1vMabc-0000{n:02d}-0F => u@there.example R=dnslookup T=remote_smtp H=mx.there.example [203.0.113.9] C="250 ok"\n',
     'account', 'login', 'anna'),
], ids=['login', 'login-filter', 'login-refused', 'relay', 'program', 'inside', 'forwarded', 'exim'])
def test_our_log_says_how_it_came_in(dnsguard, tmp_path, log, verdict, rule, who):
    (tmp_path / 'mail.log').write_text(''.join(log(n) for n in range(20)))
    out = triage(dnsguard, tmp_path, BARE)
    assert (out['rules'], out['logged']) == ({'through-own': 20}, 0)
    out = triage(dnsguard, tmp_path, BARE, '--log', tmp_path / 'mail.log')
    assert (out['verdict'], out['rules'], out['logged'], out['incidents'][0]['who']) == (verdict, {rule: 20}, 20, who)
    said = dnsguard('triage', *OWN, '--log', tmp_path / 'mail.log', tmp_path / 'box')
    assert 'by your logs: 20 of 20 bounces' in ' '.join(said.stdout.split())
    said = dnsguard('triage', *OWN, '--log', tmp_path / 'mail.log', '--explain', 1, tmp_path / 'box')
    came = 'came in from 198.51.100.77' if rule in ('login', 'open-relay', 'forwarded') else 'from a program or a host' if rule == 'script' else '192.0.2.77'
    assert came in ' '.join(said.stdout.split())


def test_what_our_log_does_not_prove(dnsguard, tmp_path):
    """Mail that only came to us; one Message-ID in a thousand forged letters; a log of something else."""
    log = tmp_path / 'mail.log'
    flood = [joejob.forged(n, domain='example.com') for n in range(20)]
    idents = [re.findall('Message-ID: <(.*)>', text)[-1] for text in flood]
    log.write_text(''.join(passage(n, BY_STRANGER, idents[n], TO_MAILBOX) for n in range(20)))
    out = triage(dnsguard, tmp_path, flood, '--log', log)
    assert (out['verdict'], out['logged']) == ('forged', 0)
    copied = [returned(n, FOREIGN, number=0) for n in range(40)]
    log.write_text(passage(0, BY_LOGIN))
    out = triage(dnsguard, tmp_path, copied, '--log', log)
    assert (out['verdict'], out['logged'], out['rules']) == ('forged', 2, {'login': 2, 'handoff-foreign': 38})
    log.write_text('2026-11-22T20:13:00+00:00 mail sshd[7]: session opened\n')
    said = dnsguard('triage', *OWN, '--log', log, tmp_path / 'box').expect(3)
    assert 'no message with a Message-ID in it' in said.stderr
    # the log begins in the middle of a message: how it came in is not known
    log.write_text(passage(0, []))
    out = triage(dnsguard, tmp_path, copied, '--log', log)
    assert out['logged'] == 0
    assert '/nowhere' in dnsguard('triage', '--log', '/nowhere', tmp_path / 'box').expect(1).stderr


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
