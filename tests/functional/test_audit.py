"""audit: every line is answered once, in order or not, whatever ends the program in between; nothing stands still for one server."""
import collections
import csv
import io
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import hostile
import internet
import pytest
import servers
from lab import wait_for, wait_hears

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'bench/audit'))
import generate  # noqa: E402

N = 5000
RESOLVER = '127.0.0.27'  # of all tests here; those with an Internet of their own have theirs
DEAD = '127.0.0.25'
SLOW = '127.0.0.26'
SHAKY = '127.0.0.24'
VERDICTS = {'forgeable', 'lenient', 'protected', 'unknown'}


class World:
    def __init__(self, lab):
        self.lab = lab
        self.dir = lab.dir / 'population'
        generate.generate(self.dir, N)
        self.file = self.dir / 'domains.txt'
        self.domains = self.file.read_text().split()
        self.knot = servers.Knot(lab, {'example': (self.dir / 'example.zone').read_text()})
        self.unbound = servers.Unbound(lab, of=[self.knot], address=RESOLVER, extra='    outgoing-range: 4096\n    num-queries-per-thread: 4096\n')

    def argv(self, *args, resolver=RESOLVER):
        return [str(a) for a in (self.lab.program, 'audit', '--timeout', 120, '--resolver', resolver, *args)]

    def audit(self, *args, resolver=RESOLVER, **options):
        return self.lab.run(*self.argv(*args, resolver=resolver), **options)

    def start(self, *args, **options):
        return subprocess.Popen(self.argv(*args), stdin=options.pop('stdin', subprocess.DEVNULL), stderr=subprocess.PIPE,
                                text=True, **options)

    def write(self, name, lines):
        return self.lab.write(name, ''.join(f'{line}\n' for line in lines))


@pytest.fixture(scope='module')
def world(module_lab):
    yield World(module_lab)
    hostile.stop_all()


@pytest.fixture
def out(world):
    path = world.lab.dir / 'out'
    path.unlink(missing_ok=True)
    return path


def rows_of(text):
    """(rows, summary), each line parsed; the summary is the last one and the only one."""
    rows = [json.loads(line) for line in text.splitlines()]
    assert all(row['type'] in ('domain', 'error') for row in rows[:-1]) and rows[-1]['type'] == 'summary', rows[-1]
    return rows[:-1], rows[-1]


def check_complete(rows, summary, domains):
    assert [row['input'] for row in sorted(rows, key=lambda row: row['line'])] == domains
    assert len({row['line'] for row in rows}) == len(rows)
    assert summary['complete'] is True and summary['domains'] == len(domains) and summary['errors'] == 0
    counts = collections.Counter(row['verdict'] for row in rows)
    assert set(counts) <= VERDICTS and all(summary[verdict] == counts[verdict] for verdict in VERDICTS)
    causes = collections.Counter(code for row in rows if row['verdict'] in ('forgeable', 'lenient') for code in row['codes'])
    assert {c['code']: c['domains'] for c in summary['causes']} == causes


def test_five_thousand(world, out):
    """In order, as they come, as CSV, with one thread and with three: the same answers, each once."""
    said = world.audit('--threads', 1, world.file)
    assert said.rc == 0, said
    rows, summary = rows_of(said.stdout)
    check_complete(rows, summary, world.domains)
    assert [row['line'] for row in rows] == list(range(1, N + 1))
    assert f'{N} domains' in said.stderr and summary['unknown'] == 0
    verdicts = {row['domain']: row['verdict'] for row in rows}

    mixed, summary = rows_of(world.audit('--threads', 3, '--unordered', world.file).stdout)
    check_complete(mixed, summary, world.domains)
    assert {row['domain']: row['verdict'] for row in mixed} == verdicts

    assert world.audit('--csv', '--threads', 2, '-o', out, world.file).rc == 0
    table = out.read_bytes().decode()
    lines = list(csv.DictReader(io.StringIO(table, newline=''), strict=True))
    assert [line['input'] for line in lines] == world.domains
    assert [line['line'] for line in lines] == [str(n) for n in range(1, N + 1)]
    assert [line['verdict'] for line in lines] == [row['verdict'] for row in rows]
    assert [line['codes'].split() for line in lines] == [row['codes'] for row in rows]
    assert None not in lines[0] and all(None not in line.values() for line in lines)
    assert table.count('\r\n') == N + 1 == table.count('\n')


