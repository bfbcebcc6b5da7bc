"""Memory and time of reading and encoding many photos, each stage in a process of its own.

    python benchmarks/ingest.py [--photos 100000] [--fewer 2000] [--folder DIR] [--stages embed,zip,tar,parquet]
                                [--every 50]

The photos are 12 drawn JPEGs of 1024 x 768, each copy with a number of its own inside (so that none is encoded as
another's double) and a hole behind its end up to 200 KB: all 200 KB are read, the disk holds some 40 KB of each.

- `embed`: `mmexplore embed` of a table with its folder of photos: read, hash, decode, encode (EfficientNet-Lite0 and
  MiniLM), store, save. The networks run on one chunk of `--every`; in between their last answer stands in, because
  what is measured here is memory (`encode.py` measures speed). `--every 1` runs them on all.
- `zip`, `tar` (WebDataset), `parquet` (the photos' bytes in the cells): the same photos and captions read from one file
  (without the hole).

The peak is the process's own (`ru_maxrss`); it is given for `--fewer` photos too: what all processes hold before any
photo. Prints one JSON document on stdout.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from mmexplore import runtime

SIZE = 200_000
STAGES = ("embed", "zip", "tar", "parquet")
LIMIT = 1.5e9  # bytes
EMBED = """
import itertools, sys
from mmexplore.encoders.engine import OpenVinoEngine
every, count, last, run = int(sys.argv.pop(1)), itertools.count(), {}, OpenVinoEngine.run
def sometimes(self, inputs, output):
    size = len(next(iter(inputs.values())))
    key = id(self), output, size
    if key not in last or next(count) % every == 0:
        last[key] = run(self, inputs, output)
    return last[key].copy()
OpenVinoEngine.run = sometimes
from mmexplore.cli import main
main()
"""
READ = """
import sys
from pathlib import Path
from mmexplore.data.reading.read import read_pairs
data = read_pairs(Path(sys.argv[1]), workdir=Path(sys.argv[2]))
assert len(data) == int(sys.argv[3]) and not data.rejected, (len(data), data.rejected[:3])
"""


def drawn(seed: int) -> bytes:
    """A JPEG of 1024 x 768 with soft clouds of colour, about 40 KB."""
    noise = np.random.default_rng(seed).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((1024, 768), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=60)
    return out.getvalue()


def photos(count: int) -> Iterator[tuple[str, bytes, str]]:
    """(name, JPEG bytes with this number in a comment, caption)."""
    originals = [drawn(seed) for seed in range(12)]
    for i in range(count):
        comment = f"photo {i:09d}".encode()
        data = originals[i % len(originals)]
        own = data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:]
        yield f"{i // 1000:03d}/{i:06d}.jpg", own, f"clouds of colour number {i}"


def make_folder(folder: Path, count: int) -> Path:
    """photos/ and pairs.csv."""
    lines = ["image,caption,label"]
    for name, data, caption in photos(count):
        path = folder / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.truncate(path, max(SIZE, len(data)))
        lines.append(f"photos/{name},{caption},{int(name[-5])}")
    (folder / "pairs.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder


def make_zip(folder: Path, count: int) -> Path:
    path = folder / "photos.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data, caption in photos(count):
            archive.writestr(name, data)
            archive.writestr(name.replace(".jpg", ".txt"), caption)
    return path


def make_tar(folder: Path, count: int) -> Path:
    path = folder / "photos.tar"
    with tarfile.open(path, "w") as archive:
        for name, data, caption in photos(count):
            for member, content in ((name, data), (name.replace(".jpg", ".txt"), caption.encode())):
                info = tarfile.TarInfo(member)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


def make_parquet(folder: Path, count: int) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "photos.parquet"
    media = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema([("image", media), ("caption", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        rows: list[dict] = []
        for done, (name, data, caption) in enumerate(photos(count), 1):
            rows.append({"image": {"bytes": data, "path": name}, "caption": caption})
            if len(rows) == 1000 or done == count:
                writer.write_table(pa.Table.from_pylist(rows, schema))
                rows = []
    return path


MAKE = {"embed": make_folder, "zip": make_zip, "tar": make_tar, "parquet": make_parquet}


def measured(stage: str, count: int, folder: Path, every: int) -> dict[str, float]:
    """Make the files, run the stage on them, and take its peak memory (bytes) and time (seconds)."""
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        own, out = Path(temporary, "given"), Path(temporary, "out")
        own.mkdir()
        given = MAKE[stage](own, count)
        if stage == "embed":
            command = [sys.executable, "-c", EMBED, str(every), "embed", str(given), "--out", str(out)]
        else:
            command = [sys.executable, "-c", READ, str(given), str(out), str(count)]
        cache = Path(temporary, "cache")
        cache.mkdir()
        (cache / "engines").symlink_to(runtime.cache_dir("engines"))  # exported already; the store is empty
        start = time.monotonic()
        child = subprocess.Popen(
            command,
            env=os.environ | {"MMEXPLORE_CACHE": str(cache)},
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise RuntimeError(f"{stage} ended with {child.returncode}")
        return {"peak_bytes": usage.ru_maxrss * 1024, "seconds": round(time.monotonic() - start, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--fewer", type=int, default=2_000)
    parser.add_argument("--folder", type=Path, default=None, help="where the files are made: 4 to 8 GB for 100,000")
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument("--every", type=int, default=50)
    asked = parser.parse_args()
    answer = {}
    for stage in asked.stages.split(","):
        folder = asked.folder or Path(tempfile.gettempdir())
        few, many = (measured(stage, n, folder, asked.every) for n in (asked.fewer, asked.photos))
        answer[stage] = {
            "photos": asked.photos,
            "peak_mb": round(many["peak_bytes"] / 1e6),
            "peak_mb_of_fewer": round(few["peak_bytes"] / 1e6),
            "seconds": many["seconds"],
            "below_limit": many["peak_bytes"] < LIMIT,
        }
        print(stage, answer[stage], file=sys.stderr, flush=True)
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
