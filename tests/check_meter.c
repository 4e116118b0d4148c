/* The meter: tables of readings, and the sample that each must give. */
#include "core/meter.h"
#include "one_look.h"
#include "suite.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NONE  (-1.0)                                       /* no power expected */
#define WALL0 (INT64_C(1795000000) * NS_PER_S + 123456789) /* no whole second */

/* One reading. Times in seconds; at is monotonic, mtime is wall time since WALL0. */
struct step {
  bool is; /* false after the last */
  double at;
  double energy_j;
  double mtime;
  int error;
  double wall_step; /* of the wall clock, just before the reading */
  enum sample_state state;
  double power_w;
};

struct story {
  const char *name;
  enum meter_base base; /* METER_AUTO where not named */
  double stale_s;
  double range_j;
  double max_w; /* 0: not known */
  bool computed;
  bool foreign;   /* file times are set by another clock */
  double total_j; /* accumulated energy at the end */
  struct step steps[24];
};

#define GOOD(at, e, m, st, p)        ROW(true, at, e, m, 0, 0, SAMPLE_##st, p)
#define BAD(at, err, st)             ROW(true, at, 0, 0, err, 0, SAMPLE_##st, NONE)
#define STEPPED(at, e, m, by, st, p) ROW(true, at, e, m, 0, by, SAMPLE_##st, p)

