"""Whatever is measured has a name."""

from __future__ import annotations

import inspect
import re

import pytest

from mmexplore.journey.comparing import alignments, views
from mmexplore.retrieval.metrics import RetrievalReport
from mmexplore.scores import exam, view_scores
from mmexplore.scores.metric_names import METRICS, RETRIEVAL, name_of


def test_every_measure_of_a_score_or_a_race_is_named():
    quoted = set()
    for module in (exam, view_scores, views, alignments):
        quoted |= set(re.findall(r'"((?:disjoint )?(?:recall@\d+|mrr)|accuracy|r2)"', inspect.getsource(module)))
    assert quoted == set(METRICS)
    assert set(views.FURTHER) | set(alignments.RECALLS) <= set(METRICS)
    assert set(RETRIEVAL) < set(RetrievalReport.__dataclass_fields__)


@pytest.mark.parametrize("code", [*METRICS, "of another version"])
def test_a_name_is_short_at_the_head_of_a_column_and_explained_in_a_sentence(code):
    name = name_of(code)
    assert 0 < len(name.short) <= 20 and len(name.short) <= len(name.title)
    assert not name.about.endswith(".")


def test_words_within_a_sentence():
    assert [name_of(code).word for code in ("accuracy", "r2", "recall@1")] == ["accuracy", "R²", "Recall@1"]
