"""Small random models whose predictions are sharp: entropy well below log2 of the vocabulary, attention that prefers some positions."""
import numpy as np

SHAPES = {  # layers, heads, kv heads, head size
    "llama": (3, 4, 2, 64), "qwen2": (3, 4, 2, 64), "qwen3": (3, 4, 2, 128), "gemma": (3, 4, 1, 64), "gemma2": (4, 4, 2, 64), "gemma3": (6, 4, 2, 64),
}
WIDTH, FEED_FORWARD, VOCABULARY, CONTEXT = 256, 512, 320, 256


def byte_symbols():
    """GPT-2's printable code point of each byte"""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(b) if b in kept else chr(next(others)) for b in range(256)]


def byte_level_tokenizer(size, merges, pre="gpt-2"):
    """256 bytes, what merges [(left, right)] join, a begin-of-text token; as GGUF metadata."""
    tokens = byte_symbols() + [left + right for left, right in merges] + ["<|endoftext|>"]
    assert len(tokens) == size == len(set(tokens))
    return {
        "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": pre, "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [1] * (size - 1) + [3], "tokenizer.ggml.merges": [f"{a} {b}" for a, b in merges],
        "tokenizer.ggml.bos_token_id": size - 1, "tokenizer.ggml.eos_token_id": size - 1, "tokenizer.ggml.add_bos_token": False,
    }


def small_tokenizer():
    letters = [(a, b) for a in "etaoinsr" for b in "etaoinsr"]
    return byte_level_tokenizer(VOCABULARY, letters[:VOCABULARY - 257])


class RandomModel:
    def __init__(self, arch, kind, tied=True, divisors=False, seed=1):
        self.random, self.arch, self.kind = np.random.default_rng(seed), arch, kind
        self.layers, self.heads, self.kv_heads, self.d = SHAPES[arch]
        self.tensors = {}
        self.matrix("token_embd.weight", VOCABULARY, WIDTH, 1.0)
        if not tied:
            self.matrix("output.weight", VOCABULARY, WIDTH, 1.0)
        if divisors:
            self.tensors["rope_freqs.weight"] = ("F32", np.geomspace(1, 8, self.d // 2))
        for layer in range(self.layers):
            self.block(f"blk.{layer}.")
        # Logits get a standard deviation near 1.75. The divergence that roundings cause grows with its square.
        self.norm("output_norm.weight", WIDTH, 1.75)

    def matrix(self, name, rows, columns, gain):
        self.tensors[name] = (self.kind, self.random.normal(0, gain / np.sqrt(columns), (rows, columns)))

    def norm(self, name, size, gain=1.0):
        self.tensors[name] = ("F32", gain * self.random.uniform(0.7, 1.3, size))

    def block(self, block):
        # Gemma multiplies embeddings by 16; what blocks add must not drown in them, or the model repeats its last token.
        gain = 6.0 if self.arch.startswith("gemma") else 1.0
        self.norm(block + "attn_norm.weight", WIDTH)
        for which, heads in (("q", self.heads), ("k", self.kv_heads), ("v", self.kv_heads)):
            self.matrix(f"{block}attn_{which}.weight", heads * self.d, WIDTH, 1.0)
            if self.arch == "qwen2":
                self.tensors[f"{block}attn_{which}.bias"] = ("F32", self.random.normal(0, 0.5, heads * self.d))
        if self.arch in ("qwen3", "gemma3"):
            self.norm(block + "attn_q_norm.weight", self.d)
            self.norm(block + "attn_k_norm.weight", self.d)
        self.matrix(block + "attn_output.weight", WIDTH, self.heads * self.d, 2.0 * gain)
        self.norm(block + "ffn_norm.weight", WIDTH)
        self.matrix(block + "ffn_gate.weight", FEED_FORWARD, WIDTH, 1.0)
        self.matrix(block + "ffn_up.weight", FEED_FORWARD, WIDTH, 1.0)
        self.matrix(block + "ffn_down.weight", WIDTH, FEED_FORWARD, 0.7 * gain)
        if self.arch in ("gemma2", "gemma3"):
            self.norm(block + "post_attention_norm.weight", WIDTH, gain)
            self.norm(block + "post_ffw_norm.weight", WIDTH, gain)

    def metadata(self):
        sizes = {
            "block_count": self.layers, "embedding_length": WIDTH, "feed_forward_length": FEED_FORWARD, "context_length": CONTEXT,
            "attention.head_count": self.heads, "attention.head_count_kv": self.kv_heads, "attention.key_length": self.d,
            "attention.value_length": self.d, "attention.layer_norm_rms_epsilon": 1e-6, "vocab_size": VOCABULARY,
            "rope.freq_base": 1e6 if self.arch == "gemma3" else 10000.0, "rope.dimension_count": self.d,
        }
        if self.arch in ("gemma2", "gemma3"):
            sizes["attention.sliding_window"] = 32
        if self.arch == "gemma2":  # caps that these scores and logits feel
            sizes["attn_logit_softcapping"], sizes["final_logit_softcapping"] = 5.0, 10.0
        general = {"general.architecture": self.arch, "general.name": f"random-{self.arch}", "general.quantization_version": 2}
        return general | {f"{self.arch}.{key}": value for key, value in sizes.items()} | small_tokenizer()


def adapter(model, rank=4, seed=2):
    """A LoRA for attention and feed-forward matrices of every block, strong enough to matter: (metadata, tensors)"""
    random, tensors = np.random.default_rng(seed), {}
    for name, (_, values) in model.tensors.items():
        if not any(name.endswith(f"{part}.weight") for part in ("attn_q", "attn_v", "attn_output", "ffn_gate", "ffn_down")):
            continue
        rows, columns = values.shape
        tensors[name + ".lora_a"] = ("F32", random.normal(0, 1 / np.sqrt(columns), (rank, columns)))
        tensors[name + ".lora_b"] = ("F32", random.normal(0, 0.02, (rows, rank)))
    metadata = {"general.type": "adapter", "general.architecture": model.arch, "general.name": "random-adapter", "adapter.type": "lora",
                "adapter.lora.alpha": 16.0}
    return metadata, tensors
