"""Runs Python that exports have printed, each with names of its own, on given images, and reads the model cards beside.

    python run_snippets.py <images.json> <snippet.py> <folder of the export> ...

The line that draws `images` takes those of the JSON file, pixels in [0, 1], instead. Prints a list of {"logits", "card"}: the
metadata of the card as huggingface_hub reads them.
"""

import contextlib
import io
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "python"))

from ftcadis_host.torchvision_compat import prepare_torchvision  # noqa: E402

prepare_torchvision()

from huggingface_hub import ModelCard  # noqa: E402


def run(snippet: str, images: str, folder: str) -> dict:
    text = Path(snippet).read_text(encoding="utf-8")
    pixels = f"json.load(open({images!r}, encoding='utf-8'))"
    text, count = re.subn(r"(?m)^images = torch\.rand\([\d, ]+\)", f"import json; images = torch.tensor({pixels})", text)
    text, of_onnx = re.subn(
        r"(?m)^images = np\.random\.rand\([\d, ]+\)\.astype\(np\.float32\)",
        f"import json; images = np.array({pixels}, dtype=np.float32)",
        text,
    )
    # The test hands in noisy images.
    text = re.sub(r"(?m)^noisy = .*$", "noisy = images", text)
    assert count + of_onnx == 1, text
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(text, names)
    card = ModelCard.load(Path(folder) / "README.md").data.to_dict()
    return {"logits": names["logits"].tolist(), "card": card}


images, *words = sys.argv[1:]
print(json.dumps([run(snippet, images, folder) for snippet, folder in zip(words[::2], words[1::2])]))