static const struct story stories[] = {
    ROW("sample: the seed's numbers alias with a writer of 5 s", .base = METER_SAMPLE, .total_j = 1505,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(1, 1000, -1, HELD, 0), GOOD(2, 1000, -1, HELD, 0),
                  GOOD(3, 1000, -1, HELD, 0), GOOD(4, 1000, -1, HELD, 0), GOOD(5, 1505, 4.05, OK, 505)}),
    ROW("update: the same readings are 100 W", .base = METER_UPDATE, .total_j = 2010,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(1, 1000, -1, HELD, NONE), GOOD(5, 1505, 4.05, OK, 100),
                  GOOD(6, 1505, 4.05, HELD, 100), GOOD(10, 2010, 9.10, OK, 100), GOOD(11, 2010, 9.10, HELD, 100)}),
    ROW("auto takes update where the modification time moves", .total_j = 2010,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(1, 1000, -1, HELD, NONE), GOOD(5, 1505, 4.05, OK, 100),
                  GOOD(6, 1505, 4.05, HELD, 100), GOOD(10, 2010, 9.10, OK, 100)}),
    ROW("auto takes sample after three updates whose modification time stands still", .total_j = 1300,
        .steps = {GOOD(0, 1000, -500, STALE, NONE), GOOD(1, 1050, -500, GAP, NONE), GOOD(2, 1100, -500, OK, NONE),
                  GOOD(4, 1300, -500, OK, NONE), GOOD(5, 1300, -500, HELD, NONE)}),
    ROW("auto takes sample for what the kernel computes, whatever its modification time does", .computed = true,
        .total_j = 1300,
        .steps = {GOOD(0, 1000, -5000, FIRST, NONE), GOOD(1, 1050, -5000, OK, 50), GOOD(2, 1100, 1.9, OK, 50),
                  GOOD(4, 1300, 1.9, OK, 100), GOOD(100, 1300, 1.9, HELD, 0)}),
    ROW("update on a counter without modification times has no power", .base = METER_UPDATE, .computed = true,
        .total_j = 1200,
        .steps = {GOOD(0, 1000, -5000, FIRST, NONE), GOOD(1, 1100, -5000, OK, NONE), GOOD(2, 1200, -5000, OK, NONE)}),
    ROW("update: a power is held no longer than the stale time when modification times stand still",
        .base = METER_UPDATE, .total_j = 5500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(10, 2000, 9, OK, 100),
                  GOOD(20, 3000, 9, OK, 100), GOOD(30, 4000, 9, OK, 100), GOOD(45, 5500, 9, OK, NONE),
                  GOOD(46, 5500, 9, HELD, NONE)}),
    ROW("idle: the same number with a new time is a true 0 W", .total_j = 1000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1000, 4, OK, 0), GOOD(6, 1000, 4, HELD, 0),
                  GOOD(10, 1000, 9, OK, 0)}),
    ROW("dead: the same number with the old time is no news, then stale", .total_j = 1500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(20, 1500, 4, HELD, 100),
                  GOOD(34, 1500, 4, HELD, 100), GOOD(34.5, 1500, 4, STALE, NONE), GOOD(99, 1500, 4, STALE, NONE)}),
    ROW("a stale time of 3 s", .stale_s = 3, .total_j = 1500,
        .steps = {GOOD(0, 1000, -2, FIRST, NONE), GOOD(1, 1500, 0.5, OK, 200), GOOD(3.4, 1500, 0.5, HELD, 200),
                  GOOD(3.6, 1500, 0.5, STALE, NONE)}),
    ROW("three periods of a slow writer are longer than 30 s", .total_j = 5000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(20, 3000, 19, OK, 100), GOOD(40, 5000, 39, OK, 100),
                  GOOD(98, 5000, 39, HELD, 100), GOOD(100, 5000, 39, STALE, NONE)}),
    ROW("a slow writer of 60 s is never stale", .total_j = 25000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(31, 1000, -1, HELD, NONE), GOOD(60, 7000, 59, OK, 100),
                  GOOD(100, 7000, 59, HELD, 100), GOOD(120, 13000, 119, OK, 100), GOOD(180, 19000, 179, OK, 100),
                  GOOD(239, 19000, 179, HELD, 100), GOOD(240, 25000, 239, OK, 100)}),
    ROW("the first update after a stale spell adds its energy but has no power", .total_j = 2100,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(40, 1500, 4, STALE, NONE),
                  GOOD(105, 1600, 104, GAP, NONE), GOOD(106, 1600, 104, HELD, NONE), GOOD(110, 2100, 109, OK, 100)}),
    ROW("a VM that was dead before we came", .total_j = 1600,
        .steps = {GOOD(0, 1000, -86400, STALE, NONE), GOOD(1, 1000, -86400, STALE, NONE), GOOD(5, 1100, 4, GAP, NONE),
                  GOOD(10, 1600, 9, OK, 100)}),
    ROW("a pause of the writer does not make a dead one pass for alive", .total_j = 2000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(40, 1500, 4, STALE, NONE),
                  GOOD(3605, 2000, 3604, GAP, NONE), GOOD(3634, 2000, 3604, HELD, NONE),
                  GOOD(3635, 2000, 3604, STALE, NONE)}),
    ROW("sample: stale and its end", .base = METER_SAMPLE, .total_j = 1650,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(20, 1500, 4, HELD, 0),
                  GOOD(40, 1500, 4, STALE, NONE), GOOD(50, 1600, 49, GAP, NONE), GOOD(51, 1650, 50.5, OK, 50)}),
    ROW("reset: adds nothing, makes no power, is the new baseline", .total_j = 1900,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(10, 20, 9, RESET, NONE),
                  GOOD(11, 20, 9, HELD, NONE), GOOD(15, 420, 14, OK, 80)}),
    ROW("sample: reset", .base = METER_SAMPLE, .total_j = 1900,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(6, 20, 5.9, RESET, NONE),
                  GOOD(7, 20, 5.9, HELD, 0), GOOD(10, 420, 9.9, OK, 400 / 3.0)}),
    ROW("a reset to the same second's number is seen once", .total_j = 1500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(10, 0, 9, RESET, NONE),
                  GOOD(15, 0, 14, OK, 0)}),
    ROW("wrap: a drop that would be a little more than a wrap at 1 kW is a reset", .range_j = 262143, .computed = true,
        .total_j = 261100,
        .steps = {GOOD(0, 261000, 0, FIRST, NONE), GOOD(1, 261100, 0, OK, 100), GOOD(2, 0, 0, RESET, NONE)}),
    ROW("wrap: corrected", .base = METER_SAMPLE, .range_j = 262143, .computed = true, .total_j = 261900 + 100 + 243,
        .steps = {GOOD(0, 261900, 0, FIRST, NONE), GOOD(1, 262000, 0, OK, 100), GOOD(2, 100, 0, WRAP, 243),
                  GOOD(3, 100, 0, HELD, 0)}),
    ROW("wrap: of a counter that is written to a file", .base = METER_UPDATE, .range_j = 262143,
        .total_j = 261900 + 100 + 243,
        .steps = {GOOD(0, 261900, -1, FIRST, NONE), GOOD(5, 262000, 4, OK, 20), GOOD(10, 100, 9, WRAP, 48.6)}),
    ROW("wrap: a drop that would be 10 kW is a reset, range or not", .base = METER_SAMPLE, .range_j = 262143,
        .computed = true, .total_j = 250000 + 10,
        .steps = {GOOD(0, 250000, 0, FIRST, NONE), GOOD(1, 250010, 0, OK, 10), GOOD(2, 0, 0, RESET, NONE)}),
    ROW("wrap: a number above the range shows that the range is not this counter's", .base = METER_SAMPLE,
        .range_j = 1000, .computed = true, .total_j = 1005,
        .steps = {GOOD(0, 1005, 0, FIRST, NONE), GOOD(1, 10, 0, RESET, NONE)}),
    ROW("wrap: a counter that draws much wraps far", .base = METER_SAMPLE, .range_j = 262143, .computed = true,
        .total_j = 249000 + 8000 + 6143,
        .steps = {GOOD(0, 249000, 0, FIRST, NONE), GOOD(1, 253000, 0, OK, 4000), GOOD(2, 257000, 0, OK, 4000),
                  GOOD(3, 1000, 0, WRAP, 6143)}),
    ROW("a writer that became fast", .total_j = 13500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(31, 1000, -1, HELD, NONE), GOOD(60, 7000, 59, OK, 100),
                  GOOD(119, 12900, 118, OK, 100), GOOD(125, 13500, 124, OK, 100), GOOD(153, 13500, 124, HELD, 100),
                  GOOD(155, 13500, 124, HELD, 100)}),
    ROW("one update after a day of silence tells no period", .total_j = 1100,
        .steps = {GOOD(0, 1000, -86400, STALE, NONE), GOOD(5, 1100, 4, GAP, NONE), GOOD(93, 1100, 4, HELD, NONE),
                  GOOD(95, 1100, 4, HELD, NONE)}),
    ROW("torn: no value, no baseline; the next is compared with the last good one over the time that passed",
        .base = METER_SAMPLE, .total_j = 1400,
        .steps = {GOOD(0, 1000, -0.1, FIRST, NONE), GOOD(1, 1100, 0.9, OK, 100), BAD(2, -ENODATA, TORN),
                  BAD(3, -EINVAL, TORN), GOOD(4, 1400, 3.9, GAP, 100)}),
    ROW("torn in the middle of a hold", .total_j = 2000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), BAD(6, -ENODATA, TORN),
                  GOOD(7, 1500, 4, GAP, 100), GOOD(8, 1500, 4, HELD, 100), BAD(9, -ENODATA, TORN),
                  GOOD(10, 2000, 9, GAP, 100)}),
    ROW("torn at the start", .total_j = 1500,
        .steps = {BAD(0, -ENODATA, TORN), BAD(1, -EAGAIN, TORN), GOOD(2, 1000, 1, FIRST, NONE),
                  GOOD(7, 1500, 6, OK, 100)}),
    ROW("missing, denied and every reason for them", .total_j = 1500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), BAD(1, -ENOENT, MISSING), BAD(2, -ENOTDIR, MISSING),
                  BAD(3, -EACCES, DENIED), BAD(4, -EPERM, DENIED), BAD(5, -ELOOP, DENIED), BAD(6, -EISDIR, DENIED),
                  BAD(7, -EMEDIUMTYPE, DENIED), BAD(8, -EFBIG, TORN), BAD(9, -ERANGE, TORN), BAD(10, -EIO, TORN),
                  GOOD(11, 1500, 4, GAP, 100)}),
    ROW("reset behind bad reads", .total_j = 1600,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), BAD(6, -ENOENT, MISSING),
                  GOOD(11, 50, 10, RESET, NONE), GOOD(15, 150, 15, OK, 20)}),
    ROW("stale behind bad reads", .total_j = 1500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), BAD(30, -ENODATA, TORN),
                  GOOD(50, 1500, 4, STALE, NONE)}),
    ROW("two updates between two samples", .total_j = 3000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(10, 2000, 9, OK, 100), GOOD(20, 3000, 19, OK, 100)}),
    ROW("a new number within one tick of file times adds energy, and power comes with the next time", .total_j = 2000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(4.002, 1500, 4, OK, 100), GOOD(4.004, 1501, 4, OK, 100),
                  GOOD(9, 2000, 9, OK, 100)}),
    ROW("two updates some ms apart make no power between them", .total_j = 2000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(4.5, 1500, 4, OK, 100), GOOD(5, 1510, 4.003, OK, 100),
                  GOOD(9.5, 2000, 9, OK, 100)}),
    ROW("a step of the wall clock while nothing is written costs a power", .total_j = 2000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), STEPPED(6, 1500, 4, 3600, HELD, 100),
                  GOOD(10, 2000, 3609, OK, NONE)}),
    ROW("a step forth between the update and the sample costs two powers", .total_j = 2500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(8, 1500, 4, HELD, 100),
                  STEPPED(10, 2000, 9, 3600, OK, NONE), GOOD(15, 2500, 3614, OK, NONE)}),
    ROW("a step back between the sample and the update costs two powers", .total_j = 2500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(8, 1500, 4, HELD, 100),
                  STEPPED(10, 2000, -3591, -3600, OK, NONE), GOOD(15, 2500, -3586, OK, NONE)}),
    ROW("a step too small to tell what came first costs two powers and bends none", .total_j = 2850,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), STEPPED(10, 2000, 9, 2, OK, NONE),
                  GOOD(15, 2500, 16, OK, NONE), GOOD(20, 2850, 19.5, OK, 100)}),
    ROW("a step does not bend the power of sample", .base = METER_SAMPLE, .total_j = 1400,
        .steps = {GOOD(0, 1000, -0.1, FIRST, NONE), STEPPED(1, 1100, 99.9, 100, OK, 100),
                  STEPPED(2, 1200, 2.9, -97, OK, 100), GOOD(4, 1400, 4.9, OK, 100)}),
    ROW("a step does not make a counter stale, nor keep a dead one alive", .total_j = 1500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), STEPPED(6, 1500, 4, 86400, HELD, 100),
                  STEPPED(7, 1500, 4, -90000, HELD, 100), GOOD(35, 1500, 4, STALE, NONE)}),
    ROW("a file server whose clock is 100 s ahead: the first power comes with the third update", .total_j = 2500,
        .steps = {GOOD(0, 1000, 99, FIRST, NONE), GOOD(5, 1500, 104, OK, NONE), GOOD(10, 2000, 109, OK, 100),
                  GOOD(15, 2500, 114, OK, 100), GOOD(44, 2500, 114, HELD, 100), GOOD(46, 2500, 114, STALE, NONE)}),
    ROW("a file server whose clock is 10 s behind", .total_j = 2000,
        .steps = {GOOD(0, 1000, -11, FIRST, NONE), GOOD(5, 1500, -6, OK, 100), GOOD(10, 2000, -1, OK, 100)}),
    ROW("the clock was set back between the first update and the first look", .total_j = 6500,
        .steps = {GOOD(0, 1000, 28, FIRST, NONE), GOOD(52, 6000, 51, OK, NONE), GOOD(57, 6500, 56, OK, 100)}),
    ROW("a modification time that goes back is that of another series", .total_j = 2000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(6, 1600, 1, GAP, NONE),
                  GOOD(11, 2100, 6, OK, 100)}),
    ROW("the sampler was stopped for 30 s", .total_j = 5000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(40, 5000, 39, OK, 100)}),
    ROW("sample: stopped for 30 s", .base = METER_SAMPLE, .total_j = 5000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(1, 1100, 0.9, OK, 100), GOOD(40, 5000, 39.9, OK, 100)}),
    ROW("the exporter was restarted: 12 s without an update are one long update", .total_j = 2100,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(17, 1600, 16, OK, 100 / 12.0),
                  GOOD(22, 2100, 21, OK, 100)}),
    /* steps of the wall clock */
    ROW("a step forth between the sample and the update", .total_j = 2500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(8, 1500, 4, HELD, 100),
                  STEPPED(10, 2000, 3609, 3600, OK, NONE), GOOD(15, 2500, 3614, OK, NONE)}),
    ROW("a step back between the update and the sample", .total_j = 2500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(8, 1500, 4, HELD, 100),
                  STEPPED(10, 2000, 9, -3600, OK, NONE), GOOD(15, 2500, -3586, OK, NONE)}),
    ROW("a step while the reads are bad", .total_j = 2500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE),
                  GOOD(5, 1500, 4, OK, 100),
                  BAD(6, -ENODATA, TORN),
                  {true, 8, 0, 0, -ENODATA, -3600, SAMPLE_TORN, NONE},
                  GOOD(10, 2000, -3591, GAP, NONE),
                  GOOD(15, 2500, -3586, OK, NONE)}),
    ROW("a step back to nearly the times that were", .total_j = 2500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), STEPPED(10, 2000, 4.004, -5, OK, NONE),
                  GOOD(15, 2500, 9, OK, NONE)}),
    ROW("there and back again between two samples, with the update in between", .total_j = 2500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(10, 2000, 3609, OK, NONE),
                  GOOD(11, 2000, 3609, HELD, NONE), GOOD(15, 2500, 14, GAP, NONE), GOOD(20, 3000, 19, OK, 100)}),
    ROW("back and forth between two samples, with the update in between", .total_j = 2500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(10, 2000, -3591, GAP, NONE),
                  GOOD(15, 2500, 14, OK, NONE), GOOD(20, 3000, 19, OK, 100)}),
    ROW("back and forth between two samples: the time told is too short", .total_j = 5500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(30, 1500, 4, HELD, 100),
                  GOOD(35, 4500, 14, OK, NONE), GOOD(40, 5000, 39, OK, NONE), GOOD(45, 5500, 44, OK, 100)}),
    ROW("sample: a step after the update", .base = METER_SAMPLE, .total_j = 2000,
        .steps = {GOOD(0, 1000, -0.1, FIRST, NONE), GOOD(5, 1500, 4.9, OK, 100), STEPPED(10, 2000, 9.9, -3600, OK, 100),
                  GOOD(11, 2000, 9.9, HELD, 0)}),
    ROW("a step forth while stale keeps it stale, and the next updates are as ever", .total_j = 2100,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(40, 1500, 4, STALE, NONE),
                  STEPPED(41, 1500, 4, 3600, STALE, NONE), GOOD(45, 1600, 3644, GAP, NONE),
                  GOOD(50, 2100, 3649, OK, 100)}),
    ROW("a step back while stale", .total_j = 2100,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(40, 1500, 4, STALE, NONE),
                  STEPPED(41, 1500, 4, -3600, STALE, NONE), GOOD(45, 1600, -3556, GAP, NONE),
                  GOOD(50, 2100, -3551, OK, 100)}),
    ROW("a step with the update that ends a stale spell", .total_j = 2600,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(40, 1500, 4, STALE, NONE),
                  STEPPED(45, 1600, 44, 3600, GAP, NONE), GOOD(50, 2100, 3649, OK, NONE),
                  GOOD(55, 2600, 3654, OK, 100)}),
    ROW("sample: steps while stale", .base = METER_SAMPLE, .total_j = 1700,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(40, 1500, 4, STALE, NONE),
                  STEPPED(41, 1500, 4, 3600, STALE, NONE), STEPPED(45, 1600, -3556, -7200, GAP, NONE),
                  GOOD(50, 1700, -3551, OK, 20)}),

    /* suspend: mono_ns goes on, the load, the writer and we do not */
    ROW("suspended for an hour, we wake first", .total_j = 2510,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(3605.5, 1500, 4, STALE, NONE),
                  GOOD(3609.5, 2010, 3609.1, GAP, NONE), GOOD(3615, 2510, 3614.1, OK, 100)}),
    ROW("suspended for an hour, the writer wakes first: the mean over that hour", .total_j = 2510,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(3609.5, 2010, 3609, OK, 510 / 3605.0),
                  GOOD(3615, 2510, 3614, OK, 100)}),
    ROW("sample: suspended for an hour", .base = METER_SAMPLE, .total_j = 1550,
        .steps = {GOOD(0, 1000, -0.1, FIRST, NONE), GOOD(1, 1100, 0.9, OK, 100), GOOD(3601, 1100, 0.9, STALE, NONE),
                  GOOD(3602, 1500, 3601.9, GAP, NONE), GOOD(3603, 1550, 3602.9, OK, 50)}),

    /* a sampler that was stopped */
    ROW("stopped for 30 s, meanwhile the wall clock was set back", .total_j = 5500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), STEPPED(40, 5000, -3561, -3600, OK, NONE),
                  GOOD(45, 5500, -3556, OK, NONE)}),
    ROW("stopped for 30 s, while the writer was down as well: the mean of what it counted", .total_j = 2100,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(35, 1600, 34, OK, 100 / 30.0),
                  GOOD(40, 2100, 39, OK, 100)}),

    /* a writer that was restarted */
    ROW("the exporter was restarted and kept its number: nothing was counted while it was down", .total_j = 2000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(17, 1500, 16, OK, 0),
                  GOOD(22, 2000, 21, OK, 100)}),
    ROW("the exporter was down for longer than the stale time", .total_j = 2000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(35, 1500, 4, STALE, NONE),
                  GOOD(65, 1500, 64, GAP, NONE), GOOD(70, 2000, 69, OK, 100)}),
    ROW("sample: the exporter was down for longer than the stale time", .base = METER_SAMPLE, .total_j = 2000,
        .steps = {GOOD(0, 1000, 0, FIRST, NONE), GOOD(5, 1500, 5, OK, 100), GOOD(36, 1500, 5, STALE, NONE),
                  GOOD(65, 1500, 65, GAP, NONE), GOOD(70, 2000, 70, OK, 100)}),

    /* torn reads around a reset */
    ROW("torn before, at and behind a reset", .total_j = 1920,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), BAD(9, -ENODATA, TORN),
                  GOOD(10, 20, 9, RESET, NONE), BAD(11, -ENODATA, TORN), GOOD(15, 440, 14, GAP, 84)}),
    ROW("the reset itself was torn, and the number is above the old one again", .total_j = 1500 + 20 + 420,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), BAD(10, -ENODATA, TORN),
                  GOOD(25, 1520, 24, GAP, 1), GOOD(30, 1940, 29, OK, 84)}),
    ROW("sample: torn before, at and behind a reset", .base = METER_SAMPLE, .total_j = 1940,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 5, OK, 100), BAD(6, -ENODATA, TORN),
                  GOOD(7, 20, 7, RESET, NONE), BAD(8, -EINVAL, TORN), GOOD(11, 460, 11, GAP, 110)}),

    /* what no machine can draw */
    ROW("spike: one bad number costs two powers and no energy", .max_w = 500, .total_j = 3000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(10, 1e6, 9, SPIKE, NONE),
                  GOOD(11, 1e6, 9, HELD, NONE), GOOD(15, 2500, 14, GAP, NONE), GOOD(20, 3000, 19, OK, 100)}),
    ROW("sample: spike", .base = METER_SAMPLE, .max_w = 500, .total_j = 1400,
        .steps = {GOOD(0, 1000, -0.1, FIRST, NONE), GOOD(1, 1100, 0.9, OK, 100), GOOD(2, 1e6, 1.9, SPIKE, NONE),
                  GOOD(3, 1300, 2.9, GAP, NONE), GOOD(4, 1400, 3.9, OK, 100)}),
    ROW("spike: several in a row, torn reads between them", .max_w = 500, .total_j = 5500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(10, 1e6, 9, SPIKE, NONE),
                  BAD(12, -ENODATA, TORN), GOOD(15, 2e6, 14, SPIKE, NONE), GOOD(20, 3000, 19, GAP, NONE),
                  GOOD(25, 3500, 24, OK, 100), GOOD(30, 5500, 29, OK, 400)}),
    ROW("spike: the counter goes on from the high number", .max_w = 500, .total_j = 3000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(10, 1e6, 9, SPIKE, NONE),
                  GOOD(15, 1e6 + 500, 14, OK, 100), GOOD(20, 2e6, 19, SPIKE, NONE),
                  GOOD(25, 1e6 + 1500, 24, GAP, NONE)}),
    ROW("spike: one in which the number falls as well", .max_w = 500, .total_j = 3500,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(10, 1e6, 9, SPIKE, NONE),
                  GOOD(15, 5e5, 14, RESET, NONE), GOOD(20, 3000, 19, GAP, NONE), GOOD(25, 3500, 24, OK, 100)}),
    ROW("spike: soon after a reset", .max_w = 500, .total_j = 2800,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(10, 20, 9, RESET, NONE),
                  GOOD(15, 420, 14, OK, 80), GOOD(20, 1e6, 19, SPIKE, NONE), GOOD(25, 920, 24, GAP, NONE),
                  GOOD(30, 1320, 29, OK, 80)}),
    ROW("spike: looks that are late and early", .max_w = 150, .total_j = 3000,
        .steps = {GOOD(0, 1000, -4.9, FIRST, NONE), GOOD(5, 1500, 0.1, OK, 100), GOOD(6, 1e6, 5.1, SPIKE, NONE),
                  GOOD(11, 2500, 10.1, GAP, NONE), GOOD(16, 3000, 15.1, OK, 100)}),
    ROW("no spike: the file server's clock is ahead of ours", .max_w = 150, .total_j = 2000,
        .steps = {GOOD(0, 1000, 95.5, FIRST, NONE), GOOD(1, 1500, 100.5, OK, NONE), GOOD(6, 2000, 105.5, OK, 100)}),
    ROW("spike: then the counter is reset", .max_w = 500, .total_j = 1900,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(10, 1e6, 9, SPIKE, NONE),
                  GOOD(15, 20, 14, RESET, NONE), GOOD(20, 420, 19, OK, 80)}),
    ROW("spike: then a wrap would be one", .base = METER_SAMPLE, .max_w = 200, .range_j = 262143, .computed = true,
        .total_j = 261900 + 100 + 50,
        .steps = {GOOD(0, 261900, 0, FIRST, NONE), GOOD(1, 262000, 0, OK, 100), GOOD(2, 100, 0, RESET, NONE),
                  GOOD(3, 150, 0, OK, 50)}),
    ROW("the writer of 5 s is no spike for a sampler of 1 s", .max_w = 150, .total_j = 2010,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(4, 1000, -1, HELD, NONE), GOOD(5, 1505, 4.05, OK, 100),
                  GOOD(9, 1505, 4.05, HELD, 100), GOOD(10, 2010, 9.10, OK, 100)}),
    ROW("sample: nor is its energy, but its power cannot be", .base = METER_SAMPLE, .max_w = 150, .total_j = 2010,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(4, 1000, -1, HELD, 0), GOOD(5, 1505, 4.05, SPIKE, NONE),
                  GOOD(9, 1505, 4.05, HELD, 0), GOOD(10, 2010, 9.10, SPIKE, NONE)}),
    ROW("nor where file times mean nothing and the writer is slow: no power until that is known", .max_w = 150,
        .total_j = 2000,
        .steps = {GOOD(0, 1000, -500, STALE, NONE), GOOD(5, 1500, -500, GAP, NONE), GOOD(9, 1500, -500, HELD, NONE),
                  GOOD(10, 2000, -500, OK, NONE)}),
    ROW(.name =
            "a little above what cannot be, as far as the tick of file times may explain it, has energy but no power",
        .max_w = 100.5, .total_j = 3005.5,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(10, 2002.5, 9, OK, 100.5),
                  GOOD(15, 2505.5, 14, SPIKE, NONE), GOOD(20, 3005.5, 19, OK, 100)}),
    ROW("spike while the wall clock is set", .max_w = 500, .total_j = 3000,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), STEPPED(10, 1e6, 3609, 3600, SPIKE, NONE),
                  STEPPED(15, 2500, 14, -3600, GAP, NONE), GOOD(20, 3000, 19, OK, NONE)}),
    ROW("a number that fell for one read and came back costs the energy around it", .total_j = 102000,
        .steps = {GOOD(0, 100000, -1, FIRST, NONE), GOOD(5, 100500, 4, OK, 100), GOOD(10, 3, 9, RESET, NONE),
                  GOOD(15, 101500, 14, GAP, NONE), GOOD(20, 102000, 19, OK, 100)}),
    ROW("a number that fell for one read, then a stale spell: no more than lies above the old number",
        .total_j = 106000,
        .steps = {GOOD(0, 100000, -1, FIRST, NONE), GOOD(5, 100500, 4, OK, 100), GOOD(10, 3, 9, RESET, NONE),
                  BAD(12, -ENOENT, MISSING), BAD(58, -ENOENT, MISSING), GOOD(60, 105500, 59, GAP, NONE),
                  GOOD(65, 106000, 64, OK, 100)}),
    ROW("a reset before a stale spell: a load after it counts", .total_j = 2200,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(10, 1000, 9, RESET, NONE),
                  GOOD(45, 1000, 9, STALE, NONE), GOOD(60, 1600, 59, GAP, NONE), GOOD(65, 1700, 64, OK, 20)}),
    ROW("after a reset the counter passes its old number within 30 s: counts as its return", .total_j = 2999,
        .steps = {GOOD(0, 1000, -1, FIRST, NONE), GOOD(5, 1500, 4, OK, 100), GOOD(10, 0, 9, RESET, NONE),
                  GOOD(15, 500, 14, OK, 100), GOOD(20, 1000, 19, OK, 100), GOOD(25, 1501, 24, GAP, NONE),
                  GOOD(30, 2000, 29, OK, 99.8)}),

    /* two series that alternate: both at 65 W */
    ROW("alternating, without max_power_w: the energy of one counts", .range_j = 262143, .computed = true,
        .total_j = 190455,
        .steps = {GOOD(0, 190000, 0, FIRST, NONE), GOOD(1, 190065, 0, OK, 65), GOOD(2, 45130, 0, RESET, NONE),
                  GOOD(3, 45195, 0, OK, 65), GOOD(4, 190260, 0, GAP, NONE), GOOD(5, 190325, 0, OK, 65),
                  GOOD(6, 45390, 0, RESET, NONE), GOOD(7, 190455, 0, GAP, NONE)}),
    ROW("alternating at each read", .range_j = 262143, .computed = true, .total_j = 190000 + 4 * 65,
        .steps = {GOOD(0, 190000, 0, FIRST, NONE), GOOD(1, 45065, 0, RESET, NONE), GOOD(2, 190130, 0, GAP, NONE),
                  GOOD(3, 45195, 0, RESET, NONE), GOOD(4, 190260, 0, GAP, NONE), GOOD(5, 45325, 0, RESET, NONE)}),
    ROW("alternating, the low one first: without max_power_w one rise may be a load", .range_j = 262143,
        .computed = true, .total_j = 190325,
        .steps = {GOOD(0, 45000, 0, FIRST, NONE), GOOD(1, 45065, 0, OK, 65), GOOD(2, 190130, 0, OK, 145065),
                  GOOD(3, 190195, 0, OK, 65), GOOD(4, 45260, 0, RESET, NONE), GOOD(5, 190325, 0, GAP, NONE),
                  GOOD(6, 45390, 0, RESET, NONE)}),
    ROW("alternating, the low one first, with max_power_w", .max_w = 500, .range_j = 262143, .computed = true,
        .total_j = 45000 + 6 * 65,
        .steps = {GOOD(0, 45000, 0, FIRST, NONE), GOOD(1, 45065, 0, OK, 65), GOOD(2, 190130, 0, SPIKE, NONE),
                  GOOD(3, 190195, 0, OK, 65), GOOD(4, 45260, 0, GAP, NONE), GOOD(5, 190325, 0, SPIKE, NONE),
                  GOOD(6, 45390, 0, GAP, NONE)}),
    ROW("alternating, close to each other: never a power, and energy once", .computed = true, .total_j = 1520,
        .steps = {GOOD(0, 1000, 0, FIRST, NONE), GOOD(1, 1065, 0, OK, 65), GOOD(2, 830, 0, RESET, NONE),
                  GOOD(3, 895, 0, OK, 65), GOOD(4, 1260, 0, GAP, NONE), GOOD(5, 1025, 0, RESET, NONE),
                  GOOD(6, 1390, 0, GAP, NONE), GOOD(7, 1155, 0, RESET, NONE), GOOD(8, 1520, 0, GAP, NONE)}),
    ROW("alternating, in a file that is written every 5 s", .total_j = 190000 + 5 * 325,
        .steps = {GOOD(0, 190000, -1, FIRST, NONE), GOOD(5, 190325, 4, OK, 65), GOOD(10, 45650, 9, RESET, NONE),
                  GOOD(11, 45650, 9, HELD, NONE), GOOD(15, 45975, 14, OK, 65), GOOD(20, 191300, 19, GAP, NONE),
                  GOOD(25, 191625, 24, OK, 65), GOOD(30, 46950, 29, RESET, NONE), GOOD(31, 46950, 29, HELD, NONE)}),
    ROW("alternating, the low one first and back at once: no wrap", .range_j = 262143, .computed = true,
        .total_j = 190195,
        .steps = {GOOD(0, 45000, 0, FIRST, NONE), GOOD(1, 45065, 0, OK, 65), GOOD(2, 190130, 0, OK, 145065),
                  GOOD(3, 45195, 0, RESET, NONE), GOOD(4, 45260, 0, OK, 65)}),
    ROW("alternating, then a true reset, and on past the old numbers", .computed = true, .total_j = 2030,
        .steps = {GOOD(0, 1000, 0, FIRST, NONE), GOOD(1, 700, 0, RESET, NONE), GOOD(2, 1130, 0, GAP, NONE),
                  GOOD(3, 830, 0, RESET, NONE), GOOD(4, 0, 0, RESET, NONE), GOOD(5, 450, 0, OK, 450),
                  GOOD(6, 900, 0, OK, 450)}),
    ROW("alternating, then a true reset", .computed = true, .total_j = 190130 + 130,
        .steps = {GOOD(0, 190000, 0, FIRST, NONE), GOOD(1, 45065, 0, RESET, NONE), GOOD(2, 190130, 0, GAP, NONE),
                  GOOD(3, 45195, 0, RESET, NONE), GOOD(4, 0, 0, RESET, NONE), GOOD(5, 65, 0, OK, 65),
                  GOOD(6, 130, 0, OK, 65)}),
};

