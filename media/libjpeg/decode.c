/* Decodes JPEGs with libjpeg-turbo and counts every warning.
 *
 * The TurboJPEG API reports only the first warning, so that a harmless oddity hides damage that comes later.
 * Here every warning is counted. src/damage.rs decides what they mean.
 *
 * This is C because libjpeg reports an error by longjmp, which must not cross a frame of Rust. */

#include "decode.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

_Static_assert(sizeof(livegate_jpeg_report) == 4 * (WARNINGS + 9) + MESSAGE_BYTES,
               "as in src/libjpeg.rs");

struct livegate_jpeg {
  struct jpeg_decompress_struct cinfo;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  const uint8_t *begin;
  size_t size;
  uint32_t most_scans;
  uint32_t channels_seen; /* one bit for each channel */
  int is_in_header;
  livegate_jpeg_report report;
};

static livegate_jpeg *owner(j_common_ptr cinfo)
{
  return (livegate_jpeg *)cinfo->client_data;
}

static void on_error(j_common_ptr cinfo)
{
  livegate_jpeg *jpeg = owner(cinfo);
  char text[JMSG_LENGTH_MAX];
  (*cinfo->err->format_message) (cinfo, text);
  snprintf(jpeg->report.message, sizeof(jpeg->report.message), "%s", text);
  longjmp(jpeg->escape, 1);
}

/* Records bytes that libjpeg skipped, unless they are one byte repeated.
 *
 * libjpeg's next_marker reports the number of skipped bytes before it moves past the marker, so the bytes end
 * at the source's position. Bytes from the bit buffer are counted without their stuffing: then the first few
 * of them are not compared here, which does not matter. */
static void on_skipped(livegate_jpeg *jpeg, uint32_t count)
{
  const uint8_t *end = jpeg->source.next_input_byte;
  size_t before, i;
  if (jpeg->is_in_header)
    return; /* The picture's data has not begun. */
  /* The source may already be in the artificial end marker. */
  if (end < jpeg->begin || end > jpeg->begin + jpeg->size)
    end = jpeg->begin + jpeg->size;
  before = (size_t)(end - jpeg->begin);
  if (before > count)
    before = count;
  for (i = 1; i < before; i++) {
    if (end[-(ptrdiff_t)i] != end[-(ptrdiff_t)i - 1])
      break;
  }
  if (i < before && count > jpeg->report.stray_bytes)
    jpeg->report.stray_bytes = count;
}

static int place_of(int code)
{
  switch (code) {
  case JWRN_ADOBE_XFORM: return WARNED_ADOBE_XFORM;
  case JWRN_ARITH_BAD_CODE: return WARNED_ARITH_BAD_CODE;
  case JWRN_BOGUS_ICC: return WARNED_BOGUS_ICC;
  case JWRN_BOGUS_PROGRESSION: return WARNED_BOGUS_PROGRESSION;
  case JWRN_EXTRANEOUS_DATA: return WARNED_EXTRANEOUS_DATA;
  case JWRN_HIT_MARKER: return WARNED_HIT_MARKER;
  case JWRN_HUFF_BAD_CODE: return WARNED_HUFF_BAD_CODE;
  case JWRN_JFIF_MAJOR: return WARNED_JFIF_MAJOR;
  case JWRN_JPEG_EOF: return WARNED_JPEG_EOF;
  case JWRN_MUST_RESYNC: return WARNED_MUST_RESYNC;
  case JWRN_NOT_SEQUENTIAL: return WARNED_NOT_SEQUENTIAL;
  case JWRN_TOO_MUCH_DATA: return WARNED_TOO_MUCH_DATA;
  default: return WARNED_UNKNOWN;
  }
}

static void on_message(j_common_ptr cinfo, int level)
{
  livegate_jpeg *jpeg = owner(cinfo);
  if (level >= 0)
    return; /* Trace messages are not warnings. */
  jpeg->report.warned[place_of(cinfo->err->msg_code)]++;
  if (cinfo->err->msg_code == JWRN_EXTRANEOUS_DATA)
    on_skipped(jpeg, (uint32_t)cinfo->err->msg_parm.i[0]);
  /* A scan refines bits that no scan has sent. A scan that sends everything again is harmless. */
  if (cinfo->err->msg_code == JWRN_BOGUS_PROGRESSION && jpeg->cinfo.Ah > 0)
    jpeg->report.coefficients_absent++;
}

static void write_nothing(j_common_ptr cinfo)
{
  (void)cinfo;
}

static void begin_source(j_decompress_ptr cinfo)
{
  (void)cinfo;
}

static boolean fill_source(j_decompress_ptr cinfo)
{
  /* All bytes were given at the beginning, so the file has ended. libjpeg then needs an artificial end
   * marker. */
  static const JOCTET end_marker[2] = { 0xFF, JPEG_EOI };
  WARNMS(cinfo, JWRN_JPEG_EOF);
  cinfo->src->next_input_byte = end_marker;
  cinfo->src->bytes_in_buffer = sizeof(end_marker);
  return TRUE;
}

static void skip_source(j_decompress_ptr cinfo, long count)
{
  struct jpeg_source_mgr *source = cinfo->src;
  if (count <= 0)
    return;
  if ((size_t)count > source->bytes_in_buffer) {
    fill_source(cinfo);
    return;
  }
  source->next_input_byte += (size_t)count;
  source->bytes_in_buffer -= (size_t)count;
}

