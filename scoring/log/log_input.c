/* Log files as pieces of whole lines. See log_input.h. gzip is RFC 1952, zstd RFC 8878. */
#include "log/log_input.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "log/result_log.h"
#include "os/stream.h"

#define RAW_BYTES (64u << 10)
#define BREAK_BLOCK 4096

typedef struct Decoder {
  z_stream gzip;
  ZSTD_DStream *zstd;
  bool is_gzip;
  bool in_frame; /* the file must not end here */
} Decoder;

struct FsaLogInput {
  FsaStream stream;
  int64_t size, done; /* of the file as it lies there */
  unsigned char raw[RAW_BYTES];
  size_t raw_at, raw_size;
  bool raw_end; /* the file has ended */
  Decoder decoder;
  FsaBuffer held;    /* the beginning of a line whose end the last piece had not */
  FsaLogPiece place; /* of the next piece */
  bool skips;        /* inside a line above the ceiling */
  int error;
  const char *why;
};

/* ---- bytes of the file ------------------------------------------------------------------------
 */

static int fill_raw(FsaLogInput *input) {
  size_t got = 0;
  const int error = fsa_stream_read(&input->stream, input->raw, sizeof input->raw, &got);
  if (error) return fsa_result_from_errno(error);
  input->raw_at = 0;
  input->raw_size = got;
  input->raw_end = got == 0;
  input->done += (int64_t)got;
  return FSA_OK;
}

static int detect(FsaLogInput *input) {
  int result = fill_raw(input);
  if (result != FSA_OK) return result;
  const unsigned char *head = input->raw;
  if (input->raw_size >= 2 && head[0] == 0x1F && head[1] == 0x8B) {
    input->decoder.is_gzip = true;
    return inflateInit2(&input->decoder.gzip, 15 + 16) == Z_OK ? FSA_OK : FSA_E_NOMEM;
  }
  if (input->raw_size >= 4 && memcmp(head, "\x28\xB5\x2F\xFD", 4) == 0) {
    input->decoder.zstd = ZSTD_createDStream();
    return input->decoder.zstd ? FSA_OK : FSA_E_NOMEM;
  }
  return FSA_OK;
}

/* A device has no end; a folder is walked by others. */
static int open_stream(const char *path, FsaStream *ret_stream) {
  if (strcmp(path, "-") == 0) {
    *ret_stream = fsa_stream_standard(FSA_STANDARD_INPUT);
    return FSA_OK;
  }
  FsaStream stream;
  const int error = fsa_stream_open(path, &stream);
  if (error) return error == EISDIR ? FSA_E_FORMAT : fsa_result_from_errno(error);
  if (stream.is_device) {
    fsa_stream_close(&stream);
    return FSA_E_FORMAT;
  }
  *ret_stream = stream;
  return FSA_OK;
}

int fsa_log_input_open(const char *path, FsaLogInput **ret_input) {
  FsaLogInput *input = calloc(1, sizeof *input);
  if (!input) return FSA_E_NOMEM;
  input->stream.handle = -1;
  input->held = fsa_buffer(FSA_MAX_LOG_LINE + FSA_LOG_PIECE + RAW_BYTES);
  int result = open_stream(path, &input->stream);
  if (result == FSA_OK) {
    input->size = fsa_stream_size(&input->stream);
    result = detect(input);
  }
  if (result == FSA_OK)
    *ret_input = input;
  else
    fsa_log_input_close(input);
  return result;
}

void fsa_log_input_close(FsaLogInput *input) {
  if (!input) return;
  fsa_stream_close(&input->stream);
  if (input->decoder.is_gzip) inflateEnd(&input->decoder.gzip);
  ZSTD_freeDStream(input->decoder.zstd);
  fsa_buffer_done(&input->held);
  free(input);
}

int64_t fsa_log_input_done(const FsaLogInput *input, int64_t *ret_size) {
  *ret_size = input->size;
  return input->done;
}

/* ---- decompression: each appends what the raw bytes give, up to `room` --------------------------
 */

static int damage(FsaLogInput *input, const char *why) {
  input->why = why;
  return FSA_E_FORMAT;
}

static int inflate_some(FsaLogInput *input, char *out, size_t room, size_t *ret_size) {
  z_stream *gzip = &input->decoder.gzip;
  gzip->next_in = input->raw + input->raw_at;
  gzip->avail_in = (uInt)(input->raw_size - input->raw_at);
  gzip->next_out = (unsigned char *)out;
  gzip->avail_out = (uInt)room;
  input->decoder.in_frame = true;
  int code = inflate(gzip, Z_NO_FLUSH);
  input->raw_at = input->raw_size - gzip->avail_in;
  *ret_size = room - gzip->avail_out;
  if (code == Z_STREAM_END) { /* rotated logs are often several members behind each other */
    input->decoder.in_frame = false;
    return inflateReset(gzip) == Z_OK ? FSA_OK : FSA_E_NOMEM;
  }
  if (code == Z_MEM_ERROR) return FSA_E_NOMEM;
  return code == Z_OK || code == Z_BUF_ERROR ? FSA_OK : damage(input, "the gzip stream is damaged");
}

