"""Tables of measured widths: every shape that labs write is read, and every mistake is told with its line."""

from pathlib import Path

import pytest
from wetprint.kernel.calibration.measurements import parse_table, read_table
from wetprint.kernel.diagnostics import Source, WetprintError

HEAD = "ink,wet width [um],dried width [um]"


def read(text: str) -> object:
    return parse_table(Source("w.csv", text))


def faults(text: str) -> list[str]:
    with pytest.raises(WetprintError) as caught:
        read(text)
    assert all(d.primary is not None or d.code == "X730" for d in caught.value.diagnostics)
    return [f"{d.primary.where if d.primary else ''} {d.code} {d.message}" for d in caught.value.diagnostics]


def test_all_columns_in_any_order_and_unit(tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    path.write_text(
        "# a remark\nDate, Nozzle [nm], Ink, bath, pressure (bar), Speed [mm/s], flow [nL/min], sd flow [nL/min], Wet Width [nm],"
        "dried_width [mm], N, sd wet [um], sd dried [nm], held, note\n\n"
        '2026-05-01, 10000, gold, gold_bath, 0.1, 1.2, 6, 0.6, 9000, 0.008, 5, 0.2, 150, no, "so, so"\n',
        encoding="utf-8",
    )
    (row,) = read_table(path).rows
    assert (row.ink, row.bath, row.nozzle, row.nozzle_um) == ("gold", "gold_bath", "10 um", 10.0)
    assert row.pressure_kpa == pytest.approx(10.0) and row.speed_um_s == pytest.approx(1200.0)
    assert row.flow_um3_s == pytest.approx(1e5) and row.sd_flow_um3_s == pytest.approx(1e4)
    assert (row.wet_um, row.dried_um, row.n) == (pytest.approx(9.0), pytest.approx(8.0), 5)
    assert row.sd_dried_um == pytest.approx(0.15) and row.held is False and row.date == "2026-05-01"
    assert row.span.where.endswith("w.csv:4:1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_spreadsheets_save(tmp_path: Path, encoding: str, end: str) -> None:
    """Semicolons with decimal commas, byte order marks, Windows' own letters and line ends."""
    path = tmp_path / "w.csv"
    text = end.join(["ink;wet width [µm];dried width [µm];n", "gold;8,25;7,1;3", "gold;49;44.5;", ""])
    path.write_bytes(text.encode(encoding))
    first, second = read_table(path).rows
    assert (first.wet_um, first.dried_um, first.n) == (8.25, 7.1, 3)
    assert (second.dried_um, second.n) == (44.5, 1)


def test_one_sd_stands_for_both() -> None:
    table = read(f"{HEAD},sd [um]\ngold,8,7,0.3\n")
    assert table.rows[0].sd_wet_um == table.rows[0].sd_dried_um == 0.3  # type: ignore[attr-defined]


def test_a_nozzle_without_a_unit_is_a_name() -> None:
    table = read(f"{HEAD},nozzle\ngold,8,7,tip 3\n")
    assert (table.rows[0].nozzle, table.rows[0].nozzle_um) == ("tip 3", None)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("", "", "X730 w.csv is empty"),
        ("\0\1", "", "no text"),
        ("gold 8 7\n", "w.csv:1:1", "X730 one column only"),
        (f"{HEAD}\n", "", "X730 w.csv has a header and no rows"),
        ("ink,wet width [um]\ngold,8\n", "w.csv:1:1", "X731 no column `dried width [um]`"),
        ("ink,wet width,dried width [um]\na,1,1\n", "w.csv:1:5", "`wet width` names no unit; `wet width [um]`"),
        ("ink,wet width [ft],dried width [um]\na,1,1\n", "w.csv:1:5", "`ft` is no unit of `wet width`; one of um, nm, mm"),
        (f"{HEAD},presure [kPa]\na,1,1,1\n", "w.csv:1:37", "did you mean `pressure`?"),
        (f"{HEAD},ink\na,1,1,b\n", "w.csv:1:37", "`ink` stands twice"),
        (f"{HEAD}\ngold,eight,7\n", "w.csv:2:6", "X732 `eight` in column `wet width`; a number was expected"),
        (f"{HEAD}\ngold,8 um,7\n", "w.csv:2:6", "`8 um` in column `wet width`"),
        (f"{HEAD}\ngold,nan,7\n", "w.csv:2:6", "`nan`"),
        (f"{HEAD}\ngold,1_0,7\n", "w.csv:2:6", "`1_0`"),
        (f"{HEAD}\ngold,8,-7\n", "w.csv:2:8", "-7 in column `dried width`; more than zero was expected"),
        (f"{HEAD}\ngold,8,0\n", "w.csv:2:8", "more than zero"),
        (f"{HEAD}\ngold,8e9,7\n", "w.csv:2:6", "8e9 in column `wet width`; 0.001 to 100000 was expected"),
        (f"{HEAD}\ngold,,7\n", "w.csv:2:1", "no wet width in this row"),
        (f"{HEAD}\ngold,8,1,7,2\n", "w.csv:2:1", "5 cells; the header names 3 columns"),
        (f'{HEAD}\ngold,"8,1",7\n', "w.csv:2:6", "`8,1` in column `wet width`"),
        (f"{HEAD},n\ngold,8,7,2.5\n", "w.csv:2:10", "2.5 in column `n`; a count of 1 or more"),
        (f"{HEAD},held\ngold,8,7,maybe\n", "w.csv:2:10", "`maybe` in column `held`; yes or no"),
        (f"{HEAD},date\ngold,8,7,1.5.2026\n", "w.csv:2:10", "a day such as 2026-05-01"),
        (f"{HEAD},date\ngold,8,7,2026-02-30\n", "w.csv:2:10", "a day such as"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_line_and_what_was_expected(text: str, where: str, says: str) -> None:
    told = faults(text)
    assert any(t.startswith(where) and says in t for t in told), told


def test_all_mistakes_at_once_and_not_too_many() -> None:
    assert len(faults(f"{HEAD}\ngold,x,7\ngold,8,y\ngold,-1,z\n")) == 4
    assert len(faults(f"{HEAD}\n" + "gold,x,7\n" * 500)) == 21


def test_a_column_that_is_not_known_is_left_out_and_told() -> None:
    table = read(f"{HEAD},weather\ngold,8,7,fine\n")
    assert [d.code for d in table.diagnostics] == ["X731"]  # type: ignore[attr-defined]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WetprintError, match="X702"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(WetprintError, match="X702"):
        read_table(tmp_path)
