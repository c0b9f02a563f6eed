"""Tensor types of GGUF: float arrays to bytes and back, in float64, written from the layouts of the blocks.

Encoding is plain round-to-nearest, not what a good quantiser does: all who read a file read the same numbers.
Each `_put_*` takes blocks [n][elements] and gives bytes [n][size]; each `_get_*` goes back."""
from collections import namedtuple

import numpy as np

Type = namedtuple("Type", "id elements size")
TYPES = {
    "F32": Type(0, 1, 4), "F16": Type(1, 1, 2), "Q4_0": Type(2, 32, 18), "Q4_1": Type(3, 32, 20), "Q5_0": Type(6, 32, 22),
    "Q5_1": Type(7, 32, 24), "Q8_0": Type(8, 32, 34), "Q4_K": Type(12, 256, 144), "Q5_K": Type(13, 256, 176), "Q6_K": Type(14, 256, 210), "BF16": Type(30, 1, 2),
}


def _half(x):
    """Rounded to F16: (as bytes, as float64)"""
    h = x.astype("<f2")
    return h.reshape(-1, 1).view(np.uint8), h.astype(np.float64)


def _get_half(raw):
    return np.ascontiguousarray(raw).view("<f2").astype(np.float64)


def _codes(x, d, offset, top):
    """Nearest code of x = code * d + offset, 0..top; d of 0 gives 0"""
    return np.clip(np.rint((x - offset) / np.where(d == 0, 1, d)), 0, top).astype(np.int64)


def _nibbles(q):
    """32 codes of 4 bits: element j low, j + 16 high"""
    return (q[:, :16] | q[:, 16:] << 4).astype(np.uint8)


def _get_nibbles(raw):
    return np.concatenate([raw & 15, raw >> 4], 1).astype(np.int64)


def _fifth_bits(q):
    return np.sum((q >> 4) << np.arange(32), 1).astype("<u4").reshape(-1, 1).view(np.uint8)


def _get_fifth_bits(raw):
    return np.ascontiguousarray(raw).view("<u4").astype(np.int64) >> np.arange(32) & 1


def _put_symmetric(bits):
    def put(x):
        middle = 1 << (bits - 1)
        d_bytes, d = _half(np.abs(x).max(1) / (middle - 1))
        q = _codes(x, d[:, None], -middle * d[:, None], 2 * middle - 1)
        return np.concatenate([d_bytes] + ([_fifth_bits(q)] if bits == 5 else []) + [_nibbles(q & 15)], 1)
    return put


def _get_symmetric(bits):
    def get(raw):
        q = _get_nibbles(raw[:, -16:])
        if bits == 5:
            q |= _get_fifth_bits(raw[:, 2:6]) << 4
        return (q - (1 << (bits - 1))) * _get_half(raw[:, :2])
    return get


def _put_offset(bits):
    def put(x):
        top = (1 << bits) - 1
        m_bytes, m = _half(x.min(1))
        d_bytes, d = _half((x.max(1) - m) / top)
        q = _codes(x, d[:, None], m[:, None], top)
        return np.concatenate([d_bytes, m_bytes] + ([_fifth_bits(q)] if bits == 5 else []) + [_nibbles(q & 15)], 1)
    return put


def _get_offset(bits):
    def get(raw):
        q = _get_nibbles(raw[:, -16:])
        if bits == 5:
            q |= _get_fifth_bits(raw[:, 4:8]) << 4
        return q * _get_half(raw[:, :2]) + _get_half(raw[:, 2:4])
    return get


def _put_q8_0(x):
    d_bytes, d = _half(np.abs(x).max(1) / 127)
    q = np.clip(np.rint(x / np.where(d == 0, 1, d)[:, None]), -127, 127).astype(np.int8)
    return np.concatenate([d_bytes, q.view(np.uint8)], 1)


def _get_q8_0(raw):
    return raw[:, 2:].view(np.int8) * _get_half(raw[:, :2])


def _put_scales(sc, mn):
    """Eight scales and eight minima of 6 bits in 12 bytes"""
    low = sc[:, :4] | (sc[:, 4:] >> 4) << 6
    middle = mn[:, :4] | (mn[:, 4:] >> 4) << 6
    return np.concatenate([low, middle, sc[:, 4:] & 15 | (mn[:, 4:] & 15) << 4], 1).astype(np.uint8)


def _get_scales(raw):
    s = raw.astype(np.int64)
    sc = np.concatenate([s[:, :4] & 63, s[:, 8:] & 15 | s[:, :4] >> 6 << 4], 1)
    return sc, np.concatenate([s[:, 4:8] & 63, s[:, 8:] >> 4 | s[:, 4:8] >> 6 << 4], 1)


