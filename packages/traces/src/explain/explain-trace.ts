// `whyslow explain TRACE`: a recording of another tool -> facts -> verdicts -> the report document. Nothing is measured.
import { toolVersion } from '@whyslow/command/version.ts'
import { documentedCommand } from '@whyslow/diagnosis/documented-command.ts'
import { findingRow } from '@whyslow/diagnosis/finding-row.ts'
import type { Finding } from '@whyslow/diagnosis/rule.ts'
import { notChecked, rank, rulesWith, runRules } from '@whyslow/diagnosis/run-rules.ts'
import { REPORT_SCHEMA, type ReportDocument, type ReportFinding, type ReportMachine } from '@whyslow/report/documents/report.ts'
import type { TraceModelSection, TraceSection, TraceTokensSection } from '@whyslow/report/documents/trace-section.ts'
import { traceAnswer } from '@whyslow/report/text/trace-answer.ts'
import type { DeviceShares, TokenFacts, TraceFacts } from '../facts/facts.ts'
import { factsOf } from '../facts/facts-of.ts'
import { readTrace } from '../recordings/index.ts'
import type { TraceEvidence } from '../rule.ts'
import { profileRules, requestRules } from '../rules/index.ts'
import { baseName, breakdownOf, linesOf, nodesOf, stagesOf } from './parts.ts'
import { type MachineRoofs, roofsOf } from './roofs.ts'
import { uncheckedRows } from './unchecked-rows.ts'

/** A model that was read, to join with a recording: read by same-model.ts, which is loaded if one is given. */
export interface SameModel {
  /** The section with its warnings; the reason if nothing can be joined. */
  section(recorded: TraceFacts, latencyMs: number | undefined): { section: TraceModelSection; warnings: string[] } | string
}

export interface ExplainTraceOptions {
  /** Latency of an unprofiled prediction: shares become times of it. */
  readonly latencyMs?: number
  /** Roofs of the machine that recorded it, if the file does not tell: operators get floors. */
  readonly machine?: MachineRoofs
  /** What was recorded: its operators are joined with the nodes of it. */
  readonly model?: SameModel
  /** ISO; when the report is written. */
  readonly createdAt: string
}

/** The report on the trace in `file`; InputError, one line, if it is none or damaged. */
export async function explainTrace(file: string, options: ExplainTraceOptions): Promise<ReportDocument> {
  return traceReport(file, factsOf(await readTrace(file), { calls: options.model !== undefined }), options)
}

/** The report on facts. `file`: the trace, as its user names it. */
export function traceReport(
  file: string,
  recorded: TraceFacts,
  { latencyMs, createdAt, machine, model }: ExplainTraceOptions,
): ReportDocument {
  const facts = latencyMs === undefined ? recorded : { ...recorded, window: { ...recorded.window, stepMs: latencyMs } }
  const evidence: TraceEvidence = { trace: facts, absent: {} }
  const verdicts = runRules(facts.tokens === null ? profileRules : requestRules, evidence)
  const findings = rank(verdicts).map((finding) => traceRow(finding, file, facts))
  const roofs = roofsOf(facts, machine)
  const nodes = nodesOf(facts, roofs)
  const { parts, areas } = breakdownOf(facts, nodes)
  const joined = model?.section(recorded, latencyMs)
  const section = typeof joined === 'object' ? joined.section : null
  const trace = {
    ...sectionOf(facts, recorded, latencyMs ?? null),
    ...(model === undefined ? {} : { model: section }),
    ...(facts.tokens === null ? {} : { tokens: tokensSection(facts.tokens) }),
  }
  const body = { trace, findings, nodes, stages: stagesOf(facts), lines: linesOf(facts) }
  return {
    schema: REPORT_SCHEMA,
    tool: { version: toolVersion },
    createdAt,
    answer: traceAnswer({ ...body, breakdown: parts }),
    model: null,
    machine: recordedMachine(facts),
    ...{ engine: null, latency: null, memory: null, sweeps: [], profile: null, breakdown: parts, areas },
    ...body,
    clear: rulesWith('clear', verdicts),
    doesNotApply: rulesWith('does-not-apply', verdicts),
    notChecked: [
      ...notChecked(verdicts),
      ...uncheckedRows(facts, latencyMs, roofs !== undefined),
      ...(typeof joined === 'string' ? [{ rule: 'same-model', reason: joined }] : []),
    ],
    trials: [],
    warnings: [
      ...facts.warnings,
      ...leftOutWarning(facts),
      ...otherRoofs(facts, machine),
      ...(typeof joined === 'object' ? joined.warnings : []),
    ],
  }
}

