"""The sensor socket, and the sensors that speak to it: OpenSMTPD's stream, the log of another host."""
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
from test_sensor import DRIVER, Driver, connected

KEY = 'a secret of the sensors, 32 octets and more\n'
FILTER_LOG = lablib.ROOT / 'tests/data/logs/opensmtpd-filter.log'


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
        out, err = self.process.communicate(timeout=300)
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
    driver.expect('taken alice@good.example 198.51.100.25', 'unknown nosuch1@good.example 198.51.100.25',
                  'unknown nosuch2@good.example 198.51.100.25', 'unknown nosuch3@good.example 198.51.100.26',
                  'taken alice@good.example 198.51.100.26')
    assert '5 events, 5 of them acknowledged, 0 dropped' in sensor.end()
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
    third.expect(*unknown('e'))
    assert '5 events' in sensor.end()


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
    # The ring is full; whether the first was acknowledged before the controller stopped, and in time, is up to the machine.
    assert n_pushed + n_dropped == 20001 and n_acknowledged in (0, 1) and n_pushed - 16384 in (0, 1)


def test_network(lab):
    key = lab.write('key', KEY, 0o600)
    driver = Driver(lab, f'sensors=inet:127.0.0.1:4460 key-file={key}')
    sensor = Sensor(lab, 'inet:127.0.0.1:4460', '--key-file', key)
    sensor.refuses(*address('a', 'b'))
    driver.expect(*unknown('a', 'b'))
    assert '2 of them acknowledged' in sensor.end()
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

    def carry(self, what, is_over, change=lambda text: text):
        """Takes the next connection, and carries until is_over() or until the server hangs up."""
        self.client = self.listener.accept()[0]
        self.server = socket.create_connection(('127.0.0.1', self.to))
        self.is_closed = False
        lablib.wait_for(lambda: self.carry_some(change) or self.is_closed or is_over(), what)
        self.client.settimeout(60)
        self.server.settimeout(60)

    def carry_some(self, change):
        for source, sink in ((self.server, self.client), (self.client, self.server)):
            source.settimeout(0.05)
            try:
                text = source.recv(65536)
            except TimeoutError:
                continue
            except ConnectionError:
                text = b''
            if source is self.client:
                text = change(text)
                self.sent += text
            else:
                self.heard += text
                self.is_closed = not text
            with contextlib.suppress(ConnectionError):
                sink.sendall(text)


def test_replay_and_forgery(lab):
    """What was heard on one connection is worth nothing on the next, nor twice on the same, nor changed."""
    key = lab.write('key', KEY, 0o600)
    driver = Driver(lab, f'sensors=inet:127.0.0.1:4460 key-file={key}')
    between = Between(4461, 4460)
    sensor = Sensor(lab, 'inet:127.0.0.1:4461', '--key-file', key)
    sensor.refuses(*address('a', 'b'))
    between.carry('two events', lambda: b'ack 2 ' in between.heard)
    driver.expect(*unknown('a', 'b'))
    lines = between.sent.splitlines(keepends=True)
    assert lines[0].startswith(b'hello mx1 ') and lines[2].startswith(b'e 2 unknown ')
    assert KEY.strip().encode() not in between.sent
    between.server.sendall(lines[2])  # once more on the same connection
    assert hung_up(between.server)
    with socket.create_connection(('127.0.0.1', 4460)) as s:
        s.settimeout(60)
        assert s.recv(200).startswith(b'dnsguard-sensors 1 ')
        s.sendall(between.sent)
        assert hung_up(s)
    between.client.close()
    between.sent = b''
    sensor.refuses(*address('c'))
    between.carry('the end of it', lambda: False, lambda text: text.replace(b' c@', b' d@'))
    assert b'd@example.test' in between.sent
    between.client.close()
    between.carry('the third event', lambda: len(driver.events()) >= 3)
    driver.expect(*unknown('a', 'b', 'c'))
    between.client.close()
    sensor.end()


def hung_up(s):
    """What comes next is the end; with a reset where not all that was sent had been read."""
    try:
        return s.recv(100) == b''
    except ConnectionError:
        return True


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


