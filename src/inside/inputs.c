/* What a recipe's command takes, and the words that it is given.
 *
 * One line for each input, its fields between TABs, of which the first five are there:
 *
 *   NAME LETTER KIND REQUIRED DEFAULT TYPE DESCRIPTION CHOICE…
 *
 * LETTER: a short flag, or `-`. KIND: flag (`--NAME`, or `--NAME=false`), value (`--NAME VALUE`, `--NAME=VALUE`, `-LVALUE`)
 * or positional. REQUIRED: yes or no. DEFAULT: as the script gets it. TYPE: what values are (values.c); without it they go
 * to the script to the letter. CHOICE: the values of the type choice. */
#define _GNU_SOURCE
#include "ke.h"
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WRONG = 2, FIELDS = 7 };

struct input {
    /* The first five as above; value: what it is set to, NULL: it was not given and has no default. */
    char *name, letter, kind, *value, *type, *description, **choices;
    bool required;
};

static const char *command;
static struct input *inputs;
static size_t count;

static _Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void refuse(const char *format, ...) {
    char words[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    errno = 0;
    die(WRONG, "%s: %s\n%s --help says what it takes.", command, words, command);
}

/* The lines, each an input; what is none is passed over. */
static void read_lines(char *content) {
    size_t lines = 1;
    for (const char *at = content; *at; at++) lines += *at == '\n';
    if (!(inputs = calloc(lines, sizeof *inputs))) die(FAILED, "%s", command);
    for (char *line; (line = strsep(&content, "\n"));) {
        char *fields[FIELDS] = { NULL };
        for (int i = 0; i < FIELDS && line; i++) fields[i] = strsep(&line, "\t");
        size_t length = fields[0] ? strspn(fields[0], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") : 0;
        if (length == 0 || fields[0][length] || !fields[4] || !*fields[2]) continue;
        struct input *input = &inputs[count++];
        *input = (struct input){ .name = fields[0], .kind = *fields[2], .required = *fields[3] == 'y' };
        input->letter = *fields[1] == '-' ? 0 : *fields[1];
        input->value = *fields[4] ? fields[4] : NULL;
        input->type = fields[5] && *fields[5] ? fields[5] : input->kind == 'f' ? "boolean" : "string";
        input->description = fields[6] ? fields[6] : "";
        size_t choices = 0;
        for (const char *at = line ? line : ""; *at; at++) choices += *at == '\t';
        if (!(input->choices = calloc(choices + 2, sizeof *input->choices))) die(FAILED, "%s", command);
        for (size_t i = 0; line; i++) input->choices[i] = strsep(&line, "\t");
    }
}

/* How an input is called in what we say: --NAME, or NAME in capitals. */
static const char *called(const struct input *input) {
    char *words = malloc(strlen(input->name) + 3);
    if (!words) die(FAILED, "%s", command);
    strcat(strcpy(words, input->kind == 'p' ? "" : "--"), input->name);
    for (char *at = words; input->kind == 'p' && *at; at++) *at = toupper((unsigned char)*at);
    return words;
}

static _Noreturn void say_usage(void) {
    printf("usage: %s", command);
    for (size_t i = 0; i < count; i++) if (inputs[i].kind != 'p') { printf(" [flags]"); break; }
    for (size_t i = 0; i < count; i++)
        if (inputs[i].kind == 'p') printf(inputs[i].required ? " %s" : " [%s]", called(&inputs[i]));
    printf("\n\n");
    for (size_t i = 0; i < count; i++) {
        const struct input *input = &inputs[i];
        char begin[256], letter[8] = "    ";
        if (input->letter) text(letter, sizeof letter, "-%c, ", input->letter);
        const char *end = input->kind == 'v' ? " VALUE" : "";
        snprintf(begin, sizeof begin, "%s%s%s", input->kind == 'p' ? "" : letter, called(input), end);
        printf("  %-28s", begin);
        if (*input->description) printf("  "), say_plain(input->description);
        for (char **choice = input->choices; *choice; choice++) printf(choice == input->choices ? ": " : ", "), say_plain(*choice);
        if (input->required) printf("  (required)");
        else if (input->value && *input->value) printf("  (default: "), say_plain(input->value), printf(")");
        printf("\n");
    }
    printf("  %-28s  this text\n", "    --help");
    fflush(stdout);
    _exit(0);
}

static void set(struct input *input, const char *value) {
    char wrong[512];
    input->value = read_value(input->type, input->choices, value, wrong, sizeof wrong);
    if (!input->value) refuse("%s %s", called(input), wrong);
}

static struct input *by_name(const char *name, size_t length) {
    for (size_t i = 0; i < count; i++) {
        bool same = strlen(inputs[i].name) == length && !memcmp(inputs[i].name, name, length);
        if (same && inputs[i].kind != 'p') return &inputs[i];
    }
    if (length == 4 && !memcmp(name, "help", 4)) say_usage();
    refuse("there is no flag --%.*s", (int)length, name);
}

static struct input *by_letter(char letter) {
    for (size_t i = 0; i < count; i++) if (inputs[i].kind != 'p' && inputs[i].letter == letter) return &inputs[i];
    if (letter == 'h') say_usage();
    refuse("there is no flag -%c", letter);
}

/* --NAME, --NAME=VALUE, --NAME VALUE. Gives how many words more it took. */
static int take_long(const char *word, const char *next) {
    size_t length = strcspn(word, "=");
    struct input *input = by_name(word, length);
    if (word[length]) { set(input, word + length + 1); return 0; }
    if (input->kind == 'f') { set(input, "true"); return 0; }
    if (!next) refuse("--%s needs a value", input->name);
    set(input, next);
    return 1;
}

/* -L, -LL, -L=false, -LVALUE, -L VALUE. */
static int take_letters(const char *word, const char *next) {
    for (; *word; word++) {
        struct input *input = by_letter(*word);
        if (input->kind == 'f' && word[1] == '=') { set(input, word + 2); return 0; }
        if (input->kind == 'f') { set(input, "true"); continue; }
        if (!word[1] && !next) refuse("-%c needs a value", *word);
        set(input, word[1] ? word + 1 : next);
        return !word[1];
    }
    return 0;
}

static void take_positional(const char *word, unsigned which) {
    unsigned seen = 0;
    for (size_t i = 0; i < count; i++)
        if (inputs[i].kind == 'p' && seen++ == which) { set(&inputs[i], word); return; }
    if (seen == 0) refuse("it takes no words but flags, and got %s", word);
    refuse("it takes %u word%s, and got %s too", seen, seen == 1 ? "" : "s", word);
}

/* INPUT_NAME, also of what was not given. */
static void put_variable(const struct input *input) {
    char variable[256];
    text(variable, sizeof variable, "INPUT_%s", input->name);
    for (char *at = variable; *at; at++) *at = *at == '-' ? '_' : toupper((unsigned char)*at);
    setenv(variable, input->value ? input->value : "", 1);
}

char **read_inputs(const char *name, char *content, int argc, char **argv, unsigned ours) {
    unsigned positional = 0, used = ours, last = ours;
    bool flags = true;
    command = name;
    read_lines(content);
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
        if (!flags || *word != '-' || !word[1]) take_positional(word, positional++);
        else if (!strcmp(word, "--")) flags = false;
        else i += word[1] == '-' ? take_long(word + 2, next) : take_letters(word + 1, next);
    }
    char **words = calloc(ours + count + 1, sizeof *words);
    if (!words) die(FAILED, "%s", command);
    for (size_t i = 0; i < count; i++) {
        struct input *input = &inputs[i];
        if (input->required && !input->value) refuse("%s is needed", called(input));
        put_variable(input);
        if (input->kind != 'p') continue;
        words[used++] = input->value ? input->value : "";
        if (input->value && *input->value) last = used;
    }
    words[last] = NULL;
    return words;
}
