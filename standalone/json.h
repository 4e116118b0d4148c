/*
 * json: what the JSON of all commands has in common
 */
#ifndef VM_ENERGY_JSON_H
#define VM_ENERGY_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* The path as inputs_shown() tells it. JSON is UTF-8 and paths may be anything: what does not fit is replaced. */
json_t *json_path(const char *path);

/* null where there is no value. */
json_t *json_number_or_null(bool has, double number);

/* Prints it and gives it back (json_decref). NULL (it could not be made): -ENOMEM. Else 0, or -errno of the output. */
int json_print(json_t *root, FILE *out);

#endif