def _put_k(bits):
    def put(x):
        sub = x.reshape(-1, 8, 32)
        low = np.minimum(sub.min(2), 0)
        step = (sub.max(2) - low) / ((1 << bits) - 1)
        d_bytes, d = _half(step.max(1) / 63)
        min_bytes, dmin = _half(-low.min(1) / 63)
        sc, mn = _codes(step, d[:, None], 0, 63), _codes(-low, dmin[:, None], 0, 63)
        q = _codes(sub, (d[:, None] * sc)[:, :, None], -(dmin[:, None] * mn)[:, :, None], (1 << bits) - 1)
        nibbles = (q[:, 0::2] & 15 | (q[:, 1::2] & 15) << 4).reshape(-1, 128)
        high = np.sum((q >> 4) << np.arange(8)[:, None], 1)
        parts = [d_bytes, min_bytes, _put_scales(sc, mn)] + ([high.astype(np.uint8)] if bits == 5 else [])
        return np.concatenate(parts + [nibbles.astype(np.uint8)], 1)
    return put


def _get_k(bits):
    def get(raw):
        sc, mn = _get_scales(raw[:, 4:16])
        nibbles = raw[:, -128:].reshape(-1, 4, 1, 32).astype(np.int64)
        q = np.concatenate([nibbles & 15, nibbles >> 4], 2).reshape(-1, 8, 32)
        if bits == 5:
            q |= (raw[:, None, 16:48].astype(np.int64) >> np.arange(8)[:, None] & 1) << 4
        value = _get_half(raw[:, :2])[:, :, None] * sc[:, :, None] * q - _get_half(raw[:, 2:4])[:, :, None] * mn[:, :, None]
        return value.reshape(-1, 256)
    return get


def _put_q6_k(x):
    sub = x.reshape(-1, 16, 16)
    step = np.abs(sub).max(2) / 31
    d_bytes, d = _half(step.max(1) / 127)
    sc = _codes(step, d[:, None], 0, 127)
    scale = (d[:, None] * sc)[:, :, None]
    q = _codes(sub, scale, -32 * scale, 63).reshape(-1, 2, 4, 32)  # half, quarter of it, element
    low = np.concatenate([q[:, :, 0] & 15 | (q[:, :, 2] & 15) << 4, q[:, :, 1] & 15 | (q[:, :, 3] & 15) << 4], 2)
    high = np.sum((q >> 4) << 2 * np.arange(4)[:, None], 2)
    parts = [low.reshape(-1, 128), high.reshape(-1, 64), sc]
    return np.concatenate([p.astype(np.uint8) for p in parts] + [d_bytes], 1)


def _get_q6_k(raw):
    low = raw[:, :128].reshape(-1, 2, 2, 32).astype(np.int64)
    high = raw[:, 128:192].reshape(-1, 2, 1, 32).astype(np.int64) >> 2 * np.arange(4)[:, None] & 3
    q = np.concatenate([low & 15, low >> 4], 2) | high << 4
    scale = raw[:, 192:208].view(np.int8) * _get_half(raw[:, 208:])
    return ((q - 32).reshape(-1, 16, 16) * scale[:, :, None]).reshape(-1, 256)


_PUT = {"Q4_0": _put_symmetric(4), "Q5_0": _put_symmetric(5), "Q4_1": _put_offset(4), "Q5_1": _put_offset(5), "Q8_0": _put_q8_0,
        "Q4_K": _put_k(4), "Q5_K": _put_k(5), "Q6_K": _put_q6_k}
_GET = {"Q4_0": _get_symmetric(4), "Q5_0": _get_symmetric(5), "Q4_1": _get_offset(4), "Q5_1": _get_offset(5), "Q8_0": _get_q8_0,
        "Q4_K": _get_k(4), "Q5_K": _get_k(5), "Q6_K": _get_q6_k}


def encode(values, kind):
    if kind == "F32":
        return values.astype("<f4").tobytes()
    if kind == "F16":
        return values.astype("<f2").tobytes()
    if kind == "BF16":
        bits = values.astype("<f4").view("<u4").astype(np.uint64)
        return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype("<u2").tobytes()
    assert values.shape[-1] % TYPES[kind].elements == 0, "a row is no whole number of blocks"
    return _PUT[kind](values.astype(np.float64).reshape(-1, TYPES[kind].elements)).tobytes()


def decode(data, at, count, kind):
    size = count // TYPES[kind].elements * TYPES[kind].size
    raw = np.frombuffer(data, np.uint8, size, at)
    if kind in ("F32", "F16"):
        return raw.view("<f4" if kind == "F32" else "<f2").astype(np.float64)
    if kind == "BF16":
        return (raw.view("<u2").astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return _GET[kind](raw.reshape(-1, TYPES[kind].size)).reshape(-1)
