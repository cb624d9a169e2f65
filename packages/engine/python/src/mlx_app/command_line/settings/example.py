"""An example of the file with the settings."""

import json

from .schema import SERVER, Settings, variable_of

_HEADER = """\
# Settings of mlx-app. Flags and environment variables override them.
# A line without # sets a value. To see the values in effect, run: mlx-app config show
"""
# What an example shows in place of no value.
_EXAMPLES = {
    "model": "mlx-community/Qwen3-0.6B-4bit",
    "aliases": {"fast": "mlx-community/Qwen3-0.6B-4bit"},
    "memory_limit_bytes": 8_000_000_000,
    "prompt_cache_bytes": 1_000_000_000,
    "keep_alive": "10m",
    "sampling": {"temperature": 0.7, "top_p": 0.9},
    "template_defaults": {"enable_thinking": False},
    "context_tokens": 8192,
    "model_settings": {"mlx-community/Qwen3-0.6B-4bit": {"sampling": {"temperature": 0}}},
    "api_key": "choose-a-long-one",
    "allowed_origins": ["https://example.org"],
}


def example() -> str:
    """Returns a YAML file that has each setting, commented out, with its meaning."""
    lines = [_HEADER]
    for name, field in Settings.model_fields.items():
        if name == SERVER[0]:
            lines.append("# The server:\n")
        variable = variable_of(name)
        environment = f" ({variable})" if variable else ""
        value = _EXAMPLES.get(name, field.default)
        text = str(value) if name == "models_dir" else json.dumps(value)
        lines.append(f"# {field.description}{environment}\n# {name}: {text}\n")
    return "\n".join(lines)
