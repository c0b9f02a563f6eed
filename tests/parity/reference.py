"""Next-token probabilities of a GGUF model in plain float64: the model families' definitions, nothing of koan's arithmetic.

Nothing is quantised or rounded on purpose; every position attends to all earlier ones, or to a local window where the
family has one."""
import numpy as np


class Reference:
    def __init__(self, metadata, tensors, adapter=None, wrong=None):
        """wrong: one operation done wrongly, to show that the comparison can fail: rope_pairing, bias, head_norms, divisors, caps,
        local_window, adapter_scale"""
        self.arch, self.meta, self.wrong = metadata["general.architecture"], metadata, wrong
        self.w = {name: values for name, (_, values) in tensors.items()}
        if adapter:
            self.add(*adapter)
        self.gemma = self.arch.startswith("gemma")
        self.heads = self.get("attention.head_count")
        self.kv_heads = self.get("attention.head_count_kv", self.heads)
        self.d = self.get("attention.key_length", self.get("embedding_length") // self.heads)
        self.eps = self.get("attention.layer_norm_rms_epsilon")
        self.caps = (0, 0) if wrong == "caps" or self.arch != "gemma2" else (
            self.get("attn_logit_softcapping", 50.0), self.get("final_logit_softcapping", 30.0))

    def get(self, key, fallback=None):
        value = self.meta.get(f"{self.arch}.{key}", fallback)
        assert value is not None, f"no {key}"
        return value

    def add(self, metadata, tensors):
        alpha = metadata["adapter.lora.alpha"]
        for name in [n[:-7] for n in tensors if n.endswith(".lora_a")]:
            a, b = tensors[name + ".lora_a"][1], tensors[name + ".lora_b"][1]
            scale = 1 if alpha == 0 or self.wrong == "adapter_scale" else alpha / a.shape[0]
            self.w[name] = self.w[name] + scale * (b @ a)

    def norm(self, x, name):
        return x / np.sqrt(np.mean(x * x, -1, keepdims=True) + self.eps) * self.w[name]

    def is_local(self, layer):
        if self.wrong == "local_window":
            return False
        return {"gemma2": layer % 2 == 0, "gemma3": layer % 6 != 5}.get(self.arch, False)

    def rotate(self, x, layer):
        """x [positions][heads][d]"""
        local = self.arch == "gemma3" and layer % 6 != 5
        base = 10000.0 if local else self.get("rope.freq_base", 10000.0)
        frequency = base ** (-2 * np.arange(self.d // 2) / self.d)
        if "rope_freqs.weight" in self.w and self.wrong != "divisors":
            frequency = frequency / self.w["rope_freqs.weight"]
        angle = np.arange(len(x))[:, None, None] * frequency
        pairs = (self.arch == "llama") != (self.wrong == "rope_pairing")
        first, second = (x[..., 0::2], x[..., 1::2]) if pairs else (x[..., :self.d // 2], x[..., self.d // 2:])
        turned = [first * np.cos(angle) - second * np.sin(angle), first * np.sin(angle) + second * np.cos(angle)]
        return np.stack(turned, -1).reshape(x.shape) if pairs else np.concatenate(turned, -1)

    def project(self, h, block, which, heads, layer):
        y = h @ self.w[f"{block}attn_{which}.weight"].T
        bias = f"{block}attn_{which}.bias"
        if bias in self.w and self.wrong != "bias":
            y = y + self.w[bias]
        y = y.reshape(len(h), heads, self.d)
        if which == "v":
            return y
        norm = f"{block}attn_{which}_norm.weight"
        if norm in self.w and self.wrong != "head_norms":
            y = self.norm(y, norm)
        return self.rotate(y, layer)

    def attention(self, h, block, layer):
        q, k, v = (self.project(h, block, which, n, layer) for which, n in (("q", self.heads), ("k", self.kv_heads), ("v", self.kv_heads)))
        share = self.heads // self.kv_heads
        scores = np.einsum("phd,jhd->hpj", q, np.repeat(k, share, 1)) / np.sqrt(self.d)
        if self.caps[0]:
            scores = self.caps[0] * np.tanh(scores / self.caps[0])
        back = np.arange(len(h))[:, None] - np.arange(len(h))
        hidden = back < 0
        if self.is_local(layer):
            hidden |= back >= self.get("attention.sliding_window")
        scores = np.where(hidden, -np.inf, scores)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        mixed = np.einsum("hpj,jhd->phd", weights, np.repeat(v, share, 1))
        return mixed.reshape(len(h), -1) @ self.w[block + "attn_output.weight"].T

    def feed_forward(self, h, block):
        gate = h @ self.w[block + "ffn_gate.weight"].T
        if self.gemma:
            gate = 0.5 * gate * (1 + np.tanh(np.sqrt(2 / np.pi) * (gate + 0.044715 * gate ** 3)))
        else:
            gate = gate / (1 + np.exp(-gate))
        return (gate * (h @ self.w[block + "ffn_up.weight"].T)) @ self.w[block + "ffn_down.weight"].T

    def probabilities(self, tokens):
        x = self.w["token_embd.weight"][tokens]
        if self.gemma:
            x = x * np.sqrt(x.shape[1])
        for layer in range(self.get("block_count")):
            block = f"blk.{layer}."
            for part, before, after in ((lambda h: self.attention(h, block, layer), "attn_norm", "post_attention_norm"),
                                        (lambda h: self.feed_forward(h, block), "ffn_norm", "post_ffw_norm")):
                y = part(self.norm(x, f"{block}{before}.weight"))
                x = x + (self.norm(y, f"{block}{after}.weight") if f"{block}{after}.weight" in self.w else y)
        logits = self.norm(x, "output_norm.weight") @ self.w.get("output.weight", self.w["token_embd.weight"]).T
        if self.caps[1]:
            logits = self.caps[1] * np.tanh(logits / self.caps[1])
        e = np.exp(logits - logits.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)
