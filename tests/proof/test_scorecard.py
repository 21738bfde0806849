"""The scorecard names what is there."""

from pathlib import Path

from scripts.scoring.lines import LINES

PROJECT = Path(__file__).resolve().parents[2]


def test_each_of_forty_lines_has_trials_or_a_reason() -> None:
    """A file that was renamed would otherwise leave a line without anything that can fail."""
    assert [line.number for line in LINES] == list(range(1, 41))
    assert [line.number for line in LINES if not line.trials and not line.note] == []
    files = {
        test.partition("::")[0]
        for line in LINES
        for trial in (*line.trials, *line.short)
        for test in trial.tests
    }
    assert {file for file in files if not (PROJECT / file).exists()} == set()
