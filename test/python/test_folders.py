import os
import stat
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import torch
from ftcadis_host import folders
from ftcadis_host.errors import WeightsError
from ftcadis_host.folders import appended_file, read_json, write_json, written_file, written_folder
from ftcadis_host.networks.weights import write_tensors


class ReadingJson(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.path = Path(temporary.name) / "config.json"

    def test_is_in_any_encoding_of_unicode(self):
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le"):
            with self.subTest(encoding):
                self.path.write_bytes('{"a": "é"}'.encode(encoding))
                self.assertEqual(read_json(self.path), {"a": "é"})

    def test_is_refused_by_name_where_it_is_none(self):
        for content in (b"", b'{"a": "\xe9"}', b"{" * 3, b"[" * 200_000, b'{"a": ' + b"1" * 10_000 + b"}", b"[1]"):
            with self.subTest(content[:20]):
                self.path.write_bytes(content)
                with self.assertRaisesRegex(WeightsError, "config.json' (is not JSON: |has lists |holds a list)"):
                    read_json(self.path)

    def test_is_read_from_a_regular_file_of_a_bounded_size_alone(self):
        os.mkfifo(self.path)
        with self.assertRaisesRegex(WeightsError, "config.json' cannot be read: it is not a regular file, but a pipe"):
            read_json(self.path)
        self.path.unlink()
        self.path.mkdir()
        with self.assertRaisesRegex(WeightsError, "config.json' cannot be read: Is a directory"):
            read_json(self.path)
        self.path.rmdir()
        self.path.write_text('{"a": 1}')
        with mock.patch.object(folders, "MOST_JSON_BYTES", 7), self.assertRaisesRegex(WeightsError, "MB are read"):
            read_json(self.path)


class Appending(unittest.TestCase):
    def test_goes_on_with_a_file_and_follows_no_link(self):
        with tempfile.TemporaryDirectory() as folder:
            path, link, pipe = (Path(folder) / name for name in ("file", "link", "pipe"))
            for content in (b"a", b"b"):
                with appended_file(path) as file:
                    file.write(content)
            self.assertEqual(path.read_bytes(), b"ab")
            link.symlink_to(path)
            os.mkfifo(pipe)
            for other in (link, pipe):
                with self.subTest(other.name), self.assertRaises(WeightsError), appended_file(other):
                    self.fail("opened")
            self.assertEqual(path.read_bytes(), b"ab")


class Writing(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)
        self.outside = self.root / "outside"
        self.outside.write_text("mine")

    def test_leaves_a_link_and_what_is_no_file_as_it_is(self):
        path = self.root / "a.safetensors"
        for make in (lambda: path.symlink_to(self.outside), path.mkdir, lambda: os.mkfifo(path)):
            make()
            for write in (
                lambda: write_json(path, {}),
                lambda: write_tensors(path, {"a": torch.zeros(1)}),
            ):
                with self.assertRaisesRegex(WeightsError, "cannot be written: it is (a symbolic link|not a file)"):
                    write()
            self.assertFalse(stat.S_ISREG(os.lstat(path).st_mode))
            path.rmdir() if path.is_dir() else path.unlink()
        self.assertEqual(self.outside.read_text(), "mine")
        self.assertEqual(os.listdir(self.root), ["outside"])

    def test_leaves_a_link_and_what_is_no_folder_as_it_is(self):
        (self.root / "target").mkdir()
        (self.root / "link").symlink_to("target")
        for name in ("link", "outside"):
            with self.assertRaisesRegex(WeightsError, "cannot be written"), written_folder(self.root / name):
                self.fail("written")
        self.assertEqual(sorted(os.listdir(self.root)), ["link", "outside", "target"])

    def test_follows_no_link_at_the_name_of_its_temporary_file(self):
        with mock.patch.object(folders, "_new_name", lambda: "guessed"):
            (self.root / "guessed").symlink_to(self.outside)
            with self.assertRaises(FileExistsError):
                write_json(self.root / "a.json", {})
            with self.assertRaises(FileExistsError), written_folder(self.root / "a"):
                self.fail("written")
        self.assertEqual(self.outside.read_text(), "mine")

    def test_gives_all_files_the_permissions_of_new_ones_whoever_writes_them(self):
        def write(path):
            # As libraries do that write under a name of their own, then rename.
            private = path.with_name("private")
            private.write_text("weights")
            private.chmod(0o600)
            os.replace(private, path)

        earlier = os.umask(0o027)
        self.addCleanup(os.umask, earlier)
        file, folder = self.outside.with_name("weights"), self.outside.with_name("network")
        with written_file(file) as new:
            write(new)
        with written_folder(folder) as new:
            (new / "part").mkdir()
            write(new / "weights")
            write(new / "part" / "weights")
            (new / "config.json").write_text("{}")
        self.outside.chmod(0o606)
        with written_file(self.outside) as new:
            write(new)
        written = [file, folder / "weights", folder / "part" / "weights", folder / "config.json", self.outside]
        self.assertEqual([oct(stat.S_IMODE(path.stat().st_mode)) for path in written], ["0o640"] * 4 + ["0o606"])

    def test_keeps_permissions_and_leaves_nothing_where_it_fails(self):
        self.outside.chmod(0o606)
        write_json(self.outside, {"a": 1})
        self.assertEqual(stat.S_IMODE(self.outside.stat().st_mode), 0o606)
        for written in (written_file, written_folder):
            with self.assertRaises(ZeroDivisionError), written(self.root / "a"):
                raise ZeroDivisionError
        self.assertEqual(os.listdir(self.root), ["outside"])
