#!/usr/bin/env python3
"""A small deterministic LoRA for a GGUF model, for the tests of koan adapters: make_adapter.py MODEL OUT [KEY=VALUE...]

It changes every attn_q of the model at rank 2. KEY: name, seed, scale (size of the values), base (none: the model is not
named; HEX: another hash), gain (held-out bits before and after, 2.0 and this), rank, profile (text, prompt, both)."""
import hashlib
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from gguf_reader import Reader


def read_model(data):
    r = Reader(data)
    assert r.take("<I") == 0x46554747 and r.take("<I") == 3
    tensors, pairs = r.take("<Q"), r.take("<Q")
    metadata = {}
    for _ in range(pairs):
        key = r.string()
        metadata[key] = r.value(r.take("<I"))
    shapes = {}
    for _ in range(tensors):
        name = r.string()
        shapes[name] = [r.take("<Q") for _ in range(r.take("<I"))]
        r.take("<I"), r.take("<Q")
    return metadata, shapes


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def pair(key, value):
    if isinstance(value, str):
        return text(key) + struct.pack("<I", 8) + text(value)
    if isinstance(value, float):
        return text(key) + struct.pack("<If", 6, value)
    if isinstance(value, list):
        return text(key) + struct.pack("<IIQ", 9, 5, len(value)) + struct.pack("<%di" % len(value), *value)
    return text(key) + struct.pack("<IQ", 10, value)


def main(model, out, options):
    data = open(model, "rb").read()
    metadata, shapes = read_model(data)
    rank, scale, state = int(options.get("rank", 2)), float(options.get("scale", 0.02)), int(options.get("seed", 1))

    def values(n):
        nonlocal state
        drawn = []
        for _ in range(n):
            state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
            drawn.append(((state >> 40) / 2**23 - 1) * scale)
        return struct.pack("<%df" % n, *drawn)

    keys = {"general.type": "adapter", "general.architecture": metadata["general.architecture"], "adapter.type": "lora",
            "adapter.lora.alpha": float(2 * rank)}
    if options.get("name"):
        keys["general.name"] = options["name"]
    if options.get("base") != "none":
        keys["koan.adapter.base_sha256"] = options.get("base") or hashlib.sha256(data).hexdigest()
        keys["koan.adapter.base_name"] = metadata.get("general.name", "model")
    keys.update({"koan.adapter.data_bytes": 12345, "koan.adapter.documents": 7, "koan.adapter.trained_tokens": 4096,
                 "koan.adapter.seed": 1, "koan.adapter.created": "2026-01-02T03:04:05Z"})
    if "gain" in options:
        keys.update({"koan.adapter.heldout_bits_before": 2.0, "koan.adapter.heldout_bits_after": float(options["gain"]),
                     "koan.adapter.heldout_bytes": 1000})
    for kind in ("text", "prompt"):
        if options.get("profile") in (kind, "both"):
            keys["koan.router." + kind] = [1] + [-12 * 256] * 4096
    infos, tensors = b"", b""
    names = [name for name in shapes if name.endswith(".attn_q.weight")]
    for name in names:
        width, rows = shapes[name]
        for suffix, shape in ((".lora_a", (width, rank)), (".lora_b", (rank, rows))):
            infos += text(name + suffix) + struct.pack("<IQQIQ", 2, *shape, 0, len(tensors))
            tensors += values(shape[0] * shape[1])
            tensors += bytes(-len(tensors) % 32)
    head = struct.pack("<IIQQ", 0x46554747, 3, 2 * len(names), len(keys))
    head += b"".join(pair(key, value) for key, value in keys.items()) + infos
    with open(out, "wb") as file:
        file.write(head + bytes(-len(head) % 32) + tensors)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], dict(word.split("=", 1) for word in sys.argv[3:]))
