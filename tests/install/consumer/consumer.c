/* A round trip through the C interface. */
#include <koan/koan.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  static const char text[] = "It is what it is, and it is not what it is not; and that is that.";
  koan_codec* codec = NULL;
  koan_error error;
  koan_options options;
  koan_stats stats;
  uint8_t *packed = NULL, *back = NULL;
  size_t packed_size = 0, back_size = 0;

  koan_options_init(&options);
  if (koan_codec_create(&codec, &error) != KOAN_OK ||
      koan_compress(codec, &options, text, sizeof text, &packed, &packed_size, &stats, &error) != KOAN_OK ||
      koan_decompress(codec, &options, packed, packed_size, 1000, &back, &back_size, NULL, &error) != KOAN_OK) {
    fprintf(stderr, "%s: %s\n", koan_code_name(error.code), error.message);
    return 1;
  }
  printf("C: koan %s, %lu => %lu bytes\n", koan_version(), (unsigned long)sizeof text, (unsigned long)packed_size);
  if (back_size != sizeof text || memcmp(back, text, sizeof text) != 0 || stats.raw_bytes != sizeof text) return 1;
  if (koan_decompress(codec, NULL, packed, packed_size - 1, 1000, &back, &back_size, NULL, NULL) != KOAN_ERROR_CORRUPT) return 1;
  koan_free(packed);
  koan_free(back);
  koan_codec_free(codec);
  return 0;
}
