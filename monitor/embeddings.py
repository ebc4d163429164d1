"""The door to sentence embeddings, an optional extra: texts go in, vectors of length 1 come out.

A model is named as LIBRARY:MODEL. LIBRARY is `sentence-transformers` or `model2vec`. MODEL is a folder, an installed
Python package that carries a folder `model`, or a name that stands in the local cache of Hugging Face. Nothing is ever
downloaded: what a daemon computes must not depend on what somebody publishes under a name today.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.errors import ConfigError

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]
"""Texts to an array (texts, dimensions), each row of length 1; a text without meaning to the model may be all 0."""

_INSTALL = "install it with: pip install 'media-monitor[embeddings]'"


def load_embedder(model: str) -> Embed:
    """The function that a model is. Raises ConfigError when the library or the model is not on this machine."""
    library, _, name = model.partition(":")
    load = {"sentence-transformers": _sentence_transformer, "model2vec": _static_model}.get(library)
    if load is None or not name:
        raise ConfigError(
            f"stories.embeddings: {model!r} names no model; write sentence-transformers:MODEL or model2vec:MODEL"
        )
    encode = load(_folder(name))

    def embed(texts: Sequence[str]) -> Vectors:
        return _unit(np.asarray(encode(list(texts)), dtype=np.float32))

    return embed


def _sentence_transformer(folder: str) -> Callable[[list[str]], Any]:
    model = _library("sentence_transformers").SentenceTransformer(folder, device="cpu", local_files_only=True)
    return lambda texts: model.encode(texts, batch_size=64, show_progress_bar=False)


def _static_model(folder: str) -> Callable[[list[str]], Any]:
    model = _library("model2vec").StaticModel.from_pretrained(folder)
    return lambda texts: model.encode(texts, show_progress_bar=False)


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigError(f"stories.embeddings: the library {name} is missing; {_INSTALL}") from error


def _folder(name: str) -> str:
    if Path(name).is_dir():
        return name
    if name.isidentifier() and (found := find_spec(name)) is not None and found.origin is not None:
        folder = Path(found.origin).parent / "model"
        if folder.is_dir():
            return str(folder)
    hub = _library("huggingface_hub")
    try:
        return str(hub.snapshot_download(name, local_files_only=True))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"stories.embeddings: no model {name!r} on this machine; it is a folder, an installed package, "
            "or a name in the cache of Hugging Face (`hf download NAME` puts it there)"
        ) from error


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    return unit
