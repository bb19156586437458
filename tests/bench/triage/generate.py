"""Bounces of five mail systems as a forged campaign brings them; and what people make of bounces: answers, forwards, questions."""
import email
import email.header
import random

PERSON = ('Return-Path: <hanako@example.com>\nReceived: from mail.example.com (mail.example.com [192.0.2.7]) by mx.example.net with ESMTP '
          'id X1; Mon, 1 Jun 2026 10:00:00 +0900\nFrom: Hanako Yamada <hanako@example.com>\nTo: Help Desk <help@example.net>\n'
          'Date: Mon, 1 Jun 2026 10:00:00 +0900\nMessage-ID: <q1@example.com>\n')
PLAIN = 'MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n'
ATTACHED = ('MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="=_b"\n\n--=_b\nContent-Type: text/plain\n\n{}\n\n--=_b\n'
            'Content-Type: message/rfc822\n\n')


# --- bounces ---------------------------------------------------------------------------------------------------------
def original(rng, i):
    address = '.'.join(str(rng.randrange(11, 220)) for _ in range(4))
    body = '\n'.join(''.join(rng.choice('abcdefghij klmnop') for _ in range(70)) for _ in range(rng.randrange(10, 40)))
    return (f'Return-Path: <user{i}@victim.example>\nReceived: from pc{i} (unknown [{address}])\n\tby mx.reporter{i % 40}.example (Postfix) '
            f'with ESMTP id {rng.getrandbits(40):010X}\n\tfor <box{i}@reporter{i % 40}.example>; Mon, 1 Jun 2026 10:00:00 +0000 (UTC)\n'
            f'Received: from mail.victim.example (mail.victim.example [192.0.2.25]) by pc{i} with ESMTP; Mon, 1 Jun 2026 09:59:00 +0000\n'
            f'Message-ID: <{rng.getrandbits(64):x}@victim.example>\nFrom: "Shop" <user{i}@victim.example>\nTo: box{i}@reporter{i % 40}.example\n'
            f'Subject: offer {i}\nDate: Mon, 1 Jun 2026 10:00:00 +0000\nMIME-Version: 1.0\nContent-Type: text/plain\n\n{body}\n')


def outer(i, subject, extra=''):
    host = f'mx.reporter{i % 40}.example'
    return (f'Return-Path: <>\nReceived: from {host} ({host} [198.51.100.{i % 40 + 1}]) by in.victim.example with ESMTP id {i}; '
            f'Mon, 1 Jun 2026 10:00:05 +0000\nDate: Mon, 1 Jun 2026 10:00:05 +0000\nFrom: MAILER-DAEMON@{host} (Mail Delivery System)\n'
            f'Subject: {subject}\nTo: user{i}@victim.example\nMessage-ID: <b{i}@{host}>\nAuto-Submitted: auto-replied\n{extra}')


def report(rng, i, text, subject):
    host = f'mx.reporter{i % 40}.example'
    boundary = f'{rng.getrandbits(48):x}/{host}'
    return (outer(i, subject, 'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;\n'
                  f'\tboundary="{boundary}"\n') + f'\nThis is a MIME-encapsulated message.\n\n--{boundary}\nContent-Type: text/plain; '
            f'charset=us-ascii\n\n{text}\n\n--{boundary}\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; {host}\n'
            f'Arrival-Date: Mon, 1 Jun 2026 10:00:00 +0000 (UTC)\n\nFinal-Recipient: rfc822; box{i}@reporter{i % 40}.example\n'
            'Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n\n'
            f'--{boundary}\nContent-Type: message/rfc822\n\n{original(rng, i)}\n--{boundary}--\n')


def qmail(rng, i):
    return (outer(i, 'failure notice') + f"\nHi. This is the qmail-send program at mx.reporter{i % 40}.example.\nI'm afraid I wasn't able to "
            'deliver your message to the following addresses.\nThis is a permanent error; I\'ve given up. Sorry it didn\'t work out.\n\n'
            f'<box{i}@reporter{i % 40}.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the '
            f'message.\n\n{original(rng, i)}')


