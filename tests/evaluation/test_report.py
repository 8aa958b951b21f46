import pytest

from rackfocus.evaluation.report import training_curve


def test_a_curve_tells_its_ends_and_stays_in_its_box(tmp_path):
    rows = [f"{step},{100 - step}," for step in range(50)]
    (tmp_path / "metrics.csv").write_text(
        "\n".join(["step,train/loss,validation/loss", *rows, "50,,7"]) + "\n"
    )
    curve = training_curve(tmp_path / "metrics.csv")
    points = [tuple(map(float, point.split(","))) for point in curve.path.split()]
    assert curve.steps == 50
    assert (curve.first, curve.last) == (98.0, 53.0)
    assert curve.top == pytest.approx(100)
    assert points[0] == (0.0, 0.0)
    assert points[-1][0] == 640.0
    assert all(0 <= y <= 200 for _, y in points)
    assert points[-1][1] > points[0][1]
