"""Good files of every form that a person may bring, drawn, played and packed here: what the mutations start from."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

TEXTS = ["a red card", "ein grünes Blatt", "两只蓝色的鸟", 'a "quoted", comma', "line one\nline two", "شجرة صغيرة"]


@cache
def originals() -> dict[str, list[bytes]]:
    """Suffix -> good files, several variants of each."""
    made = _pictures() | _sounds() | _films() | _tables() | _arrays()
    made |= {".txt": [t.encode(e) for t in TEXTS for e in ("utf-8", "utf-16")]}
    made |= {".json": [json.dumps({"label": "a", "size": 1.5, "note": TEXTS[2]}).encode()]}
    return made | _archives()


def picture(seed: int = 0, size: tuple[int, int] = (40, 30)) -> Image.Image:
    """Noise: every byte of the file matters."""
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def saved(image: Image.Image, form: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def _pictures() -> dict[str, list[bytes]]:
    one, frames = picture(), [picture(s) for s in range(3)]
    moving = {"save_all": True, "append_images": frames[1:], "duration": 50}
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    rgba = one.convert("RGBA")
    rgba.putalpha(one.convert("L"))
    wide = Image.fromarray((np.arange(1200, dtype=np.uint16) * 50).reshape(30, 40))
    return {
        ".jpg": [
            saved(one, "JPEG"),
            saved(one, "JPEG", progressive=True, exif=exif),
            saved(one.convert("CMYK"), "JPEG"),
            saved(picture(1, (200, 160)).convert("L"), "JPEG", quality=20),
        ],
        ".png": [
            saved(one, "PNG"),
            saved(one.quantize(16), "PNG", transparency=3),
            saved(wide, "PNG"),
            saved(rgba, "PNG", exif=exif),
            saved(frames[0], "PNG", **moving),
        ],
        ".webp": [saved(one, "WEBP"), saved(rgba, "WEBP", lossless=True), saved(frames[0], "WEBP", **moving)],
        ".gif": [saved(one, "GIF"), saved(frames[0], "GIF", loop=0, **moving)],
        ".bmp": [saved(one, "BMP"), saved(one.quantize(16), "BMP")],
        ".tiff": [
            saved(one, "TIFF"),
            saved(one, "TIFF", compression="tiff_lzw"),
            saved(rgba, "TIFF", compression="tiff_deflate"),
            saved(one, "TIFF", compression="jpeg"),
            saved(wide, "TIFF"),
            saved(frames[0], "TIFF", **moving),
        ],
    }


def tone(seconds: float = 0.2, rate: int = 8000, channels: int = 1) -> np.ndarray:
    """float32 [T, channels]."""
    t = np.arange(int(seconds * rate)) / rate
    return np.repeat(0.4 * np.sin(2 * np.pi * 440 * t)[:, None], channels, axis=1).astype(np.float32)


def _sounds() -> dict[str, list[bytes]]:
    import soundfile

    def sound(form: str, subtype: str | None = None, rate: int = 8000, channels: int = 1) -> bytes:
        out = io.BytesIO()
        soundfile.write(out, tone(0.2, rate, channels), rate, format=form, subtype=subtype)
        return out.getvalue()

    return {
        ".wav": [sound("WAV"), sound("WAV", "FLOAT", 16000, 2), sound("WAV", "IMA_ADPCM"), sound("WAV", "ULAW")],
        ".flac": [sound("FLAC"), sound("FLAC", "PCM_24", 44100, 2)],
        ".ogg": [sound("OGG", "VORBIS"), sound("OGG", "OPUS", 48000, 2)],
        ".mp3": [sound("MP3", rate=16000), sound("MP3", rate=44100, channels=2)],
    }


def film(suffix: str, codec: str, n: int = 8, sound: bool = False) -> bytes:
    """A few frames of 64 x 48, with a tone where `sound`."""
    import av

    with TemporaryDirectory() as folder:
        path = Path(folder, f"film{suffix}")
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            audio = container.add_stream("aac" if suffix == ".mp4" else "libopus", rate=48000) if sound else None
            for i in range(n):
                frame = av.VideoFrame.from_ndarray(np.asarray(picture(i, (64, 48))), format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
            if audio is not None:
                samples = np.ascontiguousarray(tone(n / 10, 48000).T)
                block = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
                block.rate = 48000
                fifo = av.AudioFifo()
                fifo.write(block)
                while (piece := fifo.read(960 if suffix == ".webm" else 1024)) is not None:
                    container.mux(audio.encode(piece))
                container.mux(audio.encode(None))
        return path.read_bytes()


def _films() -> dict[str, list[bytes]]:
    return {
        ".mp4": [film(".mp4", "mpeg4"), film(".mp4", "libx264", sound=True)],
        ".webm": [film(".webm", "libvpx"), film(".webm", "libvpx-vp9", sound=True)],
    }


def frame() -> pd.DataFrame:
    """Six rows with texts, numbers and holes."""
    n = len(TEXTS)
    return pd.DataFrame(
        {
            "id": [f"r{i}" for i in range(n)],
            "text": TEXTS,
            "label": ["a", "b", "a", None, "b", "a"],
            "size": np.arange(n) / 3,
            "place, or so": ["=1+1", "-2", "", "<b>x</b>", "𝒳", "é"],
        }
    )


def _tables() -> dict[str, list[bytes]]:
    table = frame()
    csv, lines = table.to_csv(index=False), table.to_json(orient="records", lines=True, force_ascii=False)
    ascii_lines = table.to_json(orient="records", lines=True)
    listed = pa.table(
        {
            "id": table["id"].tolist(),
            "vector": [np.arange(4, dtype=np.float32).tolist()] * len(table),
            "series": [list(range(i + 2)) for i in range(len(table))],
            "picture": [{"bytes": saved(picture(i, (12, 9)), "PNG"), "path": f"{i}.png"} for i in range(len(table))],
            "text": TEXTS,
            "kind": pa.array(["a", "b"] * 3).dictionary_encode(),
            "when": pd.date_range("2020-01-01", periods=len(table)),
        }
    )
    written = {}
    for compression in ("snappy", "zstd", "none"):
        out = io.BytesIO()
        pq.write_table(listed, out, compression=compression, row_group_size=2)
        written[compression] = out.getvalue()
    stream, file = io.BytesIO(), io.BytesIO()
    with pa.ipc.new_stream(stream, listed.schema) as writer:
        writer.write_table(listed)
    with pa.ipc.new_file(file, listed.schema) as writer:
        writer.write_table(listed)
    return {
        ".csv": [csv.encode(), csv.encode("utf-8-sig"), csv.encode("utf-16"), csv.replace(",", ";").encode()],
        ".tsv": [table.to_csv(index=False, sep="\t").encode()],
        ".jsonl": [lines.encode(), ascii_lines.encode()],
        ".parquet": list(written.values()),
        ".arrow": [stream.getvalue(), file.getvalue()],
    }


def series_tables() -> dict[str, bytes]:
    """Good series of two channels, one file an item, in the forms of tables."""
    numbers, out = pd.DataFrame({"x": np.arange(9) / 2, "y": np.arange(9)}), io.BytesIO()
    numbers.to_parquet(out, index=False)
    text = numbers.to_csv(index=False)
    return {".csv": text.encode(), ".tsv": text.replace(",", "\t").encode(), ".parquet": out.getvalue()}


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "image": rng.normal(size=(8, 5)).astype(np.float32),
        "text": rng.normal(size=(8, 3)),
        "label": np.array(["a", "b"] * 4),
        "id": np.arange(8),
    }


def _arrays() -> dict[str, list[bytes]]:
    from safetensors.numpy import save

    flat, packed, plain = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.savez(flat, **arrays())
    np.savez_compressed(packed, **arrays())
    np.save(plain, arrays()["image"])
    numbers = {k: v for k, v in arrays().items() if v.dtype.kind in "fi"}
    return {
        ".npz": [flat.getvalue(), packed.getvalue()],
        ".npy": [plain.getvalue()],
        ".safetensors": [save(numbers), save({k: v.astype(np.float16) for k, v in numbers.items()})],
    }


def _archives() -> dict[str, list[bytes]]:
    """A table with its pictures and sounds, and pictures with same-name captions."""
    sound = _sounds()[".wav"][0]
    rows = [{"id": f"r{i}", "image": f"p/{i}.jpg", "sound": f"{i}.wav", "text": t} for i, t in enumerate(TEXTS)]
    with_table: dict[str, bytes] = {"pairs.csv": pd.DataFrame(rows).to_csv(index=False).encode()}
    beside: dict[str, bytes] = {}
    for i, text in enumerate(TEXTS):
        shot = saved(picture(i), "JPEG")
        with_table |= {f"p/{i}.jpg": shot, f"{i}.wav": sound}
        beside |= {f"{'ab'[i % 2]}/{i}.jpg": shot, f"{'ab'[i % 2]}/{i}.txt": text.encode()}
    sets = (with_table, beside)
    return {
        ".zip": [zipped(s, method) for s in sets for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)],
        ".tar": [taped(s, "w") for s in sets],
        ".tgz": [taped(s, "w:gz") for s in sets],
    }


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def taped(files: dict[str, bytes], mode: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tape:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tape.addfile(info, io.BytesIO(data))
    return out.getvalue()
