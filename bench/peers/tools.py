"""The compressors that koan is measured beside, as the programs that people run: one list for bench/peers and bench/test_sets.py."""
import re
import shutil
import subprocess


class Tool:
    """Commands have {raw}, {coded} and {back} for files of the folder they run in; what names no output writes it to stdout."""

    def __init__(self, name, options, compress, decompress, version="--version"):
        self.name, self.options, self.version_option = name, options, version
        self.compress, self.decompress = compress.split(), decompress.split()

    @property
    def title(self):
        return f"{self.name} {self.options}".strip()

    def is_here(self):
        return shutil.which(self.compress[0]) is not None

    def version(self):
        said = subprocess.run([self.compress[0]] + self.version_option.split(), capture_output=True, text=True)
        found = re.search(r"\d+\.\d+(\.\d+)?", said.stdout + said.stderr)
        return found.group() if found else "unknown"

    def run(self, decompress, folder, raw, coded, prefix=(), timeout=None):
        """Raises subprocess.CalledProcessError or TimeoutExpired."""
        command, target, name = (self.decompress, "back", "back") if decompress else (self.compress, "coded", coded)
        words = [word.format(raw=raw, coded=coded, back="back") for word in command]
        to_file = any("{" + target + "}" in word for word in command)
        with open(f"{folder}/{name}.out", "wb") as out:
            subprocess.run([*prefix, *words], check=True, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL, timeout=timeout)
        if not to_file:
            shutil.move(f"{folder}/{name}.out", f"{folder}/{name}")


def filter_tool(name, options, back="-dc"):
    return Tool(name, options, f"{name} {options} -k -c {{raw}}", f"{name} {back} {{coded}}")


RIVALS = [
    Tool("gzip", "-9", "gzip -9 -c {raw}", "gzip -dc {coded}"),
    filter_tool("bzip2", "-9"),
    Tool("bzip3", "-b 16", "bzip3 -e -b 16 -c {raw}", "bzip3 -d -c {coded}", "-V"),
    filter_tool("xz", "-9e"),
    Tool("zstd", "-3", "zstd -q -3 -c {raw}", "zstd -q -dc {coded}"),
    Tool("zstd", "-19", "zstd -q -19 -c {raw}", "zstd -q -dc {coded}"),
    Tool("zstd", "--ultra -22", "zstd -q --ultra -22 -c {raw}", "zstd -q -dc --memory=2048MB {coded}"),
    Tool("brotli", "-q 11 -w 24", "brotli -q 11 -w 24 -c {raw}", "brotli -dc {coded}"),
    Tool("7z", "PPMd -mx=9", "7z a -t7z -m0=PPMd -mx=9 -bd -y {coded} {raw}", "7z e -so {coded}", "i"),
    Tool("lrzip", "-z", "lrzip -q -z -f -o {coded} {raw}", "lrzip -q -d -f -o {back} {coded}"),
    Tool("zpaq", "-m5", "zpaq a {coded} {raw} -m5", "zpaq x {coded} {raw} -to {back} -f", ""),
]
# Programs that insist on the ending of a name.
ENDINGS = {"7z": "coded.7z", "lrzip": "coded.lrz", "zpaq": "coded.zpaq", "gzip": "coded.gz", "bzip2": "coded.bz2", "xz": "coded.xz", "zstd": "coded.zst",
           "brotli": "coded.br", "bzip3": "coded.bz3", "koan": "coded.koan"}


def koan(program, options):
    return Tool("koan", options, f"{program} compress -q -f {options} -o {{coded}} {{raw}}", f"{program} decompress -q -f -o {{back}} {{coded}}")
