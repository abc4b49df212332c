// Parts of a load run for a pull request: a line a rate, what holds it up, what the tail is made of; each run of a search folded.

import { percent, perSecond, plural, time } from '@whyslow/measure/statistics/numbers.ts'
import type { LoadDocument, LoadPoint, LoadSearch } from '../documents/load.ts'
import { pooledRates } from '../text/answers/load-rates.ts'
import { code, type FoldedBlock, type Part, table, text } from './blocks.ts'

const MOST_ROWS = 12

/** After the sentence. */
export function loadParts({ points, findings, search, audit, target, machine }: LoadDocument): Part[] {
  return [
    pointTable(points),
    ...findings.map(
      ({ title, detail, rule, wouldSaveMs, basis }, index) =>
        `**${index + 1}. ${text(title)}** (${!wouldSaveMs ? '' : `would save ${basis === 'modelled' ? 'up to ' : ''}${time(wouldSaveMs)} of the slowest 1 %, ${basis}; `}${code(rule)})\n\n${text(detail)}`,
    ),
    tail(points),
    ...(search === null ? [] : [searchRuns(search)]),
    {
      summary: 'How it was measured',
      blocks: [
        [
          `- asked: ${code(target.name)}, over ${plural(machine.usableCpus, 'usable CPU')} of ${text(machine.cpu)}`,
          ...(audit.ceilingPerSecond === null
            ? []
            : [`- the generator reaches ${perSecond(audit.ceilingPerSecond)} requests/s here`]),
          ...(audit.lagP99Ms === null ? [] : [`- it sent ${time(audit.lagP99Ms)} after the instant (p99)`]),
          ...audit.reasons.map((reason) => `- ${text(reason)}`),
        ].join('\n'),
      ],
    },
  ]
}

/** A rate that the server does not keep up with has no latency: it would say how long the run was. */
function pointTable(points: readonly LoadPoint[]): string {
  const rates = pooledRates(points)
  const pooled = rates.slice(0, MOST_ROWS)
  const rows = pooled.map(({ point }) => point)
  const isClosed = points.some(({ clients }) => clients !== null)
  const cell = (of: (point: LoadPoint) => number | null) =>
    rows.map((point) => {
      const ms = point.saturated ? null : of(point)
      return ms === null ? '' : time(ms)
    })
  const drawn = table([
    {
      head: isClosed ? 'clients' : 'sent/s',
      isNumber: true,
      cells: rows.map(({ offeredPerSecond, clients }) =>
        offeredPerSecond === null ? `${clients ?? ''}` : perSecond(offeredPerSecond),
      ),
    },
    { head: 'answered/s', isNumber: true, cells: rows.map(({ achievedPerSecond }) => perSecond(achievedPerSecond)) },
    { head: 'p50', isNumber: true, cells: cell(({ p50Ms }) => p50Ms) },
    { head: 'p99', isNumber: true, cells: cell(({ p99Ms }) => p99Ms) },
    { head: 'p99 interval', cells: rows.map(rangeOf) },
    {
      head: 'errors',
      isNumber: true,
      cells: rows.map(({ errors, requests }) => (errors === 0 ? '0' : percent(errors / Math.max(1, requests)))),
    },
    { head: '', cells: rows.map(keepsUpNot) },
    ...(pooled.some(({ runs }) => runs > 1)
      ? [{ head: 'runs', isNumber: true, cells: pooled.map(({ runs }) => `${runs}`) }]
      : []),
  ])
  const left = rates.length - rows.length
  return left > 0 ? `${drawn}\n\n${plural(left, 'more rate')} in \`--json\`.` : drawn
}

function keepsUpNot({ saturated, generatorLimit = null }: LoadPoint): string {
  if (saturated) return 'does not keep up'
  if (generatorLimit === null) return ''
  return generatorLimit === 'sends-late' ? 'the generator was late' : 'the generator does not keep up'
}

function rangeOf({ saturated, p99Ms, intervals: { p99Ms: interval } }: LoadPoint): string {
  if (saturated || p99Ms === null || interval === null) return ''
  return `${time(interval.low)}–${interval.high === null ? 'not known' : time(interval.high)}`
}

/** Tail of the highest rate that is kept up with. */
function tail(points: readonly LoadPoint[]): FoldedBlock {
  const parts = points.findLast(({ parts, saturated }) => parts !== null && !saturated)?.parts ?? null
  const rows = parts?.names.map((_, index) => index) ?? []
  const drawn = table([
    {
      head: 'part',
      cells: rows.map((k) => `${text(parts!.names[k]!)}${parts!.basis[k] === 'told' ? ', reported by the server' : ''}`),
    },
    { head: 'slowest 1 %', isNumber: true, cells: rows.map((k) => time(parts!.slowest.partsMs[k]!)) },
    { head: 'around p50', isNumber: true, cells: rows.map((k) => time(parts!.typical.partsMs[k]!)) },
  ])
  return { summary: 'What the slowest hundredth is made of', blocks: [drawn] }
}

const STAGES: Readonly<Record<LoadSearch['runs'][number]['stage'], string>> = {
  alone: 'one by one',
  bracket: 'between which rates',
  bisect: 'halving',
  confirm: 'confirming',
  above: 'just above',
}

function outcomeOf({ held, saturated, generatorLate = false }: LoadSearch['runs'][number]): string {
  if (generatorLate) return 'the generator was late'
  if (saturated) return 'does not keep up'
  return held ? 'holds' : 'does not hold'
}

function searchRuns({ objective, runs, ended }: LoadSearch): FoldedBlock {
  const drawn = table([
    { head: 'run', cells: runs.map(({ stage }) => STAGES[stage]) },
    {
      head: 'sent/s',
      isNumber: true,
      cells: runs.map(({ ratePerSecond }) => (ratePerSecond === null ? '' : perSecond(ratePerSecond))),
    },
    {
      head: 'value',
      isNumber: true,
      cells: runs.map(({ valueMs, saturated }) => (valueMs === null || saturated ? '' : time(valueMs))),
    },
    { head: '', cells: runs.map(outcomeOf) },
  ])
  return { summary: `Every run of the search for ${objective}`, blocks: [drawn, text(ended)] }
}
