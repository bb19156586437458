#!/usr/bin/env python3
"""totals.py FILE RC: 'PASSED FAILED' of a JUnit file of meson or pytest, then a line with the name of each test that failed.

A run that failed says at least one failure, and one without a file counts as one test.
"""
import os
import sys
import xml.etree.ElementTree as xml


def totals(path, rc):
    passed, failed = 0, []
    if os.path.exists(path):
        for case in xml.parse(path).getroot().iter('testcase'):
            kinds = {child.tag for child in case}
            if kinds & {'failure', 'error'}:
                failed.append('::'.join(filter(None, (case.get('classname'), case.get('name')))))
            elif 'skipped' not in kinds:
                passed += 1
    elif rc == 0:
        passed = 1
    if rc != 0 and not failed:
        failed.append('the stage itself')
    return passed, failed


if __name__ == '__main__':
    n_passed, names = totals(sys.argv[1], int(sys.argv[2]))
    print(n_passed, len(names))
    print(*names, sep='\n', end='')
