"""Each kind of message that a triage reads, by one that was really sent: a row a format, by name.

Messages are those of tests/data/bounces, feeds those of tests/data/feeds; what is not in them is written here.
"""
import email.header
import json

import joejob
import lab as lablib

MESSAGES = lablib.ROOT / 'tests/data/bounces/messages'
FEEDS = lablib.ROOT / 'tests/data/feeds'
REPORTS = lablib.ROOT / 'tests/data/reports'

# name: (file, kind)
BOUNCES = {
    'RFC 3464': ('rfc3464-04', 'bounce'),
    'Postfix': ('lhost-postfix-11', 'bounce'),
    'qmail': ('lhost-qmail-02', 'bounce'),
    'Exim': ('lhost-exim-02', 'bounce'),
    'Sendmail': ('lhost-sendmail-01', 'bounce'),
    'Sendmail 5': ('lhost-v5sendmail-02', 'bounce'),
    'Exchange 2003': ('lhost-exchange2003-02', 'bounce'),
    'Exchange 2007': ('lhost-exchange2007-01', 'bounce'),
    'Yahoo': ('lhost-yahoo-01', 'bounce'),
    'Domino': ('lhost-domino-01', 'bounce'),
    'Notes': ('lhost-notes-01', 'bounce'),
    'OpenSMTPD': ('lhost-opensmtpd-01', 'bounce'),
    'docomo': ('rhost-nttdocomo-01', 'bounce'),
    'au EZweb': ('lhost-ezweb-01', 'bounce'),
    'KDDI': ('lhost-kddi-01', 'bounce'),
    'm-FILTER': ('lhost-mfilter-01', 'bounce'),
    'Zoho (Header:value)': ('lhost-zoho-01', 'bounce'),
    'Bigfoot (message/partial)': ('lhost-bigfoot-02', 'bounce'),
    'broken MIME (boundary)': ('rhost-google-01', 'bounce'),
    'headers as a part of their own': ('lhost-x1-01', 'bounce'),
    'unknown MTA': ('lhost-x5-01', 'bounce'),
    'ARF': ('arf-11', 'complaint'),
}


def lines(dnsguard, *sources, own='192.0.2.0/24'):
    said = dnsguard('triage', '--json', '--verbose', '--own', own, *sources)
    assert said.rc in (0, 1, 3), str(said)
    rows = [json.loads(line) for line in said.stdout.splitlines()]
    return [r for r in rows if r['type'] == 'bounce'], [r for r in rows if r['type'] == 'triage'][0]


def test_a_bounce_of_each(dnsguard):
    """In one run: what each of them is, and whom it is about."""
    paths = {f'sisimai__{stem}.eml': (name, kind) for name, (stem, kind) in BOUNCES.items()}
    found, out = lines(dnsguard, *(MESSAGES / file for file in paths))
    kinds = {b['name'].rpartition('/')[2].removesuffix(' message 1'): b['kind'] for b in found}
    assert kinds == {file: kind for file, (_, kind) in paths.items()}
    assert out['recipients']['bounces_with']['none'] == sum(kind != 'bounce' for _, kind in paths.values())


def original(text_charset='iso-2022-jp', subject='お知らせ'):
    return joejob.Original(['from x (x [198.51.100.7])\n\tby mx.r.example with SMTP'], subject=email.header.Header(subject, text_charset).encode())


def in_charset(path, charset):
    body = '次の受信者への配信に失敗しました。メールは配信できませんでした。\n\nnobody@r.example\n\n'.encode(charset)
    head = (f'Return-Path: <>\nReceived: from mx.r.example (mx.r.example [203.0.113.9])\n\tby mx1.good.example with ESMTP; {joejob.date(joejob.START)}\n'
            'From: MAILER-DAEMON@mx.r.example (Mail Delivery Subsystem)\nTo: me@good.example\nSubject: Returned mail: User unknown\n'
            f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset={charset}\n'
            'Content-Transfer-Encoding: 8bit\n\n').encode()
    path.write_bytes(head + body + b'--b\nContent-Type: message/rfc822\n\n' + original(charset).text().encode() + b'\ntext\n--b--\n')
    return path


def test_a_bounce_in_japanese(dnsguard, tmp_path):
    """Free text, and a subject, in each way to write them: both are read."""
    found, out = lines(dnsguard, *(in_charset(tmp_path / name, name) for name in ('iso-2022-jp', 'shift_jis', 'euc-jp', 'utf-8')))
    assert [(b['kind'], b['subject']) for b in found] == [('bounce', 'お知らせ')] * 4
    assert out['recipients']['all'] == 4


def test_a_bounce_of_a_bounce(dnsguard, tmp_path):
    """Its original is a bounce, and that one's is what counts."""
    inner = joejob.forged(1)

    class Nested(joejob.Original):
        def text(self, at=joejob.START):
            return inner
    outer = joejob.bounce(Nested([]), 7, reporter='second.example').replace('text/rfc822-headers', 'message/rfc822')
    path = tmp_path / 'nested'
    path.write_text(outer)
    found, _ = lines(dnsguard, path)
    assert found[0]['kind'] == 'bounce' and found[0]['message_id'] == '<1@good.example>'


def test_a_dmarc_failure_report(dnsguard, tmp_path):
    spam = joejob.Original(['from x (x [198.51.100.7])\n\tby mx.r.example with SMTP'])
    path = tmp_path / 'failure'
    path.write_text(
        'From: dmarc@r.example\nTo: ruf@good.example\nSubject: failure\nMIME-Version: 1.0\nContent-Type: multipart/report; '
        'report-type=feedback-report; boundary=b\n\n--b\nContent-Type: text/plain\n\nx\n\n--b\nContent-Type: message/feedback-report\n\n'
        'Feedback-Type: auth-failure\nVersion: 1\nUser-Agent: x/1\nAuth-Failure: dmarc\nSource-IP: 198.51.100.7\n'
        f'Reported-Domain: good.example\n\n--b\nContent-Type: text/rfc822-headers\n\n{spam.text()}\n--b--\n')
    found, out = lines(dnsguard, '--domain', 'good.example', path)
    assert (found[0]['kind'], found[0]['class'], found[0]['handoff']) == ('dmarc-failure', 'forged', '198.51.100.7')
    assert out['kinds'] == {'dmarc-failure': 1}


def test_an_aggregate_report_as_mail_and_gzip_and_zip(dnsguard):
    _, out = lines(dnsguard, REPORTS / 'parsedmarc/borschow.eml', REPORTS / 'parsedmarc/nice-input.xml.gz')
    assert out['messages']['reports'] == 2
    _, out = lines(dnsguard, REPORTS / 'parsedmarc/nice-input.xml.zip', REPORTS / 'parsedmarc/nice-input.xml')
    assert (out['messages']['reports'], out['messages']['again']) == (1, 1)


def test_feeds(dnsguard):
    """Amazon SES, plain or inside SNS, and SendGrid: one event or a list of them."""
    files = sorted(FEEDS.iterdir())
    found, out = lines(dnsguard, *files)
    kinds = {}
    for b in found:
        kinds.setdefault(b['name'].rpartition('/')[2], []).append(b['kind'])
    assert set(kinds) == {f.name for f in files} and out['messages']['unreadable'] == 0
    assert kinds['json-amazonses-03.json'] == ['complaint'] and kinds['json-amazonses-01.json'] == ['bounce']
    assert {kind for of in kinds.values() for kind in of} <= {'bounce', 'delay', 'complaint', 'delivered'}
