/* koan: lossless compression with exact language models. C interface.
 *
 * The library never prints, exits, starts a thread unasked (koan_options.threads asks) or reads the environment, except
 * KOAN_ISA (see docs/cli.md). Every function that can fail returns a koan_code and, if `error` is not NULL, fills
 * *error. Strings are UTF-8. A koan_codec may be used by one thread at a time; different codecs are independent. C99.
 */
#ifndef KOAN_KOAN_H
#define KOAN_KOAN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KOAN_VERSION_MAJOR 0
#define KOAN_VERSION_MINOR 1
#define KOAN_VERSION_PATCH 0

/* Never renumbered; new codes take new numbers. */
typedef enum koan_code {
  KOAN_OK = 0,
  KOAN_ERROR_INTERNAL = 1,
  KOAN_ERROR_USAGE = 10,         /* an argument is out of range */
  KOAN_ERROR_IO = 20,            /* a reader or writer callback, or a file, failed */
  KOAN_ERROR_CORRUPT = 30,       /* not a .koan file, cut short, or damaged */
  KOAN_ERROR_NEEDS_MODEL = 40,   /* the message names the model by hash */
  KOAN_ERROR_NEEDS_VERSION = 41, /* made by another format or numerics version */
  KOAN_ERROR_NEEDS_CONTEXT = 43, /* the message names the context by hash and length; see koan_options.context */
  KOAN_ERROR_NEEDS_ADAPTER = 44, /* the message names the adapter by hash; see koan_codec_add_adapter */
  KOAN_ERROR_NOT_SUPPORTED = 42, /* this machine or build cannot do it */
  KOAN_ERROR_LIMIT = 60,         /* above a size limit */
  KOAN_ERROR_VERIFICATION = 70,  /* this machine does not reproduce the numerics: the known-answer check failed */
  KOAN_ERROR_CANCELLED = 80      /* the progress callback said stop */
} koan_code;

typedef struct koan_error {
  koan_code code;
  char message[500]; /* what was wrong, where, and what to do; zero-terminated */
} koan_error;

typedef struct koan_codec koan_codec;

/* Bytes done so far. Called from the calling thread a few times a second. Return nonzero to cancel. */
typedef struct koan_progress {
  uint64_t bytes_in;    /* taken from the reader and finished */
  uint64_t bytes_out;   /* given to the writer */
  uint64_t bytes_total; /* expected input, 0 if unknown */
} koan_progress;
typedef int (*koan_progress_fn)(void* user, const koan_progress* progress);

/* How an adapter is picked for each text that is compressed. The choice is stored, so decompression needs no options.
 */
typedef enum koan_routing {
  KOAN_ROUTING_FIXED = 0,  /* the one adapter that koan_options.adapters names */
  KOAN_ROUTING_PROMPT = 1, /* by what the text continues (records); the model alone where it continues nothing */
  KOAN_ROUTING_TEXT = 2,   /* by how the text begins */
  KOAN_ROUTING_TRIAL = 3   /* by coding the text's beginning with the best few, and with the model alone */
} koan_routing;

typedef struct koan_options {
  size_t struct_size;        /* sizeof(koan_options), set by koan_options_init */
  int level;                 /* 1..9, default 6: from fast to small (docs/cli.md) */
  unsigned threads;          /* 0 and 1: the calling thread only. They take segments, or share the work of few. */
  uint32_t segment_bytes;    /* 0: what the level says; else 1024..8388608 */
  unsigned streams;          /* segments advanced together per thread; 0: by the model; else 1..64. Never changes the bytes. */
  uint32_t segments;         /* cut each block of 8 MiB, or less input, into so many; 0: by the level; else 1..8192 */
  const void* context;       /* text that the input continues, at most 16 MiB; copied. Decompression needs the same. */
  size_t context_size;       /* 0: no context */
  const uint8_t* adapters;   /* SHA-256, 32 bytes each, of added adapters to compress with; NULL: the model alone */
  size_t adapter_count;      /* at most 250 */
  koan_routing routing;      /* with several adapters not KOAN_ROUTING_FIXED */
  const char* record_field;  /* not NULL: the input is lines of JSON; the string under this path ("message.content") */
                             /* is coded for itself, so that each line can be read alone. Needs level 3 or higher. */
  const char* context_field; /* path of what a record continues, its prompt; NULL: nothing. Both: 255 bytes at most. */
  uint64_t first_line;       /* decompression: of the output only the lines from this one, counted from 0, ... */
  uint64_t line_count;       /* ... so many of them; 0: everything. What lies before is decoded only if it must be. */
  uint64_t bytes_total;      /* for progress only */
  koan_progress_fn progress; /* may be NULL */
  void* progress_user;
} koan_options;

