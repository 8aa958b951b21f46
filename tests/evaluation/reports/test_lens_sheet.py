from rackfocus.evaluation.reports.lens_sheet import TILE_PX, TITLE_PX, lens_sheet
from rackfocus.optics.lens_shapes import Disk, Polygon


def test_a_tile_for_each_shape_and_radius():
    sheet = lens_sheet({"disk": (Disk(), (0.0, 0.0)), "hexagon": (Polygon(6), (0.0, 0.0))}, (3, 20))
    assert sheet.shape == (TITLE_PX + 2 * TILE_PX, 2 * TILE_PX, 3)
    assert sheet[:TITLE_PX].max() > 0
    for row in range(2):
        for column in range(2):
            tile = sheet[TITLE_PX + row * TILE_PX :, column * TILE_PX :][:TILE_PX, :TILE_PX]
            assert tile[TILE_PX // 2, TILE_PX // 2].min() >= 254
            assert tile[:3].max() == 0
