"""The features of an article as numbers: its stems by their ids in a vocabulary, how often each stands in each field.

Weights are made anew for each question, since the rarity of terms changes with every article.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.features import FIELDS, MAX_COUNT, Features
from monitor.cluster.statistics import Ids, Statistics, Weights

Counts = NDArray[np.uint8]
TITLE, LEAD, BODY, NAMES, ALL = range(5)
"""Rows of counts, the last one only of weights."""
DAMPED = np.concatenate([[0.0], 1.0 + np.log(np.arange(1, 1025))])
"""A term's weight grows with the logarithm of its count."""


@dataclass(frozen=True, slots=True)
class Vector:
    """Features against a vocabulary: ids of stems in the order of the alphabet, counts of the four fields, sketch."""

    ids: Ids
    counts: Counts
    sketch: NDArray[np.uint32]


def vector(features: Features, statistics: Statistics) -> Vector:
    """Looks the stems up; new ones get an id in the vocabulary of `statistics`."""
    counts = np.frombuffer(features.counts, dtype=np.uint8).reshape(len(FIELDS), len(features.terms))
    return Vector(
        statistics.ids(features.stems), _by_stem(counts, features), np.array(features.sketch, dtype=np.uint32)
    )


def _by_stem(counts: Counts, features: Features) -> Counts:
    """Counts of terms, columns in their order, added up for each stem; 255 at most."""
    places = np.array(features.places, dtype=np.intp)
    order = np.argsort(places, kind="stable")
    if len(features.stems) == len(order):
        return counts[:, order]
    starts = np.searchsorted(places[order], np.arange(len(features.stems)))
    sums = np.add.reduceat(counts[:, order], starts, axis=1, dtype=np.uint16)
    return np.minimum(sums, MAX_COUNT).astype(np.uint8)


def field_weights(counts: Counts, idf: Weights) -> Weights:
    """TF-IDF weights of five rows: title, lead, body, names, and all text with the title twice."""
    weights: Weights = DAMPED.take(np.vstack([counts, everywhere(counts)])) * idf
    return weights


def everywhere(counts: Counts) -> NDArray[np.int16]:
    """Of each term, in all text with the title twice: 1,020 at most."""
    all_text: NDArray[np.int16] = 2 * counts[TITLE].astype(np.int16) + counts[LEAD] + counts[BODY]
    return all_text
