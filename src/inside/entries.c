/* The header's entries that are no variables: a script and all that belongs to it (request.c lists them). */
#define _GNU_SOURCE
#include "ke.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct entries entries;

/* More than anybody waits: beyond that clocks lose count. */
enum { LONGEST = 10 * 365 * 86400, LONGEST_NAME = 128 };

/* One more place behind `count` of a list, which is ended by zeros; NULL: no memory. */
static void *one_more(void *list, unsigned count, size_t size) {
    char *more = realloc(list, (count + 2) * size);
    if (more) memset(more + count * size, 0, 2 * size);
    return more;
}

static bool is_number(const char *value, int (*is_digit)(int), size_t longest) {
    size_t length = strlen(value);
    for (const char *at = value; *at; at++) if (!is_digit((unsigned char)*at)) return false;
    return length > 0 && length <= longest;
}

/* It becomes the name of a file. */
static bool is_name(const char *name) {
    for (const char *at = name; *at; at++) if (*at == '/' || iscntrl((unsigned char)*at)) return false;
    return *name && *name != '.' && strlen(name) <= LONGEST_NAME;
}

static struct command *command_of(const char *name) {
    struct command *end = entries.commands + entries.command_count;
    for (struct command *at = entries.commands; at < end; at++) if (!strcmp(at->name, name)) return at;
    return NULL;
}

static bool take_argument(char *value, size_t length) {
    char **more = strlen(value) == length ? one_more(entries.arguments, entries.argument_count, sizeof *more) : NULL;
    if (!more) return false;
    entries.arguments = more;
    entries.arguments[entries.argument_count++] = value;
    return true;
}

static bool take_command(const char *name, char *value, size_t length) {
    if (!is_name(name) || command_of(name)) return false;
    struct command *more = one_more(entries.commands, entries.command_count, sizeof *more);
    if (!more) return false;
    entries.commands = more;
    entries.commands[entries.command_count++] = (struct command){ .name = name, .text = value, .length = length };
    return true;
}

bool take_entry(const char *name, char *value, size_t length) {
    if (!strcmp(name, "=script")) { entries.script = value, entries.script_length = length; return true; }
    if (!strcmp(name, "=arg")) return take_argument(value, length);
    if (!strcmp(name, "=help")) { entries.help = value; return true; }
    if (!strcmp(name, "=out")) { entries.nonce = value; return is_number(value, isxdigit, 64); }
    if (!strcmp(name, "=drop")) { entries.drop = strtoull(value, NULL, 16); return is_number(value, isxdigit, 16); }
    if (!strcmp(name, "=timeout")) {
        unsigned long seconds = strtoul(value, NULL, 10);
        entries.timeout = seconds;
        return is_number(value, isdigit, 9) && seconds > 0 && seconds <= LONGEST;
    }
    if (!strncmp(name, "=command ", 9)) return take_command(name + 9, value, length);
    if (!strncmp(name, "=inputs ", 8)) {
        struct command *command = command_of(name + 8);
        if (command) command->inputs = value;
        return command != NULL;
    }
    return false;
}
