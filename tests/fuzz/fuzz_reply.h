// What holds for a reply of either interface, whatever a server sends.
#pragma once

#include "fuzz.h"
#include "remote/caller.h"

namespace koan::fuzz {

inline void check_reply(ReplyOrError (*read)(std::string_view, ReplyForm), std::string_view body) {
  for (const ReplyForm form : {ReplyForm::kWhole, ReplyForm::kStream}) {
    const ReplyOrError outcome = read(body, form);
    if (const auto* reply = std::get_if<RemoteReply>(&outcome)) {
      const auto again = reply_from_json(to_json(*reply));
      require(again.has_value() && again->reply.text == reply->reply.text, "a reply survives the cache");
      require(reply->has_usage || reply->reply.usage.output_tokens == 0, "what was not said is 0");
    } else {
      FailedAttempt failed;
      failed.error = std::get<ServerError>(outcome);
      const auto wait = retry_wait(failed, {});
      require(!wait || (wait->count() >= 0 && wait->count() <= 60'000), "a wait is at most a minute");
      require(!wait || !is_out_of_money(failed.error), "nothing is asked again without money");
    }
  }
  (void)read_server_error(500, body);
}

}  // namespace koan::fuzz
