"""The environment of the benchmarks' peers: made once, from a lock file of its own, beside .venv."""

import subprocess
import sys
import zlib
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[2]
_FOLDER: Final = PROJECT / ".bench"


def peers_python() -> Path:
    """The peers' interpreter; what they need is installed first where it is not there yet."""
    lock = PROJECT / "requirements" / "bench.txt"
    wanted = f"{zlib.crc32(lock.read_bytes())} {_FOLDER}"
    mark, python = _FOLDER / ".locked", _FOLDER / "bin" / "python"
    if mark.exists() and mark.read_text() == wanted and python.exists():
        return python
    print("Setting up the peers' environment (once) …", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", _FOLDER], check=True)
    installer: list[str | Path] = [Path(sys.executable).parent / "uv", "pip", "install", "--quiet"]
    locked: list[str | Path] = ["--compile-bytecode", "--require-hashes", "-r", lock]
    subprocess.run([*installer, "--python", python, *locked], check=True)
    mark.write_text(wanted)
    return python
