#include "adapt/checkpoint.h"

#include "adapt/sampler.h"
#include "adapt/test_net.h"
#include "adapt/test_pack.h"
#include "base/file.h"

namespace koan::train {
namespace {

constexpr std::int64_t kLength = 32, kRows = 4;

// A run in small: what pretrain.cpp keeps.
struct Trainer {
  explicit Trainer(const Pack& pack, std::uint64_t seed = 1)
      : net(kTinyNet, torch::kCPU, seed), optimizer(net, {}), sampler(pack, 1) {
    sampler.set_length(kLength);
  }
  void steps(int n) {
    for (int i = 0; i < n; ++i) {
      Tensor inputs = torch::empty({kRows, kLength}, torch::kLong),
             targets = torch::empty({kRows * kLength}, torch::kLong);
      for (std::int64_t r = 0; r < kRows; ++r)
        sampler.next_row(inputs.data_ptr<std::int64_t>() + r * kLength, targets.data_ptr<std::int64_t>() + r * kLength);
      linear_cross_entropy(net.hidden(inputs), net.embedding(), targets).div(kRows * kLength).backward();
      optimizer.step(1);
    }
  }
  Net net;
  Optimizer optimizer;
  Sampler sampler;
};

void expect_equal(Trainer& a, Trainer& b) {
  for (std::size_t i = 0; i < a.net.parameters().size(); ++i)
    EXPECT_TRUE(torch::equal(a.net.parameters()[i].tensor, b.net.parameters()[i].tensor)) << a.net.parameters()[i].name;
  const auto left = a.optimizer.state(), right = b.optimizer.state();
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i)
    EXPECT_TRUE(torch::equal(left[i].second, right[i].second)) << left[i].first;
  EXPECT_EQ(a.optimizer.steps, b.optimizer.steps);
  EXPECT_EQ(a.sampler.state(), b.sampler.state());
}

class Checkpoint : public FolderTest {
 protected:
  Status save(Trainer& trainer) {
    return save_checkpoint(folder_, trainer.net, trainer.optimizer, byte_tokenizer(),
                           {1234, 5.25, trainer.sampler.state()});
  }
  Bytes bytes() const { return *koan::read_file(path("checkpoint.gguf"), kMaxFile); }

  Pack pack_ =
      byte_pack({packed("a", 1, {"the quick brown fox jumps over the lazy dog", "hello", "once upon a time"})});
};

TEST_F(Checkpoint, ResumedRunIsTheSameRun) {
  Trainer straight(pack_);
  straight.steps(3);
  ASSERT_TRUE(save(straight));
  const Bytes file = bytes();
  Trainer resumed(pack_, 77);
  Progress progress;
  const auto parsed = parse_gguf(file);
  ASSERT_TRUE(parsed.has_value());
  ASSERT_TRUE(restore_checkpoint(*parsed, resumed.net, resumed.optimizer, progress));
  ASSERT_TRUE(resumed.sampler.restore(progress.sampler));
  EXPECT_EQ(progress.tokens, 1234);
  EXPECT_EQ(progress.seconds, 5.25);
  expect_equal(resumed, straight);
  resumed.steps(3);
  straight.steps(3);
  expect_equal(resumed, straight);
  const auto loaded = load_net(folder_, "cpu");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->tokenizer.decode_hash(), byte_tokenizer().decode_hash());
}

TEST_F(Checkpoint, TruncatedFilesAreRefused) {
  Trainer trainer(pack_);
  ASSERT_TRUE(save(trainer));
  const Bytes whole = bytes();
  for (std::size_t n = 0; n + 32 < whole.size(); n += 1 + whole.size() / 97) {  // the last bytes may be padding
    write("checkpoint.gguf", ByteView(whole).first(n));
    const auto loaded = load_net(folder_, "cpu");
    ASSERT_FALSE(loaded.has_value()) << n;
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
  }
  EXPECT_EQ(load_net(path("none"), "cpu").error().code, ErrorCode::kIo);
}

TEST_F(Checkpoint, FilesThatLackSomethingAreRefused) {
  Trainer trainer(pack_);
  ASSERT_TRUE(save(trainer));
  const Bytes whole = bytes();
  const GgufFile file = *parse_gguf(whole);
  Progress progress;
  for (std::size_t i = 0; i < file.tensors.size(); ++i) {
    GgufFile less = file;
    less.tensors.erase(less.tensors.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(restore_checkpoint(less, trainer.net, trainer.optimizer, progress).error().code, ErrorCode::kCorrupt);
  }
  for (const char* key : {"koan.train.steps", "koan.train.tokens", "koan.train.microseconds", "koan.train.sampler"}) {
    GgufFile less = file;
    less.metadata.erase(key);
    EXPECT_EQ(restore_checkpoint(less, trainer.net, trainer.optimizer, progress).error().code, ErrorCode::kCorrupt)
        << key;
  }
  Net wider({257, 64, 2, 2, 1, 32, 96}, torch::kCPU, 1);
  Optimizer optimizer(wider, {});
  EXPECT_EQ(restore_checkpoint(file, wider, optimizer, progress).error().code, ErrorCode::kCorrupt);
}

TEST_F(Checkpoint, AppearsWholeOrNotAtAll) {
  Trainer trainer(pack_);
  ASSERT_TRUE(save(trainer));
  const Bytes old = bytes();
  trainer.steps(1);
  ASSERT_TRUE(save(trainer));
  EXPECT_NE(bytes(), old);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);  // the temporary file is gone
  EXPECT_EQ(save_checkpoint(path("none"), trainer.net, trainer.optimizer, byte_tokenizer(), {}).error().code,
            ErrorCode::kIo);
}

}  // namespace
}  // namespace koan::train
