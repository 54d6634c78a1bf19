"""The report in a browser: it renders, sorts, filters, prints, and runs nothing that is not its."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hostile import TEXTS, hostile_baselines, hostile_run
from made_runs import case, evaluation, old_and_new, run
from PIL import Image

from pytest_vlmsight.baselines import Baseline
from pytest_vlmsight.gates import Outcome
from pytest_vlmsight.phrases import printable
from pytest_vlmsight.report.html import html_report
from pytest_vlmsight.report.pictures import thumbnail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver import Chrome

    from pytest_vlmsight.records.run import Run

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1200,900",
)


def start(profile: Path, *, scripts: bool = True) -> Chrome:
    """A new Chromium with an empty profile."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    from selenium.webdriver.chrome.service import Service

    browser = shutil.which("chromium") or shutil.which("google-chrome")
    chromedriver = shutil.which("chromedriver")
    if browser is None or chromedriver is None:
        pytest.skip("chromium and chromedriver are not both installed")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    if not scripts:
        never = {"profile.managed_default_content_settings.javascript": 2}
        options.add_experimental_option("prefs", never)
    driver: Chrome = webdriver.Chrome(options=options, service=Service(chromedriver))
    return driver


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    driver = start(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture
def shown(browser: Chrome, tmp_path: Path) -> Callable[..., Chrome]:
    """Opens the report of a run, in a light window of 1200 px unless told otherwise."""

    def show(
        made: Run,
        *,
        scheme: str = "light",
        media: str = "",
        width: int = 1200,
        baselines: dict[str, Baseline] | None = None,
    ) -> Chrome:
        emulate(browser, scheme=scheme, media=media, width=width)
        for log in ("browser", "performance"):
            log_of(browser, log)
        browser.get(written(made, tmp_path, baselines=baselines).as_uri())
        return browser

    return show


def log_of(browser: Chrome, name: str) -> list[dict[str, str]]:
    """What a log holds since it was last read."""
    entries: list[dict[str, str]] = browser.get_log(name)  # type: ignore[no-untyped-call]
    return entries


def emulate(browser: Chrome, *, scheme: str, media: str, width: int) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def written(made: Run, folder: Path, *, baselines: dict[str, Baseline] | None = None) -> Path:
    picture = thumbnail(Image.new("RGB", (320, 200), (200, 120, 40)))
    path = folder / "report.html"
    path.write_text(
        html_report(made, pictures=lambda _: [picture], baselines=baselines), encoding="utf-8"
    )
    return path


def several() -> Run:
    """Two models; tasks that pass, fail, are inconclusive and broken."""
    strong, weak = evaluation(task="strong", sighted=0.9), evaluation(task="weak", sighted=0.3)
    other = evaluation(model="b", task="strong", sighted=0.6, n=50, seed=2)
    cases = [
        case(strong, "ceiling"),
        case(strong, "blind"),
        case(weak, "ceiling", Outcome.FAIL),
        case(weak, "blind", Outcome.INCONCLUSIVE),
        case(other, "ceiling", Outcome.INCONCLUSIVE),
        case(other, "blind"),
        case(replace(strong, task="broken"), "ceiling", None),
    ]
    return run(strong, weak, other, cases=cases)


def compared() -> tuple[Run, dict[str, Baseline]]:
    """Tasks that are lost, kept, asked otherwise and left out, and what they are compared with."""
    pairs = [
        old_and_new(n=400, b=b, c=c, task=task)
        for task, b, c in (
            ("functional_correspondence", 8, 40),
            ("semantic_correspondence", 4, 4),
            ("low_level_matching", 20, 25),
        )
    ]
    changed = evaluation(model="new", task="odd_one_out", provenance={"seed": 1})
    before = replace(changed, model="old", provenance={"seed": 0})
    old = run(*(one for one, _ in pairs), before, evaluation(model="old", task="texture"))
    new = run(*(one for _, one in pairs), changed)
    return new, {"new": Baseline(path=Path("b.json"), shown="vlmsight/model.json", run=old)}


def visible(browser: Chrome, selector: str) -> list[str]:
    """Texts of what can be seen."""
    found: list[str] = browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])]"
        ".filter(e => e.checkVisibility()).map(e => e.innerText.replace(/\\s+/g, ' ').trim())",
        selector,
    )
    return found


def column(browser: Chrome, number: int) -> list[str]:
    """Cells of the table of tasks that can be seen, from above."""
    return visible(browser, f"table.tasks tbody tr > :nth-child({number})")


def press(browser: Chrome, head: str) -> str:
    """Press a column's head; how it is sorted then."""
    from selenium.webdriver.common.keys import Keys

    (button,) = (
        one for one in browser.find_elements("css selector", "table.tasks th button")
        if one.text.rstrip(" ↕↑↓") == head
    )  # fmt: skip
    button.send_keys(Keys.ENTER)
    sorted_by: str = browser.execute_script(
        "return arguments[0].closest('th').getAttribute('aria-sort')", button
    )
    return sorted_by


