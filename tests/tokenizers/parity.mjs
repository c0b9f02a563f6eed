// koan's token ids beside those that llama.cpp's test files expect and those of a reference tokenizer, for real vocabularies.
//   node parity.mjs TOKEN_IDS SOURCE CORPUS [FILE.md]
// TOKEN_IDS: the program built from token_ids.cpp. Vocabularies: .cache/tokenizers (install.sh) and the corpus. Exit status 1 if an id
// differs, or if a vocabulary that is cut wrongly on purpose is not noticed. bench/README.md, Token ids.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { Tokenizer } from "../../.cache/tokenizers/reference/tokenizers.mjs";
import { kSeparator, moreTexts, vectors } from "./texts.mjs";

const [program, source, corpus, table] = process.argv.slice(2);
const cache = `${source}/.cache/tokenizers`, weights = `${corpus}/weights`;
const work = mkdtempSync(`${tmpdir()}/koan-tokenizers-`);
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

// vectors: of llama.cpp, by its name. front: what the vocabulary's normalizer puts before a text and koan does not.
const cases = [
  { name: "Llama 3", folder: "llama3", vectors: "llama-bpe" },
  { name: "Qwen2.5", folder: "qwen2_5", vectors: "qwen2" },
  { name: "Qwen3", folder: "qwen3", vectors: "qwen2" },
  { name: "SmolLM2", file: "smollm2-tokenizer.json" },
  { name: "GPT-NeoX", file: "gpt-neox-20B_tokenizer.json", vectors: "mpt" },
  { name: "Mistral 7B", folder: "mistral", front: " " },
  { name: "Gemma", folder: "gemma" },
  { name: "Gemma 3", folder: "gemma3" },
];

// A folder with tokenizer.json and tokenizer_config.json.
function folderOf(one) {
  if (one.folder) return `${cache}/${one.folder}`;
  const folder = `${work}/${one.file}`;
  mkdirSync(folder);
  copyFileSync(`${weights}/tokenizers/${one.file}`, `${folder}/tokenizer.json`);
  writeFileSync(`${folder}/tokenizer_config.json`, "{}");
  return folder;
}
const read = (folder, name) => JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8"));

function koanIds(folder, texts) {
  writeFileSync(`${work}/texts`, texts.map((text) => text + kSeparator).join(""));
  const lines = execFileSync(program, [folder, `${work}/texts`], { encoding: "utf8", maxBuffer: 1 << 30 }).split("\n").slice(0, -1);
  if (lines.length !== texts.length) throw new Error(`${folder}: ${lines.length} lines of ids for ${texts.length} texts`);
  return lines;
}

// The reference's "Digits" knows 0 to 9 only; the original means any number, as does llama.cpp's pattern for these vocabularies.
function withAllNumbers(part) {
  if (part?.type === "Sequence") return { ...part, pretokenizers: part.pretokenizers.map(withAllNumbers) };
  return part?.type === "Digits" ? { type: "Split", pattern: { Regex: "\\p{N}" }, behavior: "Isolated", invert: false } : part;
}
function reference(folder) {
  const json = read(folder, "tokenizer");
  const tokenizer = new Tokenizer({ ...json, pre_tokenizer: withAllNumbers(json.pre_tokenizer) }, read(folder, "tokenizer_config"));
  return (text) => tokenizer.encode(text, { add_special_tokens: false }).ids.join(" ");
}

// Where koan means to differ (docs/tokenizers.md): what looks like a control token is text; so is SentencePiece's sign for a space.
function comparable(json) {
  const not = json.added_tokens.filter((token) => token.special).map((token) => token.content);
  if (json.model.byte_fallback) not.push("\u2581");
  return (text) => text !== "" && !not.some((one) => text.includes(one));
}