/* The options are valid until the next call. */
static struct meter meter_with(struct meter_options options) {
  static struct meter_options kept;
  struct meter meter;
  kept = options;
  meter_init(&meter, &kept);
  return meter;
}

static struct instant second(double s) {
  return (struct instant){.mono_ns = llround((1000 + s) * 1e9), .wall_ns = WALL0 + llround(s * 1e9)};
}

static struct reading joules(double energy_j, double mtime_s) {
  return (struct reading){.energy_uj = (uint64_t)llround(energy_j * 1e6), .mtime_ns = WALL0 + llround(mtime_s * 1e9)};
}

static void run_story(const struct story *story, double scale) {
  struct meter meter = meter_with((struct meter_options){.base = story->base,
                                                         .scale = scale,
                                                         .stale_ns = (int64_t)(story->stale_s * (double)NS_PER_S),
                                                         .max_power_w = story->max_w * scale});

  double wall_step = 0, total_j = 0, last_j = 0;
  struct sample sample = {0};
  for (int i = 0; i < ROWS(story->steps) && story->steps[i].is; i++) {
    const struct step *step = &story->steps[i];
    wall_step += step->wall_step;
    int64_t mono_ns = llround((1000 + step->at) * 1e9);
    struct instant now = {.mono_ns = mono_ns, .wall_ns = WALL0 + mono_ns - 1000 * NS_PER_S + llround(wall_step * 1e9)};
    struct reading reading = {.error = step->error,
                              .energy_uj = (uint64_t)llround(step->energy_j * 1e6),
                              .mtime_ns = WALL0 + llround(step->mtime * 1e9),
                              .range_uj = (uint64_t)llround(story->range_j * 1e6),
                              .local = !story->foreign,
                              .computed = story->computed};
    if (step->error != 0)
      reading = (struct reading){.error = step->error};

    reading.at = now;
    meter_take(&meter, &reading);
    meter_sample(&meter, &sample);

    ck_assert_msg(sample.state == step->state, "%s: step %d is %s, expected %s", story->name, i,
                  meter_state_name(sample.state), meter_state_name(step->state));
    ck_assert_msg(sample.has_power == (step->power_w >= 0), "%s: step %d: power %s (%g W)", story->name, i,
                  sample.has_power ? "not expected" : "missing", sample.power_w);
    if (sample.has_power)
      ck_assert_msg(fabs(sample.power_w - step->power_w * scale) < 1e-4 * scale, "%s: step %d: %g W, expected %g W",
                    story->name, i, sample.power_w, step->power_w * scale);
    if (last_j == 0 && step->error != 0)
      ck_assert_int_eq(sample.age_ns, 0);
    ck_assert_int_eq(sample.error, step->error);
    ck_assert(sample.has_energy == (step->error == 0));
    if (sample.has_energy) {
      ck_assert_uint_eq(sample.energy_uj, reading.energy_uj);
      ck_assert_msg(sample.energy_j >= last_j, "%s: step %d: accumulated energy fell", story->name, i);
      ck_assert_double_eq_tol(sample.energy_j, (last_j == 0 ? sample.energy_j : last_j + sample.delta_j), 1e-6);
      last_j = total_j = sample.energy_j;
    }
  }
  ck_assert_msg(fabs(total_j - story->total_j * scale) < 1e-5, "%s: %g J in the end, expected %g J", story->name,
                total_j, story->total_j * scale);
}

