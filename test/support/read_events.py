"""Prints as JSON what TensorBoard finds in a folder of event files: the scalars and the images by tag."""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

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
        }
    )
)
