"""The journal is damaged: bits turn, it ends at a page, it is an old copy, it is something else. The program does what it would have done, or
says which file is damaged and what to do, and the zone is left as it is. How many bits turn is set by DNSGUARD_FLIPS.
"""
import collections
import os
import random
import shutil

import pytest
from safety import ZONE, Site, report

FLIPS = int(os.environ.get('DNSGUARD_FLIPS', '1000'))
PAGE = 4096
COMMANDS = ['apply', 'unsplit', 'restore']
WORDS = ('is damaged', 'could not be read or written', 'not a journal of dnsguard', 'written by a newer dnsguard')
CONFLICT = ('conflict', 'was never applied', 'changed since', 'edited by', '--adopt')


class Worn:
    """A zone file that is split, its journal, and what each command makes of them when nothing is damaged."""

    def __init__(self, lab, is_cut=False):
        self.lab, self.site = lab, Site(lab, 'zonefile')
        self.policy = self.site.policy()
        self.site.apply(self.policy).expect(0)
        self.calm = self.site.path.read_bytes()
        self.old = self.copy('old')
        split = ['split', '--yes', '--no-smtp', '--now', self.policy, '@']
        if is_cut:  # its last words are in the write-ahead log
            lab.run('strace', '-f', '-qq', '-o', lab.dir / 'strace.out', '-e', 'trace=exit_group', '-e', 'inject=unlink:signal=SIGKILL',
                    '-e', 'trace=unlink,exit_group', lab.program, '--state', self.site.state, *split)
            assert (self.site.state / 'journal.db-wal').stat().st_size > 0
        else:
            self.site.run(*split).expect(0)
        self.split = self.site.path.read_bytes()
        assert self.split != self.calm
        self.good = self.copy('good')
        self.argv = {'apply': ['apply', '--yes', self.policy], 'unsplit': ['unsplit', '--yes', '--now', self.policy, '@'],
                     'restore': ['restore', '--yes'], 'offline': ['restore', '--offline'], 'log': ['log']}
        self.images = {command: [] for command in COMMANDS}
        for command in COMMANDS:
            self.undisturbed(command)
        assert self.images['apply'] != self.images['unsplit']
        self.ends, self.n, self.log = collections.Counter(), 0, None

    def undisturbed(self, command, log=None):
        """What it comes to; log: with a write-ahead log that ends early."""
        self.reset()
        if log is not None:
            (self.site.state / 'journal.db-wal').write_bytes(log)
        done = self.site.run(*self.argv[command])
        assert done.rc == 0 or log is not None, done
        if done.rc == 0 and self.site.image() not in self.images[command]:
            self.images[command].append(self.site.image())

    def copy(self, name):
        shutil.copytree(self.site.state, self.lab.dir / name)
        return self.lab.dir / name

    def reset(self, state=None):
        self.site.fresh_state(state or self.good)
        self.site.path.write_bytes(self.split)

    def check(self, command, told):
        """Right, or refused in words and nothing written."""
        before = self.site.image()
        self.n += 1
        done = self.site.run(*self.argv['offline' if self.n % 2 else 'log'])
        assert done.rc in (0, 1, 2), f'{told}\n{done}'
        assert done.rc == 0 or 'journal' in done.stderr, f'{told}\n{done}'
        done = self.site.run(*self.argv[command])
        told = f'{told}: {command}\n{done}'
        assert done.rc in (0, 1, 2), told
        said = done.stdout + done.stderr
        if done.rc == 0:
            now = self.site.image()
            if self.log and now not in self.images[command]:  # as after an earlier crash?
                for at in commits(self.log):
                    self.undisturbed(command, self.log[:at])
            assert now in self.images[command], told
        else:
            assert self.site.image() == before, told
            is_named = str(self.site.state / 'journal.db') in said and any(words in said for words in WORDS)
            assert is_named or any(words in said for words in CONFLICT) or 'has no change' in said, told
            assert 'dnsguard: ' in done.stderr or ZONE in said, told
        self.ends['right' if done.rc == 0 else 'damage is named' if 'journal.db' in said else 'a conflict'] += 1


def turn_bits(worn, n, seed, name='journal.db'):
    chance = random.Random(seed)
    good = (worn.good / name).read_bytes()
    for i in range(n):
        at, bit = chance.randrange(len(good)), chance.randrange(8)
        worn.reset()
        data = bytearray(good)
        data[at] ^= 1 << bit
        (worn.site.state / name).write_bytes(data)
        worn.check(COMMANDS[i % 3], f'DNSGUARD_SEED={seed}: bit {bit} of octet {at} of {name}, of {len(good)}')


def seed_of(record):
    seed = int(os.environ.get('DNSGUARD_SEED', random.SystemRandom().randrange(1000000)))
    record('seed', seed)
    print(f'DNSGUARD_SEED={seed}')
    return seed


def test_bits_turn(record_property, lab):
    worn = Worn(lab)
    turn_bits(worn, 18, 1)
    report(record_property, flips=18, ends=dict(worn.ends))


@pytest.mark.soak
def test_many_bits_turn(record_property, lab):
    worn = Worn(lab)
    turn_bits(worn, FLIPS, seed_of(record_property))
    report(record_property, flips=FLIPS, ends=dict(worn.ends))


def commits(log):
    """Where the log would end had it ended with one of its transactions (SQLite's file format, section 4)."""
    return [at + 24 + PAGE for at in range(32, len(log), 24 + PAGE) if log[at + 4:at + 8] != bytes(4)]


