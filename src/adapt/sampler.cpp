#include "adapt/sampler.h"

#include <algorithm>

#include "base/split_mix.h"

namespace koan {
namespace {

constexpr std::uint64_t kStartShare = 4;  // one window in four that lies inside a document is replaced by its start

}  // namespace

Sampler::Sampler(const Pack& pack, std::uint64_t seed) : pack_(pack), seed_(seed), random_(seed) {
  double total = 0;
  for (const PackedSource& source : pack.sources) {
    total += source.weight;
    streams_.push_back({&source, total, {}, 0, 0});
  }
}

std::uint64_t Sampler::draw() noexcept { return split_mix(random_); }

void Sampler::set_length(std::size_t length) {
  if (length == length_) return;
  length_ = length;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    streams_[i].epoch = 0;
    streams_[i].cursor = 0;
    shuffle(i);
  }
}

void Sampler::shuffle(std::size_t index) {
  Stream& stream = streams_[index];
  stream.units.clear();
  for (std::size_t d = 0; d < stream.source->documents.size(); ++d) {
    const std::size_t text =
        stream.source->document_end(d) - static_cast<std::size_t>(stream.source->documents[d].first) - 1;
    if (text == 0) continue;
    for (std::size_t w = 0; w * length_ < text; ++w)
      stream.units.push_back({static_cast<std::uint32_t>(d), static_cast<std::uint32_t>(w)});
  }
  std::uint64_t state = seed_ * 1000003 + index * 7919 + stream.epoch * 104729 + length_;
  koan::shuffle(stream.units, state);
}

void Sampler::append_unit(std::size_t index) {
  Stream& stream = streams_[index];
  if (stream.cursor >= stream.units.size()) {
    stream.cursor = 0;
    ++stream.epoch;
    shuffle(index);
  }
  const Unit unit = stream.units[stream.cursor++];
  const std::size_t first = static_cast<std::size_t>(stream.source->documents[unit.document].first) + 1;
  const std::size_t text = stream.source->document_end(unit.document) - first;
  std::size_t start = 0;
  if (unit.window > 0 && draw() % kStartShare != 0) {
    start = unit.window * length_ - static_cast<std::size_t>(draw() % length_);
    start = std::min(start, text > length_ ? text - length_ : 0);
  }
  const std::size_t prompt = stream.source->documents[unit.document].prompt;
  for (std::size_t i = start; i < text && row_.size() <= length_; ++i) {
    row_.push_back(stream.source->at(first + i));
    learned_.push_back(i >= prompt);
  }
}

void Sampler::next_row(std::int64_t* inputs, std::int64_t* targets) {
  const double point = static_cast<double>(draw() >> 11) * 0x1p-53 * streams_.back().until;
  std::size_t index = 0;
  while (index + 1 < streams_.size() && point >= streams_[index].until) ++index;
  const Token bos = pack_.tokenizer->bos();
  row_.clear();
  learned_.clear();
  while (row_.size() <= length_) {
    row_.push_back(bos);
    learned_.push_back(false);
    append_unit(index);
  }
  for (std::size_t i = 0; i < length_; ++i) {
    inputs[i] = row_[i];
    targets[i] = learned_[i + 1] ? static_cast<std::int64_t>(row_[i + 1]) : -1;
  }
}

std::vector<std::int64_t> Sampler::state() const {
  std::vector<std::int64_t> out = {static_cast<std::int64_t>(random_), static_cast<std::int64_t>(length_)};
  for (const Stream& stream : streams_) {
    out.push_back(static_cast<std::int64_t>(stream.cursor));
    out.push_back(static_cast<std::int64_t>(stream.epoch));
  }
  return out;
}

Status Sampler::restore(const std::vector<std::int64_t>& state) {
  if (state.size() != 2 + 2 * streams_.size() || state[1] <= 0)
    return Error{ErrorCode::kCorrupt, "the checkpoint was made with another training pack"};
  random_ = static_cast<std::uint64_t>(state[0]);
  length_ = static_cast<std::size_t>(state[1]);
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    streams_[i].epoch = static_cast<std::uint64_t>(state[3 + 2 * i]);
    shuffle(i);
    streams_[i].cursor = static_cast<std::size_t>(state[2 + 2 * i]);
  }
  return {};
}

}  // namespace koan
