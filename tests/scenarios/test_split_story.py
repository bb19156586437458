"""The split: a site drowns in bounces to random local parts, and its mail moves to the subdomain by itself.

Real Postfix is the site's MX and its log the only sensor, real Knot holds the zone, real Unbound is the cache of everybody who sends:
bouncers and friends ask it for the MX before each letter and obey a null MX.

Time: the detector's floors are what they always are (an alarm must stand for 15 minutes), and nobody waits so long in a test. The log is
therefore stretched on its way to dnsguard: each line of Postfix's log comes at once, with a time of day that runs SPEED times
as fast as ours and begins so far back that it is never in the future. What happens in DNS after that (arming, verifying, draining) is
measured by the clock on the wall. Bounces a minute are given by both.
"""
import contextlib
import datetime
import random
import smtplib
import string
import threading
import time

import dns.message
import dns.query
import internet
import lab as lablib
import mta
import places
import pytest
import servers

ZONE, SUB = 'example.test', 'm.example.test'
MX = internet.address(25)
REPORTERS = [f'198.18.{n}.7' for n in range(1, 9)]
SPEED, AHEAD_S = 40, 300
RECORDS = f'''@ 2 MX 10 mx1
@ 2 TXT "v=spf1 mx -all"
_dmarc 2 TXT "v=DMARC1; p=reject"
mx1 A {MX}
'''
POLICY = '''mail:
  "@":
    mx: [10 mx1.example.test]
    spf: [mx]
    dmarc: {policy: reject}
    split: {to: m, armed-ttl: 1s, when: automatic}
watch:
  sensors: [{log: LOG}]
'''


class Stretch(threading.Thread):
    """Postfix's log, handed on with other times of day."""

    def __init__(self, source, target):
        super().__init__(daemon=True)
        self.source, self.target, self.is_over = source, target, False
        self.start_s = time.time()
        target.touch()
        self.start()

    def log_time(self, now):
        return min(now, self.start_s - (SPEED - 1) * AHEAD_S + SPEED * (now - self.start_s))

    def run(self):
        rest = ''
        lablib.wait_for(self.source.exists, 'the log of Postfix', timeout_s=600)  # made with its first line
        with open(self.source) as source, open(self.target, 'a') as target:
            while not self.is_over:
                rest += source.read()
                *lines, rest = rest.split('\n')
                for line in lines:
                    at = datetime.datetime.fromtimestamp(self.log_time(time.time()), datetime.timezone.utc)
                    target.write(at.isoformat(timespec='microseconds') + line[15:] + '\n')
                target.flush()
                time.sleep(0.05)


class Senders(threading.Thread):
    """Ask the cache, then talk: bounces to random local parts of the name, and friends who write to the subdomain."""

    def __init__(self):
        super().__init__(daemon=True)
        self.chance, self.is_over = random.Random(1), False
        self.bounces, self.dropped, self.friends, self.lost = [], [], 0, []
        self.start()

    def mx(self, name):
        while True:
            with contextlib.suppress(dns.exception.Timeout):
                answer = dns.query.udp(dns.message.make_query(name, 'MX'), lablib.RESOLVER, timeout=10).answer
                break
        return answer[-1][0].exchange.to_text() if answer else None

    def bounce(self):
        asked = time.time()
        if self.mx(ZONE) in ('.', None):
            self.dropped.append(asked)
            return
        who = ''.join(self.chance.choices(string.ascii_lowercase, k=9))
        with smtplib.SMTP(MX, local_hostname='mx.reporter.example', timeout=120,
                          source_address=(self.chance.choice(REPORTERS), 0)) as s:
            s.ehlo()
            s.mail('')
            s.rcpt(f'{who}@{ZONE}')
        self.bounces.append(asked)  # what the cache said then decides, however slow the mail server is

    def befriend(self):
        self.friends += 1
        try:
            assert self.mx(SUB) == 'mx1.example.test.'
            with smtplib.SMTP(MX, local_hostname='friend.example', timeout=120, source_address=('198.18.99.7', 0)) as s:
                s.sendmail('friend@friend.example', [f'postmaster@{SUB}'], 'Subject: hello\n\nhello\n')
        except (OSError, smtplib.SMTPException, AssertionError) as why:
            self.lost.append(repr(why))

    def run(self):
        n = 0
        while not self.is_over:
            self.bounce()
            n += 1
            if n % 4 == 0:
                self.befriend()
            time.sleep(0.15)


def per_minute(times, begin, end):
    return 60 * len([t for t in times if begin <= t < end]) / max(end - begin, 0.001)


@pytest.mark.skipif(mta.UNUSABLE is not None, reason=str(mta.UNUSABLE))
def test_split_story(lab, record_property):
    internet.add_addresses([MX, '198.18.99.7', *REPORTERS])
    place = places.Place(lab, 'knot', {ZONE: RECORDS}, ttl=2)
    servers.Unbound(lab, of=[place.server])
    postfix = mta.Postfix(lab, ZONE, address=MX, also=(SUB,))
    log = lab.dir / 'stretched.log'
    policy = place.policy(ZONE, POLICY.replace('LOG', str(log)))
    lab.dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    stretch = Stretch(postfix.dir / 'mail.log', log)
    lab.daemon('watch', [lab.program, '--state', lab.dir / 'state', 'watch', policy])
    told = lab.dir / 'watch.log'
    lab.wait_ready('watch', lambda: 'is open' in told.read_text())
    senders = Senders()
    begin = time.time()

    def when(is_true, what, timeout_s):
        try:
            lablib.wait_for(is_true, what, timeout_s)
        except lablib.LabError as why:
            raise lablib.LabError(f'{why}\n{told.read_text()[-3000:]}\n{log.read_text()[-1500:]}') from None
        return time.time()

    try:
        alarm = when(lambda: 'an attack' in told.read_text(), 'the alarm', 300)
        published = when(lambda: place.dig(ZONE, 'MX') == ['0 .'], 'the null MX', 300)
        verified = when(lambda: 'split: verified' in told.read_text(), 'the split, verified', 300)
        time.sleep(10)
    finally:
        senders.is_over = stretch.is_over = True
        senders.join()
        stretch.join()
    end = time.time()
    last = max(senders.bounces)
    story = {
        'first bounce to alarm, by the log': f'{stretch.log_time(alarm) - stretch.log_time(begin):.0f} s',
        'alarm to published, by the log': f'{stretch.log_time(published) - stretch.log_time(alarm):.0f} s',
        'published to verified': f'{verified - published:.1f} s',
        'published to the last bounce (TTL 1 s)': f'{last - published:.1f} s',
        'bounces a minute before': f'{per_minute(senders.bounces, begin, published):.0f} '
                                   f'({per_minute(senders.bounces, begin, published) / SPEED:.1f} by the log)',
        'bounces a minute during the drain': f'{per_minute(senders.bounces, published, published + 3):.0f}',
        'bounces a minute after': f'{per_minute(senders.bounces, published + 3, end):.0f}',
        'letters to the subdomain sent, lost': f'{senders.friends}, {len(senders.lost)}',
    }
    for key, value in story.items():
        print(f'{key}: {value}')
        record_property(key, value)
    assert stretch.log_time(published) - stretch.log_time(alarm) >= 900  # the floor, in the time of the events
    assert not senders.lost and senders.friends > 3
    assert per_minute(senders.bounces, published + 3, end) == 0 and senders.dropped
    assert place.dig(SUB, 'MX') == ['10 mx1.example.test.']
