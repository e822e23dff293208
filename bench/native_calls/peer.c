/* The C functions that the typed ones are measured against, in a shared object of their own. */
#include <stdint.h>

int64_t add(int64_t a, int64_t b) { return a + b; }

int64_t count(int64_t a, int64_t b) {
    int64_t s = 0;
    for (int64_t i = a; i < b; i++)
        s += i;
    return s;
}
