"""Sensors inside mail servers, without a mail server: the policy service, the sensor socket, OpenSMTPD's stream."""
import concurrent.futures
import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import lab as lablib
import pytest

DRIVER = 'tests/functional/sensor_driver'
DUNNO = b'action=DUNNO\n\n'
KEY = 'a secret of the sensors, 32 octets and more\n'
FILTER_LOG = lablib.ROOT / 'tests/data/logs/opensmtpd-filter.log'


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
def connected(path, timeout=5):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(timeout)
        s.connect(str(path))
        yield s


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


def test_policy_half_a_request(policy):
    for cut in (1, 30, len(request()) - 1):
        with connected(policy.path) as s:
            s.sendall(request()[:cut])
    with connected(policy.path) as s:
        assert ask(s, request()) == DUNNO
    policy.expect('taken alice@example.test 198.51.100.25')


def test_policy_many_clients(policy):
    def client(n):
        with connected(policy.path, 30) as s:
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
        held = [stack.enter_context(connected(policy.path)) for _ in range(512) if not time.sleep(0.001)]
        for s in (held[0], held[-1]):
            assert ask(s, request()) == DUNNO
        late = stack.enter_context(connected(policy.path, 1.2))
        late.sendall(request('late@example.test'))
        with pytest.raises(TimeoutError):
            late.recv(1)
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
    with connected(policy.path) as s, contextlib.suppress(ConnectionError, TimeoutError):
        for _ in range(2000):
            s.sendall(50 * request('rude@example.test'))
    with connected(policy.path) as s:
        assert ask(s, request()) == DUNNO


def test_policy_answers_while_the_loop_is_busy(policy):
    """The loop sleeps for two seconds; 5,000 requests are answered meanwhile, and what the queue holds is counted."""
    with connected(policy.path) as s:
        policy.send(signal.SIGUSR1)
        lablib.wait_for(lambda: 'busy' in policy.lines(), 'a busy loop')
        for _ in range(50):
            assert ask(s, 100 * request(), 100) == 100 * DUNNO
        assert policy.events() == []
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


# --- OpenSMTPD's stream, and the sensor socket ------------------------------------------------------

class Sensor:
    """dnsguard sensor opensmtpd, fed line by line."""

    def __init__(self, lab, to, *args, name='mx1'):
        argv = [str(a) for a in (lab.program, 'sensor', 'opensmtpd', '--to', to, '--name', name, *args)]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.said('config|ready')
        text = b''
        while not text.endswith(b'register|ready\n'):
            text += os.read(self.process.stdout.fileno(), 4096)
        self.registered = text.decode()

    def said(self, *lines):
        self.process.stdin.write(''.join(f'{line}\n' for line in lines).encode())
        self.process.stdin.flush()

    def refuses(self, *recipients):
        self.said(*(f'report|0.6|1795374567.5|smtp-in|{what}' for what in (
            'link-connect|s|h|pass|198.51.100.25:1|192.0.2.1:25', 'tx-mail|s|m|ok|',
            *(f'tx-rcpt|s|m|permfail|{recipient}' for recipient in recipients))))

    def end(self):
        out, err = self.process.communicate(timeout=20)
        assert out == b''
        assert self.process.returncode == 0, err
        return err.decode()


def unknown(*names):
    return [f'unknown {name}@example.test 198.51.100.25' for name in names]


def address(*names):
    return [f'{name}@example.test' for name in names]


def test_opensmtpd(lab):
    driver = Driver(lab, f'sensors=unix:{lab.dir}/sensors')
    sensor = Sensor(lab, f'unix:{lab.dir}/sensors')
    assert 'register|report|smtp-in|tx-rcpt\n' in sensor.registered
    sensor.said('report|0.6|1|smtp-in|tx-mail|s|' + 'x' * 10000)
    sensor.said(*FILTER_LOG.read_text().splitlines()[5:26])
    assert '5 events, 5 of them acknowledged, 0 dropped' in sensor.end()
    driver.expect('taken alice@good.example 198.51.100.25', 'unknown nosuch1@good.example 198.51.100.25',
                  'unknown nosuch2@good.example 198.51.100.25', 'unknown nosuch3@good.example 198.51.100.26',
                  'taken alice@good.example 198.51.100.26')
    assert re.fullmatch(r'[0-9a-f]{16} 5 -', driver.position())