/* ---- the rhythm of the writer ------------------------------------------------------------------------------------ */

/*
 * A load of 100 W, updates at these intervals, a sample at each look. powers, after each interval: p: 100 W; -: none;
 * ?: not decidable yet. A writer that pauses counts at most period_s.
 */
static const struct beat {
  const char *name;
  double look_s, period_s, intervals_s[16];
  const char *powers;
  unsigned pauses;
} rhythms[] = {
    {"steady", 2, 5, {5, 5, 5, 5, 5, 5}, "pppppp", 0},
    {"one pause", 2, 5, {5, 5, 5, 10, 5}, "ppp-p", 1},
    {"each second update late", 2, 5, {5, 10, 5, 10, 5, 10, 5}, "p?p-p-p", 2},
    {"a pause as the second interval", 2, 5, {5, 10, 5, 5, 5, 10, 5}, "p?ppp-p", 1},
    {"a pause as the first interval", 2, 5, {10, 5, 5, 5, 10, 5}, "?ppp-p", 1},
    {"a restart: two passes skipped", 2, 5, {5, 5, 5, 5, 5, 15, 5, 5}, "ppppp-pp", 1},
    {"pauses that lie close", 2, 5, {5, 5, 5, 5, 5, 10, 5, 10, 5, 10, 5}, "ppppp-p-p-p", 3},
    {"two pauses in a row", 2, 5, {5, 5, 5, 5, 5, 10, 10, 5, 5, 10}, "ppppp--pp-", 3},
    {"looks that are closer", 0.25, 5, {5, 5, 5, 10, 5}, "ppp-p", 1},
    {"a slow writer pauses", 2, 20, {20, 20, 20, 40, 20}, "ppp-p", 1},
    /* no pause: everything is counted */
    {"5 s, then 60 s: three powers are lost", 2, 1e9, {5, 5, 5, 60, 60, 60, 60, 60}, "ppp---pp", 0},
    {"5 s, then 8 s", 2, 1e9, {5, 5, 5, 8, 8, 8, 8, 8}, "ppp---pp", 3},
    {"5 s, then 7 s", 2, 1e9, {5, 5, 5, 7, 7, 7, 7, 7}, "pppppppp", 0},
    {"60 s, then 5 s", 2, 1e9, {60, 60, 60, 60, 5, 5, 5, 5}, "pppppppp", 0},
    ROW("5 s to 8 s on a loaded host", 2, 1e9, {5, 6.5, 8, 5.2, 7.1, 6, 7.9, 5.5, 6.9, 7.8, 5, 8, 6.2}, "ppppppppppppp",
        0),
    {"jitter of 2 %", 2, 1e9, {5, 5.1, 5, 4.9, 5.1, 5, 4.9, 5}, "pppppppp", 0},
    ROW("faster than the looks: two updates in one are no pause", 2, 1e9,
        {1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2}, "ppppppppppppppp", 0),
};

START_TEST(rhythm) {
  const struct beat *row = &rhythms[_i];
  struct meter meter = meter_with((struct meter_options){.scale = 1, .tick_ns = 4 * NS_PER_MS});
  struct sample sample = {0};
  double t = 1000.1, written = 1000, next = 1000 + row->intervals_s[0], energy_j = 1000;
  unsigned pauses = 0;
  size_t updates = 0, count = strlen(row->powers);
  while (updates < count) {
    size_t before = updates;
    while (updates < count && next <= t) {
      energy_j += 100 * fmin(row->intervals_s[updates], row->period_s);
      written = next;
      updates++;
      next += row->intervals_s[updates];
    }
    struct instant now = second(t);
    struct reading reading = joules(energy_j, written);
    take_and_sample(&meter, &reading, &now, &sample);
    pauses += sample.pauses;
    char expected = updates == before ? '\0' : row->powers[updates - 1];
    if (expected == 'p' || expected == '-')
      ck_assert_msg(sample.has_power == (expected == 'p'), "%s: update %zu: %s %g W", row->name, updates,
                    meter_state_name(sample.state), sample.power_w);
    if (expected == 'p')
      ck_assert_msg(fabs(sample.power_w - 100) < 0.01, "%s: update %zu: %g W", row->name, updates, sample.power_w);
    if (expected == '-')
      ck_assert_msg(sample.state == SAMPLE_GAP || sample.state == SAMPLE_STALE, "%s: update %zu is %s", row->name,
                    updates, meter_state_name(sample.state));
    t += row->look_s;
  }
  ck_assert_msg(fabs(sample.energy_j - energy_j) < 1e-3, "%s: %g J", row->name, sample.energy_j);
  ck_assert_msg(pauses == row->pauses, "%s: %u pauses", row->name, pauses);
}
END_TEST

