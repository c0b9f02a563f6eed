#!/usr/bin/env python3
"""A model of SmolLM2-135M's shape in Q8_0 for measuring speed: smollm_shape.py OUT.gguf TEXT...

Random weights. The vocabulary is byte-level BPE with 48895 merges: beginnings of the words of TEXT, then of random letters."""
import collections
import os
import re
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/parity"))
import gguf
import models

WIDTH, LAYERS, HEADS, KV_HEADS, HEAD, FEED_FORWARD, VOCABULARY = 576, 30, 9, 3, 64, 1536, 49152

def merges_of(words):
    """[(left, right)]: a word's beginnings, each one symbol longer"""
    merges, known = [], set(models.byte_symbols())
    random = np.random.default_rng(5)
    letters = list("etaoinshrdlu")

    def add(word):
        for end in range(2, len(word) + 1):
            if word[:end] not in known and len(merges) < VOCABULARY - 257:
                known.add(word[:end])
                merges.append((word[:end - 1], word[end - 1]))

    for word, _ in words.most_common():
        add(word)
    while len(merges) < VOCABULARY - 257:
        add("\u0120" + "".join(random.choice(letters, 8)))
    return merges


def words_of(paths):
    symbols, words = models.byte_symbols(), collections.Counter()
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as file:
            for piece in re.findall(r" ?[^\W\d_]+| ?\d+| ?[^\s\w]+|\s+", file.read()):
                words["".join(symbols[b] for b in piece.encode())] += 1
    return words


def random_tensors():
    random, tensors = np.random.default_rng(1), {}

    def matrix(name, rows, columns):
        tensors[name] = ("Q8_0", random.standard_normal((rows, columns), np.float32) / np.float32(np.sqrt(columns)))

    def norm(name):
        tensors[name] = ("F32", np.ones(WIDTH, np.float32))

    matrix("token_embd.weight", VOCABULARY, WIDTH)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        norm(block + "attn_norm.weight")
        norm(block + "ffn_norm.weight")
        for which, rows in (("q", HEADS * HEAD), ("k", KV_HEADS * HEAD), ("v", KV_HEADS * HEAD)):
            matrix(f"{block}attn_{which}.weight", rows, WIDTH)
        matrix(block + "attn_output.weight", WIDTH, HEADS * HEAD)
        matrix(block + "ffn_gate.weight", FEED_FORWARD, WIDTH)
        matrix(block + "ffn_up.weight", FEED_FORWARD, WIDTH)
        matrix(block + "ffn_down.weight", WIDTH, FEED_FORWARD)
    norm("output_norm.weight")
    return tensors


def main():
    tokenizer = models.byte_level_tokenizer(VOCABULARY, merges_of(words_of(sys.argv[2:])))
    sizes = {
        "block_count": LAYERS, "embedding_length": WIDTH, "feed_forward_length": FEED_FORWARD, "context_length": 8192, "vocab_size": VOCABULARY,
        "attention.head_count": HEADS, "attention.head_count_kv": KV_HEADS, "attention.layer_norm_rms_epsilon": 1e-5, "rope.freq_base": 100000.0,
        "rope.dimension_count": HEAD,
    }
    general = {"general.architecture": "llama", "general.name": "random-smollm2-135m", "general.quantization_version": 2}
    metadata = general | {f"llama.{key}": value for key, value in sizes.items()} | tokenizer
    gguf.write(sys.argv[1], metadata, random_tensors())


main()
