"""Runs a network in an ONNX file by onnxruntime; needs the extra `onnx`."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rackfocus.device import CPU
from rackfocus.models.published.weights import find_weights
from rackfocus.reading.weights import onnx_session
from rackfocus.types import InputError

GPU_PROVIDER = "CUDAExecutionProvider"


class OnnxFile:
    """A network with one input, of which the first output is used.

    It runs on a CUDA GPU if onnxruntime can use that (the package `onnxruntime-gpu` does), otherwise on the
    CPU. It is loaded once for each device.

    Args:
        weights: a file, or the name of a published one.
        name: of the network, for error messages.
        threads: number of CPU threads.

    Attributes:
        path: of the file.
        shapes: of its inputs and outputs, in order; names stand for sizes that are not fixed.

    Raises:
        InputError: onnxruntime is not installed; the weights are missing or cannot be read.
    """

    def __init__(self, weights: str | Path, name: str, *, threads: int) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise InputError(
                f"{name} needs onnxruntime, which is not installed: pip install 'rackfocus[onnx]'."
            ) from error
        self._onnxruntime: Any = onnxruntime
        self.path = find_weights(weights)
        self._content, self._threads = self.path.read_bytes(), threads
        self._sessions: dict[str, Any] = {}
        session = self._session(CPU)
        inputs, outputs = session.get_inputs(), session.get_outputs()
        if not (inputs and outputs):
            raise InputError(f"{self.path} is a network without input or output; get the file anew.")
        self.shapes = [list(value.shape) for value in (*inputs, *outputs)]
        self._input, self._output = inputs[0].name, outputs[0].name

    def __call__(self, values: np.ndarray, device: torch.device = CPU) -> np.ndarray:
        """The first output.

        Args:
            values: the input.
            device: on which the network runs if possible.

        Raises:
            InputError: the network cannot run on this input.
        """
        session = self._session(device)
        try:
            return session.run([self._output], {self._input: values})[0]
        # onnxruntime's errors have no other common base class.
        except Exception as error:
            raise InputError(f"{self.path} cannot run on its input; get the file anew.") from error

    def identity(self) -> Any:
        """What distinguishes it from other networks, for `rackfocus.pipelines.fingerprint`."""
        return hashlib.sha256(self._content).hexdigest()

    def _session(self, device: torch.device) -> Any:
        on_gpu = device.type == "cuda" and GPU_PROVIDER in self._onnxruntime.get_available_providers()
        key = str(device) if on_gpu else "cpu"
        if key not in self._sessions:
            providers: list[Any] = ["CPUExecutionProvider"]
            if on_gpu:
                providers.insert(0, (GPU_PROVIDER, {"device_id": device.index or 0}))
            self._sessions[key] = onnx_session(
                self.path, self._content, threads=self._threads, providers=providers
            )
        return self._sessions[key]
