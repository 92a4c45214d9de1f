/* The shell of a session. */
#define _GNU_SOURCE
#include "ke.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first of the words that is a program in one of the folders, or by itself; NULL: none is. */
static char *first_of(char **words, const char *folders, bool no_zsh) {
    char *path = strdup(folders), *found = NULL;
    for (; path && *words && !found; words++) {
        if (no_zsh && !strcmp(*words, "zsh")) continue;
        char *rest = strcpy(path, folders);
        for (char *folder; !found && (folder = strsep(&rest, ":"));) {
            char candidate[PATH_MAX];
            if (strlen(folder) + strlen(*words) + 2 > sizeof candidate) continue;
            text(candidate, sizeof candidate, "%s/%s", folder, *words);
            if (access(candidate, X_OK) == 0) found = *words;
        }
        if (**words == '/' && access(*words, X_OK) == 0) found = *words;
    }
    free(path);
    return found;
}

/* Keep what a variable says under another name, and give it a value of ours; `file` stands in the session's folder. */
static void divert(const char *variable, const char *name, const char *session, const char *file) {
    char path[PATH_MAX];
    const char *before = getenv(variable);
    if (before && *before) setenv(name, before, 1);
    text(path, sizeof path, "%s%s", session, file);
    setenv(variable, path, 1);
}

/* `help` is found on PATH, but where the shell has a builtin of that name: there it is a function, which bash takes from the
 * environment and other shells from the file that ENV names; the rest of zsh's is for the prompt (session.c has the files). */
static void say_help(const char *session, bool inside, bool bash, bool zsh) {
    static const char function[] = "() { if [ $# = 0 ]; then \"$KE_SESSION/bin/help\"; else builtin help \"$@\"; fi; }";
    if (bash) setenv("BASH_FUNC_help%%", function, 1);
    else if (!zsh) divert("ENV", "KE_ENV", session, "/rc");
    else if (!inside) divert("ZDOTDIR", "KE_ZDOTDIR", session, "");
}

/* Beside the target with our prompt behind the image's rc files; in its root without any rc file, history or key binding of
 * the target's. */
void choose_shell(struct options *options, const char *own, bool inside, const char *session, char **words) {
    static char prompt[512];
    const char *name = "sh";
    for (char **word = options->words; *word; word++) name = *word;
    bool zshenv = inside && (access("/etc/zshenv", F_OK) == 0 || access("/etc/zsh/zshenv", F_OK) == 0);
    char tools[PATH_MAX], *found = NULL;
    const char *path = getenv("PATH");
    text(tools, sizeof tools, "%s%s/bin", outside, own);
    /* Any of the image's before one of the target's, which is not ours to trust. */
    if (inside && !options->theirs_first) found = first_of(options->words, tools, zshenv);
    if (!found) found = first_of(options->words, path ? path : "", zshenv);
    if (found) name = found;
    const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    words[0] = (char *)name, words[1] = NULL;
    bool bash = !strcmp(base, "bash"), zsh = !strcmp(base, "zsh");
    text(prompt, sizeof prompt, zsh ? "%s %%~ %%# " : bash || !strcmp(base, "ash") ? "%s \\w \\$ " : "%s $ ", options->prompt);
    if (inside) {
        setenv("PS1", prompt, 1);
        setenv("HISTFILE", "", 1), setenv("LESSHISTFILE", "-", 1), setenv("INPUTRC", "/dev/null", 1);
        if (bash) words[1] = "--noprofile", words[2] = "--norc", words[3] = NULL;
        else if (zsh) words[1] = "-f", words[2] = NULL;
    } else if (bash) {
        /* The image's rc files set a prompt of their own: ours comes after them. */
        setenv("KE_PS1", prompt, 1);
        setenv("PROMPT_COMMAND", "PS1=$KE_PS1; unset PROMPT_COMMAND KE_PS1", 1);
    } else setenv("PS1", prompt, 1);
    if (!session) return;
    if (!bash) setenv("KE_PS1", prompt, 1);
    say_help(session, inside, bash, zsh);
}