// How many of `wanted` koan gets right; the first others are shown.
function right(name, texts, wanted, got) {
  const wrong = texts.map((_, i) => i).filter((i) => got[i] !== wanted[i]);
  for (const i of wrong.slice(0, 3)) {
    const a = got[i].split(" "), b = wanted[i].split(" "), at = a.findIndex((id, k) => id !== b[k]);
    console.log(`${name}, text ${i}, from token ${at}: koan ${a.slice(at, at + 8).join(" ")}, expected ${b.slice(at, at + 8).join(" ")}\n  ${JSON.stringify(texts[i])}`);
  }
  return texts.length - wrong.length;
}

const more = moreTexts(source, corpus);
let bad = 0;
const rows = [];
for (const one of cases) {
  const folder = folderOf(one), encode = reference(folder), front = one.front ?? "";
  const row = { name: one.name, tokens: 0, vectors: "", more: "" };
  if (one.vectors) {
    const expected = vectors(weights, one.vectors), texts = expected.map((v) => v.text), ids = expected.map((v) => v.ids);
    const ours = right(one.name, texts, ids, koanIds(folder, texts)), theirs = texts.filter((text, i) => encode(text) === ids[i]).length;
    if (ours !== 46 || theirs !== 46) bad = 1;
    row.vectors = `${ours} of 46 (${one.vectors})`;
    if (theirs !== 46) console.log(`${one.name}: the reference gets ${theirs} of 46 right`);
  }
  const texts = more.filter(comparable(read(folder, "tokenizer")));
  const got = koanIds(folder, texts.map((text) => front + text));
  const equal = right(one.name, texts, texts.map(encode), got);
  if (equal !== texts.length || texts.length < 0.99 * more.length) bad = 1;
  row.more = `${equal} of ${texts.length}`;
  row.tokens = got.reduce((sum, line) => sum + line.split(" ").length, 0);
  rows.push(row);
  console.log(`${row.name}: ${row.vectors || "no vectors"}; ${row.more} texts, ${row.tokens} tokens`);
}

// Control: Llama 3's vocabulary with numbers one by one must be noticed.
const control = `${work}/control`;
mkdirSync(control);
copyFileSync(`${cache}/llama3/tokenizer_config.json`, `${control}/tokenizer_config.json`);
const whole = readFileSync(`${cache}/llama3/tokenizer.json`, "utf8"), cut = whole.replace("\\\\p{N}{1,3}", "\\\\p{N}");
if (cut === whole) throw new Error("the control is Llama 3's vocabulary itself");
writeFileSync(`${control}/tokenizer.json`, cut);
const expected = vectors(weights, "llama-bpe"), made = koanIds(control, expected.map((v) => v.text));
const noticed = expected.filter((v, i) => v.ids !== made[i]).length;
console.log(`control, numbers one by one: ${noticed} of 46 differ`);
if (noticed < 5) bad = 1;

if (table && !bad) {
  const packages = readFileSync(`${source}/tests/tokenizers/packages.tsv`, "utf8").trim().split("\n").slice(1).map((line) => line.split("\t"));
  const from = (one) => packages.find((p) => p[0] === one.folder)?.[1] ?? `${one.file} (corpus)`;
  const characters = more.reduce((sum, text) => sum + [...text].length, 0);
  writeFileSync(table, `# Token ids: koan, llama.cpp's test files, a reference tokenizer

Written by \`tests/tokenizers/parity.sh --write\` (bench/README.md, Token ids). Equal texts; a text is equal if all its ids are. *vectors*: llama.cpp's 46 texts with the ids
it expects, which the reference gets right too. *texts*: ${more.length} more with ${characters} characters, koan beside ${packages.find((p) => p[0] === "reference")[1]}; *tokens*: koan's for these.

| vocabulary | from | vectors | texts | tokens |
|---|---|---|---|---|
${rows.map((r, i) => `| ${r.name} | ${from(cases[i])} | ${r.vectors || "none"} | ${r.more} | ${r.tokens} |`).join("\n")}

Control: Llama 3's vocabulary with numbers cut one by one differs in ${noticed} of 46 vectors.
`);
}
process.exitCode = bad;
