"""Real archives and tables with bytes changed, cut or put in: read, or one sentence, and never outside of workdir."""

from __future__ import annotations

import io
import tarfile
import time
import zipfile

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmexplore.errors import UserError
from mmexplore.pairs.images import check_image, open_image
from mmexplore.pairs.read import read_pairs

MUTATION = st.tuples(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6),
    st.one_of(st.none(), st.floats(0, 1)),
    st.tuples(st.floats(0, 1), st.binary(max_size=8)),
)


def mutate(data: bytes, mutation) -> bytes:
    changes, cut, (at, extra) = mutation
    out = bytearray(data)
    for where, byte in changes:
        out[int(where * (len(out) - 1))] = byte
    middle = int(at * len(out))
    out[middle:middle] = extra
    return bytes(out if cut is None else out[: int(cut * len(out))])


@pytest.fixture(scope="module")
def originals(jpeg, wav) -> dict[str, bytes]:
    """One good file of each form that holds a whole data set."""
    rows = [
        {"id": f"r{i}", "image": f"{i}.jpg", "sound": f"{i}.wav", "text": f"It is number {i} here."} for i in range(4)
    ]
    files = {"pairs.csv": pd.DataFrame(rows).to_csv(index=False).encode()}
    files |= {f"{i}.jpg": jpeg(i) for i in range(4)} | {f"{i}.wav": wav() for i in range(4)}
    packed, taped, parquet = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    with tarfile.open(fileobj=taped, mode="w:gz") as tape:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tape.addfile(info, io.BytesIO(data))
    frame = pd.DataFrame(
        {"image": [{"bytes": jpeg(i), "path": None} for i in range(4)], "text": [r["text"] for r in rows]}
    )
    frame.to_parquet(parquet)
    lines = frame.assign(image="x")[["text"]].to_json(orient="records", lines=True).encode()
    return {"a.zip": packed.getvalue(), "a.tgz": taped.getvalue(), "a.parquet": parquet.getvalue(), "a.jsonl": lines}


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(["a.zip", "a.tgz", "a.parquet", "a.jsonl"]), mutation=MUTATION)
def test_mutated_data_sets(originals, tmp_path_factory, name, mutation):
    root = tmp_path_factory.mktemp("mutated")
    (root / name).write_bytes(mutate(originals[name], mutation))
    start = time.perf_counter()
    try:
        data = read_pairs(root / name, workdir=root / "work")
        assert len(data) >= 1
    except UserError as error:
        assert str(error)
    assert time.perf_counter() - start < 10
    assert {p.name for p in root.iterdir()} <= {name, "work"}


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(form=st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]), mutation=MUTATION)
def test_mutated_pictures(jpeg, form, mutation):
    data = mutate(jpeg(1, (40, 30), form), mutation)
    for look in (check_image, open_image):
        try:
            look(data)
        except UserError as error:
            assert str(error).startswith("image: ")
