"""A scene: a site under attack, with its name server, the cache of everybody who sends, its mail server and dnsguard, all on one clock
that the test moves on.

    s = scene.Scene(lab, attack='relays').guard()
    s.until(lambda: s.is_told('an attack'), forged=3)      minute by minute
    s.play(step_s=10, forged=2, friends=1)
    s.leap(3600)

Time goes by as it does everywhere, and leaps between steps (tests/lab/sceneclock.c): a scene of three days is over in seconds, and nothing in it
depends on how fast this machine is, because a step is over when all that it set in motion has come to its end.
"""
import dataclasses
import datetime
import random
import smtplib
import string
import threading
import time

import dns.exception
import dns.message
import dns.query
import internet
import lab as lablib
import places
import post
import servers
import taker
from daemon import Clock, Daemon

ZONE, SUB = 'example.test', 'm.example.test'
MX, INSIDE, FRIEND = internet.address(25), '198.18.98.7', '198.18.99.7'
RELAYS = '198.18.30.1', '198.18.40.1'
REPORTERS = [f'198.18.{n}.7' for n in range(1, 9)]
OUT = [f'198.18.{n}.7' for n in range(31, 39)], [f'198.18.{n}.7' for n in range(41, 49)]
SINK, SUBSCRIBERS = internet.address(27), internet.address(26)
HOSTS = {'sink.example.test.': SINK}  # all others are at MX
RECORDS = f'''@ MX 10 mx1
@ TXT "v=spf1 mx -all"
@ TXT "site=1" "two strings"
@ A 203.0.114.80
_dmarc TXT "v=DMARC1; p=none"
mx1 A {MX}
sink A {SINK}
'''
SPLIT = '{to: m, armed-ttl: 60s, when: automatic}'
NULL, CALM = ['0 .'], ['10 mx1.example.test.']


def mail_section(split=SPLIT, name='@', more=''):
    return f'''mail:
  "{name}":
    mx: [10 mx1.example.test]
    spf: [mx]
    dmarc: {{policy: none}}
    split: {split}
{more}'''


@dataclasses.dataclass
class Step:
    """What came of one step."""
    at: float
    seconds: float
    forged: int = 0
    arrived: int = 0
    friends: int = 0
    delivered: int = 0
    lost: list = dataclasses.field(default_factory=list)


class Paper:
    """A mail server that is a log alone, and one that takes everything where the subdomain's mail goes."""
    kind = 'paper'

    def __init__(self, lab):
        self.dir = lab.dir / 'paper'
        self.dir.mkdir()
        (self.dir / 'mail.log').touch()
        self.taker = taker.Taker(MX)


