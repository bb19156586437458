"""split and unsplit: what is on the wire in which order, the waits, what is said before, and going on after a crash."""
import contextlib
import json
import re
import signal
import sqlite3
import threading
import time

import dns.exception
import dns.message
import dns.query
import lab as lablib
import places
import pytest
import servers
import taker as takers
from terminal import Terminal

ZONE = 'example.test'
RECORDS = '''@ A 192.0.2.10
@ 2 MX 10 mx1
@ 2 TXT "v=spf1 mx ip4:192.0.2.7 -all"
@ 2 TXT "site=1"
_dmarc 2 TXT "v=DMARC1; p=none; rua=mailto:dmarc@m.example.test"
_smtp._tls 2 TXT "v=TLSRPTv1; rua=mailto:tls@example.test"
_mta-sts 2 TXT "v=STSv1; id=1;"
www A 192.0.2.10
news TXT "v=spf1 include:example.test -all"
mx1 A 192.0.2.25
'''
POLICY = '''ttl: 2s
mail:
  "@":
    mx: [10 mx1.example.test]
    spf: [mx, "ip4:192.0.2.7"]
    dmarc: {policy: none, aggregate: "mailto:dmarc@m.example.test"}
    split: {to: m, armed-ttl: 1s}
'''
each = pytest.mark.parametrize('kind', places.KINDS)
CALM = '10 mx1.example.test.'
NULL = '0 .'


def start(lab, kind, body=POLICY):
    return places.Place(lab, kind, {ZONE: RECORDS}, ttl=2), body


class Watch:
    """Looks at the name server all the time; seen, when it changes: (MX and TTL of the name, MX of the subdomain, may anybody send
    from the name). On a busy machine it may miss what did not stand for long: see check_order()."""

    def __init__(self, place):
        self.address, self.seen, self.is_over = place.address, [], False
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        lablib.wait_for(lambda: self.seen, 'the first look')

    def ask(self, name, rtype):
        while True:
            with contextlib.suppress(dns.exception.Timeout):
                return dns.query.udp(dns.message.make_query(name, rtype, flags=0), self.address, timeout=5).answer

    def mx(self, name):
        answer = self.ask(name, 'MX')
        return ([r.to_text() for r in answer[0]], answer[0].ttl) if answer else ([], None)

    def serial(self):
        return self.ask(ZONE, 'SOA')[0][0].serial

    def look_once(self):
        """What stood there at one moment: the serial is the same before and after."""
        before = self.serial()
        now = (*self.mx(ZONE), self.mx(f'm.{ZONE}')[0], 'v=spf1 -all' not in str(self.ask(ZONE, 'TXT')))
        if self.serial() == before and (not self.seen or self.seen[-1] != now):
            self.seen.append(now)

    def look(self):
        while not self.is_over:
            self.look_once()
            time.sleep(0.002)

    def stop(self):
        self.is_over = True
        self.thread.join()
        self.look_once()
        return self.seen


def distinct(stages):
    return [stage for n, stage in enumerate(stages) if stage not in stages[:n]]


def check_order(seen, *stages):
    """The first and the last of the stages were seen, and in between no others, in their order."""
    assert seen[0] == stages[0] and seen[-1] == stages[-1], seen
    assert seen == [stage for stage in stages if stage in seen], seen


def steps_of(dnsguard):
    """(when it was intended, when it had ended, {(owner, type): (TTL, records) after it}) of each change on record, oldest first."""
    rows = [json.loads(line) for line in dnsguard('log', '--json').expect(0).stdout.splitlines()]
    return [(row['intended_at'], row['ended_at'], {(c['owner'].removesuffix(f'.{ZONE}.').replace(f'{ZONE}.', '@'), c['type']):
             c['after'] and (c['after']['ttl'], c['after']['records']) for c in row['changes']}) for row in reversed(rows)]


