#include "eval/lossless.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include "base/hash.h"
#include "eval/measure.h"
#include "base/spawn.h"
#include "eval/process.h"

namespace koan {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxDataFile = std::uint64_t{1} << 30;
// Part of every key: a change of what is measured, rather than of koan, makes old results stale.
constexpr const char* kMethod = "method 1";

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// One line of the plan. `weight` is a guess of its time, in passes of koan over the test set.
struct Task {
  std::string condition, key;
  double weight = 0;
  std::function<Result<Measured>()> measure;
};

// Says what was done and how long the rest will take, going by what was measured in this run.
class Progress {
 public:
  Progress(const LosslessSetup& setup, std::size_t domains) : setup_(setup), domains_(domains) {}
  void start_domain(const std::string& name, double weight) {
    domain_ = name;
    domain_weight_ = weight;
    ++domain_number_;
    in_domain_ = 0;
  }
  void done(const Task& task, const Measured& measured, std::uint64_t text_bytes, bool reused, double seconds) {
    in_domain_ += task.weight;
    if (!reused) {
      spent_ += seconds;
      weight_ += task.weight;
    }
    char figures[160];
    std::snprintf(figures, sizeof figures, "%.3f bits/byte",
                  8 * static_cast<double>(measured.text_coded_bytes()) / static_cast<double>(text_bytes));
    std::string line = domain_ + ": " + task.condition + ": " + figures;
    if (reused) {
      line += ", kept from before";
    } else if (weight_ > 0) {
      const double later = static_cast<double>(domains_ - domain_number_) * domain_weight_;
      const double left = (domain_weight_ - in_domain_ + later) * spent_ / weight_;
      std::snprintf(figures, sizeof figures, ", %.1f s; at most %.0f min left", seconds, left / 60 + 0.5);
      line += figures;
    }
    setup_.say(line);
  }

 private:
  const LosslessSetup& setup_;
  std::string domain_;
  std::size_t domains_, domain_number_ = 0;
  double domain_weight_ = 0, in_domain_ = 0, spent_ = 0, weight_ = 0;
};

class Evaluation {
 public:
  explicit Evaluation(const LosslessSetup& setup) : setup_(setup), progress_(setup, setup.spec.domains.size()) {}

  Result<LosslessResult> run() {
    KOAN_TRY(check_data());
    KOAN_TRY(find_adapters());
    for (const EvalDomain& domain : setup_.spec.domains) {
      KOAN_ASSIGN(DomainResult result, run_domain(domain));
      result_.domains.push_back(std::move(result));
    }
    return std::move(result_);
  }

 private:
  std::string data_path(const std::string& file) const { return setup_.data + "/" + file; }
  std::string train_path(const std::string& adapter) const {
    if (adapter == kAllData) return data_path(setup_.spec.all_train);
    for (const EvalDomain& domain : setup_.spec.domains) {
      if (domain.name == adapter) return data_path(domain.train);
    }
    return {};
  }

  Status check_data() const {
    std::vector<std::string> files = {setup_.spec.all_train};
    for (const EvalDomain& domain : setup_.spec.domains) {
      files.push_back(domain.test);
      if (!domain.train.empty()) files.push_back(domain.train);
    }
    for (const std::string& file : files) {
      std::error_code failed;
      if (!fs::is_regular_file(data_path(file), failed))
        return Error{ErrorCode::kUsage, data_path(file) + ": there is no such file; this makes the data: " +
                                            setup_.spec.make + " (and --data names its folder)"};
    }
    return {};
  }

  Result<AdapterFile> adapter_file(const std::string& name) {
    AdapterFile out;
    out.name = name;
    out.path = setup_.adapters + "/" + name + ".lora.gguf";
    std::error_code failed;
    if (!fs::exists(out.path, failed)) {
      fs::create_directories(setup_.adapters, failed);
      if (failed) return Error{ErrorCode::kIo, setup_.adapters + ": " + failed.message()};
      setup_.say("training the adapter " + name + ": " + out.path);
      const Status trained = setup_.coder->train(train_path(name), out.path, setup_.spec.training);
      if (!trained) return Error(trained.error()).in("training the adapter " + name);
    }
    KOAN_ASSIGN(const Bytes gguf, read_file(out.path, kMaxDataFile));
    out.sha256 = to_hex(sha256(gguf));
    out.bytes = gguf.size();
    return out;
  }

  Status find_adapters() {
    std::vector<std::string> names = adapter_names(setup_.spec);
    names.emplace_back(kAllData);
    for (const std::string& name : names) {
      KOAN_ASSIGN(AdapterFile file, adapter_file(name));
      result_.adapters.push_back(std::move(file));
    }
    return {};
  }

  Result<DomainResult> run_domain(const EvalDomain& domain) {
    DomainResult out;
    out.domain = domain;
    test_path_ = data_path(domain.test);
    KOAN_ASSIGN(test_data_, read_file(test_path_, kMaxDataFile));
    auto parsed = parse_test_set(test_data_, setup_.spec.fields);
    if (!parsed) return std::move(parsed).error().in(test_path_);
    out.test = std::move(*parsed);
    out.test_file_bytes = test_data_.size();
    for (const std::string& text : out.test.texts) out.tokens.push_back(setup_.model.count_tokens(as_bytes(text)));
    test_hash_ = to_hex(sha256(test_data_));
    domain_ = &out;

    std::vector<Task> tasks;
    KOAN_TRY(plan_rivals(tasks));
    plan_koan(tasks);
    double weight = 0;
    for (const Task& task : tasks) weight += task.weight;
    progress_.start_domain(domain.name, weight);
    for (const Task& task : tasks) {
      auto measured = measure(task);
      if (!measured) return std::move(measured).error().in(domain.name + ": " + task.condition);
      out.measured.push_back(std::move(*measured));
    }
    return out;
  }

