"""The policy service for Postfix, without Postfix: what it counts, and whom it keeps waiting (nobody)."""
import concurrent.futures
import contextlib
import os
import pathlib
import signal
import socket
import time

import lab as lablib
import pytest

DRIVER = 'tests/functional/sensor_driver'
DUNNO = b'action=DUNNO\n\n'


class Driver:
    """The sensors of a controller, which says what they hand in."""

    def __init__(self, lab, *sensors, known=None):
        self.lab, self.name = lab, lab.unique('driver')
        program = pathlib.Path(lab.program).resolve().parents[1] / DRIVER
        argv = [str(program), *sensors]
        if known:
            argv = ['env', f'SENSOR_POSITION={known}', *argv]
        lab.daemon(self.name, argv)
        lab.wait_ready(self.name, lambda: 'ready' in self.lines())

    def lines(self):
        return (self.lab.dir / f'{self.name}.log').read_text().splitlines()

    def events(self):
        return [line.partition(': ')[2] for line in self.lines() if line.startswith('event ')]

    def position(self):
        return [line.partition(': ')[2] for line in self.lines() if line.startswith('position ')][-1]

    def expect(self, *events):
        lablib.wait_for(lambda: len(self.events()) >= len(events), f'{len(events)} events of {self.name}')
        assert self.events() == list(events)

    def send(self, number):
        self.lab.processes[self.name].send_signal(number)

    def stop(self, number=signal.SIGTERM):
        return self.lab.stop(self.name, number)


def request(recipient='alice@example.test', sender='', state='RCPT', **more):
    attributes = {'request': 'smtpd_access_policy', 'protocol_state': state, 'client_address': '198.51.100.25',
                  'sender': sender, 'recipient': recipient, **more}
    return ''.join(f'{name}={value}\n' for name, value in attributes.items()).encode() + b'\n'


@contextlib.contextmanager
def connected(path, timeout=60):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(timeout)
        lablib.wait_for(lambda: connects(s, path), f'room in the queue of {path}')
        yield s


def connects(s, path):
    try:
        s.connect(str(path))
    except BlockingIOError:  # more wait for the server than its queue holds
        return False
    return True


def read(s, n):
    text = b''
    while len(text) < n:
        more = s.recv(n - len(text))
        if not more:
            break
        text += more
    return text


def ask(s, text, n=1):
    s.sendall(text)
    return read(s, n * len(DUNNO))


def cpu_of(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(') ')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


@pytest.fixture
def policy(lab):
    driver = Driver(lab, f'policy=unix:{lab.dir}/policy')
    driver.path = lab.dir / 'policy'
    return driver


# --- the policy service -----------------------------------------------------------------------------

def test_policy_counts(policy):
    with connected(policy.path) as s:
        assert ask(s, request()) == DUNNO
        assert ask(s, request(state='DATA')) == DUNNO
        assert ask(s, request('x@there.test', 'alice@example.test', sasl_username='alice')) == DUNNO
        assert ask(s, request(sender='x@there.test')) == DUNNO
        assert ask(s, 3 * request('bob@example.test'), 3) == 3 * DUNNO
    policy.expect('taken alice@example.test 198.51.100.25', 'sent alice@example.test 198.51.100.25',
                  'received alice@example.test 198.51.100.25', *3 * ['taken bob@example.test 198.51.100.25'])
    assert policy.stop() == 0
    assert not policy.path.exists()


def test_policy_octet_by_octet(policy):
    with connected(policy.path) as slow, connected(policy.path) as quick:
        for octet in request()[:-1]:
            slow.sendall(bytes([octet]))
        assert ask(quick, request('bob@example.test')) == DUNNO
        assert ask(slow, b'\n') == DUNNO
    policy.expect('taken bob@example.test 198.51.100.25', 'taken alice@example.test 198.51.100.25')


@pytest.mark.parametrize('text', [
    b'GET / HTTP/1.0\n\n', b'\n', b'x' * 5000, b'a=b\n' * 65, b'a=' + b'b' * 4000 + b'\n',
    b'request=smtpd_access_policy\nsender=\0\n\n', bytes(range(256)) * 40,
], ids=['http', 'empty', 'long-line', 'many', 'endless', 'nul', 'octets'])
def test_policy_garbage(policy, text):
    """Whoever speaks another protocol is answered and let go; a mail server beside it notices nothing."""
    with connected(policy.path) as s, contextlib.suppress(ConnectionError):
        for _ in range(40):
            s.sendall(text)
        answer = read(s, 1000)
        assert answer in (b'', DUNNO)
    with connected(policy.path) as s:
        assert ask(s, request()) == DUNNO
    policy.expect('taken alice@example.test 198.51.100.25')


@pytest.mark.parametrize('text', [b'GET / HTTP/1.0\n\n', b'x' * 5000], ids=['http', 'long-line'])
def test_policy_answers_what_it_does_not_know(policy, text):
    """A mail server that says something new must not defer mail for it."""
    with connected(policy.path) as s:
        s.sendall(text)
        assert read(s, 1000) == DUNNO


def test_policy_half_a_request(policy):
    for cut in (1, 30, len(request()) - 1):
        with connected(policy.path) as s:
            s.sendall(request()[:cut])
    with connected(policy.path) as s:
        assert ask(s, request()) == DUNNO
    policy.expect('taken alice@example.test 198.51.100.25')


def test_policy_many_clients(policy):
    def client(n):
        with connected(policy.path) as s:
            for _ in range(20):
                assert ask(s, request(f'u{n}@example.test')) == DUNNO
        return 20

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        n = sum(pool.map(client, range(100)))
    lablib.wait_for(lambda: len(policy.events()) >= n, 'all events')
    assert sorted(policy.events()) == sorted(f'taken u{i}@example.test 198.51.100.25' for i in range(100) for _ in range(20))


def test_policy_more_clients_than_it_takes(policy):
    """512 are served at once; the next is served when one has left."""
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connected(policy.path)) for _ in range(512)]
        for s in (held[0], held[-1]):
            assert ask(s, request()) == DUNNO
        late = stack.enter_context(connected(policy.path, 1.2))
        late.sendall(request('late@example.test'))
        with pytest.raises(TimeoutError):
            late.recv(1)
        late.settimeout(60)
        held[5].close()
        assert read(late, len(DUNNO)) == DUNNO
        assert ask(held[300], request()) == DUNNO
    policy.expect(*2 * ['taken alice@example.test 198.51.100.25'], 'taken late@example.test 198.51.100.25',
                  'taken alice@example.test 198.51.100.25')


