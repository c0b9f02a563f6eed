"""GGUF version 3, read and written with numpy: what the parity tests need of it (little-endian, alignment 32)."""
import os
import struct
import sys

import numpy as np

import blocks

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from gguf_reader import ARRAY, STRING, Reader

U32, I32, F32 = 4, 5, 6


def padded(n):
    return (n + 31) // 32 * 32


def _string(text):
    raw = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(value):
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", U32, value)
    if isinstance(value, float):
        return struct.pack("<If", F32, value)
    if isinstance(value, str):
        return struct.pack("<I", STRING) + _string(value)
    if isinstance(value[0], str):
        return struct.pack("<IIQ", ARRAY, STRING, len(value)) + b"".join(map(_string, value))
    kind, form = (I32, "<i4") if isinstance(value[0], int) else (F32, "<f4")
    return struct.pack("<IIQ", ARRAY, kind, len(value)) + np.array(value, form).tobytes()


def write(path, metadata, tensors):
    """tensors: name -> (type name, float array, rows first). Integers become u32, or i32 in arrays; floats f32."""
    head = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(metadata))]
    head += [_string(key) + _value(value) for key, value in metadata.items()]
    at, parts = 0, []
    for name, (kind, values) in tensors.items():
        data = blocks.encode(values, kind)
        shape = values.shape[::-1]
        head.append(_string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, blocks.TYPES[kind].id, at))
        parts.append(data + bytes(padded(len(data)) - len(data)))
        at += len(parts[-1])
    header = b"".join(head)
    with open(path, "wb") as out:
        out.write(header + bytes(padded(len(header)) - len(header)))
        out.writelines(parts)


def read(path):
    """(metadata, name -> (type name, float64 array, rows first))"""
    reader = Reader(open(path, "rb").read())
    magic, version, n_tensors, n_pairs = reader.take("<IIQQ")
    assert magic == 0x46554747 and version in (2, 3), "not a GGUF file that is read here"
    metadata = {}
    for _ in range(n_pairs):
        key = reader.string()
        metadata[key] = reader.value(reader.take("<I"))
    infos = []
    for _ in range(n_tensors):
        name = reader.string()
        shape = [reader.take("<Q") for _ in range(reader.take("<I"))]
        infos.append((name, shape[::-1], *reader.take("<IQ")))
    start = reader.at + -reader.at % metadata.get("general.alignment", 32)
    names = {one.id: name for name, one in blocks.TYPES.items()}
    tensors = {}
    for name, shape, kind, offset in infos:
        values = blocks.decode(reader.data, start + offset, int(np.prod(shape)), names[kind])
        tensors[name] = (names[kind], values.reshape(shape))
    return metadata, tensors
