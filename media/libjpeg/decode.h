/* Decodes JPEGs with libjpeg-turbo and counts every warning. src/libjpeg.rs has the bindings. */

#ifndef LIVEGATE_JPEG_DECODE_H
#define LIVEGATE_JPEG_DECODE_H

#include <stddef.h>
#include <stdint.h>

/* Warnings, in the order of `Warning` in src/warning.rs. The last kind counts unknown ones. */
enum {
  WARNED_ADOBE_XFORM,
  WARNED_ARITH_BAD_CODE,
  WARNED_BOGUS_ICC,
  WARNED_BOGUS_PROGRESSION,
  WARNED_EXTRANEOUS_DATA,
  WARNED_HIT_MARKER,
  WARNED_HUFF_BAD_CODE,
  WARNED_JFIF_MAJOR,
  WARNED_JPEG_EOF,
  WARNED_MUST_RESYNC,
  WARNED_NOT_SEQUENTIAL,
  WARNED_TOO_MUCH_DATA,
  WARNED_UNKNOWN,
  WARNINGS
};

/* Bytes of a message, including the zero that ends it. */
#define MESSAGE_BYTES 200

/* What was decoded, and the warnings. Same layout as `Report` in src/libjpeg.rs. */
typedef struct {
  /* How often each warning was given. */
  uint32_t warned[WARNINGS];
  /* Most bytes that were skipped at one place of the picture's data. Places with one byte repeated do not
   * count. */
  uint32_t stray_bytes;
  /* Rows that were decoded, and rows that the header announces. */
  uint32_t rows, height;
  /* Restart markers that the picture must have. */
  uint32_t restarts;
  /* Colour channels, and how many of them have data. */
  uint32_t channels, channels_with_data;
  /* Progressive pictures: coefficients, 64 a channel, without data, and coefficients that lack data or their
   * last bits. */
  uint32_t coefficients_absent, coefficients_coarse;
  /* Whether the picture is arithmetic-coded: 1 or 0. */
  uint32_t arithmetic;
  /* The error that ended the decoding; empty without one. */
  char message[MESSAGE_BYTES];
} livegate_jpeg_report;

typedef struct livegate_jpeg livegate_jpeg;

/* Opens a JPEG of at most `most_scans` scans. `bytes` must stay valid until it is closed. NULL when there is
 * no memory. */
livegate_jpeg *livegate_jpeg_open(const uint8_t *bytes, size_t size, uint32_t most_scans);

/* Reads the header. Returns 0 and the size of the picture, pixels, or -1 on an error. */
int livegate_jpeg_header(livegate_jpeg *jpeg, uint32_t *width, uint32_t *height);

/* Decodes into width * height * 3 bytes of red, green and blue, row by row from the top. Returns 0, or -1
 * when rows are missing. Call it once, after the header was read. */
int livegate_jpeg_pixels(livegate_jpeg *jpeg, uint8_t *rgb);

/* The report, valid until the JPEG is closed. */
const livegate_jpeg_report *livegate_jpeg_report_of(const livegate_jpeg *jpeg);

/* Frees everything. NULL is allowed. */
void livegate_jpeg_close(livegate_jpeg *jpeg);

#endif
