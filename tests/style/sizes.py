#!/usr/bin/env python3
"""No file above 500 lines, no function above 60."""
import json

import source

FILE_MAX = 500
FUNCTION_MAX = 60


def long_files():
    for path in source.files('.c', '.h', '.py', '.sh', folders=(*source.C_FOLDERS, 'examples')):
        lines = source.read(path).count('\n')
        if lines > FILE_MAX:
            yield f'{path}:1: {lines} lines, allowed are {FILE_MAX}'


def long_functions():
    paths = [str(p) for p in source.files('.c', '.h')]
    tags = source.tool('ctags', '--output-format=json', '--fields=+neS', '--kinds-c=f', '-f', '-', *paths)
    for tag in map(json.loads, tags.splitlines()):
        lines = tag['end'] - tag['line'] + 1
        if lines > FUNCTION_MAX:
            yield f'{tag["path"]}:{tag["line"]}: {tag["name"]} has {lines} lines, allowed are {FUNCTION_MAX}'


if __name__ == '__main__':
    source.finish([*long_files(), *long_functions()], 'files and functions that are too long')