/* Called before each row of blocks is read, in a file with several scans. Enforces the limit on scans. */
static void on_progress(j_common_ptr cinfo)
{
  livegate_jpeg *jpeg = owner(cinfo);
  j_decompress_ptr reader = &jpeg->cinfo;
  int i;
  if ((uint32_t)reader->input_scan_number > jpeg->most_scans) {
    snprintf(jpeg->report.message, sizeof(jpeg->report.message),
             "it has more than %u scans", jpeg->most_scans);
    longjmp(jpeg->escape, 1);
  }
  for (i = 0; i < reader->comps_in_scan; i++)
    jpeg->channels_seen |= 1u << (reader->cur_comp_info[i]->component_index & 31);
}

/* Sets libjpeg up. Returns 0, or -1 when there is no memory. */
static int prepare(livegate_jpeg *jpeg)
{
  if (setjmp(jpeg->escape))
    return -1;
  jpeg->cinfo.err = jpeg_std_error(&jpeg->errors);
  jpeg->errors.error_exit = on_error;
  jpeg->errors.emit_message = on_message;
  jpeg->errors.output_message = write_nothing;
  jpeg->cinfo.client_data = jpeg;
  /* This call keeps `err` and `client_data`. */
  jpeg_create_decompress(&jpeg->cinfo);
  jpeg->source.init_source = begin_source;
  jpeg->source.fill_input_buffer = fill_source;
  jpeg->source.skip_input_data = skip_source;
  jpeg->source.resync_to_restart = jpeg_resync_to_restart;
  jpeg->source.term_source = begin_source;
  jpeg->source.next_input_byte = jpeg->begin;
  jpeg->source.bytes_in_buffer = jpeg->size;
  jpeg->cinfo.src = &jpeg->source;
  jpeg->progress.progress_monitor = on_progress;
  jpeg->cinfo.progress = &jpeg->progress;
  return 0;
}

livegate_jpeg *livegate_jpeg_open(const uint8_t *bytes, size_t size, uint32_t most_scans)
{
  livegate_jpeg *jpeg = (livegate_jpeg *)calloc(1, sizeof(*jpeg));
  if (jpeg == NULL)
    return NULL;
  jpeg->begin = bytes;
  jpeg->size = size;
  jpeg->most_scans = most_scans;
  jpeg->is_in_header = 1;
  if (prepare(jpeg) != 0) {
    livegate_jpeg_close(jpeg);
    return NULL;
  }
  return jpeg;
}

int livegate_jpeg_header(livegate_jpeg *jpeg, uint32_t *width, uint32_t *height)
{
  j_decompress_ptr cinfo = &jpeg->cinfo;
  if (setjmp(jpeg->escape))
    return -1;
  jpeg_read_header(cinfo, TRUE);
  jpeg->is_in_header = 0;
  *width = cinfo->image_width;
  *height = cinfo->image_height;
  jpeg->report.height = cinfo->image_height;
  jpeg->report.channels = (uint32_t)cinfo->num_components;
  jpeg->report.arithmetic = cinfo->arith_code ? 1 : 0;
  return 0;
}

/* Counts channels with data, and coefficients that lack data. */
static void count_coefficients(livegate_jpeg *jpeg)
{
  j_decompress_ptr cinfo = &jpeg->cinfo;
  livegate_jpeg_report *report = &jpeg->report;
  int channel, i;
  if (!jpeg_has_multiple_scans(cinfo)) {
    report->channels_with_data = report->channels;
    return;
  }
  for (channel = 0; channel < cinfo->num_components; channel++) {
    report->channels_with_data += jpeg->channels_seen >> (channel & 31) & 1u;
    for (i = 0; cinfo->coef_bits != NULL && i < DCTSIZE2; i++) {
      report->coefficients_absent += cinfo->coef_bits[channel][i] < 0;
      report->coefficients_coarse += cinfo->coef_bits[channel][i] != 0;
    }
  }
}

int livegate_jpeg_pixels(livegate_jpeg *jpeg, uint8_t *rgb)
{
  enum { AT_ONCE = 16 };
  j_decompress_ptr cinfo = &jpeg->cinfo;
  size_t pitch = (size_t)cinfo->image_width * 3;
  if (setjmp(jpeg->escape)) {
    jpeg->report.rows = cinfo->output_scanline;
    return -1;
  }
  cinfo->out_color_space = JCS_EXT_RGB;
  cinfo->dct_method = JDCT_ISLOW;
  jpeg_start_decompress(cinfo);
  if (cinfo->restart_interval > 0)
    jpeg->report.restarts =
      cinfo->MCUs_per_row * cinfo->MCU_rows_in_scan / cinfo->restart_interval;
  while (cinfo->output_scanline < cinfo->output_height) {
    JSAMPROW rows[AT_ONCE];
    JDIMENSION i, next = cinfo->output_scanline, left = cinfo->output_height - next;
    if (left > AT_ONCE)
      left = AT_ONCE;
    for (i = 0; i < left; i++)
      rows[i] = rgb + (next + i) * pitch;
    jpeg_read_scanlines(cinfo, rows, left);
  }
  jpeg->report.rows = cinfo->output_scanline;
  count_coefficients(jpeg);
  /* All rows are decoded. The rest up to the end marker is read only to count skipped bytes. An error there
   * does not concern the picture. */
  if (setjmp(jpeg->escape)) {
    jpeg->report.message[0] = '\0';
    return 0;
  }
  jpeg_finish_decompress(cinfo);
  return 0;
}

const livegate_jpeg_report *livegate_jpeg_report_of(const livegate_jpeg *jpeg)
{
  return &jpeg->report;
}

void livegate_jpeg_close(livegate_jpeg *jpeg)
{
  if (jpeg == NULL)
    return;
  jpeg_destroy_decompress(&jpeg->cinfo);
  free(jpeg);
}
