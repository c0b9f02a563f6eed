#include "eval/spec.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace koan {
namespace {

using Json = nlohmann::json;

Json domain(const std::string& name) {
  return {{"name", name},
          {"title", "about " + name},
          {"kind", "natural"},
          {"source", "a book"},
          {"licence", "CC0"},
          {"seen_by_base", false},
          {"train", name + "/train.jsonl"},
          {"test", name + "/test.jsonl"}};
}

Json sample() {
  Json neighbour = domain("arena");
  neighbour.erase("train");
  neighbour["adapter"] = "chat";
  return {{"name", "lossless"},
          {"version", 3},
          {"data", "folder"},
          {"make", "make it"},
          {"fields", {{"text", "text"}, {"context", "prompt"}, {"group", "group"}}},
          {"all_train", "all.jsonl"},
          {"training", {"--epochs", "2"}},
          {"bootstrap", {{"resamples", 500}, {"seed", 9}, {"confidence", 0.9}}},
          {"domains", {domain("chat"), domain("code"), neighbour}}};
}

void expect_refused(const std::function<void(Json&)>& spoil, const std::string& where, const std::string& what) {
  Json json = sample();
  spoil(json);
  const auto spec = parse_spec(json.dump());
  ASSERT_FALSE(spec) << where << " " << what;
  EXPECT_EQ(spec.error().code, ErrorCode::kUsage);
  EXPECT_TRUE(spec.error().message.starts_with(where + ": ")) << spec.error().message;
  EXPECT_NE(spec.error().message.find(what), std::string::npos) << spec.error().message;
}

std::string missing(const std::string& key) { return std::string(1, '"').append(key).append("\" is missing"); }

TEST(Spec, IsRead) {
  const auto spec = parse_spec(sample().dump());
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->name, "lossless");
  EXPECT_EQ(spec->version, 3u);
  EXPECT_EQ(spec->data, "folder");
  EXPECT_EQ(spec->make, "make it");
  EXPECT_EQ(spec->fields.context, "prompt");
  EXPECT_EQ(spec->training, (std::vector<std::string>{"--epochs", "2"}));
  EXPECT_EQ(spec->bootstrap, (BootstrapSettings{500, 9, 0.9}));
  ASSERT_EQ(spec->domains.size(), 3u);
  EXPECT_EQ(spec->domains[0].adapter, "chat");
  EXPECT_EQ(spec->domains[2].adapter, "chat");
  EXPECT_EQ(spec->domains[2].train, "");
  EXPECT_EQ(adapter_names(*spec), (std::vector<std::string>{"chat", "code"}));
}

TEST(Spec, EveryMissingKeyIsNamed) {
  const Json whole = sample();
  for (const auto& [key, value] : whole.items()) {
    if (key == "fields" || key == "bootstrap" || key == "domains") continue;
    expect_refused([&, name = key](Json& json) { json.erase(name); }, "specification", missing(key));
  }
  for (const char* key : {"fields", "bootstrap"}) {
    expect_refused([&](Json& json) { json.erase(key); }, "specification", missing(key));
    for (const auto& [inner, value] : whole[key].items())
      expect_refused([&, name = inner](Json& json) { json[key].erase(name); }, key, missing(inner));
  }
  expect_refused([](Json& json) { json.erase("domains"); }, "specification", "\"domains\" is missing");
  for (const char* key : {"name", "title", "kind", "source", "licence", "seen_by_base", "test"})
    expect_refused([&](Json& json) { json["domains"][1].erase(key); }, "domain 2", missing(key));
}

TEST(Spec, UnknownAndWrongKeysAreNamed) {
  expect_refused([](Json& j) { j["verison"] = 1; }, "specification", "\"verison\"");
  expect_refused([](Json& j) { j["domains"][0]["tittle"] = "x"; }, "domain 1", "\"tittle\"");
  expect_refused([](Json& j) { j["bootstrap"]["n"] = 1; }, "bootstrap", "\"n\"");
  expect_refused([](Json& j) { j["version"] = "one"; }, "specification", "\"version\"");
  expect_refused([](Json& j) { j["training"] = "--epochs 2"; }, "specification", "\"training\"");
  expect_refused([](Json& j) { j["domains"][2]["seen_by_base"] = "no"; }, "domain 3", "\"seen_by_base\"");
  expect_refused([](Json& j) { j["domains"] = Json::object(); }, "domains", "no array");
  expect_refused([](Json& j) { j["domains"][1] = "code"; }, "domain 2", "no object");
  const auto no_json = parse_spec("{\"name\": ");
  ASSERT_FALSE(no_json);
  EXPECT_EQ(no_json.error().code, ErrorCode::kUsage);
}

TEST(Spec, ValuesOutOfRangeAreNamed) {
  expect_refused([](Json& j) { j["bootstrap"]["resamples"] = 5; }, "bootstrap", "resamples");
  expect_refused([](Json& j) { j["bootstrap"]["confidence"] = 95; }, "bootstrap", "confidence");
  expect_refused([](Json& j) { j["domains"][0]["name"] = "../x"; }, "domain 1", "../x");
  expect_refused([](Json& j) { j["domains"][2]["kind"] = "nice"; }, "domain 3", "\"kind\"");
  expect_refused([](Json& j) { j["domains"][0]["name"] = "all"; }, "domain 1", "\"all\"");
  expect_refused([](Json& j) { j["domains"][1]["name"] = "chat"; }, "chat", "two domains");
  expect_refused([](Json& j) { j["domains"][2].erase("adapter"); }, "domain 3", "\"train\"");
  expect_refused([](Json& j) { j["domains"][0]["adapter"] = "code"; }, "domain 1", "\"train\"");
  expect_refused([](Json& j) { j["domains"][2]["adapter"] = "poems"; }, "arena", "\"poems\"");
  expect_refused([](Json& j) { j["domains"].erase(1); }, "domains", "two with training data");
}

TEST(Spec, DomainsAreKeptByName) {
  Json json = sample();
  json["domains"].push_back(domain("law"));
  EvalSpec spec = parse_spec(json.dump()).value();
  ASSERT_TRUE(keep_domains(spec, {}));
  EXPECT_EQ(spec.domains.size(), 4u);
  ASSERT_TRUE(keep_domains(spec, {"law", "chat"}));
  ASSERT_EQ(spec.domains.size(), 2u);
  EXPECT_EQ(spec.domains[0].name, "chat");
  EXPECT_EQ(spec.domains[1].name, "law");

  spec = parse_spec(json.dump()).value();
  const Status unknown = keep_domains(spec, {"chat", "poems"});
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("no domain \"poems\"; there are: chat, code, arena, law"), std::string::npos)
      << unknown.error().message;
  EXPECT_EQ(spec.domains.size(), 4u);
  EXPECT_FALSE(keep_domains(spec, {"arena", "code", "law"}));  // without chat, whose adapter it takes
}

TEST(Spec, TheOneInTheTreeIsRead) {
  const auto text = read_file(KOAN_SOURCE_DIR "/evals/lossless.json", 1 << 20);
  ASSERT_TRUE(text) << text.error().message;
  const auto spec = parse_spec(as_text(*text));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->domains.size(), 11u);
  EXPECT_EQ(adapter_names(*spec).size(), 10u);
}

}  // namespace
}  // namespace koan