@each
def test_there_and_back(lab, dnsguard, kind):
    place, body = start(lab, kind)
    before = place.table(ZONE)
    policy = place.policy(ZONE, body)
    dnsguard('apply', '--yes', policy).expect(0)
    assert place.dig(f'm.{ZONE}', 'MX') == [CALM] and place.dig(ZONE, 'MX') == [CALM]  # beside it at all times
    calm = place.table(ZONE)

    watch = Watch(place)
    said = dnsguard('split', '--yes', '--no-smtp', policy, '@')
    seen = watch.stop()
    said.expect(0)
    # (TTL lowered), the wait until the old one is out of the caches, the null MX
    stages = [(mx, ttl) for mx, ttl, _, _ in seen]
    check_order(distinct(stages), ([CALM], 2), ([CALM], 1), ([NULL], 1))
    (_, armed_at, armed), (null_at, _, null) = steps_of(dnsguard)[-2:]
    assert armed['@', 'MX'] == (1, [CALM]) and null['@', 'MX'] == (1, [NULL]) and null_at - armed_at >= 1
    assert {('@', 'TXT'), ('_dmarc', 'TXT'), ('@', 'MX')} == set(null) and not [key for key in armed if key[0] == '_dmarc']
    assert all(sub == [CALM] for _, _, sub, _ in seen), seen
    assert seen[-1][3] is False and ([NULL], True) not in [(mx, sends) for mx, _, _, sends in seen], seen
    assert 'waiting until' in said.stdout and said.stdout.index('What the split of') < said.stdout.index('Step 1')
    assert '"v=spf1 -all"' in place.dig(ZONE, 'TXT') and '"site=1"' in place.dig(ZONE, 'TXT')
    assert 'p=reject; sp=reject; np=reject' in place.dig(f'_dmarc.{ZONE}', 'TXT')[0]
    assert place.dig(f'm.{ZONE}', 'TXT') == ['"v=spf1 mx ip4:192.0.2.7 -all"']
    assert place.dig(f'_dmarc.m.{ZONE}', 'TXT')[0].startswith('"v=DMARC1; p=none')
    split = place.axfr(ZONE)

    again = dnsguard('apply', '--yes', policy).expect(0)  # keeps the split
    assert place.axfr(ZONE) == split and '1 as the policy says' in again.stdout
    assert 'is split already' in dnsguard('split', '--yes', '--no-smtp', policy, ZONE).expect(0).stdout
    dnsguard('plan', policy).expect(0)

    watch = Watch(place)
    dnsguard('unsplit', '--yes', policy, '@').expect(0)
    seen = watch.stop()
    # mail first; senders when the null MX is out of the caches: receivers refuse what comes from a name that has one
    check_order(distinct([(mx, sends) for mx, _, _, sends in seen]), ([NULL], False), ([CALM], False), ([CALM], True))
    (_, mail_at, mail), (senders_at, _, senders) = steps_of(dnsguard)[-2:]
    assert mail['@', 'MX'][1] == [CALM] and ('@', 'TXT') in senders and senders_at - mail_at >= 1
    assert place.table(ZONE) == calm
    assert [key for key in before if calm[key] != before[key]] == []
    assert 'is not split' in dnsguard('unsplit', '--yes', policy, '@').expect(0).stdout
    dnsguard('plan', policy).expect(0)


@each
def test_order_over_many_steps(lab, dnsguard, kind):
    """From a zone that knows nothing of it: the subdomain is there before the null MX, and senders are let in before it goes."""
    place, body = start(lab, kind)
    policy = place.policy(ZONE, body.replace('policy: none', 'policy: reject'))
    watch = Watch(place)
    dnsguard('split', '--yes', '--no-smtp', '--now', '--adopt', policy, '@').expect(0)
    check_order(distinct([(mx, sub) for mx, _, sub, _ in watch.stop()]), ([CALM], []), ([CALM], [CALM]), ([NULL], [CALM]))
    order = [key for _, _, changes in steps_of(dnsguard) for key in changes if key[1] == 'MX']
    assert order.index(('m', 'MX')) < len(order) - 1 - order[::-1].index(('@', 'MX')), order
    watch = Watch(place)
    dnsguard('unsplit', '--yes', policy, '@').expect(0)
    assert place.dig(ZONE, 'MX') == [CALM] and '"v=spf1 mx ip4:192.0.2.7 -all"' in place.dig(ZONE, 'TXT')
    check_order(distinct([(mx, sends) for mx, _, _, sends in watch.stop()]), ([NULL], False), ([CALM], False), ([CALM], True))


