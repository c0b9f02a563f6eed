// The codec of one command with the models it may use: the embedded one, --model, and those in the model folders.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"
#include "cli/arguments.h"
#include "cli/model_file.h"
#include "cli/model_names.h"
#include "koan/koan.hpp"

namespace koan::cli {

Error error_of(const koan::Failure& failure);

// What --context names; nothing without it.
Result<Bytes> read_context(const Arguments& arguments);

class Session {
 public:
  static Result<Session> create(const Arguments& arguments);

  koan::Codec& codec() noexcept { return codec_; }
  // The adapters of the store, once; true if that brought any. A file that is not usable is passed over.
  bool add_stored_adapters();
  // Those and all models of KOAN_MODELS and the store.
  bool add_stored();
  // The model with this hash alone, from there or from the caches of other programs (model_hashes.h). False: it was
  // known already, or is nowhere. kCancelled after a signal.
  Result<bool> add_by_hash(const Sha256& wanted);
  koan_options options() const;  // points into the session
  // What these arguments compress with.
  Result<koan_model_info> model_in_use() const;
  // Name of the model with this hash, or the first eight hex digits.
  std::string model_name(const std::uint8_t (&sha256)[32]) const;
  std::string message_model_name(const std::uint8_t (&id)[2]) const;

 private:
  Session(koan::Codec codec, Arguments arguments, Bytes context)
      : codec_(std::move(codec)), arguments_(std::move(arguments)), context_(std::move(context)) {}

  Status choose_model(const std::string& word);
  Status add_model(const NamedModel& model, bool make_default);
  Status add_named_adapters();
  // Those of the store that say they were trained on this model.
  Status add_fitting_adapters();
  void use_adapter(const std::array<std::uint8_t, 32>& hash);

  koan::Codec codec_;
  Arguments arguments_;
  std::vector<std::array<std::uint8_t, 32>> adapters_;  // to compress with
  Bytes context_;
  bool adapters_added_ = false, folders_added_ = false;
};

}  // namespace koan::cli