/* The period survives a reset and a stale spell: the first pause after it is detected. */
START_TEST(rhythm_survives) {
  struct meter meter = meter_with((struct meter_options){.scale = 1, .tick_ns = 4 * NS_PER_MS});
  static const struct {
    double at, mtime, energy_j;
    bool has_power;
  } rows[] = {{0, -1, 1000, false}, {5, 4, 1500, true},    {10, 9, 2000, true},   {15, 14, 2500, true},
              {20, 19, 0, false},   {25, 24, 500, true},   {31, 24, 500, true},   {35, 34, 1000, false},
              {40, 39, 1500, true}, {75, 39, 1500, false}, {80, 79, 2000, false}, {85, 84, 2500, true},
              {91, 84, 2500, true}, {95, 94, 3000, false}};
  struct sample sample = {0};
  for (int i = 0; i < ROWS(rows); i++) {
    struct instant now = second(rows[i].at);
    struct reading reading = joules(rows[i].energy_j, rows[i].mtime);
    take_and_sample(&meter, &reading, &now, &sample);
    ck_assert_msg(sample.has_power == rows[i].has_power, "second %g: %s %g W", rows[i].at,
                  meter_state_name(sample.state), sample.power_w);
  }
}
END_TEST

/* A sample of several looks has the mean power of its steady updates. */
START_TEST(mean_over_steady_updates) {
  struct meter meter = meter_with((struct meter_options){.scale = 1, .tick_ns = 4 * NS_PER_MS});
  struct sample sample = {0};
  double energy_j = 0, written = 0;
  /* four steady updates of 100 W, then 200 W, a pause that counts half, 100 W: all in one sample */
  static const double intervals_s[] = {5, 5, 5, 5, 5, 10, 5}, powers_w[] = {100, 100, 100, 100, 200, 50, 100};
  for (int i = -1; i < ROWS(intervals_s); i++) {
    double from = written;
    if (i >= 0) {
      written += intervals_s[i];
      energy_j += intervals_s[i] * powers_w[i];
    }
    for (double t = from + 0.5; t < written + 1; t += 1.5) {
      bool is_new = t >= written;
      struct instant now = second(t);
      double shown_j = is_new || i < 0 ? energy_j : energy_j - intervals_s[i] * powers_w[i];
      struct reading reading = {.energy_uj = (uint64_t)llround(shown_j * 1e6),
                                .mtime_ns = WALL0 + llround((is_new ? written : from) * 1e9),
                                .at = now,
                                .local = true};
      meter_take(&meter, &reading);
    }
    if (i == 3)
      meter_sample(&meter, &sample);
  }
  meter_sample(&meter, &sample);
  ck_assert(sample.has_power);
  ck_assert_double_eq_tol(sample.power_w, 150, 1e-6); /* (200 W x 5 s + 100 W x 5 s) / 10 s */
  ck_assert_int_eq(sample.dt_ns, 10 * NS_PER_S);
  ck_assert_int_eq(sample.state, SAMPLE_OK);
  ck_assert_uint_eq(sample.updates, 3);
  ck_assert_uint_eq(sample.pauses, 1);
  ck_assert_int_eq(sample.pause_ns, 5 * NS_PER_S);
  ck_assert_double_eq_tol(sample.delta_j, 2000, 1e-6);
}
END_TEST

/* ---- stale ------------------------------------------------------------------------------------------------------- */

static const double report_rows[] = {1, 5, 10, 30, 60, 120, 300};

/* A live writer of 60 s is never stale; a dead one of 5 s is within 30 s and an interval. */
START_TEST(staleness) {
  double interval_s = report_rows[_i], look_s = (double)meter_look_ns(llround(interval_s * 1e9)) / 1e9;
  for (int dead = 0; dead < 2; dead++) {
    struct meter meter = meter_with((struct meter_options){.scale = 1});
    struct sample sample = {0};
    double period_s = dead ? 5 : 60, due = 0, stale_at = -1, dies = 100.5;
    for (double t = 0.25; t < 2000; t += look_s) {
      double alive = dead ? fmin(t, dies) : t,
             written = floor((alive + period_s / 3) / period_s) * period_s - period_s / 3;
      struct instant now = second(t);
      struct reading reading = {.energy_uj = (uint64_t)llround((1000 + written) * 1e6),
                                .mtime_ns = WALL0 + llround(written * 1e9),
                                .at = now,
                                .local = true};
      meter_take(&meter, &reading);
      if (t < due)
        continue;
      due += interval_s;
      meter_sample(&meter, &sample);
      if (sample.state == SAMPLE_STALE && stale_at < 0)
        stale_at = t;
      ck_assert(sample.state != SAMPLE_STALE || !sample.has_power);
    }
    if (!dead)
      ck_assert_msg(stale_at < 0, "every %g s: stale at %g s", interval_s, stale_at);
    else
      ck_assert_msg(stale_at > dies && stale_at < dies + 30 + interval_s + look_s, "every %g s: stale at %g s",
                    interval_s, stale_at);
  }
}
END_TEST

/* ---- other clocks ------------------------------------------------------------------------------------------------ */

static const struct {
  const char *name;
  double offset_s, step_s, tick_s; /* of the file's clock, of ours, of file times */
  double file_step_s;              /* of the file's clock */
} clock_rows[] = {
    {"ours", 0, 0, 0, 0},
    {"an hour ahead", 3600, 0, 0, 0},
    {"an hour behind", -3600, 0, 0, 0},
    {"we step by -1 s", 0, -1, 0, 0},
    {"we step by 1 s", 0, 1, 0, 0},
    {"we step by 2 s", 0, 2, 0, 0},
    {"we step by 4 s", 0, 4, 0, 0},
    {"we step by an hour", 0, 3600, 0, 0},
    {"we step back an hour", 0, -3600, 0, 0},
    {"whole seconds", 0, 0, 1, 0},
    {"whole seconds, an hour ahead", 3600, 0, 1, 0},
    {"the file's clock steps by -3600 s", 0, 0, 0, -3600},
    {"the file's clock steps by -4 s", 0, 0, 0, -4},
    {"the file's clock steps by -3 s", 0, 0, 0, -3},
    {"the file's clock steps by -2 s", 0, 0, 0, -2},
    {"the file's clock steps by -1 s", 0, 0, 0, -1},
    {"the file's clock steps by 1 s", 0, 0, 0, 1},
    {"the file's clock steps by 2 s", 0, 0, 0, 2},
    {"the file's clock steps by 3 s", 0, 0, 0, 3},
    {"the file's clock steps by 4 s", 0, 0, 0, 4},
    {"the file's clock steps by 3600 s", 0, 0, 0, 3600},
};

/* A steady 100 W, file times of another clock: no wrong power, and never stale. */
START_TEST(clocks) {
  for (int local = 0; local < 2; local++) {
    struct meter meter = meter_with((struct meter_options){.scale = 1, .tick_ns = 4 * NS_PER_MS});
    struct sample sample = {0};
    int with_power = 0, samples = 0;
    double step_s = clock_rows[_i].step_s, tick_s = clock_rows[_i].tick_s > 0 ? clock_rows[_i].tick_s : 0.004;
    double file_step_s = clock_rows[_i].file_step_s;
    if (local && (clock_rows[_i].offset_s != 0 || file_step_s != 0))
      continue;
    for (double t = 0.25; t < 600; t += 2) {
      double written = floor(t / 5.008) * 5.008, wall = t + (t > 301 ? step_s : 0);
      double told =
          written + clock_rows[_i].offset_s + (local && written > 301 ? step_s : 0) + (written > 301 ? file_step_s : 0);
      struct instant now = {.mono_ns = llround((1000 + t) * 1e9), .wall_ns = WALL0 + llround(wall * 1e9)};
      struct reading reading = {
          .energy_uj = (uint64_t)llround((1000 + 100 * written) * 1e6), .local = local != 0, .at = now};
      int64_t mtime_ns = WALL0 + llround(told * 1e9);
      reading.mtime_ns = mtime_ns - mtime_ns % llround(tick_s * 1e9);
      meter_take(&meter, &reading);
      meter_sample(&meter, &sample);
      ck_assert_msg(sample.state != SAMPLE_STALE, "%s: stale at %g s", clock_rows[_i].name, t);
      ck_assert_msg(!sample.has_power || fabs(sample.power_w - 100) <= (tick_s == 1 ? 2 : 0.2), "%s: %g W at %g s",
                    clock_rows[_i].name, sample.power_w, t);
      with_power += sample.has_power;
      samples++;
    }
    ck_assert_msg(with_power > samples * 0.88, "%s: %d powers in %d samples", clock_rows[_i].name, with_power, samples);
    /* a file time that goes back begins another series, which loses one update */
    double lost_j = 1000 + 100 * floor(598.25 / 5.008) * 5.008 - sample.energy_j;
    ck_assert_msg(fabs(lost_j) < 1e-3 || (file_step_s < 0 && fabs(lost_j - 500.8) < 1e-3), "%s: %g J lost",
                  clock_rows[_i].name, lost_j);
  }
}
END_TEST

/* With another clock the age is unknown until the first update. */
#define TICK_NS (10 * NS_PER_MS)

/*
 * The limits of the time of an update hold the truth, and are at most within_s apart. A writer of 5.308 s; the clock
 * of its file has an offset and a drift; looks are 2 s apart, at all phases of the writer.
 */
static const struct {
  const char *what;
  bool local, computed, stands;
  double offset_s, drift_ppm, step_s; /* the other clock is set by step_s after 300 s */
  int64_t coarse_ns;
  double within_s; /* after 60 s, and not within 100 s of the step */
} date_rows[] = {
    {"our own clock", true, false, false, 0, 0, 0, 4 * NS_PER_MS, 0.0101},
    {"our own, whole seconds", true, false, false, 0, 0, 0, NS_PER_S, 1.0001},
    {"another, an hour off", false, false, false, -3600, 0, 0, 4 * NS_PER_MS, 0.6},
    {"another, 100 s ahead, with a drift", false, false, false, 100, 50, 0, 4 * NS_PER_MS, 0.6},
    {"another that is set", false, false, false, 5, 0, -7, 4 * NS_PER_MS, 0.6},
    {"times that stand still: between two looks", false, false, true, 0, 0, 0, 4 * NS_PER_MS, 2.0001},
    {"computed when read", false, true, false, 0, 0, 0, 1, 0},
};