def test_policy_without_descriptors(lab):
    """With no descriptor left the service goes on with whom it has, does not spin, and takes the others later."""
    driver = pathlib.Path(lab.program).resolve().parents[1] / DRIVER
    lab.daemon('small', ['sh', '-c', f'ulimit -n 40; exec {driver} policy=unix:{lab.dir}/policy'])
    lablib.wait_for((lab.dir / 'policy').is_socket, 'the socket')
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connected(lab.dir / 'policy')) for _ in range(60)]
        assert ask(held[0], request()) == DUNNO
        held[-1].sendall(request())
        before = cpu_of(lab.processes['small'].pid)
        time.sleep(1)
        assert cpu_of(lab.processes['small'].pid) - before < 0.5
        for s in held[:50]:
            s.close()
        assert read(held[-1], len(DUNNO)) == DUNNO


def test_policy_client_that_does_not_read(policy):
    with connected(policy.path, 5) as s, contextlib.suppress(ConnectionError, TimeoutError):
        for _ in range(2000):
            s.sendall(50 * request('rude@example.test'))
    with connected(policy.path) as s:
        assert ask(s, request()) == DUNNO


def test_policy_answers_while_the_loop_is_busy(policy):
    """The loop sleeps until it is woken; 5,000 requests are answered meanwhile, and what the queue holds is counted."""
    with connected(policy.path) as s:
        policy.send(signal.SIGUSR1)
        lablib.wait_for(lambda: 'busy' in policy.lines(), 'a busy loop')
        for _ in range(50):
            assert ask(s, 100 * request(), 100) == 100 * DUNNO
        assert policy.events() == []
    policy.send(signal.SIGUSR2)
    lablib.wait_for(lambda: any(line.startswith('tell policy: ') for line in policy.lines()), 'what was dropped')
    [told] = [line for line in policy.lines() if line.startswith('tell ')]
    assert told == 'tell policy: 904 requests were answered but not counted: too many at once'
    assert len(policy.events()) == 4096


def test_policy_place(lab):
    """Nobody on the network may make up mail; a file that is no socket is not touched."""
    driver = pathlib.Path(lab.program).resolve().parents[1] / DRIVER
    done = lab.run(driver, 'policy=inet:192.0.2.1:10040')
    assert done.rc == 1 and 'loopback' in done.stderr
    lab.write('precious', 'text')
    done = lab.run(driver, f'policy=unix:{lab.dir}/precious')
    assert done.rc == 1 and 'cannot listen' in done.stderr
    assert (lab.dir / 'precious').read_text() == 'text'
    done = lab.run(driver, f'policy=unix:{lab.dir}/s group=nosuchgroup')
    assert done.rc == 1 and 'there is no group nosuchgroup' in done.stderr
    first = Driver(lab, f'policy=unix:{lab.dir}/policy', )
    done = lab.run(driver, f'policy=unix:{lab.dir}/policy')
    assert done.rc == 1 and 'in use' in done.stderr
    first.stop(signal.SIGKILL)
    assert (lab.dir / 'policy').is_socket()
    Driver(lab, f'policy=unix:{lab.dir}/policy')
    assert (lab.dir / 'policy').stat().st_mode & 0o777 == 0o660
