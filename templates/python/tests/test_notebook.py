from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "example.ipynb"


def test_notebook_runs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=240, kernel_name="python3").execute()
    outputs = [str(output) for cell in notebook.cells for output in cell.get("outputs", [])]
    assert "Hello from a real MLX model!" in outputs[0]
