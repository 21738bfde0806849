"""The ranking signal of one résumé and very many jobs at once, over numbers in place of words."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
import numpy as np

from app.analysis.engine.fit import MEANING, Comparable

_TERM: Final = np.dtype("<i4")
_WEIGHT: Final = np.dtype("<f4")
_COORDINATE: Final = np.dtype("<f2")
_LARGEST: Final = 2**31 - 1
_HALF: Final = 2**16 - 1


class _Packed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A job as far as its rank rests on it: as many numbers of terms as weights, and the vector."""

    terms: bytes
    weights: bytes
    embedding: bytes


_read: Final = msgspec.msgpack.Decoder(_Packed).decode


def number_of(term: str) -> int:
    """A term as a 32-bit number; two that share one are taken for the same."""
    return int.from_bytes(blake2b(term.encode(), digest_size=4).digest(), "big", signed=True)


def packed(job: Comparable) -> bytes:
    """What `signals` needs of a job, to be stored: eight bytes a term."""
    terms = np.array([number_of(term) for term in job.terms], _TERM)
    weights = np.array(list(job.terms.values()), _WEIGHT)
    return msgspec.msgpack.encode(_Packed(terms.tobytes(), weights.tobytes(), job.embedding))


def signals(profile: Comparable, jobs: Sequence[bytes]) -> list[float]:
    """`signal` of each of the packed jobs, to six digits."""
    if not jobs:
        return []
    read = [_read(each) for each in jobs]
    words = np.minimum(_words(profile, read), 1.0)
    return [float(each) for each in words + MEANING * np.maximum(_meaning(profile, read), 0.0)]


def _words(profile: Comparable, jobs: Sequence[_Packed]) -> "np.ndarray[Any, np.dtype[Any]]":
    """The cosine of words of each job: all their terms are looked up in one go."""
    own = {number_of(term): weight for term, weight in profile.terms.items()}
    # One beyond all others, so that every term finds a place to be compared with.
    numbers = np.array([*sorted(own), _LARGEST], _TERM)
    weights = np.array([*(own[number] for number in sorted(own)), 0.0])
    terms = np.frombuffer(b"".join(each.terms for each in jobs), _TERM)
    theirs = np.frombuffer(b"".join(each.weights for each in jobs), _WEIGHT)
    # Nine of ten are told apart by the lower half of their number, which takes no search.
    has_half = np.zeros(_HALF + 1, bool)
    has_half[numbers & _HALF] = True
    likely = np.flatnonzero(has_half[terms & _HALF])
    places = np.searchsorted(numbers, terms[likely])
    is_own = numbers[places] == terms[likely]
    shared, places = likely[is_own], places[is_own]
    lengths = [len(each.terms) // _TERM.itemsize for each in jobs]
    of_job = np.repeat(np.arange(len(jobs)), lengths)[shared]
    return np.bincount(of_job, weights=weights[places] * theirs[shared], minlength=len(jobs))


def _meaning(profile: Comparable, jobs: Sequence[_Packed]) -> "np.ndarray[Any, np.dtype[Any]]":
    """The likeness of meaning of each job; nothing where one of the two has no vector."""
    found = np.zeros(len(jobs))
    have = [at for at, each in enumerate(jobs) if each.embedding and profile.embedding]
    if have:
        theirs = np.frombuffer(b"".join(jobs[at].embedding for at in have), _COORDINATE)
        own = np.frombuffer(profile.embedding, _COORDINATE).astype(np.float32)
        found[have] = theirs.astype(np.float32).reshape(len(have), -1) @ own
    return found
