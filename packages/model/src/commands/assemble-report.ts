// Evidence -> analysis -> verdicts -> the report document. Everything here is computed, so `explain` gives what the first run gave.

import { machineSection } from '@whyslow/command/machine-section.ts'
import { findingRow } from '@whyslow/diagnosis/finding-row.ts'
import type { NextCommand } from '@whyslow/diagnosis/next-command.ts'
import { notChecked, rank, rulesWith, runRules } from '@whyslow/diagnosis/run-rules.ts'
import { offersOf } from '@whyslow/measure/engines/index.ts'
import { tailOf } from '@whyslow/measure/statistics/index.ts'
import { handoffNs } from '@whyslow/measure/timing/regimes.ts'
import type { DeviceProgram, LatencyBlock, Sweep } from '@whyslow/measure/timing/types.ts'
import {
  REPORT_SCHEMA,
  type ReportBlock,
  type ReportDevice,
  type ReportDocument,
  type ReportEngine,
  type ReportExperiments,
  type ReportLatency,
  type ReportModel,
  type ReportProfile,
  type ReportSweep,
} from '@whyslow/report/documents/report.ts'
import { answer } from '@whyslow/report/text/answer.ts'
import { analyze } from '../analyze/analyze.ts'
import type { AnalyzedEvidence } from '../analyze/analyzed-evidence.ts'
import { predictSavings } from '../analyze/foretold.ts'
import { fixModel } from '../diagnose/next-command.ts'
import { modelRules } from '../diagnose/rules/index.ts'
import type { Evidence } from '../evidence/evidence.ts'
import { commandToType } from './command-to-type.ts'

/** These prove and ship on the engine that is shipped, and are refused with another. */
const ON_SHIPPED: readonly string[] = ['fix', 'quantize']

/** `file`: the model as the user names it on the command line, for the commands to type next. */
export function assembleReport(evidence: Evidence, file = evidence.model?.file ?? 'model.onnx'): ReportDocument {
  const foretold = predictSavings(evidence.operatorExperiments)
  const offers = offersOf(evidence.engine?.id ?? '')
  const analyzed = analyze(evidence, offers)
  const canType = ({ command }: NextCommand): boolean => offers.includes('shipped') || !ON_SHIPPED.includes(command)
  const typed = (next: NextCommand) => commandToType(next, file, evidence.given ?? [])
  const verdicts = runRules(modelRules, analyzed)
  const findings = rank(verdicts).map((finding) => {
    const { next } = finding
    return findingRow(finding, next === null || !canType(next) ? null : typed(next))
  })
  const body = {
    latency: latencySection(analyzed),
    areas: areasSection(analyzed),
    nodes: nodeRows(analyzed),
    findings,
    notChecked: notChecked(verdicts),
  }
  return {
    schema: REPORT_SCHEMA,
    tool: { version: evidence.toolVersion },
    createdAt: evidence.createdAt,
    answer: answer({ ...body, foretold, ...(canType(fixModel()) ? { fixCommand: typed(fixModel()) } : {}) }),
    model: modelSection(analyzed),
    machine: machineSection(analyzed.machine, analyzed.roofs),
    engine: engineSection(analyzed),
    ...body,
    ...(evidence.metric === undefined ? {} : { metric: evidence.metric }),
    memory: evidence.memory ?? null,
    device: deviceSection(analyzed),
    operatorExperiments: experimentsSection(analyzed),
    sweeps: [evidence.threadSweep, evidence.batchSweep, ...(evidence.sizeSweeps ?? [])].flatMap((sweep) =>
      sweep ? [sweepRow(sweep)] : [],
    ),
    profile: evidence.profile ? profileSection(evidence.profile) : null,
    breakdown: analyzed.breakdown?.parts ?? [],
    clear: rulesWith('clear', verdicts),
    doesNotApply: rulesWith('does-not-apply', verdicts),
    trials: [],
    foretold,
    stages: null,
    warnings: [...evidence.warnings, ...unknownOperators(analyzed)],
  }
}

function profileSection({ overheadPerNodeUs, profiledP50Ms, correction }: NonNullable<Evidence['profile']>): ReportProfile {
  return { overheadPerNodeUs, profiledP50Ms, correction }
}

function latencySection({ latency }: AnalyzedEvidence): ReportLatency | null {
  if (!latency) return null
  const { regime, otherRegimes, ...rest } = latency
  return { ...rest, ...tailOf(latency.samplesMs), blocks: latency.blocks.map(blockRow) }
}

function blockRow(block: LatencyBlock): ReportBlock {
  const { process, p50Ms, regime, waitedMs, throttledCpuMs: throttledMs, stolenCpuMs: stolenMs, majorFaults, gcMs } = block
  const { loadMs, firstMs, warmupMs, warmupRuns, waitAtMedianMs, samplesMs } = block
  return {
    ...{ process, p50Ms, handoffNs: handoffNs(block), regime, waitedMs, throttledMs, stolenMs, majorFaults, gcMs },
    ...{ loadMs, firstMs, warmupMs, warmupRuns, waitAtMedianMs, samplesMs },
  }
}

