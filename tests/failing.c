/* Fails one kind of system call, as dying disks and busy pipes do: to be loaded by LD_PRELOAD.
 *
 * FAIL_CALL is read, write or fsync, FAIL_NAME a part of the names of the files that it fails on,
 * FAIL_AFTER how many of those calls succeed before. FAIL_HOW is the error: EIO if it is not given;
 * with EAGAIN and EINTR every second call goes well; SHORT is no error, but takes or gives a part.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_how(const char *wanted)
{
    const char *how = getenv("FAIL_HOW");
    return !strcmp(how ? how : "EIO", wanted);
}

/* 1 for an error, -1 for a part. */
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
    if (is_how("SHORT"))
        return -1;
    if (is_how("EAGAIN") || is_how("EINTR")) {
        errno = is_how("EAGAIN") ? EAGAIN : EINTR;
        return calls & 1;
    }
    errno = is_how("ENOSPC") ? ENOSPC : is_how("EFBIG") ? EFBIG : EIO;
    return 1;
}

static size_t part_of(size_t size)
{
    return size > 1 ? (size + 2) / 3 : size;
}

ssize_t read(int descriptor, void *data, size_t size)
{
    ssize_t (*real)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
    int how = fails("read", descriptor);
    return how > 0 ? -1 : real(descriptor, data, how ? part_of(size) : size);
}

ssize_t write(int descriptor, const void *data, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    int how = fails("write", descriptor);
    return how > 0 ? -1 : real(descriptor, data, how ? part_of(size) : size);
}

int fsync(int descriptor)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    return fails("fsync", descriptor) > 0 ? -1 : real(descriptor);
}
