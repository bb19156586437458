"""dnsguard watch on a mailbox at a real IMAP server: each letter once, and none is marked as read."""
import imaplib
import shutil
import signal
import ssl

import pytest

import imap
from lab import wait_for
from letters import bounce, ordinary
from test_watch_mailbox import BEFORE, Mailbox, settle

pytestmark = [pytest.mark.skipif(bool(imap.UNUSABLE), reason=str(imap.UNUSABLE)), pytest.mark.slow]


@pytest.fixture
def server(lab):
    return imap.Dovecot(lab, 'alice', 'open-sesame')


@pytest.fixture
def mailbox(lab, server):
    server.put(bounce(), ordinary())  # old
    mailbox = Mailbox(lab, 'imap', server, server.place)
    mailbox.start()
    return mailbox


def unseen(server):
    context = ssl.create_default_context(cafile=server.ca_file)
    with imaplib.IMAP4_SSL(imap.ADDRESS, imap.IMAPS, ssl_context=context) as c:
        c.login('alice', 'open-sesame')
        c.select('INBOX', readonly=True)
        return len(c.search(None, 'UNSEEN')[1][0].split())


def test_each_once_and_unread(mailbox, server):
    server.put(*[bounce() for _ in range(BEFORE + 40)])  # more than is asked for at once
    settle(mailbox, (40, 0, 0, 0))
    assert unseen(server) == BEFORE + 42
    server.put(*[bounce() for _ in range(5)])  # while nobody looks
    mailbox.start()
    settle(mailbox, (45, 0, 0, 0))
    mailbox.start()
    mailbox.stop(signal.SIGKILL)
    server.put(bounce('x' * 100000 + '@example.com'), *[bounce() for _ in range(4)])
    mailbox.start()
    settle(mailbox, (49, 0, 0, 0))


def test_server_away_and_made_anew(mailbox, server):
    server.put(*[bounce() for _ in range(BEFORE + 3)])
    settle(mailbox, (3, 0, 0, 0))
    mailbox.start()
    server.stop()
    wait_for(lambda: [line for line in mailbox.lines('sensor') if 'mail server' in line['text'] or '127.0.0.29' in line['text']],
             what='the trouble to be told', timeout_s=60)
    server.put(bounce())
    server.start()
    wait_for(lambda: [line for line in mailbox.lines('sensor') if line['text'] == 'is read again'], what='the end of it', timeout_s=60)
    settle(mailbox, (4, 0, 0, 0))
    for path in server.box.path.glob('dovecot*'):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    mailbox.start()
    wait_for(lambda: [line for line in mailbox.lines('sensor') if 'UIDVALIDITY' in line['text']], what='word of it', timeout_s=60)


def test_certificate_is_verified(lab, server):
    mailbox = Mailbox(lab, 'imap', server, server.place.replace(f'ca-file={server.ca_file} ', ''))
    lab.daemon('watch', [lab.program, '--state', str(lab.dir / 'state'), 'watch', '--json', str(mailbox.policy)])
    told = wait_for(lambda: [line for line in mailbox.lines('sensor') if 'certificate' in line['text']], what='a refusal', timeout_s=60)
    assert 'alice@127.0.0.29' in told[0]['text']
    assert not mailbox.ends()