def test_sensor_outlives_the_controller(lab):
    """Events while nobody listens come later, each once; those that a controller lost since its checkpoint come again."""
    place = f'unix:{lab.dir}/sensors'
    sensor = Sensor(lab, place)
    sensor.refuses(*address('a', 'b'))
    first = Driver(lab, f'sensors={place}')
    first.expect(*unknown('a', 'b'))
    checkpoint = first.position()
    sensor.refuses(*address('c'))
    first.expect(*unknown('a', 'b', 'c'))
    first.stop(signal.SIGKILL)
    sensor.refuses(*address('d'))
    second = Driver(lab, f'sensors={place}', known=f'sensor mx1={checkpoint}')
    second.expect(*unknown('c', 'd'))
    last = second.position()
    assert last.split()[1] == '4'
    assert second.stop() == 0
    third = Driver(lab, f'sensors={place}', known=f'sensor mx1={last}')
    sensor.refuses(*address('e'))
    assert '5 events' in sensor.end()
    third.expect(*unknown('e'))


def test_controller_hangs(lab):
    """A stopped controller keeps nobody waiting: smtpd's stream is read to its end, what does not fit is counted."""
    place = f'unix:{lab.dir}/sensors'
    driver = Driver(lab, f'sensors={place}')
    sensor = Sensor(lab, place)
    sensor.refuses(*address('a'))
    driver.expect(*unknown('a'))
    driver.send(signal.SIGSTOP)
    sensor.refuses(*(f'n{i}@example.test' for i in range(20000)))
    err = sensor.end()
    driver.send(signal.SIGCONT)
    n_pushed, n_acknowledged, n_dropped = map(int, re.search(r'(\d+) events, (\d+) .* (\d+) dropped', err).groups())
    assert (n_pushed, n_acknowledged, n_dropped) == (16385, 1, 20001 - 16385)


def test_network(lab):
    key = lab.write('key', KEY, 0o600)
    driver = Driver(lab, f'sensors=inet:127.0.0.1:4460 key-file={key}')
    sensor = Sensor(lab, 'inet:127.0.0.1:4460', '--key-file', key)
    sensor.refuses(*address('a', 'b'))
    assert '2 of them acknowledged' in sensor.end()
    driver.expect(*unknown('a', 'b'))
    other = lab.write('other', KEY.upper(), 0o600)
    sensor = Sensor(lab, '127.0.0.1:4460', '--key-file', other, name='mx2')
    sensor.refuses(*address('c'))
    lablib.wait_for(lambda: any('somebody connected' in line for line in driver.lines()), 'a refusal')
    assert '0 of them acknowledged' in sensor.end()
    driver.expect(*unknown('a', 'b'))


@pytest.mark.parametrize('mode, text, why', [
    (0o644, KEY, 'can be read by others'), (0o620, KEY, 'written by its group'), (0o600, 'short', 'expected a secret'),
    (0o600, 'x' * 2000, 'expected a secret')], ids=['others', 'group', 'short', 'long'])
def test_key_file(lab, mode, text, why):
    key = lab.write('key', text, mode)
    done = lab.run(lab.program, 'sensor', 'opensmtpd', '--to', 'inet:127.0.0.1:1', '--key-file', key)
    assert done.rc == 2 and why in done.stderr
    assert text[:5] not in done.stderr.replace(str(key), '')


def test_no_key(lab):
    done = lab.run(lab.program, 'sensor', 'opensmtpd', '--to', 'inet:127.0.0.1:1')
    assert done.rc == 2 and 'needs a key file' in done.stderr
    driver = pathlib.Path(lab.program).resolve().parents[1] / DRIVER
    done = lab.run(driver, 'sensors=inet:127.0.0.1:4460')
    assert done.rc == 1 and 'need a key' in done.stderr


