// What is said of a pipeline in more than one place.
import { plural } from '../format.ts'
import type { Report } from '../page-data.ts'

export type Pipeline = NonNullable<Report['pipeline']>
export type Stage = NonNullable<Report['stages']>[number]
export type Line = NonNullable<Report['lines']>[number]
/** A report of the user's own code. */
export type PipelineReport = Report & { readonly pipeline: Pipeline }

export const UNEXPLAINED = 'unexplained'

export const pipelineFacts = ({ runtime, call }: Pipeline, machine: Report['machine']): string[] => [
  ...(call === null ? [] : [`${call}()`]),
  `${runtime.name} ${runtime.version}`,
  machine.cpu,
]

/** A script of Python runs once for all that is measured: its times hold what looking costs, its imports and what it loads. */
export const isOneRun = ({ kind, language }: Pipeline): boolean => kind === 'script' && language === 'python'

/** 'One prediction', 'One call', 'The script': what the median is of. */
export const unitOf = ({ kind }: Pipeline): string =>
  kind === 'script' ? 'The script' : kind === 'function' ? 'One call' : 'One prediction'

/** '62 calls in 3 processes' */
export function callsOf({ kind, processesMs }: Pipeline, samples: number): string {
  if (kind === 'script') return plural(processesMs.length, 'run')
  return `${plural(samples, 'call')} in ${plural(processesMs.length, 'process', 'processes')}`
}

/** The stages that the user has, without what is unexplained. */
export const ownStages = (stages: readonly Stage[]): readonly Stage[] => stages.filter(({ name }) => name !== UNEXPLAINED)

export const longestOf = (stages: readonly Stage[]): Stage | undefined =>
  ownStages(stages).reduce<Stage | undefined>(
    (top, stage) => (top === undefined || stage.timeMs > top.timeMs ? stage : top),
    undefined,
  )
