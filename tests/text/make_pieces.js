// Writes pieces.tsv: how JavaScript's regular expressions cut texts by the patterns of src/text/pretokenizer.h.
//   node tests/text/make_pieces.js        (not part of ./check)
// A line: pattern, TAB, text in hexadecimal, TAB, lengths of the pieces in bytes.
const fs = require('fs'), path = require('path');
const gpt2 = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
const modern = n => new RegExp(`'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,${n}}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`, 'gu');
const cut = (pattern, text) => [...text.matchAll(pattern)].map(m => m[0]);
const smollm = text => text.split(/(\p{N})/u).flatMap((part, i) => i % 2 ? [part] : part ? cut(gpt2, part) : []);
const patterns = {'gpt-2': t => cut(gpt2, t), 'llama-bpe': t => cut(modern(3), t), 'qwen2': t => cut(modern(1), t), 'smollm': smollm};

let state = 12345;
const random = n => (state = (state * 1103515245 + 12345) % 2147483648, Math.floor(state / 65536) % n);
// White space as of JavaScript's \s less U+FEFF, which Unicode does not count; U+0085 is missing there and so not used.
const atoms = ["a", "b", "Zq", "the", "é", "ß", "日本", "не", "ا", "1", "23", "4567", "٣", "Ⅷ", "½", " ", " ", " ", "  ", "\t", "\n", "\r\n", "\n\n", "\u00a0", "\u2003", ".",
  ",", "!?", "'", "'s", "'S", "'re", "'LL", "'v", "’", "-", "_", "$", "(", ")", "{\n", "😀", "👩‍🚀", "\u0301", "\u200d", "<|x|>", "#", "//"];
const texts = ["", "I'm here, they'll go. I'M HERE, THEY'LL GO.", "a  b\n\n  c\n \n d   ", "x1234567 89\n", "if (a) {\n\tb();\r\n}\r\n", "   \n\n\n  \t x", "   7", " ' 's", "\n\n"];
for (let i = 0; i < 500; ++i) texts.push(Array.from({length: 1 + random(14)}, () => atoms[random(atoms.length)]).join(''));
const lines = [];
for (const [name, run] of Object.entries(patterns)) for (const text of texts) {
  const pieces = run(text);
  if (pieces.join('') !== text) throw new Error(`${name}: ${JSON.stringify(text)}`);
  lines.push([name, Buffer.from(text).toString('hex'), pieces.map(p => Buffer.byteLength(p)).join(' ')].join('\t'));
}
fs.writeFileSync(path.join(__dirname, 'pieces.tsv'), lines.join('\n') + '\n');
console.log(lines.length, 'cases');
