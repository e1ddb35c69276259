import os
import stat
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from ftcadis_host.compiler_cache import VARIABLE, own_cache, use_own_cache
from ftcadis_host.errors import SpecError


class TestOwnCache(unittest.TestCase):
    def setUp(self):
        self.home = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.dict(os.environ, {"XDG_CACHE_HOME": str(self.home / "cache")}))
        os.environ.pop(VARIABLE, None)
        self.folder = self.home / "cache" / "ft-cadis" / "inductor"

    def test_is_made_for_its_user_alone(self):
        self.addCleanup(os.umask, os.umask(0))
        self.assertEqual(own_cache(), self.folder)
        for made in (self.folder, self.folder.parent):
            self.assertEqual(stat.S_IMODE(made.stat().st_mode), 0o700)
        self.assertEqual(own_cache(), self.folder)

    def test_is_in_the_home_folder_where_the_variable_names_no_absolute_path(self):
        for value in ("", "runs/mine"):
            with mock.patch.dict(os.environ, {"XDG_CACHE_HOME": value, "HOME": str(self.home)}):
                self.assertEqual(own_cache(), self.home / ".cache" / "ft-cadis" / "inductor")

    def test_is_refused_where_others_may_write(self):
        for folder in (self.folder, self.folder.parent):
            for mode in (0o770, 0o707, 0o777):
                own_cache()
                folder.chmod(mode)
                with self.assertRaisesRegex(SpecError, f"{folder}, .*may be written by other users.*{VARIABLE}"):
                    own_cache()
                folder.chmod(0o700)

    def test_is_refused_where_it_belongs_to_another_user(self):
        own_cache()
        with mock.patch("os.geteuid", return_value=os.geteuid() + 1):
            with self.assertRaisesRegex(SpecError, "belongs to another user"):
                own_cache()

    def test_is_refused_where_it_is_a_link_or_a_file(self):
        own_cache()
        self.folder.rmdir()
        other = self.home / "other"
        other.mkdir(mode=0o700)
        self.folder.symlink_to(other)
        with self.assertRaisesRegex(SpecError, "is not a folder"):
            own_cache()
        self.folder.unlink()
        self.folder.write_text("")
        with self.assertRaisesRegex(SpecError, "is not a folder"):
            own_cache()

    def test_is_an_error_where_it_cannot_be_made(self):
        (self.home / "cache").write_text("")
        with self.assertRaisesRegex(SpecError, f"cannot be used: .*{VARIABLE}"):
            own_cache()

    def test_is_used_unless_the_user_has_named_another(self):
        with mock.patch.dict(os.environ, {VARIABLE: ""}):
            use_own_cache()
            self.assertEqual(os.environ[VARIABLE], str(self.folder))
        with mock.patch.dict(os.environ, {VARIABLE: "/mine"}):
            use_own_cache()
            self.assertEqual(os.environ[VARIABLE], "/mine")


if __name__ == "__main__":
    unittest.main()
