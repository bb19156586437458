"""Null-sender mail that is refused at RCPT, inside real Postfix: by the policy service, and by the milter that the controller tells."""
import pathlib
import signal
import time

import mta
import pytest
from lab import wait_for
from test_milter import DOMAIN, MILTER, NULL, POLICY, TAKEN, Postfix, smtp
from test_watch import Watch

pytestmark = pytest.mark.skipif(mta.UNUSABLE is not None, reason=str(mta.UNUSABLE))

YAML = f'''zone: {DOMAIN}
provider: {{zonefile: {{path: {DOMAIN}.zone}}}}
mail:
  "@": {{mx: [10 mx1.{DOMAIN}], spf: [mx], shed: %s}}
watch:
  sensors: [{{log: %s}}, {{%s}}]
'''
DATA = 'DATA'


def to(local):
    return f'RCPT TO:<{local}@{DOMAIN}>'


def is_stopped(pid):
    tasks = pathlib.Path(f'/proc/{pid}/task').iterdir()
    return all((task / 'stat').read_text().rsplit(') ', 1)[1][0] == 'T' for task in tasks)


class Shed(Watch):
    """A watch, and a Postfix that takes every recipient, unless it is told not to."""

    def __init__(self, lab, how, shed=f'{{when: attack, always: [List@{DOMAIN}]}}', patience_s=60):
        self.how, self.shed = how, shed
        super().__init__(lab)
        self.start()
        if how == 'milter':
            path = lab.dir / 'milter'
            lab.daemon('milter', [lab.program, 'sensor', 'milter', '--socket', f'unix:{path} group=news', '--to',
                                  f'unix:{lab.dir}/sensors', '--name', 'mx1'])
            lab.wait_ready('milter', path.is_socket)
        lines = MILTER.format(lab.dir / 'milter') if how == 'milter' else POLICY.format(lab.dir / 'policy', patience_s)
        self.postfix = Postfix(lab, lines + 'local_recipient_maps =\n')

    def write_policy(self, more=''):
        place = 'sensors: "unix:{}/sensors"' if self.how == 'milter' else 'policy: "unix:{}/policy group=news"'
        self.policy.write_text(YAML % (self.shed, self.log, place.format(self.lab.dir)))

    def bounce(self, local):
        return smtp(self.postfix, NULL, to(local))[1]

    def wait_code(self, local, code):
        wait_for(lambda: self.bounce(local) == code, f'{code} for a bounce to {local}', 60)


@pytest.mark.parametrize('how', ['policy', 'milter'])
def test_shed(lab, how):
    shed = Shed(lab, how)
    shed.wait_code('list', 550)  # always
    assert shed.bounce('user') == 250
    assert smtp(shed.postfix, 'MAIL FROM:<a@there.test>', to('list'), DATA) == TAKEN
    shed.refuse(40, DOMAIN)
    shed.wait_code('user', 550)
    assert shed.bounce('postmaster') == 250  # RFC 5321 section 4.5.1
    assert smtp(shed.postfix, 'MAIL FROM:<a@there.test>', to('user'), DATA) == TAKEN
    assert smtp(shed.postfix, NULL, to('user'), to('postmaster'), DATA) == [250, 550, 250, 354, 250]
    assert 'is being forged as the sender of spam' in shed.postfix.log
    assert '5.7.1' in shed.postfix.log
    # what is refused is counted all the same
    assert [shed.bounce('user') for _ in range(20)] == 20 * [550]
    shed.stop()
    assert shed.status(DOMAIN)['evidence']['unknown'] >= 20
    shed.wait_code('user', 250)  # nobody there: taken


@pytest.mark.parametrize('how', ['policy', 'milter'])
def test_shed_fails_open(lab, how):
    """The controller is killed, or stands still: mail is taken, and not kept waiting."""
    shed = Shed(lab, how, patience_s=5)
    shed.wait_code('list', 550)
    process = lab.processes['watch']
    if how == 'policy':
        process.send_signal(signal.SIGSTOP)
        wait_for(lambda: is_stopped(process.pid), 'all of its threads to stand still', 60)
        assert shed.bounce('list') == 250
        process.send_signal(signal.SIGCONT)
        shed.wait_code('list', 550)
    lab.stop('watch', signal.SIGKILL)
    shed.wait_code('list', 250)
    shed.start()
    shed.wait_code('list', 550)  # the milter finds it again


def test_off_by_default(lab):
    shed = Shed(lab, 'policy', shed='{}')
    shed.refuse(40, DOMAIN)
    wait_for(lambda: [line for line in shed.lines('level') if line['event'] == 'alarm'], 'the alarm', 60)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        assert shed.bounce('user') == 250
        time.sleep(0.5)