def test_verdicts(world):
    """What is published decides."""
    rows, _ = rows_of(world.audit(world.file).stdout)
    verdicts = {row['input']: row['verdict'] for row in rows}
    seen = collections.Counter()
    for line in (world.dir / 'expected.txt').read_text().splitlines():
        name, spf, _, dmarc = line.split()
        if dmarc == 'absent':
            assert verdicts[name] == 'forgeable', line
            seen['open'] += 1
        if dmarc == 'reject' and spf in ('nothing', 'addresses', 'include'):
            assert verdicts[name] == 'protected', line
            seen['shut'] += 1
    assert min(seen['open'], seen['shut']) > 100


def test_fast_asks_less(world):
    some = world.write('some', world.domains[:500])
    fast, less = rows_of(world.audit('--fast', some).stdout)
    full, more = rows_of(world.audit(some).stdout)
    assert less['questions'] < more['questions']
    assert [row['verdict'] for row in fast] == [row['verdict'] for row in full]


def test_lines_that_are_no_domain(world):
    lines = ['# a comment', '', world.domains[0], '  \t', 'a..example', 'user@d000001.example', '192.0.2.1', 'x' * 3000,
             'BÜCHER.example', 'D000002.Example.', '=cmd|x!A0', '"quoted", with a comma', 'back\\slash', '.']
    path = world.lab.dir / 'odd'
    path.write_bytes('\n'.join(lines).encode() + b'\n\xff\xfe\x00\x1b[31m\n' + world.domains[3].encode())
    said = world.audit(path)
    assert said.rc == 0, said
    assert '\x1b' not in said.stdout and said.stdout.isprintable() is False
    rows, summary = rows_of(said.stdout)
    by_line = {row['line']: row for row in rows}
    assert [row['line'] for row in rows] == [3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
    assert by_line[9]['input'] == 'BÜCHER.example' and by_line[9]['domain'].startswith('xn--bcher-kva.example')
    assert by_line[10]['input'] == 'D000002.Example.' and by_line[10]['domain'].startswith('d000002.example')
    bad = [row for row in rows if row['type'] == 'error']
    assert {5, 6, 7, 8, 12, 14, 15} <= {row['line'] for row in bad}
    assert all(row['error'] for row in bad)
    assert summary['errors'] == len(bad) and summary['domains'] == len(rows) - len(bad)
    assert f'{len(bad)} lines that are no domain' in said.stderr

    table = world.audit('--csv', path)
    lines = list(csv.DictReader(io.StringIO(table.stdout, newline=''), strict=True))
    assert [int(line['line']) for line in lines] == [row['line'] for row in rows]
    assert not [field for line in lines for field in line.values() if field and field[0] in '=+-@\t\r']
    assert {int(line['line']) for line in lines if line['error']} == {row['line'] for row in bad}


def test_resume_after_kills(world, out):
    """Killed again and again at any moment: in the end each line is there once, and the summary is of all."""
    rng = random.Random(11)
    for options in (), ('--unordered', '--threads', 3), ('--csv',):
        out.unlink(missing_ok=True)
        kills, args = 0, (*options, '--window', 60, '-o', out)
        while True:
            process = world.start(*args, '--resume', world.file)
            try:
                process.wait(rng.uniform(0.02, 0.2) if kills < 12 else 60)
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
            errors = process.communicate()[1]
            if process.returncode != -signal.SIGKILL:
                break
            if rng.random() < .3 and out.exists():
                os.truncate(out, max(0, out.stat().st_size - rng.randrange(300)))  # as if less had reached the disk
        assert process.returncode == 0 and kills > 2, errors
        text = out.read_bytes().decode()
        if '--csv' in options:
            lines = list(csv.DictReader(io.StringIO(text, newline=''), strict=True))
            assert [line['input'] for line in lines] == world.domains
            assert text.count('line,input') == 1
        else:
            rows, summary = rows_of(text)
            check_complete(rows, summary, world.domains)
            assert options or [row['line'] for row in rows] == list(range(1, N + 1))


def test_resume_of_what_is_done(world, out):
    some = world.write('some', world.domains[:50])
    assert world.audit('-o', out, some).rc == 0
    rows, summary = rows_of(out.read_text())
    again = world.audit('-o', out, '--resume', some)
    assert again.rc == 0 and '50 of them done before' in again.stderr, again
    after, total = rows_of(out.read_text())
    assert after == rows and total['questions'] == 0
    assert all(total[key] == summary[key] for key in (*VERDICTS, 'domains', 'causes'))
    longer = world.write('longer', world.domains[:60])  # grown at its end: the same lines, and more
    assert world.audit('-o', out, '--resume', longer).rc == 0
    check_complete(*rows_of(out.read_text()), world.domains[:60])
    refused = world.audit('-o', out, longer)
    assert refused.rc == 2 and '--resume' in refused.stderr


def test_resume_refuses(world, out):
    some = world.write('some', world.domains[:50])
    assert world.audit('-o', out, some).rc == 0
    before = out.read_bytes()
    for name, lines in ('swapped', [*world.domains[1:50], world.domains[0]]), ('shorter', world.domains[:20]):
        piped = ''.join(f'{line}\n' for line in lines)
        for given, stdin in (world.write(name, lines), None), ('-', piped):
            said = world.audit('-o', out, '--resume', given, stdin=stdin)
            assert said.rc == 2 and 'not the output of this input' in said.stderr, said
            assert out.read_bytes() == before
    assert world.audit('-o', out, '--resume', '--csv', some).rc == 2
    assert out.read_bytes() == before
    foreign = world.write('foreign', ['{"domain": "a"}'])
    said = world.audit('-o', foreign, '--resume', some)
    assert said.rc == 2 and 'row 1 was not written by' in said.stderr
    assert foreign.read_text() == '{"domain": "a"}\n'
    assert world.audit('--resume', some).rc == 2


@pytest.mark.parametrize('rcode', ['SERVFAIL', 'REFUSED'])
def test_failure_for_a_moment(world, rcode):
    """What is asked of a domain fails until libunbound has given up once: audit and check ask again, and say what they say otherwise."""
    domains = world.domains[:20]
    some = world.write('some', domains)
    well, _ = rows_of(world.audit(some).stdout)
    fail = hostile.at_first(5, hostile.fail_with(rcode))
    shaky = hostile.Relay(SHAKY, RESOLVER, change=lambda message: fail(message)
                          if message.question[0].name.to_text(omit_final_dot=True) in domains else None)
    said = world.audit(some, resolver=SHAKY)
    assert rows_of(said.stdout)[0] == well, said
    shaky.stop()
    shaky = hostile.Relay(SHAKY, RESOLVER, change=hostile.only('TXT', hostile.at_first(5, hostile.fail_with(rcode))))
    said = world.lab.run(world.lab.program, 'check', '--json', '--resolver', SHAKY, '--trust-anchor', 'none', domains[2])
    report = json.loads(said.stdout.splitlines()[0])
    assert {r['state'] for r in report['records'] if r['type'] == 'TXT'} <= {'found', 'nodata', 'nxdomain'}, said
    shaky.stop()


def test_silent_resolver(world):
    """What could not be looked up is not absent, and the run ends."""
    hostile.Silent(DEAD)
    some = world.write('some', world.domains[:40])
    said = world.audit('--timeout', 1, some, resolver=DEAD)
    rows, summary = rows_of(said.stdout)
    assert said.rc == 0 and {row['verdict'] for row in rows} == {'unknown'} and summary['unknown'] == 40
    assert 'could not tell' in said.stderr


def test_one_silent_server_holds_nobody_up(lab):
    """Names below a server that says nothing are unknown when their time is over; all others are answered, in their order."""
    net = internet.Internet(lab, {
        'well.example': '\n'.join(f'd{n} TXT "v=spf1 -all"\n_dmarc.d{n} TXT "v=DMARC1; p=reject"' for n in range(60)) + '\n',
        'dead.example': internet.Zone(None, behind=[internet.address(101)])}, extra_addresses=[internet.address(101)])
    hostile.Silent(internet.address(101))
    names = [f'd{n}.{"dead" if n % 20 == 7 else "well"}.example' for n in range(60)]
    path = lab.write('names', '\n'.join(names))
    base = [lab.program, 'audit', '--timeout', '10', '--window', '10']
    for way in (['--resolver', net.resolver], ['--root-hints', net.hints], ['--root-hints', net.hints, '--trust-anchor', net.anchor]):
        said = lab.run(*base, *way, path)
        rows, summary = rows_of(said.stdout)
        assert [row['input'] for row in rows] == names, said
        for row in rows:
            assert (row['verdict'] == 'unknown') == ('dead' in row['input']), row
        assert summary['unknown'] == 3 and summary['complete']
    hostile.stop_all()


def test_rate(lab):
    """No name server of theirs is asked more often than it may be, whatever the threads."""
    records = '\n'.join(f'd{n} TXT "v=spf1 -all"' for n in range(12)) + '\n'
    net = internet.Internet(lab, {'well.example': records})
    path = lab.write('names', '\n'.join(f'd{n}.well.example' for n in range(12)))
    start = time.monotonic()
    said = lab.run(lab.program, 'audit', '--timeout', '120', '--root-hints', net.hints, '--rate', '40', '--threads', '2', path)
    rows, summary = rows_of(said.stdout)
    assert said.rc == 0 and len(rows) == 12
    assert time.monotonic() - start > (summary['questions'] - 30) / 40 / 2  # no sooner; later is no fault


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_interrupted(world, out, number):
    """What is done is written and valid, and gone on with."""
    process = world.start('--window', 1, '--threads', 1, '-o', out, world.file)  # slow: it is far from done when it hears
    wait_for(lambda: out.exists() and out.stat().st_size > 20000, 'some results')
    process.send_signal(number)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 1 and 'ended before all was done; --resume' in errors
    rows, summary = rows_of(out.read_text())
    assert summary['complete'] is False and 0 < len(rows) == summary['domains'] < N
    assert [row['line'] for row in rows] == list(range(1, len(rows) + 1))
    assert world.audit('-o', out, '--resume', world.file).rc == 0
    check_complete(*rows_of(out.read_text()), world.domains)


def test_interrupted_while_nobody_reads(world):
    """A pipe that is full does not keep it."""
    process = world.start(world.file, stdout=subprocess.PIPE)
    wait_hears(process, signal.SIGINT)
    process.send_signal(signal.SIGINT)
    assert process.wait(600) == 1
    process.communicate()


def test_closed_pipe(world):
    process = world.start(world.file, stdout=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    assert process.wait(600) == 1 and 'cannot write to standard output: Broken pipe' in errors


def test_disk_full(world):
    said = world.audit('-o', '/dev/full', world.file)
    assert said.rc == 1 and 'cannot write to /dev/full: No space left on device' in said.stderr


def test_standard_input(world):
    """Results come before the input has ended."""
    process = world.start('-', stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for n in range(3):
        process.stdin.write(world.domains[n] + '\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())['line'] == n + 1
    text, _ = process.communicate(world.domains[3])
    rows, summary = rows_of(text)
    assert process.returncode == 0 and rows[0]['line'] == 4 and summary['domains'] == 4
    empty = world.audit('-')
    assert empty.rc == 0 and rows_of(empty.stdout)[1]['domains'] == 0


def test_wrong_use(world):
    for args in (['--resolver', 'dns.example', world.file], ['--resolver', '192.0.2.1:0', world.file],
                 ['--resolver', RESOLVER, '--root-hints', '/dev/null', world.file], ['/nonexistent'], ['/'],
                 ['-o', '/nonexistent/out', world.file]):
        said = world.lab.run(world.lab.program, 'audit', *args)
        assert said.rc == 2 and said.stderr.startswith('dnsguard: ') and said.stdout == '', said
    assert world.audit('--resolver', '[127.0.0.1]:5', world.write('none', [])).rc in (0, 2)


def test_example(world):
    """Run twice: the second time nothing is left to do."""
    folder = world.lab.dir / 'results'
    folder.mkdir()
    example = pathlib.Path(__file__).resolve().parent.parent.parent / 'examples/audit/run'
    some = world.write('some', world.domains[:100])
    texts = []
    for _ in range(2):
        done = world.lab.run(example, some, folder, env={'DNSGUARD': world.lab.program, 'RESOLVER': RESOLVER}).expect(0)
        rows, _ = rows_of((folder / 'audit.jsonl').read_text())
        forgeable = [row['input'] for row in rows if row['verdict'] == 'forgeable']
        assert (folder / 'forgeable.txt').read_text().split() == forgeable and forgeable
        assert f'{len(forgeable)} domains that anybody can forge' in done.stdout
        texts.append(rows)
    assert texts[0] == texts[1]
