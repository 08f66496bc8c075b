"""How a final score came about, in words for an instructor, or for the learner who asks."""

from __future__ import annotations

import datetime as dt

from autograder.gradebook.scores import BEST, ON_TIME, FinalScore, ManualMark


def explain(final: FinalScore) -> list[str]:
    """Return the steps from the checks' score to the one that counts, one line each."""
    chosen = "the best" if final.rules.counting == BEST else "the latest"
    attempt = f"attempt {final.attempt} of {final.attempts} counts, {chosen}"
    return [
        f"{attempt}: {final.automatic:g} of {final.max_score:g} points by the checks",
        *(_mark(final, mark) for mark in final.marks),
        *_lateness(final),
        f"final score: {final.score:g} of {final.max_score:g}",
    ]


def time(moment: dt.datetime) -> str:
    """Return a time as people read it, in UTC."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def _mark(final: FinalScore, mark: ManualMark) -> str:
    what = mark.exercise or "the whole sheet"
    if mark.score is None:
        said = "no mark by hand"
    elif mark.exercise is None:
        said = f"{mark.score:g} points by hand, the last word"
    else:
        said = f"{mark.score:g} by hand in place of {final.exercises[mark.exercise]:g}"
    older = "; set on another notebook" if mark in final.outdated else ""
    by = f" by {mark.given_by}" if mark.given_by else ""
    comment = f": {mark.comment}" if mark.comment else ""
    return f"{what}: {said} (set {time(mark.given_at)}{by}{older}){comment}"


def _lateness(final: FinalScore) -> list[str]:
    due = final.extension.due if final.extension else final.rules.due
    if due is None:
        return []
    line = f"due {time(due)}"
    if final.extension:
        reason = f": {final.extension.reason}" if final.extension.reason else ""
        line += f" by extension{reason}"
    if final.submitted is None:
        return [line, "when it was handed in is not known, so it does not count as late"]
    line = f"{line}; handed in {time(final.submitted)}"
    if final.lateness == ON_TIME:
        return [f"{line}, on time"]
    lines = [f"{line}, {_duration(final.lateness)} late"]
    if final.score != final.before_late:
        lines.append(f"{final.rules.late}: {final.before_late:g} becomes {final.score:g}")
    elif any(mark.exercise is None and mark.score is not None for mark in final.marks):
        lines.append("a mark on the whole sheet is not reduced")
    else:
        lines.append(f"{final.rules.late}: nothing is taken off")
    return lines


def _duration(span: dt.timedelta) -> str:
    minutes = max(1, round(span.total_seconds() / 60))
    days, hours = divmod(minutes // 60, 24)
    parts = [(days, "d"), (hours, "h"), (minutes % 60, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