static int unzstd_some(FsaLogInput *input, char *out, size_t room, size_t *ret_size) {
  ZSTD_inBuffer in = {input->raw, input->raw_size, input->raw_at};
  ZSTD_outBuffer to = {out, room, 0};
  size_t code = ZSTD_decompressStream(input->decoder.zstd, &to, &in);
  input->raw_at = in.pos;
  *ret_size = to.pos;
  if (ZSTD_isError(code)) return damage(input, "the zstd stream is damaged");
  input->decoder.in_frame = code != 0;
  return FSA_OK;
}

/* What looking at the first bytes has read, then the file itself: nothing is copied twice. */
static int read_plain(FsaLogInput *input, char *out, size_t room, size_t *ret_size) {
  if (input->raw_at < input->raw_size) {
    size_t size = input->raw_size - input->raw_at;
    *ret_size = size < room ? size : room;
    memcpy(out, input->raw + input->raw_at, *ret_size);
    input->raw_at += *ret_size;
    return FSA_OK;
  }
  const int error = fsa_stream_read(&input->stream, out, room, ret_size);
  if (error) return fsa_result_from_errno(error);
  input->raw_end = *ret_size == 0;
  input->done += (int64_t)*ret_size;
  return FSA_OK;
}

static bool is_packed(const FsaLogInput *input) {
  return input->decoder.is_gzip || input->decoder.zstd;
}

/* Appends more of the log to `text`; FSA_ROW, FSA_OK at the end, or an error. */
static int read_more(FsaLogInput *input, FsaBuffer *text) {
  if (input->error) return input->error;
  if (is_packed(input) && input->raw_at == input->raw_size && !input->raw_end) {
    int result = fill_raw(input);
    if (result != FSA_OK) return result;
  }
  if (input->raw_end) {
    bool cut = input->decoder.in_frame;
    return cut ? damage(input, "the compressed stream ends before its end mark") : FSA_OK;
  }
  char *room = fsa_buffer_room(text, RAW_BYTES);
  if (!room) return text->error;
  size_t size = 0;
  int result = input->decoder.is_gzip ? inflate_some(input, room, RAW_BYTES, &size)
               : input->decoder.zstd  ? unzstd_some(input, room, RAW_BYTES, &size)
                                      : read_plain(input, room, RAW_BYTES, &size);
  fsa_buffer_added(text, size);
  return result == FSA_OK ? FSA_ROW : result;
}

/* ---- pieces -----------------------------------------------------------------------------------
 */

/* The last line break of `size` bytes, or NULL. Looked for in blocks: lines may be long. */
static const char *last_break(const char *data, size_t size) {
  const char *found = NULL, *end = data + size;
  while (!found && end > data) {
    const char *start = end - data > BREAK_BLOCK ? end - BREAK_BLOCK : data, *at = start;
    while ((at = memchr(at, '\n', (size_t)(end - at)))) found = at++;
    end = start;
  }
  return found;
}

/* Gives the first `size` bytes of `text`; what is behind them is held for the next piece. */
static int give(FsaLogInput *input, size_t size, FsaBuffer *text, FsaLogPiece *ret_piece) {
  fsa_buffer_put(&input->held, text->data + size, text->size - size);
  if (input->held.error) return input->held.error;
  *ret_piece = input->place;
  text->size = size;
  input->place = (FsaLogPiece){.offset = input->place.offset + (int64_t)size};
  return FSA_ROW;
}

/* Inside a line above the ceiling: drops up to its end. */
static void skip_line(FsaLogInput *input, FsaBuffer *text) {
  const char *end = memchr(text->data, '\n', text->size);
  size_t size = end ? (size_t)(end - text->data) + 1 : text->size;
  input->place.lost += (int64_t)size;
  input->place.skipped_lines += end != NULL;
  input->place.offset += (int64_t)size;
  input->skips = !end;
  memmove(text->data, text->data + size, text->size - size);
  text->size -= size;
}

int fsa_log_input_next(FsaLogInput *input, FsaBuffer *text, FsaLogPiece *ret_piece,
                       const char **ret_why) {
  fsa_buffer_clear(text);
  fsa_buffer_put(text, input->held.data, input->held.size);
  fsa_buffer_clear(&input->held);
  for (;;) {
    size_t before = text->size;
    int result = read_more(input, text);
    if (input->skips && text->size) {
      skip_line(input, text);
      before = 0;
    }
    if (result <= FSA_OK) { /* the end, good or bad: what is left is the last piece */
      if (text->size || input->place.lost) {
        input->error = result;
        return give(input, text->size, text, ret_piece);
      }
      *ret_why = input->why;
      return result;
    }
    if (text->size < FSA_LOG_PIECE) continue;
    /* what was there before without a newline need not be searched again */
    const char *fresh = text->data + (before < FSA_LOG_PIECE ? 0 : before);
    const char *end = last_break(fresh, text->size - (size_t)(fresh - text->data));
    if (end) return give(input, (size_t)(end - text->data) + 1, text, ret_piece);
    if (text->size < FSA_MAX_LOG_LINE) continue;
    size_t complete = fsa_result_log_complete(text->data, text->size);
    if (complete) return give(input, complete, text, ret_piece);
    input->skips = true;
  }
}
