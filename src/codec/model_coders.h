// What the encoder may code a text with: the model alone or with one of several adapters, and how one is picked for
// each text (docs/routing.md). The choice is stored in the file, so nothing here is needed to decode.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "codec/token_coder.h"
#include "route/profile.h"

namespace koan {

enum class Routing : std::uint8_t {
  kFixed,   // the one that is offered
  kPrompt,  // the profile nearest to what the text continues; the model alone if that is nothing
  kText,    // the profile nearest to the text's beginning
  kTrial,   // the first bytes are coded with the best few by profile, and with the model alone
};

struct AdapterOffer {
  Sha256 sha256{};
  AdapterProfiles profiles;
};

// No offers: the model alone.
struct AdapterOffers {
  std::vector<AdapterOffer> offers;
  Routing routing = Routing::kFixed;
};

// Adapters compared by trial, the model alone besides; and how many bytes of a text are coded for it.
inline constexpr std::size_t kTrialAdapters = 3;
inline constexpr std::size_t kTrialBytes = 2048;

// A text with the adapter it gets.
struct RoutedJob {
  EncodeJob job;
  std::optional<std::size_t> offer;  // nothing: the model alone
  bool done = false;                 // coded already, by a trial that saw all of it
};

// For work that is not the caller's own: reports nothing done, but passes a wish to stop on.
Progress quiet(Progress& progress);

class ModelCoders {
 public:
  // The coder of the model alone (null) or with an adapter; it lives until the next one is asked for.
  using CoderFn = std::function<Result<TokenCoder*>(const Sha256* adapter)>;
  // context: what texts without a context of their own continue; it outlives this. name_bytes: what it costs to use one
  // more adapter.
  ModelCoders(CoderFn coder, AdapterOffers choice, ByteView context, std::size_t name_bytes)
      : coder_(std::move(coder)), choice_(std::move(choice)), context_(context), name_bytes_(name_bytes) {
    profiles_.reserve(choice_.offers.size());
    for (const AdapterOffer& offer : choice_.offers) profiles_.push_back(offer.profiles);
  }

  // Sets the offers of jobs.
  Status choose(std::span<RoutedJob* const> jobs, Progress& progress);
  // Codes the jobs that are not done, those of one adapter together.
  Status encode(std::span<RoutedJob* const> jobs, Progress& progress);

  Result<TokenCoder*> base() { return coder_(nullptr); }
  const Sha256* sha256_of(const std::optional<std::size_t>& offer) const noexcept {
    return offer ? &choice_.offers[*offer].sha256 : nullptr;
  }
  // The number of an adapter in the frame that is being written: in the order of first use.
  std::size_t number_of(std::size_t offer);
  const std::vector<Sha256>& numbered() const noexcept { return numbered_; }
  // Takes back the numbers from this one on: what used them is not written after all.
  void forget_from(std::size_t number) { numbered_.resize(number); }

 private:
  struct Trial;
  std::vector<std::size_t> candidates(const RoutedJob& job) const;
  Status try_out(std::span<RoutedJob* const> jobs, Progress& progress);
  std::vector<Trial*> best_of(std::vector<Trial>& trials) const;
  bool is_numbered(std::size_t offer) const noexcept;

  CoderFn coder_;
  AdapterOffers choice_;
  ByteView context_;
  std::size_t name_bytes_;
  std::vector<AdapterProfiles> profiles_;
  std::vector<Sha256> numbered_;
};

}  // namespace koan
