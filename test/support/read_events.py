"""Prints as JSON what TensorBoard finds in a folder of event files: the scalars and the images by tag, and the settings."""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata


def settings() -> dict:
    content = accumulator.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    values = metadata.parse_session_start_info_plugin_data(content).hparams
    return {name: getattr(value, value.WhichOneof("kind")) for name, value in values.items()}


def texts() -> list:
    return accumulator.Tensors("settings/text_summary")


accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0})
accumulator.Reload()
tags = accumulator.Tags()
print(
    json.dumps(
        {
            "scalars": {
                tag: [[event.step, str(event.value)] for event in accumulator.Scalars(tag)] for tag in tags["scalars"]
            },
            "images": {
                tag: [[event.step, event.width, event.height] for event in accumulator.Images(tag)]
                for tag in tags["images"]
            },
            "settings": settings(),
            "text": [event.tensor_proto.string_val[0].decode() for event in texts()],
        }
    )
)
