"""dnsguard triage: what happened, by the bounces in a mailbox."""
import hmac
import json
import os
import pathlib
import re
import subprocess
import sys
import unicodedata

import lab as lablib
import joejob
import pytest

OWN = ('--own', '192.0.2.0/24')


def triage(dnsguard, *args, rc=None, **more):
    said = dnsguard('triage', '--json', *args, **more)
    assert rc is None or said.rc == rc, str(said)
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    return said, [x for x in lines if x['type'] == 'triage'][0]


def codes(rows):
    return {row['code'] for row in rows}


def box(tmp_path, messages, name='box'):
    return joejob.mbox(tmp_path / name, messages)


JOBS = {
    'forged': (joejob.forged, 'forged', True, {'handoffs', 'networks', 'reporters', 'name-claimed', 'no-own-path'}),
    'relay': (lambda n: joejob.through(n, joejob.stranger(n)), 'relay', False, {'through-host', 'from-strangers', 'reporters'}),
    'account': (lambda n: joejob.through(n, joejob.login(n)), 'account', False, {'through-host', 'login', 'clients'}),
    'script': (lambda n: joejob.through(n, joejob.script(n)), 'script', False, {'through-host', 'script'}),
    'own': (lambda n: joejob.through(n, f'from pc (pc.good.example [192.0.2.77])\n\tby mail.good.example with ESMTP id U{n}'),
            'own', False, {'usual'}),
    'unseen': (lambda n: joejob.through(n, 'x').replace('Received: x;', 'X-Was: x;'), 'through-own', False, {'through-host'}),
}


@pytest.mark.parametrize('job', JOBS)
def test_what_happened(dnsguard, tmp_path, job):
    make, verdict, split, reasons = JOBS[job]
    _, out = triage(dnsguard, *OWN, '--domain', 'good.example', box(tmp_path, [make(n) for n in range(40)]))
    assert out['verdict'] == verdict and out['split'] is split, out
    assert out['confidence'] == ('undecided' if job == 'unseen' else 'high')
    assert reasons <= codes(out['incidents'][0]['for']), out['incidents'][0]['for']
    assert out['messages']['counted'] == 40 and out['incidents'][0]['bounces'] == 40
    steps = [a['step'] for a in out['advice']]
    assert ('no-split' in steps) == (verdict in ('relay', 'account', 'script', 'through-own'))
    assert ('split' in steps) is split is ('calm' in steps)


def test_exit_status(dnsguard, tmp_path):
    made = {job: box(tmp_path, [make[0](n) for n in range(40)], job) for job, make in JOBS.items()}
    assert triage(dnsguard, *OWN, made['forged'])[0].rc == 3
    assert triage(dnsguard, *OWN, made['relay'])[0].rc == 3
    assert triage(dnsguard, *OWN, made['own'])[0].rc == 0
    assert triage(dnsguard, *OWN, made['unseen'])[0].rc == 1
    few = box(tmp_path, [joejob.forged(n) for n in range(3)], 'few')
    assert triage(dnsguard, *OWN, few)[0].rc == 1
    plain = box(tmp_path, ['From: a@b.example\nTo: me@good.example\nSubject: hello\n\nhello\n'], 'plain')
    said = dnsguard('triage', plain).expect(0)
    assert '1 message, and no bounce' in said.stdout
    dnsguard('triage', tmp_path / 'none').expect(2)
    dnsguard('triage', '--since', 'yesterday', plain).expect(2)


def test_nothing_is_told_and_all_is_concluded(dnsguard, tmp_path):
    """An mbox, and not a word of whose it is."""
    _, out = triage(dnsguard, box(tmp_path, [joejob.forged(n) for n in range(60)]), rc=3)
    assert out['owner']['domains'] == ['good.example'] and out['owner']['domains_inferred']
    assert out['owner']['hosts'] == ['mx1.good.example'] and out['owner']['hosts_inferred']
    # 40 networks: nobody's own servers stand in so many.
    assert (out['verdict'], out['confidence']) == ('forged', 'high')
    few = box(tmp_path, [joejob.forged(n, networks=1) for n in range(60)], 'few')
    _, out = triage(dnsguard, few, rc=3)
    assert (out['verdict'], out['confidence']) == ('forged', 'medium')
    assert 'inferred' in codes(out['incidents'][0]['against'])
    assert 'own-addresses' in out['incidents'][0]['would_decide']