@pytest.mark.parametrize('n', [12, pytest.param(FLIPS // 4, marks=pytest.mark.soak)])
def test_bits_turn_in_the_log_of_a_crash(record_property, lab, n):
    """SQLite reads such a log up to there: as if the crash had come earlier."""
    worn = Worn(lab, is_cut=True)
    worn.log = (worn.good / 'journal.db-wal').read_bytes()
    turn_bits(worn, n, 2 if n == 12 else seed_of(record_property), 'journal.db-wal')
    report(record_property, flips=n, ends=dict(worn.ends))


def records_of(worn, table, where, column):
    """Places in the file at which that value stands."""
    value = worn.lab.run('sqlite3', worn.good / 'journal.db', f'SELECT {column} FROM {table} WHERE {where}', check=True).stdout.strip()
    data = (worn.good / 'journal.db').read_bytes()
    found = []
    at = data.find(value.encode())
    while value and at >= 0:
        found.append((at, len(value)))
        at = data.find(value.encode(), at + 1)
    assert found, (table, column, value)
    return found


def test_a_name_or_a_number_turns(record_property, lab):
    """Where SQLite sees nothing: a letter of a zone's name, of a host's, a bit of a TTL."""
    worn = Worn(lab)
    data = (worn.good / 'journal.db').read_bytes()
    places = records_of(worn, 'stage', '1', 'zone || name || stage')
    places += [(at + 3, 3) for at in range(len(data)) if data.startswith(b'\x03mx1\x07example', at)]
    assert len(places) >= 4
    for n, (at, length) in enumerate(places):
        worn.reset()
        turned = bytearray(data)
        turned[at + length - 1] ^= 1
        (worn.site.state / 'journal.db').write_bytes(turned)
        worn.check(COMMANDS[n % 3], f'place {n}, octet {at + length - 1}')
    report(record_property, places=len(places), ends=dict(worn.ends))
    assert worn.ends['damage is named'] >= 2


def test_a_stage_is_filed_under_another_zone(lab):
    """The row would not be missed: without its seal the next apply publishes the MX of a name that is split."""
    worn = Worn(lab)
    data = bytearray((worn.good / 'journal.db').read_bytes())
    places = records_of(worn, 'stage', '1', 'zone || name || stage')
    for at, _ in places:
        data[at] ^= 1
    for command in COMMANDS:
        worn.reset()
        before = worn.site.image()
        (worn.site.state / 'journal.db').write_bytes(data)
        done = worn.site.run(*worn.argv[command])
        assert done.rc == 1 and 'is damaged' in done.stderr and 'journal.db' in done.stderr, done
        assert worn.site.image() == before


@pytest.mark.parametrize('stride', [3, pytest.param(1, marks=pytest.mark.soak)])
def test_it_ends_at_a_page(record_property, lab, stride):
    worn = Worn(lab)
    good = (worn.good / 'journal.db').read_bytes()
    assert len(good) % PAGE == 0
    cuts = sorted({*range(0, len(good), stride * PAGE), 1, 99, 100, PAGE - 1, PAGE + 512})
    for n, cut in enumerate(cuts):
        worn.reset()
        (worn.site.state / 'journal.db').write_bytes(good[:cut])
        worn.check(COMMANDS[n % 3], f'cut at {cut} of {len(good)}')
    report(record_property, cuts=len(cuts), ends=dict(worn.ends))
    assert worn.ends['right'] == 0


def test_an_old_copy(lab):
    """From before the split; none at all: what stands there is somebody's edit, and stays."""
    worn = Worn(lab)
    empty = lab.dir / 'empty'
    empty.mkdir(mode=0o700)
    for state in (worn.old, empty):
        for command in COMMANDS:
            worn.reset(state)
            before = worn.site.image()
            done = worn.site.run(*worn.argv[command])
            assert done.rc != 0 or command == 'unsplit', done
            assert worn.site.image() == before, done
    worn.reset(worn.old)
    worn.site.path.write_bytes(worn.calm)  # the zone is an old copy, too
    worn.site.run(*worn.argv['apply']).expect(0)
    assert worn.site.path.read_bytes() == worn.calm


def test_it_is_something_else(lab):
    worn = Worn(lab)
    path = worn.site.state / 'journal.db'
    good = worn.good / 'journal.db'
    kinds = {'group': lambda: (shutil.copy(good, path), path.chmod(0o620)), 'others': lambda: (shutil.copy(good, path), path.chmod(0o602)),
             'folder': path.mkdir, 'link': lambda: path.symlink_to(good), 'fifo': lambda: os.mkfifo(path, 0o600),
             'text': lambda: path.write_text('SQLite format 4\n' * 512), 'zeros': lambda: path.write_bytes(bytes(8 * PAGE)),
             'device': lambda: path.symlink_to('/dev/full')}
    for n, (what, make) in enumerate(kinds.items()):
        worn.reset()
        path.unlink()
        make()
        for command in (COMMANDS[n % 3], 'offline', 'log'):
            done = worn.site.run(*worn.argv[command])
            assert done.rc in (1, 2), f'{what}: {done}'
            assert str(path) in done.stderr, f'{what}: {done}'
            assert worn.site.path.read_bytes() == worn.split, f'{what}: {done}'


def test_offline_without_a_policy(lab):
    """The journal alone says how it was; a damaged one says as much as it can."""
    worn = Worn(lab)
    worn.reset()
    worn.policy.unlink()
    said = worn.site.run('restore', '--offline').expect(0).stdout
    assert '"v=spf1 mx -all"' in said and 'update delete' in said
    data = bytearray((worn.site.state / 'journal.db').read_bytes())
    data[PAGE * 2:PAGE * 2 + 64] = b'\xff' * 64
    (worn.site.state / 'journal.db').write_bytes(data)
    done = worn.site.run('restore', '--offline')
    assert done.rc == 0 and 'update delete' in done.stdout or 'journal.db is damaged' in done.stderr, done
