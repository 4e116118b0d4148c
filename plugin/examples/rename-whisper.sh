#!/bin/sh
# rename-whisper.sh [--rename] DIRECTORY <NAMES
#
# Renames the series of VMs in Graphite. DIRECTORY is that of the host, such as /var/lib/graphite/whisper/HOST; NAMES has lines of
# an old name, a tab and the new name, as collectd has them. Only prints what it would do, unless it is called with --rename.
# Stop carbon-cache first. Overwrites nothing: what cannot be renamed is left unchanged, and the exit status is 1.
set -eu
export LC_ALL=C

rename=
[ "${1-}" != --rename ] || { rename=yes && shift; }
if [ $# -ne 1 ] || ! CDPATH='' cd -- "$1"; then
  echo "usage: rename-whisper.sh [--rename] DIRECTORY <NAMES" >&2
  exit 2
fi

# Makes names what write_graphite of collectd 5.12 makes of them. Prints each pair once, with what the other pairs make wrong in it:
# with these refused, no rename can change what another one finds.
pairs=$(tr '. "\\:!,()\001-\010\013-\037\177' '_' | awk -F '\t' '
  NF != 2 || $1 == "" || $2 == "" || /\// { print "line " NR ": expected an old name, a tab and a new name" >"/dev/stderr"; exit (bad = 2) }
  !seen[$0]++ { old[++count] = $1; new[count] = $2; olds[$1]++; news[$2]++ }
  END {
    for (i = 1; !bad && i <= count; i++) {
      wrong = olds[old[i]] > 1 ? "has two new names" : news[new[i]] > 1 ? "has the new name of another one, too" : ""
      if (wrong == "" && old[i] "" == new[i] "")
        continue
      if (wrong == "" && new[i] in olds)
        wrong = "has a new name that is an old one, too"
      print old[i] "\t" new[i] "\t" wrong
    }
    exit bad
  }')

status=0
[ -z "$pairs" ] || while IFS='	' read -r old new wrong; do
  old=vm_energy-$old new=vm_energy-$new
  if [ -z "$wrong" ] && ! [ -d "$old" ]; then
    wrong="is missing"
  elif [ -z "$wrong" ] && { [ -e "$new" ] || [ -L "$new" ]; }; then
    wrong="stays: $new exists"
  fi
  if [ -n "$wrong" ]; then
    printf '%s %s\n' "$old" "$wrong"
    status=1
  elif [ -z "$rename" ]; then
    printf 'would rename %s to %s\n' "$old" "$new"
  else
    mv -- "$old" "$new"
    printf 'renamed %s to %s\n' "$old" "$new"
  fi
done <<END
$pairs
END
exit $status
