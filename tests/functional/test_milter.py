"""The milter: against miltertest, which plays the mail server, and inside real Postfix; and the policy service inside Postfix."""
import shutil
import signal
import socket

import lab as lablib
import mta
import pytest
from test_sensor import Driver

DOMAIN = 'example.test'
REPORTER, OTHER = '198.51.100.25', '203.0.113.99'
real = pytest.mark.skipif(mta.UNUSABLE is not None, reason=str(mta.UNUSABLE))
played = pytest.mark.skipif(not shutil.which('miltertest'), reason='miltertest is not installed')
# As doc/sensors.md says, but for a patience that no busy machine uses up. IMPATIENT is to the letter.
MILTER = 'smtpd_milters = {{ unix:{}, connect_timeout=60s, command_timeout=60s, default_action=accept }}\n'
IMPATIENT = MILTER.replace('connect_timeout=60s, command_timeout=60s', 'connect_timeout=1s, command_timeout=2s')
POLICY = ('smtpd_recipient_restrictions = reject_unauth_destination,\n'
          '  check_policy_service {{ unix:{}, default_action=DUNNO, timeout={}s }}\n')
PATIENCE_S = 300


class Milter:
    def __init__(self, lab):
        self.lab, self.name, self.path = lab, lab.unique('milter'), lab.dir / 'milter'
        self.controller = Driver(lab, f'sensors=unix:{lab.dir}/sensors')
        lab.daemon(self.name, [lab.program, 'sensor', 'milter', '--socket', f'unix:{self.path} group=news', '--to',
                               f'unix:{lab.dir}/sensors', '--name', 'mx1'])
        lab.wait_ready(self.name, self.path.is_socket)

    def send(self, number):
        self.lab.processes[self.name].send_signal(number)

    def stop(self):
        """What it said last, after SIGTERM."""
        assert self.lab.stop(self.name) == 0
        return (self.lab.dir / f'{self.name}.log').read_text()


@pytest.fixture
def milter(lab):
    return Milter(lab)


# --- miltertest -------------------------------------------------------------------------------------

STEPS = {  # what a session is made of, as Lua
    'mail': '''mt.macro(conn, SMFIC_MAIL, "{{mail_addr}}", "{1}", "{{auth_authen}}", "{2}")
        check(mt.mailfrom(conn, "{0}"))''',
    'ok': 'mt.macro(conn, SMFIC_RCPT, "{{rcpt_mailer}}", "local", "{{rcpt_host}}", "mx")\ncheck(mt.rcptto(conn, "{0}"))',
    'refused': '''mt.macro(conn, SMFIC_RCPT, "{{rcpt_mailer}}", "error", "{{rcpt_host}}", "{1}")
        check(mt.rcptto(conn, "{0}"))''',
    'end': 'check(mt.eom(conn))',
    'abort': 'mt.abort(conn)',
}


def play(lab, milter, *steps, client=REPORTER):
    script = ['function check(r) if r ~= nil then error(r) end',
              'if mt.getreply(conn) ~= SMFIR_CONTINUE then error("reply") end end',
              f'conn = mt.connect("unix:{milter.path}")', 'if conn == nil then error "connect" end',
              f'check(mt.conninfo(conn, "mx.reporter.test", "{client}"))',
              *(STEPS[name].format(*args, '', '') for name, *args in steps), 'mt.disconnect(conn)']
    path = lab.write(lab.unique('play') + '.lua', '\n'.join(script) + '\n')
    done = lab.run('miltertest', '-s', path)
    assert done.rc == 0, done.stdout + done.stderr


@played
def test_played(lab, milter):
    null = ('mail', '<>')
    play(lab, milter, null, ('ok', '<a@example.test>'), ('refused', '<b@example.test>', '5.1.1'),
         ('refused', '<c@example.test>', '5.7.1'), ('end',))
    play(lab, milter, null, ('ok', '<d@example.test>'), ('abort',), null, ('refused', '<e@example.test>', '4.1.1'))
    play(lab, milter, ('mail', '<u@example.test>', 'u@example.test', 'u'), ('ok', '<x@there.test>'),
         ('ok', '<y@there.test>'), ('end',))
    play(lab, milter, ('mail', '<x@there.test>', 'x@there.test'), ('ok', '<a@example.test>'),
         ('refused', '<f@example.test>', '5.1.1'), ('end',))
    play(lab, milter, null, ('ok', '<a@example.test>'), ('refused', '<b@example.test>', '5.1.1'), ('end',), client='127.0.0.1')
    milter.controller.expect(*(f'{what} {REPORTER}' for what in (
        'unknown b@example.test', 'barred c@example.test', 'taken a@example.test', 'barred d@example.test',
        'barred e@example.test', 'sent u@example.test', 'sent u@example.test', 'received a@example.test')))
    assert '8 events, 8 of them acknowledged, 0 dropped' in milter.stop()
    assert not milter.path.exists() or not greets(milter.path)


