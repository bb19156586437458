"""dnsguard watch and status: a log that grows line by line."""
import fcntl
import json
import os
import signal
import socket
import struct
import termios
import threading
import time

import pytest
import terminal

from lab import wait_for

POLICY = '''zone: example.com
provider: {zonefile: {path: example.com.zone}}
mail:
  "@": {mx: [10 mx1.example.com], spf: [mx]}
  canary1: {mx: [10 mx1.example.com], spf: [mx]}
  canary2: {mx: [10 mx1.example.com], spf: [mx]}
  canary3: {mx: [10 mx1.example.com], spf: [mx]}
%swatch:
  sensors: [{log: %s}]
'''


class Watch:
    """A running watch and its log."""

    def __init__(self, lab):
        self.lab, self.log, self.n, self.process = lab, lab.dir / 'mail.log', 0, None
        self.n_canaries = 0
        self.log.write_text('')
        self.policy = lab.dir / 'zone.yaml'
        self.write_policy()

    def write_policy(self, more=''):
        self.policy.write_text(POLICY % (more, self.log))

    def start(self):
        begun = len(self.lines('watching'))
        self.process = self.lab.daemon('watch', [self.lab.program, '--state', str(self.lab.dir / 'state'), 'watch', '--json',
                                                 str(self.policy)])
        self.lab.wait_ready('watch', lambda: len(self.lines('watching')) > begun)

    def stop(self, number=signal.SIGTERM):
        return self.lab.stop('watch', number)

    def lines(self, kind):
        path = self.lab.dir / 'watch.log'
        text = path.read_text() if path.exists() else ''
        found = [json.loads(line) for line in text.split('\n')[:-1] if line.startswith('{')]  # a last one may be under way
        return [line for line in found if line['type'] == kind]

    def refuse(self, count, domain='example.com', path=None):
        stamp = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime()) + '.000000+00:00'
        with open(path or self.log, 'a') as log:
            for _ in range(count):
                self.n += 1
                rcpt = f'n{self.n}@{domain}'
                log.write(f'{stamp} mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from a[198.51.{self.n % 250}.9]: 550 5.1.1 <{rcpt}>: '
                          f'Recipient address rejected: User unknown in local recipient table; from=<> to=<{rcpt}> proto=ESMTP helo=<a>\n')

    def wait_read(self):
        """Until all that stands in the log was counted: what is written last, about a mail name of its own, raises an alarm."""
        self.n_canaries += 1
        name = f'canary{self.n_canaries}.example.com'
        self.refuse(40, name)
        wait_for(lambda: any(line['name'] == f'{name}.' for line in alarms(self)), name)

    def status(self, name='example.com'):
        done = self.lab.dnsguard('status', '--json', name)
        assert done.rc in (0, 3), done
        return json.loads(done.stdout)

    def foreign(self):
        evidence = self.status()['evidence']
        return evidence['foreign'] if evidence else 0


@pytest.fixture
def watch(lab):
    watch = Watch(lab)
    watch.start()
    return watch


def alarms(watch):
    return [line for line in watch.lines('level') if line['event'] == 'alarm']


def test_alarm_and_status(watch):
    assert watch.lines('watching')[0]['mode'] == 'never'
    assert watch.status()['level'] == 'calm'
    watch.refuse(40)
    wait_for(lambda: alarms(watch), 'the alarm')
    alarm = alarms(watch)[0]
    assert alarm['name'] == 'example.com.' and alarm['score'] > 16 and alarm['evidence']['reporters'] > 1
    assert watch.stop() == 0
    done = watch.lab.dnsguard('status').expect(3)
    assert 'example.com ' in done.stdout and 'alarm' in done.stdout and 'bounces of mail that was not sent from here' in done.stdout
    watch.lab.dnsguard('status', 'other.example').expect(2)
    assert 'dnsguard watch: ' in watch.lab.dnsguard('incident', 'show', 'example.com').expect(0).stdout  # a record was opened


def sensors(watch):
    """{sensor: its last event} as status says it to machines; and its lines for people."""
    done = watch.lab.dnsguard('status', '--json')
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    people = [line for line in watch.lab.dnsguard('status').stdout.splitlines() if line.startswith('sensor ')]
    return {row['sensor']: row['last_event'] for row in rows if row['type'] == 'sensor'}, people


def test_status_tells_of_sensors(watch):
    name = f'log {watch.log}'
    assert sensors(watch) == ({name: None}, [f'sensor {name}: nothing yet'])
    assert 'sensor' not in watch.lab.dnsguard('status', '--json', 'example.com').stdout  # of one name alone: no sensors
    before = int(time.time())
    watch.wait_read()
    assert watch.stop() == 0
    seen, people = sensors(watch)
    assert list(seen) == [name] and before - 1 <= seen[name] <= time.time()
    assert len(people) == 1 and people[0].startswith(f'sensor {name}: last event ') and people[0].endswith(' ago')
    watch.start()
    assert sensors(watch)[0] == seen  # known over a restart


