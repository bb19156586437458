#!/usr/bin/env python3
"""What `dnsguard watch` needs of memory for 1, 1,000 and 100,000 mail names, quiet and under attack (./dev bench memory).

    bench_memory.py [N...]

First the hub and its detectors alone, beside bare detectors (memory.c). Then the daemon: policies of N zones with one mail name each, read and kept; started, and
after a log with nine forged bounces to each of them (to a thousand of them at most: each alarm is a transaction on disk). Pss and the private part are the
kernel's (smaps_rollup); a name's share is what is above the daemon with one, of an attacked one what is above the quiet daemon.
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / 'build'
ZONES_A_FILE = 1000
FORGED = 9
ATTACKED_MAX = 1000


def memory(pid):
    """(Pss, what is not shared) in KiB."""
    rows = dict(line.split(':') for line in pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text().split('\n')[1:] if ':' in line)
    kib = {key: int(value.split()[0]) for key, value in rows.items()}
    return kib['Pss'], kib['Private_Clean'] + kib['Private_Dirty']


def write_policies(folder, n):
    (folder / 'zones').mkdir()
    for at in range(0, n, ZONES_A_FILE):
        text = 'defaults: {provider: {zonefile: {path: "{zone}.zone"}}, mail: {"@": {mx: [10 mx1], spf: [mx]}}, ' \
               f'watch: {{sensors: [{{log: {folder}/mail.log}}]}}}}\nzones:\n'
        (folder / f'zones/z{at:06}.yaml').write_text(text + ''.join(f'  n{i:05}.example:\n' for i in range(at, min(at + ZONES_A_FILE, n))))


def attack(folder, n):
    stamp = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime()) + '.000000+00:00'
    with open(folder / 'mail.log', 'a', encoding='ascii') as log:
        for i in range(n):
            log.writelines(
                f'{stamp} mx postfix/smtpd[132]: NOQUEUE: reject: RCPT from unknown[198.51.{k}.25]: 550 5.1.1 <r{k}@n{i:05}.example>: '
                f'Recipient address rejected: User unknown in local recipient table; from=<> to=<r{k}@n{i:05}.example> proto=ESMTP '
                'helo=<mx.r.example>\n' for k in range(FORGED))


def count(path, word):
    with open(path, 'rb') as f:
        return sum(word in line for line in f)


def wait_for(process, what, is_true):
    while not is_true():
        if process.poll() is not None:
            raise SystemExit(f'dnsguard watch ended before it had {what}')
        time.sleep(0.5)


def daemon(n):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_policies(folder, n)
        (folder / 'mail.log').touch()
        out = folder / 'out'
        argv = [BUILD / 'controller/dnsguard', '--state', folder / 'state', 'watch', '--json', folder / 'zones']
        with open(out, 'wb') as said:
            process = subprocess.Popen(argv, stdout=said, stderr=subprocess.STDOUT)
        try:
            wait_for(process, 'begun', lambda: count(out, b'"type":"watching"') == n)
            time.sleep(1)
            quiet = memory(process.pid)
            attack(folder, min(n, ATTACKED_MAX))
            wait_for(process, 'seen the attack', lambda: count(out, b'"event":"alarm"') >= min(n, ATTACKED_MAX))
            active = memory(process.pid)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    return quiet, active


def main():
    counts = [int(word) for word in sys.argv[1:]] or [1, 1000, 100000]
    subprocess.run(['ninja', '-C', BUILD, 'controller/dnsguard', 'tests/bench/bench_memory'], check=True, stdout=subprocess.DEVNULL)
    for n in counts:
        subprocess.run([BUILD / 'tests/bench/bench_memory', str(n)], check=True)
    print(f'\n{"dnsguard watch":>14} {"":8} {"Pss MiB":>9} {"private":>9} {"octets a name":>14}', flush=True)
    first = None
    for n in counts:
        seen = daemon(n)
        first = first or seen
        quiet, attacked = seen
        shares = ((quiet[1] - first[0][1]) / n, (attacked[1] - quiet[1]) / min(n, ATTACKED_MAX))
        for what, now, share in zip(('quiet', 'attacked'), seen, shares):
            text = f'{share * 1024:14.0f}' if n > 1 else ''
            print(f'{n:>8} names {what:8} {now[0] / 1024:9.1f} {now[1] / 1024:9.1f} {text}', flush=True)
    return 0


if __name__ == '__main__':
    os.environ.pop('NOTIFY_SOCKET', None)
    sys.exit(main())
