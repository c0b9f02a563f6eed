// Tokens per second of llama.cpp through node-llama-cpp: llama_cpp.mjs MODEL.gguf TEXT THREADS PREFILL DECODE
// One line of JSON. Only llama.cpp's own decoding is timed (initBatch, addToBatch, decodeBatch of the pinned version's addon), no sampling.
//   prefill         PREFILL tokens of TEXT in one batch, the distribution after the last alone
//   prefill_logits  the same with the distribution after each, which compression needs
//   decode          the next DECODE tokens one at a time, with each one's distribution
import { readFileSync } from "node:fs";
import { getLlama, LlamaLogLevel } from "../../.cache/llama_cpp/node_modules/node-llama-cpp/dist/index.js";

const [modelPath, textPath, threads, prefill, decode] = process.argv.slice(2).map((word, at) => (at < 2 ? word : Number(word)));

const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: threads });
const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
const tokens = Uint32Array.from(model.tokenize(readFileSync(textPath, "utf8")).slice(0, prefill + decode));
if (tokens.length < prefill + decode) throw new Error(`${textPath} has ${tokens.length} tokens, ${prefill + decode} are needed`);

async function decodeBatch(ctx, at, batch, wanted) {
  ctx.initBatch(batch.length);
  ctx.addToBatch(0, at, batch, Uint32Array.from(wanted));
  await ctx.decodeBatch();
}

async function rates() {
  const context = await model.createContext({ contextSize: prefill + decode, batchSize: prefill, threads, ignoreMemorySafetyChecks: true });
  const ctx = context._ctx;
  const head = tokens.slice(0, prefill);
  const time = async (count, work) => {
    const start = process.hrtime.bigint();
    await work();
    return count / (Number(process.hrtime.bigint() - start) / 1e9);
  };
  const plain = await time(prefill, () => decodeBatch(ctx, 0, head, [prefill - 1]));
  ctx.disposeSequence(0);
  const every = await time(prefill, () => decodeBatch(ctx, 0, head, head.keys()));
  const single = await time(decode, async () => {
    for (let at = prefill; at < prefill + decode; at++) await decodeBatch(ctx, at, tokens.slice(at, at + 1), [0]);
  });
  await context.dispose();
  return { prefill: plain, prefill_logits: every, decode: single };
}

await rates(); // warms caches and clocks
console.log(JSON.stringify({ threads, ...(await rates()) }));
await model.dispose();
await llama.dispose();
