"""serve against those who mean it ill: what is no request, who may not ask, who dawdles; and where secrets must not be."""
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import time

import lab as lablib
import pytest
from lab import wait_for
from serving import KEY, Serve, Unix

HEAD = 'Host: x\r\n'
EVENT = {'type': 'domain.parked', 'data': {'domain': 'a.test'}}
CONNECTIONS = 64  # as many as it talks to at once


@pytest.fixture(scope='module')
def serve(module_lab):
    made = Serve(module_lab).start()
    made.add_zones('a.test', 'b.test')
    return made


def raw(serve, text, more=None):
    """What it says to these octets, until it hangs up."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(serve.socket))
        s.settimeout(lablib.READY_S)
        s.sendall(text.encode('latin-1') if isinstance(text, str) else text)
        if more:
            s.sendall(more)
        said = b''
        while chunk := s.recv(65536):
            said += chunk
    return said.decode()


def status_of(said):
    return int(said.split(' ', 2)[1])


REFUSED = {  # what stands in front of us may read each of these differently
    'no host': ('GET /v1/health HTTP/1.1\r\n\r\n', 400),
    'old version': ('GET /v1/health HTTP/1.0\r\n' + HEAD + '\r\n', 505),
    'no version': ('GET /v1/health\r\n' + HEAD + '\r\n', 400),
    'http 2': ('PRI * HTTP/2.0\r\n' + HEAD + '\r\n', 400),
    'chunked': ('POST /v1/events HTTP/1.1\r\n' + HEAD + 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 501),
    'chunked and length': ('POST /v1/events HTTP/1.1\r\n' + HEAD + 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', (400, 501)),
    'two lengths': ('POST /v1/events HTTP/1.1\r\n' + HEAD + 'Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello', 400),
    'list of lengths': ('POST /v1/events HTTP/1.1\r\n' + HEAD + 'Content-Length: 5, 5\r\n\r\n', 400),
    'signed length': ('POST /v1/events HTTP/1.1\r\n' + HEAD + 'Content-Length: +5\r\n\r\nhello', 400),
    'negative length': ('POST /v1/events HTTP/1.1\r\n' + HEAD + 'Content-Length: -1\r\n\r\n', 400),
    'huge length': ('POST /v1/events HTTP/1.1\r\n' + HEAD + 'Content-Length: 99999999999999999999\r\n\r\n', 413),
    'large body': ('POST /v1/events HTTP/1.1\r\n' + HEAD + 'Content-Length: 1048577\r\n\r\n', 413),
    'folded': ('GET /v1/health HTTP/1.1\r\n' + HEAD + 'X: a\r\n b\r\n\r\n', 400),
    'blank before colon': ('GET /v1/health HTTP/1.1\r\n' + HEAD + 'Content-Length : 0\r\n\r\n', 400),
    'no colon': ('GET /v1/health HTTP/1.1\r\n' + HEAD + 'nonsense\r\n\r\n', 400),
    'bare cr': ('GET /v1/health HTTP/1.1\r\n' + HEAD + 'X: a\rY: b\r\n\r\n', 400),
    'bare lf': ('GET /v1/health HTTP/1.1\n' + HEAD + '\r\n', 400),
    'nul': ('GET /v1/health HTTP/1.1\r\n' + HEAD + 'X: a\0b\r\n\r\n', 400),
    'two hosts': ('GET /v1/health HTTP/1.1\r\n' + HEAD + HEAD + '\r\n', 400),
    'two tokens': ('GET /v1/jobs/1 HTTP/1.1\r\n' + HEAD + 'Authorization: a\r\nauthorization: b\r\n\r\n', 400),
    'query': ('GET /v1/health?x=1 HTTP/1.1\r\n' + HEAD + '\r\n', 400),
    'absolute': ('GET http://x/v1/health HTTP/1.1\r\n' + HEAD + '\r\n', 400),
    'up': ('GET /v1/domains/../health HTTP/1.1\r\n' + HEAD + '\r\n', 400),
    'escaped up': ('GET /v1/domains/%2e%2e/health HTTP/1.1\r\n' + HEAD + '\r\n', 400),
    'escaped slash': ('PUT /v1/domains/a.test%2f..%2fx/policy HTTP/1.1\r\n' + HEAD + '\r\n', 400),
    'backslash': ('GET /v1/domains/..\\x HTTP/1.1\r\n' + HEAD + '\r\n', 400),
    'empty segment': ('GET //v1/health HTTP/1.1\r\n' + HEAD + '\r\n', 400),
    'long path': ('GET /' + 600 * 'a' + ' HTTP/1.1\r\n' + HEAD + '\r\n', 414),
    'many headers': ('GET /v1/health HTTP/1.1\r\n' + HEAD + 70 * 'X: y\r\n' + '\r\n', 431),
    'long head': ('GET /v1/health HTTP/1.1\r\n' + HEAD + 'X: ' + 20000 * 'y' + '\r\n\r\n', 431),
    'endless head': ('GET /v1/health HTTP/1.1\r\n' + HEAD + 'X: ' + 200000 * 'y', 431),
    'expectation': ('GET /v1/health HTTP/1.1\r\n' + HEAD + 'Expect: miracles\r\n\r\n', 417),
    'other coding': ('POST /v1/events HTTP/1.1\r\n' + HEAD + 'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n', 501),
    'two lengths that differ': ('POST /v1/events HTTP/1.1\r\n' + HEAD + 'Content-Length: 5\r\nContent-Length: 40\r\n\r\nhello', 400),
    'body of head': ('HEAD /v1/health HTTP/1.1\r\n' + HEAD + 'Content-Length: 5\r\n\r\nhello', 400),
    'folded first': ('GET /v1/health HTTP/1.1\r\n ' + HEAD + '\r\n', 400),
    'only lf': ('GET /v1/health HTTP/1.1\nHost: x\n\n', 400),
    'method': ('BREW /v1/health HTTP/1.1\r\n' + HEAD + '\r\n', 501),
    'method in small letters': ('get /v1/health HTTP/1.1\r\n' + HEAD + '\r\n', 501),
    'connect': ('CONNECT x:443 HTTP/1.1\r\n' + HEAD + '\r\n', 501),
    'tls': (b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + 40 * b'\0' + b'\r\n\r\n', 400),
}


def test_what_is_no_request(serve):
    for name, (text, status) in REFUSED.items():
        said = raw(serve, text)
        assert status_of(said) in (status if isinstance(status, tuple) else (status,)), (name, said)
        assert 'application/problem+json' in said and 'Connection: close' in said, name
    serve.ask('GET', '/v1/health').expect(200)


def test_how_requests_come(serve):
    """In pieces, several at once, with a body announced first, over one connection."""
    c = serve.connect()
    for _ in range(3):
        serve.ask('GET', '/v1/health', connection=c).expect(200)
    said = raw(serve, 3 * ('GET /v1/health HTTP/1.1\r\n' + HEAD + '\r\n')
               + 'GET /v1/health HTTP/1.1\r\n' + HEAD + 'Connection: close\r\n\r\n')
    assert said.count('HTTP/1.1 200 OK') == 4
    text = ('GET /v1/domains/a.test HTTP/1.1\r\n' + HEAD + 'Connection: close\r\n\r\n').encode()
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(lablib.READY_S)
        s.connect(str(serve.socket))
        for octet in text:
            s.sendall(bytes([octet]))
        assert s.recv(100).startswith(b'HTTP/1.1 200 OK')
    with socket.socket(socket.AF_UNIX) as s:  # who says that he has said all gets his answer
        s.settimeout(lablib.READY_S)
        s.connect(str(serve.socket))
        s.sendall(text)
        s.shutdown(socket.SHUT_WR)
        assert s.recv(100).startswith(b'HTTP/1.1 200 OK')
    said = raw(serve, 'HEAD /v1/health HTTP/1.1\r\n' + HEAD + '\r\nGET /v1/health HTTP/1.1\r\n' + HEAD + 'Connection: close\r\n\r\n')
    head, _, rest = said.partition('\r\n\r\n')
    assert head.startswith('HTTP/1.1 405 ') and rest.startswith('HTTP/1.1 200 OK')
    body = json.dumps({'template': 'parked'})
    said = raw(serve, f'PUT /v1/domains/b.test/policy HTTP/1.1\r\n{HEAD}Content-Type: application/json\r\nExpect: 100-continue\r\n'
               f'Connection: close\r\nContent-Length: {len(body)}\r\n\r\n', body.encode())
    assert 'HTTP/1.1 200 OK' in said


BODIES = [
    b'{', b'[]', b'1', b'"x"', b'null', b'{"template": "parked"', b'{"template": "parked"} x', b'{"template": 1}', b'{"template": null}',
    b'{"template": ["parked"]}', b'{"template": "../parked"}', b'{"template": "Parked"}', b'{"template": ""}',
    b'{"template": "' + 70 * b'a' + b'"}', b'{"template": "parked", "template": "parked"}', b'{"template": "parked", "x": 1}',
    b'{"template": "parked", "replace": "yes"}', b'{"template": "parked", "replace": 1}', b'{"template": "par\\u0000ked"}',
    b'{"template": "parked\xff"}', b'{"": 1}', b'{"template replace": 1}', b'\xef\xbb\xbf{}', 100000 * b'[', 100000 * b'{"a":',
    b'{"template": "nothing"}', b'\0', b'{"template": "parked", "replace": 1e999}', b'{"template": "%s"}' % (100000 * b'a'),
]


def test_bodies(serve):
    for body in BODIES:
        serve.ask('PUT', '/v1/domains/a.test/policy', body).expect(422)
    assert not (serve.zones / 'a.test.yaml').exists()
    for kind in 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', '':
        serve.ask('PUT', '/v1/domains/a.test/policy', {'template': 'parked'}, content_type=kind).expect(415)
    for name in 'x', '.', '-', 'a', 'a..b', '.a.b', 64 * 'a' + '.test', '.'.join(130 * ['a']), 'a.test.':
        status = serve.ask('GET', f'/v1/domains/{name}').status
        assert status in (400, 404) if name != 'a.test.' else status == 200, name
    n = 0
    for event in ({}, {'type': 'x', 'data': {}}, {**EVENT, 'data': []}, {**EVENT, 'data': {}}, {**EVENT, 'more': 1},
                  {**EVENT, 'data': {'domain': '../a.test'}}, {**EVENT, 'data': {'domain': 'a.test', 'domains': ['b.test']}},
                  {**EVENT, 'data': {'domains': []}}, {**EVENT, 'data': {'domains': 1001 * ['a.test']}},
                  {**EVENT, 'data': {'domains': ['a.test', 7]}}, {**EVENT, 'data': {'domain': 'a.test/../b'}},
                  {**EVENT, 'data': {'domain': 'a.test\n'}}, {**EVENT, 'data': {'domain': '{zone}.test'}}, {**EVENT, 'timestamp': 5}):
        body, n = json.dumps(event).encode(), n + 1
        serve.ask('POST', '/v1/events', body, **serve.sign(f'bad{n}', body)).expect(422)
    for key in '', 200 * 'k', 'a b':
        serve.ask('POST', '/v1/domains/a.test/plan', idempotency_key=key).expect(400)


def test_bodies_made_at_random(serve):
    """Whatever comes, an answer of the description comes back, and it goes on."""
    seeds = [json.dumps(EVENT).encode(), b'{"template": "parked", "replace": true}', b'{"plan": "0123456789abcdef"}']
    chance = random.Random(5)
    c = serve.connect()
    for n in range(300):
        body = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(1, 5)):
            at = chance.randrange(len(body) + 1)
            body[at:at + chance.randrange(3)] = chance.randbytes(chance.randrange(4))
        path = chance.choice(['/v1/events', '/v1/domains/a.test/approve', '/v1/domains/a.test/stop'])
        headers = serve.sign(f'random{n}', bytes(body)) if path == '/v1/events' else {}
        assert serve.ask('POST', path, bytes(body), connection=c, **headers).status in (202, 404, 422)
    serve.ask('GET', '/v1/health').expect(200)


# --- who may ask ------------------------------------------------------------------------------------

def matrix(serve, n_guesses):
    other_key = bytes(range(32, 64))
    good = serve.token('good', 'a.test', 'plan,status')
    gone = serve.token('gone', '*', 'plan')
    serve.lab.dnsguard('serve', 'token', 'revoke', gone.split('_')[1]).expect(0)
    assert serve.lab.dnsguard('serve', 'token', 'revoke', gone.split('_')[1]).rc == 2

    def ask(token, status, domain='a.test', verb='plan', body=None):
        answer = serve.ask('POST' if verb else 'GET', f'/v1/domains/{domain}' + (f'/{verb}' if verb else ''), body, token)
        assert answer.status in status, (answer.status, answer.body)
        return answer
    ask(good, [202])
    ask(good, [200], verb='')
    ask(good, [403], verb='apply', body={'plan': '01234567'})
    ask(good, [403], verb='stop')
    ask(good, [403], domain='b.test')
    ask(good, [403], domain='x.a.test')
    ask(good, [403], domain='b.test', verb='')
    answer = ask(gone, [401])
    assert answer.headers['WWW-Authenticate'].startswith('Bearer')
    wrong = good[:-1] + ('A' if good[-1] != 'A' else 'B')
    for token in wrong, good[:-1], good + 'A', good.upper(), 'dgt_', 'x', good.replace('_', '-'), '*', "' OR 1=1 --":
        ask(token, [401, 429])
    wild = serve.token('wild', '*.test', 'status')
    ask(wild, [200], domain='deep.b.test', verb='')
    ask(wild, [403], domain='b.example', verb='')
    ask(wild, [403], domain='atest.example', verb='')
    # webhooks
    body = json.dumps(EVENT).encode()
    now = time.time()
    for headers in ({}, serve.sign('w1', body, key=other_key), serve.sign('w1', body + b' '), serve.sign('w1', body, now - 400),
                    serve.sign('w1', body, now + 400), {**serve.sign('w1', body), 'webhook-id': 'w2'},
                    {**serve.sign('w1', body), 'webhook-timestamp': str(int(now) - 5)},
                    {**serve.sign('w1', body), 'webhook-timestamp': '-5'}, {**serve.sign('w1', body), 'webhook-id': 'a b'},
                    {**serve.sign('w1', body), 'webhook-signature': 'v1,'}, {**serve.sign('w1', body), 'webhook-signature': 'v2,x'}):
        assert serve.ask('POST', '/v1/events', body, **headers).status in (401, 429), headers
    two = serve.sign('w3', body)
    two['webhook-signature'] = 'v1,bm90IHRoaXMgb25l ' + two['webhook-signature']  # while a secret is replaced
    serve.ask('POST', '/v1/events', body, **two).expect(202)
    assert serve.ask('POST', '/v1/events', body, **two).expect(202).body['known']  # replayed: nothing is done
    for skew in -290, 290:
        serve.event(f'skew{skew}', 'domain.registered', 'a.test', at=now + skew).expect(202)
    guesses = (ask(f'dgt_{n:012x}_{n:043}', [401, 429]) for n in range(n_guesses))
    told = [guess.headers['Retry-After'] for guess in guesses if guess.status == 429]
    assert told and all(int(seconds) > 0 for seconds in told)
    ask(good, [202])  # whose tries fail does not keep others out
    job = serve.event('hidden', 'domain.registered', 'b.test').expect(202).body['url']
    serve.ask('GET', job, token=good).expect(404)
    serve.ask('GET', job, token=wild).expect(200)


def test_who_may_ask(lab):
    made = Serve(lab).start()
    made.add_zones('a.test', 'b.test')
    matrix(made, 60)
    refused = [line for line in made.audit() if line['status'] in (401, 403)]
    assert len(refused) >= 12 and {line['status'] for line in refused} == {401, 403}
    assert all(line['what'] and line['from'] == 'uid 0' for line in refused)
    if os.getuid() == 0:
        assert made.sql('SELECT count(*) FROM order_ WHERE owner LIKE ?', 'token%gone%') == [(0,)]


@pytest.mark.slow
def test_who_may_ask_at_length(lab):
    made = Serve(lab, rate=100000).start()
    made.add_zones('a.test', 'b.test')
    matrix(made, 10000)


def as_somebody_else(action):
    """The result of action in a process of another user; None: it could not become one."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            os.write(writing, action().encode())
        except OSError as why:
            os.write(writing, b'' if isinstance(why, PermissionError) and os.getuid() == 0 else type(why).__name__.encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as f:
        return f.read() or None


def test_who_may_connect(lab):
    made = Serve(lab).start()
    assert made.socket.stat().st_mode & 0o777 == 0o660

    def look():
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(lablib.READY_S)
                s.connect(str(made.socket))
                s.sendall(b'GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n')
                return s.recv(100).decode() or 'hung up'
        except (ConnectionResetError, BrokenPipeError):
            return 'hung up'
    for folder in (lab.dir, *lab.dir.parents):
        if folder.stat().st_uid == os.getuid() and folder != pathlib.Path('/'):
            folder.chmod(folder.stat().st_mode | 0o011)
    said = as_somebody_else(look)
    if said is None:
        pytest.skip('cannot become another user here')
    assert said == 'PermissionError'
    made.socket.chmod(0o666)  # the kernel says who it is all the same
    assert as_somebody_else(look) == 'hung up'
    made.ask('GET', '/v1/domains/a.test').expect(200)


def test_loopback_needs_a_token(lab):
    made = Serve(lab, 'inet:127.0.0.14:8053').start()
    made.ask('GET', '/v1/domains/a.test').expect(401)
    made.ask('GET', '/v1/domains/a.test', token=made.token()).expect(200)
    assert [line['from'] for line in made.audit()] == ['127.0.0.1', '127.0.0.1']


# --- too much, too slow -----------------------------------------------------------------------------

def n_fds(process):
    return len(os.listdir(f'/proc/{process.pid}/fd'))


def dawdle(serve, n, text):
    held = []
    for _ in range(n):
        s = socket.socket(socket.AF_UNIX)
        s.connect(str(serve.socket))  # waits while many wait to be let in
        s.settimeout(lablib.READY_S)
        try:
            s.sendall(text)
        except OSError:
            pass  # it was let go already
        held.append(s)
    return held


def slow(serve, n):
    """Who dawdles keeps nobody out, and costs no more than its place."""
    before = n_fds(serve.process)
    held = []
    for text in (b'', b'GET /v1/hea', b'POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{',
                 b'GET /v1/health HTTP/1.1\r\nHost: x\r\nX: ' + 9000 * b'y'):
        held += dawdle(serve, n, text)
        for _ in range(20):
            serve.ask('GET', '/v1/health').expect(200)
        assert n_fds(serve.process) <= before + CONNECTIONS + 2
    for s in held:
        s.close()
    serve.ask('GET', '/v1/health').expect(200)


def test_slow_clients(serve):
    slow(serve, 80)


@pytest.mark.slow
def test_slow_clients_at_length(lab):
    made = Serve(lab, rate=100000).start()
    slow(made, 2500)
    held = dawdle(made, 1, b'GET /v1/hea')
    said = b''
    while chunk := held[0].recv(4096):  # ten seconds for a head
        said += chunk
    assert said.startswith(b'HTTP/1.1 408 ')
    held = dawdle(made, 1, b'POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{')
    wait_for(lambda: held[0].recv(4096) == b'', 'thirty seconds for a body')


def test_those_who_do_not_read(serve):
    """Answers that nobody takes are let go with their connection."""
    text = b'GET /v1/domains/a.test HTTP/1.1\r\nHost: x\r\n\r\n'
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(lablib.READY_S)
        s.connect(str(serve.socket))
        s.setblocking(False)
        try:
            for _ in range(20000):
                s.send(text)
        except BlockingIOError:
            pass
        serve.ask('GET', '/v1/health').expect(200)


def test_too_much_to_do(lab):
    """What does not fit in the queue is refused whole, and said so."""
    made = Serve(lab, limit=3).start()
    made.add_zones('a.test', 'b.test', 'c.test', 'd.test')
    full = made.event('full', 'domain.parked', 'a.test', 'b.test', 'c.test', 'd.test').expect(503)
    assert int(full.headers['Retry-After']) > 0
    assert made.sql('SELECT count(*) FROM order_') == [(0,)]
    taken = made.event('full', 'domain.parked', 'a.test', 'b.test', 'c.test').expect(202)  # the key is not used up
    assert set(made.outcomes(taken).values()) == {'applied'}


def test_too_often(lab):
    made = Serve(lab, rate=1).start()
    token = made.token()
    statuses = [made.ask('GET', '/v1/domains/a.test', token=token).status for _ in range(200)]
    assert set(statuses) == {200, 429} and statuses[0] == 200
    made.ask('GET', '/v1/domains/a.test').expect(200)  # others are others


def test_full_disk_is_said_and_passes(lab):
    """A request that cannot be put on record is not taken."""
    small = lab.dir / 'state'
    small.mkdir(0o700)
    lablib.mount('small', small, 'tmpfs', data='mode=700,size=2m')
    made = Serve(lab).start()
    made.add_zones('a.test')
    with open(small / 'filler', 'wb', buffering=0) as f:
        try:
            while True:
                f.write(bytes(65536))
        except OSError:
            pass
    big = [f'd{n}.test' for n in range(1000)]
    answers = [made.event(f'big{n}', 'domain.registered', *big, summary=900 * 's').status for n in range(12)]
    assert set(answers) <= {202, 503} and 503 in answers
    (small / 'filler').unlink()
    assert made.outcomes(made.event('after', 'domain.parked', 'a.test').expect(202)) == {'a.test': 'applied'}


# --- secrets ----------------------------------------------------------------------------------------

def pieces(secret):
    return [secret[at:at + 8] for at in range(0, len(secret) - 7, 4)]


def test_where_secrets_are_not(lab):
    made = Serve(lab).start()
    made.add_zones('a.test')
    tokens = [made.token('one', '*', 'plan,status'), made.token('two', 'a.test', 'apply')]
    for token in tokens:
        made.ask('GET', '/v1/domains/a.test', token=token)
        made.ask('POST', '/v1/domains/a.test/plan', token=token)
        made.ask('GET', '/v1/domains/a.test', token=token[:-2] + 'zz')
        made.ask('POST', '/v1/domains/a.test/plan', {'template': token}, token=tokens[0])
        raw(made, f'GET /v1/{token} HTTP/1.0\r\nAuthorization: Bearer {token}\r\n\r\n')
    made.outcomes(made.event('e', 'domain.parked', 'a.test').expect(202))
    lab.dnsguard('serve', 'token', 'list').expect(0)
    secrets = [token.split('_', 2)[2].encode() for token in tokens] + [made.secret.removeprefix('whsec_').encode(), KEY]
    places = {path: path.read_bytes() for path in (lab.dir / 'state').iterdir() if path.is_file()}
    places |= {path: path.read_bytes() for path in lab.dir.glob('*.log')}
    places |= {path: path.read_bytes() for path in made.zones.iterdir()}
    for name in 'cmdline', 'environ':
        places[name] = pathlib.Path(f'/proc/{made.process.pid}/{name}').read_bytes()
    places['tokens'] = lab.dnsguard('serve', 'token', 'list', '--json').stdout.encode()
    places['log'] = lab.dnsguard('log', '--json', '--verbose').stdout.encode()
    assert any(path.name == 'audit.jsonl' for path in places if isinstance(path, pathlib.Path)) and len(places) > 7
    for place, text in places.items():
        for secret in secrets:
            assert not [piece for piece in pieces(secret) if piece in text], place
    assert (lab.dir / 'state/audit.jsonl').stat().st_mode & 0o077 == 0
    made.process.send_signal(signal.SIGABRT)  # and no core is left
    made.process.wait()
    made.lab.processes.pop('serve1')
    assert not list(lab.dir.rglob('core*'))