function experimentsSection({ operatorExperiments }: AnalyzedEvidence): ReportExperiments | null {
  if (!operatorExperiments) return null
  const { rows, left, coveredShare } = operatorExperiments
  return { rows, left, coveredShare }
}

function deviceSection({ device, latency }: AnalyzedEvidence): ReportDevice | null {
  if (!device) return null
  const { kernelsMs, uploadMs, downloadMs, programs, nodes, bound = null, needsCpu = null } = device
  const onCpuMs = (nodes?.onCpu ?? []).reduce((sum, { timeMs }) => sum + timeMs, 0)
  const known = kernelsMs !== null && latency !== undefined
  return {
    kernelsMs,
    uploadMs,
    downloadMs,
    restMs: known ? Math.max(0, latency.p50Ms - kernelsMs - uploadMs - downloadMs - onCpuMs) : null,
    nodesOnDevice: nodes?.onDevice ?? null,
    nodesOnCpu: nodes?.onCpu ?? null,
    programs,
    operators: kernelsMs === null ? null : kernelsByOperator(programs),
    needsCpu,
    bound,
  }
}

/** An operator can take several programs. */
function kernelsByOperator(programs: readonly DeviceProgram[]): { opType: string; timeMs: number; nodes: number }[] {
  const byType = new Map<string, readonly DeviceProgram[]>()
  for (const program of programs) byType.set(program.opType, [...(byType.get(program.opType) ?? []), program])
  const rows = [...byType].map(([opType, those]) => ({
    opType,
    timeMs: those.reduce((sum, { timeMs }) => sum + timeMs, 0),
    nodes: new Set(those.map(({ node }) => node)).size,
  }))
  return rows.sort((a, b) => b.timeMs - a.timeMs)
}

const NOTHING = { timeMs: 0, share: 0 }

function areasSection({ breakdown, latency }: AnalyzedEvidence): ReportDocument['areas'] {
  if (breakdown) return breakdown.areas
  const unexplained = latency ? { timeMs: latency.p50Ms, share: 1 } : NOTHING
  return { architecture: NOTHING, hardware: NOTHING, software: NOTHING, unexplained }
}

function nodeRows({ profile, costs, nodeAreas, latency, engine }: AnalyzedEvidence): ReportDocument['nodes'] {
  if (!profile) return []
  const namesKernels = engine?.offers.includes('kernel-names') === true
  return profile.nodes.map((node, i) => {
    const row = costs?.nodes[i]
    const runs = node.runsPerPrediction
    const cost = row?.cost
    return {
      name: node.name,
      opType: node.opType,
      origin: node.origin,
      timeMs: node.timeMs,
      share: latency ? node.timeMs / latency.p50Ms : 0,
      macs: cost ? cost.macs * runs : null,
      flops: cost ? (2 * cost.macs + cost.simpleOps) * runs : null,
      bytes: cost ? cost.bytes * runs : null,
      floorMs: row?.floorMs ?? null,
      bound: row?.bound ?? null,
      areasMs: nodeAreas?.[i] ?? null,
      inputs: node.inputs,
      outputs: node.outputs,
      rawMs: node.rawMs,
      runsPerPrediction: runs,
      aboveRoof: row?.aboveRoof ?? null,
      ...(namesKernels ? { kernel: node.provider } : {}),
    }
  })
}

function unknownOperators({ costs }: AnalyzedEvidence): string[] {
  const unknown = Object.entries(costs?.unknown ?? {})
  if (!costs || unknown.length === 0) return []
  const names = unknown.map(([operator, count]) => `${operator} (${count})`).join(', ')
  return [
    `${(costs.knownTimeShare * 100).toFixed(1)} % of the nodes' time is on operators with a known formula; unknown: ${names}`,
  ]
}

function modelSection({ model, inputs = [], outputs = [], costs }: AnalyzedEvidence): ReportModel | null {
  if (!model) return null
  const { file, format, sha256, sizeBytes, opsets, producer, parameters, nodes } = model
  return {
    ...{ file, format, sha256, sizeBytes, opsets, producer, parameters, nodes },
    macs: costs?.macs ?? null,
    flops: costs?.flops ?? null,
    inputs: inputs.map(({ freeAxes: _, assumptions = [], source, ...input }) => ({ ...input, assumptions, source })),
    outputs,
  }
}

function engineSection({ engine }: AnalyzedEvidence): ReportEngine | null {
  if (!engine) return null
  const { id, version, device, deviceKind = null, from, precision, threadsInUse } = engine
  const { configEntries, threads, graphOptimization, executionMode } = engine.options
  const options = { threads, threadsInUse, graphOptimization, executionMode, configEntries }
  return { id, version, device, deviceKind, from, ...(precision === undefined ? {} : { precision }), options }
}

function sweepRow({ dimension, unit, points, fit }: Sweep): ReportSweep {
  return { dimension, unit, points: points.map(({ overCurrent: _, ...point }) => point), fit }
}
