/* Fails one kind of system call, as a dying disk does: to be loaded by LD_PRELOAD.
 *
 * FAIL_CALL is read, write or fsync, FAIL_NAME a part of the names of the files that it fails on,
 * FAIL_AFTER how many of those calls succeed before. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fails(const char *call, int descriptor)
{
    static int calls;
    const char *wanted = getenv("FAIL_CALL"), *part = getenv("FAIL_NAME");
    const char *after = getenv("FAIL_AFTER");
    char link[64], name[PATH_MAX];
    ssize_t size;

    if (!wanted || !part || strcmp(wanted, call))
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    size = readlink(link, name, sizeof name - 1);
    if (size < 0)
        return 0;
    name[size] = 0;
    if (!strstr(name, part) || calls++ < (after ? atoi(after) : 0))
        return 0;
    errno = EIO;
    return 1;
}

ssize_t read(int descriptor, void *data, size_t size)
{
    ssize_t (*real)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
    return fails("read", descriptor) ? -1 : real(descriptor, data, size);
}

ssize_t write(int descriptor, const void *data, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    return fails("write", descriptor) ? -1 : real(descriptor, data, size);
}

int fsync(int descriptor)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    return fails("fsync", descriptor) ? -1 : real(descriptor);
}
