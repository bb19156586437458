#!/usr/bin/env python3
"""What the sensors cost a real Postfix in all (run in the lab, as root: ./dev bench mta).

    bench_postfix.py [N [ROUNDS]]

Five of them side by side: alone, with a policy service that does nothing, with ours, with a libmilter that does nothing, with ours. By turns each gets N
messages of 2 kB with a null sender, each in a connection of its own, twenty at once, and throws them away. Processor time is of all processes of that
Postfix, those that have ended too, and of what sits beside it; the ratio is to Postfix alone in the same run.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / 'tests/lab'))
import lab as lablib  # noqa: E402
import mta  # noqa: E402
import post  # noqa: E402

BUILD = ROOT / 'build'
TICK = os.sysconf('SC_CLK_TCK')
DOMAIN = 'example.test'
MILTER = 'smtpd_milters = {{ unix:{}, connect_timeout=10s, command_timeout=10s, default_action=accept }}\n'
POLICY = ('smtpd_recipient_restrictions = reject_unauth_destination,\n'
          '  check_policy_service {{ unix:{}, default_action=DUNNO, timeout=10s }}\n')


def seconds(stat, with_ended):
    fields = stat.read_text().rpartition(') ')[2].split()
    return sum(int(f) for f in fields[11:15 if with_ended else 13]) / TICK


def of_threads(pid):
    return sum(seconds(task / 'stat', False) for task in pathlib.Path(f'/proc/{pid}/task').iterdir())


def of_tree(pid):
    """Of a process, of its children that live, and of those that it has seen end."""
    total = seconds(pathlib.Path(f'/proc/{pid}/stat'), True)
    for child in pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split():
        try:
            total += seconds(pathlib.Path(f'/proc/{child}/stat'), True)
        except OSError:
            pass  # it ended in between
    return total


class Postfix(post.Postfix):
    def __init__(self, lab, number, more):
        address = f'198.18.50.{number}'
        lab.run('ip', 'address', 'add', f'{address}/32', 'dev', 'lo', check=True)
        self.more = more
        super().__init__(lab, DOMAIN, address)

    def settings(self):
        return super().settings() + 'local_transport = discard:\n' + self.more


class Place:
    """A Postfix, and what sits beside it."""

    def __init__(self, lab, number, name, more='', beside=()):
        self.name, self.lab, self.beside, self.runs = name, lab, list(beside), []
        self.postfix = Postfix(lab, number, more)

    def used(self):
        return (of_tree(self.lab.processes[self.postfix.name].pid), sum(of_threads(self.lab.processes[name].pid) for name in self.beside))

    def idle(self):
        queue = self.postfix.dir / 'spool'
        return not any(files for folder in ('incoming', 'active', 'maildrop') for _, _, files in os.walk(queue / folder))

    def send(self, n):
        root = mta.PACKAGES / 'postfix'
        self.lab.run('env', f'LD_LIBRARY_PATH={root}/usr/lib/postfix', root / 'usr/sbin/smtp-source', '-s', '20', '-m', n, '-l', '2048',
                     '-f', '', '-t', f'postmaster@{DOMAIN}', f'inet:{self.postfix.address}:25', check=True)

    def run(self, n):
        before, start = self.used(), time.monotonic()
        self.send(n)
        wall = time.monotonic() - start
        lablib.wait_for(self.idle, 'an empty queue')
        after = self.used()
        self.runs.append((after[0] - before[0], after[1] - before[1], wall))


def beside(lab, name, argv, path):
    lab.daemon(name, argv)
    lab.wait_ready(name, path.is_socket)
    os.chmod(path, 0o666)
    return name


def places(lab):
    driver = BUILD / 'tests/functional/sensor_driver'
    path = {name: lab.dir / name for name in ('nullpolicy', 'policy', 'nullmilter', 'milter', 'sensors')}
    beside(lab, 'nullpolicy', [BUILD / 'tests/bench/bench_null_policy', path['nullpolicy']], path['nullpolicy'])
    beside(lab, 'policy', [driver, f'policy=unix:{path["policy"]}'], path['policy'])
    beside(lab, 'nullmilter', [BUILD / 'tests/bench/bench_null_milter', f'unix:{path["nullmilter"]}'], path['nullmilter'])
    beside(lab, 'sensors', [driver, f'sensors=unix:{path["sensors"]}'], path['sensors'])
    beside(lab, 'milter', [lab.program, 'sensor', 'milter', '--socket', f'unix:{path["milter"]}', '--to', f'unix:{path["sensors"]}'],
           path['milter'])
    return [Place(lab, 1, 'Postfix alone'),
            Place(lab, 2, 'policy that does nothing', POLICY.format(path['nullpolicy']), ['nullpolicy']),
            Place(lab, 3, 'our policy service', POLICY.format(path['policy']), ['policy']),
            Place(lab, 4, 'milter that does nothing', MILTER.format(path['nullmilter']), ['nullmilter']),
            Place(lab, 5, 'our milter, controller', MILTER.format(path['milter']), ['milter', 'sensors'])]


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    if mta.UNUSABLE:
        print(f'Postfix was not measured: {mta.UNUSABLE}')
        return 0
    targets = ['tests/functional/sensor_driver', 'tests/bench/bench_null_milter', 'tests/bench/bench_null_policy']
    subprocess.run(['ninja', '-C', BUILD, *targets], check=True, stdout=subprocess.DEVNULL)
    with lablib.Lab(f'{os.environ["LAB_DIR"]}/postfix') as lab:
        all_places = places(lab)
        for place in all_places:
            place.send(20)  # its processes are there
        for _ in range(rounds):
            for place in all_places:
                place.run(n)
        print(f'{n} messages, {rounds} rounds, load {os.getloadavg()[0]:.1f}: processor time a message, median')
        print(f'{"":26} {"Postfix ms":>10} {"beside ms":>10} {"total ms":>9} {"ratio":>6} {"messages/s":>11}')
        alone = statistics.median(run[0] for run in all_places[0].runs)
        for place in all_places:
            own, other, wall = (statistics.median(column) for column in zip(*place.runs))
            print(f'{place.name:26} {own / n * 1e3:10.3f} {other / n * 1e3:10.3f} {(own + other) / n * 1e3:9.3f} {(own + other) / alone:6.2f} '
                  f'{n / wall:11.0f}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
