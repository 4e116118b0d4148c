/*
 * json: what the JSON of all commands has in common
 */
#ifndef VM_ENERGY_JSON_H
#define VM_ENERGY_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A string. JSON is UTF-8, arguments and names may be anything: what does not fit is made printable. NULL: no memory.
 */
json_t *json_text(const char *text);

/* The path as inputs_display_path() tells it, as json_text(). */
json_t *json_path(const char *path);

/* null where there is no value, or none that JSON can tell. */
json_t *json_number_or_null(bool has, double number);

/* The counter as it is read. Above 2^63 - 1, where no integer of JSON's readers is left, it is a real. */
json_t *json_counter_or_null(bool has, uint64_t energy_uj);

/* Writes it indented, with as many digits as matter. 0, or -errno of the output. */
int json_write(const json_t *root, FILE *out);

/*
 * As json_write(), with a list as the last member: the items are made one after the other, so that thousands of them do
 * not take memory at once, and each is on a line of its own. item() returns NULL where there is no memory.
 */
int json_write_with_list(const json_t *root, const char *name, size_t count,
                         json_t *(*item)(size_t index, const void *arg), const void *arg, FILE *out);

/*
 * Writes it and gives it back (json_decref). NULL (it could not be made): -ENOMEM. Else 0 or -errno; 0 also where
 * standard output failed, because message_close_output() reports that.
 */
int json_print(json_t *root, FILE *out);

#endif
