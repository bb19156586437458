"""dnsguard backtest: what the guard would have done with logs of the past."""
import gzip
import json
import random
import re
import time
import xml.etree.ElementTree

import pytest

START = 1790000000
POLICY = '''zone: example.com
provider: {zonefile: {path: example.com.zone}}
ttl: 1h
mail:
  "@": {mx: [10 mx1.example.com], spf: [mx], split: {to: m, when: approved, hold: 24h, armed-ttl: 60s}}
  lists: {mx: [10 mx1.example.com], spf: [mx]}
'''


class Log:
    """Lines of a Postfix log, put in order of their time."""

    def __init__(self, seed=5):
        self.lines, self.random, self.n = [], random.Random(seed), 0

    def add(self, t, text):
        stamp = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(t)) + f'.{int(t % 1 * 1e6):06}+00:00'
        self.lines.append((t, f'{stamp} mx postfix/{text}\n'))

    def letter(self, t, sender, rcpt, client):
        self.n += 1
        self.add(t, f'smtpd[1]: {self.n:010X}: client=a[{client}]')
        self.add(t + .1, f'qmgr[1]: {self.n:010X}: from=<{sender}>, size=1, nrcpt=1 (queue active)')
        self.add(t + .2, f'local[1]: {self.n:010X}: to=<{rcpt}>, relay=local, delay=1, dsn=2.0.0, status=sent (ok)')
        self.add(t + .3, f'qmgr[1]: {self.n:010X}: removed')

    def refused(self, t, rcpt, client):
        self.add(t, f'smtpd[1]: NOQUEUE: reject: RCPT from a[{client}]: 550 5.1.1 <{rcpt}>: Recipient address rejected: User unknown '
                    f'in local recipient table; from=<> to=<{rcpt}> proto=ESMTP helo=<a>')

    def month(self):
        for day in range(30):
            for _ in range(10):
                self.letter(START + (day + self.random.random()) * 86400, 'x@y.example', 'info@example.com', '192.0.2.9')
        return self

    def attack(self, begin=START + 20 * 86400, hours=48, n=3000):
        for _ in range(n):
            client = '.'.join(str(self.random.randrange(20, 200)) for _ in range(4))
            self.refused(begin + self.random.random() * hours * 3600, f'{self.random.randrange(10**9)}@example.com', client)
        return self

    def text(self):
        return ''.join(line for _, line in sorted(self.lines))


@pytest.fixture
def policy(lab):
    return lab.write('zone.yaml', POLICY)


def test_attack(lab, policy):
    log = lab.write('mail.log', Log().month().attack().text())
    done = lab.dnsguard('backtest', policy, log).expect(3)
    for words in ('notice', 'alarm', 'armed', 'proposed', 'split', 'probing', 'restoring', 'cooldown'):
        assert re.search(rf'^  2026-10-1\d \d\d:\d\d:\d\d  {words} ', done.stdout, re.M), done
    assert re.search(r'split for \d days \d+ h in all: \d+ bounces kept away; cost: \d+ letters', done.stdout), done
    assert 'lists.example.com: the logs say nothing of it' in done.stdout
    assert done.stderr == ''


def test_quiet_month(lab, policy):
    log = lab.write('mail.log', Log().month().text())
    done = lab.dnsguard('backtest', policy, log).expect(0)
    assert '300 letters received' in done.stdout and 'nothing would have happened' in done.stdout


def test_json_and_drawing(lab, policy):
    log = lab.write('mail.log', Log().month().attack().text())
    done = lab.dnsguard('backtest', '--json', '--output', lab.dir / 'past.svg', policy, log).expect(3)
    apex, lists = [json.loads(line) for line in done.stdout.splitlines()]
    assert apex['name'] == 'example.com' and apex['foreign'] == 3000 and apex['received'] == 300
    assert apex['splits'] == 1 and apex['kept_away'] > 2000 and lists['entries'] == []
    assert [e['at_ms'] for e in apex['entries']] == sorted(e['at_ms'] for e in apex['entries'])
    root = xml.etree.ElementTree.parse(lab.dir / 'past.svg').getroot()
    assert root.tag.endswith('svg') and len(list(root)) > 20
    again = lab.dnsguard('backtest', '--output', lab.dir / 'past.svg', policy, log).expect(2)
    assert 'past.svg: File exists' in again.stderr


def test_rotated_logs_and_standard_input(lab, policy):
    """In pieces, one compressed, or by a pipe: the same result."""
    text = Log().month().attack().text()
    lines = text.splitlines(keepends=True)
    whole = lab.dnsguard('backtest', policy, lab.write('mail.log', text)).expect(3).stdout
    half = len(lines) // 2
    (lab.dir / 'mail.log.1.gz').write_bytes(gzip.compress(''.join(lines[:half]).encode()))
    rest = lab.write('mail.log.0', ''.join(lines[half:]))
    assert lab.dnsguard('backtest', policy, lab.dir / 'mail.log.1.gz', rest).expect(3).stdout == whole
    assert lab.dnsguard('backtest', policy, '-', stdin=text).expect(3).stdout == whole


def test_what_cannot_be_read(lab, policy):
    good = lab.write('mail.log', Log().month().text())
    torn = lab.dir / 'torn.gz'
    torn.write_bytes(gzip.compress(Log().month().text().encode())[:-500])
    bomb = lab.dir / 'bomb.gz'
    bomb.write_bytes(gzip.compress(b'x' * (64 << 20)))
    for path, words in ((lab.dir / 'none.log', 'No such file'), (lab.dir, 'folder'), (torn, 'gzip'), (bomb, 'octets come out of one')):
        done = lab.dnsguard('backtest', policy, good, path).expect(1)
        assert words in done.stderr and done.stdout == '', done
    nobody = lab.write('nobody.yaml', 'zone: example.com\nprovider: {zonefile: {path: x}}\nsilent: [www]\n')
    assert 'names no mail name' in lab.dnsguard('backtest', nobody, good).expect(2).stderr
    lab.dnsguard('backtest', policy).expect(2)


def test_strangers_words_stay_words(lab, policy):
    """Nothing of a log reaches the terminal but counts."""
    log = Log().month()
    for i in range(50):
        log.refused(START + 1000 + i, 'x\x1b[31m\u202e@example.com', '198.51.100.7')
    done = lab.dnsguard('backtest', policy, lab.write('mail.log', log.text())).expect(3)
    assert '\x1b' not in done.stdout + done.stderr and '\u202e' not in done.stdout
