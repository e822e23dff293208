/* The C interface of Static Python. Made by cbindgen from runtime-capi/src: do not edit, see docs/how-to/add-a-c-function.md. */

#ifndef STATICPY_H
#define STATICPY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/**
 * Version of this interface. It grows when functions are added; when existing ones change, so does the library's SONAME.
 */
#define SP_ABI_VERSION 2

/**
 * No error.
 */
#define SP_ERROR_NONE 0

/**
 * Python code has raised an exception; sp_error_exception has its class.
 */
#define SP_ERROR_PYTHON 1

/**
 * An argument is NULL, not UTF-8, of an unknown tag, or a handle that does not exist.
 */
#define SP_ERROR_ARGUMENT 2

/**
 * The runtime is not running, runs already, or belongs to another thread.
 */
#define SP_ERROR_STATE 3

/**
 * A function is not typed, or not with the signature that was asked for.
 */
#define SP_ERROR_SIGNATURE 4

/**
 * Not supported yet.
 */
#define SP_ERROR_NOT_SUPPORTED 5

/**
 * A bug in the runtime.
 */
#define SP_ERROR_INTERNAL 6

/**
 * None; no payload.
 */
#define SP_NONE 0

/**
 * A bool in payload.boolean, 0 or 1.
 */
#define SP_BOOL 1

/**
 * An int in payload.int64. Ints that do not fit are SP_OBJECT.
 */
#define SP_INT 2

/**
 * A float in payload.number.
 */
#define SP_DOUBLE 3

/**
 * A str by handle.
 */
#define SP_STRING 4

/**
 * Any other object by handle.
 */
#define SP_OBJECT 5

/**
 * Settings for sp_runtime_new. Owned by the caller, who deletes it with sp_config_delete.
 */
typedef struct sp_config_t sp_config_t;

/**
 * What went wrong. Owned by the caller of the function that returned it, who deletes it with sp_error_delete.
 */
typedef struct sp_error_t sp_error_t;

/**
 * A running runtime. Owned by the thread that made it, which deletes it with sp_runtime_delete.
 */
typedef struct sp_runtime_t sp_runtime_t;

/**
 * The payload of a value; the tag says which member.
 */
typedef union {
  /**
   * SP_BOOL
   */
  uint8_t boolean;
  /**
   * SP_INT
   */
  int64_t int64;
  /**
   * SP_DOUBLE
   */
  double number;
  /**
   * SP_STRING and SP_OBJECT
   */
  uint64_t handle;
} sp_payload_t;

/**
 * A Python value. Values that functions give in an out parameter are owned: delete them with sp_value_delete. Values that
 * functions take are borrowed.
 */
typedef struct {
  /**
   * One of SP_NONE, SP_BOOL, SP_INT, SP_DOUBLE, SP_STRING, SP_OBJECT.
   */
  uint32_t tag;
  /**
   * Always 0.
   */
  uint32_t reserved;
  /**
   * What the tag says.
   */
  sp_payload_t payload;
} sp_value_t;

/**
 * Machine code; cast it to the C type of its signature.
 */
typedef void (*sp_native_t)(void);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the interface that the library was built with, to compare with SP_ABI_VERSION of the header.
 */
uint32_t sp_abi_version(void);

/**
 * New settings: no arguments, no search path.
 */
sp_config_t *sp_config_new(void);

/**
 * Deletes settings; NULL is none.
 *
 * # Safety
 * The settings are NULL or have not been deleted.
 */
void sp_config_delete(sp_config_t *config);

/**
 * Appends a directory to sys.path.
 *
 * # Safety
 * The settings are NULL or have not been deleted; the text is NULL or readable.
 */
sp_error_t *sp_config_add_path(sp_config_t *config, const char *path, size_t length);

/**
 * Appends an argument to sys.argv; the first one is the program's name.
 *
 * # Safety
 * The settings are NULL or have not been deleted; the text is NULL or readable.
 */
sp_error_t *sp_config_add_argument(sp_config_t *config, const char *argument, size_t length);

/**
 * The kind of an error, one of SP_ERROR_*; SP_ERROR_NONE for NULL.
 *
 * # Safety
 * The error is NULL or has not been deleted.
 */
uint32_t sp_error_kind(const sp_error_t *error);

/**
 * The message: UTF-8 with a NUL behind it, lent until the error is deleted. The length may be NULL.
 *
 * # Safety
 * The error is NULL or has not been deleted; the length is NULL or writable.
 */
const char *sp_error_message(const sp_error_t *error, size_t *length);

/**
 * The class of the Python exception, for example "ValueError"; empty if there is none. Lent like the message.
 *
 * # Safety
 * The error is NULL or has not been deleted; the length is NULL or writable.
 */
const char *sp_error_exception(const sp_error_t *error, size_t *length);

/**
 * The report that Python would have printed; empty if no Python code has raised the error. Lent like the message.
 *
 * # Safety
 * The error is NULL or has not been deleted; the length is NULL or writable.
 */
