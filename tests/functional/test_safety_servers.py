"""Name servers that misbehave: never a false success, never an empty zone for a failed read, never a change twice;
what went wrong is said in words, with the server's name.
"""
import concurrent.futures
import itertools
import random
import re
import socket
import subprocess

import between
import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import lab as lablib
import pytest
from safety import ZONE, Site, slow

PATIENCE_S = 4  # of the program: what is right must arrive within it on a busy machine too
OTHER_SECRET = 'b3RoZXIgc2VjcmV0IG90aGVyIHNlY3JldCBvdGhlciBzZWNyZXQ='
WORDS = ('server', 'key', 'TSIG', 'answer', 'reply')


class Liar(between.Proxy):
    """Misbehaves when applies(wire) says so, at most `times` times."""

    def __init__(self, site, how, applies, times=10000):
        super().__init__(site.server.address, on_request=self.meddle, on_reply=self.lose)
        self.site, self.how, self.applies, self.left = site, how, applies, times
        self.lost, self.n_updates = set(), 0

    def meddle(self, n, wire, pair):
        self.n_updates += between.is_update(wire)
        if not self.applies(wire) or not self.left:
            return wire
        self.left -= 1
        return getattr(self, self.how.replace('-', '_'))(n, wire, pair)

    def lose(self, n, wire, pair):
        if n not in self.lost:
            return wire
        if self.how == 'reply-lost':
            raise between.Close
        return None

    def answer(self, wire, rcode=0, secret=None, is_signed=True):
        asked = dns.message.from_wire(wire, keyring=self.site.keyring)
        reply = dns.message.make_response(asked)
        reply.set_rcode(rcode)
        if not is_signed:
            reply.tsig = None
            reply.keyring = None
        elif secret:
            name = self.site.lab.key.name
            reply.use_tsig(dns.tsigkeyring.from_text({name: (self.site.lab.key.algorithm, secret)}), name)
        return reply

    def with_rcode(self, wire, pair, rcode, is_signed=True):
        pair.reply(self.answer(wire, rcode, is_signed=is_signed).to_wire())

    def servfail(self, _, wire, pair):
        self.with_rcode(wire, pair, dns.rcode.SERVFAIL)

    def refused(self, _, wire, pair):
        self.with_rcode(wire, pair, dns.rcode.REFUSED)

    def refused_unsigned(self, _, wire, pair):
        self.with_rcode(wire, pair, dns.rcode.REFUSED, is_signed=False)

    def notauth(self, _, wire, pair):
        self.with_rcode(wire, pair, dns.rcode.NOTAUTH, is_signed=False)

    def formerr(self, _, wire, pair):
        self.with_rcode(wire, pair, dns.rcode.FORMERR)

    def notimp(self, _, wire, pair):
        self.with_rcode(wire, pair, dns.rcode.NOTIMP, is_signed=False)

    def unsigned(self, _, wire, pair):
        self.with_rcode(wire, pair, dns.rcode.NOERROR, is_signed=False)

    def not_applied(self, _, wire, pair):
        self.with_rcode(wire, pair, dns.rcode.NOERROR)

    def truncated(self, _, wire, pair):
        whole = self.answer(wire).to_wire()
        pair.reply(whole[:len(whole) // 2])

    def wrong_id(self, _, wire, pair):
        whole = self.answer(wire).to_wire()
        pair.reply(bytes([whole[0] ^ 1]) + whole[1:])

    def wrong_tsig(self, _, wire, pair):
        pair.reply(self.answer(wire, secret=OTHER_SECRET).to_wire())

    def garbage(self, n, _, pair):
        pair.reply(random.Random(n).randbytes(200))

    def closed(self, *_):
        raise between.Close

    def silent(self, *_):
        return None

    def reply_lost(self, n, wire, _):
        self.lost.add(n)
        return wire

    reply_never = reply_lost


NOT_APPLIED = ['servfail', 'refused', 'refused-unsigned', 'notauth', 'formerr', 'notimp', 'unsigned', 'not-applied',
               'truncated', 'wrong-id', 'wrong-tsig', 'garbage', 'closed', 'silent']
APPLIED = ['reply-lost', 'reply-never']


def make_liar(lab, how, applies, times=10000, **options):
    site = Site(lab, 'knot', **options)
    liar = Liar(site, how, applies, times)
    liar.policy = site.policy('through.yaml', address=liar.address, more=f', timeout: {PATIENCE_S}s')
    liar.serial = site.serial()
    return liar


def all_at_once(lab, cases, check, applies, times=10000):
    """Each case with a name server of its own, side by side: most of the time goes by in waiting for answers."""
    def one(n, how):
        with lablib.Lab(lab.dir / how) as own:
            with make_liar(own, how, applies(), times, address=f'127.0.0.{10 + n}') as liar:
                check(liar)
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        running = {how: pool.submit(one, n, how) for n, how in enumerate(cases)}
    wrong = {how: str(r.exception()) or repr(r.exception()) for how, r in running.items() if r.exception()}
    assert not wrong, '\n'.join(f'--- {how}: {why}' for how, why in wrong.items())


def check_words(liar, done):
    """Names the server, and says what it is about."""
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith('dnsguard: ')]
    assert said, done
    assert liar.address.replace(':', '@') in said[-1], done
    assert any(word in said[-1] for word in WORDS), done
    print(f'{liar.how}: {said[-1]}\n', end='')


def check_afterwards(liar):
    """With an honest server the next run ends well, and the zone has moved by one change in all."""
    site = liar.site
    done = site.apply(site.policy('direct.yaml')).expect(0)
    assert site.serial() == liar.serial + 1, done
    assert site.journal().open_steps == []
    assert site.marker() == site.journal().markers[ZONE]
    site.run('plan', site.policy('direct.yaml')).expect(0)


@slow
def test_update_is_never_done(lab):
    def check(liar):
        done = liar.site.apply(liar.policy).expect(1)
        assert liar.n_updates >= 1
        assert liar.site.image() == liar.site.first and liar.site.serial() == liar.serial
        assert not {'applied', 'verified'} & set(liar.site.journal().states)
        check_words(liar, done)
        check_afterwards(liar)
    all_at_once(lab, NOT_APPLIED, check, lambda: between.is_update)


def test_trouble_with_one_update(lab):
    """Where trying again can help, the run tries; it never does a change twice, and what it says is so."""
    def check(liar):
        done = liar.site.apply(liar.policy)
        is_published = liar.site.image() != liar.site.first
        assert done.rc == (0 if is_published else 1), done
        assert liar.site.serial() == liar.serial + is_published, done
        if liar.how in ('closed', 'servfail', 'silent', *APPLIED):
            assert is_published, done
        check_afterwards(liar)
    all_at_once(lab, NOT_APPLIED + APPLIED, check, lambda: between.is_update, 1)


def test_read_fails(lab):
    """No answer that can be believed: nothing is planned as if the zone were empty, nothing is sent."""
    def check(liar):
        for command in (['plan'], ['apply', '--yes', '--adopt', '--force'], ['verify']):
            done = liar.site.run(*command, liar.policy).expect(1)
            assert '(new)' not in done.stdout, done
            check_words(liar, done)
        assert liar.n_updates == 0
        assert liar.site.image() == liar.site.first and liar.site.serial() == liar.serial
        assert liar.site.journal().steps == []
        check_afterwards(liar)
    all_at_once(lab, [how for how in NOT_APPLIED if how != 'not-applied'], check, lambda: lambda wire: True)


def test_read_fails_in_the_middle(lab):
    """The k-th message of a run stays without an answer."""
    for k in range(1, 9):
        count = itertools.count(1)
        with lablib.Lab(lab.dir / str(k)) as own, \
                make_liar(own, 'silent', lambda wire, count=count, k=k: next(count) == k) as liar:
            done = liar.site.apply(liar.policy)
            is_published = liar.site.image() != liar.site.first
            assert done.rc in ((0, 1) if is_published else (1,)), done
            assert liar.site.serial() == liar.serial + is_published, done
            check_afterwards(liar)


def unreachable(how):
    """An address where nobody answers; the sockets that keep it so."""
    if how == 'down':
        return '127.0.0.21:53', []
    listener = socket.create_server(('127.0.0.21', 53), backlog=0)
    queue = []
    for _ in range(4):  # the queue is full: further SYNs are dropped
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(('127.0.0.21', 53))
        queue.append(s)
    return '127.0.0.21:53', [listener, *queue]


@pytest.mark.parametrize('how, words', [
    ('down', 'refused'), ('syn-dropped', r'no answer within \d+ ms')])
def test_server_is_not_there(lab, how, words):
    site = Site(lab, 'knot')
    address, sockets = unreachable(how)
    policy = site.policy(address=address, more=f', timeout: {PATIENCE_S}s')
    for command in ('plan', 'apply', 'verify'):
        done = site.run(command, *(['--yes'] if command == 'apply' else []), policy).expect(1)
        told = done.stdout + done.stderr
        assert '127.0.0.21@53' in told and re.search(words, told), done
    print(told)
    for s in sockets:
        s.close()
    assert site.journal().steps == []
    site.apply(site.policy()).expect(0)


@slow
@pytest.mark.parametrize('at', ['after-update', 'before-update'])
def test_server_dies(lab, at):
    """The name server itself is killed around our UPDATE and comes back: what the journal says is so."""
    site = Site(lab, 'bind')
    updates = set()

    def before(n, wire, _):
        if between.is_update(wire):
            updates.add(n)
            if at == 'before-update':
                site.server.kill()
                raise between.Close
        return wire

    def after(n, wire, _):
        if n in updates:
            site.server.kill()
            raise between.Close
        return wire
    with between.Proxy(site.server.address, on_request=before, on_reply=after) as proxy:
        done = site.apply(site.policy('through.yaml', address=proxy.address, more=f', timeout: {PATIENCE_S}s')).expect(1)
    told = done.stdout + done.stderr
    assert proxy.address.replace(':', '@') in told, done
    assert 'whether the change arrived is not known' in told, done
    assert site.journal().states == ['intended']
    site.server.start()
    serial = site.serial()
    done = site.apply(site.policy('direct.yaml')).expect(0)
    assert site.serial() == serial + (at == 'before-update'), done
    assert site.journal().states == (['applied'] if at == 'after-update' else ['failed', 'applied'])


class Slow(between.Proxy):
    """Keeps back the first UPDATE until `due` says so of a later request: it arrives just before that one."""

    def __init__(self, site, killed):
        super().__init__(site.server.address, on_request=self.keep)
        self.site, self.killed, self.kept, self.due, self.n_first = site, killed, None, None, 0

    def keep(self, n, wire, _):
        if self.kept is None and between.is_update(wire):
            self.kept, self.n_first = wire, n
            self.killed()
            raise between.Close
        if self.due and self.due(n - self.n_first, wire):
            self.due = None
            reply = dns.query.tcp(dns.message.from_wire(self.kept, keyring=self.site.keyring), self.target[0])
            assert reply.rcode() == 0, reply
        return wire


@pytest.mark.parametrize('wants', ['the-same', 'another'])
@pytest.mark.parametrize('at', ['before-last-look', 'before-update'])
def test_update_of_a_killed_run_arrives_late(lab, at, wants):
    """A run is killed with its UPDATE on the way; it arrives when the next run has looked already. What that run wanted is there then,
    or it says what happened and the run after it goes on. Each UPDATE was applied at most once."""
    site = Site(lab, 'knot')
    process = []
    with Slow(site, lambda: process[0].kill()) as proxy:
        policy = site.policy('through.yaml', address=proxy.address)
        site.run('plan', '--adopt', policy).expect(3)
        reads = proxy.n  # of a plan; the last look before writing comes after as many
        argv = [lab.program, '--state', site.state, 'apply', '--yes', '--adopt']
        process.append(subprocess.Popen([*argv, policy], cwd=lab.dir, stdout=subprocess.DEVNULL))
        assert process[0].wait() == -9
        serial = site.serial()
        proxy.due = (lambda n, _: n == reads + 1) if at == 'before-last-look' else (lambda _, wire: between.is_update(wire))
        if wants == 'another':
            policy = site.policy('other.yaml', address=proxy.address, dmarc='quarantine')
            done = site.run('apply', '--yes', '--adopt', policy).expect(1)
            assert 'of another run with this journal, came in between' in done.stderr, done
            assert 'quarantine' not in str(site.image())
        done = site.run('apply', '--yes', '--adopt', policy).expect(0)
        assert proxy.due is None
    print(done)
    assert site.serial() == serial + (2 if wants == 'another' else 1), done
    assert site.journal().open_steps == []
    assert site.journal().states[0] in ('applied', 'verified')
    assert site.marker() == site.journal().markers.get(ZONE)
    site.run('plan', site.policy(dmarc='quarantine' if wants == 'another' else 'reject')).expect(0)