def test_what_is_known_counts_once(lab):
    """A sensor that sends again what the controller has, and then goes back within one connection."""
    driver = Driver(lab, f'sensors=unix:{lab.dir}/sensors', known='sensor mx1=0123 5 here')
    with connected(lab.dir / 'sensors') as s:
        s.recv(100)
        s.sendall(HELLO)
        assert s.recv(100) == b'welcome 5 here -\n'
        for seq in (4, 5, 6, 8):
            s.sendall(b'e %d taken 1 - a%d@example.test -\n' % (seq, seq))
            assert s.recv(100) == b'ack %d -\n' % seq
        s.sendall(b'e 7 taken 1 - a7@example.test -\n')
        assert s.recv(100) == b''
    driver.expect('taken a6@example.test -', 'taken a8@example.test -')
    assert driver.position() == '0123 8 here'


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


def refusal(n):
    return (f'2026-11-22T18:52:{n // 1000:02}.{n % 1000:03}000+00:00 mx postfix/smtpd[132]: NOQUEUE: reject: RCPT from '
            f'unknown[198.51.100.25]: 550 5.1.1 <n{n}@example.test>: Recipient address rejected: User unknown in local '
            f'recipient table; from=<> to=<n{n}@example.test> proto=ESMTP helo=<mx.reporter.test>\n')


def test_log(lab):
    """The log of another host, more at once than the ring holds: each line once, over restarts of either side."""
    place, log, n = f'unix:{lab.dir}/sensors', lab.write('mail.log', ''), 20000
    argv = [lab.program, 'sensor', 'log', '--file', log, '--to', place, '--name', 'mx2']

    def add(first, end):
        with open(log, 'a') as f:
            f.write(''.join(map(refusal, range(first, end))))

    def expected(first, end):
        return [f'unknown n{i}@example.test 198.51.100.25' for i in range(first, end)]

    lab.daemon('log', argv)
    driver = Driver(lab, f'sensors={place}')
    lablib.wait_for(lambda: any(line.startswith('position ') for line in driver.lines()), 'a first position')
    driver.send(signal.SIGSTOP)
    add(0, n)
    time.sleep(1)  # the ring is full now, and the sensor waits
    driver.send(signal.SIGCONT)
    driver.expect(*expected(0, n))
    lablib.wait_for(lambda: int(driver.position().split()[1]) > n, 'the position after them')
    assert lab.stop('log') == 0
    before = driver.position().split()[0]
    add(n, n + 5)
    lab.daemon('log', argv)
    driver.expect(*expected(0, n + 5))
    lablib.wait_for(lambda: driver.position().split()[0] != before and int(driver.position().split()[1]) > 5,
                    'the position after them')
    known = driver.position()
    driver.stop(signal.SIGKILL)
    lab.stop('log')
    add(n + 5, n + 7)
    again = Driver(lab, f'sensors={place}', known=f'sensor mx2={known}')
    lab.daemon('log', argv)
    again.expect(*expected(n + 5, n + 7))


def test_log_ends_while_it_waits(lab):
    """SIGTERM ends it without a controller, and while the ring is full."""
    log = lab.write('mail.log', '')
    argv = [lab.program, 'sensor', 'log', '--file', log, '--to', f'unix:{lab.dir}/sensors']
    lablib.wait_hears(lab.daemon('early', argv), signal.SIGTERM)
    assert lab.stop('early') == 0
    driver = Driver(lab, f'sensors=unix:{lab.dir}/sensors')
    lab.daemon('full', argv)
    lablib.wait_for(lambda: any(line.startswith('position ') for line in driver.lines()), 'a first position')
    driver.send(signal.SIGSTOP)
    with open(log, 'a') as f:
        f.write(''.join(map(refusal, range(40000))))
    time.sleep(1)
    assert lab.stop('full') == 0
    driver.send(signal.SIGCONT)


def test_usage(lab):
    for args, why in ((('carrier-pigeon', '--to', 'unix:/x'), 'there is no sensor'), (('opensmtpd',), 'expected --to'),
                      (('opensmtpd', '--to', 'nonsense'), 'expected unix:/PATH'),
                      (('opensmtpd', '--to', 'unix:/x', '--name', 'Mx 1'), 'cannot be the name'),
                      (('milter', '--to', 'unix:/x'), 'expected --socket'),
                      (('log', '--to', 'unix:/x'), 'expected --file')):
        done = lab.run(lab.program, 'sensor', *args)
        assert done.rc == 2 and why in done.stderr, done.stderr