def test_a_relay_is_found_by_the_names_alone(dnsguard, tmp_path):
    relay = [joejob.through(n, joejob.stranger(n)) for n in range(60)]
    _, out = triage(dnsguard, box(tmp_path, relay), rc=3)
    assert (out['verdict'], out['confidence'], out['split']) == ('relay', 'medium', False)
    assert out['incidents'][0]['who'] == 'mail.good.example'


def test_mixtures_are_several_incidents(dnsguard, tmp_path):
    mixed = [joejob.through(n, joejob.login(n)) if n % 10 == 0 else joejob.forged(n) for n in range(200)]
    _, out = triage(dnsguard, *OWN, box(tmp_path, mixed), rc=3)
    assert [(i['kind'], i['bounces'], i['confidence']) for i in out['incidents']] == [('forged', 180, 'high'), ('account', 20, 'high')]
    assert out['split'] is False  # as long as an account of ours sends
    steps = [a['step'] for a in out['advice']]
    assert steps.index('block-account') < steps.index('publish') and 'split' not in steps
    assert [a['who'] for a in out['advice'] if a['step'] == 'block-account'] == ['anna']


def test_one_reporter_alone_decides_nothing(dnsguard, tmp_path):
    """A whole feed can be made up by one who connects from one place."""
    made_up = [joejob.bounce(joejob.Original([f'from x (x [198.51.100.{n}])\n\tby mx.r{n}.example with SMTP'], ident=f'<{n}@x>'), n,
                              reporter=f'r{n}.example', address='203.0.113.9').replace(f'mx.r{n}.example [203', 'liar.test [203')
               for n in range(1, 41)]
    _, out = triage(dnsguard, *OWN, box(tmp_path, made_up), rc=1)
    assert out['confidence'] == 'undecided' and out['incidents'][0]['reporters'] == 1
    assert {'one-reporter', 'implausible'} <= codes(out['incidents'][0]['against'])


def test_each_message_counts_once(dnsguard, tmp_path):
    messages = [joejob.forged(n) for n in range(20)]
    _, out = triage(dnsguard, *OWN, box(tmp_path, messages + messages), box(tmp_path, messages[:5], 'more'))
    assert out['messages']['counted'] == 20 and out['messages']['again'] == 25


def test_a_window_of_time(dnsguard, tmp_path):
    messages = [joejob.bounce(joejob.Original([f'from x (x [198.51.100.{n}])\n\tby mx.r.example with SMTP'], ident=f'<{n}@x>'), n,
                               at=joejob.START + 86400 * n) for n in range(10)]
    path = box(tmp_path, messages)  # 2026-11-18T13:46 UTC and on
    _, out = triage(dnsguard, *OWN, '--since', '2026-11-20', '--until', '2026-11-23', path)
    assert out['messages']['counted'] == 3 and out['messages']['outside'] == 7


def test_what_we_sent_is_ours(dnsguard, tmp_path):
    ours = [joejob.through(n, joejob.login(n)) for n in range(30)]
    (tmp_path / 'sent').write_text('\n'.join(f'cleanup[1]: A{n}: message-id=<{n}@x{n}.test>' for n in range(30)))
    _, out = triage(dnsguard, *OWN, '--sent', tmp_path / 'sent', box(tmp_path, ours), rc=0)
    assert (out['verdict'], out['confidence']) == ('own', 'high') and 'sent' in codes(out['incidents'][0]['for'])


def tag(address, at, key=b'secret'):
    """The address with the tag that a mail server gives it (BATV)."""
    head = f'3{(at // 86400 + 7) % 1000:03}'
    return f'prvs={head}{hmac.new(key, (head + address).encode(), "sha1").digest()[:3].hex()}={address}'


def test_tags_of_our_own(dnsguard, tmp_path):
    """Mail that goes out with a tag: a bounce without one is of forged mail, once all of ours must have one."""
    def one(n, to):
        return joejob.forged(n).replace('me@good.example', to, 1).replace('for <me@good.example>', f'for <{to}>')
    (tmp_path / 'keys').write_text('3 secret\n')
    ours = box(tmp_path, [one(n, tag('me@good.example', joejob.START)) for n in range(6)], 'ours')
    made_up = box(tmp_path, [one(n, tag('me@good.example', joejob.START, b'guess')) for n in range(6)], 'made-up')
    none = box(tmp_path, [one(n, 'me@good.example') for n in range(6)], 'none')
    keys = ('--domain', 'good.example', '--batv-keys', tmp_path / 'keys')
    _, out = triage(dnsguard, *keys, ours, rc=0)
    assert (out['verdict'], out['confidence'], out['rules']) == ('own', 'high', {'token-valid': 6})
    for path in (made_up, none):
        _, out = triage(dnsguard, *keys, '--batv-since', '2026-11-01', path, rc=3)
        assert (out['verdict'], out['confidence'], out['rules']) == ('forged', 'high', {'token-missing': 6})
        _, out = triage(dnsguard, *keys, '--batv-since', '2026-11-12', path)  # mail of before may still bounce
        assert out['rules'] == {'handoff-stranger': 6}
    dnsguard('triage', '--batv-since', '2026-11-12', none).expect(2)


