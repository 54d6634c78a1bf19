"""Rules about the repository that would otherwise be prose."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from pytest_vlmsight.models.aliases import ALIASES
from pytest_vlmsight.options import OPTIONS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pytest_vlmsight"
MODULES = sorted(PACKAGE.rglob("*.py"))

KNOWS_PYTEST = {
    "activation.py",
    "fixtures.py",
    "plugin.py",
    "session.py",
    "suite.py",
    "scheduling.py",
    "progress.py",
    "recorder.py",
    "report/terminal.py",
}


@cache
def imports(path: Path, *, top_level_only: bool = False) -> frozenset[str]:
    """Absolute names of what a module imports, type-checking imports left out."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join((*base, *((node.module,) if node.module else ())))
            found |= {stem} if node.module else {f"{stem}.{a.name}" for a in node.names}
    return frozenset(found)


def within(names: set[str] | frozenset[str], *packages: str) -> set[str]:
    return {n for n in names if any(n == p or n.startswith(f"{p}.") for p in packages)}


@pytest.mark.parametrize("folder", ["stats", "readouts"])
def test_pure_functions_import_nothing_of_the_project(folder: str) -> None:
    for path in (PACKAGE / folder).rglob("*.py"):
        own = within(imports(path), "pytest_vlmsight")
        assert own == within(own, f"pytest_vlmsight.{folder}"), path


def test_tasks_and_models_know_nothing_of_each_other() -> None:
    for path in (PACKAGE / "tasks").rglob("*.py"):
        assert not within(imports(path), "pytest_vlmsight.models", "torch", "transformers"), path
    for path in (PACKAGE / "models").rglob("*.py"):
        if path.parent.name == "tiny":
            continue  # a recipe: models are trained on what tasks are drawn from
        assert not within(imports(path), "pytest_vlmsight.tasks"), path


def test_nothing_that_is_used_imports_the_recipe_of_the_embedded_models() -> None:
    for path in MODULES:
        if path.parent.name != "tiny":
            assert not within(imports(path), "pytest_vlmsight.models.tiny"), path


def test_only_the_plugin_knows_pytest() -> None:
    for path in MODULES:
        if path.relative_to(PACKAGE).as_posix() not in KNOWS_PYTEST:
            assert not within(imports(path), "pytest", "_pytest", "xdist"), path


@pytest.mark.parametrize("name", ["plugin.py", "options.py", "__init__.py"])
def test_what_every_run_loads_imports_nothing_at_its_top(name: str) -> None:
    assert imports(PACKAGE / name, top_level_only=True) <= {"__future__"}


def test_heavy_libraries_are_imported_inside_functions() -> None:
    heavy = ("torch", "transformers", "scipy", "PIL", "onnx", "gguf", "tqdm", "safetensors")
    allowed = {"tasks/marker_painting.py", "tasks/sheet.py"}
    for path in MODULES:
        name = path.relative_to(PACKAGE).as_posix()
        if name not in allowed and not name.startswith(("models/assembly/", "models/tiny/")):
            assert not within(imports(path, top_level_only=True), *heavy), path


def test_nothing_is_ever_unpickled() -> None:
    for path in MODULES:
        assert not within(imports(path), "pickle", "dill", "joblib"), path
        assert "torch.load(" not in path.read_text(), path


def test_every_option_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    missing = [o.flag for o in OPTIONS if not re.search(rf"`{o.flag}[`= ]", readme)]
    assert not missing


def test_every_alias_names_a_hub_id() -> None:
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+", source) for source in ALIASES.values())


def test_no_path_of_a_machine_is_tracked() -> None:
    pattern = re.compile(r"(?<![\w.])/(work|root|home)/\w")
    files = [*MODULES, *(ROOT / "tests").rglob("*.py"), *ROOT.glob("*.md"), *ROOT.glob("*.toml")]
    for path in files:
        assert not pattern.search(path.read_text()), path


def test_readme_has_two_commands_of_set_up_one_to_run_and_one_to_test() -> None:
    readme = (ROOT / "README.md").read_text()
    blocks = dict(re.findall(r"^## (.+?)\n.*?^```\w*\n(.*?)^```", readme, re.MULTILINE | re.DOTALL))
    assert [len(blocks[h].strip().splitlines()) for h in ("Set up", "Run", "Test")] == [2, 1, 1]


def test_the_changelog_names_the_current_version() -> None:
    from pytest_vlmsight import __version__

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text()
