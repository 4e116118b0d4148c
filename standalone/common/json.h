/*
 * json: what the JSON of all commands has in common. Tests: those of the commands in tests/cli/.
 */
#ifndef VM_ENERGY_JSON_H
#define VM_ENERGY_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A string. JSON is UTF-8; bytes of arguments and names that are not are replaced. NULL: out of memory. */
json_t *json_text(const char *text);

/* The path by inputs_display_path(), as json_text(). */
json_t *json_path(const char *path);

/* null where there is no value, or one that is not finite. */
json_t *json_number_or_null(bool has, double number);

/* A raw counter; a real above 2^63 - 1, which is beyond the integers of JSON's readers. */
json_t *json_counter_or_null(bool has, uint64_t energy_uj);

/* A list of so many items. NULL: out of memory, as item() returns then. */
json_t *json_list(size_t count, json_t *(*item)(size_t index, const void *arg), const void *arg);

/* Writes root indented, with a list as its last member, whose items are made one by one: there may be thousands. */
int json_write_with_list(const json_t *root, const char *name, size_t count,
                         json_t *(*item)(size_t index, const void *arg), const void *arg, FILE *out);

/*
 * Writes root indented, and frees it. -ENOMEM for NULL; else 0 or -errno of the output. 0 if standard output failed, as
 * message_close_output() reports that.
 */
int json_print(json_t *root, FILE *out);

#endif