def test_hazards_come_before_the_question(lab, dnsguard):
    place, body = start(lab, 'knot')
    policy = place.policy(ZONE, body)
    dnsguard('apply', '--yes', policy).expect(0)
    before = place.axfr(ZONE)
    with Terminal([lab.program, '--state', lab.dir / 'state', 'split', '--no-smtp', policy, '@'], env={'NO_COLOR': '1'}) as t:
        t.wait_for('[y/N] ')
        text = ' '.join(t.text.split())
        for words in ('mail that is still sent from addresses at example.test will be refused',
                      'ip4:192.0.2.7', 'replies, new mail', 'postmaster@, abuse@, hostmaster@', 'lists drop members',
                      'the SOA names hostmaster.example.test.', '_smtp._tls.example.test. sends reports',
                      'senders that cached the MTA-STS policy', 'the SPF record of news.example.test. builds on example.test',
                      'RFC 7505 section 4.2'):
            assert words in text, (words, text)
        assert text.index('What the split of') < text.index('Publish this')
        t.type('n\n')
        t.finish()
    assert place.axfr(ZONE) == before and 'nothing was changed' in t.text
    dnsguard('split', '--no-smtp', policy, '@').expect(2)  # nobody to ask
    assert place.axfr(ZONE) == before


@pytest.mark.parametrize('change, words', [
    (lambda body: body + 'never: ["@"]\n', 'is under never:'),
    (lambda body: body.replace('armed-ttl: 1s', 'armed-ttl: 1s, when: never'), 'when: never'),
    (lambda body: body.replace('    split: {to: m, armed-ttl: 1s}\n', ''), 'has no split: section'),
], ids=['never', 'when', 'none'])
def test_refused(lab, dnsguard, change, words):
    place, body = start(lab, 'knot')
    policy = place.policy(ZONE, change(body))
    dnsguard('apply', '--yes', policy).expect(0)
    before = place.axfr(ZONE)
    said = dnsguard('split', '--yes', '--no-smtp', '--force', '--adopt', policy, '@')
    assert said.rc in (1, 2) and words in said.stderr and f'{policy}:' in said.stderr, str(said)
    assert place.axfr(ZONE) == before
    said = dnsguard('split', '--yes', '--no-smtp', policy, 'lists').expect(2)
    assert 'no mail name lists' in said.stderr


@each
def test_killed_after_the_first_step(lab, dnsguard, kind):
    """In the wait between the steps; the next apply knows that a split was under way, and changes nothing back."""
    place, body = start(lab, kind, POLICY.replace('ttl: 2s', 'ttl: 5m'))  # a wait in which a busy machine gets to the kill
    policy = place.policy(ZONE, body)
    dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    process = lab.daemon('split', [lab.program, '--state', lab.dir / 'state', 'split', '--yes', '--no-smtp', policy, '@'])
    lablib.wait_for(lambda: place.rrset(ZONE, 'MX') == (1, [CALM]), 'the first step', 120)
    lablib.wait_for(lambda: 'waiting until' in (lab.dir / 'split.log').read_text(), 'the wait')
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert place.rrset(ZONE, 'MX') == (1, [CALM])
    armed = place.axfr(ZONE)
    dnsguard('apply', '--yes', policy).expect(0)
    assert place.axfr(ZONE) == armed
    dnsguard('split', '--yes', '--no-smtp', '--now', policy, '@').expect(0)
    assert place.dig(ZONE, 'MX') == [NULL]
    dnsguard('unsplit', '--yes', policy, '@').expect(0)
    assert place.dig(ZONE, 'MX') == [CALM]


