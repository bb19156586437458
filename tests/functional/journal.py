"""Real journal files without systemd: systemd-journal-remote makes them from an export, entry by entry."""
import pathlib
import subprocess
import time

REMOTE = '/lib/systemd/systemd-journal-remote'


class Journal:
    def __init__(self, folder):
        self.folder, self.n = pathlib.Path(folder), 0
        self.folder.mkdir()
        self.file = 0

    def write(self, entries):
        """entries: (identifier, message); one call is one run of the writer."""
        text = ''
        for tag, message in entries:
            self.n += 1
            us = time.time_ns() // 1000
            text += (f'__REALTIME_TIMESTAMP={us}\n__MONOTONIC_TIMESTAMP={us}\n_BOOT_ID=2d3a65dcc22a45dc8a1fdf35bf1d9eff\n'
                     f'SYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER={tag}\nSYSLOG_PID=1\nMESSAGE={message}\n\n')
        subprocess.run([REMOTE, '--output', str(self.folder / f'mail{self.file}.journal'), '-'], input=text.encode(), check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def rotate(self):
        self.file += 1


def refused(n, domain='example.com'):
    rcpt = f'n{n}@{domain}'
    return ('postfix/smtpd', f'NOQUEUE: reject: RCPT from a[198.51.{n % 250}.9]: 550 5.1.1 <{rcpt}>: Recipient address rejected: '
            f'User unknown in local recipient table; from=<> to=<{rcpt}> proto=ESMTP helo=<a>')


def taken(n, to='alice@example.com'):
    """A bounce that was delivered: its lines are joined by the queue id."""
    return [('postfix/smtpd', f'A{n:08X}: client=unknown[198.51.{n % 250}.25]'), ('postfix/qmgr', f'A{n:08X}: from=<>, size=1042, nrcpt=1 (queue active)'),
            ('postfix/local', f'A{n:08X}: to=<{to}>, relay=local, delay=0, dsn=2.0.0, status=sent (delivered to mailbox)'),
            ('postfix/qmgr', f'A{n:08X}: removed')]
