"""What the voice detector misses, what it takes for speech by mistake, and what it costs.

    python benchmarks/vad.py [--json]

The material is made here: sentences of the local voice (hibari) with pauses between them, cut to the telephone band
(300-3400 Hz), mixed with noise, coded with G.711 mu-law. Where speech is, is read off the clean sound: a 32 ms window
is speech when it is louder than 35 dB below the loudest, and pauses of up to 100 ms inside speech count as speech.
The numbers stand in docs/decisions/0004-voice-activity.md.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from hibari import Hibari

from outdial.audio.frames import FRAME_BYTES, LINE_RATE_HZ
from outdial.audio.g711 import mu_law_decode, mu_law_encode
from outdial.audio.resample import to_line_rate
from outdial.conversation.detector import Heard, SpeechDetector
from outdial.conversation.silero import WINDOW_SAMPLES
from outdial.conversation.vad import WINDOW_BYTES, VoiceActivity

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SENTENCES: Final = (
    "Hello, who is calling please?",
    "Yes, that is right.",
    "No.",
    "I ordered it two weeks ago and it still has not arrived.",
    "Could you say that again, please?",
    "My order number is four seven one nine.",
    "Wait a moment, I have to look for a pen.",
    "Tuesday afternoon would be better for me.",
    "What does it cost?",
    "I am not interested, thank you very much.",
    "The address is twelve Station Road, on the second floor.",
    "Can I speak to a real person?",
    "Okay, and when will they come?",
    "Sure.",
    "There is somebody at the door, can you call me back later this evening?",
    "Thanks, bye.",
)
SNRS_DB: Final = (None, 10, 5)
NOISES: Final = ("street", "hiss")
SPEECH_DB_BELOW_PEAK: Final = 35
REPEATS: Final = 3
FORGETTING_S: Final = (None, 1.0, 2.0, 5.0)
SEED: Final = 7


def material() -> tuple[Floats, Flags]:
    """Some minutes of line-rate sound, and for each window whether it is speech."""
    voice = Hibari()
    rng = np.random.default_rng(SEED)
    parts = [np.zeros(2 * LINE_RATE_HZ)]
    for sentence in SENTENCES * REPEATS:
        pieces = [np.asarray(piece, np.float32) for piece in voice.stream(sentence)]
        sound = np.frombuffer(to_line_rate(np.concatenate(pieces), voice.sample_rate), np.int16).astype(np.float64)
        parts += [sound * 10 ** (rng.uniform(-6, 3) / 20), np.zeros(int(rng.uniform(0.8, 8.0) * LINE_RATE_HZ))]
    clean = telephone_band(np.concatenate(parts))
    clean = clean[: len(clean) // WINDOW_SAMPLES * WINDOW_SAMPLES]
    return clean, speech_windows(clean)


def telephone_band(sound: Floats) -> Floats:
    spectrum = np.fft.rfft(sound)
    frequency = np.fft.rfftfreq(len(sound), 1 / LINE_RATE_HZ)
    spectrum[(frequency < 300) | (frequency > 3400)] = 0
    return np.asarray(np.fft.irfft(spectrum, len(sound)))


def speech_windows(clean: Floats) -> Flags:
    power = np.mean(clean.reshape(-1, WINDOW_SAMPLES) ** 2, axis=1)
    loud = 10 * np.log10(power + 1e-9) > 10 * np.log10(power.max()) - SPEECH_DB_BELOW_PEAK
    closed = loud.copy()
    for gap in (1, 2, 3):
        after = np.any([np.roll(loud, -k)[gap:-1] for k in range(4 - gap)], axis=0)
        closed[gap:-1] |= loud[: -gap - 1] & after
    return np.asarray(closed)


def noise(kind: str, length: int) -> Floats:
    """Steady noise in the telephone band: hiss is white, street falls by 3 dB an octave."""
    spectrum = np.fft.rfft(np.random.default_rng(SEED + 1).standard_normal(length))
    slope = 0.5 if kind == "street" else 0.0
    frequency = np.fft.rfftfreq(length, 1 / LINE_RATE_HZ)
    return telephone_band(np.asarray(np.fft.irfft(spectrum / np.maximum(frequency, 100) ** slope, length)))


def mixed(clean: Floats, speech: Flags, kind: str, snr_db: int | None) -> bytes:
    """PCM after mu-law; the ratio is of the speech's power, pauses left out, to the noise's."""
    sound = clean
    if snr_db is not None:
        spoken = np.repeat(speech, WINDOW_SAMPLES)
        disturbance = noise(kind, len(clean))
        gain = np.sqrt(np.mean(clean[spoken] ** 2) / np.mean(disturbance**2) / 10 ** (snr_db / 10))
        sound = clean + gain * disturbance
    sound = sound * 3000 / np.sqrt(np.mean(sound**2))
    return mu_law_decode(mu_law_encode(np.clip(sound, -32768, 32767).astype(np.int16).tobytes()))


@dataclass(frozen=True)
class Quality:
    forgets_after_s: float | None
    """Silence after which the model's memory is cleared; None: never."""
    noise: str
    snr_db: int | None
    missed_percent: float
    """Windows of speech with a probability below 0.5."""
    false_percent: float
    """Windows without speech at 0.5 or above."""
    utterances_missed: int
    """Of the sentences, those in which the detector found no speech at all."""
    utterances_cut: int
    """Sentences that the detector ended although they went on."""
    false_starts: int
    """Speech found where there is none."""
    onset_ms: float
    """Median time from a sentence's first window to BEGAN."""


