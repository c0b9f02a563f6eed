#include "cli/cluster_groups.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <numeric>

#include "base/file.h"
#include "cli/child_process.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "route/corpus_reader.h"
#include "route/features.h"
#include "route/kmeans.h"

namespace koan::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSamples = 3, kSampleBytes = 120;
constexpr std::size_t kWriteBuffer = std::size_t{1} << 16;

Status stopped() {
  if (interrupted()) return Error{ErrorCode::kCancelled, "interrupted"};
  return {};
}

std::string path_of(const Arguments& arguments, const std::string& name, const char* suffix) {
  return (fs::path(arguments.output) / (name + suffix)).string();
}
std::string group_name(std::size_t n) { return "cluster-" + std::to_string(n); }

// The documents' groups.
struct Labels {
  Clustering clustering;
  std::vector<float> similarity;     // of each document with its centroid
  std::vector<std::size_t> typical;  // documents to show, ascending
};

float similarity_of(const DocumentVector& document, const Clustering& clustering, std::uint32_t label) {
  float dot = 0;
  for (const Weighted& w : document)
    dot += w.weight * clustering.centroids[std::size_t{w.bucket} * clustering.k + label];
  return dot;
}

// The kSamples documents of each group that are nearest to its centroid.
std::vector<std::size_t> typical_documents(const Labels& labels) {
  const auto& group = labels.clustering.labels;
  std::vector<std::size_t> order(group.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return labels.similarity[a] > labels.similarity[b]; });
  std::vector<std::size_t> taken(labels.clustering.k), out;
  for (const std::size_t document : order) {
    if (taken[group[document]]++ < kSamples) out.push_back(document);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<Labels> label_documents(const Arguments& arguments, const CorpusFields& fields) {
  std::vector<Features> features;
  bool records = false, texts = false;
  KOAN_TRY(visit_corpus(arguments.files, fields, [&](const CorpusDocument& document) {
    (document.line.empty() ? texts : records) = true;
    features.push_back(extract_features(as_bytes(document.text)));
    return stopped();
  }));
  if (texts && records && fields.text.find('.') != std::string::npos) {
    return Error{ErrorCode::kUsage, "--field " + fields.text +
                                        ": text files beside JSONL files become records with "
                                        "that field, which only a plain name can be"};
  }
  const std::uint8_t buckets = kRouterFeatures.log2_buckets;
  const TfIdf weights(features, buckets);
  std::vector<DocumentVector> vectors;
  vectors.reserve(features.size());
  for (Features& one : features) {
    vectors.push_back(weights.vector_of(one));
    one = {};
  }
  ClusterOptions options;
  options.k = arguments.clusters.k;
  options.seed = arguments.clusters.seed;
  Labels out;
  KOAN_ASSIGN(out.clustering, cluster(vectors, buckets, options));
  for (std::size_t i = 0; i < vectors.size(); ++i)
    out.similarity.push_back(similarity_of(vectors[i], out.clustering, out.clustering.labels[i]));
  out.typical = typical_documents(out);
  return out;
}

// A group's file while it is written.
class GroupFile {
 public:
  static Result<std::unique_ptr<GroupFile>> create(const std::string& path) {
    KOAN_ASSIGN(AtomicFile file, AtomicFile::create(path, true));
    return std::unique_ptr<GroupFile>(new GroupFile(std::move(file), path));
  }
  Status add(std::string_view line) {
    pending_.append(line);
    pending_ += '\n';
    return pending_.size() < kWriteBuffer ? Status() : flush();
  }
  Status flush() {
    FileSink sink(file_.fd(), path_, stop_flag());
    KOAN_TRY(sink.write(as_bytes(pending_)));
    pending_.clear();
    return {};
  }
  // Whether a file with other contents is there.
  Result<bool> differs() {
    std::error_code ignored;
    is_there_ = fs::exists(path_, ignored);
    if (!is_there_) return false;
    KOAN_ASSIGN(const FileHandle old, open_for_reading(path_));
    KOAN_ASSIGN(is_same_, same_contents(old.fd(), file_.fd()));
    return !is_same_;
  }
  bool is_same() const noexcept { return is_same_; }
  Status commit() { return is_same_ ? Status() : file_.commit(); }

 private:
  GroupFile(AtomicFile file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  AtomicFile file_;
  std::string path_, pending_;
  bool is_there_ = false, is_same_ = false;
};
using GroupFiles = std::vector<std::unique_ptr<GroupFile>>;

// The beginning as one line.
std::string sample_of(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (out.size() >= kSampleBytes && (static_cast<std::uint8_t>(c) & 0xC0) != 0x80) break;  // before a whole character
    const bool space = static_cast<std::uint8_t>(c) <= ' ';
    if (!space) out += c;
    if (space && !out.empty() && out.back() != ' ') out += ' ';
  }
  return out;
}

std::string record_of(const CorpusDocument& document, const CorpusFields& fields) {
  if (!document.line.empty()) return std::string(document.line);
  Json record = Json::object();
  record[fields.text.empty() ? "text" : fields.text] = std::string(document.text);
  return record.dump();
}

// Reads the corpus again and hands each document to its group.
Result<Grouping> distribute(const Arguments& arguments, const CorpusFields& fields, const Labels& labels,
                            GroupFiles& files) {
  Grouping out;
  out.mean_similarity = labels.clustering.mean_similarity;
  for (std::size_t n = 0; n < files.size(); ++n) out.groups.emplace_back().name = group_name(n);
  const auto& label = labels.clustering.labels;
  auto typical = labels.typical.begin();
  std::size_t i = 0;
  const auto changed = [] { return Error{ErrorCode::kIo, "the corpus changed while it was read"}; };
  KOAN_ASSIGN(CorpusCount count, visit_corpus(arguments.files, fields, [&](const CorpusDocument& document) -> Status {
                if (i == label.size()) return changed();
                Group& group = out.groups[label[i]];
                ++group.documents;
                group.text_bytes += document.text.size();
                group.mean_similarity += static_cast<double>(labels.similarity[i]);
                if (typical != labels.typical.end() && *typical == i) {
                  group.samples.push_back(sample_of(document.text));
                  ++typical;
                }
                KOAN_TRY(files[label[i]]->add(record_of(document, fields)));
                ++i;
                return stopped();
              }));
  if (i != label.size()) return changed();
  for (Group& group : out.groups) group.mean_similarity /= static_cast<double>(group.documents);
  for (auto& file : files) KOAN_TRY(file->flush());
  out.documents = count.documents;
  out.text_bytes = count.text_bytes;
  out.without_text = count.without_text;
  out.passed_over = std::move(count.passed_over);
  return out;
}

Status remove_file(const std::string& path) {
  std::error_code failed;
  fs::remove(path, failed);
  return failed ? Status(io_error(path, failed.value())) : Status();
}

// Puts the files in place, all or (where they would replace others) none.
Status publish(const Arguments& arguments, GroupFiles& files) {
  const auto exists = [&](std::size_t n) {
    std::error_code ignored;
    return fs::exists(group_file(arguments, group_name(n)), ignored);
  };
  for (std::size_t n = 0; n < files.size(); ++n) {
    KOAN_ASSIGN(const bool differs, files[n]->differs());
    const bool more = n + 1 == files.size() && exists(files.size());
    if ((differs || more) && !arguments.force) {
      return Error{ErrorCode::kUsage, arguments.output + ": holds other groups than these (" +
                                          group_name(more ? n + 1 : n) +
                                          ".jsonl); take another folder, or -f to replace them and their adapters"};
    }
  }
  // Adapters first: one must never stand beside a group that it was not trained on.
  for (std::size_t n = 0; n < files.size() || exists(n); ++n) {
    const std::string name = group_name(n);
    if (n < files.size() && files[n]->is_same()) continue;
    KOAN_TRY(remove_file(group_adapter(arguments, name)));
    KOAN_TRY(remove_file(group_checkpoint(arguments, name)));
    if (n >= files.size()) KOAN_TRY(remove_file(group_file(arguments, name)));
  }
  for (auto& file : files) KOAN_TRY(file->commit());
  return {};
}

Status write_report(const Arguments& arguments, const Grouping& grouping) {
  Json clusters = Json::array();
  for (const Group& group : grouping.groups) {
    clusters.push_back({{"name", group.name},
                        {"documents", group.documents},
                        {"text_bytes", group.text_bytes},
                        {"mean_similarity", group.mean_similarity},
                        {"samples", group.samples}});
  }
  const Json report = {{"corpus", arguments.files},         {"k", arguments.clusters.k},
                       {"seed", arguments.clusters.seed},   {"documents", grouping.documents},
                       {"text_bytes", grouping.text_bytes}, {"mean_similarity", grouping.mean_similarity},
                       {"clusters", std::move(clusters)}};
  const std::string path = path_of(arguments, "clusters", ".json");
  KOAN_ASSIGN(AtomicFile file, AtomicFile::create(path, true));
  FileSink sink(file.fd(), path);
  KOAN_TRY(sink.write(as_bytes(report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n")));
  return file.commit();
}

}  // namespace

std::string group_file(const Arguments& arguments, const std::string& name) {
  return path_of(arguments, name, ".jsonl");
}
std::string group_adapter(const Arguments& arguments, const std::string& name) {
  return path_of(arguments, name, ".lora.gguf");
}
std::string group_checkpoint(const Arguments& arguments, const std::string& name) {
  return group_adapter(arguments, name) + ".checkpoint";
}

Result<Grouping> make_groups(const Arguments& arguments) {
  if (arguments.clusters.k == 0 || arguments.clusters.k > kMaxClusters)
    return Error{ErrorCode::kUsage, "-k must be 1 to " + std::to_string(kMaxClusters)};
  const CorpusFields fields{arguments.field, arguments.context_field};
  KOAN_ASSIGN(const Labels labels, label_documents(arguments, fields));
  std::error_code failed;
  fs::create_directories(arguments.output, failed);
  if (failed) return io_error(arguments.output, failed.value());
  GroupFiles files;
  for (unsigned n = 0; n < arguments.clusters.k; ++n) {
    KOAN_ASSIGN(files.emplace_back(), GroupFile::create(group_file(arguments, group_name(n))));
  }
  KOAN_ASSIGN(Grouping grouping, distribute(arguments, fields, labels, files));
  KOAN_TRY(publish(arguments, files));
  KOAN_TRY(write_report(arguments, grouping));
  return grouping;
}

}  // namespace koan::cli
