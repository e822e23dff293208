/* Embeds Static Python: starts it, runs a file, imports a module, calls functions with values, asks for native code, looks at
 * errors, ends it. Usage: main DIRECTORY, where program.py and shapes.py are.
 *
 *     cc main.c $(pkg-config --cflags --libs staticpy) -o main && ./main .
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <staticpy.h>

/* A C string as the two arguments that the interface takes. */
#define TEXT(text) (text), strlen(text)

/* Prints and deletes an error; true if there was one. */
static bool failed(const char *what, sp_error_t *error) {
    if (error == NULL)
        return false;
    printf("%s: error %" PRIu32 " [%s] %s\n", what, sp_error_kind(error), sp_error_exception(error, NULL),
           sp_error_message(error, NULL));
    sp_error_delete(error);
    return true;
}

/* Calls a function of a module; the result is the caller's. */
static sp_error_t *call(const sp_runtime_t *runtime, sp_value_t module, const char *name, const sp_value_t *arguments,
                        size_t count, sp_value_t *result) {
    sp_value_t function;
    sp_error_t *error = sp_get_attribute(runtime, module, TEXT(name), &function);
    if (error != NULL)
        return error;
    error = sp_call(runtime, function, arguments, count, result);
    sp_error_delete(sp_value_delete(runtime, function));
    return error;
}

static void numbers(const sp_runtime_t *runtime, sp_value_t module) {
    const sp_value_t ints[] = {sp_int(40), sp_int(2)}, doubles[] = {sp_double(1.5), sp_double(4.0)};
    sp_value_t result;
    if (!failed("add", call(runtime, module, "add", ints, 2, &result)))
        printf("add: %" PRId64 " (tag %" PRIu32 ")\n", result.payload.int64, result.tag);
    if (!failed("area", call(runtime, module, "area", doubles, 2, &result)))
        printf("area: %.2f (tag %" PRIu32 ")\n", result.payload.number, result.tag);
}

static void strings(const sp_runtime_t *runtime, sp_value_t module) {
    sp_value_t name, greeting;
    char buffer[64];
    size_t length;
    if (failed("string", sp_string_new(runtime, TEXT("w\xc3\xb6rld"), &name)))
        return;
    if (!failed("greet", call(runtime, module, "greet", &name, 1, &greeting))) {
        if (!failed("copy", sp_string_copy(runtime, greeting, buffer, sizeof buffer, &length)))
            printf("greet: %.*s (%zu bytes)\n", (int)length, buffer, length);
        failed("short buffer", sp_string_copy(runtime, greeting, buffer, 3, &length));
        failed("delete", sp_value_delete(runtime, greeting));
        failed("delete twice", sp_value_delete(runtime, greeting));
    }
    failed("delete", sp_value_delete(runtime, name));
}

#define EIGHT "double, double, double, double, double, double, double, double"

static void many_arguments(const sp_runtime_t *runtime, sp_value_t module) {
    const char signature[] = "(int64, int64, int64, int64, int64, int64, int32, int8, uint32, int64, " EIGHT
                             ", double, double) -> double";
    typedef double (*weigh_t)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int32_t, int8_t, uint32_t, int64_t,
                              double, double, double, double, double, double, double, double, double, double);
    sp_value_t weigh;
    sp_native_t code;
    if (failed("weigh", sp_get_attribute(runtime, module, TEXT("weigh"), &weigh)))
        return;
    if (!failed("native", sp_function_native(runtime, weigh, TEXT(signature), &code))) {
        printf("weigh: %.3f\n", ((weigh_t)code)(1, 1, 1, 1, 1, 1, -3, -4, 4000000000u, -6, 1, 2, 3, 4, 5, 6, 7, 8, 9, 8));
        printf("weigh by zero: %.3f\n", ((weigh_t)code)(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0));
        failed("pending", sp_pending_error(runtime));
    }
    failed("delete", sp_value_delete(runtime, weigh));
}