START_TEST(when_an_update_was_made) {
  struct meter meter = meter_with((struct meter_options){.scale = 1});
  double widest_s = 0;
  int updates = 0, inside = 0;
  for (int look = 0; look < 400; look++) {
    double now_s = 1000 + 2.0 * look, age_s = fmod(now_s, 5.308), made_s = now_s - age_s;
    double other_s = made_s + date_rows[_i].offset_s + (made_s - 1000) * date_rows[_i].drift_ppm * 1e-6;
    if (made_s > 1300)
      other_s += date_rows[_i].step_s;
    int64_t mtime_ns = WALL0 / NS_PER_S * NS_PER_S + (int64_t)(other_s * 1e9);
    if (date_rows[_i].computed)
      made_s = now_s;
    struct reading reading = {
        .energy_uj = (uint64_t)(made_s * 1e8),
        .mtime_ns = date_rows[_i].stands ? WALL0 + 1 : mtime_ns - mtime_ns % date_rows[_i].coarse_ns,
        .local = date_rows[_i].local,
        .computed = date_rows[_i].computed,
        .at = {.mono_ns = (int64_t)(now_s * 1e9), .wall_ns = WALL0 / NS_PER_S * NS_PER_S + (int64_t)(now_s * 1e9)}};
    struct update update;
    meter_take(&meter, &reading);
    if (!meter_update(&meter, &update) || look == 0)
      continue;
    updates++;
    double to_s = (double)update.mono_ns * 1e-9, within_s = (double)update.within_ns * 1e-9;
    inside += made_s <= to_s + 1e-6 && made_s >= to_s - within_s - 1e-6;
    if (now_s > 1060 && (now_s < 1300 || now_s > 1400) && within_s > widest_s)
      widest_s = within_s;
  }
  ck_assert_int_ge(updates, 150);
  ck_assert_msg(inside == updates, "%s: %d of %d inside", date_rows[_i].what, inside, updates);
  ck_assert_msg(widest_s <= date_rows[_i].within_s, "%s: %.4f s", date_rows[_i].what, widest_s);
}
END_TEST

START_TEST(age_of_another_clock) {
  for (int local = 0; local < 2; local++) {
    struct meter meter = meter_with((struct meter_options){.scale = 1});
    struct sample sample = {0};
    struct reading reading = {.energy_uj = 1, .mtime_ns = WALL0 - 100 * NS_PER_S, .local = local != 0};
    reading.at = second(0);
    meter_take(&meter, &reading);
    meter_sample(&meter, &sample);
    ck_assert(sample.has_age == (local != 0));
    ck_assert_int_le(llabs(sample.age_ns - (local ? 100 * NS_PER_S : 0)), TICK_NS);
    reading.energy_uj = 2;
    reading.mtime_ns += 5 * NS_PER_S;
    reading.at = second(2);
    meter_take(&meter, &reading);
    meter_sample(&meter, &sample);
    ck_assert(sample.has_age);
    ck_assert_int_le(sample.age_ns, 2 * NS_PER_S);
  }
}
END_TEST

/* A VM that is off is stale at once by our clock, with another clock after 180 s. */
START_TEST(stale_by_another_clock) {
  static const struct {
    bool local;
    int t_s;
    enum sample_state state;
  } rows[] = {{true, 0, SAMPLE_STALE}, {false, 0, SAMPLE_FIRST}, {false, 180, SAMPLE_HELD}, {false, 181, SAMPLE_STALE}};
  struct meter meter;
  for (int i = 0; i < ROWS(rows); i++) {
    struct reading reading = {.energy_uj = 1, .mtime_ns = WALL0 - 3600 * NS_PER_S, .local = rows[i].local};
    reading.at = second(rows[i].t_s);
    if (rows[i].t_s == 0)
      meter = meter_with((struct meter_options){.scale = 1});
    struct sample sample = {0};
    meter_take(&meter, &reading);
    meter_sample(&meter, &sample);
    ck_assert_msg(sample.state == rows[i].state, "row %d: %s", i, meter_state_name(sample.state));
    ck_assert(!sample.has_power);
  }
}
END_TEST

/* ---- readings whose instant or range is not known ---------------------------------------------------------------- */

/* By samples an inexact instant loses the powers on both sides of it; by updates none. */
START_TEST(inexact_instants) {
  static const enum meter_base bases[] = {METER_SAMPLE, METER_UPDATE};
  for (int base = 0; base < 2; base++) {
    struct meter meter = meter_with((struct meter_options){.base = bases[base], .scale = 1, .tick_ns = NS_PER_MS});
    struct sample sample = {0};
    for (int i = 0; i < 5; i++) {
      struct reading reading = {.energy_uj = 100000000 * (uint64_t)i, .mtime_ns = WALL0 + i * NS_PER_S, .local = true};
      reading.at = second(i);
      reading.inexact = i == 2;
      meter_take(&meter, &reading);
      meter_sample(&meter, &sample);
      bool expected = base == 0 ? i == 1 || i == 4 : i > 0;
      ck_assert_msg(sample.has_power == expected, "%s: sample %d", meter_base_name(bases[base]), i);
      ck_assert(!sample.has_power || fabs(sample.power_w - 100) < 1e-6);
    }
  }
}
END_TEST

/* A counter that may wrap within two looks: energy is a lower bound, and there is no power. */
START_TEST(may_wrap_unseen) {
  static const struct {
    double range_j, look_s, max_w;
    bool at_least;
  } rows[] = {{200, 2, 0, true},     {3999, 2, 0, true},   {4000, 2, 0, false},  {200, 0.1, 0, false},
              {262143, 2, 0, false}, {1999, 2, 500, true}, {2000, 2, 500, false}};
  for (int i = 0; i < ROWS(rows); i++) {
    struct meter meter = meter_with(
        (struct meter_options){.scale = 1, .look_ns = llround(rows[i].look_s * 1e9), .max_power_w = rows[i].max_w});
    struct sample sample = {0};
    double last_j = 0;
    for (int k = 0; k < 100; k++) {
      double t = 1000 + k * rows[i].look_s;
      struct reading reading = {.energy_uj = (uint64_t)llround(fmod(100 * t, rows[i].range_j) * 1e6),
                                .range_uj = (uint64_t)llround(rows[i].range_j * 1e6),
                                .computed = true};
      reading.at = second(t);
      meter_take(&meter, &reading);
      meter_sample(&meter, &sample);
      ck_assert_double_ge(sample.energy_j, last_j);
      last_j = sample.energy_j;
      if (k == 0)
        continue;
      ck_assert_msg(sample.may_have_wrapped == rows[i].at_least, "range %g J", rows[i].range_j);
      ck_assert_msg(sample.has_power == !rows[i].at_least, "range %g J: %g W", rows[i].range_j, sample.power_w);
      ck_assert(!sample.has_power || fabs(sample.power_w - 100) < 1e-3);
    }
  }
}
END_TEST

/* After a fall, a load above 1 kW is not counted for a while, then again. */
START_TEST(high_load_after_a_fall) {
  for (int computed = 0; computed < 2; computed++) {
    struct meter meter = meter_with((struct meter_options){.scale = 1});
    struct sample sample = {0};
    double counter_j = 90000, start_j = 0;
    for (int t = 0; t < 3600; t += 5) {
      counter_j = t == 100 ? 0 : counter_j + (t < 100 ? 50 : 1500) * 5;
      if (t == 100)
        start_j = sample.energy_j;
      struct instant now = second(t);
      struct reading reading = {.energy_uj = (uint64_t)llround(counter_j * 1e6),
                                .mtime_ns = now.wall_ns - NS_PER_S,
                                .computed = computed != 0};
      take_and_sample(&meter, &reading, &now, &sample);
    }
    ck_assert_double_ge(sample.energy_j - start_j, 1500.0 * (3495 - 40));
    ck_assert_double_le(sample.energy_j - start_j, 1500.0 * 3495);
    ck_assert(sample.has_power);
    ck_assert_double_eq_tol(sample.power_w, 1500, 1e-6);
  }
}
END_TEST

/* A zone not read for longer than it takes to wrap: energy is a lower bound, no power, then normal. */
START_TEST(long_gap_of_a_wrapping_counter) {
  struct meter meter = meter_with((struct meter_options){.scale = 1});
  struct sample sample = {0};
  for (int i = 0; i < 10; i++) {
    int t = i < 5 ? 2 * i : 2 * i + 1200;
    struct instant now = second(t);
    struct reading reading = {.energy_uj = (UINT64_C(400000000) * (uint64_t)(t + 100)) % UINT64_C(262144000000),
                              .range_uj = UINT64_C(262144000000),
                              .computed = true};
    take_and_sample(&meter, &reading, &now, &sample);
    ck_assert_msg(sample.has_power == (i > 0 && i != 5), "reading %d", i);
    ck_assert(sample.may_have_wrapped == (i == 5));
    ck_assert(!sample.has_power || fabs(sample.power_w - 400) < 0.01);
  }
}
END_TEST

/* Single low numbers in a steady counter: after two days at most three updates' energy is missing, none is added, and
 * no power is wrong. */
static const struct {
  const char *name;
  double load_w, start_j, max_w, range_j, read_s;
  struct {
    double at_s, number_j;
  } lows[2];
} low_rows[] = {
    {"one, each 10 s", 100, 5000, 500, 262143, 10, {{200, 100}, {-1, 0}}},
    {"one, each 10 s, no limit", 100, 5000, 0, 262143, 10, {{200, 100}, {-1, 0}}},
    {"one, each 60 s", 300, 5000, 500, 262143, 60, {{600, 100}, {-1, 0}}},
    {"one, each 60 s, no range", 300, 5000, 500, 0, 60, {{600, 100}, {-1, 0}}},
    {"two that rise", 100, 1e6, 0, 0, 10, {{200, 100000}, {2000, 900000}}},
    {"two that rise, limited", 100, 1e6, 500, 0, 10, {{200, 100000}, {2000, 900000}}},
    {"two that rise, at 0.1 W", 0.1, 1000, 0, 0, 10, {{200, 100}, {2000, 900}}},
};

