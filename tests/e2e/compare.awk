# compare.awk -v quantity=power|energy -v vm=NAME [-v resolution=S] [-v tolerance=J] TRUTH SERIES: is it what was drawn?
#
# TRUTH is what simwriter --truth wrote. SERIES has lines "time value", oldest first, in W or J; a time is rounded to the
# nearest multiple of the resolution. A power must be within 1 % of that of the update that was the last one at that time.
# An energy must be exactly that of this update, to the µJ or the tolerance, and the difference between the last energy and
# the first one that of the truth, within one update.
BEGIN {
  FS = "[, ]"
  if (resolution == "")
    resolution = 0
}

FNR == 1 { file++ }

file == 1 && $3 == vm {
  updates++
  time[updates] = $1
  counter_j[updates] = $4 / 1e6
  power_w[updates] = $6
  if (updates > 1 && counter_j[updates] - counter_j[updates - 1] > largest_j)
    largest_j = counter_j[updates] - counter_j[updates - 1]
}

file == 2 { points++; matched += match_point($1, $2) }

function wrong(text) {
  printf "  %s of %s: %s\n", quantity, vm, text
  failed = 1
}

function last_update(at, i) { # the last one that was there at that time
  for (i = updates; i > 1 && time[i] > at; i--)
    ;
  return i
}

function match_point(at, value, i, oldest, newest) {
  newest = last_update(at + resolution / 2 + 0.05)
  oldest = last_update(at - resolution / 2 - 0.05)
  if (points == 1) {
    first = value
    first_update = last_update(at)
  }
  last = value
  latest_update = last_update(at)
  for (i = newest; i >= oldest && i > (quantity == "power"); i--) # the first update has no power
    if (quantity == "energy" ? same(value, counter_j[i], tolerance) : same(value, power_w[i], power_w[i] / 100))
      return 1
  wrong(sprintf("%.6f at %s, the truth was %.6f", value, at,
    quantity == "energy" ? counter_j[newest] : power_w[newest]))
  return 0
}

function same(a, b, tolerance, d) {
  d = a > b ? a - b : b - a
  return d <= tolerance + 1e-6
}

END {
  if (updates < 3)
    wrong("the truth has only " updates + 0 " updates")
  if (points < 3)
    wrong("there are only " points + 0 " points")
  if (quantity == "energy" && points &&
    !same(last - first, counter_j[latest_update] - counter_j[first_update], largest_j))
    wrong(sprintf("%.6f J in all, the truth was %.6f J", last - first,
      counter_j[latest_update] - counter_j[first_update]))
  exit failed
}