def test_recipients_that_never_were(dnsguard, tmp_path):
    headless = [re.sub(r'Received: from good\.example.*?\nFrom: "A', 'From: "A', joejob.forged(n, local=f'x{n}'), flags=re.S)
                for n in range(30)]
    (tmp_path / 'known').write_text('me@good.example\nyou@good.example\n')
    _, out = triage(dnsguard, *OWN, '--domain', 'good.example', '--recipients', tmp_path / 'known', box(tmp_path, headless), rc=3)
    assert out['verdict'] == 'forged' and out['rules'] == {'recipient-never': 30}


def test_a_policy_tells_whose_addresses(dnsguard, tmp_path):
    (tmp_path / 'zone.yaml').write_text('zone: good.example\nprovider: {zonefile: {path: x.zone}}\nmail:\n'
                                        '  "@": {mx: [10 mail.good.example], spf: ["ip4:192.0.2.0/24"]}\n')
    relay = box(tmp_path, [joejob.through(n, joejob.stranger(n)) for n in range(40)])
    _, out = triage(dnsguard, '--policy', tmp_path / 'zone.yaml', relay, rc=3)
    assert (out['verdict'], out['confidence']) == ('relay', 'high')
    assert out['owner']['networks'] == ['192.0.2.0/24'] and not out['owner']['domains_inferred']
    assert 'withdraw-spf' in [a['step'] for a in out['advice']]
    (tmp_path / 'zone.yaml').write_text('zone: good.example\nprovider: {zonefile: {path: x.zone}}\nmail:\n'
                                        '  "@": {mx: [10 mail.good.example], spf: ["ip4:192.0.2.0/24", "include:_spf.big.test"]}\n')
    forged = box(tmp_path, [joejob.forged(n, networks=3) for n in range(40)], 'forged')
    _, out = triage(dnsguard, '--policy', tmp_path / 'zone.yaml', forged, rc=3)
    assert (out['verdict'], out['confidence']) == ('forged', 'medium') and out['owner']['unresolved'] == 'include:_spf.big.test'
    assert 'unresolved' in codes(out['incidents'][0]['against']) and 'dns' in out['incidents'][0]['would_decide']


def test_spf_in_force_tells_whose_addresses(dnsguard, tmp_path, nsd, unbound):
    """With --dns, and only then: what the SPF record lets pass is ours, or of a provider that others share."""
    server = nsd({'good.test': '@ TXT "v=spf1 a:mail.good.test include:amazonses.com -all"\nmail A 192.0.2.10\n',
                  'amazonses.com': '@ TXT "v=spf1 ip4:192.0.2.77 -all"\n'})
    dns = ('--dns', '--resolver', unbound(of=[server]).address, '--trust-anchor', 'none', '--timeout', '10')

    def jobs(own):
        return [joejob.through(n, joejob.stranger(n, by='mail.good.test'), domain='good.test', own=own) for n in range(40)]
    relay = box(tmp_path, jobs('192.0.2.10'), 'relay')
    _, out = triage(dnsguard, *dns, relay, rc=3)
    assert (out['verdict'], out['confidence'], out['owner']['domains']) == ('relay', 'high', ['good.test'])
    shared = box(tmp_path, [text.replace('by mail.good.test', 'by a1.smtp-out.test').replace('Received: from pc', 'X-Was: from pc')
                            .replace('mail.good.test (mail.good.test [', 'a1.smtp-out.test (a1.smtp-out.test [')
                            for text in jobs('192.0.2.77')], 'shared')
    _, out = triage(dnsguard, *dns, shared, rc=3)
    assert out['verdict'] == 'provider' and out['incidents'][0]['who'] == 'Amazon SES'
    assert 'ask-provider' in [a['step'] for a in out['advice']] and out['split'] is False
    forged = box(tmp_path, [joejob.forged(n, domain='good.test', networks=2) for n in range(40)], 'forged')
    _, out = triage(dnsguard, *dns, forged, rc=3)
    assert (out['verdict'], out['confidence']) == ('forged', 'high')
    said, out = triage(dnsguard, '--dns', '--resolver', '127.0.0.61', '--trust-anchor', 'none', '--timeout', '1', forged, rc=3)
    assert (out['verdict'], out['confidence']) == ('forged', 'medium')  # could not be asked: no more than without


