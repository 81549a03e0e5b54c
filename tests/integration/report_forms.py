#!/usr/bin/env python3
"""report_forms.py REPORT TRACE CSV PAGE - the forms say what the report says, and are well formed."""
import csv
import json
import re
import sys
from collections import defaultdict

report = json.load(open(sys.argv[1]))
trace = json.load(open(sys.argv[2]))
rows = list(csv.DictReader(open(sys.argv[3], newline="")))
page = open(sys.argv[4]).read()


def check(ok, what):
    if not ok:
        sys.exit("report_forms.py: " + what)


# The trace: what the format demands of each event, and spans that do not overlap within a thread.
check(set(trace) == {"displayTimeUnit", "traceEvents"}, "fields of the trace")
threads, names, busy = defaultdict(list), {}, defaultdict(float)
for event in trace["traceEvents"]:
    check(isinstance(event["name"], str) and event["ph"] in "MX", "an event of no known kind")
    check(type(event["pid"]) is int and type(event["tid"]) is int, "an event without a thread")
    if event["ph"] == "M":
        check(event["name"] in ("process_name", "thread_name"), "unknown metadata")
        names[event["pid"], event["tid"] if event["name"] == "thread_name" else 0] = event["args"]["name"]
        continue
    check(type(event["ts"]) is int and type(event["dur"]) is int, "times that are no numbers")
    check(event["ts"] >= 0 and event["dur"] >= 0, "times before the build")
    check((event["pid"], event["tid"]) in names, "a thread without a name")
    threads[event["pid"], event["tid"]].append((event["ts"], event["dur"]))
for (pid, tid), spans in threads.items():
    spans.sort()
    for (a, length), (b, _) in zip(spans, spans[1:]):
        check(a + length <= b + 1, "spans that overlap")
    busy[pid, tid] = sum(length for _, length in spans) / 1e6
lanes = [(1, report["usage"]["here"]["slots_busy_s"])]
lanes += [(i + 2, node["slots_busy_s"]) for i, node in enumerate(report["nodes"])]
for pid, slots in lanes:
    check(names[pid, 0] == ("here" if pid == 1 else report["nodes"][pid - 2]["name"]), "a process's name")
    for i, s in enumerate(slots):
        check(abs(busy[pid, i + 1] - s) < 1e-3, "slot %d of %d: %f, not %f" % (i + 1, pid, busy[pid, i + 1], s))

# The table: a row for each, with its times.
check(len(rows) == len(report["jobs"]) + len(report["steps"]), "rows")
for row, job in zip(rows, report["jobs"]):
    check(row["kind"] == "compile" and row["source"] == job["source"], "a row's source")
    check(abs(float(row["done"]) - job["t"]["done"]) < 1e-6, "a row's time")
for row, step in zip(rows[len(report["jobs"]):], report["steps"]):
    check(row["kind"] == "step" and row["source"] == step["name"], "a step's row")

# The page: holds the report, and nothing that a browser would fetch.
inside = re.search(r'<script type="application/json" id="report">(.*?)</script>', page, re.S)
check(inside and json.loads(inside.group(1)) == report, "the page's report")
check("<" not in inside.group(1), "the report could end its script")
rest = page.replace(inside.group(0), "")
check(not re.search(r'\b(src|href)="(?!data:)|https?:|@import|url\(', rest), "the page fetches something")
