"""dnsguard watch on a mailbox: each letter once, whatever a mail program or a kill does meanwhile; whose mail it is."""
import hmac
import json
import random
import signal
import subprocess
import time

import dkim
import pytest

from lab import wait_for
from letters import ORIGINAL, Maildir, Mbox, bounce, ordinary

POLICY = '''zone: example.com
provider: {{zonefile: {{path: example.com.zone}}}}
mail:
  "@": {{mx: [10 mx1.example.com], spf: ["ip4:192.0.2.0/24"]}}
watch:
  sensors: [{{{kind}: "{place}"}}]
{more}'''


class Mailbox:
    """A running watch and the mailbox that it reads."""

    def __init__(self, lab, kind, box, place=None, more=''):
        self.lab, self.kind, self.box = lab, kind, box
        self.policy = lab.dir / 'zone.yaml'
        self.policy.write_text(POLICY.format(kind=kind, place=place or box.path, more=more))

    def start(self):
        begun = len(self.ends())
        self.lab.daemon('watch', [self.lab.program, '--state', str(self.lab.dir / 'state'), 'watch', '--json', str(self.policy)])
        wait_for(lambda: len(self.ends()) > begun, timeout_s=60, what='the mailbox to be read to its end')

    def lines(self, kind):
        path = self.lab.dir / 'watch.log'
        text = path.read_text() if path.exists() else ''
        found = [json.loads(line) for line in text.splitlines() if line.startswith('{')]
        return [line for line in found if line['type'] == kind]

    def ends(self):
        return [line for line in self.lines('sensor') if line['text'].startswith('is read to its end')]

    def stop(self, number=signal.SIGTERM):
        return self.lab.stop('watch', number)

    def status(self):
        done = self.lab.dnsguard('status', '--json', 'example.com')
        assert done.rc in (0, 3), done
        return json.loads(done.stdout)

    def counts(self):
        """Foreign, unknown and own bounces since the notice, and letters with a sender; what a checkpoint holds: after a stop."""
        status = self.status()
        e = status['evidence'] or {'foreign': 0, 'unknown': 0, 'own': 0}
        return e['foreign'], e['unknown'], e['own'], status['genuine']


BEFORE = 3  # foreign ones before the notice begins: they are not in its counts


@pytest.fixture(params=['maildir', 'mbox'])
def mailbox(request, lab):
    box = Maildir(lab.dir / 'box') if request.param == 'maildir' else Mbox(lab.dir / 'box')
    box.put(bounce(), ordinary())  # old
    mailbox = Mailbox(lab, request.param, box)
    mailbox.start()
    return mailbox


def settle(mailbox, expected):
    """Stops and starts until the counts are there: what is not is read by the next one."""
    def there():
        assert mailbox.stop() == 0
        counts = mailbox.counts()
        mailbox.start()
        return counts == expected
    wait_for(there, timeout_s=60, what=f'counts of {expected}')
    assert mailbox.stop() == 0
    assert mailbox.counts() == expected, mailbox.lines("sensor")


def test_classes(mailbox):
    mailbox.box.put(*[bounce() for _ in range(BEFORE + 10)])
    settle(mailbox, (10, 0, 0, 0))
    mailbox.start()
    mailbox.box.put(*[bounce(handoff='192.0.2.7') for _ in range(4)], *[ordinary() for _ in range(3)])
    settle(mailbox, (10, 0, 4, 3))


def test_mail_program(mailbox):
    """It moves letters, sets flags, writes the box anew."""
    mailbox.box.put(*[bounce() for _ in range(BEFORE + 5)])
    settle(mailbox, (5, 0, 0, 0))
    mailbox.start()
    mailbox.box.read_all()
    mailbox.box.put(*[bounce() for _ in range(3)])
    settle(mailbox, (8, 0, 0, 0))


