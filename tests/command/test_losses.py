"""What is lost is said where people look: by `check`, and in the last lines of `clean`."""

ROWS = [f"T{n},2025-01-{n % 28 + 1:02d},North,{'80 apples' if n < 10 else n}" for n in range(40)]
CSV = "id,opened,region,cost,phone\n" + "".join(
    f"{row},1380013{n:04d}\n" for n, row in enumerate(ROWS)
)
LOST = '10 values of cost are not numbers (one looks like "99 aaaaaa") and were set to missing.'


def mapped(acme) -> None:
    acme.write("data/raw/acme/tickets.csv", CSV)
    acme.change("region: region", "region: region, cost: cost")


def test_check_says_the_losses_first_with_their_share(acme):
    mapped(acme)

    status, said, _ = acme.run("check")

    assert status == 0
    assert said.splitlines()[:2] == [
        "tickets: 40 of the first 40 rows can be used.",
        f"  25.0 %: {LOST}",
    ]


def test_check_names_columns_that_nobody_mapped(acme):
    mapped(acme)

    assert "  not mapped, and like personal data: phone" in acme.run("check")[1].splitlines()


def test_check_ends_with_2_where_many_rows_would_go(acme):
    rows = [f"T{n},{'soon' if n < 15 else '2025-01-02'},North" for n in range(60)]
    acme.write("data/raw/acme/tickets.csv", "id,opened,region\n" + "\n".join(rows) + "\n")

    status, said, error = acme.run("check")

    assert status == 2
    assert "  25.0 % of the rows would be rejected" in said.splitlines()
    assert error == (
        "error: More than 20 % of the rows of tickets would be rejected; mend the mapping in "
        "config/acme/sources.yaml, or give another --limit.\n"
    )
    assert acme.run("check", "--limit", "30")[0] == 0


def test_clean_says_what_was_lost_of_the_cells(acme):
    mapped(acme)

    assert f"tickets: 25.0 %: {LOST}" in acme.run("clean")[1].splitlines()


def test_clean_says_which_files_changed_or_vanished(acme):
    acme.write("data/raw/acme/tickets.csv.2.csv", "id,opened,region\nX1,2025-01-02,North\n")
    acme.run("clean")
    acme.write("data/raw/acme/tickets.csv", acme.csv + "T99,2025-03-03,North\n")
    (acme.raw / "tickets.csv.2.csv").unlink()

    said = acme.run("clean")[1].splitlines()

    assert "Changed since the last cleaning: tickets.csv." in said
    assert "No longer there since the last cleaning: tickets.csv.2.csv." in said


def test_folders_that_hold_the_project_are_not_replaced(acme):
    for folder in (".", "", "/"):
        assert "is the project or a folder above it" in acme.refused("clean", "--processed", folder)


def test_a_manifest_of_another_kind_is_one_sentence(acme):
    acme.run("clean")
    for content in ('{"tables": {"tickets": 3}, "as_of": "2025-01-01"}', '{"tables": {}}', "[]"):
        (acme.processed / "manifest.json").write_text(content)

        assert "is damaged: it is not a manifest of ours" in acme.refused("render")
        assert acme.run("clean")[0] == 0
