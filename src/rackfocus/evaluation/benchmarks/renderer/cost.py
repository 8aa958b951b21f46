"""Time and memory of each method at each size and radius."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from rackfocus.evaluation.benchmarks.renderer.cell import Job
from rackfocus.evaluation.benchmarks.renderer.guard import GB, Limits, StoppedError, guarded
from rackfocus.evaluation.benchmarks.renderer.inputs import Size
from rackfocus.evaluation.benchmarks.renderer_peers import METHODS, OURS

MIB = 2**20


@dataclass(frozen=True)
class Cost:
    """One method at one size and radius.

    Attributes:
        method: its name.
        backward: whether gradients by image, disparity and log exposure were computed, too.
        width: of the picture in pixels.
        height: of the picture in pixels.
        radius: the largest blur radius in pixels.
        seconds: of one rendering, the median of all.
        ratio: its time over that of `ours` in the same pair of runs, the median over the pairs.
        ratio_low: the smallest ratio.
        ratio_high: the largest ratio.
        pairs: number of pairs.
        peak_mib: memory beyond the inputs, of a separate process.
        skipped: why something was not measured; empty if all was.
    """

    method: str
    backward: bool
    width: int
    height: int
    radius: float
    seconds: float | None = None
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    pairs: int = 0
    peak_mib: float | None = None
    skipped: str = ""

    @property
    def size(self) -> Size:
        """The size of the picture."""
        return Size(self.width, self.height)

    @property
    def cell(self) -> tuple[str, bool, int, int, float]:
        """The key of this record."""
        return self.method, self.backward, self.width, self.height, self.radius


def cells(
    methods: Sequence[str], sizes: Sequence[Size], radii: Sequence[float], *, backward: bool
) -> list[Cost]:
    """All cells to be measured, without results, from small to large."""
    return [
        Cost(name, gradients, size.width, size.height, radius)
        for size in sorted(sizes, key=lambda size: size.pixels)
        for radius in sorted(radii)
        for gradients in ((False, True) if backward else (False,))
        for name in methods
        if METHODS[name].timed and (METHODS[name].backward is not None or not gradients)
    ]


def measure_costs(
    wanted: Sequence[Cost],
    known: Sequence[Cost],
    *,
    scene: Path,
    repeats: int,
    cores: int,
    limits: Limits,
) -> Iterator[Cost]:
    """Measure the cells without a known record by pairs of runs, one after the other; `scene` is a folder.

    A cell that is expected to exceed the limits, by smaller cells of the same method, is skipped.
    """
    records = list(known)
    done = {record.cell for record in records}
    for cell in wanted:
        if cell.cell not in done:
            record = _measured(cell, records, scene=scene, repeats=repeats, cores=cores, limits=limits)
            records.append(record)
            yield record


def predicted_cost(cell: Cost, records: Sequence[Cost]) -> tuple[float, float] | None:
    """Expected seconds and MiB of a cell, from the largest measured cell that is not larger in any dimension.

    Time grows with the pixels and with the method's power of the radius; memory with the pixels, and with
    gradients also with the radius, because each layer is stored.
    """
    smaller = [
        record
        for record in records
        if (record.method, record.backward) == (cell.method, cell.backward)
        and record.seconds is not None
        and record.peak_mib is not None
        and record.size.pixels <= cell.size.pixels
        and record.radius <= cell.radius
    ]
    if not smaller:
        return None
    nearest = max(smaller, key=lambda record: record.size.pixels * record.radius)
    assert nearest.seconds is not None
    assert nearest.peak_mib is not None
    pixels = cell.size.pixels / nearest.size.pixels
    wider = cell.radius / nearest.radius
    seconds = nearest.seconds * pixels * wider ** METHODS[cell.method].radius_exponent
    return seconds, nearest.peak_mib * pixels * (wider if cell.backward else 1.0)


def _measured(
    cell: Cost, records: Sequence[Cost], *, scene: Path, repeats: int, cores: int, limits: Limits
) -> Cost:
    """The cell with its results, or with the reason why it has none."""
    method, backward, width, height, radius = cell.cell
    job = Job(method, None, backward, str(scene), width, height, radius, repeats, cores)
    forecast = predicted_cost(cell, records)
    if forecast is not None and forecast[0] > limits.seconds:
        return Cost(*cell.cell, skipped=f"would take about {forecast[0]:.0f} s, by smaller cells")
    if forecast is not None and forecast[1] * MIB > limits.memory_gb * GB:
        return Cost(*cell.cell, skipped=f"would need about {forecast[1] * MIB / GB:.0f} GB, by smaller cells")
    try:
        first = guarded(job, limits)
    except StoppedError as stop:
        return Cost(*cell.cell, skipped=str(stop))
    assert first.peak_bytes is not None
    seconds, peak_mib = first.seconds[0], first.peak_bytes / MIB
    if seconds > limits.seconds:
        reason = f"one run only: more than {limits.seconds:g} s"
        return Cost(*cell.cell, seconds=seconds, peak_mib=peak_mib, skipped=reason)
    try:
        pairs = guarded(replace(job, against=OURS), limits)
    except StoppedError as stop:
        return Cost(*cell.cell, seconds=seconds, peak_mib=peak_mib, skipped=f"one run only: {stop}")
    ratios = [own / other for own, other in zip(pairs.seconds, pairs.against_seconds, strict=True)]
    return Cost(
        *cell.cell,
        seconds=median(pairs.seconds),
        ratio=median(ratios),
        ratio_low=min(ratios),
        ratio_high=max(ratios),
        pairs=len(ratios),
        peak_mib=peak_mib,
    )
