"""What the code runs in: a notebook with widgets, or anything that shows text."""

import sys
from importlib.util import find_spec
from typing import Any

from ..errors import EngineError


def uses_widgets(chosen: bool | None) -> bool:
    """Returns whether to show widgets: as chosen, or if ipywidgets and a Jupyter kernel are there.

    Raises EngineError SETUP_NEEDED if they are chosen but not there.
    """
    if chosen is False:
        return False
    available = _in_kernel() and find_spec("ipywidgets") is not None
    if chosen and not available:
        raise EngineError(
            "SETUP_NEEDED",
            "Widgets need a Jupyter kernel and the package ipywidgets.",
            'Run: pip install "mlx-app[notebook]"',
        )
    return available


def handles_clicks_while_awaiting() -> bool:
    """Whether the kernel handles messages of widgets while a cell awaits something."""
    import ipykernel

    version: Any = ipykernel.version_info  # pyright: ignore[reportPrivateImportUsage]
    return bool(version >= (7, 4))


def _in_kernel() -> bool:
    # Only a kernel imports it, so that nothing needs IPython elsewhere.
    if "ipykernel" not in sys.modules:
        return False
    from IPython.core.getipython import get_ipython

    return hasattr(get_ipython(), "kernel")
