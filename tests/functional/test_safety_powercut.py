"""The power is cut at each sync: what was not synced is lost, or some of it, in blocks and names (tests/lab/powercut.c). Then the journal opens, what
the zone shows is in it, and the next run ends as one that nobody disturbed would have. How many cuts is set by DNSGUARD_POWERCUTS.
"""
import os
import pathlib
import shutil

import pytest
from safety import report
from test_safety_faults import Flow, check_journaled

CUTS = int(os.environ.get('DNSGUARD_POWERCUTS', '100'))
EXIT_CODE = 96


class Power:
    """Runs the command of a flow until the power is cut at its k-th sync."""

    def __init__(self, flow):
        self.flow, self.keep = flow, flow.site.lab.dir / 'keep'
        program = pathlib.Path(flow.site.lab.program)
        self.library = program.resolve().parents[1] / 'tests/lab/powercut.so'
        self.restart()
        self.run(0, 0).expect(0)
        self.syncs = int((self.keep / 'syncs').read_text())
        assert self.syncs >= 4

    def restart(self):
        shutil.rmtree(self.keep, ignore_errors=True)
        self.keep.mkdir()
        self.flow.restart()

    def run(self, k, seed):
        # A sanitizer that is told to make a log makes its folder before it is ready for the library's mkdir().
        ubsan = os.environ.get('UBSAN_OPTIONS', '') + ':log_path=stderr'
        asan = os.environ.get('ASAN_OPTIONS', '') + ':log_path=stderr:verify_asan_link_order=0:detect_leaks=0'
        return self.flow.site.run(*self.flow.argv, env={
            'LD_PRELOAD': str(self.library), 'POWERCUT': f'{k} {seed} {self.keep}', 'ASAN_OPTIONS': asan, 'UBSAN_OPTIONS': ubsan})

    def cut(self, k, seed):
        self.restart()
        done = self.run(k, seed)
        told = f'power cut at sync {k} of {self.syncs}, seed {seed}: {done}'
        assert done.rc == EXIT_CODE, told
        check_journaled(self.flow, told)
        self.flow.check_next_run(told)


def cut_at_each(record, lab, kind, command, n_cuts, stride=1):
    """At one sync after the other, each time with another loss."""
    power = Power(Flow(lab, kind, command))
    for n in range(n_cuts):
        power.cut(n * stride % power.syncs + 1, n)
    report(record, kind=kind, command=command, syncs=power.syncs, cuts=n_cuts)


@pytest.mark.parametrize('kind, command', [('zonefile', 'apply'), ('knot', 'split')])
def test_power_cut(record_property, lab, kind, command):
    cut_at_each(record_property, lab, kind, command, 8, 2)


@pytest.mark.soak
@pytest.mark.parametrize('command', ['apply', 'split'])
@pytest.mark.parametrize('kind', ['zonefile', 'knot'])
def test_power_cut_often(record_property, lab, kind, command):
    cut_at_each(record_property, lab, kind, command, CUTS // 4)