@each
def test_killed_in_the_split_itself(lab, dnsguard, kind):
    """The stage is on record, nothing is out yet: a name server does not show what the null MX relies on. `apply` goes on from there."""
    place, body = start(lab, kind, POLICY.replace('armed-ttl: 1s', 'armed-ttl: 2s'))  # armed already
    policy = place.policy(ZONE, body)
    dnsguard('apply', '--yes', policy).expect(0)
    calm = place.axfr(ZONE)
    place.policy(ZONE, body, verify=f'{{servers: [{place.address}, 127.0.0.29], timeout: 1s}}')
    said = dnsguard('split', '--yes', '--no-smtp', '--timeout', '2', policy, '@')
    assert said.rc == 1 and 'not every name server shows yet what the null MX relies on' in said.stderr, said
    assert place.axfr(ZONE) == calm and stages(lab) == []  # taken back
    process = lab.daemon('split', [lab.program, '--state', lab.dir / 'state', 'split', '--yes', '--no-smtp', policy, '@'])
    lablib.wait_for(lambda: stages(lab) == [f'{ZONE}.'], 'that it is on record', 120)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert place.axfr(ZONE) == calm
    place.policy(ZONE, body)
    dnsguard('apply', '--yes', policy).expect(0)
    assert place.dig(ZONE, 'MX') == [NULL] and place.dig(f'm.{ZONE}', 'MX') == [CALM]
    dnsguard('plan', policy).expect(0)


def newest(lab):
    """(plan, state) of the newest step on record."""
    with sqlite3.connect(lab.dir / 'state/journal.db', timeout=120) as db:
        digest, state = db.execute('SELECT digest, state FROM step ORDER BY id DESC LIMIT 1').fetchone()
        return digest.hex(), state


def test_the_way_back_killed_twice(lab, dnsguard):
    """One yes, to the whole plan, is good for the rest of it, however often the command is killed on the way."""
    place, body = start(lab, 'knot', POLICY.replace('armed-ttl: 1s', 'armed-ttl: 2s'))
    policy = place.policy(ZONE, body)
    dnsguard('apply', '--yes', policy).expect(0)
    calm = place.table(ZONE)
    dnsguard('split', '--yes', '--no-smtp', policy, '@').expect(0)
    plan = re.search(r'plan ([0-9a-f]{16})', dnsguard('unsplit', '--dry-run', policy, '@').stdout)[1]
    word = [lab.program, '--state', lab.dir / 'state', 'unsplit', '--plan', plan, policy, '@']

    def kill_until(call, is_true):
        """At the first such call, at the second one, and so on, each time a run of its own."""
        for k in range(1, 60):
            lab.run('strace', '-f', '-qq', '-o', '/dev/null', '-e', f'trace={call}', '-e', f'inject={call}:signal=SIGKILL:when={k}', *word)
            if is_true():
                return
        raise AssertionError(newest(lab))
    kill_until('fdatasync', lambda: place.dig(ZONE, 'MX') == [CALM])
    assert newest(lab)[0].startswith(plan) and place.table(ZONE) != calm
    kill_until('sendto', lambda: not newest(lab)[0].startswith(plan))
    assert newest(lab)[1] == 'intended' and place.table(ZONE) != calm
    lab.run(*word, check=True)
    assert place.table(ZONE) == calm
    said = lab.run(*word)  # it is done: the word is used up
    assert said.rc == 0 and place.table(ZONE) == calm


