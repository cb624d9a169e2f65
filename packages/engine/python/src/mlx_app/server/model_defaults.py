"""The defaults of models, in the format of the API."""

import re
from typing import Any

from ..protocol import LoadedModel


def default_fields(model: LoadedModel) -> dict[str, Any]:
    """Returns what requests get that leave an option out, by its name in the API."""
    return {
        re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name): {
            "value": default.value,
            "source": default.source,
        }
        for name, default in model.defaults.items()
    }
