import struct
import time
import unittest
import zipfile

from network_files import InFolder  # isort: skip
import numpy as np
import torch
from ftcadis_host.errors import WeightsError, explained, plain_text
from ftcadis_host.networks.checkpoint_files import read_checkpoint


class TestHostileFiles(InFolder):
    def refuses(self, name, content, message):
        (self.folder / name).write_bytes(content)
        begun = time.monotonic()
        with self.subTest(name), self.assertRaisesRegex(WeightsError, message) as caught:
            read_checkpoint(self.folder / name)
        self.assertLess(time.monotonic() - begun, 10)
        self.assertTrue(str(caught.exception).isprintable())

    def test_what_would_take_forever_to_hash_or_print_is_refused(self):
        shared = b"\x80\x02]q\x00" + b"".join(b"]q%c(h%ch%ce" % (i + 1, i, i) for i in range(90))
        # A tuple of a tuple twice, 60 times, as the key of a dict: its hash visits 2^60 values.
        key = b"\x80\x02}" + b")q\x00" + b"".join(b"h%ch%c\x86q%c" % (i, i, i + 1) for i in range(60)) + b"h<K\x01s."
        late = b"\x80\x02" + b"".join(b"]q%c" % i for i in range(60)) + b"".join(b"h%ch%ca0" % (i, i - 1) * 2 for i in range(59, 0, -1))
        self.refuses("lists.pt", shared + b".", "larger than anything")
        self.refuses("key.pt", key, "larger than anything")
        self.refuses("late.pt", late + b".", "larger than anything")
        self.refuses("deep.pt", b"\x80\x02}" + b")" + b"\x85" * 1_000_000 + b"K\x01s.", "larger than anything")

    def test_lies_about_lengths_cost_no_memory(self):
        self.refuses("long.pt", b"\x80\x02X" + struct.pack("<I", 0xFFFFFFFF) + b"a.", "is damaged")
        self.refuses("bytes.pt", b"\x80\x02cbuiltins\nbytearray\nK\x01\x85R" + b"0" * 9, "damaged|more than weights")
        header = b"[" * 200_000
        self.refuses("nested.safetensors", struct.pack("<Q", len(header)) + header, "no safetensors file")

    def test_archives_that_torch_does_not_write_are_named(self):
        for name, entries, message in (
            ("bomb.pt", {"a/data.pkl": bytes(1 << 20)}, "compressed archive"),
            ("script.pt", {"a/data.pkl": b"", "a/constants.pkl": b""}, "TorchScript"),
            ("photos.pt", {"photos/1.txt": b"1"}, "not one that `torch.save` wrote"),
        ):
            with zipfile.ZipFile(self.folder / "made", "w", zipfile.ZIP_DEFLATED) as archive:
                for entry, content in entries.items():
                    archive.writestr(entry, content)
            self.refuses(name, (self.folder / "made").read_bytes(), message)
        np.savez(self.folder / "made.npz", a=np.ones(2))
        self.refuses("jax.pt", (self.folder / "made.npz").read_bytes(), "holds NumPy arrays")
        self.refuses("keras.pt", b"\x89HDF\r\n\x1a\n", "HDF5")
        self.refuses("w.pt.gz", b"\x1f\x8b\x08", "compressed .gzip.*Unpack it")
        with self.assertRaisesRegex(WeightsError, "is a folder"):
            read_checkpoint(self.folder)

    def test_an_entry_that_disagrees_with_its_directory_is_damage(self):
        torch.save({"a": torch.ones(1)}, self.folder / "w.pt")
        content = bytearray((self.folder / "w.pt").read_bytes())
        place = content.index(b"PK\x03\x04", 1) if b"data.pkl" not in content[:60] else 4
        content[place : place + 26] = bytes(26)
        self.refuses("damaged.pt", bytes(content), "is damaged|cannot be read")
        # The directory of a large archive, in more parts than one.
        locator = b"PK\x06\x07" + struct.pack("<LQL", 1, 0, 2)
        end = b"PK\x05\x06" + bytes(18)
        self.refuses("parts.pt", b"PK\x03\x04" + bytes(60) + locator + end, "is cut off")


class TestOthersTexts(InFolder):
    def test_have_no_control_characters_and_one_line(self):
        self.assertEqual(plain_text("one\x1b[1m two\x1b[0m\x07\nthree"), "one two.")
        self.assertEqual(plain_text(ValueError()), "ValueError.")
        self.assertLess(len(plain_text("a" * 5000)), 310)

    def test_a_librarys_exception_becomes_one_of_ours_with_a_remedy(self):
        with self.assertRaisesRegex(WeightsError, "^It failed: TypeError: no. Do this.$"), explained("It failed", "Do this.", WeightsError):
            raise TypeError("no")
        for passes in (MemoryError("full"), torch.OutOfMemoryError("full")):
            with self.assertRaises(type(passes)), explained("It failed", "Do this."):
                raise passes


if __name__ == "__main__":
    unittest.main()
