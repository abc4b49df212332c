// The one sentence of the first screen: the number, the cause, the consequence.

import { percent, time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import type { AreaName, ReportDocument } from '../documents/report.ts'
import { isToFix } from './findings/findings-text.ts'
import { listOf, predictedTime } from './foretold.ts'
import { nodeName } from './names.ts'
import { commandWords, type Next, printable } from './wrap.ts'

export type AnswerFacts = Pick<ReportDocument, 'latency' | 'areas' | 'nodes' | 'findings' | 'notChecked' | 'foretold'>

const causes: Readonly<Record<AreaName | 'unexplained', string>> = {
  architecture: 'is compute that the model needs',
  hardware: 'goes to moving data and to waiting for the machine',
  software: 'is software overhead that neither the model nor the machine needs',
  unexplained: 'is not explained by what was measured',
}

// A node is named where it holds at least this share of its area; below, the time is spread and one name would mislead.
const namedFromShare = 0.2
const mostlyFromShare = 0.5

// Parts that add up to more than the whole by this share were timed in another state of the machine.
const toleratedExcess = 0.15

/** One sentence from a report that lacks only its answer. Pure; says what is not known instead of leaving it out. */
export function answer(facts: AnswerFacts): string {
  return `${number(facts)}${cause(facts)}${consequence(facts)}.`
}

function number({ latency, nodes }: AnswerFacts): string {
  if (latency !== null) {
    const value = timeWithInterval(latency.p50Ms, latency.ciLowMs, latency.ciHighMs)
    if (latency.trust === 'D') return `One prediction takes about ${value}, a number not to rely on (trust D)`
    return `One prediction takes ${value}`
  }
  const sumMs = nodes.reduce((sum, node) => sum + node.timeMs, 0)
  if (sumMs > 0) return `The latency of a prediction is not known; its nodes take ${time(sumMs)} together`
  return 'The latency of a prediction could not be measured'
}

function cause(facts: AnswerFacts): string {
  const areas = Object.entries(facts.areas) as [AreaName | 'unexplained', { timeMs: number; share: number }][]
  const [name, area] = areas.reduce((top, next) => (next[1].share > top[1].share ? next : top))
  if (area.share <= 0) {
    const top = facts.nodes.reduce<(typeof facts.nodes)[number] | undefined>(
      (most, node) => (node.timeMs > (most?.timeMs ?? 0) ? node : most),
      undefined,
    )
    if (top !== undefined) return `, most of all ${nodeName(top, 40)} with ${time(top.timeMs)}`
    return facts.latency === null ? '' : '; where it goes is not known'
  }
  const said = `${causes[name]}${place(name, area.timeMs, facts.nodes)}`
  const excess = -facts.areas.unexplained.share
  if (excess <= toleratedExcess) return `: ${percent(area.share)} ${said}`
  // The machine was slower while operators were timed than while predictions were.
  return `: its parts, as profiled, add up to ${percent(1 + excess)} of that, so that no share can be relied on; the largest ${said}`
}

function place(area: AreaName | 'unexplained', areaMs: number, nodes: AnswerFacts['nodes']): string {
  let top: { name: string; timeMs: number } | undefined
  for (const node of nodes) {
    const timeMs = area === 'unexplained' ? 0 : (node.areasMs?.[area] ?? 0)
    if (timeMs > (top?.timeMs ?? 0)) top = { name: nodeName(node, 40), timeMs }
  }
  if (top === undefined || areaMs <= 0 || top.timeMs < namedFromShare * areaMs) return ''
  return top.timeMs >= mostlyFromShare * areaMs ? `, mostly in ${top.name}` : `, most of all in ${top.name}`
}

/** Flags that change what a command does; the others name files and inputs. */
const TELLING: ReadonlySet<string> = new Set(
  ['for', 'max-loss', 'engine', 'threads', 'shape', 'graph-optimization', 'repair'].map((one) => `--${one}`),
)

/** The command without its paths, which stands in full with the finding. */
function inShort({ run }: Next): string {
  const { command, arguments: words } = run ?? { command: '', arguments: [] }
  const shown = words.filter((word, at) => TELLING.has(word) || (TELLING.has(words[at - 1] ?? '') && !word.startsWith('-')))
  return commandWords({ command, arguments: shown }).join(' ')
}

/** What a command does about it is said before what would help in principle, unless that is much more. */
const nearTheFirst = 0.5

function consequence({ findings, latency, notChecked, foretold }: AnswerFacts): string {
  const first = findings.find(isToFix)
  if (foretold && foretold.remedies.length > 0 && foretold.ms > nearTheFirst * (first?.wouldSaveMs ?? 0)) {
    const on = foretold.onWhole ? 'it and on its operators' : 'its operators alone'
    return `; whyslow fix would take ${predictedTime(foretold)} off it by ${listOf(foretold.remedies)} (measured on ${on})`
  }
  if (first !== undefined) {
    const title = `the first finding, "${printable(first.title)}",`
    if (first.wouldSaveMs === null) return `; ${title} takes ${time(first.timeMs)}, and what can be saved of it is unknown`
    const saving = `${first.basis === 'modelled' ? 'up to ' : ''}${time(first.wouldSaveMs)}`
    return first.next === null
      ? `; fixing ${title} would save ${saving} (${first.basis})`
      : `; try ${inShort(first)}: ${title} is worth ${saving} a prediction (${first.basis})`
  }
  if (latency === null) {
    const reason = notChecked[0]?.reason
    return reason === undefined ? '' : ` (${printable(reason)})`
  }
  return '; nothing was found that would make it faster'
}
