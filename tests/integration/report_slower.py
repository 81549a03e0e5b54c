#!/usr/bin/env python3
"""report_slower.py OLD NEW - the files that took longer in NEW, as farmctl report --compare tells of them."""
import json
import sys


def times(path):
    return {job["source"]: job["t"]["done"] - job["t"]["start"] for job in json.load(open(path))["jobs"]}


then, now = map(times, sys.argv[1:])
for name in sorted(now, key=lambda name: then[name] - now[name]):
    if now[name] > then[name]:
        print("  %+7.2f s  %s: %.2f s, was %.2f s" % (now[name] - then[name], name, now[name], then[name]))
