#!/bin/bash
# That the table of promises still fits what it breaks and names; `make promises` breaks them.
"$BASH" "${abs_top_srcdir:-.}/tests/trust/promises.sh" --fit
