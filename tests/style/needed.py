#!/usr/bin/env python3
"""needed.py PROGRAM: which libraries the loader must bind before the first line runs. Each costs time in which an attack goes on.

What is seldom used and brings many others along is loaded when it is used first (providers/net/late.h).
"""
import os
import re
import sys

import source

AT_MOST = 7
LATE = re.compile(r'lib(curl|gmime|glib|gobject|gio|systemd|unbound|crypto|ssl|event_openssl|ldns|expat|psl|idn2|milter|seccomp)\b')

if __name__ == '__main__':
    program = os.path.abspath(sys.argv[1])
    needed = re.findall(r'\(NEEDED\).*\[(\S+)\]', source.tool('readelf', '-d', program))
    needed = [name for name in needed if not re.match(r'lib(asan|ubsan|tsan|gcov)\b', name)]
    complaints = [f'{program}: {name} is to be loaded when it is used (providers/net/late.h)' for name in needed if LATE.match(name)]
    if not needed or len(needed) > AT_MOST:
        complaints.append(f'{program}: needs {len(needed)} libraries, at most {AT_MOST}: {" ".join(needed)}')
    source.finish(complaints, f'{len(needed)} libraries')
