/*
 * Streams are handles; a console is spoken to in UTF-16, so that its code page does not matter and
 * need not be changed. WriteFile() with the UTF-8 code page is broken up to Windows 7: it counts
 * characters where bytes are expected.
 */
#include "os/stream.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "os/windows/program.h"

#define MAX_TRANSFER (64u << 20) /* bytes of one call; the console service takes less at once */
#define CONSOLE_UNITS 4096u      /* UTF-16 units of one call: above 31 KiB Windows 7 refuses */
#define CTRL_D 0x04              /* how the end is typed on Linux ... */
#define CTRL_Z 0x1a              /* ... and on Windows */

static HANDLE handle_of(const FsaStream *stream) {
  return (HANDLE)stream->handle;
}

static FsaStream stream_on(HANDLE handle) {
  DWORD mode;
  const DWORD type = GetFileType(handle);
  return (FsaStream){.handle = (intptr_t)handle,
                     .is_terminal = GetConsoleMode(handle, &mode) != 0,
                     .is_regular = type == FILE_TYPE_DISK,
                     .is_device = type == FILE_TYPE_CHAR};
}

FsaStream fsa_stream_standard(FsaStandard which) {
  static const DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
  HANDLE handle = GetStdHandle(names[which]);
  if (!handle) handle = INVALID_HANDLE_VALUE; /* started without one */
  FsaStream stream = stream_on(handle);
  stream.is_standard = true;
  return stream;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* CreateFileW() refuses a folder as if it were protected. */
static int open_error(const WCHAR *path, DWORD error) {
  if (error != ERROR_ACCESS_DENIED) return windows_errno(error);
  const DWORD attributes = GetFileAttributesW(path);
  const bool is_folder =
      attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY);
  return is_folder ? EISDIR : EACCES;
}

static int open_file(const char *path, DWORD access, DWORD disposition, FsaStream *ret_stream) {
  FsaArena arena = fsa_arena(0);
  WCHAR *wide;
  int error = windows_user_path(path, &arena, &wide);
  if (!error) {
    /* others may go on writing, renaming and deleting it, as on Linux */
    HANDLE handle =
        CreateFileW(wide, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                    disposition, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    if (handle == INVALID_HANDLE_VALUE)
      error = open_error(wide, GetLastError());
    else
      *ret_stream = stream_on(handle);
  }
  fsa_arena_done(&arena);
  return error;
}

int fsa_stream_open(const char *path, FsaStream *ret_stream) {
  return open_file(path, GENERIC_READ, OPEN_EXISTING, ret_stream);
}

int fsa_stream_create(const char *path, FsaStream *ret_stream) {
  return open_file(path, GENERIC_WRITE, CREATE_ALWAYS, ret_stream);
}

int64_t fsa_stream_size(const FsaStream *stream) {
  LARGE_INTEGER size;
  if (!stream->is_regular || !GetFileSizeEx(handle_of(stream), &size)) return 0;
  return size.QuadPart;
}

int fsa_stream_close(FsaStream *stream) {
  const HANDLE handle = handle_of(stream);
  const bool is_ours = handle != INVALID_HANDLE_VALUE && !stream->is_standard;
  stream->handle = -1;
  return is_ours && !CloseHandle(handle) ? windows_errno(GetLastError()) : 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

/*
 * A line that was typed, or what of it fits. A high surrogate is held until its other half comes.
 * Ctrl-C ends the call with success and nothing read. [ReadConsole; CPython reads so too]
 */
static int read_console(FsaStream *stream, char *out, size_t size, size_t *ret_size) {
  WCHAR units[CONSOLE_UNITS];
  DWORD got = 0, held = stream->held_size / sizeof *units, room = CONSOLE_UNITS - held;
  if (room > size / 3 - held) room = (DWORD)(size / 3 - held);
  memcpy(units, stream->held, held * sizeof *units);
  stream->held_size = 0;
  windows_reading_begin();
  SetLastError(ERROR_SUCCESS);
  const BOOL is_read = ReadConsoleW(handle_of(stream), units + held, room, &got, NULL);
  const DWORD error = GetLastError();
  const bool is_aborted = got == 0 && error == ERROR_OPERATION_ABORTED;
  windows_reading_end(is_aborted);
  if (is_aborted || !is_read) return windows_errno(error);
  if (held == 0 && got && (units[0] == CTRL_Z || units[0] == CTRL_D)) got = 0;
  size_t count = held + got;
  if (count && got && (units[count - 1] & 0xfc00) == 0xd800 && count > 1) {
    memcpy(stream->held, &units[--count], sizeof *units);
    stream->held_size = sizeof *units;
  }
  *ret_size = fsa_utf8_from_utf16(out, (const uint8_t *)units, count);
  return 0;
}

int fsa_stream_read(FsaStream *stream, void *buffer, size_t size, size_t *ret_size) {
  DWORD got = 0;
  if (stream->is_terminal) return read_console(stream, buffer, size, ret_size);
  const DWORD room = size < MAX_TRANSFER ? (DWORD)size : MAX_TRANSFER;
  if (!ReadFile(handle_of(stream), buffer, room, &got, NULL)) {
    const int error = windows_errno(GetLastError());
    if (error != EPIPE) return error; /* a writer that has gone is the end */
  }
  *ret_size = got;
  return 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* How many bytes at the end begin a character that is not complete. */
static size_t incomplete_tail(const unsigned char *text, size_t size) {
  for (size_t tail = 1; tail <= 3 && tail <= size; tail++) {
    const unsigned char byte = text[size - tail];
    const size_t needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    if (byte >= 0xc0) return needed > tail ? tail : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

static int write_units(HANDLE console, const WCHAR *units, size_t count) {
  while (count) {
    DWORD written = 0;
    if (!WriteConsoleW(console, units, (DWORD)count, &written, NULL))
      return windows_errno(GetLastError());
    if (written == 0 || written > count) return EIO;
    units += written;
    count -= written;
  }
  return 0;
}

static int write_console(FsaStream *stream, const char *data, size_t size) {
  unsigned char block[CONSOLE_UNITS]; /* a byte becomes one unit at the most */
  WCHAR units[CONSOLE_UNITS];
  while (size) {
    size_t filled = stream->held_size;
    memcpy(block, stream->held, filled);
    const size_t part = size < sizeof block - filled ? size : sizeof block - filled;
    memcpy(block + filled, data, part);
    filled += part;
    data += part;
    size -= part;
    stream->held_size = (unsigned)incomplete_tail(block, filled);
    filled -= stream->held_size;
    memcpy(stream->held, block + filled, stream->held_size);
    const int count = filled ? MultiByteToWideChar(CP_UTF8, 0, (const char *)block, (int)filled,
                                                   units, CONSOLE_UNITS)
                             : 0;
    const int error = write_units(handle_of(stream), units, (size_t)count);
    if (error) return error;
  }
  return 0;
}

int fsa_stream_write(FsaStream *stream, const void *data, size_t size) {
  const char *at = data;
  if (stream->is_terminal) return write_console(stream, data, size);
  while (size) {
    DWORD written = 0;
    const DWORD part = size < MAX_TRANSFER ? (DWORD)size : MAX_TRANSFER;
    if (!WriteFile(handle_of(stream), at, part, &written, NULL))
      return windows_errno(GetLastError());
    if (written == 0) return EIO;
    at += written;
    size -= written;
  }
  return 0;
}
