import json
import tempfile
import unittest
from pathlib import Path

from ftcadis_host.errors import SpecError
from ftcadis_host.networks.layer_patterns import check_pattern
from ftcadis_host.networks.lora import _read_config
from ftcadis_host.torchvision_compat import prepare_torchvision

prepare_torchvision()


class Patterns(unittest.TestCase):
    def test_as_people_write_them_are_taken(self):
        for pattern in (
            "all-linear",
            r".*\.(query|value)",
            r"^(?!.*head).*\.(q|v)_proj$",
            r"blocks\.(1[0-9]|2[0-3])\.attn\.qkv",
            r"layers?\.\d+\.attention",
            r"blocks\.(?:8|9|10|11|20|21|22|23)\.(attn|mlp)\.(query|value)(_proj)?",
        ):
            with self.subTest(pattern):
                check_pattern(pattern, source="The adapters")

    def test_that_could_take_hours_are_refused(self):
        for pattern, reason in (
            ("(a+)+b", "repeats more than single letters"),
            ("(a|a)*b", "repeats more than single letters"),
            ("(?:(?=x)(.?){2,})y", "repeats more than single letters"),
            (".*a.*b.*c", "repeats 3 things"),
            ("(?!.*a.*b).*c", "repeats 3 things"),
            ("(x|.*a.*).*", "repeats 3 things"),
            (".?" * 8 + "a" * 8, "200 combinations"),
            ("(ab|ab)" * 8 + "c", "200 combinations"),
            ("(", "is none"),
            ("a" * 1001, "1001 letters"),
        ):
            with self.subTest(pattern[:20]), self.assertRaisesRegex(SpecError, reason):
                check_pattern(pattern, source="The adapters")
        with self.assertRaisesRegex(SpecError, "by a int, expected text"):
            check_pattern(3, source="The adapters")

    def test_are_checked_wherever_adapters_have_them(self):
        with tempfile.TemporaryDirectory() as folder:
            for settings in (
                {"target_modules": "(a+)+b"},
                {"target_modules": ["q"], "rank_pattern": {"(a+)+b": 2}},
                {"target_modules": ["q"], "alpha_pattern": {"(a+)+b": 2}},
            ):
                content = {"peft_type": "LORA", "r": 1, "lora_alpha": 1, **settings}
                (Path(folder) / "adapter_config.json").write_text(json.dumps(content))
                with self.subTest(settings), self.assertRaisesRegex(SpecError, "regular expression"):
                    _read_config(Path(folder))