class Scene:
    """kind: of the name server. mta: 'postfix' or 'exim', the site's. attack: 'sessions' (null-sender mail straight to the MX that the cache
    names), 'relays' (forged mail to real relays that bounce), or 'lines' (no mail servers: what they would log, as they would write it). ttl: of the records before anything happens."""

    def __init__(self, lab, kind='knot', mta='postfix', attack='sessions', ttl=300, policy=None, records=RECORDS, cache='',
                 people=('postmaster',), lists=None, also=(), make_place=None, verify=None, n_reporters=None, has_sink=False,
                 sensors=(), checks='', readers=False):
        self.lab, self.clock, self.chance = lab, Clock(lab).__enter__(), random.Random(7)
        self.steps, self.marks, self.mark_at, self.answers = [], {}, 0, []
        self.reporters = REPORTERS[:n_reporters]
        internet.add_addresses([MX, INSIDE, FRIEND, SUBSCRIBERS, SINK, *RELAYS, *REPORTERS, *OUT[0], *OUT[1]])
        self.place = make_place(lab) if make_place else places.Place(lab, kind, {ZONE: records}, ttl=ttl)
        self.others = self.start_others(attack, readers)
        self.cache = servers.Unbound(lab, of=[self.place.server, *self.others], extra=cache)
        options = {'also': (SUB, *also), 'people': people, 'lists': lists, 'inside': f'{INSIDE}/32', 'checks': checks}
        if attack == 'lines':
            self.site = Paper(lab)
        elif mta == 'exim':
            self.site = post.EximOffice(lab, ZONE, MX, also=(SUB, *also))
        else:
            self.site = post.Office(lab, ZONE, MX, **options)
        self.relays = []
        if attack == 'relays':
            self.relays = [post.Relay(lab, 'relay1.test', RELAYS[0], out=OUT[0]),
                           post.EximRelay(lab, 'relay2.test', RELAYS[1], out=OUT[1])]
        self.log = self.site.dir / ('mainlog' if mta == 'exim' else 'mail.log')
        self.logs = [self.log]
        if has_sink:
            self.sink = post.Office(lab, ZONE, SINK, people=people)
            self.logs.append(self.sink.dir / 'mail.log')
        ears = ', '.join([*(f'{{log: "{log}"}}' for log in self.logs), *sensors])
        body = (policy or mail_section()) + f'watch:\n  sensors: [{ears}]\n'
        self.policy = self.place.policy(ZONE, body, verify=verify)
        self.n_letters = self.n_forged = self.n_sent = 0

    def start_others(self, attack, readers):
        """The name server of domains that are not the site's."""
        zones = {f'relay{n + 1}.test': f'@ MX 10 mx\nmx A {a}\n' for n, a in enumerate(RELAYS) if attack == 'relays'}
        if readers:
            zones['readers.test'] = f'@ MX 10 mx\nmx A {SUBSCRIBERS}\n'
        return [servers.Nsd(self.lab, zones)] if zones else []

    def __exit__(self, *_):
        self.clock.__exit__()
        if isinstance(self.site, Paper):
            self.site.taker.stop()

    def guard(self):
        """Publishes the policy and begins to watch."""
        self.lab.dnsguard('apply', '--yes', '--adopt', self.policy).expect(0)
        self.calm = self.place.table(ZONE)
        self.daemon = Daemon(self.lab, [self.policy], self.logs)
        self.daemon.start()
        self.mark_at = self.clock.now()
        return self

    # what there is to see

    def mx(self, name=ZONE):
        """The MX records at the primary, as dig prints them."""
        if self.place.name not in self.lab.processes:
            return []  # it is down
        answer = dns.query.udp(dns.message.make_query(name, 'MX'), self.place.address, timeout=60).answer
        return sorted(r.to_text() for rrset in answer for r in rrset)

    def cached_mx(self, name):
        """The host that mail for name goes to by the cache: '.' is nowhere, None is nothing known, '' no MX (the A record then)."""
        try:
            answer = dns.query.udp(dns.message.make_query(name, 'MX'), lablib.RESOLVER, timeout=5).answer
        except dns.exception.Timeout:
            return None
        hosts = [r.exchange.to_text() for rrset in answer for r in rrset if hasattr(r, 'exchange')]
        return hosts[0] if hosts else ''

    def told(self):
        return [row['text'] for row in self.daemon.said('guard')]

    def is_told(self, words):
        return any(words in text for text in self.told())

    def sql(self, text):
        return self.daemon.sql(text)

    def state(self, name=ZONE):
        return self.daemon.guard_state(name)

    def proposal(self, name=ZONE):
        rows = self.sql(f"SELECT proposal FROM guard WHERE name = '{name}.'")
        return rows[0][0] if rows else None

    def has_alarm(self, name=ZONE):
        return any(row['event'] == 'alarm' and row['name'] == f'{name}.' for row in self.daemon.said('level'))

    # what happens

    def leap(self, seconds):
        self.clock.leap(seconds)

    def forge(self, n, domain=ZONE, local=None):
        """n mails in the name of domain, to people who do not exist: their bounces go where the cache says."""
        senders = [f'{local or "".join(self.chance.choices(string.ascii_lowercase, k=10))}@{domain}' for _ in range(n)]
        self.n_forged += n
        if not self.relays:
            return sum(self.bounce(who, domain) for who in senders)
        for n_th, who in enumerate(senders):
            relay = self.relays[n_th % 2]
            with smtplib.SMTP(relay.address, local_hostname='spam.test', timeout=60, source_address=(FRIEND, 0)) as s:
                s.sendmail(who, [f'nobody{self.n_forged}.{n_th}@{relay.domain}'], 'Subject: buy\n\nbuy\n')
        post.wait_done(self.relays, senders)
        return sum(who in self.refused() for who in senders)

    def write_refusals(self, n):
        """What the site's server would log of n bounces."""
        at = datetime.datetime.fromtimestamp(self.clock.now(), datetime.timezone.utc).isoformat(timespec='microseconds')
        with open(self.log, 'a', encoding='utf-8') as f:
            for _ in range(n):
                self.n_forged += 1
                who = f'n{self.n_forged}@{ZONE}'
                f.write(f'{at} mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from a[{self.chance.choice(self.reporters)}]: 550 5.1.1 '
                        f'<{who}>: Recipient address rejected: User unknown in local recipient table; from=<> to=<{who}> '
                        'proto=ESMTP helo=<a>\n')

    def refused(self):
        """Addresses that the site's server was asked about by null-sender mail."""
        log = self.site.log
        words = log.split('to=<') if 'postfix' in self.site.kind else log.split('rejected RCPT <')
        return {part.split('>')[0] for part in words[1:]}

    def bounce(self, who, domain=ZONE):
        """One null-sender mail; whether it came through to the site."""
        host = self.cached_mx(domain)
        if host in ('.', None):
            return False
        with smtplib.SMTP(HOSTS.get(host, MX), local_hostname='mx.reporter.example', timeout=60,
                          source_address=(self.chance.choice(self.reporters), 0)) as s:
            s.ehlo()
            s.mail('')
            self.answers.append(s.rcpt(who)[0])
            if self.answers[-1] == 250:
                s.data(f'Subject: Undelivered\n\nto {who}\n')
        return True

    def befriend(self, n, domain=SUB, who='postmaster'):
        """n letters of people who know the address: (how many were taken, why the others were not)."""
        lost = []
        for _ in range(n):
            self.n_letters += 1
            try:
                host = self.cached_mx(domain)
                if host != 'mx1.example.test.':
                    raise OSError(f'{domain}: MX {host}')
                with smtplib.SMTP(MX, local_hostname='friend.example', timeout=60, source_address=(FRIEND, 0)) as s:
                    s.sendmail(f'friend{self.n_letters}@friend.example', [f'{who}@{domain}'],
                               f'Message-ID: <{self.n_letters}@friend.example>\nSubject: hello\n\nhello\n')
            except (OSError, smtplib.SMTPException) as why:
                lost.append(repr(why))
        return n - len(lost), lost

    def send_letter(self, who, n):
        """The site's own mail to n people who are gone: the relays take it and bounce it afterwards."""
        for n_th in range(n):
            self.n_sent += 1
            relay = self.relays[n_th % 2]
            with smtplib.SMTP(MX, local_hostname='desk.example', timeout=60, source_address=(INSIDE, 0)) as s:
                s.sendmail(f'{who}@{ZONE}', [f'gone{self.n_sent}@{relay.domain}'], 'Subject: our letter\n\nnews\n')
        bounced = f'to=<{who}@{ZONE}>'
        self.wait(lambda: len([line for line in self.site.log.splitlines() if bounced in line and 'status=' in line]) >=
                  self.n_sent, 'the bounces of the letter')

    def play(self, step_s=60, forged=0, friends=0, local=None, domain=ZONE, friends_to=SUB):
        """One step: time goes on to its end, then mail is sent, and all of it, and what dnsguard makes of it, comes to its end."""
        now = self.clock.now()
        self.leap(self.mark_at + step_s - now)
        step = Step(at=self.clock.now(), seconds=step_s, forged=forged, friends=friends)
        self.mark_at = step.at
        step.arrived = self.forge(forged, domain, local)
        if step.arrived:
            self.marks.setdefault('first bounce', step.at)
        step.delivered, step.lost = self.befriend(friends, friends_to)
        self.daemon.settle()
        self.look()
        self.steps.append(step)
        return step

    def look(self):
        for row in self.daemon.said():
            if row['type'] == 'level' and row['event'] == 'alarm':
                self.marks.setdefault('alarm', row['at'])
            if row['type'] == 'guard' and 'split: verified' in row['text']:
                self.marks.setdefault('verified', row['at'])
        if 'published' not in self.marks and self.state() in ('splitting', 'split') and self.mx() == NULL:
            self.marks['published'] = self.sql('SELECT max(intended_at) FROM step')[0][0]

    def until(self, is_true, what, most=60, **step):
        """Steps until is_true(), at most so many."""
        for _ in range(most):
            if is_true():
                return
            self.play(**step)
        if not is_true():
            raise lablib.LabError(f'{what}: not after {most} steps; {self.describe()}')

    def calls_on_state(self, state, call, step, most):
        """Steps in the background of a watch for a state: call() at the first sight of it, steps until then."""
        stop, seen = threading.Event(), threading.Event()

        def look():
            while not stop.is_set():
                if self.state() == state:
                    seen.set()
                    call()
                    return
                time.sleep(0.005)
        thread = threading.Thread(target=look)
        thread.start()
        try:
            for _ in range(most):
                step()
                if seen.is_set() or self.is_past(state):
                    break
        finally:
            stop.set()
            thread.join()

    def is_past(self, state):
        """Was it in that state already?"""
        return any(text.startswith(f'{state}:') for text in self.told())

    def elapse(self, is_true, what, step_s=30, most=60):
        """Time goes by, and nobody sends anything, until is_true(): steps of step_s, at most so many."""
        for _ in range(most):
            if is_true():
                return
            self.leap(step_s)
            time.sleep(1.1)  # what is due is looked for once a second
            self.daemon.settle()
        if not is_true():
            raise lablib.LabError(f'{what}: not after {most} steps; {self.describe()}')

    def wait(self, is_true, what, timeout_s=90):
        try:
            return lablib.wait_for(is_true, what, timeout_s)
        except lablib.LabError as why:
            raise lablib.LabError(f'{why}; {self.describe()}') from None

    def describe(self):
        return f'{self.state()}, MX {self.mx()}\n' + '\n'.join(map(str, self.daemon.said()[-25:])) + '\n' + \
            '\n'.join(self.daemon.complaints()[-5:])

    def wait_state(self, state, timeout_s=90):
        self.wait(lambda: self.state() == state, state, timeout_s)

    def approve(self):
        """A person says yes to what is proposed."""
        self.wait(self.proposal, 'a proposal')
        return self.lab.dnsguard('approve', self.proposal()[:8])

    # what came of it

    def rate(self, begin, end):
        """Bounces a minute that arrived in the steps from begin up to end."""
        steps = [s for s in self.steps if begin <= s.at < end]
        return 60 * sum(s.arrived for s in steps) / max(sum(s.seconds for s in steps), 1)

    def story(self, record, drain_s=60):
        """Prints how it went, and keeps it in the report."""
        marks, far = self.marks, float('inf')
        published = marks.get('published', far)
        lines = {}
        for begin, end in ('first bounce', 'alarm'), ('first bounce', 'published'), ('published', 'verified'):
            if begin in marks and end in marks:
                lines[f'{begin} to {end}'] = f'{marks[end] - marks[begin]:.0f} s'
        lines['bounces a minute before'] = f'{self.rate(0, published):.1f}'
        lines['bounces a minute during the drain'] = f'{self.rate(published, published + drain_s):.1f}'
        lines['bounces a minute after'] = f'{self.rate(published + drain_s, far):.1f}'
        lost = [why for s in self.steps for why in s.lost]
        lines['letters of friends sent, delivered, lost'] = \
            f'{sum(s.friends for s in self.steps)}, {sum(s.delivered for s in self.steps)}, {len(lost)}'
        for key, value in lines.items():
            print(f'{key}: {value}')
            record(key, value)
        assert not lost, lost[:3]
