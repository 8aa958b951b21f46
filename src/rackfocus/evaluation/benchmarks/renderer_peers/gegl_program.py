"""The script that runs GEGL: see `program`. It imports only the standard library and `gi`."""

import json
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any


def main(folder: Path) -> None:
    """Render on request, with the files of the folder."""
    import_module("gi").require_version("Gegl", "0.4")
    gegl = import_module("gi.repository.Gegl")
    gegl.init(None)
    job = json.loads((folder / "job.json").read_text())
    extent = (0, 0, job["width"], job["height"])
    rectangle = gegl.Rectangle.new(*extent)

    def buffer(name: str, kind: str) -> object:
        content = gegl.Buffer.new(kind, *extent)
        content.set(rectangle, kind, (folder / name).read_bytes())
        return content

    graph = gegl.Node()

    def node(operation: str, **properties: object) -> Any:
        made = graph.create_child(operation)
        for name, value in properties.items():
            made.set_property(name.replace("_", "-"), value)
        return made

    picture = node("gegl:buffer-source", buffer=buffer("picture.raw", "RGBA float"))
    mask = node("gegl:buffer-source", buffer=buffer("blur.raw", "Y float"))
    blur = node("gegl:lens-blur", radius=job["radius"], linear_mask=True)
    out = gegl.Buffer.new("RGBA float", *extent)
    sink = node("gegl:write-buffer", buffer=out)
    picture.connect_to("output", blur, "input")
    mask.connect_to("output", blur, "aux")
    blur.connect_to("output", sink, "input")
    print("READY", flush=True)
    for _ in sys.stdin:
        start = perf_counter()
        sink.process()
        seconds = perf_counter() - start
        pixels = out.get(rectangle, 1.0, "RGBA float", gegl.AbyssPolicy.NONE)
        (folder / "out.raw").write_bytes(bytes(pixels))
        print("SECONDS", seconds, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[-1]))