@played
def test_played_null_sender(lab, milter):
    """Postfix passes on what the client wrote; {mail_addr} is what it means."""
    for path in ('<>', '< >', '<<>>'):
        play(lab, milter, ('mail', path), ('refused', '<b@example.test>', '5.1.1'))
    milter.controller.expect(*3 * [f'unknown b@example.test {REPORTER}'])


@played
def test_played_many_recipients(lab, milter):
    """More than it keeps for the end of a message count at once; strange addresses do not disturb."""
    names = [f'{"x" * 240}{i}@example.test' for i in range(300)]
    play(lab, milter, ('mail', '<>'), *(('ok', f'<{name}>') for name in names), ('ok', '<' + 'y' * 400 + '@example.test>'),
         ('ok', '<a b@example.test>'), ('abort',))
    lablib.wait_for(lambda: len(milter.controller.events()) >= 301, 'all recipients')
    events = milter.controller.events()
    assert sorted({event.split()[0] for event in events}) == ['barred', 'taken']
    assert f'barred a b@example.test {REPORTER}' in events or f'taken a b@example.test {REPORTER}' in events
    assert '301 events, 301 of them acknowledged, 1 dropped' in milter.stop()


@played
def test_played_controller_is_gone(lab, milter):
    milter.controller.stop(signal.SIGKILL)
    play(lab, milter, ('mail', '<>'), ('refused', '<b@example.test>', '5.1.1'))
    again = Driver(lab, f'sensors=unix:{lab.dir}/sensors')
    again.expect(f'unknown b@example.test {REPORTER}')


def greets(path):
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.connect(str(path))
        except OSError:
            return False
    return True


# --- Postfix ----------------------------------------------------------------------------------------

class Postfix(mta.Postfix):
    """With further lines in main.cf, and addresses for those who send."""

    def __init__(self, lab, more):
        self.more = more
        for address in (REPORTER, OTHER):
            lab.run('ip', 'address', 'add', f'{address}/32', 'dev', 'lo')
        super().__init__(lab, DOMAIN)

    def start(self):
        write = self.lab.write

        def with_more(name, text, *args):
            return write(name, text + (self.more if name.endswith('main.cf') else ''), *args)
        self.lab.write = with_more
        try:
            super().start()
        finally:
            self.lab.write = write


def smtp(postfix, *commands, client=REPORTER):
    """Says the commands and returns the code of each answer; after 354 the message is sent."""
    codes = []
    with socket.create_connection((postfix.address, 25), PATIENCE_S, (client, 0)) as s, s.makefile('rwb') as f:
        def answer():
            line = f.readline()
            while line[3:4] == b'-':
                line = f.readline()
            codes.append(int(line[:3] or b'0'))
            return codes[-1]
        answer()
        for command in ('EHLO mx.reporter.test', *commands, 'QUIT'):
            f.write(command.encode() + b'\r\n')
            f.flush()
            if answer() == 354:
                f.write(b'Subject: Undelivered\r\n\r\ntext\r\n.\r\n')
                f.flush()
                answer()
    return codes[2:-1]


NULL, GOOD, DATA = 'MAIL FROM:<>', f'RCPT TO:<postmaster@{DOMAIN}>', 'DATA'
TAKEN = [250, 250, 354, 250]


def bad(n):
    return f'RCPT TO:<nosuch{n}@{DOMAIN}>'