def exim(rng, i):
    return (outer(i, 'Mail delivery failed: returning message to sender', f'X-Failed-Recipients: box{i}@reporter{i % 40}.example\n') +
            '\nThis message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or '
            'more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n'
            f'  box{i}@reporter{i % 40}.example\n    Unrouteable address\n\n------ This is a copy of the message, including all the headers. '
            f'------\n\n{original(rng, i)}')


def bounces(folder, n):
    rng = random.Random(20261122)
    kinds = (lambda i: report(rng, i, "I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.",
                              'Undelivered Mail Returned to Sender'),
             lambda i: report(rng, i, '   ----- The following addresses had permanent fatal errors -----', 'Returned mail: see transcript'),
             lambda i: report(rng, i, 'Delivery has failed to these recipients or groups:', 'Undeliverable: offer'),
             lambda i: qmail(rng, i), lambda i: exim(rng, i))
    paths = []
    for i in range(n):
        paths.append(folder / f'{i}.eml')
        paths[-1].write_text(kinds[i % len(kinds)](i), encoding='utf-8')
    return paths


# --- what people make of them -------------------------------------------------------------------------------------------
def text_of(message):
    while message.is_multipart() and message.get_payload():
        message = message.get_payload()[0]
    if message.is_multipart():
        return ''
    text = message.get_payload(decode=True) or b''
    try:
        return text.decode(message.get_content_charset() or 'utf-8', 'replace')[:20000]
    except LookupError:
        return text.decode('latin-1')[:20000]


def subject_of(message):
    try:
        text = str(email.header.make_header(email.header.decode_header(message['Subject'] or 'failure')))
    except (ValueError, LookupError, email.errors.HeaderParseError):
        text = 'failure notice'
    return ' '.join(text.split())


def ways(raw):
    message = email.message_from_bytes(raw)
    text, subject = text_of(message), subject_of(message)
    sender = ' '.join(str(message['From'] or 'MAILER-DAEMON').split())
    quoted = '\n'.join('> ' + line for line in text.split('\n'))
    yield 'reply', (f'{PERSON}In-Reply-To: <b@x>\nReferences: <b@x>\nSubject: Re: {subject}\n{PLAIN}What does this mean?\n\n'
                    f'On Mon, 1 Jun 2026, {sender} wrote:\n{quoted}')
    yield 'reply, no references', f'{PERSON}Subject: Re: {subject}\n{PLAIN}Please look at this.\n\n{sender} wrote:\n{quoted}'
    yield 'forward', (f'{PERSON}Subject: Fwd: {subject}\n{PLAIN}Can you help?\n\n---------- Forwarded message ---------\nFrom: {sender}\n'
                      f'Subject: {subject}\n\n{text}')
    yield 'forward, Outlook', (f'{PERSON}Subject: FW: {subject}\n{PLAIN}Why?\n\n________________________________\nFrom: {sender}\n'
                               f'Sent: Monday, June 1, 2026\nSubject: {subject}\n\n{text}')
    yield 'forward, Japanese', (f'{PERSON}Subject: Fw: {subject}\n{PLAIN}お世話になっております。どうしたらよいでしょうか。\n\n'
                                f'----- Original Message -----\n差出人: {sender}\n\n{text}')
    yield 'pasted', f'{PERSON}Subject: mail problem\n{PLAIN}My mail to a customer came back. It said:\n\n{text}'
    yield 'pasted, its subject', f'{PERSON}Subject: my mail returned: undeliverable\n{PLAIN}It said:\n\n{text}'
    yield 'on a list', (f'{PERSON}List-Id: <users.example.org>\nPrecedence: list\nSubject: [users] {subject}\n{PLAIN}'
                        f'Has anybody seen this?\n\n{text}')
    yield 'attached', (f'{PERSON}Subject: Fwd: {subject}\n' + ATTACHED.format('See below.')).encode('utf-8', 'replace') + raw + b'\n--=_b--\n'
    yield 'attached, its subject', (f'{PERSON}Subject: returned mail, why?\n' + ATTACHED.format('My mail was not delivered.')
                                    ).encode('utf-8', 'replace') + raw + b'\n--=_b--\n'


def answers(paths, folder):
    for n, path in enumerate(paths):
        for way, text in ways(path.read_bytes()):
            (folder / f'{way}__{n}').write_bytes(text if isinstance(text, bytes) else text.encode('utf-8', 'replace'))
