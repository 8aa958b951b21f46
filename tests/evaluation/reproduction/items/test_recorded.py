from pathlib import Path

from rackfocus.evaluation.reproduction.item import Material
from rackfocus.evaluation.reproduction.items.recorded import Recorded, RecordedMean


def test_samples_are_averaged_and_subtracted_and_summaries_left_out(tmp_path):
    rows = ["seed,others,value", "1,still,1", "1,still,3", "1,mouthing,1", "2,still,5", "2,mouthing,2"]
    (tmp_path / "a.csv").write_text("\n".join([*rows, "mean of 2,still,100", "all 2,still,100"]) + "\n")
    means = [
        RecordedMean("still", "value", {"others": "still"}),
        RecordedMean("apart", "value", {"others": "still"}, {"others": "mouthing"}),
    ]
    material = Material(Path(), Path(), {}, {}, tmp_path, lambda _path: "abc")
    still, apart = Recorded("Fig. 1", "a.csv", "seed", means, []).make(material, tmp_path).numbers
    assert (still.value, still.n) == ("3.500", 2)
    assert (apart.value, apart.n) == ("2.000", 2)
    assert still.source.endswith("a.csv at abc")
