"""Whether MLX works on this machine, and where it computes."""

import sys
from typing import Literal

from .errors import EngineError


def check_mlx() -> None:
    """Raises EngineError SETUP_NEEDED or MLX_NOT_WORKING unless MLX computes on this machine."""
    try:
        import mlx.core as mx

        # A wheel for another system still imports, as an empty package: only a result proves MLX.
        if mx.sum(mx.arange(4)).item() != 6:
            raise RuntimeError("the sum of 0, 1, 2, 3 is not 6")
    except ModuleNotFoundError as error:
        raise EngineError(
            "SETUP_NEEDED",
            f"{sys.executable} has no {error.name}.",
            f"Run: {sys.executable} -m pip install mlx-app",
        ) from error
    except Exception as error:
        raise EngineError("MLX_NOT_WORKING", f"MLX does not compute here: {error!r}") from error


def use_device(device: Literal["auto", "gpu", "cpu"]) -> None:
    """Makes MLX compute there. Raises EngineError MLX_NOT_WORKING if there is no GPU."""
    import mlx.core as mx

    if device == "gpu" and not mx.is_available(mx.gpu):
        raise EngineError(
            "MLX_NOT_WORKING",
            "MLX finds no GPU on this machine.",
            "Leave device out, or use another one: auto, cpu.",
        )
    if device != "auto":
        mx.set_default_device(mx.gpu if device == "gpu" else mx.cpu)
