#!/usr/bin/env python3
"""sonames.py LIBRARY... -- COMPILER...: what each library is called when it is loaded, as the linker would write it down (late_*.c).

A header on standard output: #define LIBLDNS "libldns.so.3" for ldns.
"""
import os
import re
import subprocess
import sys


def soname(library, compiler):
    file = f'lib{library}.so'
    path = subprocess.run([*compiler, f'-print-file-name={file}'], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    if not os.path.isfile(path):
        sys.exit(f'{file}: {compiler[-1]} does not find it; is the development package installed?')
    dynamic = subprocess.run(['readelf', '-d', path], stdout=subprocess.PIPE, text=True, check=True).stdout
    found = re.search(r'\(SONAME\).*\[(\S+)\]', dynamic)
    if not found:
        sys.exit(f'{path}: a shared library with a SONAME was expected')
    return found.group(1)


if __name__ == '__main__':
    cut = sys.argv.index('--')
    print('/* Made by sonames.py. */\n#pragma once\n')
    for name in sys.argv[1:cut]:
        print(f'#define LIB{name.upper()} "{soname(name, sys.argv[cut + 1:])}"')
