"""Sound files opened safely: WAV, FLAC, OGG (Vorbis, Opus), MP3, AIFF turned into mono samples of one rate."""

from __future__ import annotations

from math import gcd
from pathlib import Path

import numpy as np

from mmexplore.data.dataset import Cell
from mmexplore.errors import UserError
from mmexplore.optional import require

RATE = 16_000  # Hz; what every offline encoder of sounds hears
MAX_SECONDS = 60.0  # of a longer recording the first minute is read
MAX_BYTES = 500_000_000
MAX_CHANNELS = 64
RATES = (1_000, 384_000)  # Hz; anything else is a damaged header


def read_sound(cell: Cell, rate: int = RATE, max_seconds: float = MAX_SECONDS) -> np.ndarray:
    """The beginning of a recording: float32 [T], one channel (their mean), -1..1, `rate` samples a second.

    Read block by block, so that memory is bounded whatever the header claims.

    Raises:
        UserError: no file, no sound that can be decoded, a senseless rate or number of channels, or no sample at all.
    """
    path = _checked(cell)
    require("soundfile", "encoders", "sounds")
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            own, channels = file.samplerate, file.channels
            if not RATES[0] <= own <= RATES[1] or channels > MAX_CHANNELS:
                raise UserError(f"claims {own:,} Hz and {channels} channels", path.name, "save it again as WAV")
            wanted, blocks, block = int(max_seconds * own), [], max(1, 2_000_000 // channels)
            while wanted > 0:
                part = file.read(min(block, wanted), dtype="float32", always_2d=True)
                if not len(part):
                    break
                blocks.append(part.mean(axis=1))
                wanted -= len(part)
    except UserError:
        raise
    except Exception as error:  # libsndfile's own errors and whatever a damaged header leads to
        raise UserError(
            "the sound cannot be decoded (damaged, or not WAV, FLAC, OGG or MP3)", path.name, "save it again as WAV"
        ) from error
    samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    if not len(samples):
        raise UserError("the sound holds no samples", path.name, "leave the cell empty instead")
    if not np.isfinite(samples).all():
        raise UserError("the sound holds NaN or infinite samples", path.name, "save it again as WAV")
    return resampled(np.clip(samples, -1, 1), own, rate)


def resampled(samples: np.ndarray, own: int, rate: int) -> np.ndarray:
    """float32 [T] at `own` Hz -> float32 [ceil(T * rate / own)] at `rate` Hz, by a polyphase filter."""
    if own == rate:
        return samples.astype(np.float32)
    from scipy.signal import resample_poly

    common = gcd(own, rate)
    return resample_poly(samples, rate // common, own // common).astype(np.float32)


def sound_seconds(path: Path) -> float:
    """Length in seconds as the header has it. Raises UserError as `read_sound` does."""
    require("soundfile", "encoders", "sounds")
    import soundfile

    try:
        about = soundfile.info(str(_checked(path)))
        return about.frames / about.samplerate
    except UserError:
        raise
    except Exception as error:
        raise UserError("the sound cannot be decoded", path.name, "save it again as WAV") from error


def _checked(cell: Cell) -> Path:
    if not isinstance(cell, Path):
        raise UserError("there is no sound", "" if cell is None else str(cell)[:80], "give a sound file")
    if not cell.is_file():
        raise UserError("the file does not exist", cell.name, "check its name in the table")
    if cell.stat().st_size > MAX_BYTES:
        raise UserError(f"the file has more than {MAX_BYTES:,} bytes", cell.name, "save it shorter, or as FLAC or MP3")
    return cell