def test_restart_and_kill_count_once(watch):
    watch.refuse(40)
    wait_for(lambda: alarms(watch), 'the alarm')
    assert watch.stop() == 0
    first = watch.foreign()
    watch.refuse(25)
    watch.start()
    watch.refuse(10)
    watch.wait_read()
    watch.stop(signal.SIGKILL)  # nothing of it is on disk, unless a minute went by
    assert watch.foreign() in (first, first + 35)
    watch.refuse(5)
    watch.start()
    watch.wait_read()
    assert watch.stop() == 0
    assert watch.foreign() == first + 40


def test_rotation(watch):
    watch.refuse(20)
    wait_for(lambda: alarms(watch), 'the alarm')
    os.rename(watch.log, f'{watch.log}.1')
    watch.refuse(10, path=f'{watch.log}.1')
    watch.refuse(10)
    watch.wait_read()
    assert watch.stop() == 0
    one = watch.foreign()
    watch.lab.run('gzip', f'{watch.log}', check=True)
    os.rename(f'{watch.log}.1', f'{watch.log}.2')
    os.rename(f'{watch.log}.gz', f'{watch.log}.1.gz')
    watch.refuse(7)
    watch.start()
    watch.wait_read()
    assert watch.stop() == 0
    assert one == 40 - 3 and watch.foreign() == one + 7


def test_policies_are_read_again(watch):
    watch.write_policy('  lists: {mx: [10 mx1.example.com], spf: [mx]}\n')
    os.kill(watch.process.pid, signal.SIGHUP)
    wait_for(lambda: any(line['name'] == 'lists.example.com.' for line in watch.lines('watching')), 'the new mail name')
    watch.refuse(40, 'lists.example.com')
    wait_for(lambda: alarms(watch), 'the alarm')
    watch.policy.write_text('zone: [')
    os.kill(watch.process.pid, signal.SIGHUP)
    wait_for(lambda: watch.lines('trouble'), 'trouble')
    assert watch.stop() == 0
    assert watch.status('lists.example.com')['level'] == 'alarm'


def test_one_instance(watch):
    done = watch.lab.dnsguard('watch', watch.policy).expect(1)
    assert 'another dnsguard watch is running' in done.stderr
    assert watch.stop(signal.SIGINT) == 0


def test_ready_is_told(lab):
    watch = Watch(lab)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(lab.dir / 'notify'))
        manager.settimeout(120)
        os.environ['NOTIFY_SOCKET'] = str(lab.dir / 'notify')
        try:
            watch.start()
        finally:
            del os.environ['NOTIFY_SOCKET']
        assert manager.recv(100) == b'READY=1'


def test_what_cannot_be_watched(lab):
    policy = lab.write('zone.yaml', POLICY % ('', 'mail.log'))
    assert 'nothing is watched yet' in lab.dnsguard('status').expect(0).stdout
    assert 'whole path' in lab.dnsguard('watch', policy).expect(2).stderr
    policy.write_text('zone: example.com\nprovider: {zonefile: {path: a}}\nwatch: {sensors: [{smoke: here}]}\n')
    done = lab.dnsguard('watch', policy).expect(2)
    assert 'zone.yaml:3' in done.stderr and "found the sensor 'smoke', expected one of log" in done.stderr
    policy.write_text('zone: example.com\nprovider: {zonefile: {path: a}}\n')
    assert 'no zone names a sensor' in lab.dnsguard('watch', policy).expect(2).stderr


def test_live_on_a_terminal(watch):
    """Drawn again when something changes, and as large as the terminal is; no colours with NO_COLOR."""
    def sized(term, rows, columns):
        fcntl.ioctl(term.end, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
    argv = [watch.lab.program, '--state', watch.lab.dir / 'state', 'status', '--live']
    with terminal.Terminal(argv, env={'NO_COLOR': '1'}) as term:
        term.wait_for('calm', 60)
        assert 'alarm' not in term.raw
        watch.refuse(40)
        wait_for(lambda: alarms(watch), 'the alarm')
        watch.stop()  # what it knows is written down
        term.wait_for('alarm', 60)
        assert '\x1b[3' not in term.raw  # no colours
        sized(term, 24, 20)
        term.raw = ''
        term.wait_for('\x1b[J', 60)
        term.raw = ''
        term.wait_for('\x1b[J', 60)
        assert max(len(line) for line in term.text.splitlines()) <= 20
        sized(term, 1, 80)
        term.wait_for('more lines', 60)
        term.type('q')
        assert term.finish() == 3
    with terminal.Terminal(argv, env={'NO_COLOR': ''}) as term:
        term.wait_for('alarm', 60)
        term.type('\x03')
        assert term.finish() == 3
    assert 'needs a terminal' in watch.lab.dnsguard('status', '--live').expect(2).stderr


def test_a_lock_that_is_let_go_in_a_moment(lab):
    """Who was killed while it started a child may have left it the lock for a moment; one that stays is another watch."""
    watch = Watch(lab)
    watch.start()
    watch.stop()
    with open(lab.dir / 'state/watch.lock') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        letting_go = threading.Timer(0.3, fcntl.flock, (lock, fcntl.LOCK_UN))
        letting_go.start()
        watch.start()
        letting_go.join()
        watch.stop()
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = lab.dnsguard('watch', watch.policy)
        assert said.rc == 1 and 'another dnsguard watch is running' in said.stderr, said
