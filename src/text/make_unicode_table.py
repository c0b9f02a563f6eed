#!/usr/bin/env python3
"""Writes unicode_14.inl: letters (L*), numbers (N*) and white space of Unicode, as ranges. The table is frozen: another one
would cut text elsewhere, which costs nothing but size, and yet no file should depend on what a library knows.

    python3 src/text/make_unicode_table.py     # python3 whose unicodedata is version 14.0.0 (3.11)
"""
import pathlib
import unicodedata

VERSION = "14.0.0"
SPACES = {*range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}  # White_Space


def kind(c):
    if c in SPACES:
        return 3
    return {"L": 1, "N": 2}.get(unicodedata.category(chr(c))[0], 0)


def main():
    assert unicodedata.unidata_version == VERSION, unicodedata.unidata_version
    starts, last = [], -1
    for c in range(0x110000):
        k = kind(c)
        if k != last:
            starts.append(c << 2 | k)
            last = k
    lines = ["// Unicode 14.0.0, made by make_unicode_table.py: first code point of each range << 2 | class (1 letter, 2 number, 3 space).",
             "constexpr std::uint32_t kUnicode14[] = {"]
    for i in range(0, len(starts), 12):
        lines.append("    " + ", ".join(f"0x{s:X}" for s in starts[i:i + 12]) + ",")
    lines += ["};", ""]
    pathlib.Path(__file__).with_name("unicode_14.inl").write_text("\n".join(lines))
    print(len(starts), "ranges")


main()
