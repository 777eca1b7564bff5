"""What customers say when asked."""

import pandas as pd
import pytest

from aftersales.metrics.families.satisfaction import csat_rate, net_promoter_score

AS_OF = pd.Timestamp("2024-03-31")


def answers(instrument: str, scores: list[float], **columns) -> pd.DataFrame:
    table = pd.DataFrame({"score": [float(s) for s in scores], **columns})
    return table.assign(instrument=instrument, answered_at=pd.Timestamp("2024-03-01"))


def test_four_and_five_of_five_are_satisfied(engine):
    result = csat_rate(engine(answers("csat", [1, 2, 3, 4, 5])), by=[], as_of=AS_OF)

    assert result.loc[0, ["n", "n_satisfied", "rate"]].tolist() == [5, 2, 0.4]


@pytest.mark.parametrize(
    ("low", "high", "least"), [(1, 5, 4), (1, 7, 6), (1, 10, 8), (0, 10, 8), (0, 100, 75)]
)
def test_other_scales_count_the_same_share_of_their_range(engine, low, high, least):
    scores = [float(low), least - 1, least, float(high)]
    table = answers("csat", scores, scale_min=float(low), scale_max=float(high))

    result = csat_rate(engine(table), by=[], as_of=AS_OF)

    assert result["n_satisfied"].item() == 2


def test_answers_off_their_scale_and_answers_to_other_questions_are_left_out(engine):
    table = pd.concat([answers("csat", [0, 6, 4]), answers("nps", [10])])

    result = csat_rate(engine(table), by=[], as_of=AS_OF)

    assert result.loc[0, ["n", "n_satisfied"]].tolist() == [1, 1]


def test_a_scale_that_is_not_given_is_the_usual_one(engine):
    table = answers("csat", [4, 4], scale_min=[1.0, None], scale_max=[7.0, None])

    result = csat_rate(engine(table), by=[], as_of=AS_OF)

    assert result.loc[0, ["n", "n_satisfied"]].tolist() == [2, 1]


def test_nps_is_promoters_minus_detractors(engine):
    table = answers("nps", [10, 9, 8, 7, 6, 0])

    result = net_promoter_score(engine(table), by=[], as_of=AS_OF)

    counts = ["n", "n_promoters", "n_passives", "n_detractors", "score"]
    assert result.loc[0, counts].tolist() == [6, 2, 2, 2, 0.0]
    assert -100 < result["score_low"].item() < 0 < result["score_high"].item() < 100


def test_answers_after_the_last_day_are_not_known_yet(engine):
    table = answers("nps", [10, 0])
    table["answered_at"] = pd.to_datetime(["2024-03-31 23:00", "2024-04-01 00:00"])

    result = net_promoter_score(engine(table), by=["month"], as_of=AS_OF)

    assert result.loc[0, ["month", "n", "score"]].tolist() == [pd.Timestamp("2024-03-01"), 1, 100.0]