@real
def test_postfix_milter(lab, milter):
    """The events of bounces, callouts and other mail, each seen once, whether taken or refused."""
    postfix = Postfix(lab, MILTER.format(milter.path))
    assert smtp(postfix, NULL, GOOD, DATA) == TAKEN, postfix.log
    assert smtp(postfix, NULL, bad(1)) == [250, 550]
    assert smtp(postfix, NULL, bad(2), bad(3), client=OTHER) == [250, 550, 550]
    assert smtp(postfix, NULL, bad(4), GOOD, DATA) == [250, 550, 250, 354, 250]
    assert smtp(postfix, NULL, 'RCPT TO:<someone@elsewhere.test>') == [250, 554]
    assert smtp(postfix, 'MAIL FROM:< >', GOOD, DATA) == TAKEN
    assert smtp(postfix, 'MAIL FROM:<a@there.test>', GOOD, DATA) == TAKEN
    assert smtp(postfix, NULL, GOOD) == [250, 250]
    assert smtp(postfix, NULL, GOOD, 'RSET', NULL, bad(5)) == [250, 250, 250, 250, 550]
    assert smtp(postfix, NULL, bad(6), client='127.0.0.1') == [250, 550]
    postmaster = f'postmaster@{DOMAIN} {REPORTER}'
    milter.controller.expect(
        f'taken {postmaster}', f'unknown nosuch1@{DOMAIN} {REPORTER}', f'unknown nosuch2@{DOMAIN} {OTHER}',
        f'unknown nosuch3@{DOMAIN} {OTHER}', f'unknown nosuch4@{DOMAIN} {REPORTER}', f'taken {postmaster}',
        f'barred someone@elsewhere.test {REPORTER}', f'taken {postmaster}', f'received {postmaster}',
        f'barred {postmaster}', f'barred {postmaster}', f'unknown nosuch5@{DOMAIN} {REPORTER}')
    assert '12 events, 12 of them acknowledged, 0 dropped' in milter.stop()


@real
@pytest.mark.parametrize('how', ['hung', 'dead', 'ended', 'controller-hung', 'controller-dead'])
def test_postfix_loses_no_mail_to_the_milter(lab, milter, how):
    postfix = Postfix(lab, (MILTER if how.startswith('controller') else IMPATIENT).format(milter.path))
    assert smtp(postfix, NULL, GOOD, DATA) == TAKEN
    if how == 'hung':
        milter.send(signal.SIGSTOP)
    elif how == 'dead':
        lab.stop(milter.name, signal.SIGKILL)
    elif how == 'ended':
        milter.stop()
    elif how == 'controller-hung':
        milter.controller.send(signal.SIGSTOP)
    else:
        milter.controller.stop(signal.SIGKILL)
    for _ in range(2):
        assert smtp(postfix, NULL, GOOD, DATA) == TAKEN, postfix.log
    if how == 'hung':
        milter.send(signal.SIGCONT)
    if how == 'controller-hung':
        milter.controller.send(signal.SIGCONT)
        milter.controller.expect(*3 * [f'taken postmaster@{DOMAIN} {REPORTER}'])


@real
def test_postfix_policy(lab):
    controller = Driver(lab, f'policy=unix:{lab.dir}/policy group=news')
    postfix = Postfix(lab, POLICY.format(lab.dir / 'policy', 60))
    assert smtp(postfix, NULL, GOOD, bad(1), DATA) == [250, 250, 550, 354, 250], postfix.log
    assert smtp(postfix, 'MAIL FROM:<a@there.test>', GOOD, DATA, client=OTHER) == TAKEN
    assert smtp(postfix, NULL, 'RCPT TO:<someone@elsewhere.test>') == [250, 554]
    controller.expect(f'taken postmaster@{DOMAIN} {REPORTER}', f'taken nosuch1@{DOMAIN} {REPORTER}',
                      f'received postmaster@{DOMAIN} {OTHER}')


@real
@pytest.mark.parametrize('how', ['hung', 'dead', 'ended'])
def test_postfix_loses_no_mail_to_the_policy_service(lab, how):
    controller = Driver(lab, f'policy=unix:{lab.dir}/policy group=news')
    postfix = Postfix(lab, POLICY.format(lab.dir / 'policy', 2))
    assert smtp(postfix, NULL, GOOD, DATA) == TAKEN
    if how == 'hung':
        controller.send(signal.SIGSTOP)
    else:
        controller.stop(signal.SIGKILL if how == 'dead' else signal.SIGTERM)
    for _ in range(2):
        assert smtp(postfix, NULL, GOOD, DATA) == TAKEN, postfix.log
    if how == 'hung':
        controller.send(signal.SIGCONT)
