"""Plots for print, by matplotlib, as PNG or SVG: a Pareto front, a distribution, rows beside each other.

Each takes plain numbers and words. matplotlib is imported when one is drawn.
"""

from archspec.render.plots.diff import diff_plot as diff_plot
from archspec.render.plots.distribution import Sample as Sample
from archspec.render.plots.distribution import distribution_plot as distribution_plot
from archspec.render.plots.labels import label as label
from archspec.render.plots.pareto import Measure as Measure
from archspec.render.plots.pareto import pareto_plot as pareto_plot
from archspec.render.plots.report import report_plot as report_plot
from archspec.render.plots.rows import Panel as Panel
from archspec.render.plots.rows import rows_plot as rows_plot
from archspec.render.plots.sheet import ready as ready
from archspec.render.plots.sweep import drawn as drawn
from archspec.render.plots.sweep import sweep_plot as sweep_plot