def enter(browser: Chrome, *, text: str = "", outcome: str = "") -> None:
    """Fill in what is to be shown."""
    from selenium.webdriver.support.ui import Select

    box = browser.find_element("id", "text")
    box.clear()
    box.send_keys(text or " ")
    Select(browser.find_element("id", "outcome")).select_by_value(outcome)


# -- what it does ---------------------------------------------------------------------------------


def test_it_renders_without_an_error_and_without_asking_for_anything(
    shown: Callable[..., Chrome],
) -> None:
    browser = shown(several())
    assert log_of(browser, "browser") == []
    asked = [
        url
        for entry in log_of(browser, "performance")
        for url in re.findall(r'requestWillBeSent".*?"url":"(.*?)"', entry["message"])
    ]
    # The browser's own new tab, which was open before, asks for chrome://.
    others = {url for url in asked if not url.startswith(("data:", "chrome://"))}
    assert others == {browser.current_url}
    widths: list[int] = browser.execute_script(
        "return [...document.images].map(image => image.naturalWidth)"
    )
    assert widths
    assert set(widths) == {320}


def test_it_is_sorted_by_the_column_that_is_pressed(shown: Callable[..., Chrome]) -> None:
    browser = shown(several())
    assert column(browser, 2) == ["weak", "broken", "strong", "strong", "broken", "weak"]
    assert press(browser, "sighted") == "ascending"
    numbers = [text.split()[0] for text in column(browser, 3)]
    measured = [float(text) for text in numbers[:3]]
    assert measured == sorted(measured)
    assert numbers[3:] == ["–"] * 3
    assert press(browser, "sighted") == "descending"
    numbers = [text.split()[0] for text in column(browser, 3)]
    assert numbers[:3] == [f"{share:.1f}" for share in sorted(measured, reverse=True)]
    assert numbers[3:] == ["–"] * 3
    press(browser, "task")
    assert column(browser, 2) == sorted(column(browser, 2))
    press(browser, "ceiling")
    marked = browser.find_elements("css selector", "[aria-sort]")
    assert len(marked) == 1


def test_gates_are_sorted_worst_first(shown: Callable[..., Chrome]) -> None:
    browser = shown(several())
    buttons = browser.find_elements("css selector", "table.tasks th button")
    buttons[-2].click()
    assert column(browser, 8) == ["FAIL", "ERROR", "INCONCLUSIVE", "–", "–", "PASS"]


def test_it_is_filtered_by_outcome(shown: Callable[..., Chrome]) -> None:
    browser = shown(several())
    enter(browser, outcome="INCONCLUSIVE")
    assert column(browser, 2) == ["weak", "strong"]
    assert visible(browser, "section.task h3") == ["weak", "strong"]
    assert visible(browser, "form output") == ["2 of 6 tasks shown"]
    enter(browser, outcome="ERROR")
    assert column(browser, 2) == ["broken"]
    enter(browser)
    assert len(column(browser, 2)) == 6


def test_it_is_filtered_by_the_text_of_tasks_and_items(shown: Callable[..., Chrome]) -> None:
    browser = shown(several())
    everything = visible(browser, "li.item")
    enter(browser, text="WEAK")
    assert set(column(browser, 2)) == {"weak"}
    assert 0 < len(visible(browser, "li.item")) < len(everything)
    name = next(re.findall(r"item \d+", text)[0] for text in everything)
    enter(browser, text=f"{name};")
    found = visible(browser, "li.item")
    assert found
    assert all(f"{name};" in text for text in found)
    enter(browser, text="no such thing")
    assert column(browser, 2) == []
    assert visible(browser, "form output") == ["0 of 6 tasks shown"]


def test_hostile_texts_do_nothing_and_are_shown(shown: Callable[..., Chrome]) -> None:
    browser = shown(hostile_run(), baselines=hostile_baselines())
    assert log_of(browser, "browser") == []
    theirs = "iframe, h1.theirs, svg[onload], img:not([src^='data:']), [onerror], script[src]"
    assert browser.find_elements("css selector", theirs) == []
    assert len(browser.find_elements("css selector", "script")) == 1
    with pytest.raises(Exception, match="no such alert"):
        _ = browser.switch_to.alert
    told: str = browser.execute_script("return document.body.innerText")
    for text in TEXTS:
        assert printable(text) in told
    assert len(visible(browser, "table.compared tbody tr")) == 2
    enter(browser, text="<script>alert(1)")
    assert len(column(browser, 1)) == 1
    assert log_of(browser, "browser") == []


# -- how it looks ---------------------------------------------------------------------------------