  Result<Measured> measure(const Task& task) {
    const std::string folder = setup_.out + "/measured";
    if (auto kept = load_measured(folder, domain_->domain.name, task.condition, task.key)) {
      progress_.done(task, *kept, domain_->test.text_bytes, true, 0);
      return *std::move(kept);
    }
    if (setup_.stop != nullptr && *setup_.stop) return Error{ErrorCode::kCancelled, "interrupted"};
    const double start = seconds_now();
    KOAN_ASSIGN(Measured measured, task.measure());
    measured.domain = domain_->domain.name;
    measured.condition = task.condition;
    measured.key = task.key;
    KOAN_TRY(keep_measured(folder, measured));
    progress_.done(task, measured, domain_->test.text_bytes, false, seconds_now() - start);
    return measured;
  }

  std::string key(const std::string& rest) const {
    return std::string(kMethod) + "; " + setup_.spec.fields.text + " after " + setup_.spec.fields.context + " of " +
           test_hash_ + "; " + rest;
  }

  // The general-purpose compressors of the plan.
  Status plan_rivals(std::vector<Task>& out) {
    for (const Rival& rival : rivals()) {
      if (!rival.program.empty() && !is_installed(rival.program)) continue;
      out.push_back({rival.condition, key(rival.title), 0.05,
                     [this, rival] { return measure_rival(rival, domain_->test, test_data_, setup_.stop); }});
    }
    const AdapterFile& correct = adapter(domain_->domain.adapter);
    const std::string train = train_path(correct.name);
    KOAN_ASSIGN(const Bytes data, read_file(train, kMaxDataFile));
    const std::string hash = to_hex(sha256(data));
    const auto dictionary = [&](std::string_view condition, std::optional<std::size_t> bytes) {
      const std::string size = bytes ? std::to_string(*bytes) + " bytes" : "everything";
      out.push_back({std::string(condition), key(zstd_title() + "; dictionary: " + size + " of " + hash),
                     bytes ? 2 : 0.05, [this, train, bytes] { return by_dictionary(train, bytes); }});
    };
    dictionary(kZstdDictionary, correct.bytes);
    dictionary(kZstdCorpus, std::nullopt);
    return {};
  }

  void plan_koan(std::vector<Task>& out) {
    const auto add = [&](const std::string& condition, double weight, const AdapterChoice& choice) {
      std::string what = "koan " + setup_.koan + "; model " + setup_.model.sha256;
      for (const AdapterFile& file : choice.adapters) what.append("; adapter ").append(file.name + " " + file.sha256);
      out.push_back({condition, key(what), weight, [this, condition, choice] { return by_koan(condition, choice); }});
    };
    add(std::string(kBase), 1, {AdapterChoice::Kind::kNone, {}});
    for (const AdapterFile& file : result_.adapters)
      add(adapter_condition(file.name), 1, {AdapterChoice::Kind::kFixed, {file}});
    const std::vector<AdapterFile> candidates(result_.adapters.begin(),
                                              result_.adapters.end() - 1);  // less the control
    add(std::string(kByPrompt), 1.5, {AdapterChoice::Kind::kByPrompt, candidates});
    add(std::string(kByText), 1.5, {AdapterChoice::Kind::kByText, candidates});
    add(std::string(kByTrial), 2.5, {AdapterChoice::Kind::kByTrial, candidates});
  }

  Result<Measured> by_dictionary(const std::string& train, std::optional<std::size_t> bytes) {
    KOAN_ASSIGN(const Bytes data, read_file(train, kMaxDataFile));
    auto parsed = parse_test_set(data, setup_.spec.fields);
    if (!parsed) return std::move(parsed).error().in(train);
    return measure_dictionary(domain_->test, parsed->texts, bytes);
  }

  Result<Measured> by_koan(const std::string& condition, const AdapterChoice& choice) {
    std::string name = condition;
    std::replace(name.begin(), name.end(), ':', '.');
    const std::string folder = setup_.out + "/files/" + domain_->domain.name;
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed) return Error{ErrorCode::kIo, folder + ": " + failed.message()};
    return measure_koan(*setup_.coder, test_path_, folder + "/" + name + ".koan", choice, domain_->test);
  }

  const AdapterFile& adapter(const std::string& name) const {
    return *std::find_if(result_.adapters.begin(), result_.adapters.end(),
                         [&](const AdapterFile& file) { return file.name == name; });
  }

  const LosslessSetup& setup_;
  Progress progress_;
  LosslessResult result_;
  // Of the domain at work.
  DomainResult* domain_ = nullptr;
  std::string test_path_, test_hash_;
  Bytes test_data_;
};

}  // namespace

const Measured* DomainResult::find(const std::string& condition) const noexcept {
  const auto it =
      std::find_if(measured.begin(), measured.end(), [&](const Measured& one) { return one.condition == condition; });
  return it == measured.end() ? nullptr : &*it;
}

std::string adapter_condition(const std::string& name) { return "adapter:" + name; }

Result<LosslessResult> run_lossless(const LosslessSetup& setup) { return Evaluation(setup).run(); }

}  // namespace koan
