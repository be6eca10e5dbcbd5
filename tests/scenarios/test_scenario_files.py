"""What a scenario file may not say, and how it is told: file, line or field, what to do, exit status 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from openline.app.cli import app

ROOT = Path(__file__).parents[2]
AL_BAB = (ROOT / "scenarios" / "al-bab-2017.toml").read_text(encoding="utf-8")
RUNNER = CliRunner()


def _replay(tmp_path: Path, text: str, *options: str) -> tuple[int, str]:
    path = tmp_path / "story.toml"
    path.write_text(text.replace("../agreements/", f"{ROOT}/agreements/"), encoding="utf-8")
    done = RUNNER.invoke(app, ["replay", str(path), *options])
    return done.exit_code, " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "al-Bab', 'titel = "al-Bab', "titel"),
        ('protection_class = "troops"', 'protection_class = "troops"\ncolour = "red"', "events[0].notice: the notice"),
        ('at = "2017-02-08T20:11:00Z"', 'at = "2017-02-08T25:11:00Z"', "events[0].at"),
        ('at = "2017-02-08T20:11:00Z"', 'at = "2017-02-08T20:11:00"', "has no offset"),
        ('at = "2017-02-08T20:11:00Z"', 'at = "2027-02-08T20:11:00Z"', "after the end of the scenario"),
        ('at = "2017-02-08T20:11:00Z"', 'at = "1917-02-08T20:11:00Z"', "events[0].at"),
        (
            'time_end = "2017-02-09T06:15:00Z"',
            'time_end = "2017-02-09T05:00:00Z"',
            "events[1].notice.volumes[0].time_end",
        ),
        (
            "{ lat = 36.358, lng = 37.512 },\n  { lat = 36.386, lng = 37.512 },",
            "{ lat = 36.386, lng = 37.512 },\n  { lat = 36.358, lng = 37.512 },",
            "events[1].notice.hazard_volumes[0].outline",
        ),
        ("lat = 36.372", "lat = 96.372", "events[0].notice.volumes[0]"),
        ('from = "TUR"\nlabel', 'from = "USA"\nlabel', "USA is no party of this scenario"),
        ('about = "activity"', 'about = "something"', "no earlier notice has the label"),
        ('label = "activity"', 'label = "presence"', "used twice"),
        ('default_branch = "ignored"', 'default_branch = "other"', "there is no branch 'other'"),
        ('kind = "tell"', 'kind = "shout"', "events[0]"),
        ("[branches]", "[branches", "at line"),
        ("ru-tr-2017.toml", "no-such-agreement.toml", "cannot be read"),
    ],
)
def test_a_fault_is_said_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in AL_BAB
    status, error = _replay(tmp_path, AL_BAB.replace(old, new, 1))
    assert status == 2
    assert "story.toml" in error or "no-such-agreement" in error
    assert said in error


def test_a_branch_or_party_that_is_not_there_is_bad_use(tmp_path: Path) -> None:
    assert _replay(tmp_path, AL_BAB, "--branch", "nowhere")[0] == 2
    assert _replay(tmp_path, AL_BAB, "--as", "USA")[0] == 2


def test_a_missing_file_is_bad_use() -> None:
    done = RUNNER.invoke(app, ["replay", "no-such-file.toml"])
    assert done.exit_code == 2
    assert "FILE_UNREADABLE" in done.stderr


def test_an_expected_refusal_is_a_line_of_the_replay(tmp_path: Path) -> None:
    text = AL_BAB.replace('label = "presence"', 'label = "presence"\nrefused = true', 1)
    text = text.replace("lat = 36.372", "lat = 96.372").replace('default_branch = "ignored"', 'default_branch = ""')
    status, error = _replay(tmp_path, text, "--json")
    assert (status, error) == (0, "")
    done = RUNNER.invoke(app, ["replay", str(tmp_path / "story.toml"), "--json"])
    assert '"kind":"refusal"' in done.stdout
    assert '"code":"GEOMETRY_INVALID"' in done.stdout


def test_as_a_party_prints_what_it_is_told_and_no_byte_more() -> None:
    path = str(ROOT / "scenarios" / "al-bab-2017.toml")
    everything = RUNNER.invoke(app, ["replay", path, "--json"]).stdout.splitlines()
    told = RUNNER.invoke(app, ["replay", path, "--json", "--as", "TUR"]).stdout.splitlines()
    assert told[:-1] == [line for line in everything if '"to":"TUR"' in line]
    assert '"kind":"summary"' in told[-1]
    assert "RUS" not in "".join(told)
    assert "37.4" not in "".join(told)


def test_replay_keeps_a_ledger_that_verifies_offline(tmp_path: Path) -> None:
    folder = tmp_path / "drill"
    path = str(ROOT / "scenarios" / "al-bab-2017.toml")
    assert RUNNER.invoke(app, ["replay", path, "--data", str(folder)]).exit_code == 0
    verified = RUNNER.invoke(app, ["verify", str(folder)])
    assert verified.exit_code == 0, verified.stderr
    assert "verifies" in verified.stdout
    again = RUNNER.invoke(app, ["replay", path, "--data", str(folder)])
    assert again.exit_code == 2
    assert "not empty" in again.stderr


def test_verify_finds_a_flipped_bit(tmp_path: Path) -> None:
    folder = tmp_path / "drill"
    path = str(ROOT / "scenarios" / "al-bab-2017.toml")
    RUNNER.invoke(app, ["replay", path, "--data", str(folder)])
    ledger = folder / "ledger.sqlite"
    raw = bytearray(ledger.read_bytes())
    place = raw.rindex(b"recorded_at 2017-02-08")
    raw[place + 40] ^= 1
    ledger.write_bytes(bytes(raw))
    done = RUNNER.invoke(app, ["verify", str(folder)])
    assert done.exit_code == 1
    assert "does not verify" in " ".join(done.stderr.split())


def test_verify_of_what_is_no_data_folder_is_bad_use(tmp_path: Path) -> None:
    assert RUNNER.invoke(app, ["verify", str(tmp_path)]).exit_code == 2


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.toml")), ids=lambda path: path.stem)
def test_every_scenario_says_what_is_synthetic_and_what_is_disputed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for word in ("disputed = [", "synthetic = ["):
        assert word in text
