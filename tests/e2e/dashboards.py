"""What the dashboards are tested with: eight days of a few VMs on three hosts, one value a minute, up to an instant.

dashboards.py graphite|influx|prometheus NOW: the values, in the server's own format.

Short-lived VMs have the last seven hours only, and power is there for the last seven hours only.
"""
import sys

MINUTE, HOUR, DAY = 60, 3600, 86400
NOW = int(sys.argv[2]) // MINUTE * MINUTE

# VM, host, watts, from and to in hours before NOW, hours before NOW at which the counter was reset
VMS = [
    ("v1", "left", 100, 8 * 24 + 24, 0, ()),
    ("reset", "left", 50, 8 * 24 + 24, 0, (30, 5)),
    ("moves", "left", 30, 8 * 24 + 24, 3, ()),
    ("moves", "right", 30, 3, 0, ()),
    ("off", "right", 25, 8 * 24 + 24, 2, ()),
    ("v2", "right", 200, 8 * 24 + 24, 0, ()),
] + [("small-%d" % watts, "third", watts, 7, 0, ()) for watts in range(1, 21)]


def values(quantity):
    """(vm, host, time, value), ordered by series"""
    for vm, host, watts, begin, end, resets in VMS:
        energy = 5_000_000
        for ts in range(NOW - begin * HOUR, NOW - end * HOUR + 1, MINUTE):
            if ts in [NOW - reset * HOUR for reset in resets]:
                energy = 1_000_000
            if quantity == "energy":
                yield vm, host, ts, energy
            elif ts >= NOW - 7 * HOUR:
                yield vm, host, ts, watts
            energy += watts * MINUTE


def main():
    server = sys.argv[1]
    for quantity in "energy", "power":
        if server == "prometheus":
            print("# TYPE collectd_vm_energy_%s gauge" % quantity)
        # what Smooth adds, and no panel may count
        for smooth in ("", "sma3")[: 1 + (quantity == "power")]:
            for vm, host, ts, value in values(quantity):
                value += 1000 if smooth else 0
                if server == "graphite":
                    print("%s.vm_energy-%s.%s %d %d" % (host, vm, quantity + "-" * bool(smooth) + smooth, value, ts))
                elif server == "influx":
                    tags = ",type_instance=" + smooth if smooth else ""
                    print("vm_energy_value,host=%s,instance=%s,type=%s%s value=%d %d" % (host, vm, quantity, tags, value, ts))
                else:
                    tags = ',type="%s"' % smooth if smooth else ""
                    print('collectd_vm_energy_%s{vm_energy="%s",instance="%s"%s} %d %d' % (quantity, vm, host, tags, value, ts))
    if server == "prometheus":
        print("# EOF")


main()