class Between:
    """Stands on the way of one connection, keeps what is said, and may change it."""

    def __init__(self, port, to):
        self.listener = socket.create_server(('127.0.0.1', port))
        self.to, self.sent, self.heard = to, b'', b''

    def carry(self, change=lambda text: text):
        self.client = self.listener.accept()[0]
        self.server = socket.create_connection(('127.0.0.1', self.to))
        self.client.settimeout(0.05)
        self.server.settimeout(0.05)
        end = time.monotonic() + 2
        while time.monotonic() < end:
            for source, sink in ((self.server, self.client), (self.client, self.server)):
                with contextlib.suppress(TimeoutError, ConnectionError):
                    text = source.recv(65536)
                    if source is self.client:
                        text = change(text)
                        self.sent += text
                    else:
                        self.heard += text
                    sink.sendall(text)


def test_replay_and_forgery(lab):
    """What was heard on one connection is worth nothing on the next, nor twice on the same, nor changed."""
    key = lab.write('key', KEY, 0o600)
    driver = Driver(lab, f'sensors=inet:127.0.0.1:4460 key-file={key}')
    between = Between(4461, 4460)
    sensor = Sensor(lab, 'inet:127.0.0.1:4461', '--key-file', key)
    sensor.refuses(*address('a', 'b'))
    between.carry()
    driver.expect(*unknown('a', 'b'))
    lines = between.sent.splitlines(keepends=True)
    assert lines[0].startswith(b'hello mx1 ') and lines[2].startswith(b'e 2 unknown ')
    assert KEY.strip().encode() not in between.sent
    between.server.sendall(lines[2])  # once more on the same connection
    assert between.server.recv(100) == b''
    with socket.create_connection(('127.0.0.1', 4460)) as s:
        s.settimeout(5)
        assert s.recv(200).startswith(b'dnsguard-sensors 1 ')
        s.sendall(between.sent)
        assert s.recv(100) == b''
    between.client.close()
    between.sent = b''
    sensor.refuses(*address('c'))
    between.carry(lambda text: text.replace(b' c@', b' d@'))
    assert b'd@example.test' in between.sent
    between.client.close()
    between.carry()
    driver.expect(*unknown('a', 'b', 'c'))
    sensor.end()


HELLO = b'hello mx1 0123 ' + 32 * b'0' + b' -\n'


@pytest.mark.parametrize('text', [
    b'\n' * 100, b'x' * 100000, b'hello\n', b'hello mx1 0 0 -\n', bytes(range(256)) * 50,
    HELLO + b'e 1 taken x - a@b -\n', HELLO + b'e 0 taken 1 - a@b -\n', HELLO + b'e 1 taken 1 - \x1b[2J@b -\n',
    HELLO + b'p 1  -\n'],
    ids=['empty', 'long', 'hello', 'nonce', 'octets', 'time', 'zero', 'escape', 'position'])
def test_garbage(lab, text):
    driver = Driver(lab, f'sensors=unix:{lab.dir}/sensors')
    with connected(lab.dir / 'sensors') as s, contextlib.suppress(ConnectionError):
        assert s.recv(100).startswith(b'dnsguard-sensors 1 ')
        s.sendall(text)
        while s.recv(4096):
            pass
    sensor = Sensor(lab, f'unix:{lab.dir}/sensors')
    sensor.refuses(*address('a'))
    sensor.end()
    driver.expect(*unknown('a'))


def test_one_name_one_connection(lab):
    """The newer connection of a name ends the older one: a sensor whose connection hangs somewhere can come back."""
    Driver(lab, f'sensors=unix:{lab.dir}/sensors')
    with connected(lab.dir / 'sensors') as one, connected(lab.dir / 'sensors') as two:
        for s in (one, two):
            s.recv(100)
            s.sendall(HELLO)
            assert s.recv(100) == b'welcome 0 - -\n'
        assert one.recv(100) == b''
        two.sendall(b'e 1 taken 1 - a@example.test -\n')
        assert two.recv(100) == b'ack 1 -\n'


def test_usage(lab):
    for args, why in ((('carrier-pigeon', '--to', 'unix:/x'), 'there is no sensor'), (('opensmtpd',), 'expected --to'),
                      (('opensmtpd', '--to', 'nonsense'), 'expected unix:/PATH'),
                      (('opensmtpd', '--to', 'unix:/x', '--name', 'Mx 1'), 'cannot be the name'),
                      (('milter', '--to', 'unix:/x'), 'expected --socket')):
        done = lab.run(lab.program, 'sensor', *args)
        assert done.rc == 2 and why in done.stderr, done.stderr