START_TEST(low_numbers) {
  double load_w = low_rows[_i].load_w, read_s = low_rows[_i].read_s, range_j = low_rows[_i].range_j;
  struct meter meter = meter_with((struct meter_options){.scale = 1, .max_power_w = low_rows[_i].max_w});
  struct sample sample = {0};
  int spikes = 0, powerless = 0;
  double first_j = 0, drawn_j = 0;
  for (double t = 0; t < 48 * 3600; t += read_s) {
    drawn_j = load_w * t;
    double number_j = low_rows[_i].start_j + drawn_j;
    if (range_j > 0)
      number_j = fmod(number_j, range_j + 1e-6);
    for (int k = 0; k < 2; k++)
      if (t == low_rows[_i].lows[k].at_s)
        number_j = low_rows[_i].lows[k].number_j;
    struct instant now = second(t);
    struct reading reading = {.energy_uj = (uint64_t)llround(number_j * 1e6),
                              .mtime_ns = now.wall_ns - NS_PER_MS,
                              .range_uj = (uint64_t)llround(range_j * 1e6),
                              .computed = range_j > 0};
    take_and_sample(&meter, &reading, &now, &sample);
    if (t == 0)
      first_j = sample.energy_j;
    spikes += sample.state == SAMPLE_SPIKE;
    powerless += !sample.has_power;
    ck_assert_msg(!sample.has_power || fabs(sample.power_w - load_w) < 1e-3 * load_w, "%s: %g W at %g s",
                  low_rows[_i].name, sample.power_w, t);
  }
  double missing_j = drawn_j - (sample.energy_j - first_j);
  ck_assert_msg(missing_j > -1e-3 && missing_j <= 3 * load_w * read_s, "%s: %g J of %g J are missing",
                low_rows[_i].name, missing_j, drawn_j);
  ck_assert_msg(spikes == 0, "%s: %d spikes", low_rows[_i].name, spikes);
  ck_assert_msg(powerless <= 7, "%s: %d samples without a power", low_rows[_i].name, powerless);
}
END_TEST

/* A number that falls under the same modification time has no power, nor has what follows it. */
START_TEST(reset_within_a_tick) {
  struct meter meter = meter_with((struct meter_options){.scale = 1});
  struct sample sample = {0};
  static const double numbers_j[] = {1000, 1500, 10, 510, 1010}, mtimes[] = {0, 5, 5, 10, 15};
  for (int i = 0; i < 5; i++) {
    struct instant now = {.mono_ns = (1001 + 5 * i) * NS_PER_S, .wall_ns = WALL0 + (1 + 5 * i) * NS_PER_S};
    if (i >= 2) /* the fall is seen a moment after the update */
      now = (struct instant){.mono_ns = now.mono_ns - 4900 * NS_PER_MS, .wall_ns = now.wall_ns - 4900 * NS_PER_MS};
    struct reading reading = {.energy_uj = (uint64_t)(numbers_j[i] * 1e6),
                              .mtime_ns = WALL0 + llround(mtimes[i] * 1e9)};
    take_and_sample(&meter, &reading, &now, &sample);
    ck_assert_msg(sample.has_power == (i == 1 || i == 4), "reading %d: %g W", i, sample.power_w);
  }
}
END_TEST

/* Our own error with the file is no pause of its writer; a missing or empty file is. */
START_TEST(errors_and_pauses) {
  static const struct {
    int error;
    unsigned pauses;
  } rows[] = {{-EMFILE, 0}, {-EACCES, 0}, {-EIO, 0}, {-ENOENT, 1}, {-ENODATA, 1}};
  for (int i = 0; i < ROWS(rows); i++) {
    struct meter meter = meter_with((struct meter_options){.scale = 1});
    struct sample sample = {0};
    unsigned pauses = 0;
    for (int t = 1; t < 60; t += 2) {
      bool bad = t > 31 && t < 44;
      int written = t / 5 * 5;
      struct instant now = second(t);
      struct reading reading = {.error = bad ? rows[i].error : 0,
                                .energy_uj = (uint64_t)written * 100000000,
                                .mtime_ns = WALL0 + written * NS_PER_S};
      take_and_sample(&meter, &reading, &now, &sample);
      pauses += sample.pauses;
    }
    ck_assert_msg(pauses == rows[i].pauses, "%s: %u pauses", strerror(-rows[i].error), pauses);
  }
}
END_TEST

START_TEST(needs_range) {
  struct meter meter = meter_with((struct meter_options){.scale = 1});
  struct reading reading = {.energy_uj = 1000, .at = {NS_PER_S, WALL0}}, lower = {.energy_uj = 999},
                 torn = {.error = -ENODATA};
  ck_assert(!meter_needs_range(&meter, &reading));
  meter_take(&meter, &reading);
  ck_assert(meter_needs_range(&meter, &lower));
  ck_assert(!meter_needs_range(&meter, &reading));
  ck_assert(!meter_needs_range(&meter, &torn));
  lower.range_uj = 5000;
  ck_assert(!meter_needs_range(&meter, &lower));
}
END_TEST

START_TEST(story) {
  run_story(&stories[_i], 1);
}
END_TEST

START_TEST(story_scaled) {
  run_story(&stories[_i], 5);
}
END_TEST

/* A constant load of 100 W, a writer of 5 s plus up to 0.4 s: true power at any sampling interval. */
static const double intervals_s[] = {0.05, 0.5, 1, 2, 5, 10, 30};

START_TEST(constant_load) {
  struct meter meter = meter_with((struct meter_options){.scale = 1});
  struct sample sample = {0};
  unsigned seed = 42;
  double written = 0, next = 0, interval_s = intervals_s[_i];
  int with_power = 0, samples = 0;
  for (double t = 1000; t < 1000 + 3600; t += interval_s) {
    while (next <= t) {
      written = next;
      next += 5 + 0.4 * (rand_r(&seed) / (double)RAND_MAX);
    }
    struct instant now = second(t);
    struct reading reading = joules(written * 100, written);
    take_and_sample(&meter, &reading, &now, &sample);
    samples++;
    if (!sample.has_power)
      continue;
    with_power++;
    ck_assert_double_eq_tol(sample.power_w, 100, 0.001);
  }
  ck_assert_int_ge(with_power, samples - 2 - (int)(6 / interval_s));
}
END_TEST

/* A writer of 0.5 s, file times rounded down to 4 or 10 ms: the error stays within 0.5 %. */
START_TEST(rounded_file_times) {
  int64_t tick_ns = (_i % 2 ? 4 : 10) * NS_PER_MS;
  double interval_s = _i < 2 ? 1 : 0.1;
  struct meter meter = meter_with((struct meter_options){.scale = 1, .tick_ns = tick_ns});
  struct sample sample = {0};
  unsigned seed = 7;
  double written = 1000, next = 1000;
  int with_power = 0;
  for (double t = 1000; t < 1600; t += interval_s) {
    while (next <= t) {
      written = next;
      next += 0.5 + 0.05 * (rand_r(&seed) / (double)RAND_MAX);
    }
    struct instant now = second(t);
    struct reading reading = {.energy_uj = (uint64_t)llround(written * 100e6),
                              .mtime_ns = (WALL0 + llround(written * 1e9)) / tick_ns * tick_ns};
    take_and_sample(&meter, &reading, &now, &sample);
    if (!sample.has_power)
      continue;
    with_power++;
    ck_assert_double_eq_tol(sample.power_w, 100, 0.5);
    ck_assert_int_ge(sample.dt_ns, 200 * tick_ns);
    ck_assert_int_lt(sample.dt_ns, 3200 * NS_PER_MS);
  }
  ck_assert_int_gt(with_power, (int)(596 / interval_s));
}
END_TEST

START_TEST(period_is_learned) {
  struct meter meter = meter_with((struct meter_options){.scale = 1});
  struct sample sample = {0};
  for (int i = 0; i < 100; i++) {
    int64_t t_ns = (1000 + 5 * i) * NS_PER_S + (i % 2) * 200 * NS_PER_MS;
    struct instant now = {.mono_ns = t_ns + NS_PER_S, .wall_ns = WALL0 + t_ns + NS_PER_S};
    struct reading reading = {.energy_uj = 1000, .mtime_ns = WALL0 + t_ns};
    take_and_sample(&meter, &reading, &now, &sample);
    ck_assert(i == 0 ? sample.period_ns == 0 : sample.period_ns > 0);
    ck_assert_int_le(llabs(sample.age_ns - NS_PER_S), TICK_NS);
    ck_assert_int_le(llabs(sample.update_mono_ns - t_ns), TICK_NS);
  }
  ck_assert_int_gt(sample.period_ns, 4700 * NS_PER_MS);
  ck_assert_int_lt(sample.period_ns, 5300 * NS_PER_MS);
  ck_assert(sample.mtime_moves && sample.by_update);
}
END_TEST

START_TEST(total_saturates) {
  struct meter meter = meter_with((struct meter_options){.base = METER_SAMPLE, .scale = 1});
  struct sample sample = {0};
  uint64_t values[] = {UINT64_MAX - 10, UINT64_MAX, 0, 1000, UINT64_MAX};
  double last_j = 0;
  for (int i = 0; i < 5; i++) {
    struct instant now = {.mono_ns = i * NS_PER_S, .wall_ns = WALL0 + i * NS_PER_S};
    struct reading reading = {.energy_uj = values[i], .mtime_ns = WALL0 + i * NS_PER_S};
    take_and_sample(&meter, &reading, &now, &sample);
    ck_assert_double_ge(sample.energy_j, last_j);
    last_j = sample.energy_j;
  }
}
END_TEST

/* A tenant can set any modification time. */
START_TEST(absurd_times) {
  static const int64_t mtimes_ns[] = {0,         INT64_C(4000000000000000000), -INT64_C(4000000000000000000), WALL0,
                                      WALL0 + 1, INT64_C(4000000000000000000)};
  for (int base = METER_AUTO; base <= METER_SAMPLE; base++) {
    struct meter meter = meter_with((struct meter_options){.base = (enum meter_base)base, .scale = 1});
    struct sample sample = {0};
    for (int i = 0; i < 6; i++) {
      struct instant now = {.mono_ns = i * NS_PER_S, .wall_ns = WALL0 + i * NS_PER_S};
      struct reading reading = {.energy_uj = 1000000 * (uint64_t)i, .mtime_ns = mtimes_ns[i]};
      take_and_sample(&meter, &reading, &now, &sample);
      ck_assert(!sample.has_power || (sample.power_w >= 0 && isfinite(sample.power_w)));
      ck_assert_int_ge(sample.age_ns, 0);
      ck_assert_int_ge(sample.period_ns, 0);
      ck_assert_int_le(sample.period_ns, 24 * 3600 * NS_PER_S);
    }
  }
}
END_TEST

/* ---- a total that was saved -------------------------------------------------------------------------------------- */