/* Filled by compression and decompression. */
typedef struct koan_stats {
  uint64_t raw_bytes;
  uint64_t coded_bytes; /* size of the .koan data */
  uint64_t tokens;      /* coded by the model */
  uint64_t segments;    /* 1 for a message */
  uint64_t model_segments;
  uint64_t model_raw_bytes;
  uint64_t model_coded_bytes;
  double model_ideal_bits; /* ideal code length of the mixed probabilities; compression only, 0 otherwise */
  uint64_t records;        /* lines that were coded as records */
  uint64_t adapters;       /* that the output needs; compression only */
} koan_stats;

void koan_options_init(koan_options* options);
const char* koan_version(void);             /* "0.1.0" */
const char* koan_code_name(koan_code code); /* "corrupt" */

/* A codec with the embedded models. Runs the known-answer check once per process. Free with koan_codec_free (NULL is
 * fine). */
koan_code koan_codec_create(koan_codec** codec, koan_error* error);
void koan_codec_free(koan_codec* codec);

/* Adds a model (a GGUF file in memory, or the parts of a split one in order and one after another; copied) for decoding
 * by hash; with choose != 0 it also becomes the one that compression uses. */
koan_code koan_codec_add_model(koan_codec* codec, const void* gguf, size_t size, int choose, koan_error* error);

/* Adds a LoRA adapter (a GGUF file in memory, copied), for decoding by hash and for koan_options.adapters. Its base
 * model need not be known yet. sha256: 32 bytes, filled with its hash; may be NULL. */
koan_code koan_codec_add_adapter(koan_codec* codec, const void* gguf, size_t size, uint8_t* sha256, koan_error* error);
/* Whether an added adapter says that it was trained on the model with this hash; both hashes are 32 bytes. */
int koan_codec_adapter_fits(const koan_codec* codec, const uint8_t* adapter, const uint8_t* model);

typedef struct koan_model_info {
  const char* name; /* owned by the codec */
  const char* architecture;
  uint8_t sha256[32];
  uint64_t parameters;
  uint64_t file_bytes;
  uint32_t vocabulary;
  uint32_t window; /* default window in tokens */
  uint32_t sinks;
  uint64_t multiply_adds; /* int8 multiply-adds of the linear layers per token */
  int embedded;
  int is_chosen;    /* compression uses it whatever the level */
  int lowest_level; /* embedded: levels that use it when no model is chosen; 0: none */
  int highest_level;
  uint8_t message_id[2]; /* what a message carries instead of the hash, with the default window */
} koan_model_info;
/* Embedded models first, then those that were added. */
size_t koan_codec_model_count(const koan_codec* codec);
koan_code koan_codec_model(const koan_codec* codec, size_t index, koan_model_info* info, koan_error* error);
/* What compression with these options uses: the chosen model, else the one that the first adapter was trained on, else
 * the embedded one of the level. NULL: the default options. */
koan_code koan_codec_model_for(const koan_codec* codec, const koan_options* options, koan_model_info* info,
                               koan_error* error);
koan_code koan_codec_choose_model(koan_codec* codec, size_t index, koan_error* error);

/* One shot. *out is allocated by the library; release it with koan_free. stats may be NULL; options may be NULL for
 * defaults. */
koan_code koan_compress(koan_codec* codec, const koan_options* options, const void* data, size_t size, uint8_t** out,
                        size_t* out_size, koan_stats* stats, koan_error* error);
/* max_size bounds the output: larger is KOAN_ERROR_LIMIT. */
koan_code koan_decompress(koan_codec* codec, const koan_options* options, const void* data, size_t size,
                          size_t max_size, uint8_t** out, size_t* out_size, koan_stats* stats, koan_error* error);
void koan_free(void* memory);

/* Streaming in bounded memory. read: fills up to `size` bytes, returns how many, 0 at the end, negative on failure.
 * write: takes all `size` bytes, returns 0, or nonzero on failure. Decompression hands over only bytes whose segment
 * checksum matched; but as the last checksum comes last, a caller must drop what was written if the call fails. */
typedef int64_t (*koan_read_fn)(void* user, void* buffer, size_t size);
typedef int (*koan_write_fn)(void* user, const void* data, size_t size);
koan_code koan_compress_stream(koan_codec* codec, const koan_options* options, koan_read_fn read, void* read_user,
                               koan_write_fn write, void* write_user, koan_stats* stats, koan_error* error);
koan_code koan_decompress_stream(koan_codec* codec, const koan_options* options, koan_read_fn read, void* read_user,
                                 koan_write_fn write, void* write_user, koan_stats* stats, koan_error* error);

/* What a .koan file holds, without a model and without decoding. on_segment is called per segment in order, on_part
 * after the last segment of its part. A model-coded message does not say how long it is; it is taken to fill the rest
 * of the input. */
