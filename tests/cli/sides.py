"""Runs of two sides, and what compare should say of them, computed from what report says of each run.

sides.py make DIR POWER RUNS SEED: DIR/run_1 ... DIR/run_RUNS, of two VMs that draw POWER and twice that, in two phases.
sides.py check COMPARED REFERENCE OTHER: files with the JSON of compare, and of report for the runs of each side.
"""
import json
import os
import random
import statistics
import sys

START, END, PERIOD, MARK = 1795536000, 1795536060, 5, 20


def make_run(path, power_w):
    os.makedirs(path)
    with open(os.path.join(path, "run.json"), "w") as file:
        json.dump({"tool": "vm_energy", "start": START, "end": END, "scale": 1.0, "files": ["power.csv"],
                   "counters": []}, file)
    with open(os.path.join(path, "marks.csv"), "w") as file:
        file.write("ts,mark\n%d,load\n" % (START + MARK))
    with open(os.path.join(path, "power.csv"), "w") as rows, open(os.path.join(path, "updates.dat"), "w") as updates:
        rows.write("ts,label,energy_uj,power_w,state\n")
        updates.write("update_ts,within_s,label,energy_uj,total_uj,state\n")
        for ts in range(START, END + 1, 10):
            for vm in ("web", "db"):
                rows.write("%d,%s,,1,ok\n" % (ts, vm))
        made = START - random.uniform(0, PERIOD)
        state = "first"
        while made < END + PERIOD:
            for vm, factor in (("web", 1), ("db", 2)):
                number = int(1e9 + (made - START) * power_w * factor * 1e6)
                updates.write("%.6f,0.004,%s,%d,%d,%s\n" % (made, vm, number, number, state))
            made += PERIOD
            state = "ok"


def make(directory, power_w, runs, seed):
    random.seed(seed)
    for run in range(1, runs + 1):
        make_run(os.path.join(directory, "run_%d" % run), power_w * random.gauss(1, 0.01))


def values_of(captures, phase, label):
    """Of each run: value, low, high, duration."""
    values = []
    for capture in captures:
        span = capture if phase == "whole" else next(p for p in capture["phases"] if p["phase"] == phase)
        vm = span["total"] if label is None else next(vm for vm in span["vms"] if vm["label"] == label)
        values.append((vm["energy_j"], vm["energy_low_j"], vm["energy_high_j"], span["duration_s"]))
    return values


def near(got, expected):
    if got is None or expected is None:
        return got is expected
    return abs(got - expected) <= 1e-6 * (1 + abs(expected))


def figures_of(values, measure):
    if measure == "duration_s":
        columns = [[value[3] for value in values]] * 3
    else:
        columns = [[value[i] / (value[3] if measure == "power_w" else 1) for value in values] for i in range(3)]
    mean, low, high = (statistics.fmean(column) for column in columns)
    return {"runs": len(values), "mean": mean, "sd": statistics.stdev(columns[0]) if len(values) > 1 else None,
            "low": low, "high": high}


def check(compared, reference, other):
    bad = checked = 0
    for subject in compared["subjects"]:
        phase = subject["phase"] if subject["is_phase"] else "whole"
        for measure in ("energy_j", "power_w", "duration_s"):
            a, b = (figures_of(values_of(side["captures"], phase, subject["label"]), measure)
                    for side in (reference, other))
            b.update({"difference": b["mean"] - a["mean"], "difference_low": b["low"] - a["high"],
                      "difference_high": b["high"] - a["low"], "ratio": b["mean"] / a["mean"],
                      "ratio_low": b["low"] / a["high"], "ratio_high": b["high"] / a["low"]})
            for side, expected in zip(subject["sides"], (a, b)):
                for name, value in expected.items():
                    checked += 1
                    if not near(side[measure][name], value):
                        bad += 1
                        print(phase, subject["label"], side["side"], measure, name, side[measure][name], "not", value)
    if bad or checked != 3 * 3 * 3 * (5 + 11):
        sys.exit("%d of %d figures are wrong" % (bad, checked))


if sys.argv[1] == "make":
    make(sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
else:
    check(*(json.load(open(path)) for path in sys.argv[2:]))
