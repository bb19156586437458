#!/usr/bin/env python3
"""Rows of DMARC aggregate reports per CPU second, and memory: ours, the whole program, and zlib with expat alone.

    bench_reports.py [--json FILE] [--rows N] [REPORTS]

The reports are compressed, of 40 organisations about 200 domains; three rows of ten are forged, from anywhere. Counts must be equal.
Nothing here passes or fails for being slow: machines differ.
"""
import argparse
import gzip
import json
import pathlib
import random
import resource
import subprocess
import tempfile

BUILD = pathlib.Path(__file__).resolve().parent.parent.parent.parent / 'build'
PROGRAMS = ('tests/bench/bench_reports', 'tests/bench/bench_reports_floor')
DAY = 1735689600


def record(rng, domain):
    is_forged = rng.random() < .3
    source = '.'.join(str(rng.randrange(11, 220)) for _ in range(4)) if is_forged else f'10.1.2.{rng.randrange(1, 9)}'
    result, sender = ('fail', f'x{rng.randrange(9999)}.invalid') if is_forged else ('pass', domain)
    signature = '' if is_forged else f'<dkim><domain>{domain}</domain><selector>s1</selector><result>pass</result></dkim>'
    return (f'  <record>\n    <row>\n      <source_ip>{source}</source_ip>\n      <count>{1 + int(rng.expovariate(.3))}</count>\n'
            f'      <policy_evaluated>\n        <disposition>{"reject" if is_forged else "none"}</disposition>\n'
            f'        <dkim>{result}</dkim>\n        <spf>{result}</spf>\n      </policy_evaluated>\n    </row>\n'
            f'    <identifiers><header_from>{domain}</header_from><envelope_from>{sender}</envelope_from></identifiers>\n'
            f'    <auth_results>{signature}<spf><domain>{sender}</domain><scope>mfrom</scope>'
            f'<result>{"softfail" if is_forged else "pass"}</result></spf></auth_results>\n  </record>\n')


def generate(folder, n_reports, n_rows):
    rng = random.Random(20261122)
    for i in range(n_reports):
        org, domain, begin = f'org{i % 40}.example', f'd{rng.randrange(200)}.example', DAY + 86400 * (i // 40)
        text = (f'<?xml version="1.0"?>\n<feedback>\n  <report_metadata><org_name>{org}</org_name><email>dmarc@{org}</email>'
                f'<report_id>{rng.getrandbits(64)}</report_id><date_range><begin>{begin}</begin><end>{begin + 86399}</end></date_range>'
                f'</report_metadata>\n  <policy_published><domain>{domain}</domain><p>reject</p></policy_published>\n')
        text += ''.join(record(rng, domain) for _ in range(n_rows)) + '</feedback>\n'
        with gzip.GzipFile(folder / f'{i}.xml.gz', 'wb', mtime=0) as out:
            out.write(text.encode())


def whole_program(folder):
    """The program itself: with all its libraries, its text and what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([BUILD / 'controller/dnsguard', 'reports', '--json', '--own', '10.0.0.0/8', folder], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('reports', nargs='?', type=int, default=2000)
    parser.add_argument('--rows', type=int, default=50)
    parser.add_argument('--json', type=pathlib.Path)
    options = parser.parse_args()
    subprocess.run(['ninja', '-C', BUILD, 'controller/dnsguard', *PROGRAMS], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        generate(folder, options.reports, options.rows)
        runs = ([BUILD / PROGRAMS[0], folder], [BUILD / PROGRAMS[1], *sorted(folder.iterdir())])
        rows = [json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout) for argv in runs]
        rows.append({**rows[0], 'what': 'the whole program', 'cpu_s': whole_program(folder), 'rss_kib': 0})
    assert rows[0]['rows'] == rows[1]['rows'] and rows[0]['messages'] == rows[1]['messages'], rows
    print(f'{"aggregate reports":<20} {"rows":>9} {"CPU s":>8} {"rows/CPU s":>11} {"RSS MiB":>8}')
    for row in rows:
        row['rows_per_s'] = round(row['rows'] / row['cpu_s'])
        memory = f'{row["rss_kib"] / 1024:.1f}' if row['rss_kib'] else '-'
        print(f'{row["what"]:<20} {row["rows"]:>9} {row["cpu_s"]:>8.3f} {row["rows_per_s"]:>11} {memory:>8}')
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + '\n')


if __name__ == '__main__':
    main()
