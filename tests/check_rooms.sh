#!/bin/bash
# Who may include whom: core only core; common core and common; a wing of the tool also itself, but no other wing; the plugin core
# and itself. A row is a room, and the folders that its quoted includes may name. Within a room includes go one way.
set -u
cd "${abs_top_srcdir:-.}" || exit 1
failures=0
while read -r room allowed; do
  wrong=$(grep -nE '#include "' "$room"/*.[ch] | grep -vE "#include \"($allowed)\"")
  circle=$(grep -oE '#include "[^"]+\.h"' "$room"/*.[ch] | sed -E 's|.*/(.*)\.[ch]:#include "([^"]*/)?(.*)\.h"|\1 \3|' |
    awk '$1 != $2' | tsort 2>&1 >/dev/null)
  [ -z "$wrong$circle" ] && echo "ok: $room" && continue
  printf 'FAILED: %s may include %s alone:\n%s\n%s\n' "$room" "$allowed" "$wrong" "$circle"
  failures=$((failures + 1))
done <<'ROWS'
plugin/core [a-z_]+\.h
plugin [a-z_]+\.h|core/[a-z_]+\.h
standalone/common core/[a-z_]+\.h|common/[a-z_]+\.h
standalone/look core/[a-z_]+\.h|common/[a-z_]+\.h|look/[a-z_]+\.h
standalone/measure core/[a-z_]+\.h|common/[a-z_]+\.h|measure/[a-z_]+\.h
standalone/report core/[a-z_]+\.h|common/[a-z_]+\.h|report/[a-z_]+\.h
standalone core/[a-z_]+\.h|common/[a-z_]+\.h
ROWS
[ "$failures" -eq 0 ]
