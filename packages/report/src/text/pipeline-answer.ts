// The one sentence of a pipeline: how long, where, what to do.

import { percent, time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import type { ReportDocument } from '../documents/report.ts'
import { isToFix } from './findings/findings-text.ts'

type Facts = Pick<ReportDocument, 'latency' | 'stages' | 'findings' | 'pipeline'>

/** Pure. */
export function pipelineAnswer({ latency, stages, findings, pipeline }: Facts): string {
  if (latency === null || !pipeline) return 'The pipeline could not be measured.'
  const what =
    pipeline.kind === 'script' ? 'The script takes' : pipeline.kind === 'function' ? 'One call takes' : 'One prediction takes'
  const took = `${what} ${timeWithInterval(latency.p50Ms, latency.ciLowMs, latency.ciHighMs)}`
  const parts = (stages ?? []).filter(({ name }) => name !== 'unexplained')
  const [most] = [...parts].sort((a, b) => b.timeMs - a.timeMs)
  const where = most === undefined || parts.length < 2 ? '' : `: ${percent(most.share)} of it in ${most.name}`
  const first = findings.find(isToFix)
  if (first === undefined) return `${took}${where}; nothing to cure was found.`
  const [place] = first.places
  if (first.wouldSaveMs === null)
    return `${took}${where}; ${time(first.timeMs)} of it${place === undefined ? '' : ` at ${place.file}:${place.line}`}: ${lower(first.title)}.`
  const at = place === undefined ? '' : ` (${place.file}:${place.line})`
  const upTo = first.basis === 'modelled' ? 'up to ' : ''
  return `${took}${where}; ${upTo}${time(first.wouldSaveMs)} could be saved${at}: ${lower(first.title)}.`
}

const lower = (title: string): string => (/^[A-Z][a-z ]/.test(title) ? title[0]!.toLowerCase() + title.slice(1) : title)
