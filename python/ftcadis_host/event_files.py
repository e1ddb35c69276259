"""TensorBoard event files of a run."""

from __future__ import annotations

import io
from contextlib import contextmanager
from uuid import uuid4

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from torch.utils.tensorboard import FileWriter

# Seconds until writes are flushed to disk, so that TensorBoard shows a run in progress.
FLUSH_SECONDS = 10


class EventFileError(RuntimeError):
    """An event file cannot be written."""


class EventWriter:
    """Appends to its own event file in a folder. A tensorboard thread does the writing, so a failure is raised at a later call.

    Summaries of one step are one event, with a value for each tag, since every event is a separate write.
    """

    def __init__(self, folder: str, purge_step: int | None):
        """purge_step: TensorBoard hides data of this step and later ones in earlier files of the folder."""
        self.folder = folder
        with self._explained():
            # tensorboard's own name is predictable, and a link of that name would be followed.
            self._writer = FileWriter(folder, flush_secs=FLUSH_SECONDS, filename_suffix=f".{uuid4().hex}")
            if purge_step is not None:
                start = SessionLog(status=SessionLog.START)
                self._writer.add_event(Event(session_log=start), step=purge_step)

    def write_scalars(self, step: int, values: dict[str, float]) -> None:
        self._write(step, [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])

    def write_image(self, step: int, tag: str, png: bytes) -> None:
        from PIL import Image

        width, height = Image.open(io.BytesIO(png)).size
        image = Summary.Image(width=width, height=height, colorspace=3, encoded_image_string=png)
        self._write(step, [Summary.Value(tag=tag, image=image)])

    def write_settings(self, values: dict[str, str | int | float], text: str) -> None:
        """Settings of the run for the tab HParams, which compares runs by them, and as text (Markdown).

        The tab finds the metrics in the scalars: no list is needed."""
        from torch.utils.tensorboard import summary

        _experiment, start, _end = summary.hparams(values, {})
        with self._explained():
            self._writer.add_summary(start, 0)
            self._writer.add_summary(summary.text("settings", text), 0)

    def close(self) -> None:
        """Flushes and closes the file. Safe to call twice."""
        with self._explained():
            self._writer.close()

    def _write(self, step: int, values: list[Summary.Value]) -> None:
        with self._explained():
            self._writer.add_summary(Summary(value=values), step)

    @contextmanager
    def _explained(self):
        try:
            yield
        except OSError as error:
            raise EventFileError(
                f"The TensorBoard event files in '{self.folder}' cannot be written: {error}. "
                "Make room or give the rights, then resume the run."
            ) from error
