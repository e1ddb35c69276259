import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
from dataset_files import make_image_folder
from ftcadis_host.data.batch_readers import FileReader
from ftcadis_host.data.data_errors import CorruptImageError
from ftcadis_host.data.datasets import get_images, open_dataset
from ftcadis_host.data.image_decoding import EXTENSIONS, Limits, read_rgb
from ftcadis_host.data.image_files import decode_image, read_image, unreadable_images
from ftcadis_host.errors import SpecError
from PIL import Image, ImageFile

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n"
FITS = b"SIMPLE  =                    T".ljust(80) + b"END".ljust(80)


class Case(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)

    def saved(self, name, image, **options):
        path = str(self.root / name)
        image.save(path, **options)
        return path

    def refuses(self, path, pattern, **options):
        with self.assertRaisesRegex(CorruptImageError, pattern) as caught:
            read_rgb(str(path), **options)
        self.assertEqual(caught.exception.path, str(path))


def colour(image, place=(2, 2)):
    return image.getpixel(place)


class Formats(Case):
    def test_are_these_whatever_a_file_is_called(self):
        red = Image.new("RGB", (24, 24), (200, 30, 30))
        for name in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM"):
            with self.subTest(name=name):
                path = self.saved(f"{name}.png", red, format=name)
                np.testing.assert_allclose(colour(read_rgb(path)), (200, 30, 30), atol=4)

    def test_are_no_others(self):
        red = Image.new("RGB", (24, 24), "red")
        for name in ("ICO", "TGA", "PCX", "JPEG2000", "ICNS", "DDS", "SGI", "MSP", "PDF"):
            with self.subTest(name=name):
                path = self.saved(f"{name}.jpg", red.convert("1") if name == "MSP" else red, format=name)
                self.refuses(path, "no image format is recognised.*JPEG, PNG, WebP, BMP, GIF, TIFF, PPM and PGM are decoded")
        for name, content in (("eps.jpg", EPS), ("fits.png", FITS), ("svg.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>")):
            (self.root / name).write_bytes(content)
            self.refuses(self.root / name, "no image format is recognised")

    def test_start_no_program(self):
        (self.root / "photo.jpg").write_bytes(EPS)
        with mock.patch("subprocess.Popen", side_effect=AssertionError("a program was started")):
            self.refuses(self.root / "photo.jpg", "no image format is recognised")

    def test_show_the_first_of_several_frames(self):
        frames = [Image.new("RGB", (24, 24), name) for name in ("red", "blue")]
        for name in ("a.gif", "b.webp", "c.tiff", "d.png"):
            with self.subTest(name=name):
                path = self.saved(name, frames[0], save_all=True, append_images=frames[1:])
                self.assertGreater(colour(read_rgb(path))[0], 240)


