"""What migrations this code brings is told from their files, and must be what alembic tells."""

from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.core import revisions


def test_the_files_tell_what_alembic_tells() -> None:
    config = Config()
    config.set_main_option("script_location", str(revisions.SCRIPTS))
    scripts = ScriptDirectory.from_config(config)
    walked = tuple(script.revision for script in scripts.walk_revisions())
    assert revisions.revisions_on_disk() == walked
    assert revisions.head_on_disk() == scripts.get_current_head()


@pytest.mark.parametrize("down", ['"away"', "None", '("one", "two")'])
def test_what_is_no_single_chain_is_refused(
    down: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = tmp_path / "versions"
    versions.mkdir()
    (versions / "1.py").write_text('revision = "one"\ndown_revision = None\n')
    (versions / "2.py").write_text('revision: str = "two"\ndown_revision: str | None = "one"\n')
    monkeypatch.setattr(revisions, "SCRIPTS", tmp_path)
    assert revisions.revisions_on_disk() == ("two", "one")
    (versions / "3.py").write_text(f'revision = "three"\ndown_revision = {down}\n')
    with pytest.raises(ValueError, match="no single chain"):
        revisions.revisions_on_disk()
