"""examples/watch-postfix and watch-exim with the real servers: bounces to an alarm, the hook to the mail server, and so to an armed name."""
import json
import os
import shutil
import signal

import mta
import pytest
from lab import ROOT, wait_for
from test_milter import NULL, REPORTER, smtp

pytestmark = pytest.mark.skipif(mta.UNUSABLE is not None, reason=str(mta.UNUSABLE))
ZONE, M = 'example.test', 'm.example.test'
RECORDS = '''@ 4 MX 10 mx1
@ 4 TXT "v=spf1 mx -all"
_dmarc 4 TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"
mx1 A {0}
sink A {0}
'''


class Example:
    """The example's folder, with the places of this lab in it; its mail server; and the watch."""

    def __init__(self, lab, kind, knot, unbound):
        self.lab, self.kind, self.folder = lab, kind, lab.dir / 'example'
        shutil.copytree(ROOT / f'examples/watch-{kind}', self.folder)
        make = {'postfix': mta.Postfix, 'exim': mta.Exim}[kind]
        self.domains = lab.dir / 'dnsguard-domains'
        self.prepare_table()
        lab.run('ip', 'address', 'add', f'{REPORTER}/32', 'dev', 'lo')
        self.server = knot({ZONE: RECORDS.format(make.address)}, address='127.0.0.11')
        unbound([self.server])
        table = {'postfix': f'hash:{self.domains}', 'exim': f'lsearch;{self.domains}'}[kind]
        self.mta = make(lab, ZONE, also=[table])
        shutil.copy(lab.key_file('bind'), self.folder / 'tsig.key')
        self.fill_in()

    @property
    def programs(self):
        return mta.PACKAGES / self.kind / 'usr'

    def prepare_table(self):
        self.domains.write_text('')
        if self.kind == 'postfix':
            lib = self.programs / 'lib/postfix'
            self.lab.write('postmap-etc/main.cf', f'compatibility_level = 3.6\nmail_owner = news\nsetgid_group = {mta.DROP_GROUP}\n'
                           f'shlib_directory = {lib}\nqueue_directory = {self.lab.dir}\ndata_directory = {self.lab.dir}\n')
            self.postmap = self.lab.write('postmap', f'#!/bin/sh\nLD_LIBRARY_PATH={lib} exec {self.programs}/sbin/postmap '
                                          f'-c {self.lab.dir}/postmap-etc "$@"\n', 0o755)
            self.lab.run(self.postmap, f'hash:{self.domains}', check=True)

    def fill_in(self):
        hook, policy = self.folder / 'hook', self.folder / 'zone.yaml'
        log = self.mta.dir / ('mail.log' if self.kind == 'postfix' else 'mainlog')
        text = hook.read_text()
        for old, new in ((f'/etc/{"postfix" if self.kind == "postfix" else "exim4"}/dnsguard-domains', self.domains),
                         ('/usr/sbin/postmap', getattr(self, 'postmap', ''))):
            text = text.replace(str(old), str(new))
        hook.write_text(text)
        text = policy.read_text()
        for old, new in (('/var/log/mail.log', log), ('/var/log/exim4/mainlog', log), ('/etc/dnsguard/hook', hook),
                         ('/var/spool/postfix/dnsguard/policy group=postfix', f'{self.lab.dir}/policy')):
            text = text.replace(old, str(new))
        policy.write_text(text)

    def dnsguard(self, *words):
        return self.lab.dnsguard(*words, 'zone.yaml', ZONE, cwd=self.folder)

    def lines(self):
        text = (self.lab.dir / 'watch.log').read_text()
        return [json.loads(line) for line in text.splitlines() if line.startswith('{')]


@pytest.mark.parametrize('kind', ['postfix', 'exim'])
def test_watch(lab, knot, unbound, kind):
    example = Example(lab, kind, knot, unbound)
    lab.dnsguard('apply', '--yes', '--adopt', 'zone.yaml', cwd=example.folder).expect(0)
    to_m = f'RCPT TO:<postmaster@{M}>'
    assert smtp(example.mta, NULL, to_m)[1] // 100 == 5  # it does not know the subdomain
    example.dnsguard('arm', '--yes', '--now').expect(3)
    example.dnsguard('disarm', '--yes').expect(0)

    lab.daemon('watch', [lab.program, '--state', lab.dir / 'state', 'watch', '--json', example.folder / 'zone.yaml'])
    lab.wait_ready('watch', lambda: [row for row in example.lines() if row['type'] == 'watching'])
    for n in range(40):
        assert smtp(example.mta, NULL, f'RCPT TO:<nosuch{n}@{ZONE}>')[1] == 550
    wait_for(lambda: [row for row in example.lines() if row.get('event') == 'alarm'], 'the alarm', 60)
    wait_for(lambda: M in example.domains.read_text(), 'the hook', 60)
    wait_for(lambda: smtp(example.mta, NULL, to_m)[1] == 250, 'mail to the subdomain', 60)
    # armed by the guard itself, the next time that it tries
    lab.dnsguard('stop').expect(0)
    assert lab.stop('watch', signal.SIGTERM) == 0
    example.dnsguard('arm', '--yes', '--now').expect(0)
    assert example.server.dig(ZONE, 'MX') == ['10 mx1.example.test.']
    assert sorted(os.listdir(ROOT / f'examples/watch-{kind}')) == ['README.md', 'hook', 'zone.yaml']
