/*
 * run_files: names of the files beside a capture, which measure/ writes and report/ reads
 *
 * updates.dat is named in core/updates.h. Tests: tests/cli/check_marks.sh and check_metadata.sh.
 */
#ifndef VM_ENERGY_RUN_FILES_H
#define VM_ENERGY_RUN_FILES_H

#define MARKS_FILE    "marks.csv" /* see measure/marks.h */
#define METADATA_FILE "run.json"  /* see measure/metadata.h */

#endif
