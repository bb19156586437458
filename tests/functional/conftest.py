"""Fixtures: a fresh lab a test, real servers in it, and the program under test.

Run through the launcher: `./dev lab pytest tests/functional`, or `tests/lab/lab.py python3 -m pytest ...`.
"""
import os
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'lab'))
import lab as lablib  # noqa: E402
import servers  # noqa: E402
import taker  # noqa: E402

WORKER = os.environ.get('PYTEST_XDIST_WORKER')
if WORKER and lablib.is_inside():
    lablib.isolate()  # same ports and addresses in every worker: each needs a network of its own


def pytest_addoption(parser):
    parser.addoption('--dnsguard', help='the program under test (default: $DNSGUARD or build/controller/dnsguard)')


def pytest_configure(config):
    if not lablib.is_inside():
        raise pytest.UsageError('these tests run in a private network: ./dev lab pytest-3 ...')
    if config.getoption('--dnsguard'):
        os.environ['DNSGUARD'] = os.path.abspath(config.getoption('--dnsguard'))


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    item.has_failed = getattr(item, 'has_failed', False) or report.failed


def lab_of(request):
    name = re.sub(r'[^A-Za-z0-9_.-]+', '_', request.node.name)
    n_failed = request.session.testsfailed
    n_takers = len(taker.RUNNING)
    with lablib.Lab(pathlib.Path(os.environ['LAB_DIR']) / (WORKER or 'main') / name) as made:
        yield made
        made.stop_all()
        for left in taker.RUNNING[n_takers:]:
            left.stop()
        if request.session.testsfailed > n_failed or getattr(request.node, 'has_failed', False):
            if 'LAB_LOGS' in os.environ:
                lablib.save_logs(made.dir, name)
    lablib.shutil.rmtree(made.dir, ignore_errors=True)


@pytest.fixture
def lab(request):
    """A lab of its own folder and key; its logs go to LAB_LOGS when the test fails."""
    yield from lab_of(request)


@pytest.fixture(scope='module')
def module_lab(request):
    """The same for all tests of a file, for servers that none of them changes."""
    yield from lab_of(request)


def factory(kind):
    @pytest.fixture
    def make(lab):
        return lambda *args, **options: kind(lab, *args, **options)
    make.__doc__ = kind.__doc__
    return make


knot = factory(servers.Knot)
bind = factory(servers.Bind)
nsd = factory(servers.Nsd)
pdns = factory(servers.Pdns)
unbound = factory(servers.Unbound)


@pytest.fixture
def dnsguard(lab):
    """dnsguard(command, *args): runs the program with a state folder of this test; .rc .stdout .stderr .json()"""
    if not os.path.exists(lab.program):
        pytest.fail(f'{lab.program}: not built')
    return lab.dnsguard
