#!/usr/bin/env python3
"""Functions that are banned, comments that promise, headers without their first line, stray blanks.

The ban is on what is unsafe by its shape (no length), hides a shell, keeps hidden state, or cannot report an error.
"""
import re

import source

BANNED = {
    'strcpy strcat sprintf vsprintf stpcpy wcscpy gets': 'has no length: dg_buf or snprintf',
    'strncpy strncat': 'may leave no NUL: dg_buf or snprintf',
    'strtok localtime gmtime ctime asctime setlocale getpwnam getpwuid readdir_r': 'hides state: use the _r form',
    'system popen wordexp': 'runs a shell: posix_spawn with a list of arguments',
    'alloca': 'unbounded stack: an arena',
    'atoi atol atoll atof': 'cannot report an error: strtoul and look at the end',
    'scanf sscanf fscanf': 'overflows silently: strtoul',
    'rand srand random srandom drand48 rand_r': 'predictable: getrandom',
    'tmpnam tempnam mktemp': 'a race: mkstemp',
    'signal': 'differs between systems: sigaction',
    'vfork setjmp longjmp': 'leaves resources behind',
    'bzero bcopy bcmp index rindex': 'obsolete: the mem and str functions',
}
IN_TESTS = {'strcpy', 'strcat', 'sprintf', 'vsprintf', 'gets', 'strtok', 'alloca', 'mktemp'}  # the rest is for them to know
WHY = {name: why for names, why in BANNED.items() for name in names.split()}
CALL = re.compile(r'(?<![\w.>])(' + '|'.join(WHY) + r')\s*\(')
PROMISE = re.compile(r'\b(TODO|FIXME|XXX|HACK|WIP|TBD)\b')
TEXT = ('.c', '.h', '.py', '.sh', '.md', '.scd', '.yaml', '.build', '.zone', '.bash', '.fish')


def c_file(path):
    text = source.code(path)
    raw = source.read(path)
    lines = raw.split('\n')
    for match in CALL.finditer(text):
        line = source.line_of(text, match.start())
        if 'NOLINT(concurrency-mt-unsafe)' in lines[line - 1]:  # said why, and clang-tidy agrees
            continue
        if path.parts[0] == 'tests' and match.group(1) not in IN_TESTS:
            continue
        yield f'{path}:{line}: {match.group(1)}: {WHY[match.group(1)]}'
    if path.suffix == '.h':
        if not raw.startswith(f'/* {path}: '):
            yield f'{path}:1: the first line should be "/* {path}: what it is"'
        if '\n#pragma once\n' not in raw:
            yield f'{path}:1: no #pragma once'
    for match in re.finditer(r'\btypedef\s+(struct|union|enum)\s+\w*\s*(?:\{|\w+;)', text):
        yield f'{path}:{source.line_of(text, match.start())}: no typedef for a {match.group(1)}'
    for match in re.finditer(r'\bNOLINT(?:NEXTLINE|BEGIN|END)?\b(?!\()', raw):
        yield f'{path}:{source.line_of(raw, match.start())}: NOLINT must name the check'


def any_file(path):
    text = source.read(path)
    if text and not text.endswith('\n'):
        yield f'{path}: no newline at the end'
    for n, line in enumerate(text.split('\n'), 1):
        if line != line.rstrip():
            yield f'{path}:{n}: blanks at the end of the line'
        if PROMISE.search(line) and path.name != 'words.py':
            yield f'{path}:{n}: say what is, not what is to be done'


def all_files():
    folders = (*source.C_FOLDERS, 'doc', 'examples')
    yield from (p for p in source.files(*TEXT, folders=folders)
                if p.parts[:2] != ('tests', 'data') and 'corpus' not in p.parts)
    yield from (p.relative_to(source.ROOT) for p in source.ROOT.glob('*') if p.suffix in TEXT or p.name == 'dev')


if __name__ == '__main__':
    found = [c for path in source.files('.c', '.h') for c in c_file(path)]
    source.finish(found + [c for path in all_files() for c in any_file(path)], 'words that should not be there')