def test_what_records_would_have_stopped(dnsguard, tmp_path):
    mixed = [joejob.through(n, joejob.login(n)) if n % 4 == 0 else joejob.forged(n) for n in range(80)]
    _, out = triage(dnsguard, *OWN, '--domain', 'good.example', box(tmp_path, mixed))
    assert out['refusals'] == {'asked': 80, 'spf': 60, 'dmarc': 60, 'either': 60, 'passed': 20, 'unknown': 0}


def test_what_was_in_them(dnsguard, tmp_path):
    messages = [joejob.forged(n, local=f'{"".join(chr(97 + (n * 7 + i * i * 5) % 26) for i in range(9))}{n}qx') for n in range(50)]
    _, out = triage(dnsguard, *OWN, '--domain', 'good.example', box(tmp_path, messages))
    assert out['origins']['different'] == 40 and out['reporters']['different'] == 12 and out['few_reporters']
    assert out['locals']['look'] == 'random' and out['locals']['different'] == 50
    assert sorted(s['text'] for s in out['subjects']['first']) == [f'Cheap pills {n}' for n in range(5)]
    assert sum(sum(s['by_class'].values()) for s in out['timeline']['spans']) == 50
    assert out['recipients']['all'] == 50


def test_explain_shows_the_boundary(dnsguard, tmp_path):
    path = box(tmp_path, [joejob.forged(n) for n in range(20)])
    said = dnsguard('triage', *OWN, '--domain', 'good.example', '--explain', 3, path).expect(3)
    lines = said.stdout.splitlines()
    assert lines[0].startswith('Bounce 3: ')
    boundary = [n for n, line in enumerate(lines) if 'trust boundary' in line]
    assert len(boundary) == 1
    above, below = (' '.join(' '.join(part).split()) for part in (lines[:boundary[0]], lines[boundary[0]:]))
    assert '2001:db8:2::3' in above and 'believed; it says who handed the mail over' in above
    assert '10.0.0.2' in below and 'not believed' in below
    assert 'the address 2001:db8:2::3 is not yours' in below and 'forged elsewhere' in below
    dnsguard('triage', *OWN, '--explain', 21, path).expect(2)


def test_hostile_text_reaches_no_terminal(dnsguard, tmp_path):
    evil = '=?utf-8?q?=1b]0;owned=07=E2=80=AEevil?='
    messages = [joejob.forged(n).replace('Subject: Cheap', f'Subject: {evil} Cheap').replace('(unknown [', '(\x1b[31m\x07 [') for n in range(20)]
    path = box(tmp_path, messages)
    for args in ((), ('--verbose',), ('--explain', '1'), ('--json', '--verbose')):
        said = dnsguard('triage', *OWN, *args, path)
        assert not re.search('[\x00-\x09\x0b-\x1f\x7f\u202e]', said.stdout + said.stderr), args
        assert said.rc == 3


def test_json_is_as_documented(dnsguard, tmp_path):
    said, out = triage(dnsguard, *OWN, '--verbose', box(tmp_path, [joejob.forged(n) for n in range(20)]))
    page = (lablib.ROOT / 'doc/json.md').read_text()
    for kind, line in (('triage', out), ('bounce', json.loads(said.stdout.splitlines()[0]))):
        part = re.search(rf'\n### A `{kind}` line\n(.*?)\n##', page, re.S).group(1)
        listed = {key for row in part.splitlines() if row.startswith('| `') for key in re.findall('`([^`]+)`', row.split('|')[1])}
        assert listed | {'type'} == set(line), kind
    assert len(said.stdout.splitlines()) == 21


