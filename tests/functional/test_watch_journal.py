"""dnsguard watch on journal files: each entry once, over restarts, kills and rotation."""
import os
import pathlib
import signal

import pytest

import journal
from lab import wait_for
from test_watch_mailbox import Mailbox, settle

BEFORE = 3  # foreign ones before the notice begins

pytestmark = pytest.mark.skipif(not os.path.exists(journal.REMOTE), reason='systemd-journal-remote is not here')


class Watched(Mailbox):
    def ends(self):
        return self.lines('watching')


@pytest.fixture
def watched(lab):
    box = journal.Journal(lab.dir / 'journal')
    box.path = box.folder
    box.write([journal.refused(n) for n in range(5)])  # old
    watched = Watched(lab, 'journal', box)
    watched.start()
    return watched


def test_counts(watched):
    watched.box.write([journal.refused(n) for n in range(BEFORE + 7)])
    settle(watched, (7, 0, 0, 0))
    watched.box.write([line for n in range(4) for line in journal.taken(n)])  # while nobody looks
    watched.box.rotate()
    watched.box.write([journal.refused(n) for n in range(100, 105)] + [('postfix/smtpd', 'warning: x'), ('cron', 'from=<>')])
    watched.start()
    settle(watched, (12, 4, 0, 0))


def test_join_over_restart(watched):
    """The beginning of a message was read by one process, its end by the next."""
    watched.box.write([journal.refused(n) for n in range(BEFORE + 1)])
    settle(watched, (1, 0, 0, 0))
    watched.start()
    lines = journal.taken(7)
    watched.box.write(lines[:2])
    settle(watched, (1, 0, 0, 0))
    watched.box.write(lines[2:])
    watched.start()
    settle(watched, (1, 1, 0, 0))


def test_killed(watched):
    total = 0
    for _ in range(4):
        watched.box.write([journal.refused(n) for n in range(total, total + 30)])
        total += 30
        watched.stop(signal.SIGKILL)
        watched.start()
    settle(watched, (total - BEFORE, 0, 0, 0))
