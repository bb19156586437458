"""Five true stories, as far as the bounces tell them: the verdict, and what dnsguard then says to do (or not to do).

The mail is composed as it was then: volumes, charsets, who bounced, what the returned lines say.
"""
import base64
import json
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'functional'))
import joejob  # noqa: E402

RELAY_HOST = 'smtp.hoster.example'


def triage(dnsguard, *args, rc):
    said = dnsguard('triage', '--json', *args).expect(rc)
    out = json.loads(said.stdout.splitlines()[-1])
    return out, [a['step'] for a in out['advice']]


def iso2022jp(text):
    return '=?ISO-2022-JP?B?' + base64.b64encode(text.encode('iso2022_jp')).decode() + '?='


def test_list_leak(dnsguard, tmp_path):
    """A newsletter's posting address takes bounces and sends them to every subscriber. One of them keeps what came."""
    def leaked(n):
        text = joejob.forged(n, local='news', domain='meruma.example')
        head = ('List-Id: <news.meruma.example>\nPrecedence: bulk\nReceived: from list.meruma.example (list.meruma.example [192.0.2.8])\n'
                f'\tby mx.reader.example (Postfix) with ESMTP id L{n}\n\tfor <reader@reader.example>; {joejob.date(joejob.START + n)}\n')
        return text.replace('Delivered-To: news@meruma.example\n', head, 1)
    box = joejob.mbox(tmp_path / 'box', [leaked(n) for n in range(120)])
    out, steps = triage(dnsguard, '--own', '192.0.2.0/24', '--domain', 'meruma.example', box, rc=3)
    kinds = {i['kind']: i for i in out['incidents']}
    assert out['verdict'] == 'forged' and 'list-leak' in kinds and kinds['list-leak']['bounces'] == 120
    assert 'news.meruma.example' in kinds['list-leak']['who']
    assert steps[:3] == ['list-close', 'list-name', 'list-tell']  # what mails people in this minute comes first


def test_split(dnsguard, tmp_path):
    """A young site drowns in bounces to local parts that a program made up."""
    rng = random.Random(7)

    def made_up():
        return ''.join(rng.choice('bcdfghjklmnpqrstvwxz0123456789') for _ in range(9))
    box = joejob.mbox(tmp_path / 'box', [joejob.forged(n, local=made_up(), reporters=40, networks=200) for n in range(600)])
    out, steps = triage(dnsguard, '--own', '192.0.2.0/24', '--domain', 'good.example', box, rc=3)
    assert (out['verdict'], out['confidence'], out['split']) == ('forged', 'high', True)
    assert out['locals']['look'] == 'random' and out['locals']['different'] >= 500
    assert out['refusals']['either'] == 600
    assert steps.index('publish') < steps.index('arm') < steps.index('split') and 'refuse-unknown' in steps


def test_relay(dnsguard, tmp_path):
    """150 bounces with 15 recipients each; the hoster's own server was the relay. A split would have been wrong."""
    def abused(n):
        return joejob.through(n, joejob.stranger(n, by=RELAY_HOST), domain='shop.example', own='192.0.2.25', reporters=9,
                               subject=iso2022jp('未承諾広告※お得な情報')).replace(
            'mail.shop.example (mail.shop.example [', f'{RELAY_HOST} ({RELAY_HOST} [')
    box = joejob.mbox(tmp_path / 'box', [abused(n) for n in range(150)])
    out, steps = triage(dnsguard, '--own', '192.0.2.25', '--domain', 'shop.example', box, rc=3)
    assert (out['verdict'], out['confidence'], out['split']) == ('relay', 'high', False)
    assert out['incidents'][0]['who'] == RELAY_HOST
    assert out['recipients']['all'] == 150 * 15
    assert out['subjects']['first'][0]['text'] == '未承諾広告※お得な情報'
    assert steps[0] == 'no-split' and 'split' not in steps and 'calm' not in steps
    assert {'close-relay', 'withdraw-spf', 'revoke-dkim'} <= set(steps)
    assert [a['who'] for a in out['advice'] if a['step'] == 'close-relay'] == [RELAY_HOST]


