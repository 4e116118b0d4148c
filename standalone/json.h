/*
 * json: what the JSON of all commands has in common
 */
#ifndef VM_ENERGY_JSON_H
#define VM_ENERGY_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The path as inputs_shown() tells it. JSON is UTF-8 and paths may be anything: what does not fit is replaced. */
json_t *json_path(const char *path);

/* null where there is no value. */
json_t *json_number_or_null(bool has, double number);

/* The counter as it is read. Above 2^63 - 1, where no integer of JSON's readers is left, it is a real. */
json_t *json_counter_or_null(bool has, uint64_t energy_uj);

/* Prints it and gives it back (json_decref). NULL (it could not be made): -ENOMEM. Else 0, or -errno of the output. */
int json_print(json_t *root, FILE *out);

#endif
