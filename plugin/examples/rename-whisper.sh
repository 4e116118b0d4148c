#!/bin/sh
# rename-whisper.sh [--rename | --fill] DIRECTORY <NAMES
#
# Renames the series of VMs in Graphite. DIRECTORY is that of the host, such as /var/lib/graphite/whisper/HOST; NAMES has lines of
# an old name, a tab and the new name, as collectd has them. Only prints what it would do, unless it is called with --rename.
# With --fill it renames nothing: where a VM has series of both names, it fills the gaps of the new ones from the old ones.
# Stop carbon-cache first. Overwrites nothing: what cannot be renamed or filled is left unchanged, and the exit status is 1.
set -eu
export LC_ALL=C

mode=
case ${1-} in --rename | --fill) mode=$1 && shift ;; esac
if [ $# -ne 1 ] || ! CDPATH='' cd -- "$1"; then
  echo "usage: rename-whisper.sh [--rename | --fill] DIRECTORY <NAMES" >&2
  exit 2
fi

# Makes names what write_graphite of collectd 5.12 makes of them. Prints each pair once, with the reason if another pair conflicts
# with it: then no rename changes what another one finds. No name has a space afterwards.
pairs=$(tr '. "\\:!,()\001-\010\013-\037\177' '_' | awk -F '\t' '
  NF != 2 || $1 == "" || $2 == "" || /\// { print "line " NR ": expected an old name, a tab and a new name" >"/dev/stderr"; exit (bad = 2) }
  !seen[$0]++ { old[++count] = $1; new[count] = $2; olds[$1]++; news[$2]++ }
  END {
    for (i = 1; !bad && i <= count; i++) {
      wrong = olds[old[i]] > 1 ? "has two new names" : news[new[i]] > 1 ? "has the new name of another one, too" : ""
      if (wrong == "" && old[i] "" == new[i] "")
        continue
      if (wrong == "" && (old[i] in news || new[i] in olds))
        wrong = "stays: another one has its old or new name, too; rename these by hand, the last of the chain first"
      print old[i] "\t" new[i] "\t" wrong
    }
    exit bad
  }')

status=0
[ -z "$pairs" ] || while IFS='	' read -r old new wrong; do
  old=vm_energy-$old new=vm_energy-$new
  if [ -n "$wrong" ]; then
    :
  elif [ "$mode" = --fill ]; then
    [ -d "$old" ] && [ -d "$new" ] || continue
  elif [ ! -d "$old" ]; then
    wrong="is missing"
  elif [ -e "$new" ] || [ -L "$new" ]; then
    wrong="stays: $new exists"
  fi
  if [ -n "$wrong" ]; then
    printf '%s %s\n' "$old" "$wrong"
    status=1
  elif [ -z "$mode" ]; then
    printf 'would rename %s to %s\n' "$old" "$new"
  elif [ "$mode" = --rename ]; then
    mv -- "$old" "$new"
    printf 'renamed %s to %s\n' "$old" "$new"
  else
    for file in "$old"/*.wsp; do
      if [ -f "$new/${file##*/}" ] && whisper-fill "$file" "$new/${file##*/}"; then
        printf 'filled %s from %s\n' "$new/${file##*/}" "$file"
      else
        printf '%s stays: %s cannot be filled\n' "$file" "$new/${file##*/}"
        status=1
      fi
    done
  fi
done <<END
$pairs
END
exit $status
