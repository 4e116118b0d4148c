"""Nine days of 100 W, as the plugin's `energy` shows them when things go wrong, each minute; and the truth.

billing.py graphite|influx|prometheus: the values, in the server's own format.
billing.py truth: "vm host day kWh", the day as its number since 1970, of the days that are complete.
billing.py answer-SERVER: "name day kWh" of what the server's client has printed, on standard input; name: "host/vm" or
one of them.
"""
import calendar
import csv
import json
import re
import sys
import time

DAY, MINUTE, WATTS, DAYS = 86400, 60, 100, 9
NOW = int(sys.argv[2]) // MINUTE * MINUTE
START = NOW // DAY * DAY - DAYS * DAY


class Story:
    """A VM: what its counter has, and what the plugin makes of it."""

    def __init__(self, name, host="node1", energy=5_000_000_000):
        self.vm, self.host = name, host
        self.counter = self.energy = energy
        self.drawn = {}
        self.values = []

    def draw(self, at):
        self.counter += WATTS * MINUTE
        self.energy += WATTS * MINUTE
        key = (self.host, (at - 1) // DAY)
        self.drawn[key] = self.drawn.get(key, 0) + WATTS * MINUTE

    def show(self, at):
        self.values.append((self.host, at, self.energy))

    def starts_again(self):
        """The plugin, without a state."""
        self.energy = self.counter


def at(day, hour, minute=0):
    return START + day * DAY + hour * 3600 + minute * MINUTE


def during(now, begin, minutes):
    return begin < now <= begin + minutes * MINUTE


def run(story, rule):
    for now in range(START, NOW + 1, MINUTE):
        if rule(story, now):
            story.show(now)
        story.draw(now + MINUTE)
    return story


def gaps(story, now):
    of_day = (now - START) % DAY
    return not any(begin < of_day <= begin + length * MINUTE for begin, length in ((10800, 3), (39600, 7), (61200, 25)))


def resets(story, now):
    if (now - START) % DAY == 6 * 3600:
        story.counter = 0
    return True


def restart_after_reset(story, now):
    if now == at(3, 9):
        story.counter = 0
    if now == at(3, 15, 2):
        story.starts_again()
    return not during(now, at(3, 15) - MINUTE, 2)


def both_on_one_day(story, now):
    for reset, restart in ((at(2, 2), at(2, 5)), (at(2, 13), at(2, 20)), (at(6, 1), at(6, 1, 1))):
        if now == reset:
            story.counter = 0
        if now == restart:
            story.starts_again()
    return True


def off(story, now, begin, minutes):
    """The host is off: nothing is drawn, nothing shown."""
    if during(now, begin, minutes):
        story.counter -= WATTS * MINUTE
        story.energy -= WATTS * MINUTE
        story.drawn[(story.host, (now - 1) // DAY)] -= WATTS * MINUTE
        return True
    return False


def crash(story, now):
    is_off = off(story, now, at(4, 14), 10)
    if now == at(4, 14, 10):
        story.counter = 0
        story.energy -= WATTS * 60  # the state is so old
    return not is_off


def reboot(story, now):
    is_off = off(story, now, at(5, 3), 5)
    if now == at(5, 3, 5):
        story.counter = 0
    return not is_off


def migration(story, now):
    if now == at(3, 12, 34):
        story.host, story.counter = "node2", 0
        story.starts_again()
    if now == at(6, 1):
        story.host, story.counter = "node1", 0
        story.starts_again()
    return True


STORIES = [gaps, resets, restart_after_reset, both_on_one_day, crash, reboot, migration]


def answers(server):
    """(name, second within the day, kWh)"""
    if server == "graphite":
        for series in json.load(sys.stdin):
            name = re.search(r"\((?:vm_energy-)?([^(),]+)[,)]", series["target"]).group(1)
            name = re.sub(r"\.vm_energy-(.*)\.energy$", r"/\1", name)
            for kwh, ts in series["datapoints"]:
                yield name, ts, kwh
    elif server == "influx":
        for row in csv.reader(sys.stdin):
            if len(row) == 4 and row[0] != "name":
                tags = dict(tag.split("=") for tag in row[1].split(","))
                name = "/".join(tags[key] for key in sorted(tags))
                yield name, calendar.timegm(time.strptime(row[2], "%Y-%m-%dT%H:%M:%SZ")), row[3] or None
    else:
        for line in sys.stdin:
            match = re.match(r"\{(.*)\} => (\S+) @\[([0-9]+)", line)
            yield "/".join(re.findall(r'"([^"]*)"', match.group(1))), int(match.group(3)) - 1, match.group(2)


def main():
    if sys.argv[1].startswith("answer-"):
        for name, ts, kwh in answers(sys.argv[1][7:]):
            if kwh is not None:
                print(name, ts // DAY, kwh)
        return
    stories = [run(Story(rule.__name__.replace("_", "-")), rule) for rule in STORIES]
    out, how = sys.stdout, sys.argv[1]
    if how == "prometheus":
        out.write("# TYPE collectd_vm_energy_energy gauge\n")
    for story in stories:
        if how == "truth":
            for (host, day), joules in sorted(story.drawn.items()):
                if START // DAY <= day < NOW // DAY:
                    out.write("%s %s %d %.6f\n" % (story.vm, host, day, joules / 3.6e6))
        for host, ts, energy in sorted(story.values, key=lambda value: value[0]):
            if how == "graphite":
                out.write("%s.vm_energy-%s.energy %d %d\n" % (host, story.vm, energy, ts))
            elif how == "influx":
                out.write("vm_energy_value,host=%s,instance=%s,type=energy value=%d %d\n" % (host, story.vm, energy, ts))
            elif how == "prometheus":
                out.write('collectd_vm_energy_energy{vm_energy="%s",instance="%s"} %d %d\n' % (story.vm, host, energy, ts))
    if how == "prometheus":
        out.write("# EOF\n")


main()
