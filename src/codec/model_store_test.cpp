#include "codec/model_store.h"

#include <gtest/gtest.h>

#include "kernels/dispatch.h"

namespace koan {
namespace {

ModelStore make_store() { return ModelStore::create(choose_kernels().value()).value(); }

// For the embedded model unless told otherwise.
Bytes adapter_file(const Model& base, const std::string& base_hash, float value = 0.01f) {
  const ModelConfig& c = base.config();
  const std::uint32_t out = c.heads * c.head_dim;
  Adapter adapter;
  adapter.name = "a";
  adapter.architecture = c.architecture;
  adapter.alpha = 8;
  adapter.tensors.push_back({"blk.0.attn_q.weight", 2, c.width, out, std::vector<float>(2 * c.width, value),
                             std::vector<float>(2 * out, value)});
  if (!base_hash.empty()) adapter.metadata["koan.adapter.base_sha256"] = base_hash;
  return write_adapter(adapter);
}

ModelRef default_ref(const ModelStore& store) {
  return model_ref(*store.default_model(), default_window(store.default_model()->config()));
}

TEST(ModelStore, MergesAnAdapterOnceAndSharesIt) {
  ModelStore store = make_store();
  const Bytes file = adapter_file(*store.default_model(), to_hex(store.default_model()->sha256()));
  ASSERT_TRUE(store.add_adapter(file));
  ASSERT_TRUE(store.add_adapter(file));
  ASSERT_EQ(store.adapters().size(), 1u);
  EXPECT_EQ(store.adapters()[0]->sha256, sha256(file));
  auto merged = store.find(default_ref(store), sha256(file));
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_EQ((*merged)->adapter()->sha256, sha256(file));
  EXPECT_EQ(store.find(default_ref(store), sha256(file)).value(), *merged);
  EXPECT_FALSE(store.find(default_ref(store)).value()->adapter());
  ModelStore moved = std::move(store);
  EXPECT_EQ(moved.find(default_ref(moved), sha256(file)).value(), *merged);
}

TEST(ModelStore, NamesTheAdapterItLacks) {
  ModelStore store = make_store();
  const Sha256 unknown = sha256(as_bytes("x"));
  auto merged = store.find(default_ref(store), unknown);
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().code, ErrorCode::kNeedsAdapter);
  EXPECT_NE(merged.error().message.find(to_hex(unknown)), std::string::npos);
  EXPECT_FALSE(store.add_adapter(as_bytes("no adapter")));
  EXPECT_TRUE(store.adapters().empty());
}

TEST(ModelStore, AnAdapterOfAnotherModelIsNotMerged) {
  ModelStore store = make_store();
  const Bytes file = adapter_file(*store.default_model(), std::string(64, '1'));
  ASSERT_TRUE(store.add_adapter(file));
  for (int i = 0; i < 2; ++i) {  // a failure is not remembered as a model
    auto merged = store.find(default_ref(store), sha256(file));
    ASSERT_FALSE(merged);
    EXPECT_EQ(merged.error().code, ErrorCode::kNeedsModel);
  }
}

TEST(ModelStore, FindsMessagesOfModelsWithAdapters) {
  ModelStore store = make_store();
  const Model& base = *store.default_model();
  const Bytes first = adapter_file(base, to_hex(base.sha256())), second = adapter_file(base, "", 0.02f);
  const Bytes other = adapter_file(base, std::string(64, '1'), 0.03f);
  for (const Bytes& file : {first, second, other}) ASSERT_TRUE(store.add_adapter(file));
  const ModelRef ref = default_ref(store);
  const ContextHash context{1, 2, 3};
  EXPECT_FALSE(store.find_message(ref.message_id(), {}).value()->adapter());
  for (const Bytes& file : {first, second}) {
    const Sha256 hash = sha256(file);
    auto found = store.find_message(ref.message_id(context, &hash), context);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ((*found)->adapter()->sha256, hash);
  }
  const Sha256 hash = sha256(other);
  EXPECT_FALSE(store.find_message(ref.message_id(context, &hash), context));
}

}  // namespace
}  // namespace koan
