/* How we say that something went wrong, and how texts are made. */
#define _GNU_SOURCE
#include "ke.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void die(int code, const char *format, ...) {
    int error = errno;
    va_list list;
    va_start(list, format);
    char words[2048];
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    dprintf(2, "error: %s%s%s\n", words, error ? ": " : "", error ? strerror(error) : "");
    _exit(code);
}

void say_plain(const char *words) {
    for (const unsigned char *at = (const unsigned char *)words; *at; at++) {
        bool control = (*at < ' ' && *at != '\n' && *at != '\t') || *at == 127 || (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0);
        if (control && *at == 0xc2) at++;
        putchar(control ? '?' : *at);
    }
}

void text(char *out, size_t size, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int length = vsnprintf(out, size, format, list);
    va_end(list);
    if (length >= 0 && (size_t)length < size) return;
    errno = ENAMETOOLONG;
    die(FAILED, "%.80s", out);
}
