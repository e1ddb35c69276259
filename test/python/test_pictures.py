import unittest

import torch

from ftcadis_host.pictures import DASH, FRAME, GAP, HALLUCINATED, KEPT, draw_samples, shrunk, to_picture


def _rgb(colour):
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))


class TestDrawSamples(unittest.TestCase):
    def draw(self, channels, side):
        clean = torch.full((channels, side, side), -1.0)
        denoised = torch.full((2, channels, side, side), 1.0)
        return draw_samples([([clean], denoised, [True, False])])

    def test_frames_what_is_kept_and_what_is_hallucinated(self):
        drawing = self.draw(1, 8)
        cell = 64 + 2 * FRAME + GAP
        self.assertEqual(drawing.size, (3 * cell + GAP, cell + GAP))
        top = [[drawing.getpixel((GAP + column * cell + x, GAP)) for x in range(64 + 2 * FRAME)] for column in range(3)]
        self.assertEqual(set(top[0]), {(255, 255, 255)})
        self.assertEqual(set(top[1]), {_rgb(KEPT)})
        # Dashes, so that the two differ without colours.
        self.assertEqual(top[2][: 2 * DASH], [_rgb(HALLUCINATED)] * DASH + [(255, 255, 255)] * DASH)
        centres = [drawing.getpixel((GAP + column * cell + 36, GAP + 36)) for column in range(3)]
        self.assertEqual(centres, [(0, 0, 0), (255, 255, 255), (255, 255, 255)])

    def test_shows_large_images_smaller(self):
        cell = 128 + 2 * FRAME + GAP
        self.assertEqual(self.draw(3, 224).size, (3 * cell + GAP, cell + GAP))


class TestPictures(unittest.TestCase):
    def test_takes_pixels_from_minus_one_to_one(self):
        picture = to_picture(torch.tensor([[[-1.5, -1.0, 0.0, 1.0, 2.0]]]))
        self.assertEqual(list(picture.tobytes()), [0, 0, 128, 255, 255])

    def test_shrinks_only_what_is_larger(self):
        picture = to_picture(torch.zeros(3, 100, 50))
        self.assertEqual(shrunk(picture, 20).size, (10, 20))
        self.assertIs(shrunk(picture, 100), picture)
