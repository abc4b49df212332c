// Evidence of a pipeline -> verdicts -> the report document.
import { machineSection } from '@whyslow/command/machine-section.ts'
import { documentHead } from '@whyslow/command/version.ts'
import { documentedCommand } from '@whyslow/diagnosis/documented-command.ts'
import { findingRow } from '@whyslow/diagnosis/finding-row.ts'
import { notChecked, rank, rulesWith } from '@whyslow/diagnosis/run-rules.ts'
import type { Machine } from '@whyslow/measure/machine/types.ts'
import { type Reservation, reservationsOf, tailOf, trustOf } from '@whyslow/measure/statistics/index.ts'
import { plural } from '@whyslow/measure/statistics/numbers.ts'
import { REPORT_SCHEMA, type ReportDocument } from '@whyslow/report/documents/report.ts'
import { pipelineAnswer } from '@whyslow/report/text/pipeline-answer.ts'
import { diagnosePipeline, type PipelineFinding } from '../../diagnose.ts'
import type { PipelineEvidence } from '../../evidence.ts'
import type { LineFact } from '../../facts.ts'
import { pipelineRules } from '../../rules/index.ts'
import type { InnerReport } from './inner-model.ts'
import { type ReadSource, sourceLines } from './source-lines.ts'

/** Lines below this share of the time say nothing. */
const LINE_SHARE = 0.005
const MOST_LINES = 100
const CONFIDENT_CALLS = 30

type Report = ReportDocument

/** `read`: the user's files, for the lines that the report names. */
export function pipelineReport(evidence: PipelineEvidence, machine: Machine, inner: InnerReport, read: ReadSource): Report {
  const verdicts = diagnosePipeline(evidence, pipelineRules)
  const model = 'report' in inner ? inner.report : null
  const lines = lineRows(evidence)
  const findings = rank(verdicts).map((finding) => pipelineRow(finding, evidence.file))
  const named = [...findings.flatMap(({ places }) => places), ...(lines ?? [])]
  const body = {
    latency: latencySection(evidence),
    stages: stageRows(evidence),
    lines,
    findings,
    pipeline: { ...pipelineSection(evidence, inner), sources: sourceLines(named, read) },
  }
  return {
    ...documentHead(REPORT_SCHEMA),
    answer: pipelineAnswer(body),
    model: model?.model ?? null,
    machine: machineSection(machine),
    engine: model?.engine ?? null,
    memory: null,
    sweeps: [],
    profile: null,
    ...partsOf(evidence),
    nodes: model?.nodes ?? [],
    clear: rulesWith('clear', verdicts),
    doesNotApply: rulesWith('does-not-apply', verdicts),
    notChecked: notChecked(verdicts),
    trials: [],
    foretold: null,
    ...body,
    warnings: [...evidence.warnings],
  }
}

function latencySection({ latency }: PipelineEvidence): NonNullable<Report['latency']> {
  const { importMs, loadMs, warmUpMs, processesMs, timingOverhead: _, profilerOverhead: __, samplesMs, ...rest } = latency
  const { p50Ms, ciLowMs, ciHighMs } = rest
  const [processes, samples] = [processesMs.length, samplesMs.length]
  const few: Reservation = { grade: 'B', reason: `only ${plural(samples, 'call')} ${samples === 1 ? 'was' : 'were'} timed` }
  const width = (ciHighMs - ciLowMs) / 2 / p50Ms
  return {
    ...rest,
    ...tailOf(samplesMs),
    ...trustOf([
      ...reservationsOf({ processes, measured: processes, samples, width, unit: 'call' }),
      ...(samples < CONFIDENT_CALLS ? [few] : []),
    ]),
    loadMs: importMs + (loadMs ?? 0),
    warmupMs: warmUpMs,
    samplesMs,
    blocks: [],
  }
}

function stageRows({ stages, latency, unexplainedMs }: PipelineEvidence): NonNullable<Report['stages']> {
  const { p50Ms } = latency
  const rows = stages.map(({ name, timeMs, p50Ms: own, p99Ms, place, facts }) => {
    const {
      cpuMs = null,
      nativeMs = null,
      waitMs = null,
      gcMs = null,
      allocatedBytes = null,
      eventLoopDelayMs = null,
    } = facts ?? {}
    const measured = { cpuMs, nativeMs, waitMs, gcMs, allocatedBytes, eventLoopDelayMs }
    return {
      name,
      timeMs,
      share: timeMs / p50Ms,
      p50Ms: own,
      p99Ms,
      ...measured,
      file: place?.file ?? null,
      line: place?.line ?? null,
    }
  })
  return [...rows, { name: 'unexplained', timeMs: unexplainedMs, share: unexplainedMs / p50Ms }]
}

