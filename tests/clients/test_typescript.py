"""Frontend developers generate their types from the document: three generators take it, and it compiles.

Half a minute and a package registry are too much for the suite: `.ci/run` asks for it by name.
"""

import os
import shutil
import subprocess

import pytest

from tests.deploy.reading import DOCUMENT, PROJECT

CANNOT_INSTALL = 3


@pytest.mark.skipif(not os.environ.get("INTAKE_CLIENT"), reason="INTAKE_CLIENT=on asks for it")
@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm here")
def test_the_document_makes_clients_that_compile() -> None:
    done = subprocess.run(
        [str(PROJECT / "scripts" / "client")], capture_output=True, text=True, check=False
    )
    if done.returncode == CANNOT_INSTALL:
        pytest.skip("the generators cannot be installed here")
    assert done.returncode == 0, done.stdout + done.stderr


def test_schemas_have_names_that_people_would_give() -> None:
    names = list(DOCUMENT["components"]["schemas"])
    assert [name for name in names if name.startswith("app__")] == []
    assert "ClaimsProgressOut" in names


def test_the_lock_names_no_address() -> None:
    lock = (PROJECT / "clients" / "typescript" / "package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in lock
    assert '"resolved"' not in lock
