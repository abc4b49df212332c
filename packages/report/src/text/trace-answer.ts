// The one sentence about a recording: what the device did, or the program, and what the first finding would save at most.

import { percent, time } from '@whyslow/measure/statistics/numbers.ts'
import type { ReportDocument } from '../documents/report.ts'
import type { TraceComparisonDocument } from '../documents/trace-comparison.ts'
import type { TraceTokensSection } from '../documents/trace-section.ts'
import { nodeName } from './names.ts'
import { printable } from './wrap.ts'

export type TraceAnswerFacts = Pick<ReportDocument, 'findings' | 'nodes' | 'stages' | 'breakdown'> & {
  readonly trace: NonNullable<ReportDocument['trace']>
}

/** Shares, never the recorded run's milliseconds: recording slows it. */
export function traceAnswer(facts: TraceAnswerFacts): string {
  return `${whereTo(facts)}${consequence(facts)}.`
}

/** 'a step', 'the recording': what shares are of. */
export function windowName({
  steps,
  latencyMs,
  tokens,
}: Pick<NonNullable<ReportDocument['trace']>, 'steps' | 'latencyMs' | 'tokens'>): string {
  if (tokens !== undefined) return 'a request'
  if (latencyMs !== null) return `a prediction of ${time(latencyMs)}`
  return steps === null ? 'the recording' : 'a step'
}

/** 'The first token takes 1.20 s and each after it 41.0 ms; 62 % of a request goes to the prompt'. */
function timesOfTokens({ firstTokenMs, tokenMs }: TraceTokensSection, breakdown: TraceAnswerFacts['breakdown']): string {
  const times = [
    ...(firstTokenMs === null ? [] : [`the first token takes ${time(firstTokenMs)}`]),
    ...(tokenMs === null ? [] : [`each after it ${time(tokenMs)}`]),
  ].join(' and ')
  const [most] = [...breakdown].sort((a, b) => b.share - a.share)
  const share = most === undefined ? '' : `${percent(most.share)} of a request goes to the ${most.part.replace(/^the /, '')}`
  const said = [times, share].filter((part) => part !== '').join('; ')
  return `${said[0]!.toUpperCase()}${said.slice(1)}`
}

function whereTo({ trace, nodes, stages, breakdown }: TraceAnswerFacts): string {
  const of = windowName(trace)
  if (trace.tokens !== undefined) return timesOfTokens(trace.tokens, breakdown)
  const judged = trace.judged
  if (judged?.deviceBusyShare != null && judged.idleShare !== null) {
    const device = trace.devices[0] === undefined ? 'The device' : `The ${printable(trace.devices[0].name)}`
    const parts = [
      `${percent(judged.computeShare ?? 0)} in kernels`,
      ...(judged.copyShare! >= 0.01 ? [`${percent(judged.copyShare!)} in copies`] : []),
      ...(judged.communicationShare! >= 0.01 ? [`${percent(judged.communicationShare!)} in communication`] : []),
    ]
    return `${device} works ${percent(judged.deviceBusyShare)} of ${of} (${parts.join(', ')}) and waits ${percent(judged.idleShare)}`
  }
  const [model, around] = stages ?? []
  if (model !== undefined && around !== undefined)
    return `${percent(model.share)} of the time goes to ${printable(model.name)}, ${percent(around.share)} to the code around it`
  const [top] = nodes
  if (top === undefined) return 'The recording has no operator with a duration'
  const [part] = [...breakdown].sort((a, b) => b.share - a.share)
  const named = `${nodeName(top, 60)} (${percent(top.share)})`
  if (part === undefined) return `Most of ${of} goes to ${named}`
  return `${percent(part.share)} of ${of} goes to ${part.part}; the slowest operator is ${named}`
}

/** These say that the device waits, whatever for. */
const GENERAL: ReadonlySet<string> = new Set(['gpu-idle', 'host-bound'])
/** A finding that explains so much of a general one says more. */
const MOSTLY = 0.8

function consequence({ findings, trace }: TraceAnswerFacts): string {
  const saving = findings.flatMap(({ wouldSaveMs, ...one }) =>
    wouldSaveMs !== null && wouldSaveMs > 0 ? [{ ...one, wouldSaveMs }] : [],
  )
  const [largest] = saving
  if (largest === undefined) return '; nothing was found that would make it faster'
  const cause = saving.find(({ rule, wouldSaveMs }) => !GENERAL.has(rule) && wouldSaveMs >= MOSTLY * largest.wouldSaveMs)
  const told = GENERAL.has(largest.rule) ? (cause ?? largest) : largest
  const of = trace.latencyMs === null ? '' : ` (${time(told.wouldSaveMs)})`
  return `; fixing "${printable(told.title)}" could save at most ${percent(told.wouldSaveShare ?? 0)}${of} (estimated)`
}

type Compared = Pick<TraceComparisonDocument, 'stepRatio' | 'changes' | 'findings'>

/** What became of a step, and which part of it changed most. Both runs are recorded ones. */
export function traceComparisonAnswer({ stepRatio, changes, findings }: Compared): string {
  const [most] = changes
  const where =
    most === undefined ? '' : `; the largest change is in ${most.part}: ${time(most.beforeMs)} to ${time(most.afterMs)}`
  const gone = findings.gone.length === 0 ? '' : `; no longer found: ${findings.gone.join(', ')}`
  if (stepRatio === null) return `The two recordings cannot be compared step by step${gone}.`
  const step =
    Math.abs(stepRatio - 1) < 0.02 ? 'takes as long as before' : `takes ${stepRatio.toFixed(2)} times as long as before`
  return `A recorded step ${step}${where}${gone}.`
}
