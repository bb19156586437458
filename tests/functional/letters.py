"""Letters for mailboxes: bounces of forged and of own mail, ordinary ones."""
import email.utils
import itertools
import time

NUMBER = itertools.count(1)

BOUNCE = '''Return-Path: <>
Delivered-To: {to}
Received: from mx{n}.{host} (mx{n}.{host} [{client}])
\tby mx1.example.com (Postfix) with ESMTP id A{n}
\tfor <{to}>; {date}
From: MAILER-DAEMON@mx{n}.{host} (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Date: {date}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b{n}"
Message-Id: <bounce{n}@mx{n}.{host}>

This is a MIME-encapsulated message.

--b{n}
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b{n}
Content-Type: message/delivery-status

Reporting-MTA: dns; mx{n}.{host}
Arrival-Date: {date}

Final-Recipient: rfc822; someone{n}@{host}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b{n}
Content-Type: message/rfc822

{original}
--b{n}--
'''

ORIGINAL = '''Received: from {helo} (unknown [{handoff}])
\tby mx{n}.{host} (Postfix) with ESMTP id B{n}; {date}
From: Somebody <{sender}>
To: someone{n}@{host}
Subject: Buy now
Date: {date}
Message-ID: {message_id}

Hello
'''

ORDINARY = '''Return-Path: <friend@elsewhere.example>
Delivered-To: {to}
Received: from mail.elsewhere.example (mail.elsewhere.example [198.51.100.7])
\tby mx1.example.com (Postfix) with ESMTP id C{n}; {date}
From: friend@elsewhere.example
To: {to}
Subject: number {n}
Date: {date}
Message-ID: <letter{n}@elsewhere.example>

How are you?
'''


def bounce(to='alice@example.com', handoff='203.0.113.9', message_id=None, original=None):
    """A bounce of a message that `handoff` gave to the host that bounces it."""
    n = next(NUMBER)
    fields = {'n': n, 'to': to, 'host': f'r{n % 40}.example', 'client': f'198.51.{n % 200}.25', 'date': email.utils.formatdate(),
              'helo': 'pc', 'handoff': handoff, 'sender': to, 'message_id': message_id or f'<spam{n}@example.com>'}
    fields['original'] = original or ORIGINAL.format(**fields)
    return BOUNCE.format(**fields)


def ordinary(to='alice@example.com'):
    return ORDINARY.format(n=next(NUMBER), to=to, date=email.utils.formatdate())


class Maildir:
    def __init__(self, path):
        self.path = path
        for sub in ('tmp', 'new', 'cur'):
            (path / sub).mkdir(parents=True)

    def put(self, *letters):
        for text in letters:
            name = f'{int(time.time())}.M{next(NUMBER)}P1.host'
            (self.path / 'tmp' / name).write_text(text)
            (self.path / 'tmp' / name).rename(self.path / 'new' / name)

    def read_all(self):
        """A mail program takes everything into cur."""
        for path in (self.path / 'new').iterdir():
            path.rename(self.path / 'cur' / (path.name + ':2,S'))


class Mbox:
    def __init__(self, path):
        self.path = path

    def put(self, *letters):
        with open(self.path, 'a') as box:
            for text in letters:
                body = text.replace('\nFrom ', '\n>From ')
                box.write(f'From MAILER-DAEMON {time.ctime()}\n{body}\n')

    def read_all(self):
        """A mail program writes it anew: statuses are set, the first letter is gone."""
        letters = self.path.read_text().split('\n\nFrom MAILER-DAEMON ')
        kept = letters[1:] if len(letters) > 1 else letters
        text = ''.join('From MAILER-DAEMON ' + one.removeprefix('From MAILER-DAEMON ').replace('\nSubject:', '\nStatus: RO\nSubject:', 1).rstrip('\n')
                       + '\n\n' for one in kept)
        other = self.path.with_suffix('.new')
        other.write_text(text)
        other.rename(self.path)
