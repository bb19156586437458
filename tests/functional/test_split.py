"""split and unsplit: what is on the wire in which order, the waits, what is said before, and going on after a crash."""
import signal
import threading
import time

import dns.message
import dns.query
import lab as lablib
import places
import pytest
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
    """Looks at the name server all the time; seen, when it changes: (seconds since the start, MX and TTL of the name, MX of the
    subdomain, may anybody send from the name)."""

    def __init__(self, place):
        self.address, self.seen, self.is_over = place.address, [], False
        self.start = time.monotonic()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        lablib.wait_for(lambda: self.seen, 'the first look')

    def ask(self, name, rtype):
        return dns.query.udp(dns.message.make_query(name, rtype, flags=0), self.address, timeout=2).answer

    def mx(self, name):
        answer = self.ask(name, 'MX')
        return ([r.to_text() for r in answer[0]], answer[0].ttl) if answer else ([], None)

    def look(self):
        while not self.is_over:
            now = (*self.mx(ZONE), self.mx(f'm.{ZONE}')[0], 'v=spf1 -all' not in str(self.ask(ZONE, 'TXT')))
            if not self.seen or self.seen[-1][1:] != now:
                self.seen.append((time.monotonic() - self.start, *now))
            time.sleep(0.002)

    def stop(self):
        time.sleep(0.05)
        self.is_over = True
        self.thread.join()
        return self.seen


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
    stages = [(mx, ttl) for _, mx, ttl, _, _ in seen]
    assert [stage for n, stage in enumerate(stages) if stage not in stages[:n]] == [([CALM], 2), ([CALM], 1), ([NULL], 1)], seen
    armed, null = (next(row[0] for row in seen if (row[1], row[2]) == stage) for stage in (([CALM], 1), ([NULL], 1)))
    # Two seconds by the program; whoever looks may see the first late on a busy machine.
    assert null - armed > 0.5 and all(sub == [CALM] for *_, sub, _ in seen), seen
    assert [sends for *_, sends in seen][-1] is False and ([NULL], True) not in [(row[1], row[4]) for row in seen], seen
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
    assert [(mx, sends) for _, mx, _, _, sends in seen] == [([NULL], False), ([CALM], False), ([CALM], True)], seen
    assert 0.9 < seen[2][0] - seen[1][0] < 4, seen
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
    seen = [(mx, sub) for _, mx, _, sub, _ in watch.stop()]
    assert seen[0] == ([CALM], []) and seen[-1] == ([NULL], [CALM]), seen
    assert ([NULL], []) not in seen and ([CALM], [CALM]) in seen
    watch = Watch(place)
    said = dnsguard('unsplit', '--yes', policy, '@').expect(0)
    assert place.dig(ZONE, 'MX') == [CALM] and '"v=spf1 mx ip4:192.0.2.7 -all"' in place.dig(ZONE, 'TXT')
    assert [mx for _, mx, _, _, _ in watch.stop()][0::2] == [[NULL], [CALM]], str(said)


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
    place, body = start(lab, kind, POLICY)
    policy = place.policy(ZONE, body)
    dnsguard('apply', '--yes', policy).expect(0)
    process = lab.daemon('split', [lab.program, '--state', lab.dir / 'state', 'split', '--yes', '--no-smtp', policy, '@'])
    lablib.wait_for(lambda: place.rrset(ZONE, 'MX') == (1, [CALM]), 'the first step', 20)
    lablib.wait_for(lambda: 'waiting until' in (lab.dir / 'split.log').read_text(), 'the wait', 20)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert place.rrset(ZONE, 'MX') == (1, [CALM])
    armed = place.axfr(ZONE)
    dnsguard('apply', '--yes', policy).expect(0)
    assert place.axfr(ZONE) == armed
    dnsguard('split', '--yes', '--no-smtp', policy, '@').expect(0)
    assert place.dig(ZONE, 'MX') == [NULL]
    dnsguard('unsplit', '--yes', policy, '@').expect(0)
    assert place.dig(ZONE, 'MX') == [CALM]


@each
def test_killed_in_the_split_itself(lab, dnsguard, kind):
    """SPF and DMARC are out, the null MX is not yet: a name server lags. `apply` goes on from there."""
    place, body = start(lab, kind, POLICY.replace('armed-ttl: 1s', 'armed-ttl: 2s'))  # armed already
    policy = place.policy(ZONE, body)
    dnsguard('apply', '--yes', policy).expect(0)
    place.policy(ZONE, body, verify=f'{{servers: [{place.address}, 127.0.0.29], timeout: 1s}}')
    process = lab.daemon('split', [lab.program, '--state', lab.dir / 'state', 'split', '--yes', '--no-smtp', policy, '@'])
    lablib.wait_for(lambda: '"v=spf1 -all"' in place.dig(ZONE, 'TXT'), 'the first step', 30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert place.dig(ZONE, 'MX') == [CALM]
    place.policy(ZONE, body)
    dnsguard('apply', '--yes', policy).expect(0)
    assert place.dig(ZONE, 'MX') == [NULL] and place.dig(f'm.{ZONE}', 'MX') == [CALM]
    dnsguard('plan', policy).expect(0)
