"""Errors of disparity and of light over pictures, a panel for each network (Fig. 7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from rackfocus.evaluation.images.examination import Conditions
from rackfocus.evaluation.images.measure import measure
from rackfocus.evaluation.images.raytraced import examine_scene, predictor_method
from rackfocus.evaluation.reports.histograms import draw_histogram
from rackfocus.evaluation.reports.records import Record
from rackfocus.evaluation.reproduction.claims import Claim
from rackfocus.evaluation.reproduction.item import Made, Material
from rackfocus.evaluation.reproduction.numbers import mean_of, missing


@dataclass(frozen=True)
class Histogram:
    """One panel of Fig. 7.

    Attributes:
        title: of the item.
        column: of `Record`, one of `rackfocus.evaluation.reports.histograms.AXES`.
        what: the error, for the names of numbers.
        methods: names of the networks in the figure.
        learned: the name of the network that learned without this truth, as the paper's does.
        said: what the paper says, by the network that `learned` is compared with.
        data_sets: measured photographs by name, in place of the ray-traced test scenes.
    """

    title: str
    column: str
    what: str
    methods: Sequence[str]
    learned: str
    said: Mapping[str, Mapping[str, Any]]
    data_sets: Mapping[str, Any] = field(default_factory=dict)

    @property
    def claims(self) -> list[Claim]:
        """One for each network that the paper's is compared with."""
        return [Claim(number=self._label(other), **said) for other, said in self.said.items()]

    def make(self, material: Material, folder: Path) -> Made:
        """The mean error of each network, and the differences that the claims are about."""
        records = self._records(material)
        draw_histogram(
            records, self.column, "photographs" if self.data_sets else "ray-traced", folder / "picture.png"
        )
        by_method = {
            name: {(r.data_set, r.image): getattr(r, self.column) for r in records if _is_of(r, name)}
            for name in self.methods
        }
        numbers = [
            missing(f"{self.what}, {name}", material.not_found[name], paper="histogram only")
            if name in material.not_found
            else mean_of(f"{self.what}, {name}", by_method[name].values(), paper="histogram only")
            for name in self.methods
        ]
        for other in self.said:
            label = self._label(other)
            own, theirs = by_method[self.learned], by_method.get(other, {})
            numbers.append(
                missing(label, material.not_found[other])
                if other in material.not_found
                else mean_of(label, (own[key] - theirs[key] for key in own if key in theirs))
            )
        return Made(
            numbers,
            ""
            if self.data_sets
            else "Ray-traced test scenes; suite=photographs suite.root=FOLDER measures photographs.",
        )

    def _label(self, other: str) -> str:
        return f"{self.learned} less {other}"

    @torch.inference_mode()
    def _records(self, material: Material) -> list[Record]:
        methods = [material.methods[name] for name in self.methods if name in material.methods]
        conditions = Conditions(seed=material.seed)
        if self.data_sets:
            return [
                record
                for name, data_set in self.data_sets.items()
                for record in measure(name, data_set, methods, conditions, sheet_samples=0).records
            ]
        found: list[Record] = []
        for scene in material.test_scenes():
            found += examine_scene(scene, [predictor_method(each) for each in methods], conditions).records
        return [record for record in found if record.target == "f/2"]


def _is_of(record: Record, name: str) -> bool:
    """Whether a record is of a method; what it borrowed of the truth stands in brackets behind its name."""
    return record.method == name or record.method.startswith(f"{name} (")
