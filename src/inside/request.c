/* What an exec is asked to do: the words of `ke run`, and the header on its stdin.
 *
 *   ke run LETTERS [KEY=VALUE…] -- WORDS…
 *
 * Letters: t: there is a terminal; s: the words are shells, the first that is there runs; n: no header (a helper called
 * in a session); k: keep our capabilities in the target's root; q: say nothing but errors; f: the words are the files
 * agent's, which works in the target's root from outside.
 * Keys: target=CONTAINER ID, pid=PID instead of it, root=target|try, as=target|UID:GID, env=target, first=target (its
 * PATH before the tools), term=TERM, prompt=TEXT, path=FOLDERS, filter=PROGRAM (compresses what the files agent writes),
 * files=debug (the agent works in the debug image's root).
 *
 * The header on stdin is blocks of 32 bytes of text: `COUNT KIND`, then for each entry `LENGTH LENGTH`, its name and
 * its value. Kind says what stdin is after it: n: the command's; f: the command's, in frames of 16 bytes of length and
 * the bytes, of which an empty one is the end (servers before 1.30 cannot end a stream); c: control, a byte now and then
 * as a sign of life. Silence of LEASE seconds, or the end of it, ends the command; a: the same, and what comes is the
 * command's stdin too.
 *
 * An entry is a variable, unless its name begins with `=`:
 *
 *   =script         a script, which the image's sh runs instead of WORDS; the first of these is its name (script.c)
 *   =arg            an argument of the script, one entry for each, in this order
 *   =out            a nonce (hexadecimal): the command gets a folder, OUT, and what it leaves there is offered to the
 *                   client before it is removed (out.c says how)
 *   =timeout        seconds, after which the command is ended; the exit code is 124 then
 *   =drop           a mask (hexadecimal) of capabilities that the command gives up, unless it would by that come within
 *                   reach of the target (run.c)
 *   =command NAME   a script, which is the command NAME in the session: for shells (session.c)
 *   =inputs NAME    what the command of that name takes: it is a recipe's (inputs.c). Behind its =command
 *   =help           what `help` prints in the session */
#define _GNU_SOURCE
#include "ke.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { HEADER = 16 << 20, QUIET = 60 };

char **variables;

static const char *value_of(const char *word, const char *key) {
    size_t length = strlen(key);
    return strncmp(word, key, length) ? NULL : word + length;
}

void read_options(struct options *options, int argc, char **argv) {
    *options = (struct options){ .container = "", .as = "", .term = "", .prompt = "", .path = "" };
    for (const char *letter = argc > 0 ? argv[0] : ""; *letter; letter++) {
        options->tty |= *letter == 't', options->shell |= *letter == 's', options->bare |= *letter == 'n';
        options->keep |= *letter == 'k', options->quiet |= *letter == 'q';
        options->files |= *letter == 'f';
    }
    for (int i = 1; i < argc; i++) {
        const char *value;
        if (!strcmp(argv[i], "--")) { options->words = argv + i + 1; break; }
        if ((value = value_of(argv[i], "target="))) options->container = value;
        else if ((value = value_of(argv[i], "pid="))) options->pid = atoi(value);
        else if ((value = value_of(argv[i], "root="))) options->chroots = true, options->tries = !strcmp(value, "try");
        else if ((value = value_of(argv[i], "as="))) options->as = value;
        else if ((value = value_of(argv[i], "env="))) options->of_target = true;
        else if ((value = value_of(argv[i], "first="))) options->theirs_first = true;
        else if ((value = value_of(argv[i], "term="))) options->term = value;
        else if ((value = value_of(argv[i], "prompt="))) options->prompt = value;
        else if ((value = value_of(argv[i], "path="))) options->path = value;
        else if ((value = value_of(argv[i], "filter="))) options->filter = value;
        else if ((value = value_of(argv[i], "files="))) options->of_debug_image = true;
    }
    if (!options->words || !options->words[0]) { errno = 0; die(FAILED, "run: no command"); }
}

void take(char *out, size_t size, bool lease) {
    for (size_t used = 0; used < size;) {
        /* A client that is cut off before its command has begun says nothing more either. */
        struct pollfd input = { .fd = 0, .events = POLLIN };
        if (lease && poll(&input, 1, LEASE * 1000) == 0) _exit(FAILED);
        ssize_t got = read(0, out + used, size - used);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) _exit(FAILED); /* the client is gone */
        used += got;
    }
}

static _Noreturn void decline(void) {
    errno = EPROTO;
    die(FAILED, "the header");
}

static char read_header(const char *first) {
    char block[33] = "", kind = 'n';
    unsigned count = 0, used = 0;
    memcpy(block, first, 32);
    if (sscanf(block, "%u %c", &count, &kind) != 2 || count > 4096) decline();
    variables = calloc(count + 1, sizeof *variables);
    size_t total = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned name = 0, value = 0;
        take(block, 32, true);
        if (sscanf(block, "%u %u", &name, &value) != 2 || (total += (size_t)name + value) > HEADER) decline();
        char *entry = calloc(1, (size_t)name + value + 2);
        if (!entry || !variables) die(FAILED, "the header");
        take(entry, name, true);
        take(entry + name + 1, value, true);
        if (name > 0 && *entry == '=') {
            if (!take_entry(entry, entry + name + 1, value)) decline();
            continue;
        }
        entry[name] = '=';
        variables[used++] = entry;
    }
    return kind;
}

/* At a terminal the mark is said until the header comes, which is not to be echoed nor cooked; elsewhere once, after it. */
char greet(const struct options *options) {
    static const char mark[] = "\033]ke;ok\007";
    char first[32];
    if (options->bare) { variables = calloc(1, sizeof *variables); return 'n'; }
    if (!options->tty) {
        take(first, sizeof first, true);
        char kind = read_header(first);
        if (write(2, mark, sizeof mark - 1) < 0) _exit(FAILED);
        return kind;
    }
    struct termios saved, raw;
    if (tcgetattr(0, &saved)) die(FAILED, "the terminal");
    raw = saved;
    cfmakeraw(&raw);
    raw.c_cc[VMIN] = 0, raw.c_cc[VTIME] = 5;
    tcsetattr(0, TCSANOW, &raw);
    ssize_t got = 0;
    for (int round = 0; got == 0; round++) {
        if (round > 2 * QUIET) _exit(FAILED);
        if (write(1, mark, sizeof mark - 1) < 0) _exit(FAILED);
        got = read(0, first, sizeof first);
        if (got < 0) _exit(FAILED);
    }
    raw.c_cc[VMIN] = 1, raw.c_cc[VTIME] = 0;
    tcsetattr(0, TCSANOW, &raw);
    take(first + got, sizeof first - got, true);
    char kind = read_header(first);
    tcsetattr(0, TCSANOW, &saved);
    return kind;
}