typedef struct koan_part_info {
  int is_message; /* compact form */
  uint32_t format_version;
  uint64_t offset; /* of the part in the file */
  int has_model;   /* model_* below are set; for a message only message_model_id */
  uint32_t numerics_version;
  uint8_t model_sha256[32];
  uint8_t message_model_id[2];
  uint32_t window;
  uint32_t sinks;
  uint32_t predictors;      /* bit mask */
  int has_context;          /* context_* below are set; frames only */
  uint8_t context_hash[16]; /* XXH3-128 */
  uint64_t context_bytes;
  const uint8_t* adapter_sha256; /* 32 bytes each, valid during the call; frames only */
  size_t adapter_count;
} koan_part_info;
typedef struct koan_segment_info {
  uint64_t part;       /* counts from 0 */
  uint64_t offset;     /* of the record in the file */
  uint64_t raw_offset; /* of its bytes in the decoded output */
  uint64_t raw_bytes;
  uint64_t coded_bytes;  /* payload alone */
  uint64_t record_bytes; /* payload and record header */
  const char* method;    /* "stored" "zstd" "lzma" "model" "cm" "adapter" "records" */
  const char* transform; /* "none" "crlf" */
  uint64_t check;
} koan_segment_info;
typedef void (*koan_part_fn)(void* user, const koan_part_info* part);
typedef void (*koan_segment_fn)(void* user, const koan_segment_info* segment);
koan_code koan_inspect_stream(koan_read_fn read, void* read_user, koan_part_fn on_part, koan_segment_fn on_segment,
                              void* user, koan_error* error);

/* What each record (see koan_options.record_field) of a .koan file costs. The texts of records are not decoded; the
 * rest of their lines is, so model and context are needed as for decompression, and an adapter only for what is no
 * record. on_record is called in order. total may be NULL. Of the options context, threads, streams and progress count.
 */
typedef struct koan_record_info {
  uint64_t line;                 /* of the decoded output, counted from 0 */
  uint64_t text_bytes;           /* of the string, its escapes resolved */
  uint64_t coded_bytes;          /* of what the string itself is coded as */
  const uint8_t* adapter_sha256; /* 32 bytes, valid during the call; NULL: coded without one */
  int stored;                    /* as it is, not by a model */
} koan_record_info;
typedef struct koan_record_total {
  uint64_t block_bytes;    /* what the record blocks take in all: the records' own bytes and what they share */
  uint64_t skeleton_bytes; /* of these, for what else is on the lines */
} koan_record_total;
typedef void (*koan_record_fn)(void* user, const koan_record_info* record);
koan_code koan_list_records_stream(koan_codec* codec, const koan_options* options, koan_read_fn read, void* read_user,
                                   koan_record_fn on_record, void* user, koan_record_total* total, koan_error* error);

/* Text from a model. The same model, messages and options give the same text on every machine. A generator may be used
 * by one thread at a time. */
typedef struct koan_generator koan_generator;

/* From a GGUF file in memory; `gguf` need not outlive the call. Free with koan_generator_free (NULL is fine). */
koan_code koan_generator_create(const void* gguf, size_t size, koan_generator** generator, koan_error* error);
void koan_generator_free(koan_generator* generator);
/* Whether the model has a chat template. */
int koan_generator_has_template(const koan_generator* generator);

typedef struct koan_message {
  const char* role;    /* "system", "user", "assistant"; NULL: the only message, continued as it stands, no template */
  const char* content; /* UTF-8, unless role is NULL; what looks like a special token is text */
} koan_message;

typedef enum koan_finish {
  KOAN_FINISH_END = 0,
  KOAN_FINISH_STOP = 1,
  KOAN_FINISH_LENGTH = 2,
  KOAN_FINISH_CANCELLED = 3
} koan_finish;

typedef struct koan_generate_options {
  size_t struct_size;  /* sizeof(koan_generate_options), set by koan_generate_options_init */
  double temperature;  /* 0..100, default 1; 0: always the most probable token. In steps of 2^-16, like the next two */
  double top_p;        /* above 0 to 1, default 1 */
  double min_p;        /* 0..1, default 0 */
  uint32_t top_k;      /* 0: all */
  uint32_t max_tokens; /* default 256 */
  uint64_t seed;
  const char* const* stops; /* the text ends before the first of these */
  size_t stop_count;
  int ignore_end;        /* go on where the model would stop */
  int year, month, day;  /* what a template takes for today; default 2026-01-01 */
  koan_write_fn on_text; /* gets the text piece by piece; nonzero: stop. May be NULL */
  void* on_text_user;
} koan_generate_options;
void koan_generate_options_init(koan_generate_options* options);

/* *text is allocated by the library, zero-terminated (it may hold zeros of its own); release it with koan_free.
 * options, size and finish may be NULL. */
koan_code koan_generate(koan_generator* generator, const koan_message* messages, size_t message_count,
                        const koan_generate_options* options, char** text, size_t* size, koan_finish* finish,
                        koan_error* error);

/* How probable each of `count` texts is as the answer. weights: in proportion to the probabilities, exactly so if every
 * choice is one token. bits: ideal code lengths; may be NULL. Of the options only the date counts. */
koan_code koan_choose(koan_generator* generator, const koan_message* messages, size_t message_count,
                      const koan_generate_options* options, const char* const* choices, size_t count, uint64_t* weights,
                      double* bits, koan_error* error);

#ifdef __cplusplus
}
#endif
#endif
