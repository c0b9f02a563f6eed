#!/usr/bin/env python3
"""A Hugging Face folder of the weights and tokenizer of a qwen3 GGUF model in Q8_0: make_hf_folder.py MODEL FOLDER [SHARDS]"""
import json
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from gguf_reader import Reader

PARTS = {"attn_norm": "input_layernorm", "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
         "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
         "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj",
         "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}


def read_gguf(path):
    with open(path, "rb") as file:
        reader = Reader(file.read(), 8)
    n_tensors, n_pairs = reader.take("<Q"), reader.take("<Q")
    pairs = {}
    for _ in range(n_pairs):
        key = reader.string()
        pairs[key] = reader.value(reader.take("<I"))
    infos = []
    for _ in range(n_tensors):
        name = reader.string()
        shape = [reader.take("<Q") for _ in range(reader.take("<I"))]
        infos.append((name, shape, reader.take("<I"), reader.take("<Q")))
    start = (reader.at + 31) // 32 * 32
    tensors = {}
    for name, shape, kind, offset in infos:
        count = 1
        for extent in shape:
            count *= extent
        tensors[name] = (shape[::-1], floats(reader.data, start + offset, count, kind))
    return pairs, tensors


def floats(data, at, count, kind):
    if kind == 0:
        return data[at:at + 4 * count]
    assert kind == 8, "Q8_0 or F32"
    out = []
    for block in range(count // 32):
        values = struct.unpack_from("<e32b", data, at + 34 * block)
        out += [values[0] * q for q in values[1:]]
    return struct.pack(f"<{count}f", *out)


def hf_name(name):
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, layer, part, suffix = name.split(".")
    return f"model.layers.{layer}.{PARTS[part]}.{suffix}"


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, (shape, values) in tensors.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def config(pairs):
    of = {key.split(".", 1)[1]: value for key, value in pairs.items() if key.startswith("qwen3.")}
    return {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": of["embedding_length"],
            "intermediate_size": of["feed_forward_length"], "num_hidden_layers": of["block_count"],
            "num_attention_heads": of["attention.head_count"], "num_key_value_heads": of["attention.head_count_kv"],
            "head_dim": of["attention.key_length"], "max_position_embeddings": of["context_length"],
            "rms_norm_eps": 1e-6, "vocab_size": of["vocab_size"], "tie_word_embeddings": True, "hidden_act": "silu",
            "rope_parameters": {"rope_type": "default", "rope_theta": of["rope.freq_base"]},
            "dtype": "float32", "transformers_version": "5.0.0", "bos_token_id": 0, "eos_token_id": 0}


def tokenizer(pairs):
    tokens, kinds = pairs["tokenizer.ggml.tokens"], pairs["tokenizer.ggml.token_type"]
    added = [{"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
              "special": True} for i, (token, kind) in enumerate(zip(tokens, kinds)) if kind == 3]
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
            "post_processor": None,
            "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "",
                      "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                      "vocab": {token: i for i, token in enumerate(tokens)}, "merges": pairs["tokenizer.ggml.merges"]}}


def main():
    path, folder, shards = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1
    pairs, tensors = read_gguf(path)
    named = {hf_name(name): tensor for name, tensor in tensors.items()}
    os.makedirs(folder, exist_ok=True)
    names = list(named)
    files = ["model.safetensors"] if shards == 1 else [f"model-{i + 1:05}-of-{shards:05}.safetensors" for i in range(shards)]
    for i, file in enumerate(files):
        write_safetensors(os.path.join(folder, file), {name: named[name] for name in names[i::shards]})
    documents = {"config.json": config(pairs), "tokenizer.json": tokenizer(pairs),
                 "tokenizer_config.json": {"bos_token": "<|bos|>", "eos_token": "<|bos|>", "add_bos_token": True,
                                           "tokenizer_class": "PreTrainedTokenizerFast"}}
    if shards > 1:
        documents["model.safetensors.index.json"] = {
            "metadata": {}, "weight_map": {name: files[i % shards] for i, name in enumerate(names)}}
    for name, document in documents.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False)


main()
