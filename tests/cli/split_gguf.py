#!/usr/bin/env python3
"""Cuts a GGUF model into parts, as llama.cpp's gguf-split does: split_gguf.py MODEL OUT COUNT writes OUT-00001-of-0000N.gguf, ..."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from gguf_reader import Reader


def padded(n):
    return (n + 31) // 32 * 32


class Model:
    def __init__(self, data):
        reader = Reader(data)
        magic, version, n_tensors, n_pairs = reader.take("<IIQQ")
        assert magic == 0x46554747 and version == 3
        start = reader.at
        for _ in range(n_pairs):
            reader.string()
            reader.value(reader.take("<I"))
        self.n_pairs, self.pairs = n_pairs, data[start:reader.at]
        self.tensors = []  # description without offset, data
        infos = [self.tensor(reader) for _ in range(n_tensors)]
        start = padded(reader.at)
        ends = [offset for _, offset in infos[1:]] + [len(data) - start]
        for (info, offset), end in zip(infos, ends):
            self.tensors.append((info, data[start + offset:start + end]))

    @staticmethod
    def tensor(reader):
        begin = reader.at
        reader.string()
        dimensions = reader.take("<I")
        reader.at += 8 * dimensions + 4
        return reader.data[begin:reader.at], reader.take("<Q")


def pair(key, kind, form, value):
    return struct.pack("<Q", len(key)) + key + struct.pack("<I", kind) + struct.pack(form, value)


def part(model, tensors, number, count):
    pairs = model.pairs if number == 0 else b""
    pairs += pair(b"split.no", 2, "<H", number) + pair(b"split.count", 2, "<H", count)
    pairs += pair(b"split.tensors.count", 5, "<i", len(model.tensors))
    n_pairs = 3 + (model.n_pairs if number == 0 else 0)
    out = struct.pack("<IIQQ", 0x46554747, 3, len(tensors), n_pairs) + pairs
    offset = 0
    for info, data in tensors:
        out += info + struct.pack("<Q", offset)
        offset += padded(len(data))
    out += bytes(padded(len(out)) - len(out))
    for _, data in tensors:
        out += data + bytes(padded(len(data)) - len(data))
    return out


def main():
    path, out, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with open(path, "rb") as file:
        model = Model(file.read())
    n = len(model.tensors)
    for i in range(count):
        tensors = model.tensors[n * i // count:n * (i + 1) // count]
        with open(f"{out}-{i + 1:05}-of-{count:05}.gguf", "wb") as file:
            file.write(part(model, tensors, i, count))


main()
