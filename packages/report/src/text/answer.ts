// The sentences of the first screen: the number, the causes with their shares, the largest saving and the command that gets it.

import { percent, sharePercent, time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import type { AreaName, ReportDocument } from '../documents/report.ts'
import { withCommand } from './answers/answer-command.ts'
import { excessOf } from './answers/parts-above-whole.ts'
import { basisWord, isToFix } from './findings/findings-text.ts'
import { listOf, predictedTime } from './foretold.ts'
import { nodeName } from './names.ts'
import { printable, type SuggestedCommand } from './wrap.ts'

export type AnswerFacts = Pick<ReportDocument, 'latency' | 'areas' | 'nodes' | 'findings' | 'notChecked' | 'foretold'> & {
  /** The command that runs `fix` on this model; by default the one that a finding names. */
  readonly fixCommand?: SuggestedCommand
}

type Part = AreaName | 'unexplained'

const causes: Readonly<Record<Part, string>> = {
  architecture: 'is compute the model needs',
  hardware: 'is memory traffic and waiting for the machine',
  software: 'is avoidable overhead',
  unexplained: 'is unexplained',
}

/** The answer names a node if it takes at least this share of its area; below, the time is spread and one name would mislead. */
const NAMED_FROM_SHARE = 0.2
const MOSTLY_FROM_SHARE = 0.5

/** The second largest area is named from this share of the latency on. */
const SECOND_FROM_SHARE = 0.1

/** Sentences from a report that lacks only its answer; the last one ends with the command to type next, if there is one. Pure. */
export function answer(facts: AnswerFacts): string {
  const [win, next] = consequence(facts)
  return withCommand([`${number(facts)}${cause(facts)}`, ...(win === null ? [] : [win])].join('. '), next)
}

function number({ latency, nodes, notChecked: [first] }: AnswerFacts): string {
  if (latency !== null) {
    const value = timeWithInterval(latency.p50Ms, latency.ciLowMs, latency.ciHighMs)
    return latency.trust === 'D'
      ? `About ${value} per prediction; do not rely on this number (trust D)`
      : `${value} per prediction`
  }
  const sumMs = nodes.reduce((sum, node) => sum + node.timeMs, 0)
  const why = first === undefined ? '' : ` (${printable(first.reason)})`
  return sumMs > 0
    ? `The latency is unknown${why}; the nodes take ${time(sumMs)} together`
    : `The latency could not be measured${why}`
}

function cause(facts: AnswerFacts): string {
  const parts = (Object.entries(facts.areas) as [Part, { timeMs: number; share: number }][]).sort(
    ([, a], [, b]) => b.share - a.share,
  )
  const [first, second] = parts as [(typeof parts)[number], (typeof parts)[number]]
  if (first[1].share <= 0) {
    const top = facts.nodes.reduce<(typeof facts.nodes)[number] | undefined>(
      (most, node) => (node.timeMs > (most?.timeMs ?? 0) ? node : most),
      undefined,
    )
    if (top !== undefined) return `, most of it in ${nodeName(top, 40)} (${time(top.timeMs)})`
    return facts.latency === null ? '' : '. Where the time goes is unknown'
  }
  const excess = excessOf(facts.areas.unexplained.share)
  const mostly = mainNode(first[0], first[1].timeMs, facts.nodes)
  if (excess !== null && !excess.isWithinError)
    return `. Its parts add up to ${percent(excess.share)} more than that, so their shares are unreliable; the largest ${causes[first[0]]}${mostly}`
  const also = second[1].share >= SECOND_FROM_SHARE ? `, ${sharePercent(second[1].share)} ${causes[second[0]]}` : ''
  const isAbove = excess !== null && first[1].share + (also === '' ? 0 : second[1].share) > 1
  const note = isAbove ? `; the parts add up to ${percent(excess.share)} more, within measurement error` : ''
  const amount = first[1].share > 1 ? 'All of it' : sharePercent(first[1].share)
  return `. ${amount} ${causes[first[0]]}${mostly}${also}${note}`
}

function mainNode(area: Part, areaMs: number, nodes: AnswerFacts['nodes']): string {
  let top: { name: string; timeMs: number } | undefined
  for (const node of nodes) {
    const timeMs = area === 'unexplained' ? 0 : (node.areasMs?.[area] ?? 0)
    if (timeMs > (top?.timeMs ?? 0)) top = { name: nodeName(node, 40), timeMs }
  }
  if (top === undefined || areaMs <= 0 || top.timeMs < NAMED_FROM_SHARE * areaMs) return ''
  return top.timeMs >= MOSTLY_FROM_SHARE * areaMs ? ` (mostly ${top.name})` : ` (most in ${top.name})`
}

/** What `fix` would gain comes before what a finding would in principle, unless that is much more. */
const FIX_FIRST = 0.5

/** What to do, if the command to type next says it better than the finding's title. */
function wins({ run }: SuggestedCommand): string | null {
  if (run?.command === 'quantize') return 'int8 quantization'
  if (run?.arguments.includes('throughput')) return 'predicting in batches'
  return run?.command === '' && run.arguments.includes('--shape') ? 'a smaller input' : null
}

/** The largest saving, if anything can be said of it, and the command that gets it. */
function consequence({
  findings,
  latency,
  foretold,
  fixCommand,
}: AnswerFacts): readonly [text: string | null, next: SuggestedCommand | null] {
  const first = findings.find(isToFix)
  const known = findings.find(({ wouldSaveMs }) => wouldSaveMs !== null && wouldSaveMs > 0)
  const estimate = foretold
  if (estimate && estimate.remedies.length > 0 && estimate.ms > FIX_FIRST * (known?.wouldSaveMs ?? 0)) {
    const from = estimate.onWhole ? 'measured on the model and its operators' : 'estimated from operators that were timed alone'
    const text = `Biggest win: ${listOf(estimate.remedies)} could save ${predictedTime(estimate)} (${from})`
    return [text, fixCommand ?? findings.find(({ run }) => run?.command === 'fix') ?? null]
  }
  if (first === undefined) return [latency === null ? null : 'Nothing was found that would make it faster', null]
  if (first.wouldSaveMs !== null) return winOf(first)
  const unknown = `Largest finding: "${printable(first.title)}" takes ${time(first.timeMs)}; how much of it can be saved is unknown`
  // What a command is known to save is what to type.
  const win = known === undefined || known.next === null ? null : winOf(known)
  return win === null ? [unknown, first] : [`${unknown}. ${win[0]}`, win[1]]
}

/** The sentence and the command of a finding whose saving is known. */
function winOf(finding: ReportDocument['findings'][number]): readonly [text: string, next: SuggestedCommand] {
  const { title, basis, wouldSaveMs, next } = finding
  const saving = `${basis === 'modelled' ? 'up to ' : ''}${time(wouldSaveMs!)} (${basisWord(basis)})`
  // What no command changes, such as other work on the machine, is no win to be had by typing.
  if (next === null) return [`Largest finding: "${printable(title)}", worth ${saving}`, finding]
  return [`Biggest win: ${wins(finding) ?? `fixing "${printable(title)}"`} could save ${saving}`, finding]
}
