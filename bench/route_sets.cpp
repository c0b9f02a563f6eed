#include "bench/route_sets.h"

#include <algorithm>

#include "base/hash.h"
#include "formats/json_line.h"
#include "route/corpus_reader.h"
#include "route/features.h"

namespace koan {
namespace {

constexpr std::uint64_t kTrainBytes = 2'000'000;
constexpr std::size_t kTestTexts = 300;
constexpr std::uint64_t kReadBytes = std::uint64_t{48} << 20;  // of one file

struct Hashed {
  std::uint64_t order = 0, group = 0;
  RouteText text;
};

// The question that an answer belongs to: several models answer each.
std::uint64_t group_of(const CorpusDocument& document) {
  const auto id = find_json_value(as_bytes(document.line), "prompt_id");
  return xxh3_64(as_bytes(id ? document.line.substr(id->begin, id->end - id->begin) : document.text), 1);
}

Result<std::vector<Hashed>> read_hashed(const std::string& path) {
  std::vector<Hashed> out;
  std::uint64_t bytes = 0;
  const auto count = visit_corpus({path}, {"", "prompt"}, [&](const CorpusDocument& document) -> Status {
    out.push_back({xxh3_64(as_bytes(document.line), 2), group_of(document),
                   {std::string(document.text.substr(0, kFeatureBytes)), std::string(document.context)}});
    bytes += document.text.size();
    if (bytes > kReadBytes) return Error{ErrorCode::kCancelled, "enough"};
    return {};
  });
  if (!count && count.error().code != ErrorCode::kCancelled) return count.error();
  std::sort(out.begin(), out.end(), [](const Hashed& a, const Hashed& b) { return a.order < b.order; });
  return out;
}

void add_train(RouteDomain& domain, std::uint64_t& bytes, RouteText text) {
  if (bytes >= kTrainBytes) return;
  bytes += text.text.size();
  domain.train.push_back(std::move(text));
}

}  // namespace

Result<std::vector<RouteDomain>> read_route_domains(const std::string& corpus) {
  std::vector<RouteDomain> out;
  for (const char* name : {"math_competition", "math_word_problems", "code_execution_reasoning", "code_answers",
                           "commonsense_short"}) {
    RouteDomain domain{name, {}, {}};
    std::uint64_t bytes = 0;
    KOAN_ASSIGN(auto train, read_hashed(corpus + "/adapt/" + name + "/train.jsonl.zst"));
    for (Hashed& text : train) add_train(domain, bytes, std::move(text.text));
    KOAN_ASSIGN(auto test, read_hashed(corpus + "/adapt/" + name + "/test.jsonl.zst"));
    for (std::size_t i = 0; i < std::min(test.size(), kTestTexts); ++i) domain.test.push_back(std::move(test[i].text));
    out.push_back(std::move(domain));
  }
  for (const char* name : {"llm_science_cot_mmlupro", "llm_agent_skill_docs", "encyclopedia_wikipedia_2015_sa",
                           "prose_novels_eltec", "code_permissive", "llm_chat_wildbench", "science_arxiv_abstracts",
                           "docs_microsoft_cpp"}) {
    RouteDomain domain{name, {}, {}};
    std::uint64_t bytes = 0;
    KOAN_ASSIGN(auto texts, read_hashed(corpus + "/train/" + name + ".jsonl.zst"));
    for (Hashed& text : texts) {
      if (text.group % 8 != 0) {
        add_train(domain, bytes, std::move(text.text));
      } else if (domain.test.size() < kTestTexts) {
        domain.test.push_back(std::move(text.text));
      }
    }
    out.push_back(std::move(domain));
  }
  return out;
}

}  // namespace koan
