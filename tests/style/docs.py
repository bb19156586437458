#!/usr/bin/env python3
"""docs.py [PROGRAM]: what the program says it can, the manual and the completions say too; links lead somewhere.

Without PROGRAM only the links are looked at.
"""
import os
import re
import sys

import source

MANUAL = 'doc/man/dnsguard.1.scd'
COMPLETIONS = ('doc/completions/dnsguard.bash', 'doc/completions/_dnsguard', 'doc/completions/dnsguard.fish')
LINK = re.compile(r'\[[^\]]*\]\((?!https?:|mailto:|#)([^)#]+)(?:#[^)]*)?\)')
GLOBAL = {'state', 'no-color', 'help', 'version'}


def commands(program):
    """{command: its options}, as `help` tells them."""
    names = re.findall(r'^  ([a-z]+) +\S', source.tool(program, 'help').split('\noptions of')[0], re.M)
    return {name: set(re.findall(r'^  .{4}--([a-z-]+)', source.tool(program, 'help', name), re.M)) - GLOBAL
            for name in names}


def manual_gaps(known):
    manual = source.read(MANUAL)
    manual_commands = manual.partition('# COMMANDS')[2]
    parts = dict(re.findall(r'^\*([a-z]+)\*.*?\n(.*?)(?=^\*[a-z]+\*|^# )', manual_commands, re.M | re.S))
    for name, options in known.items():
        if name not in parts:
            yield f'{MANUAL}: the command {name} is missing (a line that begins with *{name}*)'
        for option in options | GLOBAL:
            if f'*--{option}*' not in manual:
                yield f'{MANUAL}: the option --{option} of {name} is missing'
    for name in set(parts) - set(known):
        yield f'{MANUAL}: the program has no command {name}'
    for option in set(re.findall(r'\*--([a-z-]+)\*', manual)) - GLOBAL.union(*known.values()):
        yield f'{MANUAL}: the program has no option --{option}'


def completion_gaps(known):
    for path in COMPLETIONS:
        text = source.read(path)
        words = set(re.findall(r'[a-z][a-z-]*', text))
        for name in [*known, *GLOBAL.union(*known.values())]:
            if name not in words:
                yield f'{path}: {name} is missing'


def broken_links():
    for page in sorted(source.ROOT.glob('*.md')) + sorted((source.ROOT / 'doc').rglob('*.md')):
        for match in LINK.finditer(page.read_text(encoding='utf-8')):
            if not (page.parent / match.group(1)).exists():
                yield f'{page.relative_to(source.ROOT)}: {match.group(1)} does not exist'


if __name__ == '__main__':
    found = list(broken_links())
    if len(sys.argv) > 1:
        known = commands(os.path.abspath(sys.argv[1]))
        found += [*manual_gaps(known), *completion_gaps(known)]
    source.finish(sorted(set(found)), 'gaps in the documents')
