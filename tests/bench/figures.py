#!/usr/bin/env python3
"""figures.py OUT RECORDS BOARDS WORKLOAD RATE COPIES - what the runs in OUT/runs.jsonl mean.

Writes OUT/figures.json and OUT/plot.svg and prints a table. doc/performance.md explains the words.
"""
import json
import os
import pathlib
import re
import statistics
import sys

import plot

# Their boards get preprocessed source; the others' compile the text itself.
EXPANDED = ("distcc", "distcc-default", "distcc-haproxy", "icecream")
LOCAL = ("make", "handout")


def read_boards(spec):
    boards = []
    for group in spec.split(","):
        count, cores, slow = re.fullmatch(r"(\d+)x(\d+)(?:/([\d.]+))?", group).groups()
        boards += [(int(cores), float(slow or 1))] * int(count)
    return boards


def read_records(directory):
    """The compiles as (full, expanded) seconds, and the longest link."""
    compiles = []
    for path in pathlib.Path(directory).glob("*/cost"):
        full, expanded, _ = path.read_text().split(" ", 2)
        compiles.append((int(full) / 1e6, int(expanded) / 1e6))
    links = pathlib.Path(directory, "links")
    longest = max(map(int, links.read_text().split()), default=0) / 1e6 if links.exists() else 0
    return compiles, longest


def median(runs, key):
    values = [run[key] for run in runs if key in run]
    return statistics.median(values) if values else None


class Farm:
    def __init__(self, directory, spec, copies):
        self.boards = read_boards(spec)
        self.speed = sum(cores / slow for cores, slow in self.boards)
        recorded, self.link_s = read_records(directory)
        self.compiles = copies * recorded
        self.cores = os.cpu_count()

    def costs(self, contender):
        return [cost[contender in EXPANDED] for cost in self.compiles]


def bound(farm, name, figures, own_s):
    """What no controller can beat, given what its client spends on a file."""
    if name in LOCAL:
        return {"local_s": figures["client_cpu_s"] / farm.cores}
    costs = farm.costs(name)
    fastest = min(slow for _, slow in farm.boards)
    limits = {
        "remote_s": sum(costs) / farm.speed,
        "longest_s": max(costs) * fastest + farm.link_s,
    }
    if name != "ideal" and own_s is not None:
        spent = own_s + figures["client_ms_per_file"] / 1000 * len(costs)
        limits["local_s"] = spent / farm.cores
        limits["machine_s"] = (spent + figures["boards_cpu_s"]) / farm.cores
    return limits


def summarize(farm, name, runs, own_s):
    figures = {
        "setting": runs[0]["setting"],
        "runs": len(runs),
        "wall_s": median(runs, "wall_s"),
        "client_cpu_s": median(runs, "client_cpu_s"),
        "boards_cpu_s": median(runs, "boards_cpu_s"),
        "others_cpu_s": median(runs, "others_cpu_s"),
        "sent_bytes": median(runs, "sent_bytes"),
        "views": median(runs, "views"),
        "files_per_s": len(farm.compiles) / median(runs, "wall_s"),
    }
    if name not in LOCAL and name != "ideal" and own_s is not None:
        remote = median(runs, "remote") or len(farm.compiles)
        spent = figures["client_cpu_s"] - own_s - (median(runs, "local_compiles_cpu_s") or 0)
        figures["remote_files"] = remote
        figures["client_ms_per_file"] = 1000 * spent / remote
    limits = bound(farm, name, figures, own_s)
    figures["limits"] = limits
    figures["bound_s"] = max(v for k, v in limits.items() if k != "machine_s")
    figures["ratio"] = figures["wall_s"] / figures["bound_s"]
    return figures


def add_pairs(figures, by_name):
    """How much longer each takes than farmmake in the same round."""
    ours = {run["round"]: run["wall_s"] for run in by_name.get("farmmake", [])}
    for name, runs in by_name.items():
        ratios = [run["wall_s"] / ours[run["round"]] for run in runs if run["round"] in ours]
        figures[name]["times_farmmake"] = statistics.median(ratios) if ratios else None


def show(document):
    print("{workload}: {files} compiles of {cpu_s:.1f} s, the longest {longest_s:.2f} s; boards "
          "{boards}, {rate}; {local_cores} cores here".format(**document))
    print("%-15s %-7s %8s %9s %9s %8s %8s %7s  %s" % (
        "", "setting", "wall s", "x farmm.", "ms/file", "sent MB", "bound s", "ratio", "limits"))
    for name, f in document["contenders"].items():
        print("%-15s %-7s %8.2f %9s %9s %8.1f %8.2f %7.2f  %s" % (
            name, f["setting"], f["wall_s"],
            "%.2f" % f["times_farmmake"] if f["times_farmmake"] else "-",
            "%.1f" % f["client_ms_per_file"] if "client_ms_per_file" in f else "-",
            f["sent_bytes"] / 1e6, f["bound_s"], f["ratio"],
            ", ".join("%s %.2f" % (k[:-2], v) for k, v in f["limits"].items())))


def warn(farm, figures):
    """Figures of a machine that had something else to do are no figures."""
    for name, f in figures.items():
        if f["others_cpu_s"] > 0.05 * f["wall_s"] * farm.cores:
            print("%s: other processes used %.0f %% of this machine" % (
                name, 100 * f["others_cpu_s"] / f["wall_s"] / farm.cores), file=sys.stderr)


def main():
    out, records, boards, workload, rate, copies = sys.argv[1:]
    farm = Farm(records, boards, int(copies))
    by_name = {}
    for line in open(os.path.join(out, "runs.jsonl")):
        run = json.loads(line)
        if run["round"] > 0:
            by_name.setdefault(run["contender"], []).append(run)
    own_s = median(by_name.get("handout", []), "client_cpu_s")
    figures = {name: summarize(farm, name, runs, own_s) for name, runs in by_name.items()}
    add_pairs(figures, by_name)
    document = {
        "schema": "farmmake-bench/1",
        "workload": workload,
        "boards": boards,
        "rate": rate,
        "local_cores": farm.cores,
        "farm_speed_cores": farm.speed,
        "files": len(farm.compiles),
        "cpu_s": sum(full for full, _ in farm.compiles),
        "longest_s": max(full for full, _ in farm.compiles),
        "own_cpu_s": own_s,
        "contenders": figures,
    }
    with open(os.path.join(out, "figures.json"), "w") as f:
        json.dump(document, f, indent=1)
        f.write("\n")
    with open(os.path.join(out, "plot.svg"), "w") as f:
        f.write(plot.svg(document))
    show(document)
    warn(farm, figures)


main()
