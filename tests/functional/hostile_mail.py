"""Mail that wants to break its reader: mutants of the corpus, and bombs.

    for text in mutants(1000): ...          the same ones each time
    for name, make, command, ... in BOMBS   see test_hostile_mail.py
"""
import io
import pathlib
import random
import zipfile
import zlib

MESSAGES = pathlib.Path(__file__).resolve().parent.parent / 'data/bounces/messages'
TOKENS = [b'\0', b'\r', b'\n', b'\r\n\r\n', b'--', b'\nContent-Type: multipart/report; boundary="x"\n\n--x\n', b'\n--x--\n',
          b'\nContent-Type: message/rfc822\n\n', b'\nContent-Transfer-Encoding: base64\n\n', b'\nContent-Type: message/delivery-status\n\n',
          b'\nFinal-Recipient: rfc822;', b'\nReceived: from [', b'=?iso-2022-jp?B?', b'?=', b'\x1b$B', b'\x1b]0;x\x07', b'\xff\xfe', b'\x80' * 40,
          b'A' * 5000, b'(' * 300, b'"' * 99, b'<' * 200, b'%', b'=', b';charset=utf-7', b'{', b'[[[[', b'\n\n', b'>' * 50, b'@' * 60, b'\t' * 500]


def mutate(rng, text, others):
    text = bytearray(text)
    for _ in range(rng.randrange(1, 8)):
        at = rng.randrange(len(text) + 1)
        span = rng.randrange(1, 1 + max(1, len(text) // rng.choice((2, 8, 64))))
        what = rng.randrange(7)
        if what == 0 and text:
            text[at % len(text)] ^= 1 << rng.randrange(8)
        elif what == 1:
            del text[at:at + span]
        elif what == 2:
            text[at:at] = text[at:at + span][:20000]
        elif what == 3:
            text[at:at] = rng.choice(TOKENS)
        elif what == 4:
            other = rng.choice(others)
            text[at:] = other[rng.randrange(len(other)):]
        elif what == 5:
            del text[at:]
        else:
            text[at:at + span] = bytes(rng.randrange(256) for _ in range(min(span, 40)))
        del text[100000:]
    return bytes(text)


def mutants(n, seed=20261130):
    rng = random.Random(seed)
    corpus = [path.read_bytes() for path in sorted(MESSAGES.iterdir())]
    for _ in range(n):
        yield mutate(rng, rng.choice(corpus), corpus)


# --- bombs -----------------------------------------------------------------------------------------------------------
ZONE = 'zone: x.example\nprovider: {zonefile: {path: x}}\nmail: '
FEEDBACK = '<feedback><report_metadata><org_name>x</org_name>'


def head(kind='multipart/mixed; boundary=b'):
    return f'Return-Path: <>\nFrom: MAILER-DAEMON@x.example\nSubject: Returned mail\nMIME-Version: 1.0\nContent-Type: {kind}\n'.encode()


def gz(data):
    packer = zlib.compressobj(9, wbits=31)
    return packer.compress(data) + packer.flush()


def zipped(*entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as z:
        for name, data in entries:
            z.writestr(name, data)
    return out.getvalue()


def laughs():
    rows = ''.join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE x [<!ENTITY l0 "ha">{rows}]><feedback>&l9;</feedback>'


def aliases():
    rows = ''.join(f'l{n}: &l{n} [{", ".join([f"*l{n - 1}"] * 9)}]\n' for n in range(1, 9))
    return f'l0: &l0 [x]\n{rows}'


def many_parts(n):
    return head() + b'\n' + b'--b\n\n\n' * n


def nested(n):
    return head('multipart/mixed; boundary=b0') + b''.join(b'\n--b%d\nContent-Type: multipart/mixed; boundary=b%d\n' % (i, i + 1) for i in range(n))


BLANKS = b' ' * (64 << 20)

# name: (what makes it, the command that reads it, a part of the reason; None: it is read within its limits)
BOMBS = {
    'yaml: flow sequences': (lambda: ZONE + '[' * 100000, 'plan', 'nested'),
    'yaml: flow mappings': (lambda: ZONE + '{a: ' * 100000, 'plan', 'nested'),
    'yaml: block sequences': (lambda: 'zone:\n' + '- ' * 50000 + 'x\n', 'plan', 'nested'),
    'yaml: 40,000 anchors': (lambda: ''.join(f'a{n}: &a{n} x\n' for n in range(40000)), 'plan', 'anchor'),
    'yaml: laughs': (aliases, 'plan', 'anchor'),
    'yaml: itself': (lambda: 'zone: &a [*a]\n', 'plan', 'anchor'),
    'yaml: merge keys': (lambda: 'a: {<<: {b: c}}\n', 'plan', ''),
    'yaml: tags': (lambda: 'zone: !!python/object/apply:os.system [id]\n', 'plan', 'tag'),
    'yaml: a key twice': (lambda: 'zone: x.example\nzone: y.example\n', 'plan', 'twice'),
    'yaml: 2 MiB': (lambda: 'zone: x\n' + '#' * (2 << 20), 'plan', ''),
    'xml: laughs': (laughs, 'reports', 'DOCTYPE'),
    'xml: quadratic': (lambda: f'<!DOCTYPE x [<!ENTITY a "{"x" * 50000}">]><feedback>{"&a;" * 50000}</feedback>', 'reports', 'DOCTYPE'),
    'xml: external entity': (lambda: '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><feedback>&a;</feedback>', 'reports', 'DOCTYPE'),
    'xml: 100,000 deep': (lambda: FEEDBACK + '<a>' * 100000, 'reports', ''),
    'xml: 200,000 attributes': (lambda: '<feedback ' + ' '.join(f'a{n}="x"' for n in range(200000)) + '></feedback>', 'reports', ''),
    'xml: a text of 30 MB': (lambda: FEEDBACK + 'x' * (30 << 20), 'reports', ''),
    'gzip of blanks': (lambda: gz(BLANKS), 'reports', 'come out of one'),
    'gzip, cut off': (lambda: gz(b'<feedback>' * 100)[:-9], 'reports', ''),
    'zip of blanks': (lambda: zipped(('x.xml', BLANKS)), 'reports', 'come out of one'),
    'zip of two': (lambda: zipped(('a.xml', b'<feedback/>'), ('b.xml', b'<feedback/>')), 'reports', ''),
    'zip in a zip': (lambda: zipped(('a.zip', zipped(('x.xml', b'<feedback/>')))), 'reports', ''),
    'mime: 10,000 deep': (lambda: nested(10000), 'triage', None),
    'mime: messages in messages': (lambda: head('message/rfc822') + b'\nContent-Type: message/rfc822\n' * 20000, 'triage', None),
    'mime: 300,000 parts': (lambda: many_parts(300000), 'triage', None),
    'mime: 300,000 fields': (lambda: head('text/plain') + b'X: y\n' * 300000 + b'\nx\n', 'triage', None),
    'mime: a field of 3 MB': (lambda: head('text/plain') + b'X: ' + b'y' * (3 << 20) + b'\n\nx\n', 'triage', None),
    'mime: a boundary of 100 kB': (lambda: head(f'multipart/mixed; boundary="{"b" * 100000}"') + b'\n--' + b'b' * 100000 + b'\n\nx\n', 'triage', None),
    'mime: 100,000 encoded words': (lambda: head('text/plain') + b'Subject: ' + b'=?utf-8?b?YQ==?= ' * 100000 + b'\n\nx\n', 'triage', None),
    'mime: comments in comments': (lambda: head('text/plain') + b'Received: from ' + b'(' * 200000 + b'\n\nx\n', 'triage', None),
    'mime: NULs': (lambda: head() + b'\0' * 1000000, 'triage', None),
    'json: 200,000 deep': (lambda: '[' * 200000, 'triage', None),
    'json: a triage 200,000 deep': (lambda: '{"type":' * 200000, 'notices', ''),
}