static void native_code(const sp_runtime_t *runtime, sp_value_t module) {
    sp_value_t add;
    sp_native_t code;
    if (failed("add", sp_get_attribute(runtime, module, TEXT("add"), &add)))
        return;
    failed("wrong signature", sp_function_native(runtime, add, TEXT("(int64) -> int64"), &code));
    if (!failed("native", sp_function_native(runtime, add, TEXT("(int64, int64) -> int64"), &code)))
        printf("native: %" PRId64 "\n", ((int64_t (*)(int64_t, int64_t))code)(40, 2));
    failed("delete", sp_value_delete(runtime, add));
    if (failed("ratio", sp_get_attribute(runtime, module, TEXT("ratio"), &add)))
        return;
    if (!failed("native", sp_function_native(runtime, add, TEXT("(double, double) -> double"), &code))) {
        printf("ratio: %.2f\n", ((double (*)(double, double))code)(1.0, 4.0));
        printf("ratio by zero: %.2f\n", ((double (*)(double, double))code)(1.0, 0.0));
        failed("pending", sp_pending_error(runtime));
        failed("pending again", sp_pending_error(runtime));
    }
    failed("delete", sp_value_delete(runtime, add));
    many_arguments(runtime, module);
}

static void errors(const sp_runtime_t *runtime, sp_value_t module) {
    sp_value_t result, reason, unknown = sp_none();
    sp_error_t *error;
    failed("missing module", sp_import(runtime, TEXT("no_such_module"), &result));
    failed("missing name", sp_get_attribute(runtime, module, TEXT("subtract"), &result));
    failed("too few", call(runtime, module, "add", NULL, 0, &result));
    failed("NULL text", sp_import(runtime, NULL, 3, &result));
    failed("NULL result", sp_import(runtime, TEXT("shapes"), NULL));
    unknown.tag = 99;
    failed("unknown tag", call(runtime, module, "greet", &unknown, 1, &result));
    if (failed("string", sp_string_new(runtime, TEXT("no reason"), &reason)))
        return;
    error = call(runtime, module, "fail", &reason, 1, &result);
    if (error != NULL && strstr(sp_error_traceback(error, NULL), "raise ValueError(reason)") != NULL)
        puts("the traceback shows the line");
    failed("fail", error);
    failed("delete", sp_value_delete(runtime, reason));
}

int main(int argc, char **argv) {
    sp_config_t *config = sp_config_new();
    sp_runtime_t *runtime = NULL, *second;
    sp_value_t module, program, answer;
    char path[4096];
    const char *directory = argc > 1 ? argv[1] : ".";
    printf("abi %s\n", sp_abi_version() == SP_ABI_VERSION ? "matches" : "differs");
    failed("before the start", sp_import(runtime, TEXT("shapes"), &module));
    if (failed("path", sp_config_add_path(config, TEXT(directory))) ||
        failed("argument", sp_config_add_argument(config, TEXT("main"))) ||
        failed("argument", sp_config_add_argument(config, TEXT("one"))) || failed("start", sp_runtime_new(config, &runtime)))
        return 1;
    sp_config_delete(config);
    failed("second start", sp_runtime_new(NULL, &second));

    snprintf(path, sizeof path, "%s/program.py", directory);
    fflush(stdout); /* Python has its own buffer. */
    if (failed("run", sp_run_file(runtime, TEXT(path))) || failed("main", sp_import(runtime, TEXT("__main__"), &program)) ||
        failed("answer", sp_get_attribute(runtime, program, TEXT("answer"), &answer)))
        return 1;
    printf("answer: %" PRId64 "\n", answer.payload.int64);
    failed("delete", sp_value_delete(runtime, program));

    if (failed("import", sp_import(runtime, TEXT("shapes"), &module)))
        return 1;
    numbers(runtime, module);
    strings(runtime, module);
    native_code(runtime, module);
    errors(runtime, module);

    /* The module is not deleted: the runtime gives up what is left. */
    if (failed("end", sp_runtime_delete(runtime)))
        return 1;
    failed("after the end", sp_value_delete(runtime, module));
    failed("end twice", sp_runtime_delete(runtime));
    return 0;
}
