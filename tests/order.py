"""Which process runs which tests, in which order, and how they are found."""

import os
from collections.abc import Iterator

import pytest
from typing_extensions import override
from xdist.scheduler import LoadScopeScheduling

from app.core import memory

# Test files that run one after another in one process, because they share a costly server.
# pytest-xdist 3.8 takes groups from marks, but under today's pytest it no longer sees them.
TOGETHER = {
    "tests/storage/test_kinds.py": "weed",
    "tests/storage/test_migrate.py": "weed",
    "tests/storage/test_s3.py": "weed",
}
# What takes longest goes first: begun last, it would run alone while the other process idles.
FIRST = (
    "tests/dev/test_stage.py",
    "tests/storage/test_kinds.py",
    "tests/storage/test_migrate.py",
    "tests/storage/test_s3.py",
    "tests/access",
    "tests/dev",
    "tests/worker",
    "tests/claims/engine",
)


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests run in one process, so that what they share is made once."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return TOGETHER.get(file, file)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Whoever only hands out tests does without conftest.py, which loads the whole application.

    Asked only where this file is named on the command line, as ./scripts/test does: otherwise it is
    conftest.py that names it.
    """
    given = early_config.known_args_namespace
    if given.numprocesses and not given.collectonly and "PYTEST_XDIST_WORKER" not in os.environ:
        given.noconftest = True


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together | None:
    """How `--dist loadgroup` hands out tests."""
    if config.getvalue("dist") != "loadgroup":
        return None
    # xdist's own order, the files of most tests first, knows nothing of how long a test takes.
    config.option.loadscopereorder = False
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`FIRST` first, in its order; whatever else stays as it was found."""

    def place(item: pytest.Item) -> int:
        return next((n for n, start in enumerate(FIRST) if item.nodeid.startswith(start)), 99)

    items.sort(key=place)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Tests are found as programs load: what stays for the whole run is not looked through again."""
    with memory.loading():
        yield
    memory.settle()
