import json
import tempfile
import unittest
from pathlib import Path

import torch
from ftcadis_host.networks.class_names import ClassNames, names_in_order
from ftcadis_host.networks.classifiers import load_classifier, save_classifier

TIMM = {"source": "timm", "name": "resnet10t", "model_args": {"layers": [1, 1, 1, 1], "channels": [8, 8, 8, 8]}}
VIT = {
    "model_type": "vit", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8,
    "image_size": 8, "patch_size": 4,
}  # fmt: skip


def load(spec):
    return load_classifier(spec, device="cpu", dtype=torch.float32)


class NamesInOrder(unittest.TestCase):
    def test_are_a_list_or_a_mapping_of_all_logits(self):
        self.assertEqual(names_in_order(["a", "b"], 2), ["a", "b"])
        self.assertEqual(names_in_order({"10": "k", **{str(k): f"c{k}" for k in range(10)}}, 11)[10], "k")
        self.assertEqual(names_in_order({1: "b", 0: "a"}, None), ["a", "b"])

    def test_are_none_where_they_do_not_name_every_logit(self):
        for labels in (None, [], {}, "ab", ["a"], {0: "a", 2: "b"}, {"a": 0, "b": 1}, {0: "LABEL_0", 1: "LABEL_1"}):
            with self.subTest(labels=labels):
                self.assertIsNone(names_in_order(labels, 2))


class ClassifierClasses(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "weights"

    def saved(self, spec):
        save_classifier(load(spec), self.folder)
        return {key: value for key, value in spec.items() if key not in ("name", "config", "num_classes")} | {
            "path": str(self.folder)
        }

    def edit(self, **fields):
        file = self.folder / "config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))

    def test_are_those_of_timms_label_names(self):
        spec = self.saved({**TIMM, "num_classes": 2})
        self.assertIsNone(load(spec).classes)
        self.edit(label_names=["dark", "light"])
        self.assertEqual(load(spec).classes, ClassNames(["dark", "light"], are_of_data=False))
        self.assertIsNone(load({**spec, "num_classes": 3}).classes)

    def test_are_those_of_transformers_id2label(self):
        spec = self.saved({"source": "transformers", "config": {**VIT, "id2label": {"0": "dark", "1": "light"}}})
        self.assertEqual(load(spec).classes, ClassNames(["dark", "light"], are_of_data=False))
        self.assertIsNone(load({**spec, "num_classes": 3}).classes)
        self.edit(id2label={"0": "LABEL_0", "1": "LABEL_1"}, label2id={"LABEL_0": 0, "LABEL_1": 1})
        self.assertIsNone(load(spec).classes)

    def test_are_first_those_of_smoothed_json_beside_the_weights(self):
        spec = self.saved({**TIMM, "num_classes": 2})
        self.edit(label_names=["dark", "light"])
        (self.folder / "smoothed.json").write_text(json.dumps({"classes": ["x", "y"]}))
        self.assertEqual(load(spec).classes, ClassNames(["x", "y"], are_of_data=True))
        file = {**spec, "name": TIMM["name"], "path": str(self.folder / "model.safetensors")}
        self.assertEqual(load(file).classes, ClassNames(["x", "y"], are_of_data=True))
        self.assertIsNone(load({**spec, "num_classes": 3}).classes)
