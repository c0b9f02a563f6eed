// koan-train: from text to a GGUF model. Everything here may throw below (LibTorch); it stops in main.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "adapt/adapt_options.h"
#include "adapt/commands.h"

namespace koan {
namespace {

Status g_status;

void add_data_commands(CLI::App& app) {
  static TokenizerOptions tokenizer;
  auto* t = app.add_subcommand("tokenizer", "Train a byte-level BPE vocabulary");
  t->add_option("--data", tokenizer.data, "PATH[:WEIGHT] of .jsonl.zst files")->required();
  t->add_option("--vocab", tokenizer.vocab, "Tokens in all");
  t->add_option("--sample-mb", tokenizer.sample_mb, "Text to read in all, split by weight")->check(CLI::PositiveNumber);
  t->add_option("-o,--out", tokenizer.out, "GGUF file to write")->required();
  t->callback([] { g_status = run_tokenizer(tokenizer); });

  static PackOptions pack;
  auto* p = app.add_subcommand("pack", "Turn documents into token files");
  p->add_option("--tokenizer", pack.tokenizer, "GGUF file with the vocabulary")->required();
  p->add_option("--data", pack.data, "PATH[:WEIGHT]; weights are shares of the training tokens")->required();
  p->add_option("--limit-mb", pack.limit_mb, "At most this much text per source; 0 is all")
      ->check(CLI::NonNegativeNumber);
  p->add_option("--prompt", pack.prompt_field,
                "Field of the records that is read in front of their text but not learned");
  p->add_option("-o,--out", pack.out, "Folder to write")->required();
  p->callback([] { g_status = run_pack(pack); });
}

void add_pretrain_command(CLI::App& app) {
  static PretrainOptions o;
  auto* c = app.add_subcommand("pretrain", "Train a model from scratch, or continue with --resume");
  c->add_option("--data", o.data, "Pack to train on")->required();
  c->add_option("--valid", o.valid, "Pack to measure bits per byte on")->required();
  c->add_option("--out", o.out, "Folder for checkpoints and the log")->required();
  c->add_option("--device", o.device)->check(CLI::IsMember({"cpu", "cuda"}));
  c->add_flag("--resume", o.resume, "Continue the checkpoint in --out; the model's shape comes from it");
  c->add_option("--init", o.init, "Start from the weights of this GGUF model, which gives the shape too");
  c->add_option("--seed", o.seed);
  c->add_option("--threads", o.threads, "0: one for each core")->check(CLI::NonNegativeNumber);
  c->add_option("--width", o.width);
  c->add_option("--layers", o.layers);
  c->add_option("--heads", o.heads);
  c->add_option("--kv-heads", o.kv_heads);
  c->add_option("--head-dim", o.head_dim);
  c->add_option("--feed-forward", o.feed_forward);
  c->add_option("--steps", o.steps)->check(CLI::PositiveNumber);
  c->add_option("--minutes", o.minutes, "Length of the run in wall minutes instead of steps")
      ->check(CLI::NonNegativeNumber);
  c->add_option("--batch-tokens", o.batch_tokens)->check(CLI::PositiveNumber);
  c->add_option("--seq-schedule", o.seq_schedule, "PROGRESS:WINDOW,...");
  c->add_option("--schedule", o.schedule)->check(CLI::IsMember({"wsd", "cosine"}));
  c->add_option("--warmup", o.warmup, "Part of the run")->check(CLI::Range(0.0, 1.0));
  c->add_option("--decay", o.decay, "Part of the run (wsd)")->check(CLI::Range(0.0, 1.0));
  c->add_option("--muon-lr", o.muon_lr)->check(CLI::NonNegativeNumber);
  c->add_option("--adam-lr", o.adam_lr)->check(CLI::NonNegativeNumber);
  c->add_option("--weight-decay", o.weight_decay)->check(CLI::NonNegativeNumber);
  c->add_option("--clip", o.clip, "Largest gradient norm; 0 is no limit")->check(CLI::NonNegativeNumber);
  c->add_option("--eval-minutes", o.eval_minutes)->check(CLI::PositiveNumber);
  c->add_option("--checkpoint-minutes", o.checkpoint_minutes)->check(CLI::PositiveNumber);
  c->add_option("--eval-tokens", o.eval_tokens, "Per source; 0 is all")->check(CLI::NonNegativeNumber);
  c->callback([] { g_status = run_pretrain(o); });
}

void add_model_commands(CLI::App& app) {
  static ExportOptions e;
  auto* x = app.add_subcommand("export", "Write a checkpoint as a GGUF model (Q8_0)");
  x->add_option("--ckpt", e.checkpoint)->required();
  x->add_option("-o,--out", e.out)->required();
  x->add_option("--name", e.name);
  x->add_option("--license", e.license);
  x->add_option("--context-length", e.context_length)->check(CLI::PositiveNumber);
  x->add_option("--window", e.window, "Window that koan codes with by default; 0: the context length");
  x->callback([] { g_status = run_export(e); });

  static GrowOptions g;
  auto* w = app.add_subcommand("grow", "Enlarge a model without changing what it computes, to train it on");
  w->add_option("--model", g.model, "GGUF file")->required();
  w->add_option("-o,--out", g.out, "GGUF file to write; start from it with pretrain --init")->required();
  w->add_option("--layers", g.layers)->check(CLI::PositiveNumber);
  w->add_option("--feed-forward", g.feed_forward)->check(CLI::PositiveNumber);
  w->add_option("--name", g.name);
  w->add_option("--seed", g.seed);
  w->callback([] { g_status = run_grow(g); });

  static EvalOptions v;
  auto* c = app.add_subcommand("eval", "Bits per byte of held-out text");
  c->add_option("--ckpt,--model", v.model, "Checkpoint folder or GGUF file")->required();
  c->add_option("--valid", v.valid, "Pack of held-out text")->required();
  c->add_option("--window", v.window)->check(CLI::PositiveNumber);
  c->add_option("--tokens", v.tokens, "Per source; 0 is all")->check(CLI::NonNegativeNumber);
  c->add_option("--threads", v.threads, "0: one for each core")->check(CLI::NonNegativeNumber);
  c->add_option("--device", v.device)->check(CLI::IsMember({"cpu", "cuda"}));
  c->callback([] { g_status = run_eval(v); });
}

// As koan's own (docs/cli.md), so far as training has such errors.
int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUsage:
    case ErrorCode::kNotSupported:
      return 2;
    case ErrorCode::kIo:
      return 3;
    case ErrorCode::kCorrupt:
      return 4;
    case ErrorCode::kLimit:
      return 7;
    case ErrorCode::kVerification:
      return 8;
    case ErrorCode::kCancelled:
      return 130;
    default:
      return 1;
  }
}

// OpenMP threads that spin while they wait make training three to ten times slower on a machine that does other work
// too. libgomp reads the variable before main() begins, so the program starts itself again with it.
void wait_passively(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || ::setenv("OMP_WAIT_POLICY", "passive", 0) != 0) return;
  ::execv("/proc/self/exe", argv);  // comes back only where there is no /proc: then it is slower
}

int run(int argc, char** argv) {
  CLI::App app("Trains the language models of koan");
  app.require_subcommand(1);
  add_data_commands(app);
  add_pretrain_command(app);
  add_model_commands(app);
  static AdaptOptions adapt;
  add_adapt_command(app, adapt)->callback([] { g_status = run_adapt(adapt); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (g_status) return 0;
  std::fprintf(stderr, "koan-train: %s\n", g_status.error().message.c_str());
  return exit_code(g_status.error().code);
}

}  // namespace
}  // namespace koan

int main(int argc, char** argv) {
  koan::wait_passively(argv);
  try {
    return koan::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "koan-train: %s\n", error.what());
    return 1;
  }
}