class Orientation(Case):
    def test_is_honoured_by_its_eight_values(self):
        upright = Image.fromarray(np.arange(24 * 16, dtype=np.uint8).reshape(16, 24) // 2 * 2)
        stored = {
            1: upright, 2: upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 3: upright.rotate(180),
            4: upright.transpose(Image.Transpose.FLIP_TOP_BOTTOM), 5: upright.transpose(Image.Transpose.TRANSPOSE),
            6: upright.rotate(90, expand=True), 7: upright.transpose(Image.Transpose.TRANSVERSE),
            8: upright.rotate(-90, expand=True),
        }  # fmt: skip
        for value, image in stored.items():
            exif = Image.Exif()
            exif[0x0112] = value
            for name in ("png", "tiff"):
                with self.subTest(value=value, name=name):
                    path = self.saved(f"{value}.{name}", image, exif=exif)
                    np.testing.assert_array_equal(np.asarray(read_rgb(path))[..., 0], np.asarray(upright))

    def test_is_of_photos_in_predict_and_folders_but_not_of_imagenet(self):
        (self.root / "test" / "a").mkdir(parents=True)
        pixels = np.zeros((256, 256, 3), dtype=np.uint8)
        pixels[:128] = 255
        exif = Image.Exif()
        exif[0x0112] = 3
        path = self.saved("test/a/0.jpg", Image.fromarray(pixels), exif=exif)
        opened = {name: open_dataset({"source": name, "path": str(self.root), "split": "test"}) for name in ("folder", "imagenet")}
        rows = {name: get_images(dataset, [0])[0][0, 0, [0, -1], 0].round().tolist() for name, dataset in opened.items()}
        self.assertEqual(rows, {"folder": [0, 1], "imagenet": [1, 0]})
        shown = read_image(path, channels=3, resize_size=256, image_size=224)
        self.assertEqual(shown[0, [0, -1], 0].round().tolist(), [0, 1])

    def test_says_nothing_where_it_is_damaged(self):
        upright = Image.new("L", (24, 16), 90)
        for name, exif in (("a.jpg", b"Exif\0\0MM\0*\xff\xff\xff\xff"), ("b.jpg", b"Exif\0\0garbage")):
            with self.subTest(name=name):
                self.assertEqual(read_rgb(self.saved(name, upright, exif=exif)).size, (24, 16))
        exif = Image.Exif()
        exif[0x0112] = 77
        self.assertEqual(read_rgb(self.saved("c.jpg", upright, exif=exif)).size, (24, 16))


class Colours(Case):
    def test_that_are_transparent_lie_over_white_or_alpha_is_dropped(self):
        clear = Image.new("RGBA", (24, 24), (200, 30, 30, 0))
        half = Image.new("RGBA", (24, 24), (200, 30, 30, 128))
        palette = Image.new("P", (24, 24), 0)
        palette.putpalette([200, 30, 30])
        for name, image, options, shown in (
            ("clear.png", clear, {}, (255, 255, 255)),
            ("half.webp", half, {"lossless": True}, (227, 142, 142)),
            ("grey.png", Image.new("LA", (24, 24), (90, 0)), {}, (255, 255, 255)),
            ("palette.png", palette, {"transparency": 0}, (255, 255, 255)),
            ("palette.gif", palette, {"transparency": 0}, (255, 255, 255)),
            ("key.png", Image.new("RGB", (24, 24), (200, 30, 30)), {"transparency": (200, 30, 30)}, (255, 255, 255)),
        ):
            with self.subTest(name=name):
                path = self.saved(name, image, **options)
                np.testing.assert_allclose(colour(read_rgb(path)), shown, atol=2)
                dropped = (90, 90, 90) if name == "grey.png" else (200, 30, 30)
                if name != "half.webp":
                    np.testing.assert_allclose(colour(read_rgb(path, as_shown=False)), dropped, atol=2)

    def test_of_more_than_8_bits_are_scaled(self):
        grey = np.full((24, 24), 90 * 256 + 17, dtype=np.uint16)
        (self.root / "16.pgm").write_bytes(b"P5 24 24 65535\n" + grey.astype(">u2").tobytes())
        (self.root / "10.pgm").write_bytes(b"P5 24 24 1023\n" + np.full((24, 24), 361, dtype=">u2").tobytes())
        (self.root / "plain.pgm").write_bytes(b"P2 24 24 4095\n" + b"1445 " * 576)
        self.saved("16.png", Image.fromarray(grey))
        self.saved("16.tiff", Image.fromarray(grey))
        self.saved("16B.tiff", Image.fromarray(grey), big_tiff=False, tiffinfo={262: 1})
        self.saved("white-is-zero.tiff", Image.fromarray(np.full_like(grey, 65535) - grey), tiffinfo={262: 0})
        for path in sorted(self.root.iterdir()):
            with self.subTest(name=path.name):
                np.testing.assert_allclose(colour(read_rgb(str(path))), (90, 90, 90), atol=1)

    def test_of_unknown_range_are_refused(self):
        self.refuses(self.saved("i.tiff", Image.new("I", (8, 8), 70000)), "mode I.*unknown range")
        self.refuses(self.saved("f.tiff", Image.new("F", (8, 8), 0.5)), "mode F.*unknown range")


class Bounds(Case):
    def test_of_pixels_are_checked_before_any_is_decoded(self):
        path = self.saved("large.png", Image.new("L", (400, 300)))
        with mock.patch.object(ImageFile.ImageFile, "load", side_effect=AssertionError("decoded")):
            self.refuses(path, r"400 x 300 pixels.*at most 0.1 are decoded \(data.maxMegapixels\)", limits=Limits(megapixels=0.1))
        self.assertEqual(read_rgb(path, limits=Limits(megapixels=0.12)).size, (400, 300))
        self.refuses(self.saved("bomb.png", Image.new("1", (10_001, 10_000))), "100 megapixels, and at most 100 are")

    def test_of_bytes_are_checked_before_any_is_read(self):
        path = self.root / "large.jpg"
        with open(path, "wb") as file:
            file.truncate(10_000_000_000)
        self.refuses(path, r"10000 MB, and at most 200 MB are read \(data.maxMegabytes\)")
        self.assertRegex(unreadable_images([str(path)], max_megabytes=1)[0], "at most 1 MB")

    def test_are_settings_of_the_data(self):
        make_image_folder(self.root / "test", {"a": 1})
        spec = {"source": "folder", "path": str(self.root), "split": "test"}
        with self.assertRaisesRegex(CorruptImageError, "maxMegapixels"):
            get_images(open_dataset({**spec, "max_megapixels": 0.001}), [0])
        with self.assertRaisesRegex(SpecError, "data.maxMegabytes, must be above 0, got -1"):
            open_dataset({**spec, "max_megabytes": -1})

    def test_leave_out_what_is_no_regular_file(self):
        os.mkfifo(self.root / "pipe.png")
        self.refuses(self.root / "pipe.png", "not a regular file")
        self.refuses("/dev/zero", "not a regular file")
        self.assertRegex(unreadable_images([str(self.root / "pipe.png")])[0], "not a regular file")


class Bytes(Case):
    def test_of_bytes_is_an_answer_and_no_exception(self):
        options = {"channels": 1, "resize_size": 8, "image_size": 8}
        path = self.saved("a.png", Image.new("RGB", (24, 16), (200, 30, 30)))
        content = Path(path).read_bytes()
        image, problem = decode_image(content, **options)
        self.assertIsNone(problem)
        np.testing.assert_array_equal(image, read_image(path, **options))
        for wrong, limits, kind in (
            (b"", {}, "format"),
            (b"%PDF-1.7", {}, "format"),
            (content[: len(content) // 2], {}, "damaged"),
            (content, {"max_megapixels": 1e-5}, "pixels"),
        ):
            with self.subTest(kind=kind):
                image, problem = decode_image(wrong, **options, **limits)
                self.assertEqual((problem["kind"], image.abs().sum().item()), (kind, 0))


class Remedies(Case):
    def test_name_the_setting_that_skips_where_it_does(self):
        make_image_folder(self.root / "test", {"a": 1})
        (self.root / "test" / "a" / "000.jpg").write_bytes(b"nothing")
        dataset = open_dataset({"source": "folder", "path": str(self.root), "split": "test"})
        with self.assertRaisesRegex(CorruptImageError, "Replace or remove the file.$"):
            get_images(dataset, [0])
        reader = FileReader(dataset, workers=0, pin_memory=False, device="cpu", replace_corrupt=True)
        reader.start(iter([(np.array([0]), np.array([0]))]))
        with self.assertRaisesRegex(CorruptImageError, "or set data.onCorrupt to 'skip'.$"):
            reader.read()

    @unittest.skipUnless(sys.platform == "linux", "names that are not text")
    def test_show_a_name_that_is_no_utf_8(self):
        path = os.path.join(os.fsencode(self.root), b"caf\xe9.png")
        Path(os.fsdecode(path)).write_bytes(b"nothing")
        self.assertIn(r"caf\xe9.png'", unreadable_images([os.fsdecode(path)])[0])
        with self.assertRaises(CorruptImageError) as caught:
            read_rgb(os.fsdecode(path))
        self.assertIn(r"caf\xe9.png'", str(caught.exception))


class Names(unittest.TestCase):
    def test_are_of_formats_that_are_decoded(self):
        Image.init()
        for extension in EXTENSIONS:
            self.assertIn(Image.registered_extensions()[extension], ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM"))


if __name__ == "__main__":
    unittest.main()
