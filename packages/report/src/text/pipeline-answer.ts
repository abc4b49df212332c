// The one sentence of a pipeline: how long, where, what to do.

import { sharePercent, time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import type { ReportDocument, ReportFinding } from '../documents/report.ts'
import type { PipelineSection } from '../documents/report-pipeline.ts'
import { withCommand } from './answers/answer-command.ts'
import { basisWord, isToFix } from './findings/findings-text.ts'
import { moduleGroups } from './torch/modules.ts'
import { printable } from './wrap.ts'

type Facts = Pick<ReportDocument, 'latency' | 'stages' | 'findings' | 'pipeline'>

/** The slowest module, or modules of one place in repeated layers, and what dispatch takes; null: no module is told. */
function torchPart({ torch }: PipelineSection): string | null {
  const [most] = torch ? moduleGroups(torch) : []
  if (!torch || most === undefined || torch.modules.length < 2) return null
  const name = printable(most.count === 1 ? most.name : `${most.name} (${most.count} modules)`)
  return `. ${sharePercent(most.share)} of the model is in ${name}${torch.dispatchMs === null ? '' : `, ${sharePercent(torch.dispatchMs / torch.p50Ms)} in starting operators`}`
}

/** Pure. */
export function pipelineAnswer({ latency, stages, findings, pipeline }: Facts): string {
  if (latency === null || !pipeline) return 'The pipeline could not be measured.'
  const unit = pipeline.kind === 'script' ? 'run of the script' : pipeline.kind === 'function' ? 'call' : 'prediction'
  const took = `${timeWithInterval(latency.p50Ms, latency.ciLowMs, latency.ciHighMs)} per ${unit}`
  const parts = (stages ?? []).filter(({ name }) => name !== 'unexplained')
  const [most] = [...parts].sort((a, b) => b.timeMs - a.timeMs)
  const where =
    torchPart(pipeline) ?? (most === undefined || parts.length < 2 ? '' : `. ${sharePercent(most.share)} is in ${most.name}`)
  const first = findings.find(isToFix)
  if (first === undefined) return `${took}${where}. Nothing was found that would make it faster.`
  // One that others are timed after comes first, whatever it saves.
  const biggest = findings.reduce((most, one) => ((one.wouldSaveMs ?? 0) > (most.wouldSaveMs ?? 0) ? one : most), first)
  const lead = `${took}${where}. ${sentenceOf(first, latency.p50Ms, first === biggest)}`
  return biggest === first
    ? withCommand(lead, first)
    : withCommand(`${lead}. ${sentenceOf(biggest, latency.p50Ms, true)}`, biggest.next === null ? first : biggest)
}

function sentenceOf({ title, places, timeMs, wouldSaveMs, basis }: ReportFinding, p50Ms: number, isBiggest: boolean): string {
  const [place] = places
  const named = `"${printable(title)}"${place === undefined ? '' : ` (${place.file}:${place.line})`}`
  if (wouldSaveMs === null) {
    const took = timeMs > 0 ? ` takes ${time(timeMs)}; how much of it can be saved is unknown` : '; what it takes is unknown'
    return `Largest finding: ${named}${took}`
  }
  const amount = wouldSaveMs >= p50Ms ? 'nearly all of it' : time(wouldSaveMs)
  const saving = `${basis === 'modelled' ? 'up to ' : ''}${amount} (${basisWord(basis)})`
  return `${isBiggest ? 'Biggest win' : 'First'}: fixing ${named} could save ${saving}`
}