const char *sp_error_traceback(const sp_error_t *error,
                               size_t *length);

/**
 * Deletes an error; NULL is none.
 *
 * # Safety
 * The error is NULL or has not been deleted.
 */
void sp_error_delete(sp_error_t *error);

/**
 * Gives the machine code of a typed function whose signature is exactly this one, and all of primitives: a C function with that
 * prototype, valid as long as the runtime, to be called on the thread that owns it. If the Python function raises, the C
 * function returns 0 and sp_pending_error has the error.
 *
 * # Safety
 * The runtime is NULL or a pointer that sp_runtime_new gave; the signature is NULL or readable, the result NULL or writable.
 */
sp_error_t *sp_function_native(const sp_runtime_t *runtime,
                               sp_value_t function,
                               const char *signature,
                               size_t length,
                               sp_native_t *result);

/**
 * Takes the exception that a native call has left, as an error value that the caller deletes; NULL if there is none.
 *
 * # Safety
 * The runtime is NULL or a pointer that sp_runtime_new gave.
 */
sp_error_t *sp_pending_error(const sp_runtime_t *runtime);

/**
 * Runs a file as `__main__`, which sp_import then gives. An exception, SystemExit too, is an error value; nothing is printed.
 *
 * # Safety
 * The runtime is NULL or a pointer that sp_runtime_new gave; the path is NULL or readable.
 */
sp_error_t *sp_run_file(const sp_runtime_t *runtime,
                        const char *path,
                        size_t length);

/**
 * Imports a module by its dotted name; a static module is checked and compiled first.
 *
 * # Safety
 * The runtime is NULL or a pointer that sp_runtime_new gave; the name is NULL or readable, the result NULL or writable.
 */
sp_error_t *sp_import(const sp_runtime_t *runtime,
                      const char *name,
                      size_t length,
                      sp_value_t *result);

/**
 * Reads an attribute: a module's function, an object's field or method.
 *
 * # Safety
 * The runtime is NULL or a pointer that sp_runtime_new gave; the name is NULL or readable, the result NULL or writable.
 */
sp_error_t *sp_get_attribute(const sp_runtime_t *runtime,
                             sp_value_t object,
                             const char *name,
                             size_t length,
                             sp_value_t *result);

/**
 * Calls with positional arguments, which may be NULL if there are none. The result may be written over an argument.
 *
 * # Safety
 * The runtime is NULL or a pointer that sp_runtime_new gave; the arguments are NULL or readable, the result NULL or writable.
 */
sp_error_t *sp_call(const sp_runtime_t *runtime,
                    sp_value_t callable,
                    const sp_value_t *arguments,
                    size_t count,
                    sp_value_t *result);

/**
 * Starts the runtime. Settings may be NULL for none. The runtime belongs to the calling thread until it deletes it; a process has
 * one at a time. Modules that an earlier one has imported stay loaded.
 *
 * # Safety
 * The settings are NULL or have not been deleted; the place for the runtime is NULL or writable.
 */
sp_error_t *sp_runtime_new(const sp_config_t *config,
                           sp_runtime_t **runtime);

/**
 * Ends the runtime: flushes the standard streams, gives up every value that C still holds, and frees the calling thread.
 *
 * # Safety
 * The runtime is NULL or a pointer that sp_runtime_new gave.
 */
sp_error_t *sp_runtime_delete(sp_runtime_t *runtime);

/**
 * A str with a copy of the text.
 *
 * # Safety
 * The runtime is NULL or a pointer that sp_runtime_new gave; the text is NULL or readable, the result NULL or writable.
 */
sp_error_t *sp_string_new(const sp_runtime_t *runtime,
                          const char *text,
                          size_t length,
                          sp_value_t *result);

/**
 * Copies the text of a str into a buffer, without a NUL behind it, and gives its length. With a NULL buffer it gives the length
 * only; a buffer that is too small is an error, and the length is given too.
 *
 * # Safety
 * The runtime is NULL or a pointer that sp_runtime_new gave; the buffer is NULL or writable up to its capacity, the length NULL
 * or writable.
 */
sp_error_t *sp_string_copy(const sp_runtime_t *runtime,
                           sp_value_t string,
                           char *buffer,
                           size_t capacity,
                           size_t *length);

/**
 * None.
 */
sp_value_t sp_none(void);

/**
 * A bool.
 */
sp_value_t sp_bool(bool truth);

/**
 * An int.
 */
sp_value_t sp_int(int64_t number);

/**
 * A float.
 */
sp_value_t sp_double(double number);

/**
 * Gives a value up. Needed for SP_STRING and SP_OBJECT; does nothing for the others. Deleting a handle twice is an error value.
 *
 * # Safety
 * The runtime is NULL or a pointer that sp_runtime_new gave.
 */
sp_error_t *sp_value_delete(const sp_runtime_t *runtime,
                            sp_value_t value);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* STATICPY_H */
