#!/usr/bin/env python3
"""Each code that doc/other-checkers.md names is one that a check can find (doc/checks.md)."""
import re

import source

PAGE = 'doc/other-checkers.md'
BOOK = 'doc/checks.md'
CODE = re.compile(r'`([a-z0-9]+(?:-[a-z0-9]+)+)`')


def unknown_codes():
    known = set(re.findall(r'^### ([a-z0-9-]+)$', source.read(BOOK), re.M))
    page = source.read(PAGE)
    if len(known) < 100:
        yield f'{BOOK}: {len(known)} codes only'
    for match in CODE.finditer(page):
        if match.group(1) not in known:
            yield f'{PAGE}:{source.line_of(page, match.start())}: there is no code {match.group(1)}'


if __name__ == '__main__':
    source.finish(sorted(unknown_codes()), 'codes that nothing finds')
