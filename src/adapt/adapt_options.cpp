#include "adapt/adapt_options.h"

namespace koan {

CLI::App* add_adapt_command(CLI::App& app, AdaptOptions& o) {
  auto* c = app.add_subcommand("adapt", "Train an adapter (LoRA) for a base model from text");
  c->add_option("INPUT", o.inputs, "Files, folders, JSONL (.jsonl, .jsonl.zst), or - for stdin")->required();
  c->add_option("-o,--output", o.out, "Adapter to write (GGUF)")->required();
  c->add_option("-m,--model", o.model, "GGUF file of the base model")->required();
  c->add_option("--model-name", o.model_name, "What to call the base model in the adapter");
  c->add_option("--name", o.name, "Name of the adapter; by default that of the file");
  c->add_option("--field", o.field, "JSONL: field with the text; by default \"text\", else \"response\"");
  c->add_option("--context-field", o.context_field, "JSONL: field with the prompt that the text follows");
  c->add_flag("--jsonl", o.jsonl, "Every input is JSONL, whatever its name");
  c->add_flag("-f,--force", o.force, "Replace the output, and a checkpoint that is there");
  c->add_flag("--resume", o.resume, "Go on from the checkpoint of a run that was stopped");
  c->add_flag("-q,--quiet", o.quiet, "Print the result only");
  c->add_option("--log", o.log, "Append the course of the run as JSON lines");
  c->add_option("--device", o.device)->check(CLI::IsMember({"cpu", "cuda"}));
  c->add_option("--seed", o.seed);
  c->add_option("-T,--threads", o.threads, "0: one for each core")->check(CLI::NonNegativeNumber);
  c->add_option("--rank", o.rank)->check(CLI::PositiveNumber);
  c->add_option("--alpha", o.alpha, "B A is multiplied by alpha / rank")->check(CLI::PositiveNumber);
  c->add_option("--targets", o.targets, "Matrices to adapt");
  c->add_option("--lr", o.lr, "Learning rate of A")->check(CLI::PositiveNumber);
  c->add_option("--b-factor", o.b_factor, "B learns at so many times the rate of A")->check(CLI::PositiveNumber);
  c->add_option("--weight-decay", o.weight_decay)->check(CLI::NonNegativeNumber);
  c->add_option("--clip", o.clip, "Largest gradient norm; 0 is no limit")->check(CLI::NonNegativeNumber);
  c->add_option("--warmup", o.warmup, "Part of the run")->check(CLI::Range(0.0, 0.9));
  c->add_option("--length", o.length, "Tokens of a row; 0: the model's coding window")->check(CLI::NonNegativeNumber);
  c->add_option("--batch-tokens", o.batch_tokens)->check(CLI::PositiveNumber);
  c->add_option("--epochs", o.epochs, "Passes over the text; 0: by its size")->check(CLI::NonNegativeNumber);
  c->add_option("--minutes", o.minutes, "Most minutes to train")->check(CLI::NonNegativeNumber);
  c->add_option("--steps", o.steps, "Most steps")->check(CLI::NonNegativeNumber);
  c->add_option("--heldout", o.held_out, "Share of the text that is only measured on")->check(CLI::Range(0.001, 0.5));
  c->add_option("--evaluations", o.evaluations, "Measure so often in the run")->check(CLI::PositiveNumber);
  c->add_option("--patience", o.patience, "Stop after so many measurements without gain; 0: never")
      ->check(CLI::NonNegativeNumber);
  return c;
}

}  // namespace koan
