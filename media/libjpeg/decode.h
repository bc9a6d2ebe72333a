/* libjpeg-turbo with a record of all that it warned of: src/decode/libjpeg.rs has the other half. */

#ifndef LIVEGATE_JPEG_DECODE_H
#define LIVEGATE_JPEG_DECODE_H

#include <stddef.h>
#include <stdint.h>

/* Warnings, in the order of `Warning` in src/decode/damage.rs; the last place counts unknown ones. */
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

/* Longest message, with the byte that ends it. */
#define MESSAGE_BYTES 200

/* What was decoded. */
typedef struct {
  /* How often each warning came. */
  uint32_t warned[WARNINGS];
  /* Most bytes that were skipped at one place of the picture's data, where they are not one byte repeated. */
  uint32_t stray_bytes;
  /* Rows that are there, and rows that there should be. */
  uint32_t rows, height;
  /* Restart markers that there should be. */
  uint32_t restarts;
  /* Colour channels, and how many of them have data. */
  uint32_t channels, channels_with_data;
  /* Progressive: coefficients without any data, and coefficients that lack their last bits. */
  uint32_t coefficients_absent, coefficients_coarse;
  /* Whether it is arithmetic-coded. */
  uint32_t arithmetic;
  /* What ended the decoding, where something did; else empty. */
  char message[MESSAGE_BYTES];
} livegate_jpeg_report;

typedef struct livegate_jpeg livegate_jpeg;

/* Begins with `bytes`, which must stay where they are; NULL without memory. */
livegate_jpeg *livegate_jpeg_open(const uint8_t *bytes, size_t size, uint32_t most_scans);

/* Reads the header: 0, and the size of the picture, or -1. */
int livegate_jpeg_header(livegate_jpeg *jpeg, uint32_t *width, uint32_t *height);

/* Decodes into width * height * 3 bytes of red, green and blue: 0, or -1 where not all rows are there.
 * Once, after the header. */
int livegate_jpeg_pixels(livegate_jpeg *jpeg, uint8_t *rgb);

/* What was decoded; as long as it is open. */
const livegate_jpeg_report *livegate_jpeg_report_of(const livegate_jpeg *jpeg);

void livegate_jpeg_close(livegate_jpeg *jpeg);

#endif
