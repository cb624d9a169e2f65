"""The hello model as a reasoning model: two of its tokens become the markers of reasoning."""

import json
import shutil
from pathlib import Path

from mlx_app.models.text_model import TextModel, read_text_model

MARKERS = ("<think>", "</think>")


def thinking_hello(models: Path, folder: Path) -> TextModel:
    """Makes the model in `folder`. Its template opens the reasoning unless told not to."""
    shutil.copytree(models / "hello", folder)
    file = folder / "tokenizer.json"
    tokenizer = json.loads(file.read_text("utf-8"))
    vocabulary = tokenizer["model"]["vocab"]
    # The last two that were learned: no other token is made of them.
    replaced = sorted(vocabulary, key=vocabulary.__getitem__)[-len(MARKERS) :]
    tokenizer["model"]["merges"] = [
        merge for merge in tokenizer["model"]["merges"] if "".join(merge) not in replaced
    ]
    tokenizer["added_tokens"] += [
        tokenizer["added_tokens"][-1] | {"id": vocabulary.pop(old), "content": marker}
        for old, marker in zip(replaced, MARKERS, strict=True)
    ]
    tokenizer["added_tokens"].sort(key=lambda token: token["id"])
    file.write_text(json.dumps(tokenizer), "utf-8")
    template = folder / "chat_template.jinja"
    template.write_text(
        template.read_text("utf-8")
        + "{%- if add_generation_prompt -%}{{- '<think>' -}}"
        + "{%- if enable_thinking is false -%}{{- '\\n</think>\\n' -}}{%- endif -%}{%- endif -%}",
        "utf-8",
    )
    return read_text_model(folder)
