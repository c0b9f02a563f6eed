// Next-token logits of llama.cpp, through node-llama-cpp: llama_cpp.mjs JOBS.json
// JOBS: [{model, adapter or null, tokens: [ids], out}]. out gets, after each token, one float32 logit per token of the vocabulary.
import { readFileSync, writeFileSync } from "node:fs";
import { getLlama, LlamaLogLevel } from "../../.cache/llama_cpp/node_modules/node-llama-cpp/dist/index.js";

const whole = { logits: true, options: { temperature: 1, topK: 0, topP: 1, minP: 0, seed: 1 } };

async function logitsOf(llama, job) {
  const model = await llama.loadModel({ modelPath: job.model, gpuLayers: 0 });
  const context = await model.createContext({
    contextSize: 256, batchSize: 256, sequences: 1, threads: 2, flashAttention: false, lora: job.adapter ?? undefined, ignoreMemorySafetyChecks: true,
  });
  const results = await context.getSequence().controlledEvaluate(job.tokens.map((token) => [token, { generateNext: whole }]));
  const size = results[0].next.logits.size;
  const out = new Float32Array(size * results.length);
  results.forEach((result, at) => {
    if (result.next.logits.size !== size) throw new Error(`${job.model}: ${result.next.logits.size} logits at ${at}, ${size} before`);
    for (const [token, logit] of result.next.logits) out[at * size + token] = logit;
  });
  writeFileSync(job.out, out);
  await model.dispose();
}

const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error });
for (const job of JSON.parse(readFileSync(process.argv[2], "utf8"))) await logitsOf(llama, job);
await llama.dispose();
