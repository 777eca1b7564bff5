import pytest

from aftersales.errors import ConfigError
from aftersales.profile.config import Step, read_profile
from aftersales.questions.root_cause.playbook import advice
from aftersales.studies.scope import read_scope

BOOK = """
batch:
  - kind: containment
    do: {en: "Hold it."}
  - kind: recall
    evidence: A
    owner: {en: Service}
    within_days: 30
    cost_per_unit: 160
"""


def profile(tmp_path, playbook):
    (tmp_path / "pyproject.toml").write_text("")
    folder = tmp_path / "config" / "mine"
    folder.mkdir(parents=True)
    (folder / "sources.yaml").write_text("tables: {}\n")
    (folder / "playbook.yaml").write_text(playbook, encoding="utf-8")
    return read_profile("mine", root=tmp_path)


def test_steps_are_read_with_their_evidence_and_cost(tmp_path):
    steps = profile(tmp_path, BOOK).playbook["batch"]
    assert steps[0] == Step("containment", do={"en": "Hold it."})
    assert (steps[1].evidence, steps[1].cost_per_unit) == ("A", 160)


@pytest.mark.parametrize(
    ("playbook", "wrong"),
    [
        ("batch:\n  - kind: hold\n", 'batch, step 1: kind "hold"'),
        ("batch:\n  - kind: recall\n    grade: A\n", 'Unknown key "grade"'),
        ("batch:\n  - kind: recall\n    evidence: D\n", "`evidence` 'D'"),
        ("batch:\n  - kind: recall\n    do: Stop\n", "`do` must be"),
        ("batch:\n  - kind: recall\n    do: {fr: Stop}\n", 'Unknown key "fr"'),
        ("batch:\n  - kind: recall\n    cost_per_unit: -1\n", "`cost_per_unit` must be a number"),
        (
            "batch:\n  - kind: recall\n    within_days: soon\n",
            "`within_days` must be a whole number",
        ),
        ("batch: {kind: recall}\n", "expected a list of steps"),
        ("batch:\n  - do: {en: Stop}\n", "`kind` is missing"),
    ],
)
def test_a_playbook_with_a_mistake_is_refused_and_the_place_named(tmp_path, playbook, wrong):
    with pytest.raises(ConfigError) as error:
        profile(tmp_path, playbook)
    assert wrong in str(error.value)
    assert "config/mine/playbook.yaml" in str(error.value)


def scope_with(company, playbook):
    store = company({})
    object.__setattr__(store.profile, "playbook", playbook)
    return read_scope(store)


def test_a_step_waits_for_its_evidence_and_costs_what_its_units_cost(company):
    steps = (Step("containment"), Step("recall", evidence="A", cost_per_unit=160))
    scope = scope_with(company, {"batch": steps})
    hold, recall = advice(scope, attribute="batch", evidence="B", units=600)
    assert (hold.now, recall.now) == (True, False)
    assert (hold.cost, recall.cost) == (None, 96_000)
    assert advice(scope, attribute="batch", evidence="A", units=600)[1].now


def test_attributes_that_a_playbook_does_not_name_get_its_default(company):
    scope = scope_with(company, {"default": (Step("inspection", do={"en": "Go and see."}),)})
    (step,) = advice(scope, attribute="plant", evidence="C", units=1)
    assert step.do == "Go and see."


def test_without_a_playbook_there_is_a_first_step_for_every_attribute(company):
    scope = scope_with(company, {})
    steps = {a: advice(scope, attribute=a, evidence="C", units=1) for a in ("batch", "colour")}
    assert [s.now for s in steps["batch"]] == [True, False, False]
    assert [s.do for s in steps["colour"]] == ["Look at it first."]