@pytest.mark.slow
def test_killed(mailbox):
    """Killed at any moment: what the last checkpoint does not hold is read again, no letter counts twice."""
    rng = random.Random(7)
    total = 0
    for _ in range(6):
        letters = [bounce() for _ in range(rng.randrange(20, 60))]
        total += len(letters)
        mailbox.box.put(*letters[:10])
        time.sleep(rng.random() / 2)
        mailbox.stop(signal.SIGKILL)
        mailbox.box.put(*letters[10:])
        mailbox.start()
    settle(mailbox, (total - BEFORE, 0, 0, 0))


def signed_original(key):
    """A letter of ours with our signature, as it left."""
    text = ORIGINAL.format(helo='mx1.example.com', handoff='203.0.113.77', n=0, host='r.example', date='Thu, 26 Nov 2026 10:00:00 +0000',
                           sender='alice@example.com', message_id='<signed@example.com>')
    body = text.replace('\n', '\r\n').encode()
    signature = dkim.sign(body, b's1', b'example.com', key.read_bytes(), canonicalize=(b'relaxed', b'relaxed'),
                          include_headers=[b'from', b'to', b'subject', b'date', b'message-id'])
    return (signature + body).replace(b'\r\n', b'\n').decode()


def test_proofs(lab):
    """Own by the sent log, by our signature, by a tag; foreign by a recipient that never was, whatever host handed it over."""
    key = lab.dir / 'key.pem'
    subprocess.run(['openssl', 'genrsa', '-traditional', '-out', str(key), '2048'], check=True, capture_output=True)
    subprocess.run(['openssl', 'rsa', '-in', str(key), '-pubout', '-out', str(lab.dir / 's1.pub')], check=True, capture_output=True)
    (lab.dir / 'batv').write_text('1 a secret\n')
    (lab.dir / 'batv').chmod(0o600)
    (lab.dir / 'recipients').write_text('alice@example.com OK\n# nobody else\n')
    log = lab.dir / 'mail.log'
    log.write_text('')
    box = Maildir(lab.dir / 'box')
    mailbox = Mailbox(lab, 'maildir', box, more='  bounce-keys: batv\n  recipients: recipients\n')
    text = mailbox.policy.read_text().replace('spf: [', 'dkim: {s1: s1.pub}, spf: [').replace('sensors: [', f'sensors: [{{log: {log}}}, ')
    mailbox.policy.write_text(text)
    mailbox.start()
    stamp = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime()) + '.000000+00:00'
    log.write_text(''.join(f'{stamp} mx postfix/{line}\n' for line in (
        'smtpd[1]: ABC1: client=pc[192.0.2.9], sasl_method=PLAIN, sasl_username=alice', 'cleanup[1]: ABC1: message-id=<known@example.com>',
        'qmgr[1]: ABC1: from=<alice@example.com>, size=1, nrcpt=1 (queue active)',
        'smtp[1]: ABC1: to=<x@r.example>, relay=mx.r.example[198.51.100.9]:25, delay=1, dsn=2.0.0, status=sent (250 ok)')))
    box.put(*[bounce() for _ in range(BEFORE + 5)])
    settle(mailbox, (5, 0, 0, 0))
    log.write_text('')  # rotated away: what was sent is known all the same, also to the next process
    mailbox.start()
    day = (int(time.time()) // 86400 + 5) % 1000
    mac = hmac.new(b'a secret', f'1{day:03}alice@example.com'.encode(), 'sha1').hexdigest()[:6]
    box.put(bounce(message_id='<known@example.com>'), bounce(to=f'prvs=1{day:03}{mac}=alice@example.com'),
            bounce(original=signed_original(key)))
    settle(mailbox, (5, 0, 3, 0))
    mailbox.start()
    box.put(bounce(original=signed_original(key).replace('Hello', 'Hallo')), bounce(to=f'prvs=1{day:03}abcdef=alice@example.com'),
            bounce(to='nobody@example.com', handoff='10.0.0.1'))
    settle(mailbox, (8, 0, 3, 0))
