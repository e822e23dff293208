/* Calls a typed function and its C peer by pointer so many times, and prints the nanoseconds per call of each.
 *
 *     main DIRECTORY CALLS
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <staticpy.h>

#define TEXT(text) text, strlen(text)

typedef int64_t (*binary)(int64_t, int64_t);

int64_t add(int64_t a, int64_t b);
int64_t count(int64_t a, int64_t b);

static double nanoseconds(binary function, int64_t calls, int64_t *sum) {
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int64_t i = 0; i < calls; i++)
        *sum += function(i & 7, 100);
    clock_gettime(CLOCK_MONOTONIC, &end);
    return ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) / (double)calls;
}

static void check(sp_error_t *error) {
    if (error == NULL)
        return;
    fprintf(stderr, "%s\n", sp_error_message(error, NULL));
    exit(1);
}

static void measure(const sp_runtime_t *runtime, sp_value_t module, const char *name, binary peer, int64_t calls) {
    sp_value_t function;
    sp_native_t code;
    int64_t ours = 0, theirs = 0;
    check(sp_get_attribute(runtime, module, TEXT(name), &function));
    check(sp_function_native(runtime, function, TEXT("(int64, int64) -> int64"), &code));
    /* The better of three runs each, in turn. */
    double best_ours = 1e9, best_theirs = 1e9;
    for (int run = 0; run < 3; run++) {
        double time = nanoseconds((binary)code, calls, &ours);
        best_ours = time < best_ours ? time : best_ours;
        time = nanoseconds(peer, calls, &theirs);
        best_theirs = time < best_theirs ? time : best_theirs;
    }
    if (ours != theirs) {
        fprintf(stderr, "%s: %" PRId64 " is not %" PRId64 "\n", name, ours, theirs);
        exit(1);
    }
    printf("%s: %.2f ns, C %.2f ns, %.2f times C\n", name, best_ours, best_theirs, best_ours / best_theirs);
}

int main(int argc, char **argv) {
    sp_config_t *config = sp_config_new();
    sp_runtime_t *runtime = NULL;
    sp_value_t module;
    int64_t calls = argc > 2 ? atoll(argv[2]) : 100000000;
    check(sp_config_add_path(config, TEXT(argc > 1 ? argv[1] : ".")));
    check(sp_runtime_new(config, &runtime));
    sp_config_delete(config);
    check(sp_import(runtime, TEXT("typed"), &module));
    measure(runtime, module, "add", add, calls);
    measure(runtime, module, "count", count, calls / 50);
    check(sp_runtime_delete(runtime));
    return 0;
}