CONTRAST = """
const seen = (colour) => {
  const numbers = colour.match(/[\\d.]+/g).map(Number);
  return numbers.length === 4 && numbers[3] === 0 ? null : numbers.slice(0, 3);
};
const paper = (element) => {
  for (let one = element; one; one = one.parentElement) {
    const colour = seen(getComputedStyle(one).backgroundColor);
    if (colour) return colour;
  }
  return [255, 255, 255];
};
const light = (colour) => {
  const [r, g, b] = colour.map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const told = [];
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  if (!own || !element.checkVisibility() || element.tagName === "OPTION") continue;
  const style = getComputedStyle(element);
  const ink = seen(element.closest("svg") ? style.fill : style.color);
  const [a, b] = [light(ink), light(paper(element))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  told.push([ratio, element.tagName + "." + element.getAttribute("class")]);
}
return told;
"""


@pytest.mark.parametrize(
    ("scheme", "media"), [("light", ""), ("dark", ""), ("light", "print"), ("dark", "print")]
)
def test_every_text_has_enough_contrast(
    shown: Callable[..., Chrome], scheme: str, media: str
) -> None:
    browser = shown(several(), scheme=scheme, media=media)
    ratios: list[tuple[float, str]] = browser.execute_script(CONTRAST)
    assert len(ratios) > 100
    assert {"SPAN.state state-PASS", "SPAN.tag is-right", "text.tick"} <= {n for _, n in ratios}
    assert [pair for pair in ratios if pair[0] < 4.5] == []
    new, baselines = compared()
    browser = shown(new, scheme=scheme, media=media, baselines=baselines)
    ratios = browser.execute_script(CONTRAST)
    assert {"SPAN.state state-FAIL", "SPAN.state state-ERROR"} <= {n for _, n in ratios}
    assert [pair for pair in ratios if pair[0] < 4.5] == []


def test_dark_mode_is_dark_and_print_is_not(shown: Callable[..., Chrome]) -> None:
    def paper(**how: str) -> str:
        browser = shown(several(), **how)
        colour: str = browser.execute_script(
            "return getComputedStyle(document.body).backgroundColor"
        )
        return colour

    white = "rgb(255, 255, 255)"
    assert paper(scheme="light") == white
    assert max(map(int, re.findall(r"\d+", paper(scheme="dark")))) < 50
    assert paper(scheme="dark", media="print") == white


def test_print_has_everything_but_the_controls(shown: Callable[..., Chrome]) -> None:
    browser = shown(several(), media="print")
    assert len(visible(browser, "section.task")) == 6
    assert visible(browser, "form, .skip") == []
    assert len(visible(browser, "li.item")) == len(browser.find_elements("class name", "item"))


def test_tables_fit_a_sheet_of_paper(shown: Callable[..., Chrome]) -> None:
    one = evaluation(model="qwen2.5-vl-72b", task="functional_correspondence")
    other = evaluation(model="b", task="functional_correspondence")
    cases = [case(each, gate, Outcome.INCONCLUSIVE)
             for each in (one, other) for gate in ("ceiling", "blind")]  # fmt: skip
    browser = shown(run(one, other, cases=cases), media="print", width=718)  # A4, in px
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 718
    new, baselines = compared()
    browser = shown(new, media="print", width=718, baselines=baselines)
    assert len(visible(browser, "table.compared tbody tr")) == 5
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 718


@pytest.mark.parametrize("width", [400, 1200])
def test_the_page_is_never_wider_than_the_window(shown: Callable[..., Chrome], width: int) -> None:
    for made, baselines in (
        (several(), None),
        (hostile_run(), hostile_baselines()),
        compared(),
    ):
        browser = shown(made, width=width, baselines=baselines)
        wide, inner = browser.execute_script(
            "return [document.documentElement.scrollWidth, innerWidth]"
        )
        assert wide <= inner == width
    text = browser.find_element("css selector", ".verdict").size["width"]
    assert text <= width


def test_controls_have_names_and_are_reached_by_keyboard(shown: Callable[..., Chrome]) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    browser = shown(several())
    controls = browser.find_elements("css selector", "input, select, button, a")
    assert all(one.accessible_name for one in controls)
    reached = []
    for _ in range(3):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        active = browser.switch_to.active_element
        reached.append(active.get_attribute("id") or active.text.splitlines()[0])
    assert reached == ["To the content", "outcome", "text"]


def test_without_scripts_everything_is_there(tmp_path: Path) -> None:
    (tmp_path / "profile").mkdir()
    browser = start(tmp_path / "profile", scripts=False)
    try:
        new, baselines = compared()
        browser.get(written(new, tmp_path, baselines=baselines).as_uri())
        cells = browser.find_elements("css selector", "table.compared tbody tr > *")
        assert len(cells) == 5 * 10
        assert all(one.is_displayed() for one in cells)
        browser.get(written(several(), tmp_path).as_uri())
        rows = browser.find_elements("css selector", "table.tasks tbody tr")
        sections = browser.find_elements("css selector", "section.task")
        assert [len(rows), len(sections)] == [6, 6]
        assert all(one.is_displayed() for one in (*rows, *sections))
        # The controls would do nothing, so they are not there; nor are buttons in heads.
        assert not browser.find_element("css selector", "form").is_displayed()
        assert browser.find_elements("css selector", "th button") == []
    finally:
        browser.quit()