def test_account(dnsguard, tmp_path):
    """A forward-only address with a weak password: no bounce at all, only a registrar's notice, and what DMARC reports say."""
    notice = tmp_path / 'notice'
    notice.write_text('From: abuse@registrar.example\nTo: info@forward.example\nSubject: Spam from your domain\n'
                      'Message-ID: <case1@registrar.example>\n\nWe were told that forward.example sends spam.\n')
    reports = tmp_path / 'reports'
    reports.mkdir()
    for day, n in enumerate([3, 5, 2, 4, 4200]):
        begin = 1795046400 + 86400 * day
        (reports / f'{day}.xml').write_text(
            '<feedback><report_metadata><org_name>big.example</org_name><report_id>'
            f'{day}</report_id><date_range><begin>{begin}</begin><end>{begin + 86399}</end></date_range></report_metadata><policy_published>'
            '<domain>forward.example</domain><p>none</p></policy_published><record><row><source_ip>192.0.2.10</source_ip>'
            f'<count>{n}</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>pass</spf></policy_evaluated></row>'
            '<identifiers><header_from>forward.example</header_from></identifiers></record></feedback>')
    owner = ('--own', '192.0.2.0/24', '--domain', 'forward.example')
    out, steps = triage(dnsguard, *owner, '--notice', notice, reports, rc=3)
    assert (out['verdict'], out['confidence'], out['split']) == ('account', 'medium', False)
    assert {r['code'] for r in out['incidents'][0]['for']} >= {'notices', 'no-bounces', 'reports-burst'}
    assert {'no-split', 'find-account', 'forward-only', 'withdraw-spf'} <= set(steps) and 'split' not in steps
    # The notice alone: what it points to is said, and that it does not suffice.
    out, steps = triage(dnsguard, *owner, '--notice', notice, rc=1)
    assert (out['verdict'], out['confidence'], out['split']) == ('account', 'undecided', False)
    assert 'sample' in out['incidents'][0]['would_decide'] and steps[0] == 'decide'


def test_account_by_complaints(dnsguard, tmp_path):
    """The same, where receivers send complaints: the returned header names the login."""
    def complaint(n):
        spam = joejob.Original([joejob.login(n, user='info', by='mail.forward.example')], sender='info@forward.example', ident=f'<{n}@c>')
        return '\n'.join([
            'Return-Path: <>', f'From: feedback@big{n % 3}.example', 'To: abuse@forward.example', f'Message-ID: <arf{n}@big.example>',
            f'Date: {joejob.date(joejob.START + n)}', 'Subject: complaint', 'MIME-Version: 1.0',
            'Content-Type: multipart/report; report-type=feedback-report; boundary=b', '', '--b', 'Content-Type: text/plain', '',
            'This is an email abuse report.', '', '--b', 'Content-Type: message/feedback-report', '', 'Feedback-Type: abuse',
            'User-Agent: Big/1', 'Version: 1', 'Source-IP: 192.0.2.10', f'Reported-Domain: big{n % 3}.example', '', '--b',
            'Content-Type: message/rfc822', '', spam.text(), 'Buy now', '', '--b--', ''])
    box = joejob.mbox(tmp_path / 'box', [complaint(n) for n in range(24)])
    out, steps = triage(dnsguard, '--own', '192.0.2.0/24', '--domain', 'forward.example', box, rc=3)
    assert (out['verdict'], out['split'], out['incidents'][0]['who']) == ('account', False, 'info')
    assert out['confidence'] == 'high' and out['kinds'] == {'complaint': 24}
    assert 'block-account' in steps and 'split' not in steps


def test_mailbox(dnsguard, tmp_path):
    """An ISP's customer with 1,600 bounces in 4 days, without any zone: nothing is told but where the mailbox is."""
    folder = tmp_path / 'Maildir'
    for sub in ('new', 'cur', 'tmp'):
        (folder / sub).mkdir(parents=True)
    for n in range(1600):
        at = joejob.START + n * 4 * 86400 // 1600
        spam = joejob.Original([f'from isp.example (unknown [IPv6:2001:db8:{n % 60:x}::{n % 9 + 1}])\n\tby mx.r{n % 25}.example with SMTP id Q{n}'],
                                sender='taro@isp.example', ident=f'<{n}@isp.example>', subject=iso2022jp(f'当選のお知らせ {n % 3}'))
        (folder / 'cur' / f'{n}.host:2,').write_text(joejob.bounce(
            spam, n, reporter=f'r{n % 25}.example', to='taro@isp.example', address=f'203.0.113.{n % 25 + 1}', by='mbox3.isp.example', at=at))
    before = sorted(p.name for p in (folder / 'cur').iterdir())
    out, steps = triage(dnsguard, folder, rc=3)
    assert (out['verdict'], out['confidence']) == ('forged', 'high')
    assert out['owner']['domains'] == ['isp.example'] and out['owner']['domains_inferred']
    assert out['messages']['counted'] == 1600 and out['locals']['look'] == 'one'
    assert out['origins']['different'] == 60 and out['reporters']['different'] == 25
    assert 3.9 * 86400 < out['timeline']['last'] - out['timeline']['first'] < 4 * 86400
    assert {'calm', 'ask-owner', 'filter', 'write-origins', 'keep'} <= set(steps)
    assert sorted(p.name for p in (folder / 'cur').iterdir()) == before  # nothing was marked as read
    said = dnsguard('triage', '--explain', 7, folder).expect(3)
    assert 'trust boundary' in said.stdout and 'mbox3.isp.example' not in said.stdout
