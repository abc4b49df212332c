// Packages that start more threads than there are CPUs, as node-llama-cpp does: what their own number costs, tried once.
import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import { time } from '@whyslow/measure/statistics/numbers.ts'
import { reasonInWords, type Trial } from '@whyslow/measure/trials/port.ts'
import type { ProcessMeasurement } from '../../measure/types.ts'
import { TRY_TOKENS } from './plan.ts'

/** Threads that wait for each other by spinning may take hundreds of times as long: it is enough to know that they do. */
export const TRY_MS = 12_000

interface Tried {
  readonly title: string
  /** The package's own number. */
  readonly threads: number
  readonly usableCpus: number
  readonly trial: Trial<ProcessMeasurement>
  /** Measured with as many threads as there are CPUs. */
  readonly processes: readonly ProcessMeasurement[]
}

export function defaultThreadsInWords({ title, threads, usableCpus, trial, processes }: Tried): string {
  const used = processes[0]?.threads ?? usableCpus
  const tokenMs = medianOrNull(processes.flatMap(({ calls }) => calls.flatMap(({ perTokenMs }) => perTokenMs ?? [])))
  const usual = tokenMs === null ? '' : `a token takes ${time(tokenMs)} with ${used}, which were measured; `
  return `${title} starts ${threads} threads by itself, more than there are CPUs, and they wait for each other: ${usual}${triedInWords(trial, threads)}. Name ${used} in your own program`
}

function triedInWords(trial: Trial<ProcessMeasurement>, threads: number): string {
  if (trial.outcome === 'timed-out') return `with ${threads}, ${TRY_TOKENS} tokens did not come within ${time(trial.limitMs)}`
  if (trial.outcome !== 'measured') return `with ${threads} nothing was measured (${reasonInWords(trial)})`
  const { perTokenMs } = trial.value.cold
  return perTokenMs === null ? `with ${threads} it is not known` : `with ${threads} it took ${time(perTokenMs)}`
}
