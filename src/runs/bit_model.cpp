#include "runs/bit_model.h"

#include "base/hash.h"

namespace koan::runs {
namespace {

const char* name_of(Far far) { return far == Far::kRandom ? "bits:random" : far == Far::kYes ? "bits:yes" : "bits:no"; }

}  // namespace

// An identity, so that it is asked for weights and not for text.
BitModel::BitModel(Far far) : far_(far), name_(name_of(far)), identity_(to_hex(sha256(as_bytes(name_)))) {}

Result<std::vector<ChatReply>> BitModel::replies(std::span<const ChatRequest> requests) {
  return std::vector<ChatReply>(requests.size());
}

Result<std::vector<ChoiceScore>> BitModel::choose(const ChatRequest& request, std::span<const std::string> choices) {
  std::size_t chosen = far_ == Far::kNo ? 1 : 0;
  if (far_ == Far::kRandom) {
    std::string all;
    for (const ChatMessage& message : request.messages) all += message.content + "\n";
    chosen = xxh3_64(as_bytes(all), request.seed) % choices.size();
  }
  std::vector<ChoiceScore> out(choices.size());
  if (chosen < out.size()) out[chosen].weight = 1;
  return out;
}

}  // namespace koan::runs