@pytest.mark.parametrize('there, back', [('arm', 'disarm'), ('split', 'unsplit')])
def test_the_way_back_killed_at_each_packet(lab, dnsguard, there, back):
    """The TTL from before is nobody's but the journal's: it is not forgotten while it is not published."""
    place, body = start(lab, 'knot', POLICY.removeprefix('ttl: 2s\n'))
    policy = place.policy(ZONE, body)
    dnsguard('apply', '--yes', policy).expect(0)
    calm = place.table(ZONE)
    word = [lab.program, '--state', lab.dir / 'state', back, '--yes', '--now', policy, '@']
    for k in range(1, 80):
        dnsguard(there, '--yes', '--no-smtp', '--now', policy, '@')
        assert place.table(ZONE) != calm
        killed = lab.run('strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=sendto', '-e', f'inject=sendto:signal=SIGKILL:when={k}', *word)
        lab.run(*word)
        assert place.table(ZONE) == calm and stages(lab, '%') == [], k
        if killed.rc == 0:
            break
    assert 5 < k < 79


def stages(lab, like='split'):
    """The mail names that are split on record."""
    with sqlite3.connect(lab.dir / 'state/journal.db', timeout=120) as db:
        return [name for name, in db.execute('SELECT name FROM stage WHERE stage LIKE ?', (like,))]


# --- mail servers are asked while the zone is read ---------------------------------------------------------------
MX = '127.0.0.25'


class Mute(takers.Taker):
    """Takes connections, and does not greet before it is let go."""

    def __init__(self, address):
        self.let_go, self.n = threading.Event(), 0
        super().__init__(address)

    def talk(self, lines, say):
        self.n += 1
        self.let_go.wait(300)


def ready(lab, dnsguard, body):
    """Armed as it is, and the resolver knows where the mail server is: it need not ask for that any more."""
    place = places.Place(lab, 'knot', {ZONE: RECORDS.replace('mx1 A 192.0.2.25', f'mx1 3600 A {MX}')}, ttl=2)
    servers.Unbound(lab, of=[place.server])
    policy = place.policy(ZONE, body)
    dnsguard('apply', '--yes', policy).expect(0)
    for rtype in ('A', 'AAAA'):
        dns.query.udp(dns.message.make_query(f'mx1.{ZONE}', rtype), lablib.RESOLVER, timeout=30)
    return place, policy


def test_mail_servers_are_asked_while_the_zone_is_read(lab, dnsguard):
    """A name server that does not answer yet keeps nobody from asking them; what they said counts once the plan is there."""
    place, policy = ready(lab, dnsguard, POLICY.replace('armed-ttl: 1s', 'armed-ttl: 2s'))
    taker = takers.Taker(MX)
    lab.processes[place.server.name].send_signal(signal.SIGSTOP)
    process = lab.daemon('split', [lab.program, '--state', lab.dir / 'state', 'split', '--yes', policy, '@'])
    lablib.wait_for(lambda: taker.heard, 'the question to the mail server', 120)
    assert process.poll() is None
    lab.processes[place.server.name].send_signal(signal.SIGCONT)
    assert process.wait(120) == 0
    assert taker.heard == [('', f'postmaster@m.{ZONE}')]  # once
    assert place.dig(ZONE, 'MX') == [NULL] and 'takes mail for postmaster' in (lab.dir / 'split.log').read_text()


def test_what_is_refused_waits_for_no_mail_server(lab, dnsguard):
    """Somebody changed the MX by hand: that is said although a mail server has not said a word."""
    place, policy = ready(lab, dnsguard, POLICY.replace('armed-ttl: 1s', 'armed-ttl: 2s'))
    mute = Mute(MX)
    place.update(ZONE, f'delete {ZONE} MX', f'add {ZONE} 2 MX 20 mx1.{ZONE}.')
    before = place.axfr(ZONE)
    lab.processes[place.server.name].send_signal(signal.SIGSTOP)
    process = lab.daemon('split', [lab.program, '--state', lab.dir / 'state', 'split', '--yes', '--timeout', '300', policy, '@'])
    lablib.wait_for(lambda: mute.n, 'the connection to the mail server', 120)
    lab.processes[place.server.name].send_signal(signal.SIGCONT)
    assert process.wait(120) == 1 and not mute.let_go.is_set()
    mute.let_go.set()
    assert place.axfr(ZONE) == before and 'conflict' in (lab.dir / 'split.log').read_text()
