"""Public benchmarks of photographs: RealBokeh's targets by f-number, and Val294 of EBB!."""

from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.data.apertures.aperture import ApertureScene
from rackfocus.data.apertures.ebb import EBB
from rackfocus.data.apertures.realbokeh import realbokeh_scenes, require_photograph
from rackfocus.evaluation.images.baselines import Prediction, Predictor
from rackfocus.evaluation.public.stored import read_stored
from rackfocus.evaluation.public.target import Target
from rackfocus.optics.radiometry import linear_to_srgb
from rackfocus.optics.renderer import render
from rackfocus.types import InputError, Lens

VAL294 = range(4400, 4694)
"""The numbers of EBB!'s training pairs that are Val294 (data/test.csv of saikatdutta/Stacked_DMSHN_bokeh)."""


class PhotographTargets:
    """Each wider photograph of scenes as a target, by its f-number.

    Ours is rendered from the sharp photograph by the network's `D` and `E` through a lens of the target's
    f-number; what the network puts at `D = 0` is in focus, since the benchmarks do not say what is.

    Args:
        scenes: with at least one shot each, whose f-numbers are known.
        multiple_px: the central part whose sides are multiples of this is compared.
    """

    def __init__(self, scenes: Sequence[ApertureScene], *, multiple_px: int = 1) -> None:
        self._shots: dict[Target, tuple[Path, Path, float]] = {}
        for scene in scenes:
            for shot in scene.shots:
                assert shot.f_number is not None
                target = Target(shot.file.stem, f"f/{shot.f_number:g}", shot.f_number)
                self._shots[target] = scene.deep.file, shot.file, shot.f_number
        self.targets = list(self._shots)
        names = [target.name for target in self.targets]
        if len(set(names)) < sum(len(scene.shots) for scene in scenes):
            twice = max(names, key=names.count)
            raise InputError(f"Two photographs are named {twice}; give each a name of its own.")
        self.has_truth = any(file.is_file() for _, file, _ in self._shots.values())
        for deep, shot_file, _ in self._shots.values():
            require_photograph(deep)
            if self.has_truth:
                require_photograph(shot_file)
        self._multiple_px = multiple_px
        self._estimate: tuple[Path, Prediction] | None = None

    def sharp(self, target: Target) -> Float[Tensor, "3 height width"]:
        """The photograph of the narrowest aperture."""
        return read_stored(self._shots[target][0])

    def truth(self, target: Target) -> Float[Tensor, "3 height width"]:
        """The photograph at the target's aperture, as it is: neither aligned nor brought to one exposure."""
        return read_stored(self._shots[target][1])

    def compared(self, picture: Float[Tensor, "3 height width"]) -> Float[Tensor, "3 rows columns"]:
        """The central part whose sides are multiples of `multiple_px`; of an odd rest, more is cut off left
        and above.
        """
        for axis in (1, 2):
            rest = picture.shape[axis] % self._multiple_px
            picture = picture.narrow(axis, (rest + 1) // 2, picture.shape[axis] - rest)
        return picture

    @torch.inference_mode()
    def rendered(self, target: Target, network: Predictor) -> Float[Tensor, "3 height width"]:
        """Our rendering; the estimates of the latest sharp photograph are kept for its other apertures."""
        source, _, f_number = self._shots[target]
        if self._estimate is None or self._estimate[0] != source:
            self._estimate = source, network(read_stored(source)[None])
        _, estimate = self._estimate
        assert estimate.radiance is not None
        assert estimate.disparity is not None
        shallow = render(estimate.radiance, estimate.disparity, lens=Lens(f_number=f_number))
        return linear_to_srgb(shallow.clamp(0, 1))[0].clamp(0, 1)


class RealBokehTargets(PhotographTargets):
    """Every target of a split of RealBokeh_3MP, or of the inputs of NTIRE 2026's challenge, whose targets are
    not published.

    Raises:
        InputError: the split is missing or its metadata are invalid, or some targets are there and others are
            missing.
    """

    def __init__(self, root: str | Path, split: str = "test") -> None:
        super().__init__(realbokeh_scenes(root, split))


class Val294(PhotographTargets):
    """EBB! Val294: the pairs 4400 to 4693 of the training part, or all pairs in `validation/in` and
    `validation/gt`, as unpacked for Bokehlicious.

    As there, the central part whose sides are multiples of 4 is compared.

    Raises:
        InputError: as from `rackfocus.data.apertures.ebb.EBB`; or a pair of Val294 is missing.
    """

    def __init__(self, root: str | Path) -> None:
        if not (Path(root) / "Training").is_dir():
            items = EBB(root, "validation").items
        else:
            found = {item.name: item for item in EBB(root, "all").items}
            missing = [number for number in VAL294 if str(number) not in found]
            if missing:
                raise InputError(
                    f"{root} lacks {len(missing)} of the {len(VAL294)} pairs of Val294, the first of them "
                    f"{missing[0]}; get EBB! again."
                )
            items = [found[str(number)] for number in VAL294]
        super().__init__([ApertureScene(item.name, item.deep, item.shots) for item in items], multiple_px=4)
