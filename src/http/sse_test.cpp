#include "http/sse.h"

#include <gtest/gtest.h>

namespace koan {
namespace {

using Events = std::vector<SseEvent>;

TEST(Sse, Events) {
  EXPECT_EQ(parse_sse("data: a\n\n"), (Events{{"message", "a"}}));
  EXPECT_EQ(parse_sse("event: x\ndata: a\n\ndata:b\n\n"), (Events{{"x", "a"}, {"message", "b"}}));
  EXPECT_EQ(parse_sse("data: a\ndata:  b\ndata\n\n"), (Events{{"message", "a\n b\n"}}));
  EXPECT_EQ(parse_sse("\xEF\xBB\xBF"
                      "data: a\n\n"),
            (Events{{"message", "a"}}));
  EXPECT_EQ(parse_sse("data: {\"a\": 1}\n\n"), (Events{{"message", "{\"a\": 1}"}}));
}

TEST(Sse, AnyEndOfALine) {
  const Events wanted{{"x", "a\nb"}, {"message", "c"}};
  for (const std::string end : {"\n", "\r", "\r\n"}) {
    std::string stream;
    for (const char* line : {"event: x", "data: a", "data: b", "", "data: c", ""}) stream += line + end;
    EXPECT_EQ(parse_sse(stream), wanted);
  }
  EXPECT_EQ(parse_sse("data: a\r\ndata: b\n\r\n"), (Events{{"message", "a\nb"}}));
}

TEST(Sse, WhatIsNoEvent) {
  EXPECT_EQ(parse_sse(""), Events());
  EXPECT_EQ(parse_sse(": keep-alive\n\n"), Events());
  EXPECT_EQ(parse_sse("event: ping\n\n"), Events());
  EXPECT_EQ(parse_sse("id: 1\nretry: 5\nnonsense\n\n"), Events());
  EXPECT_EQ(parse_sse("event: a\n\ndata: b\n\n"), (Events{{"message", "b"}}));  // a name is of one event
}

TEST(Sse, ACutStreamLosesWhatIsNotComplete) {
  const std::string stream = "event: x\ndata: a\n\nevent: y\ndata: b\n\n";
  for (std::size_t n = 0; n <= stream.size(); ++n) {
    const std::size_t complete = n == stream.size() ? 2 : n >= 18 ? 1 : 0;
    EXPECT_EQ(parse_sse(stream.substr(0, n)).size(), complete) << n;
  }
}

}  // namespace
}  // namespace koan