function traceRow(finding: Finding, file: string, { window }: TraceFacts): ReportFinding {
  const shareOf = (ms: number): number => (window.stepMs > 0 ? ms / window.stepMs : 0)
  return {
    ...findingRow(finding, finding.next && documentedCommand(finding.next, { TRACE: file, AFTER: `after-${baseName(file)}` })),
    timeShare: shareOf(finding.timeMs),
    ...(finding.wouldSaveMs === null ? {} : { wouldSaveShare: shareOf(finding.wouldSaveMs) }),
  }
}

function sectionOf(facts: TraceFacts, { window }: TraceFacts, latencyMs: number | null): TraceSection {
  const { format, version, recognisedBy, recordedWith, shares, device, otherDevices, devices } = facts
  const judged =
    window.lengthMs > 0 ? { windowMs: window.lengthMs, stepMs: window.stepMs, ...sharesRow(device?.shares ?? null) } : null
  return {
    ...{ format, version, recognisedBy, recordedWith },
    windowMs: shares?.lengthMs ?? (window.lengthMs > 0 ? window.lengthMs : null),
    ...sharesRow(shares),
    ...{ steps: window.steps, leftOut: window.leftOut, judged, latencyMs },
    devices: devices.map(({ name, computeCapability, memoryBytes }) => ({ name, computeCapability, memoryBytes })),
    otherDevices: otherDevices.map((one) => ({ name: one.name, deviceBusyShare: 1 - one.shares.idle })),
  }
}

function tokensSection(tokens: TokenFacts): TraceTokensSection {
  const { requests, promptTokens, cachedTokens, generatedTokens, firstTokenMs, tokenMs, gaps, tokensPerChunk } = tokens
  const perSecond = (count: number | null, ms: number | null): number | null =>
    count === null || ms === null || ms <= 0 ? null : (1000 * count) / ms
  return {
    ...{ requests, promptTokens, cachedTokens, generatedTokens, firstTokenMs, tokenMs, gapsMs: gaps, tokensPerChunk },
    promptTokensPerSecond: perSecond(promptTokens, tokens.parts.prompt),
    tokensPerSecond: perSecond(1, tokenMs),
  }
}

type SharesRow = Pick<TraceSection, 'deviceBusyShare' | 'computeShare' | 'communicationShare' | 'copyShare' | 'idleShare'>

function sharesRow(shares: DeviceShares | null): SharesRow {
  if (shares === null)
    return { deviceBusyShare: null, computeShare: null, communicationShare: null, copyShare: null, idleShare: null }
  const { compute, communication, copy, idle } = shares
  return { deviceBusyShare: 1 - idle, computeShare: compute, communicationShare: communication, copyShare: copy, idleShare: idle }
}

/** The machine that recorded is not this one, and the file tells its devices at most. */
function recordedMachine({ devices }: TraceFacts): ReportMachine {
  return {
    ...{ cpu: 'not in the recording', usableCpus: null, quotaCpus: null, memoryBytes: null, isa: [] },
    accelerators: [...new Set(devices.map(({ name }) => name))],
    ...{ caches: {}, virtualised: null, roofs: [] },
  }
}

function leftOutWarning({ window }: TraceFacts): string[] {
  return window.leftOut.length === 0 ? [] : [`findings leave out ${window.leftOut.join(' and ')}`]
}

function otherRoofs({ device }: TraceFacts, machine: MachineRoofs | undefined): string[] {
  if (machine === undefined || (machine.of === 'device') === (device !== null)) return []
  return machine.of === 'cpu'
    ? ['--machine has the roofs of a CPU, and a device ran the kernels: it is left out']
    : ['--machine has the roofs of a device, and the recording is of a host: it is left out']
}
