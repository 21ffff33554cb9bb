"""The wheel holds the specs, the recipes and the library, and works away from the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel was unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    (wheel,) = folder.glob("archspec_nn-*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(installed), "PATH": "/usr/bin:/bin", "COLUMNS": "100"}
    return subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_wheel_holds_each_spec_recipe_and_block_once(installed: Path) -> None:
    for folder in (ROOT / "specs", ROOT / "recipes", ROOT / "archspec/library"):
        for path in folder.rglob("*.yaml"):
            assert (installed / "archspec" / folder.name / path.relative_to(folder)).read_bytes() == path.read_bytes()
    assert not (installed / "specs").exists()
    assert (installed / "archspec/py.typed").exists()


def test_the_wheel_is_what_runs(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "-c", "import archspec; print(archspec.__file__)")
    assert done.stdout.strip() == str(installed / "archspec/__init__.py")


def test_shipped_names_work_from_another_folder(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "-m", "archspec", "check", "googlenet", "googlenet-bn")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "googlenet: ok, 21 rows, 224x224x3 to 1x1x1000",
        "googlenet-bn: ok, 19 rows, 224x224x3 to 1x1x1000",
    ]


def test_shipped_recipes_are_found_from_another_folder(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "-m", "archspec", "list", "recipes")
    assert done.stdout.split()[:2] == ["recipes", "digits"], done.stderr


def test_a_spec_elsewhere_extends_a_shipped_one(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: googlenet\nname: mine\nvars: {classes: 10}\n")
    done = run(installed, tmp_path, "-m", "archspec", "report", "mine.yaml", "--format", "json")
    assert done.returncode == 0
    assert '"params": 5983802' in done.stdout  # 6,998,552 - 990 x 1,025
