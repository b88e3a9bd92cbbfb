"""Models for commands: loaded and compiled."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arzip.codec import Model

__all__ = ["load_compiled"]


def load_compiled(name: str) -> "Model":
    """Return the model, compiled for encoding. Raises: ModelError."""
    from arzip.models import registry

    model = registry.load(name)
    model.prove("encode")
    return model
