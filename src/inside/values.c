/* Values as people write them, as a script gets them: the same as src/toolkit/inputs.ts makes of them, but for patterns. */
#define _GNU_SOURCE
#include "ke.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A number with digits before a point and, if there is one, behind it; moves behind it. False: there is none. */
static bool read_number(const char **at, double *number) {
    const char *end = *at;
    while (isdigit((unsigned char)*end)) end++;
    if (end == *at) return false;
    if (*end == '.' && isdigit((unsigned char)end[1])) for (end++; isdigit((unsigned char)*end);) end++;
    *number = strtod(*at, NULL);
    *at = end;
    return true;
}

/* 90s, 1h30m, 500ms, a bare number of seconds → seconds, to the millisecond; ten years at most. */
static bool read_duration(const char *value, char *out, size_t size) {
    double sum = 0, part;
    const char *at = value;
    if (value[strspn(value, "0123456789")] == 0 && *value) sum = strtod(value, NULL), at = "";
    else if (!*value) return false;
    while (*at) {
        if (!read_number(&at, &part)) return false;
        if (!strncmp(at, "ms", 2)) sum += part / 1000, at += 2;
        else if (*at == 's') sum += part, at++;
        else if (*at == 'm') sum += part * 60, at++;
        else if (*at == 'h') sum += part * 3600, at++;
        else if (*at == 'd') sum += part * 86400, at++;
        else return false;
    }
    if (sum > 10 * 365 * 86400.0) return false;
    text(out, size, "%.3f", sum);
    char *end = out + strlen(out);
    while (end[-1] == '0') *--end = 0;
    if (end[-1] == '.') end[-1] = 0;
    return true;
}

/* 100MB, 16MiB, 512 → bytes: letters of powers of 1000, with an i of 1024. */
static bool read_size(const char *value, char *out, size_t size) {
    static const char letters[] = "kmgt";
    double bytes;
    const char *at = value;
    if (!read_number(&at, &bytes)) return false;
    if (*at == ' ') at++;
    const char *letter = *at ? strchr(letters, tolower((unsigned char)*at)) : NULL;
    if (letter) {
        bool binary = at[1] == 'i';
        at += binary ? 2 : 1;
        for (const char *power = letters; power <= letter; power++) bytes *= binary ? 1024 : 1000;
    }
    if (*at == 'B' || *at == 'b') at++;
    if (*at || bytes > 9007199254740991.0) return false;
    unsigned long long whole = bytes;
    text(out, size, "%llu", whole + (bytes - whole >= 0.5));
    return true;
}

static bool read_integer(const char *value, char *out, size_t size) {
    const char *digits = value + (*value == '+' || *value == '-');
    size_t length = strspn(digits, "0123456789");
    if (length == 0 || length > 15 || digits[length]) return false;
    text(out, size, "%lld", strtoll(value, NULL, 10));
    return true;
}

static bool is_one_of(const char *value, const char *const *words) {
    for (; *words; words++) if (!strcasecmp(value, *words)) return true;
    return false;
}

char *read_value(const char *type, char **choices, const char *value, char *wrong, size_t size) {
    static const char *const yes[] = { "1", "t", "true", NULL }, *const no[] = { "0", "f", "false", NULL };
    char out[64];
    if (!strcmp(type, "boolean")) {
        if (is_one_of(value, yes)) return "true";
        if (is_one_of(value, no)) return "false";
        text(wrong, size, "must be true or false");
    } else if (!strcmp(type, "integer")) {
        if (read_integer(value, out, sizeof out)) return strdup(out);
        text(wrong, size, "must be a whole number");
    } else if (!strcmp(type, "port")) {
        size_t length = strspn(value, "0123456789");
        long port = length > 0 && length < 6 && !value[length] ? atol(value) : 0;
        if (port > 0 && port < 65536 && read_integer(value, out, sizeof out)) return strdup(out);
        text(wrong, size, "must be a port, 1 to 65535");
    } else if (!strcmp(type, "duration")) {
        if (read_duration(value, out, sizeof out)) return strdup(out);
        text(wrong, size, "must be a duration like 90s, 15m or 1h30m");
    } else if (!strcmp(type, "size")) {
        if (read_size(value, out, sizeof out)) return strdup(out);
        text(wrong, size, "must be a size like 100MB or 16MiB");
    } else if (!strcmp(type, "choice")) {
        size_t used = snprintf(wrong, size, "must be");
        for (char **choice = choices; choices && *choice; choice++) {
            if (!strcmp(*choice, value)) return strdup(value);
            const char *before = choice == choices ? " " : choice[1] ? ", " : " or ";
            if (used < size) used += snprintf(wrong + used, size - used, "%s%s", before, *choice);
        }
    } else if (!strcmp(type, "path") && !*value) {
        text(wrong, size, "must be a path, and is empty");
    } else return strdup(value);
    return NULL;
}
