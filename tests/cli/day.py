"""A day of 100 VMs as captures, and their energies computed by another way than the tool's.

day.py make DIR: DIR/{wide,separate,long} with power.csv, marks.csv, run.json and updates.dat, and DIR/{...}-rows without the
last. day.py check DIR NAME: compares the JSON of report on standard input with what is computed here from the files.
"""
import bisect
import csv
import json
import os
import random
import sys

START, END, STEP, VMS = 1795536000, 1795622400, 60, 100
MARKS = (START + 3600.5, START + 7200.25, START + 50000)
WITHIN = 0.004


def make_updates():
    rows = []
    for vm in range(VMS):
        power, made, number, total, state = random.uniform(5, 100), START - random.uniform(0, 60), 10**9, 10**9, "first"
        while made < END:
            rows.append((made, vm, number, total, state))
            step, state = 61.3 + random.uniform(0, 0.5), "ok"
            rise = int(power * random.uniform(0.5, 1.5) * step * 1e6)
            made += step
            if vm == 7 and 30000 < made - START < 30070:
                number, rise, state = 0, 0, "reset"
            elif vm == 9 and 40000 < made - START < 40070:
                made, state = made + 200, "gap"
            number += rise
            total += rise
    rows.sort()
    return rows


def make(directory):
    random.seed(20261124)
    updates = make_updates()
    numbers, at = [None] * VMS, 0
    files = {}
    for name in ("wide", "separate", "long"):
        for kind in (name, name + "-rows"):
            path = os.path.join(directory, kind)
            os.makedirs(path)
            labels = ["vm-%03d" % vm for vm in range(VMS)]
            names = ["power_%s.csv" % label for label in labels] if name == "separate" else ["power.csv"]
            files[kind] = [open(os.path.join(path, file), "w") for file in names]
            with open(os.path.join(path, "run.json"), "w") as info:
                json.dump({"tool": "vm_energy", "start": START, "end": END, "scale": 1.0, "files": names,
                           "counters": []}, info)
            with open(os.path.join(path, "marks.csv"), "w") as marks:
                marks.write("ts,mark\n" + "".join("%.3f,m\n" % mark for mark in MARKS))
            head = "".join(",%s_energy_uj,%s_power_w" % (label, label) for label in labels)
            for file, label in zip(files[kind], labels):
                file.write("ts,label,energy_uj,power_w,state\n" if name == "long" else
                           "ts" + head + "\n" if name == "wide" else "ts,%s_energy_uj,%s_power_w\n" % (label, label))
            if kind == name:
                with open(os.path.join(path, "updates.dat"), "w") as out:
                    out.write("update_ts,within_s,label,energy_uj,total_uj,state\n")
                    for made, vm, number, total, state in updates:
                        out.write("%.6f,%.6f,%s,%d,%d,%s\n" % (made, WITHIN, labels[vm], number, total, state))
    for ts in range(START, END + 1, STEP):
        while at < len(updates) and updates[at][0] <= ts:
            numbers[updates[at][1]] = updates[at][2]
            at += 1
        for kind in ("wide", "wide-rows"):
            files[kind][0].write("%d%s\n" % (ts, "".join(",%d,1" % number for number in numbers)))
        for kind in ("separate", "separate-rows"):
            for file, number in zip(files[kind], numbers):
                file.write("%d,%d,1\n" % (ts, number))
        for kind in ("long", "long-rows"):
            files[kind][0].write("".join("%d,vm-%03d,%d,1,ok\n" % (ts, vm, number) for vm, number in enumerate(numbers)))
    for kind in files:
        for file in files[kind]:
            file.close()


def updates_of(path):
    """By label: when an update was made at the earliest, the latest, most likely; J; whether it is in doubt."""
    found = {}
    with open(os.path.join(path, "updates.dat"), newline="") as file:
        for row in csv.DictReader(file):
            to, within = float(row["update_ts"]), float(row["within_s"])
            found.setdefault(row["label"], []).append(
                (to - within, to, to - within / 2, int(row["total_uj"]) * 1e-6, row["state"] in ("reset", "gap")))
    return found


def energies(points, edges):
    """Between each two edges: value, low, high."""
    times = [point[2] for point in points]
    levels = []
    for edge in edges:
        i = bisect.bisect_right(times, edge)
        a = points[i - 1]
        if i < len(points):
            b = points[i]
            value = a[3] + (edge - a[2]) / (b[2] - a[2]) * (b[3] - a[3])
        else:
            before = points[i - 2]
            dt = a[2] - before[2]
            value = a[3] + (a[3] - before[3]) / dt * min(edge - a[2], 1.5 * dt)
        low = [n for n, point in enumerate(points) if point[1] <= edge][-1]
        high = [n for n, point in enumerate(points) if point[0] >= edge][:1]
        levels.append((value, low, high[0] if high else None))
    result = []
    for (a, a_low, a_high), (b, b_low, b_high) in zip(levels, levels[1:]):
        doubt = b_high is None or any(point[4] for point in points[a_low + 1:b_high + 1])
        low = max(0, points[b_low][3] - points[a_high][3]) if a_high is not None else 0
        result.append((b - a, low, None if doubt else points[b_high][3] - points[a_low][3]))
    return result


def check(directory, name):
    spans = json.load(sys.stdin)["captures"][0]
    truth = updates_of(os.path.join(directory, name.split("-")[0]))
    edges = (START,) + MARKS + (END,)
    worst, bad = 0, 0
    for label, points in truth.items():
        expected = energies(points, edges)
        whole = energies(points, (START, END))[0]
        for span, (value, low, high) in zip([spans] + spans["phases"], [whole] + expected):
            vm = next(vm for vm in span["vms"] if vm["label"] == label)
            if name.endswith("-rows"):  # other updates, as rows show them, but the same truth
                off = abs(vm["energy_j"] - value) > 0.05 * value + 15000
                off |= vm["energy_low_j"] > value + 1e-3
                off |= vm["energy_high_j"] is not None and high is not None and vm["energy_high_j"] < value - 1e-3
            else:
                off = abs(vm["energy_j"] - value) > 1e-6 * value + 1e-3 or abs(vm["energy_low_j"] - low) > 1e-3
                off |= (high is None) != (vm["energy_high_j"] is None)
                off |= high is not None and abs(vm["energy_high_j"] - high) > 1e-3
            worst = max(worst, abs(vm["energy_j"] - value))
            if off and bad < 5:
                print("%s from %s: %s, not %s" % (label, span["start"], {k: vm[k] for k in vm if k.startswith("energy_")},
                                                  (value, low, high)))
            bad += off
    if bad or len(truth) != VMS:
        sys.exit("%d of %d figures are off, by up to %f J" % (bad, len(truth) * (len(edges)), worst))


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    check(sys.argv[2], sys.argv[3])
