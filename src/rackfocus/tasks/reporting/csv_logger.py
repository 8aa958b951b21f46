"""The table of metrics of a training that can be continued."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pytorch_lightning.loggers import CSVLogger
from pytorch_lightning.loggers.csv_logs import ExperimentWriter
from pytorch_lightning.loggers.logger import rank_zero_experiment


class CSVRunLogger(CSVLogger):
    """`metrics/metrics.csv` of a training below `save_dir`, which is extended when the training is continued.

    Lightning's own logger deletes the rows of an earlier run. Here they are kept, up to the step from which
    training continues. Each row is written to disk at once.
    """

    def __init__(self, *, save_dir: str) -> None:
        super().__init__(save_dir, name="metrics", version="", flush_logs_every_n_steps=1)

    @property
    @rank_zero_experiment
    def experiment(self) -> ExperimentWriter:
        """The writer of the rows."""
        if self._experiment is None:
            self._experiment = _GrowingWriter(self.log_dir)
        return cast(ExperimentWriter, self._experiment)


class _GrowingWriter(ExperimentWriter):
    def __init__(self, log_dir: str) -> None:
        super().__init__(log_dir)
        self.earlier: list[dict[str, Any]] | None = []
        path = Path(self.metrics_file_path)
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                self.earlier = list(csv.DictReader(file))

    def _check_log_dir_exists(self) -> None:
        """Keep the rows of an earlier run, which Lightning would delete."""

    def log_metrics(self, metrics_dict: Mapping[str, Any], step: int | None = None) -> None:
        if self.earlier is not None and step is not None:
            # The first new row gives the step where training continues; later old rows will be computed
            # again, but not a validation between the batches of that step, which has its number.
            again = (at for at, row in enumerate(self.earlier) if _is_repeated(row, metrics_dict, step))
            self.metrics = self.earlier[: next(again, None)]
            self.earlier = None
            Path(self.metrics_file_path).unlink(missing_ok=True)
        super().log_metrics(dict(metrics_dict), step)


def _is_repeated(row: Mapping[str, str], new: Mapping[str, Any], step: int) -> bool:
    """Whether a row of an earlier run is computed again after a new one of this step."""
    if int(row["step"]) != step:
        return int(row["step"]) > step
    return not any(name.startswith("train/") for name in new) or any(
        value for name, value in row.items() if name.startswith("train/")
    )
