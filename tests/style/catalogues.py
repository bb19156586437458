#!/usr/bin/env python3
"""Each message that is translated at all is translated into each language, with the same places for numbers and texts."""
import re

import source

KEYWORDS = ('--keyword=dg_word', '--keyword=dg_word_n:1,2', '--keyword=DG_MESSAGE', '--from-code=UTF-8', '--no-location', '--omit-header', '--no-wrap')
ENTRY = re.compile(r'^(#, fuzzy\n)?msgid ((?:".*"\n)+)(?:msgid_plural ((?:".*"\n)+))?msgstr(?:\[0\])? ((?:".*"\n?)+)', re.M)
PLACE = re.compile(r'\{[a-z]*\}')


def entries(text):
    """{message: (translation, is it fuzzy)}; of one with a plural the message is "one|many" """
    def join(part):
        return ''.join(re.findall(r'"(.*)"', part))
    return {'|'.join(join(part) for part in m.groups()[1:3] if part): (join(m.group(4)), bool(m.group(1))) for m in ENTRY.finditer(text)}


def complaints(language, messages):
    path = f'po/{language}.po'
    known = entries(source.read(path))
    for message in messages:
        translation, is_fuzzy = known.pop(message, ('', False))
        if not translation or is_fuzzy:
            yield f'{path}: not translated: "{message}"'
        elif set(PLACE.findall(message)) != set(PLACE.findall(translation)):
            yield f'{path}: other places for numbers and texts in "{message}"'
        elif message.endswith(r'\n') != translation.endswith(r'\n'):
            yield f'{path}: another end of the line in "{message}"'
    for message in known:
        if message:
            yield f'{path}: nothing says "{message}" any more'


if __name__ == '__main__':
    messages = entries(source.tool('xgettext', *KEYWORDS, '-f', 'po/POTFILES', '-o', '-'))
    found = [c for language in source.read('po/LINGUAS').split() for c in complaints(language, messages)]
    marked = {str(p) for p in source.files('.c', folders=('controller',)) if re.search(r'\bDG_N_\(|\bdg_word\("', source.code(p))}
    found += [f'po/POTFILES: {p} is missing' for p in sorted(marked - set(source.read('po/POTFILES').split()))]
    source.finish(found + ([] if len(messages) > 100 else ['po: hardly any messages']), 'gaps in the catalogues')