def test_reports_join(dnsguard, tmp_path):
    """What never bounced: aggregate reports beside the bounces, and against them."""
    row = ('<record><row><source_ip>{}</source_ip><count>{}</count><policy_evaluated><disposition>none</disposition><dkim>{}</dkim>'
           '<spf>{}</spf></policy_evaluated></row><identifiers><header_from>good.example</header_from></identifiers></record>')

    def report(org, *rows):
        return (f'<feedback><report_metadata><org_name>{org}</org_name><report_id>1</report_id><date_range><begin>1795000000</begin>'
                '<end>1795086399</end></date_range></report_metadata><policy_published><domain>good.example</domain><p>none</p>'
                f'</policy_published>{"".join(row.format(*r) for r in rows)}</feedback>')
    folder = tmp_path / 'reports'
    folder.mkdir()
    for org in ('a.example', 'b.example'):
        (folder / org).write_text(report(org, ('203.0.113.99', 5000, 'fail', 'fail')))
    _, out = triage(dnsguard, *OWN, '--domain', 'good.example', box(tmp_path, [joejob.forged(n) for n in range(20)]), folder)
    assert out['messages']['reports'] == 2 and out['reports']['forged'] == 10000
    assert 'reports-forged' in codes(out['incidents'][0]['for'])
    _, out = triage(dnsguard, *OWN, '--domain', 'good.example', folder, rc=3)  # no bounce at all
    assert (out['verdict'], out['confidence']) == ('forged', 'medium')


def test_unreadable_messages_are_named(dnsguard, tmp_path):
    folder = tmp_path / 'maildir'
    for sub in ('new', 'cur', 'tmp'):
        (folder / sub).mkdir(parents=True)
    for n in range(10):
        (folder / 'new' / f'{n}.host').write_text(joejob.forged(n))
    (folder / 'new' / '99.host').write_text('<feedback><report_metadata>')
    said, out = triage(dnsguard, *OWN, folder)
    assert out['messages']['counted'] == 10 and out['messages']['broken_reports'] == 1
    assert '99.host' in said.stderr and 'skipped' in said.stderr


def test_in_japanese(dnsguard, lab, tmp_path):
    """By the locale, also where that locale is not installed; columns count kanji as two."""
    path = box(tmp_path, [joejob.through(n, joejob.stranger(n)) for n in range(20)])
    catalogues = pathlib.Path(lab.program).parent.parent / 'po'
    for name in ('ja_JP.UTF-8', 'ja_JP.eucJP', 'ja'):
        said = dnsguard('triage', *OWN, path, env={'LC_ALL': name, 'LANGUAGE': '', 'DNSGUARD_LOCALE': str(catalogues)}).expect(3)
        assert 'good.example: 中継の悪用 (確度：高)' in said.stdout and '次にすること' in said.stdout, name
        assert 'relay abused' not in said.stdout
        for line in said.stdout.splitlines():
            assert sum(2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in line) <= 80, line
    said = dnsguard('triage', *OWN, path, env={'LC_ALL': 'C', 'LANGUAGE': '', 'DNSGUARD_LOCALE': str(catalogues)}).expect(3)
    assert 'good.example: relay abused (confidence: high)' in said.stdout
    assert max(map(len, said.stdout.splitlines())) <= 80


GENERATOR = """
import sys
sys.path.insert(0, sys.argv[1])
import joejob
for n in range(int(sys.argv[2])):
    text = joejob.forged(n, local=f'x{n}', reporters=5000, networks=60000)
    sys.stdout.write(f'From MAILER-DAEMON Mon Nov 22 00:00:00 2026\\n{text}\\n')
"""


def most_memory(lab, n):
    """Triage of n generated bounces by standard input: (its result, the most memory that it had, in KiB)."""
    maker = subprocess.Popen([sys.executable, '-c', GENERATOR, str(pathlib.Path(joejob.__file__).parent), str(n)], stdout=subprocess.PIPE)
    child = subprocess.Popen([lab.program, 'triage', '--json', *OWN, '--domain', 'good.example', '-'], stdin=maker.stdout,
                             stdout=subprocess.PIPE)
    maker.stdout.close()
    out = json.loads(child.stdout.read())
    _, status, usage = os.wait4(child.pid, 0)
    maker.wait()
    assert os.waitstatus_to_exitcode(status) == 3
    return out, usage.ru_maxrss


@pytest.mark.slow  # sanitizers keep what was freed
@pytest.mark.parametrize('n', [9000, 40000])
def test_memory_does_not_grow_with_the_mailbox(lab, n):
    """What a full batch needs is all it ever needs."""
    _, before = most_memory(lab, 3000)
    out, after = most_memory(lab, n)
    assert out['messages']['counted'] == n and out['verdict'] == 'forged'
    assert abs(out['origins']['different'] - n) < 0.6 * n
    assert after < before + (24 << 10), (before, after)
