"""The licence of base weights."""

import json
import tempfile
import unittest
from pathlib import Path

from ftcadis_host.base_licences import base_licence


class TestBaseLicence(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.folder = Path(self.directory.name)

    def licence(self, **files):
        for name, text in files.items():
            (self.folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
        return base_licence(spec={"source": "timm", "path": str(self.folder)})

    def test_is_what_the_card_or_the_folder_states(self):
        self.assertIsNone(self.licence())
        self.assertIsNone(self.licence(config_json=json.dumps({"pretrained_cfg": {"license": 3}})))
        self.assertEqual(self.licence(config_json=json.dumps({"pretrained_cfg": {"license": "mit"}})), "mit")
        # Text below the metadata says nothing.
        self.assertEqual(self.licence(README_md="---\ntags: x\n---\nlicense: gpl\n"), "mit")
        self.assertEqual(self.licence(README_md="# title\nlicense: gpl\n"), "mit")
        self.assertEqual(self.licence(README_md="---\r\ntags: x\r\nlicense: bsd-3-clause\r\n---\r\n"), "bsd-3-clause")

    def test_is_that_of_timm_for_published_weights_alone(self):
        name = "vit_tiny_patch16_224.augreg_in21k_ft_in1k"
        self.assertEqual(base_licence(spec={"source": "timm", "name": name}), "apache-2.0")
        self.assertIsNone(base_licence(spec={"source": "timm", "name": name, "pretrained": False}))
        self.assertIsNone(base_licence(spec={"source": "transformers", "path": "nobody/not-cached"}))


if __name__ == "__main__":
    unittest.main()
