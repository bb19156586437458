#!/usr/bin/env python3
"""Every command and every exit code of the program stands in the manual; every link in the pages leads somewhere."""
import re

import source

TABLE = 'controller/command/command.c'
MANUAL = 'doc/man/dnsguard.1.scd'
LINK = re.compile(r'\[[^\]]*\]\((?!https?:|mailto:|#)([^)#]+)(?:#[^)]*)?\)')


def commands():
    """Names in the table of commands."""
    if not (source.ROOT / TABLE).exists():
        return []
    return re.findall(r'\{\s*(?:\.name\s*=\s*)?"([a-z]+)"\s*,', source.code(TABLE, strings=True))


def complaints():
    manual = source.read(MANUAL)
    for name in commands():
        if not re.search(rf'^\*{name}\*', manual, re.M):
            yield f'{MANUAL}: the command {name} is missing (a line that begins with *{name}*)'
    for page in sorted(source.ROOT.glob('*.md')) + sorted((source.ROOT / 'doc').rglob('*.md')):
        for match in LINK.finditer(page.read_text(encoding='utf-8')):
            if not (page.parent / match.group(1)).exists():
                yield f'{page.relative_to(source.ROOT)}: {match.group(1)} does not exist'


if __name__ == '__main__':
    source.finish(list(complaints()), 'gaps in the documents')
