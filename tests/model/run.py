#!/usr/bin/env python3
"""Checks the model of the publishing protocol with spin, each variant in a folder of its own.

The protocol as the program has it must keep all assertions; each weaker variant must break the one that it is named for: that
shows that the model can find what it looks for.
"""
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MODEL = pathlib.Path(__file__).resolve().parent / 'publish.pml'
QUIET = '-DCRASHES=0 -DHUMANS=0'
ONCE, EDIT, ORDER, JOURNALED = 'applied[my]==0', 'apex!=g_apex', 'sub', 'j_on[me]'
# (what it is, switches, the assertion that must break; None: none may)
VARIANTS = [
    ('the whole protocol, two crashes, two edits by a person', '', None),
    ('without the SOA', '-DG_SOA=0', None),
    ('marker and SOA, no old value, a server that compares within a batch', '-DG_RRSET=0', None),
    ('marker and SOA, no old value, a server that does not', '-DG_RRSET=0 -DBATCH=0', None),
    ('marker only', f'-DG_SOA=0 -DG_RRSET=0 {QUIET}', None),
    ('SOA only, a server without batches', f'-DG_MARK=0 -DG_RRSET=0 -DBATCH=0 {QUIET}', None),
    ('SOA only, a server with batches', f'-DG_MARK=0 -DG_RRSET=0 {QUIET}', ONCE),
    ('old value only', f'-DG_SOA=0 -DG_MARK=0 {QUIET}', ONCE),
    ('marker only, a person edits', '-DG_SOA=0 -DG_RRSET=0 -DCRASHES=0', EDIT),
    ('no marker, a crash and a person', '-DG_MARK=0', EDIT),
    ('no journal', '-DJOURNAL=0', JOURNALED),
    ('the subdomain not first', '-DSUBFIRST=0', ORDER),
    ('no three-way comparison', '-DHOLD=0', EDIT),
]


def check(variant):
    name, switches, broken = variant
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(MODEL, folder)
        run = lambda *argv: subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
        made = run('spin', '-a', *switches.split(), MODEL.name)
        built = run('gcc', '-O2', '-w', '-DSAFETY', '-DCOLLAPSE', '-DVECTORSZ=2048', '-o', 'pan', 'pan.c')
        if made.returncode or built.returncode:
            return name, False, made.stdout + made.stderr + built.stderr
        out = run('./pan', '-m200000', '-w24').stdout
    errors = re.search(r'errors: (\d+)', out)
    states = re.search(r'(\d+) states, stored', out)
    violated = re.search(r'assertion violated\s*(.*)', out)
    if not errors or 'max search depth too small' in out or 'out of memory' in out:
        return name, False, out
    what = violated.group(1) if violated else ''
    is_right = errors.group(1) == '0' if broken is None else broken in what
    return name, is_right, f'{states.group(1) if states else "?"} states, {"holds" if errors.group(1) == "0" else "breaks: " + what}'


def main():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(check, VARIANTS))
    for name, is_right, text in results:
        print(f'{"ok  " if is_right else "FAIL"} {name}: {text}')
    n_failed = sum(not is_right for _, is_right, _ in results)
    print(f'{len(results) - n_failed} passed, {n_failed} failed')
    return 1 if n_failed else 0


if __name__ == '__main__':
    sys.exit(main())