def judge(forgets_after_s: float | None, pcm: bytes) -> tuple[Floats, list[int]]:
    """Probability of each window, and the windows at which speech began, as the engine's listener finds them."""
    detector = SpeechDetector()
    judged: list[float] = []
    began = []
    pool = VoiceActivity(slots=1)
    ear = pool.open()
    for at in range(0, len(pcm), FRAME_BYTES):
        ear.push(pcm[at : at + FRAME_BYTES])
        pool.run()
        for probability in ear.take():
            if detector.hear(probability) is Heard.BEGAN:
                began.append(len(judged))
            judged.append(probability)
        if forgets_after_s is not None and detector.quiet_ms >= 1000 * forgets_after_s:
            detector.quiet_ms = 0
            ear.forget()
    return np.array(judged), began


def quality(forgets_after_s: float | None, case: tuple[str, int | None], pcm: bytes, speech: Flags) -> Quality:
    kind, snr_db = case
    judged, began = judge(forgets_after_s, pcm)
    speech = speech[: len(judged)]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], spread(speech).astype(int), [0]])))
    sentences = list(zip(edges[::2], edges[1::2], strict=True))
    inside = [[n for n in began if first <= n <= last + 3] for first, last in sentences]
    return Quality(
        forgets_after_s=forgets_after_s,
        noise=kind if snr_db is not None else "none",
        snr_db=snr_db,
        missed_percent=round(100 * float(np.mean(judged[speech] < 0.5)), 1),
        false_percent=round(100 * float(np.mean(judged[~speech] >= 0.5)), 1),
        utterances_missed=sum(not found for found in inside),
        utterances_cut=sum(len(found) > 1 for found in inside),
        false_starts=len(began) - sum(map(len, inside)),
        onset_ms=float(
            np.median(
                [32 * (found[0] - first + 1) for (first, _), found in zip(sentences, inside, strict=True) if found]
            )
        ),
    )


def spread(speech: Flags) -> Flags:
    """Sentences as one piece: pauses of up to 480 ms closed."""
    joined = speech.copy()
    silent = 15
    for n, spoken in enumerate(speech):
        if spoken and 0 < silent < 15:
            joined[n - silent : n] = True
        silent = 0 if spoken else silent + 1
    return joined


@dataclass(frozen=True)
class Cost:
    calls: int
    cpu_ms_per_call_second: float


def cost(calls: int, pcm: bytes) -> Cost:
    """CPU time of 1.28 s of sound for all calls, pushed in frames as the metronome does; the best of three."""
    frames = [pcm[at : at + FRAME_BYTES] for at in range(0, 64 * FRAME_BYTES, FRAME_BYTES)]
    pool = VoiceActivity(slots=calls)
    ears = [pool.open() for _ in range(calls)]
    for number, ear in enumerate(ears):
        ear.push(bytes(2 * (number * 37 % (WINDOW_BYTES // 2))))
    taken = []
    for _ in range(3):
        began = time.process_time()
        for frame in frames:
            for ear in ears:
                ear.push(frame)
            pool.run()
        taken.append(time.process_time() - began)
    return Cost(calls, round(1000 * min(taken) / calls / (len(frames) * 0.02), 2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    asked = parser.parse_args()
    clean, speech = material()
    cases = [(NOISES[0], None)] + [(kind, snr_db) for kind in NOISES for snr_db in SNRS_DB if snr_db is not None]
    sounds = {case: mixed(clean, speech, *case) for case in cases}
    found = [quality(forgetting, case, sounds[case], speech) for case in cases for forgetting in FORGETTING_S]
    costs = [cost(calls, sounds[cases[0]]) for calls in (1, 50, 250)]
    if asked.json:
        print(json.dumps({"quality": [asdict(row) for row in found], "cost": [asdict(row) for row in costs]}, indent=1))
        return
    share = 100 * float(np.mean(speech))
    print(f"{len(clean) / LINE_RATE_HZ:.0f} s, {share:.0f} % of it speech, {REPEATS * len(SENTENCES)} sentences\n")
    print("| forgets s | noise | SNR dB | missed % | false % | not found | cut | false starts | onset ms |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in found:
        print("| " + " | ".join(str(value) for value in asdict(row).values()) + " |")
    print("\n| calls | CPU ms per call-second |\n|---|---|")
    for price in costs:
        print("| " + " | ".join(str(value) for value in asdict(price).values()) + " |")


if __name__ == "__main__":
    main()
