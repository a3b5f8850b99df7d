"""Charts as SVG, drawn for one colour scheme and one width: a page shows them as pictures and picks the one that fits.

Pictures know neither the page's style sheet nor its scheme, and carry no script; so each is drawn for light, dark and
paper, wide and narrow. What is not known has no bar: the table beside it says so.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pygal
from pygal import PluginImportFixer
from pygal.style import Style

# pygal puts a finder for its plugins, of a kind Python no longer knows, before every later import. We have no plugins.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, PluginImportFixer)]

FONT = "'PingFang SC','HarmonyOS Sans SC','Microsoft YaHei','Noto Sans CJK SC',system-ui,sans-serif"
_LIGHT = {"ink": "#162033", "muted": "#536079", "line": "#dbe2ed", "bars": ("#1a56db", "#c2570c", "#0a6340", "#7a3fa8")}
_DARK = {"ink": "#e7ecf6", "muted": "#a5b1c8", "line": "#2b3548", "bars": ("#8fb6ff", "#ffb27a", "#7fdcae", "#d3b0f5")}
_WIDE, _NARROW = 760, 380
_CSS = ("file://style.css", "file://graph.css")
_BESIDE = "inline:text.value { text-anchor: start; }"
"""A value stands after the end of its lying bar, not across it."""


@dataclass(frozen=True, slots=True)
class Series:
    """A row of bars; None has none."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """What is to be drawn. `lying`: bars lie, for names that are long; those of `days` always stand, one after another.
    `unit` follows each value, `top` is the end of the scale."""

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    lying: bool = False
    days: bool = False
    unit: str = ""
    top: float | None = None

    @property
    def empty(self) -> bool:
        return not any(value for series in self.series for value in series.values)


def draw(chart: Chart, *, dark: bool = False, narrow: bool = False) -> bytes:
    """The chart as an SVG without scripts and without an address outside it."""
    lying = not chart.days and (chart.lying or (narrow and len(chart.labels) > 3))
    width = _NARROW if narrow else _WIDE
    drawn: Any = (pygal.HorizontalBar if lying else pygal.Bar)(
        style=_style(dark=dark, narrow=narrow, colours=len(chart.series)), js=(),
        css=[*_CSS, _BESIDE] if lying else list(_CSS), width=width,
        height=_height(chart, lying=lying, narrow=narrow), title=None, no_prefix=True, disable_xml_declaration=True,
        print_values=_few(chart, lying=lying), print_zeroes=False,
        print_values_position="top", legend_at_bottom=True, legend_at_bottom_columns=2,
        legend_box_size=12, show_legend=len(chart.series) > 1, margin=10,
        margin_left=_margin(chart, lying=lying, narrow=narrow), range=_range(chart, lying=lying), truncate_label=-1,
        truncate_legend=-1, spacing=10, no_data_text="",
        value_formatter=lambda value: _told(value, chart.unit, lying=lying),
        x_label_rotation=0, min_scale=4, max_scale=6,
        order_min=0 if chart.unit != "%" else None, pretty_print=False,
    )  # fmt: skip
    labels = [_short(label, narrow=narrow) for label in (reversed(chart.labels) if lying else chart.labels)]
    drawn.x_labels = labels
    if not lying and len(labels) > 8:
        step = -(-len(labels) // (5 if narrow else 8))
        drawn.x_labels_major = labels[::step]
        drawn.show_minor_x_labels = False
    for series in chart.series:
        drawn.add(series.name, list(reversed(series.values)) if lying else list(series.values))
    drawn.add_xml_filter(_without_scripts)
    return str(drawn.render()).encode()


def _without_scripts(root: Any) -> Any:
    """pygal puts its settings into a script even where no script is to read them."""
    for parent in list(root.iter()):
        for child in [child for child in parent if str(child.tag).rpartition("}")[2] == "script"]:
            parent.remove(child)
    return root


def _short(label: str, *, narrow: bool) -> str:
    """A name as it fits beside a bar; the table has all of it."""
    most = 8 if narrow else 14
    return label if len(label) <= most else f"{label[: most - 1]}…"


def _margin(chart: Chart, *, lying: bool, narrow: bool) -> int:
    """Chinese is twice as wide as the letters that pygal reckons names in."""
    longest = max((len(_short(label, narrow=narrow)) for label in chart.labels), default=0)
    return 10 + (round(longest * _size(narrow=narrow) * 0.45) if lying else 0)


def _size(*, narrow: bool) -> int:
    return 12 if narrow else 14


def _few(chart: Chart, *, lying: bool) -> bool:
    """Whether values can stand at their bars without running into each other."""
    return lying or len(chart.labels) * len(chart.series) <= 16


def _height(chart: Chart, *, lying: bool, narrow: bool) -> int:
    if not lying:
        return 260 if narrow else 300
    return 70 + len(chart.labels) * (22 + 20 * len(chart.series)) + (30 if len(chart.series) > 1 else 0)


def _range(chart: Chart, *, lying: bool) -> tuple[float, float]:
    highest = max((value for series in chart.series for value in series.values if value is not None), default=0)
    top = chart.top if chart.top is not None else max(highest, 4)
    return 0, top * 1.15 if lying else top


def _told(value: float | None, unit: str, *, lying: bool) -> str:
    if value is None:
        return ""
    return ("\u2002" if lying else "") + (f"{value:g}{unit}" if value == round(value) else f"{value:.1f}{unit}")


def _style(*, dark: bool, narrow: bool, colours: int) -> Style:
    look = _DARK if dark else _LIGHT
    size = _size(narrow=narrow)
    return Style(
        background="transparent",
        plot_background="transparent",
        foreground=look["muted"],
        foreground_strong=look["ink"],
        foreground_subtle=look["line"],
        colors=look["bars"][: max(colours, 1)],
        opacity="1",
        opacity_hover="1",
        font_family=FONT,
        label_font_size=size,
        major_label_font_size=size,
        value_font_size=size,
        value_label_font_size=size,
        legend_font_size=size,
        value_colors=(look["ink"],) * max(colours, 1),
        guide_stroke_color=look["line"],
        major_guide_stroke_color=look["line"],
        guide_stroke_dasharray="0",
        major_guide_stroke_dasharray="0",
        stroke_opacity="1",
        transition="0s",
    )


def bars(title: str, labels: Sequence[str], *series: Series, **more: Any) -> Chart:
    return Chart(title, tuple(labels), tuple(series), **more)
