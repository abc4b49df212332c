"""The documents that whyslow writes, with types. `document` holds all of it, fields that are not named here too.

Times are in milliseconds, shares are 0 to 1. None: not known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Latency:
    """Of one prediction, from fresh processes."""

    p50_ms: float
    ci_low_ms: float
    ci_high_ms: float
    p90_ms: Optional[float]
    p99_ms: Optional[float]
    load_ms: float
    first_ms: float
    trust: str
    samples_ms: Tuple[float, ...] = field(repr=False)

    @classmethod
    def of(cls, one: Document) -> Latency:
        return cls(
            p50_ms=one['p50Ms'],
            ci_low_ms=one['ciLowMs'],
            ci_high_ms=one['ciHighMs'],
            p90_ms=one.get('p90Ms'),
            p99_ms=one.get('p99Ms'),
            load_ms=one['loadMs'],
            first_ms=one['firstMs'],
            trust=one['trust'],
            samples_ms=tuple(one.get('samplesMs', ())),
        )


@dataclass(frozen=True)
class Area:
    """What architecture, hardware or software takes of a prediction, and what is unexplained."""

    time_ms: float
    share: float


@dataclass(frozen=True)
class Finding:
    """A cause, and what to do about it."""

    rule: str
    area: str
    title: str
    detail: str
    time_ms: float
    #: None: nobody knows; 0: a note.
    would_save_ms: Optional[float]
    #: How the saving is known: 'measured' or 'modelled'.
    basis: str
    #: The command to type.
    next: Optional[str]
    nodes: Tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, one: Document) -> Finding:
        return cls(
            rule=one['rule'],
            area=one['area'],
            title=one['title'],
            detail=one['detail'],
            time_ms=one['timeMs'],
            would_save_ms=one.get('wouldSaveMs'),
            basis=one['basis'],
            next=one.get('next'),
            nodes=tuple(one.get('nodes', ())),
        )


@dataclass(frozen=True)
class Trial:
    """Remedies that `fix` tried. `outcome`: 'faster', 'slower', 'no-difference', 'rejected' or 'failed'."""

    remedies: Tuple[str, ...]
    outcome: str
    reason: Optional[str]
    speedup: Optional[float]
    speedup_low: Optional[float]
    speedup_high: Optional[float]

    @classmethod
    def of(cls, one: Document) -> Trial:
        return cls(
            remedies=tuple(one['remedies']),
            outcome=one['outcome'],
            reason=one.get('reason'),
            speedup=one.get('speedup'),
            speedup_low=one.get('speedupLow'),
            speedup_high=one.get('speedupHigh'),
        )


@dataclass(frozen=True)
class Report:
    """What `why` and `fix` found."""

    document: Document = field(repr=False)
    answer: str
    latency: Optional[Latency]
    areas: Mapping[str, Area]
    findings: Tuple[Finding, ...]
    trials: Tuple[Trial, ...]
    warnings: Tuple[str, ...]
    #: Of `fix`: the folder that was written; None with `dry_run`.
    output: Optional[Path]
    #: Of `fix`: how many times as fast, and the interval's lower end. 1.0 if nothing is proven; None if `fix` did not run.
    speedup: Optional[float]
    speedup_low: Optional[float]

    @classmethod
    def of(cls, document: Document) -> Report:
        latency, fixed = document.get('latency'), document.get('fix')
        shipped = fixed.get('shipped') if fixed else None
        is_proven = bool(fixed and fixed['proven'])
        return cls(
            document=document,
            answer=document['answer'],
            latency=Latency.of(latency) if latency else None,
            areas={name: Area(one['timeMs'], one['share']) for name, one in document['areas'].items()},
            findings=tuple(map(Finding.of, document['findings'])),
            trials=tuple(map(Trial.of, document['trials'])),
            warnings=tuple(document.get('warnings', ())),
            output=Path(shipped) if shipped else None,
            speedup=None if not fixed else fixed['speedup'] if is_proven else 1.0,
            speedup_low=None if not fixed else fixed['speedupLow'] if is_proven else 1.0,
        )

    def __str__(self) -> str:
        return self.answer

    def _repr_html_(self) -> str:
        """A table for notebooks: the answer, the areas, and what to fix."""
        areas = ' · '.join(f'{name} {area.share:.0%}' for name, area in self.areas.items())
        findings = [[_ms(one.would_save_ms), one.title, one.area, one.next or ''] for one in self.findings]
        trials = [[_ratio(one.speedup), ', '.join(one.remedies), one.outcome, one.reason or ''] for one in self.trials]
        return (
            f'<p><b>{escape(self.answer)}</b></p><p>{escape(areas)}</p>'
            + _table(['would save', 'finding', 'area', 'next'], findings)
            + _table(['speed-up', 'tried', 'outcome', 'reason'], trials)
        )


@dataclass(frozen=True)
class Comparison:
    """What `compare` found: a report for each contestant that was measured."""

    document: Document = field(repr=False)
    answer: str
    #: By the contestant's name: an engine's id, or a model's path.
    reports: Mapping[str, Report]
    #: Names, the fastest first; those that cannot be told apart share a place.
    ranking: Tuple[Tuple[int, str], ...]
    #: Contestants without a measurement, and why.
    failures: Mapping[str, str]
    warnings: Tuple[str, ...]

    @classmethod
    def of(cls, document: Document) -> Comparison:
        reports = [Report.of(one) for one in document['reports']]
        contestants: List[Dict[str, Any]] = document['contestants']
        return cls(
            document=document,
            answer=document['answer'],
            reports={one['id']: reports[one['report']] for one in contestants if one.get('report') is not None},
            ranking=tuple((one['place'], one['id']) for one in document['ranking']),
            failures={one['id']: one.get('reason') or one['outcome'] for one in contestants if one['outcome'] != 'measured'},
            warnings=tuple(document.get('warnings', ())),
        )

    def __str__(self) -> str:
        return self.answer

    def _repr_html_(self) -> str:
        def row(place: int, name: str) -> List[str]:
            latency = self.reports[name].latency if name in self.reports else None
            return [str(place), name, _ms(latency.p50_ms if latency else None)]

        rows = [row(place, name) for place, name in self.ranking]
        failures = [['', name, reason] for name, reason in self.failures.items()]
        return f'<p><b>{escape(self.answer)}</b></p>' + _table(['place', 'name', 'p50'], rows + failures)


@dataclass(frozen=True)
class Check:
    """Whether a model is slower than it may be. `verdict`: 'within', 'above' or 'unclear'."""

    document: Document = field(repr=False)
    answer: str
    verdict: str
    fail_above: float
    ratio: float
    ratio_low: float
    ratio_high: float
    warnings: Tuple[str, ...]

    @classmethod
    def of(cls, document: Document) -> Check:
        return cls(
            document=document,
            answer=document['answer'],
            verdict=document['verdict'],
            fail_above=document['failAbove'],
            ratio=document['ratio'],
            ratio_low=document['ratioLow'],
            ratio_high=document['ratioHigh'],
            warnings=tuple(document.get('warnings', ())),
        )

    @property
    def passed(self) -> bool:
        """An unclear ratio fails nothing."""
        return self.verdict != 'above'

    def __str__(self) -> str:
        return self.answer

    def _repr_html_(self) -> str:
        row = [self.verdict, f'{self.ratio:.3f}', f'{self.ratio_low:.3f} to {self.ratio_high:.3f}', f'{self.fail_above:g}']
        return f'<p><b>{escape(self.answer)}</b></p>' + _table(['verdict', 'ratio', 'interval', 'limit'], [row])


def _ms(value: Optional[float]) -> str:
    return 'not known' if value is None else f'{value:.3g} ms'


def _ratio(value: Optional[float]) -> str:
    return '' if value is None else f'{value:.2f}×'


def _table(heads: List[str], rows: List[List[str]]) -> str:
    if not rows:
        return ''
    head = ''.join(f'<th>{escape(one)}</th>' for one in heads)
    body = ''.join('<tr>' + ''.join(f'<td>{escape(one)}</td>' for one in row) + '</tr>' for row in rows)
    return f'<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
