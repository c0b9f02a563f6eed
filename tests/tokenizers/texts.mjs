// The texts of the tests: llama.cpp's with the ids it expects, and more for which a reference tokenizer says the ids.
import { readFileSync } from "node:fs";

export const kSeparator = "\n__ggml_vocab_test__\n"; // llama.cpp's, between texts

// [{text, ids}] of llama.cpp's files for a vocabulary.
export function vectors(weights, name) {
  const stem = `${weights}/llamacpp-tokenizer-tests/ggml-vocab-${name}.gguf`;
  const texts = readFileSync(`${stem}.inp`, "utf8").split(kSeparator).slice(0, -1);
  const lines = readFileSync(`${stem}.out`, "utf8").split("\n").slice(0, -1);
  if (texts.length !== lines.length || texts.length !== 46) throw new Error(`${stem}: ${texts.length} texts, ${lines.length} lines of ids`);
  return texts.map((text, i) => ({ text, ids: lines[i].trim() }));
}

// Characters of Unicode 14.0, less those that this Node.js, which knows a newer Unicode, takes for another class.
function characters(source) {
  const numbers = readFileSync(`${source}/src/text/unicode_14.inl`, "utf8").match(/0x[0-9A-F]+(?=,| *})/g).map(Number);
  const patterns = [/^[^\p{L}\p{N}\s]$/u, /^\p{L}$/u, /^\p{N}$/u, /^[\s\u0085]$/u];
  const out = [];
  for (let code = 0x80, at = 0; code < 0x110000; ++code) {
    while (at + 1 < numbers.length && numbers[at + 1] >> 2 <= code) ++at;
    if (code >= 0xd800 && code < 0xe000) continue;
    const c = String.fromCodePoint(code);
    if (/^[^\p{Cn}\p{Co}]$/u.test(c) && patterns[numbers[at] & 3].test(c)) out.push(c);
  }
  return out;
}

// Pieces of some 4000 characters that end with a line.
function chunks(text) {
  const out = [];
  for (let at = 0; at < text.length; ) {
    const line = text.indexOf("\n", at + 4000);
    const end = line < 0 ? text.length : line + 1;
    out.push(text.slice(at, end));
    at = end;
  }
  return out;
}

// Every character of Unicode between others and spaces, in order and at random; the texts of pieces.tsv; real texts of the corpus. In
// normal form C, which some vocabularies have a text brought to first and koan, which must give back what was there, does not.
export function moreTexts(source, corpus) {
  const all = characters(source).filter((c) => c.normalize("NFC") === c);
  const out = [];
  for (let i = 0; i < all.length; i += 200) out.push(all.slice(i, i + 200).join(" "));
  let state = 12345;
  const random = (n) => ((state = (state * 1103515245 + 12345) % 2147483648), Math.floor((state / 2147483648) * n));
  const between = ["", " ", "a", "1", ".", "\n", "  ", "'s"];
  for (let i = 0; i < 600; ++i) out.push(Array.from({ length: 100 }, () => all[random(all.length)] + between[random(between.length)]).join(""));
  for (const line of readFileSync(`${source}/tests/text/pieces.tsv`, "utf8").split("\n"))
    if (line.startsWith("gpt-2\t")) out.push(Buffer.from(line.split("\t")[1], "hex").toString());
  for (const name of ["chat_arena_gpt4", "code_answers", "math_competition", "wikipedia"])
    out.push(...chunks(readFileSync(`${corpus}/test/whole/${name}.txt`, "utf8")));
  return out.map((text) => text.normalize("NFC")).filter((text) => !text.includes(kSeparator));
}
