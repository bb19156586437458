#!/usr/bin/env python3
"""What the compiled libraries ask of the system and keep for themselves.

symbols.py pure LIBRARY...     asks for nothing but memory and text: no socket, file, clock, randomness, environment
symbols.py quiet LIBRARY...    prints nothing and does not end the process
symbols.py state LIBRARY...    has no writable static data
"""
import os
import re
import sys

import source

IMPURE = re.compile('|'.join((
    r'socket(pair)?', r'connect', r'bind', r'listen', r'accept4?', r'send(to|msg|mmsg|file)?', r'recv(from|msg|mmsg)?',
    r'p?poll', r'select', r'epoll_.*', r'(__)?open(at)?(64)?(_2)?', r'f(d|re)?open(64)?', r'p?read(64)?(_chk)?',
    r'__p?read_chk', r'p?write(v|64)?', r'close', r'fread.*', r'fwrite.*', r'fgets?.*', r'getline', r'unlink(at)?',
    r'rename.*', r'mkdir.*', r'mkstemp.*', r'f?l?stat(at)?(64)?', r'access', r'opendir', r'readdir(64)?', r'scandir(64)?',
    r'time', r'clock(_.*)?', r'gettimeofday', r'(local|gm|mk)time(_r)?', r'n?anosleep', r'u?sleep',
    r's?random(_r)?', r's?rand(_r)?', r'arc4random.*', r'getrandom', r'getentropy', r'RAND_.*', r'(secure_)?getenv',
    r'setlocale', r'pthread_.*', r'fork', r'exec.*', r'syslog', r'getaddrinfo', r'gethost.*', r'getuid', r'getpid',
    r'curl_.*', r'ub_.*', r'event_.*', r'sqlite3_.*', r'BIO_new_file', r'BIO_s_(file|connect)',
    r'ldns_resolver_.*', r'ldns_(tcp|udp|axfr)_.*', r'ldns_.*_fp(_l)?', r'ldns_.*_print(_fmt)?', r'ldns_get_random',
    r'ldns_init_random', r'yaml_parser_set_input_file')))
LOUD = re.compile(r'v?printf|__v?printf_chk|puts|putchar|perror|stdout|stderr|v?warnx?|v?errx?|syslog|_?exit|quick_exit')
ALLOWED = {
    ('state', 'buf.c.o', 'empty'),  # one byte that an empty growing text points at, never written
    ('state', 'late_curl.c.o', 'at'), ('state', 'late_unbound.c.o', 'at'),  # where a library's functions are: found once, the same for whoever asks
    ('quiet', 'arena.c.o', 'stderr'), ('quiet', 'late.c.o', 'stderr'),  # last words when memory has run out, or a library is not there
}
WRITABLE = re.compile(r'(\*COM\*|\.t?(data|bss)(\..*)?)$')


def undefined(library):
    member = ''
    for line in source.tool('nm', '-u', '-f', 'posix', library).splitlines():
        if line.endswith(':'):
            member = line.split('[')[-1].rstrip(']:').rsplit('/', 1)[-1]
        elif line:
            yield member, line.split()[0].split('@')[0]


def writable(library):
    """Symbols in sections that can be written: (member, name, section). .data.rel.ro is constant after loading."""
    member = ''
    for line in source.tool('objdump', '-t', library).splitlines():
        if ':     file format' in line:
            member = line.split(':')[0].rsplit('/', 1)[-1]
        row = re.match(r'[0-9a-f]{8,16} (.{7}) (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$', line)
        if row and WRITABLE.match(row.group(2)) and not row.group(2).startswith('.data.rel.ro') \
                and 'd' not in row.group(1) and int(row.group(3), 16):
            yield member, row.group(4).split('.')[0], row.group(2)


def found(rule, library):
    if rule == 'state':
        for member, symbol, section in writable(library):
            yield member, symbol, f'{symbol} is writable static data ({section})'
    else:
        pattern = IMPURE if rule == 'pure' else LOUD
        for member, symbol in undefined(library):
            if pattern.fullmatch(symbol):
                yield member, symbol, f'uses {symbol}'


def complaints(rule, libraries):
    for library in libraries:
        for member, symbol, text in found(rule, library):
            if (rule, member, symbol) not in ALLOWED:
                yield f'{library}: {member}: {text}'


if __name__ == '__main__':
    source.finish(sorted(set(complaints(sys.argv[1], map(os.path.abspath, sys.argv[2:])))), f'symbols against "{sys.argv[1]}"')