function lineRows({ lines, latency, language, lineSamples = 0 }: PipelineEvidence): NonNullable<Report['lines']> | null {
  if (lines === undefined) return null
  const { p50Ms } = latency
  return lines
    .filter(({ selfMs }) => selfMs >= LINE_SHARE * p50Ms)
    .slice(0, MOST_LINES)
    .map((line) => ({ ...lineRow(line, p50Ms, lineSamples), language }))
}

function lineRow({ file, line, function: name, selfMs, nativeMs, waitMs, stage }: LineFact, p50Ms: number, looks: number) {
  const share = Math.min(1, selfMs / p50Ms)
  // Of this many looks: 1.96 √(p(1 − p)/n).
  const error = looks > 0 ? 1.96 * Math.sqrt((share * (1 - share)) / looks) : 1
  return {
    file,
    line,
    function: name,
    timeMs: selfMs,
    share,
    shareLow: Math.max(0, share - error),
    shareHigh: Math.min(1, share + error),
    nativeShare: nativeMs === null || selfMs === 0 ? null : Math.min(1, nativeMs / selfMs),
    waitShare: waitMs === null || selfMs === 0 ? null : Math.min(1, waitMs / selfMs),
    stage,
  }
}

const pipelineRow = ({ replacement, ...finding }: PipelineFinding, file: string): Report['findings'][number] => ({
  ...findingRow(finding, finding.next === null ? null : documentedCommand(finding.next, { MODEL: file })),
  replacement: replacement === null ? null : replacementRow(replacement),
})

function replacementRow(
  given: NonNullable<PipelineFinding['replacement']>,
): NonNullable<Report['findings'][number]['replacement']> {
  const { rule: _, file: __, line: ___, function: ____, ...rest } = given
  return rest
}

/** Stages as parts of the p50: what user code takes is software; what is left is unexplained. */
function partsOf({ stages, latency, unexplainedMs }: PipelineEvidence): Pick<Report, 'breakdown' | 'areas'> {
  const { p50Ms } = latency
  const row = (timeMs: number) => ({ timeMs, share: timeMs / p50Ms })
  const softwareMs = stages.reduce((sum, { timeMs }) => sum + timeMs, 0)
  return {
    breakdown: [
      ...stages.map(({ name, timeMs }) => ({ part: name, area: 'software' as const, ...row(timeMs) })),
      { part: 'unexplained', area: 'unexplained', ...row(unexplainedMs) },
    ],
    areas: { architecture: row(0), hardware: row(0), software: row(softwareMs), unexplained: row(unexplainedMs) },
  }
}

function pipelineSection(evidence: PipelineEvidence, inner: InnerReport): NonNullable<Report['pipeline']> {
  const { language, runtime, file, call, target, samples, latency, unexplainedMs, packages, imports, sessions = [] } = evidence
  const { importMs, loadMs, firstMs, warmUpMs, processesMs, timingOverhead, profilerOverhead } = latency
  return {
    language,
    runtime,
    file,
    call,
    kind: target.kind,
    samples: { count: samples.count, source: samples.source },
    ...{ importMs, loadMs, firstMs, warmUpMs, unexplainedMs, timingOverhead, profilerOverhead },
    processesMs,
    lineSamples: evidence.lineSamples ?? null,
    packages,
    sessions: sessions.map((one) => {
      const { engine, version, modelFile, device, threads, method, stage, runsPerPrediction, runMs, opensPerPrediction } = one
      return { engine, version, modelFile, device, threads, method, stage, runsPerPrediction, runMs, opensPerPrediction }
    }),
    imports,
    ...(evidence.torch === undefined ? {} : { torch: evidence.torch }),
    ...innerSection(inner),
  }
}

function innerSection(inner: InnerReport): Pick<NonNullable<Report['pipeline']>, 'inner' | 'innerReason'> {
  if (!('report' in inner)) return { inner: null, innerReason: inner.reason }
  const { answer, latency, breakdown } = inner.report
  if (latency === null) return { inner: null, innerReason: 'its latency could not be measured' }
  return { inner: { answer, p50Ms: latency.p50Ms, breakdown }, innerReason: null }
}
