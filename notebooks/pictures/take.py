"""Takes the picture that opens a lesson out of that lesson's stored outputs: the cell tagged `opening-picture`.

    python notebooks/pictures/take.py
"""
import base64
import json
from pathlib import Path

HERE = Path(__file__).parent


def opening_pictures():
    """{file: PNG bytes} for every lesson that has such a cell."""
    pictures = {}
    for lesson in sorted(HERE.parent.glob("[0-9]*.ipynb")):
        for cell in json.loads(lesson.read_text(encoding="utf-8"))["cells"]:
            if "opening-picture" in cell["metadata"].get("tags", []):
                png = next(output["data"]["image/png"] for output in cell["outputs"] if "image/png" in output.get("data", {}))
                pictures[HERE / f"{lesson.stem}.png"] = base64.b64decode(png)
    return pictures


if __name__ == "__main__":
    for path, png in opening_pictures().items():
        path.write_bytes(png)
