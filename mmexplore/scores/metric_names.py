"""What each measure is called: its code (in results, files and `--json`) -> the words that people read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MetricName:
    """Words for a measure.

    Attributes:
        title: alone, above a figure or on a button.  short: at the head of a column or under a bar.
        about: how it is measured, one sentence without the full stop; "" where the title says it.
        in_percent: whether a value (0..1) is read in per cent.
    """

    title: str
    short: str
    about: str = ""
    in_percent: bool = True

    @property
    def word(self) -> str:
        """Within a sentence."""
        return self.short.lower() if self.short.isalpha() else self.short


METRICS = {
    "accuracy": MetricName("Accuracy", "Accuracy"),
    "r2": MetricName("R² (1 is perfect, 0 is the mean)", "R²", in_percent=False),
    "recall@1": MetricName("Recall@1", "Recall@1"),
    "recall@5": MetricName("Recall@5", "R@5"),
    "recall@10": MetricName("Recall@10", "R@10"),
    "disjoint mrr": MetricName(
        "Reciprocal rank, one modality to the others",
        "1 / rank",
        "One modality alone looks for the view made of all the others; 1 / its rank, on average: 1 is always first, "
        "0.5 as if always second",
    ),
    "disjoint recall@10": MetricName(
        "Recall@10, one modality to the others",
        "R@10, one to others",
        "One modality alone looks for the view made of all the others: is it among the first 10?",
    ),
}
#: numbers of a `RetrievalReport`, which has them in per cent
RETRIEVAL = {
    "r1": MetricName("Recall@1", "R@1"),
    "r5": MetricName("Recall@5", "R@5"),
    "r10": MetricName("Recall@10", "R@10"),
    "mrr": MetricName("Mean reciprocal rank", "MRR"),
}


def name_of(code: str) -> MetricName:
    """The words for a measure; of another one, from a file of another version say, its code."""
    return METRICS.get(code, MetricName(code, code))
