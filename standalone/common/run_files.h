/*
 * run_files: the names of the files that lie beside a capture
 *
 * measure/ writes them, report/ reads them. updates.dat is named in core/updates.h.
 */
#ifndef VM_ENERGY_RUN_FILES_H
#define VM_ENERGY_RUN_FILES_H

#define MARKS_FILE    "marks.csv" /* see measure/marks.h */
#define METADATA_FILE "run.json"  /* see measure/metadata.h */

#endif
