"""Bounces as they come: composed of a carrier (who reports, in which form) and an original (what was forged, or really sent).

Every address is of a documentation prefix, every name under .example or .test.
"""
import email.utils

START = 1795000000


def date(at):
    return email.utils.formatdate(at, usegmt=False)


class Original:
    """The header of the mail that bounced: Received lines the newest first, as the reporting organisation saw it."""

    def __init__(self, received, sender='me@good.example', subject='Buy now', ident=None, to='nobody@mx.reporter.example', extra=()):
        self.received, self.sender, self.subject, self.to, self.extra = list(received), sender, subject, to, list(extra)
        self.ident = ident or f'<{abs(hash((sender, subject, to, tuple(received)))):x}@spam.test>'

    def text(self, at=START):
        lines = [f'Return-Path: <{self.sender}>']
        lines += [f'Received: {r}; {date(at)}' for r in self.received]
        lines += [f'From: "A name" <{self.sender}>', f'To: {self.to}', f'Subject: {self.subject}', f'Message-ID: {self.ident}',
                  f'Date: {date(at)}', 'MIME-Version: 1.0', 'Content-Type: text/plain', *self.extra]
        return '\n'.join(lines) + '\n'


def bounce(original, n, reporter='reporter.example', to='me@good.example', address='203.0.113.25', by='mx1.good.example',
           recipients=('nobody@reporter.example',), at=None, outer=(), ident=None):
    """An RFC 3464 bounce as Postfix of `reporter` writes it, and as our MX took it in. address None: our own host wrote it."""
    at = START + 60 * n if at is None else at
    host = f'mx.{reporter}'
    edge = f'--{n}.edge'
    entry = [f'Received: from {host} ({host} [{address}])\n\tby {by} (Postfix) with ESMTP id OUT{n}\n\tfor <{to}>; {date(at)}'] if address else []
    groups = ''.join(f'\nFinal-Recipient: rfc822; {r}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n'
                     for r in recipients)
    names = '\n'.join(f'<{r}>: User unknown' for r in recipients)
    return '\n'.join([
        'Return-Path: <>', f'Delivered-To: {to}', *entry, *outer,
        f'Received: by {host} (Postfix) id IN{n}; {date(at)}', f'Date: {date(at)}', f'From: MAILER-DAEMON@{host} (Mail Delivery System)',
        'Subject: Undelivered Mail Returned to Sender', f'To: {to}', 'Auto-Submitted: auto-replied', 'MIME-Version: 1.0',
        f'Content-Type: multipart/report; report-type=delivery-status;\n\tboundary="{edge}"', f'Message-Id: {ident or f"<{n}.dsn@{host}>"}', '',
        'This is a MIME-encapsulated message.', '', f'--{edge}', 'Content-Type: text/plain', '',
        f'This is the mail system at host {host}.', '', names, '', f'--{edge}', 'Content-Type: message/delivery-status', '',
        f'Reporting-MTA: dns; {host}', f'Arrival-Date: {date(at)}', groups, f'--{edge}', 'Content-Type: text/rfc822-headers', '',
        original.text(at), f'--{edge}--', ''])


def mbox(path, messages):
    with open(path, 'w', encoding='utf-8') as f:
        for n, text in enumerate(messages):
            body = '\n'.join('>' + line if line.startswith('From ') else line for line in text.split('\n'))
            f.write(f'From MAILER-DAEMON Mon Nov 22 {n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02} 2026\n{body}\n\n')
    return path


def forged(n, domain='good.example', local='me', reporters=12, networks=40):
    """The n-th of a joe job: some host somewhere to some reporter."""
    reporter = f'r{n % reporters}.example'
    origin = f'IPv6:2001:db8:{n % networks:x}::{n % 200 + 1:x}' if networks > 1 else '198.51.100.7'
    spam = Original([f'from {domain} (unknown [{origin}])\n\tby mx.{reporter} (Postfix) with SMTP id Q{n}',
                     f'from [10.0.0.{n % 200}] by {domain} with local'], sender=f'{local}@{domain}', subject=f'Cheap pills {n % 5}',
                    ident=f'<{n}@{domain}>')
    return bounce(spam, n, reporter=reporter, to=f'{local}@{domain}', address=f'203.0.113.{n % reporters + 1}', by=f'mx1.{domain}')


def through(n, entry, domain='good.example', host='mail', own='192.0.2.10', local='me', reporters=6, extra=(), recipients=15, subject='Hello'):
    """The n-th bounce of mail that our own host sent; entry: its Received line, how the mail came in."""
    reporter = f'r{n % reporters}.example'
    spam = Original([f'from {host}.{domain} ({host}.{domain} [{own}])\n\tby mx.{reporter} (Postfix) with ESMTP id Q{n}', entry],
                    sender=f'{local}@{domain}', subject=subject, ident=f'<{n}@x{n}.test>', extra=extra)
    names = [f'user{n}x{i}@{reporter}' for i in range(recipients)]
    return bounce(spam, n, reporter=reporter, to=f'{local}@{domain}', address=f'203.0.113.{n % reporters + 1}', by=f'mx1.{domain}',
                  recipients=names)


def stranger(n, by='mail.good.example'):
    """How a relay takes mail from somebody, for somebody."""
    return f'from pc{n} (unknown [198.51.100.{n % 200 + 1}])\n\tby {by} (Postfix) with SMTP id R{n}\n\tfor <user{n}@elsewhere.example>'


def login(n, user='anna', by='mail.good.example'):
    """How a server takes mail from somebody who has a password."""
    return (f'from [192.168.1.2] (unknown [IPv6:2001:db8:{n % 9 + 100:x}::{n % 200 + 1:x}])\n\t(Authenticated sender: {user})\n'
            f'\tby {by} (Postfix) with ESMTPSA id S{n}')


def script(n, by='mail.good.example'):
    """How a page on the host itself sends."""
    return f'by {by} (Postfix, from userid 33)\n\tid T{n}'
