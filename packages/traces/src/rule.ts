// A rule of recordings: over the facts of one. What such rules share: what they miss, and how a share of the window becomes a finding.
// Whatever a recording tells of a saving is a bound: nothing was tried.
import { nextCommand } from '@whyslow/diagnosis/next-command.ts'
import { definerOf, type Finding, type Rule, type WithAbsent } from '@whyslow/diagnosis/rule.ts'
import { type Sentence, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { DeviceFacts, TraceFacts } from './facts/facts.ts'

export interface TraceEvidence extends WithAbsent {
  readonly trace: TraceFacts
}

export type TraceRule = Rule<TraceEvidence>

export const defineRule = definerOf<TraceEvidence>()

/** Proves it: the same recording with the change made, compared with this one. */
const RECORD_AGAIN = nextCommand('explain', { placeholder: 'TRACE' }, { placeholder: 'AFTER' })

/** Why a part of the facts is missing. */
export const missingPart = (trace: TraceFacts, part: string): { notChecked: string } => ({
  notChecked: trace.missing[part] ?? 'the recording does not show it',
})

/** A finding over a share of the window of which another share, at most, would be saved. */
export function asShareOfStep(
  trace: TraceFacts,
  said: Sentence,
  timeShare: number,
  savingShare: number = timeShare,
): Sentence & Pick<Finding, 'timeMs' | 'wouldSaveMs' | 'basis' | 'next'> {
  const { stepMs } = trace.window
  const saving = Math.min(Math.max(0, savingShare), 1)
  return {
    ...said,
    timeMs: Math.max(timeShare, saving) * stepMs,
    wouldSaveMs: saving * stepMs,
    basis: 'modelled',
    next: RECORD_AGAIN,
  }
}

const AT: Readonly<Record<string, string>> = {
  dataLoading: 'loaded data',
  compiling: 'compiled code',
  allocating: 'allocated device memory',
  synchronising: 'was in a call that waits for the device',
  launching: 'was launching kernels',
  dispatching: 'was in the framework between launches',
  unrecorded: 'ran what was not recorded, such as Python',
}

/** A part below is not named. */
const NAMED_FROM = 0.02

/** What the host was at while the device had nothing to do: the two largest parts. */
export function whileIdle({ idleParts }: DeviceFacts): Sentence {
  const named = Object.entries(idleParts ?? {})
    .filter(([, value]) => value >= NAMED_FROM)
    .sort((a, b) => b[1] - a[1])
  if (named.length === 0) return tell``
  const [first, second] = named.map(([key, value]) => tell`${AT[key]!} for ${share(`host-${key}`, value)}`)
  if (second === undefined) return tell` Meanwhile the host ${first!}.`
  return tell` Meanwhile the host ${first!} and ${second}.`
}

/** Peak of float32 in the plain units over that of tensor cores, by compute capability: NVIDIA's data sheets of V100, T4, A100, A10, L4, H100. */
const PLAIN_OVER_TENSOR: readonly (readonly [from: number, ratio: number])[] = [
  [9.0, 67 / 989],
  [8.9, 30.3 / 121],
  [8.6, 31.2 / 125],
  [8.0, 19.5 / 312],
  [7.0, 15.7 / 125],
]

/** The compute capability of the device, and what tensor cores could save at most of float32 in the plain units. */
export function tensorCores(trace: TraceFacts): { capability: number; saves: number } | undefined {
  const capability = trace.devices.find((one) => one.computeCapability !== null)?.computeCapability ?? null
  if (capability === null) return undefined
  const row = PLAIN_OVER_TENSOR.find(([from]) => capability >= from)
  return { capability, saves: row === undefined ? 0 : 1 - row[1] }
}
