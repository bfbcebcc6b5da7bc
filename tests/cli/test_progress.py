"""Progress in the shell, where there is no terminal: a line now and then, and a finished stage once."""

from __future__ import annotations

from mmexplore.cli.printing import stderr_progress


def test_a_finished_stage_is_said_once(capsys):
    progress = stderr_progress()
    for epoch in range(1, 61):
        progress.update(epoch, 60, f"epoch {epoch}")
    for _ in range(40):  # the score is taken, and told in words
        progress.update(60, 60, "scoring")
    progress.update(7, 7, "another stage")
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith("60/60")] == ["60/60 epoch 60"]
    assert lines[-1] == "7/7 another stage"