/* Saved at second 0, read again at `at`, on a machine that booted `up` seconds before that; energies in J. */
static const struct {
  const char *name;
  double total_j, counter_j, at, up;
  double energy_j, range_j, max_w;
  bool computed;
  double resumed_j;
  enum sample_state state;
} resume_rows[] = {
    {"nothing came", 5000, 1000, 60, 1e6, 1000, 0, 0, false, 5000, SAMPLE_FIRST},
    {"what came meanwhile belongs to it", 5000, 1000, 60, 1e6, 1300, 0, 0, false, 5300, SAMPLE_FIRST},
    {"also when it is much", 5000, 1000, 60, 1e6, 1e9, 0, 0, false, 5000 + 1e9 - 1000, SAMPLE_FIRST},
    {"a total below the counter", 10, 1000, 60, 1e6, 1001, 0, 0, false, 11, SAMPLE_FIRST},
    {"a lower number is a reset", 5000, 1000, 60, 1e6, 999, 0, 0, false, 5000, SAMPLE_RESET},
    {"and so is 0", 5000, 1000, 60, 1e6, 0, 0, 0, false, 5000, SAMPLE_RESET},
    {"wrap: plausible", 5000, 9000, 60, 1e6, 500, 10000, 0, true, 6500, SAMPLE_WRAP},
    {"wrap: at 1 kW, as long as it may be", 5000, 10000, 60, 1e6, 0, 100000, 0, true, 95000, SAMPLE_WRAP},
    {"wrap: at a bit more", 5000, 9999, 60, 1e6, 0, 100000, 0, true, 5000, SAMPLE_RESET},
    {"one that nothing draws", 5000, 200000, 60, 1e6, 30000, 262143, 0, true, 5000, SAMPLE_RESET},
    {"the same, after a longer time", 5000, 200000, 600, 1e6, 30000, 262143, 0, true, 97143, SAMPLE_WRAP},
    {"the same, but the machine booted meanwhile", 5000, 200000, 600, 599, 30000, 262143, 0, true, 5000, SAMPLE_RESET},
    {"and just not", 5000, 200000, 600, 600, 30000, 262143, 0, true, 97143, SAMPLE_WRAP},
    {"a number beyond the range", 5000, 200000, 600, 1e6, 30000, 199999, 0, true, 5000, SAMPLE_RESET},
    {"a clock that was set back", 5000, 1000, -4000, 1e6, 1300, 0, 0, false, 5300, SAMPLE_FIRST},
    {"a clock that was set back, and a lower number", 5000, 9000, -4000, 1e6, 500, 10000, 0, true, 5000, SAMPLE_RESET},
    {"a clock that was set back, with max_power_w", 5000, 1000, -4000, 1e6, 1e9, 0, 100, false, 5000 + 1e9 - 1000,
     SAMPLE_FIRST},
    {"a clock that was set back by just so much", 5000, 1000, -30, 1e6, 1300, 0, 100, false, 5300, SAMPLE_FIRST},
    {"above max_power_w", 5000, 1000, 70, 1e6, 12000, 0, 100, false, 5000, SAMPLE_SPIKE},
    {"just not above it", 5000, 1000, 70, 1e6, 11000, 0, 100, false, 15000, SAMPLE_FIRST},
    {"a writer of 5 s, right after a kill", 5000, 1000, 0, 1e6, 1500, 0, 100, false, 5500, SAMPLE_FIRST},
    {"wrap: above max_power_w", 5000, 200000, 600, 1e6, 30000, 262143, 100, true, 5000, SAMPLE_RESET},
    {"another boot, a higher number", 5000, 1000, 600, 60, 1300, 0, 0, false, 5300, SAMPLE_FIRST},
};

static struct sample put_at(struct meter *meter, double mono_s, double wall_s, double energy_j, double range_j,
                            bool computed) {
  struct sample sample = {0};
  const struct instant now = {.mono_ns = llround(mono_s * 1e9), .wall_ns = WALL0 + llround(wall_s * 1e9)};
  const struct reading reading = {.energy_uj = (uint64_t)llround(energy_j * 1e6),
                                  .mtime_ns = now.wall_ns - NS_PER_S,
                                  .range_uj = (uint64_t)llround(range_j * 1e6),
                                  .computed = computed};
  take_and_sample(meter, &reading, &now, &sample);
  return sample;
}

START_TEST(resumed) {
  struct meter meter = meter_with((struct meter_options){.scale = 2, .max_power_w = 2 * resume_rows[_i].max_w});
  const struct meter_saved saved = {.total_uj = (uint64_t)llround(resume_rows[_i].total_j * 1e6),
                                    .counter_uj = (uint64_t)llround(resume_rows[_i].counter_j * 1e6),
                                    .wall_ns = WALL0};
  meter_resume(&meter, &saved);
  struct sample sample = {0};
  meter_recall(&meter, &sample);
  ck_assert(!sample.has_energy);
  /* a bad reading does not lose it */
  const struct reading torn = {.error = -ENODATA};
  const struct instant before = {.mono_ns = llround((resume_rows[_i].up - 1) * 1e9)};
  take_and_sample(&meter, &torn, &before, &sample);
  meter_recall(&meter, &sample);
  ck_assert(!sample.has_energy);

  double up = resume_rows[_i].up, at = resume_rows[_i].at, energy_j = resume_rows[_i].energy_j;
  bool computed = resume_rows[_i].computed;
  sample = put_at(&meter, up, at, energy_j, resume_rows[_i].range_j, computed);
  const char *name = resume_rows[_i].name;
  ck_assert_msg(sample.state == resume_rows[_i].state, "%s: %s", name, meter_state_name(sample.state));
  ck_assert(sample.has_energy && !sample.has_power);
  ck_assert_msg(sample.total_uj == (uint64_t)llround(resume_rows[_i].resumed_j * 1e6), "%s: %g", name,
                (double)sample.total_uj / 1e6);
  ck_assert_double_eq_tol(sample.energy_j, 2 * resume_rows[_i].resumed_j, 1e-3);
  ck_assert_double_eq_tol(sample.delta_j, 2 * (resume_rows[_i].resumed_j - resume_rows[_i].total_j), 1e-3);

  /* then as usual */
  sample = put_at(&meter, up + 5, at + 5, energy_j + 50, resume_rows[_i].range_j, computed);
  ck_assert_int_eq(sample.state, SAMPLE_OK);
  ck_assert_double_eq_tol(sample.delta_j, 100, 1e-3);
  ck_assert_double_eq_tol(sample.energy_j, 2 * (resume_rows[_i].resumed_j + 50), 1e-3);
  ck_assert(sample.has_power);
  ck_assert_double_eq_tol(sample.power_w, 20, 1e-6);
  struct sample recalled = {0};
  meter_recall(&meter, &recalled);
  ck_assert(recalled.has_energy);
  ck_assert_uint_eq(recalled.energy_uj, sample.energy_uj);
  ck_assert_uint_eq(recalled.total_uj, sample.total_uj);
  ck_assert_int_eq(recalled.at.wall_ns, sample.at.wall_ns);
}
END_TEST

/* A VM that is dead after our restart has a total, and is stale. */
START_TEST(resumed_and_stale) {
  struct meter meter = meter_with((struct meter_options){.scale = 1});
  const struct meter_saved saved = {.total_uj = 7000000, .counter_uj = 2000000, .wall_ns = WALL0};
  meter_resume(&meter, &saved);
  struct sample sample = {0};
  const struct instant now = {.mono_ns = 5000 * NS_PER_S, .wall_ns = WALL0 + 1000 * NS_PER_S};
  const struct reading reading = {.energy_uj = 3000000, .mtime_ns = WALL0};
  take_and_sample(&meter, &reading, &now, &sample);
  ck_assert_int_eq(sample.state, SAMPLE_STALE);
  ck_assert_uint_eq(sample.total_uj, 8000000);
}
END_TEST

START_TEST(resumed_total_saturates) {
  struct meter meter = meter_with((struct meter_options){.scale = 1});
  const struct meter_saved saved = {.total_uj = UINT64_MAX - 10, .counter_uj = 0, .wall_ns = WALL0};
  meter_resume(&meter, &saved);
  ck_assert_uint_eq(put_at(&meter, 100, 10, 1, 0, false).total_uj, UINT64_MAX);
}
END_TEST

START_TEST(names) {
  enum meter_base base = METER_AUTO;
  ck_assert_int_eq(meter_base_from_name("Sample", &base), 0);
  ck_assert_int_eq(base, METER_SAMPLE);
  ck_assert_int_eq(meter_base_from_name("samples", &base), -EINVAL);
  ck_assert_int_eq(meter_base_from_name("", &base), -EINVAL);
  ck_assert_int_eq(base, METER_SAMPLE);
  for (int i = METER_AUTO; i <= METER_SAMPLE; i++) {
    ck_assert_int_eq(meter_base_from_name(meter_base_name((enum meter_base)i), &base), 0);
    ck_assert_int_eq(base, i);
  }
  ck_assert_str_eq(meter_state_name(SAMPLE_FIRST), "first");
  ck_assert_str_eq(meter_state_name(SAMPLE_OK), "ok");
  ck_assert_str_eq(meter_state_name(SAMPLE_HELD), "held");
  ck_assert_str_eq(meter_state_name(SAMPLE_GAP), "gap");
  ck_assert_str_eq(meter_state_name(SAMPLE_WRAP), "wrap");
  ck_assert_str_eq(meter_state_name(SAMPLE_RESET), "reset");
  ck_assert_str_eq(meter_state_name(SAMPLE_SPIKE), "spike");
  ck_assert_str_eq(meter_state_name(SAMPLE_STALE), "stale");
  ck_assert_str_eq(meter_state_name(SAMPLE_TORN), "torn");
  ck_assert_str_eq(meter_state_name(SAMPLE_MISSING), "missing");
  ck_assert_str_eq(meter_state_name(SAMPLE_DENIED), "denied");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("meter");
  suite_case(suite, "stories", NULL, NULL, EACH(story, stories), EACH(story_scaled, stories));
  suite_case(suite, "rules", NULL, NULL, EACH(rhythm, rhythms), ONCE(rhythm_survives), ONCE(mean_over_steady_updates),
             EACH(staleness, report_rows), EACH(clocks, clock_rows), ONCE(age_of_another_clock),
             EACH(when_an_update_was_made, date_rows), ONCE(stale_by_another_clock), ONCE(inexact_instants),
             ONCE(may_wrap_unseen), ONCE(high_load_after_a_fall), EACH(low_numbers, low_rows),
             ONCE(long_gap_of_a_wrapping_counter), ONCE(reset_within_a_tick), ONCE(errors_and_pauses),
             ONCE(needs_range), EACH(constant_load, intervals_s), TIMES(rounded_file_times, 4), ONCE(period_is_learned),
             ONCE(total_saturates), ONCE(absurd_times), EACH(resumed, resume_rows), ONCE(resumed_and_stale),
             ONCE(resumed_total_saturates), ONCE(names));
  return suite_run(suite);
}
