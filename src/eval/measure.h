// One test set under one condition: how each figure is taken (docs/evaluation.md section 3).
#pragma once

#include <optional>

#include "eval/measured.h"
#include "eval/record_coder.h"
#include "eval/rivals.h"
#include "eval/test_set.h"

namespace koan {

// `file`: the test file as it is. Domain, condition and key are left to the caller, here and below.
Result<Measured> measure_rival(const Rival& rival, const TestSet& test, ByteView file, StopFlag stop);

// zstd with a dictionary of at most `bytes` trained on these texts; without `bytes` all of the texts are the
// dictionary.
Result<Measured> measure_dictionary(const TestSet& test, const std::vector<std::string>& train,
                                    std::optional<std::size_t> bytes);

// kVerification if koan's result has another number of records than the test set.
Result<Measured> measure_koan(RecordCoder& coder, const std::string& source, const std::string& coded,
                              const AdapterChoice& choice, const TestSet& test);

}  // namespace koan
