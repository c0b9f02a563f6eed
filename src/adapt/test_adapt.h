// What the tests of whole runs share: a folder with a tiny model and a text, and options that take a second.
#pragma once

#include <algorithm>

#include "adapt/test_net.h"
#include "formats/adapter.h"

namespace koan {

class AdaptTest : public FolderTest {
 protected:
  void SetUp() override {
    train::Net net = random_net(7);
    write_model(net, path("base.gguf"));
    text_ = templated_text(30000);
    write("text.txt", as_bytes(text_));
  }

  AdaptOptions options(const std::string& out) const {
    AdaptOptions o;
    o.inputs = {path("text.txt")};
    o.model = path("base.gguf");
    o.out = path(out);
    o.quiet = true;
    o.threads = 1;
    o.rank = 4;
    o.alpha = 8;
    o.lr = 0.01;
    o.length = 64;
    o.batch_tokens = 512;
    o.steps = 60;
    return o;
  }

  static testing::AssertionResult succeeds(const Status& status) {
    return status ? testing::AssertionSuccess() : testing::AssertionFailure() << status.error().message;
  }

  // True after so many steps.
  static Stop stop_after(int steps) {
    return [steps]() mutable { return steps-- == 0; };
  }

  bool exists(const std::string& name) const { return std::filesystem::exists(path(name)); }

  Adapter adapter(const std::string& name) const {
    auto parsed = parse_adapter(*read_file(path(name), kMaxFile));
    EXPECT_TRUE(parsed.has_value()) << parsed.error().message;
    return std::move(*parsed);
  }

  std::vector<std::string> files() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) out.push_back(entry.path().filename());
    std::sort(out.begin(), out.end());
    return out;
  }

  // The run fails so, and no file is there that was not there before.
  void fails(const AdaptOptions& o, ErrorCode code, const std::string& part) const {
    const auto before = files();
    const Status status = run_adapt(o);
    ASSERT_FALSE(status) << part;
    EXPECT_EQ(status.error().code, code) << status.error().message;
    EXPECT_NE(status.error().message.find(part), std::string::npos) << status.error().message;
    EXPECT_EQ(files(), before) << part;
  }

  std::string text_;
};

}  // namespace koan
