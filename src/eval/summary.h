// From measurements to figures: pooled bits, intervals, comparisons, routing (docs/evaluation.md sections 4 and 5).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "eval/bootstrap.h"
#include "eval/lossless.h"

namespace koan {

// One condition on one domain. Units: docs/evaluation.md section 4.
struct Figure {
  std::string condition;  // as measured, or "correct", "wrong_mean", "wrong_worst", "wrong_best"
  std::string title;
  std::string adapter;     // which one, where it is one
  double coded_bytes = 0;  // of the texts, a record at a time, with what the file charges for all of them
  double coded_over_raw = 0, bits_per_byte = 0, bits_per_token_log2v = 0;
  Interval interval;                           // of bits_per_byte
  double streams_bits_per_byte = 0;            // of the records' own streams alone
  std::optional<double> joined_bits_per_byte;  // all texts in one stream
  std::optional<double> file_bytes;            // the whole test file
  double model_bytes = 0, side_bytes = 0;      // what the receiver must have; shown, not added
};

// How much smaller the first condition is than the second, record by record.
struct Comparison {
  std::string first, second;
  std::string adapter;  // of the second
  double factor = 0;    // size of the second / size of the first
  Interval interval;    // of the factor
  bool is_clear() const noexcept { return interval.low > 1; }
};

struct RoutingSummary {
  std::string condition;
  std::size_t records = 0, with_context = 0;
  std::size_t right = 0, right_with_context = 0;  // records that got the domain's adapter
  std::map<std::string, std::size_t> chosen;      // by adapter; "" is the base model
};

struct DomainSummary {
  EvalDomain domain;
  std::size_t records = 0, groups = 0;
  std::uint64_t text_bytes = 0, tokens = 0, file_bytes = 0;
  std::vector<Figure> figures;
  std::vector<Figure> matrix;  // one for each adapter
  std::vector<Comparison> comparisons;
  std::vector<Comparison> against_wrong;  // correct against each wrong adapter
  std::vector<RoutingSummary> routing;

  const Figure* find(std::string_view condition) const noexcept;
  const Comparison* compare(std::string_view first, std::string_view second) const noexcept;
};

struct Summary {
  std::vector<DomainSummary> domains;
  // All domains that have an adapter of their own, bits and bytes added up.
  DomainSummary pooled;
};

Summary summarise(const LosslessResult& result, const ModelIdentity& model, const BootstrapSettings& settings);

}  // namespace koan
