"""dnsguard watch on a mailbox: each letter once, whatever a mail program or a kill does meanwhile; whose mail it is."""
import json
import random
import signal
import time

import pytest

from lab import wait_for
from letters import Maildir, Mbox, bounce, ordinary

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
