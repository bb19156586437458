#!/usr/bin/env python3
"""Checks the models of the publishing protocol and of the guard with spin, each variant in a folder of its own.

The protocol as the program has it must keep all assertions; each weaker variant must break the one that it is named for: that
shows that the model can find what it looks for. The guard's table in the model is printed from the code; random runs of the model are
replayed in the code, step by step.

    run.py [BUILD]    where guard_promela and guard_replay were built (default build)
"""
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BUILD = (pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent.parent / 'build').resolve() / 'tests/model'
PUBLISH, GUARD = HERE / 'publish.pml', HERE / 'guard.pml'
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
CALM = '-DCRASHES=0 -DEDITS=0 -DSAYS=0 -DFAULTS=0'
ONE = f'{CALM} -DFLIPS=1'
GUARD_VARIANTS = [
    ('automatic, an attack that comes back, a crash', f'{CALM} -DCRASHES=1', None),
    ('a person edits, or changes the policy', f'{CALM} -DEDITS=1', None),
    ('a person says stop, and go on', f'{CALM} -DSAYS=1', None),
    ('a name server fails or lies', f'{CALM} -DFAULTS=1', None),
    ('no sink to probe with; a crash', f'{CALM} -DSINK=0 -DCRASHES=1', None),
    ('something of ours is abused; a crash', f'{ONE} -DABUSES=1 -DCRASHES=1', None),
    ('two labels: the attacker follows', f'{CALM} -DLABELS=2', None),
    ('approved: a person says yes; edits and crashes', f'{ONE} -DMODE=1 -DCRASHES=1 -DEDITS=1', None),
    ('never', f'{CALM} -DMODE=0 -DCRASHES=1 -DEDITS=1', None),
    ('begun before it is on disk', f'{ONE} -DCRASHES=1 -DSAVES=0', 'd.nulled'),
    ('sent before it is journaled', f'{ONE} -DJOURNAL=0', 'j_open'),
    ('what stands there is not compared with what was left', f'{ONE} -DEDITS=1 -DCOMPARE=0 -DADOPTS=0', 'mx!=left'),
    ('no prerequisites', f'{ONE} -DEDITS=1 -DSWAPS=0 -DADOPTS=0', 'mx!=left'),
    ('split without a subdomain that takes mail', f'{ONE} -DARMS=0', 'sub_ok'),
    ('volume alone', f'{ONE} -DFLOORS=0', 'proved'),
    ('a yes to whatever is planned by then', f'{ONE} -DMODE=1 -DEDITS=1 -DDIGEST=0', 'said_yes_to'),
    ('stop does not end what runs', f'{ONE} -DSAYS=1 -DQUITS=0', 'is_stopped'),
    ('done when it was sent', f'{ONE} -DFAULTS=1 -DREADS=0', 'mx!=left'),
    ('senders before mail on the way back', f'{CALM} -DORDER=0', 'g_spf'),
]
# (switches of a simulation, what guard_replay is told of them)
WALKS = [('-DMODE=2 -DSINK=1 -DLABELS=2', ('2', '1', '2')), ('-DMODE=2 -DSINK=0 -DLABELS=1', ('2', '0', '1')),
         ('-DMODE=1 -DSINK=1 -DLABELS=2', ('1', '1', '2')), ('-DMODE=1 -DSINK=0 -DLABELS=2', ('1', '0', '2')),
         ('-DMODE=0', ('0', '1', '1'))]
WALK_STEPS, N_WALKS = 60000, 10


def run(folder, *argv):
    return subprocess.run([str(a) for a in argv], cwd=folder, capture_output=True, text=True, check=False)


def copy_model(folder, model):
    shutil.copy(model, folder)
    if model == GUARD:
        made = run(folder, BUILD / 'guard_promela')
        (pathlib.Path(folder) / 'guard_table.inc').write_text(made.stdout)


def check(task):
    model, (name, switches, broken) = task
    name = f'{model.stem}: {name}'
    with tempfile.TemporaryDirectory() as folder:
        copy_model(folder, model)
        made = run(folder, 'spin', '-a', *switches.split(), model.name)
        built = run(folder, 'gcc', '-O1', '-w', '-DSAFETY', '-DCOLLAPSE', '-DVECTORSZ=2048', '-o', 'pan', 'pan.c')
        if made.returncode or built.returncode:
            return name, False, made.stdout + made.stderr + built.stderr
        out = run(folder, './pan', '-E', '-m2000000', '-w24').stdout
    errors = re.search(r'errors: (\d+)', out)
    states = re.search(r'(\d+) states, stored', out)
    violated = re.search(r'assertion violated\s*(.*)', out)
    if not errors or 'max search depth too small' in out or 'out of memory' in out:
        return name, False, out
    what = violated.group(1) if violated else ''
    is_right = errors.group(1) == '0' if broken is None else broken in what
    return name, is_right, f'{states.group(1) if states else "?"} states, {"holds" if errors.group(1) == "0" else "breaks: " + what}'


def walk(task):
    """Random runs of the guard's model, replayed in the code."""
    switches, told = task
    with tempfile.TemporaryDirectory() as folder:
        copy_model(folder, GUARD)
        steps, rows = 0, set()
        for seed in range(N_WALKS):
            many = (f'-DWALK -DCRASHES=0 -DEDITS={int(seed % 5 == 4)} -DFLIPS={1 + seed % 6} -DSAYS={seed % 3} '
                    f'-DABUSES={int(seed % 7 == 6)} -DFAULTS={seed % 4}')
            said = run(folder, 'spin', f'-n{seed}', f'-u{WALK_STEPS}', '-T', *many.split(), *switches.split(), GUARD.name).stdout
            done = subprocess.run([str(BUILD / 'guard_replay'), *told], input=said, capture_output=True, text=True, check=False)
            if done.returncode:
                return f'replay {switches}, seed {seed}', False, done.stdout + done.stderr, set()
            words = done.stdout.split()
            steps += int(words[0])
            rows |= set(words[3:])
    return f'replay {switches}', steps > 20, f'{steps} steps in dg_guard_step() as in the model, {len(rows)} rows of the table', rows


def main():
    if not (BUILD / 'guard_promela').exists():
        sys.exit(f'{BUILD}: not built')
    tasks = [(GUARD, v) for v in GUARD_VARIANTS] + [(PUBLISH, v) for v in VARIANTS]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        walks = [pool.submit(walk, task) for task in WALKS]
        results = list(pool.map(check, tasks))
        rows = set()
        for done in walks:
            *result, seen = done.result()
            results.append(result)
            rows |= seen
        results.append(('replay: many rows were taken', len(rows) > 30, f'{len(rows)} rows'))
    for name, is_right, text in results:
        print(f'{"ok  " if is_right else "FAIL"} {name}: {text}')
    n_failed = sum(not is_right for _, is_right, _ in results)
    print(f'{len(results) - n_failed} passed, {n_failed} failed')
    return 1 if n_failed else 0


if __name__ == '__main__':
    sys.exit(main())
