"""The command `mlx-app chat`."""

from ..flags import (
    AnswerTokensFlag,
    ConfigFlag,
    DeviceFlag,
    ModelFlag,
    ModelsDirFlag,
    SeedFlag,
    SystemFlag,
    TemperatureFlag,
)

EPILOG = """Examples:

\b
  mlx-app chat
  mlx-app chat --model mlx-community/Qwen3-0.6B-4bit
  mlx-app chat --system "Answer in one sentence."

In the chat, /help lists the commands. Ctrl-C stops an answer, and Ctrl-D leaves the chat."""


def chat(
    model: ModelFlag = None,
    system: SystemFlag = None,
    max_tokens: AnswerTokensFlag = None,
    temperature: TemperatureFlag = None,
    seed: SeedFlag = None,
    device: DeviceFlag = None,
    models_dir: ModelsDirFlag = None,
    config: ConfigFlag = None,
) -> None:
    """Chat with a model in this terminal."""
    from ..answers.chat import run_chat
    from ..settings.read import read_settings

    loaded = read_settings(
        config, model=model, device=device, models_dir=models_dir, default_tokens=max_tokens
    )
    run_chat(loaded, system, {"temperature": temperature, "seed": seed})
