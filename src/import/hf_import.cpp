// The whole of it: configuration, weights, tokenizer.
#include "import/hf_model.h"
#include "text/hf_tokenizer.h"

namespace koan {
namespace {

constexpr const char* kTokenizer = "tokenizer.json";
constexpr const char* kTemplate = "chat_template.jinja";

Result<Bytes> read_if_there(const HfFolder& folder, const char* name) {
  if (!folder.has(name)) return Bytes{};
  return folder.read(name, kMaxHfTokenizerBytes);
}

Status add_tokenizer(const HfFolder& folder, GgufFile& out) {
  if (!folder.has(kTokenizer)) {
    return Error{ErrorCode::kUsage,
                 std::string("there is no ") + kTokenizer +
                     (folder.has("tokenizer.model") ? ", and koan does not read tokenizer.model; load the folder with "
                                                      "Transformers' AutoTokenizer and save_pretrained it"
                                                    : "")};
  }
  KOAN_ASSIGN(const Bytes tokenizer, folder.read(kTokenizer, kMaxHfTokenizerBytes));
  KOAN_ASSIGN(const Bytes config, read_if_there(folder, "tokenizer_config.json"));
  KOAN_TRY(read_hf_tokenizer(tokenizer, config, out));  // fit_vocabulary() sees to the number of tokens
  // save_pretrained keeps the template in a file of its own; it counts before tokenizer_config.json.
  KOAN_ASSIGN(const Bytes chat, read_if_there(folder, kTemplate));
  if (!chat.empty()) out.metadata["tokenizer.chat_template"] = std::string(as_text(chat));
  return {};
}

}  // namespace

Result<Bytes> import_hf(const HfFolder& folder, const ImportProgress& progress) {
  KOAN_ASSIGN(const HfConfig config, read_hf_config(folder));
  GgufFile tokenizer;  // before gigabytes are read
  KOAN_TRY(add_tokenizer(folder, tokenizer));
  if (auto fitted = fit_vocabulary(tokenizer, config.vocabulary); !fitted)
    return std::move(fitted).error().in(kTokenizer);
  KOAN_ASSIGN(HfModel model, read_hf_model(folder, config, progress));
  // Start and end tokens that it names count before those of config.json.
  for (auto& [key, value] : tokenizer.metadata) model.file.metadata[key] = std::move(value);
  return write_gguf(model.file);
}

}  // namespace koan
