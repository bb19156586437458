#!/usr/bin/env python3
"""Evaluations of SPF per CPU second: ours with parsed records kept and parsed each time, and libspf2 where it is installed.

    bench_spf.py [--json FILE] [EVALUATIONS]

All DNS answers are in memory: nothing is asked. Nothing here passes or fails for being slow: machines differ.
"""
import argparse
import json
import pathlib
import subprocess

BUILD = pathlib.Path(__file__).resolve().parent.parent.parent / 'build'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('evaluations', nargs='?', type=int, default=400000)
    parser.add_argument('--json', type=pathlib.Path)
    options = parser.parse_args()
    subprocess.run(['ninja', '-C', BUILD, 'tests/bench/bench_spf'], check=True, stdout=subprocess.DEVNULL)
    out = subprocess.run([BUILD / 'tests/bench/bench_spf', str(options.evaluations)], check=True, stdout=subprocess.PIPE,
                         text=True).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    print(f'{"SPF evaluations":<22} {"CPU s":>8} {"per CPU s":>10}')
    for row in rows:
        print(f'{row["what"]:<22} {row["cpu_s"]:>8.3f} {row["per_s"]:>10}')
    if not any(row['what'] == 'libspf2' for row in rows):
        print('libspf2                skipped: not installed (libspf2-dev)')
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + '\n')


if __name__ == '__main__':
    main()
