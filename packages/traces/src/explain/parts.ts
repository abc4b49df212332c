// Parts of a trace's report: operators, what the time of a step is made of, hot lines.
import type { ReportDocument, ReportNode } from '@whyslow/report/documents/report.ts'
import type { ReportLine } from '@whyslow/report/documents/report-pipeline.ts'
import type { OperatorRow, TraceFacts } from '../facts/facts.ts'
import { recordedFloor, type TraceRoofs } from './roofs.ts'

type Node = ReportNode

/** ms of the recorded run to ms of what is reported: a step, or the latency that was given. */
const scaleOf = ({ window }: TraceFacts): number => (window.lengthMs > 0 ? window.stepMs / window.lengthMs : 0)

/** Operators or kernels of a step, longest first. Their times can overlap, so that they need not add up to it. */
export function nodesOf(facts: TraceFacts, roofs?: TraceRoofs): Node[] {
  const { table, operators, window, functions, tokens } = facts
  if (tokens !== null) return testNodes(tokens)
  if (table !== null) return tableNodes(facts)
  if (functions !== null) return functionNodes(functions, window.stepMs)
  const scale = scaleOf(facts)
  const ofStep = window.lengthMs > 0 ? perStep(facts) / window.lengthMs : 0
  return operators
    .filter(({ timeMs }) => timeMs > 0)
    .map((row) => {
      const flops = row.flops === null ? null : row.flops * ofStep
      const timeMs = row.timeMs * scale
      const floor = recordedFloor(row, roofs)
      const floorMs = floor === null ? null : floor.floorMs * ofStep
      return {
        ...emptyNode(labelOf(row), row.opType),
        ...{ timeMs, share: window.lengthMs > 0 ? row.timeMs / window.lengthMs : 0 },
        ...{
          macs: flops === null ? null : flops / 2,
          flops,
          bytes: row.bytes === null ? null : row.bytes * ofStep,
          floorMs,
          bound: floor?.bound ?? null,
          areasMs: floor === null || floorMs === null ? null : areasOf(timeMs, floorMs, floor.bound),
        },
        runsPerPrediction: row.calls / (window.steps ?? 1),
        ...(row.kernel === null ? {} : { kernel: row.kernel }),
      }
    })
}

/**
 * Up to the floor of its arithmetic an operator's time is what the model asks for. What waits for memory, and what is above the floor, is
 * what the hardware did not reach.
 */
function areasOf(timeMs: number, floorMs: number, bound: 'compute' | 'memory'): NonNullable<Node['areasMs']> {
  const architecture = bound === 'compute' ? Math.min(timeMs, floorMs) : 0
  return { architecture, hardware: timeMs - architecture, software: 0 }
}

const perStep = ({ window }: TraceFacts): number => window.lengthMs / (window.steps ?? 1)

/** 'aten::addmm [64, 512] x [512, 512]': the shapes that tell calls apart. */
function labelOf({ name, shapes }: OperatorRow): string {
  const told = (shapes ?? []).filter((shape) => shape.length > 0).slice(0, 3)
  return told.length === 0 ? name : `${name} ${told.map((shape) => shape.join('x')).join(' ')}`
}

function emptyNode(name: string, opType: string): Node {
  return {
    ...{ name, opType, origin: [], timeMs: 0, share: 0, macs: null, flops: null, bytes: null, floorMs: null, bound: null },
    ...{ areasMs: null, inputs: [], outputs: [] },
  }
}

/** Tests of a benchmark, each of which is timed alone: shares are of all together. */
function testNodes({ tests }: NonNullable<TraceFacts['tokens']>): Node[] {
  const sumMs = tests.reduce((sum, { ms }) => sum + ms, 0)
  return tests.map(({ name, ms }) => ({ ...emptyNode(name, 'test'), timeMs: ms, share: sumMs > 0 ? ms / sumMs : 0 }))
}

const MOST_FUNCTIONS = 500

/** Functions by their own time; those without any are left out. */
function functionNodes({ rows }: NonNullable<TraceFacts['functions']>, wholeMs: number): Node[] {
  return rows
    .filter(({ selfShare }) => selfShare > 0)
    .slice(0, MOST_FUNCTIONS)
    .map(({ name, file, line, language, selfShare, calls }) => ({
      ...emptyNode(file === null ? name : `${name} (${baseName(file)}${line === null ? '' : `:${line}`})`, language),
      ...{ timeMs: selfShare * wholeMs, share: selfShare },
      ...(calls === null ? {} : { runsPerPrediction: calls }),
    }))
}

export const baseName = (file: string): string => file.replace(/^.*[\\/]/, '')

function tableNodes({ table, window }: TraceFacts): Node[] {
  const sumMs = table!.of === 'prediction' ? window.stepMs : table!.rows.reduce((sum, { timeMs }) => sum + timeMs, 0)
  return table!.rows.map((row) => ({
    ...emptyNode(row.name, row.opType),
    timeMs: row.timeMs,
    share: sumMs > 0 ? row.timeMs / sumMs : 0,
    ...(row.kernel === null ? {} : { kernel: row.kernel }),
    ...(row.calls === null ? {} : { runsPerPrediction: row.calls }),
  }))
}

/**
 * What a step is made of: of a device what it did and what it waited for, of a host its operators and the rest. Kernels have no roof here,
 * so that they are unexplained; what the host costs the device is software.
 */
export function breakdownOf(
  facts: TraceFacts,
  nodes: readonly Node[] = [],
): { parts: ReportDocument['breakdown']; areas: ReportDocument['areas'] } {
  const { stepMs } = facts.window
  const parts = partsOf(facts)
    .flatMap((one) => splitAtFloor(one, nodes))
    .map(([part, area, share]) => ({ part, area, timeMs: share * stepMs, share }))
  const areaOf = (area: keyof ReportDocument['areas']): { timeMs: number; share: number } => {
    const share = parts.reduce((sum, one) => sum + (one.area === area ? one.share : 0), 0)
    return { timeMs: share * stepMs, share }
  }
  const areas = {
    ...{ architecture: areaOf('architecture'), hardware: areaOf('hardware') },
    ...{ software: areaOf('software'), unexplained: areaOf('unexplained') },
  }
  return { parts, areas }
}

/** Kernels, or a host's operators, by their floors where these are known. Overlapping times are shortened alike. */
function splitAtFloor([part, area, share]: Part, nodes: readonly Node[]): Part[] {
  const sumMs = nodes.reduce((sum, { timeMs }) => sum + timeMs, 0)
  const knownMs = nodes.reduce((sum, { areasMs, timeMs }) => sum + (areasMs === null ? 0 : timeMs), 0)
  if ((part !== 'kernels' && part !== 'operators') || knownMs === 0) return [[part, area, share]]
  const floorOf = (wanted: Node['bound']): number =>
    nodes.reduce((sum, { bound, floorMs, timeMs }) => sum + (bound === wanted ? Math.min(floorMs ?? 0, timeMs) : 0), 0)
  const [computeMs, memoryMs] = [floorOf('compute'), floorOf('memory')]
  const of = (ms: number): number => (share * ms) / sumMs
  const split: Part[] = [
    [`${part} at their floor`, 'architecture', of(computeMs)],
    [`${part} at the memory's floor`, 'hardware', of(memoryMs)],
    [`${part} above their floor`, 'hardware', of(knownMs - computeMs - memoryMs)],
    [`${part} without a known floor`, area, of(sumMs - knownMs)],
  ]
  return split.filter(([, , part]) => part > 0)
}

type Part = readonly [part: string, area: keyof ReportDocument['areas'], share: number]

function partsOf({ device, host, functions, tokens, window }: TraceFacts): Part[] {
  if (tokens !== null) return requestParts(tokens, window.stepMs)
  if (device !== null) {
    const { compute, communication, copy, idle } = device.shares
    const idleParts = device.idleParts
    const waits: Part[] = idleParts
      ? Object.entries(idleParts).map(
          ([key, share]): Part => [WHILE_IDLE[key]!, key === 'unrecorded' ? 'unexplained' : 'software', share],
        )
      : [['device idle', 'unexplained', idle]]
    const work: Part[] = [
      ['kernels', 'unexplained', compute],
      ['communication', 'hardware', communication],
      ['copies', 'hardware', copy],
    ]
    return [...work, ...waits].filter(([, , share]) => share > 0)
  }
  if (functions !== null && functions.model !== null && functions.modelCall !== null)
    return [
      [functions.modelCall, 'unexplained', functions.model],
      ['code around it', 'software', functions.outside ?? 0],
    ]
  // Without operators nothing is between them.
  if (host === null || host.operators === 0 || window.lengthMs === 0) return []
  const { operators, dataLoading, compiling, allocating, framework, unrecorded } = host.parts
  const parts: Part[] = [
    ['operators', 'unexplained', operators],
    ['data loading', 'software', dataLoading],
    ['compiling', 'software', compiling],
    ['allocating', 'software', allocating],
    ['the framework around them', 'software', framework],
    ['between operators', 'unexplained', unrecorded],
  ]
  return parts.filter(([, , share]) => share > 0)
}

function requestParts({ parts }: NonNullable<TraceFacts['tokens']>, requestMs: number): Part[] {
  const named: Part[] = [
    ['loading the model', 'software', parts.load],
    ['tokenization', 'software', parts.tokenize],
    ['prompt', 'unexplained', parts.prompt],
    [parts.prompt > 0 ? 'the rest before the first token' : 'first token', 'unexplained', parts.firstToken],
    ['tokens after it', 'unexplained', parts.decode],
    ['sampling', 'software', parts.sampling],
    ['detokenization', 'software', parts.detokenize],
    ['other', 'unexplained', parts.other],
  ]
  return named.filter(([, , ms]) => ms > 0).map(([part, area, ms]) => [part, area, ms / requestMs])
}

const WHILE_IDLE: Readonly<Record<string, string>> = {
  dataLoading: 'idle: data loading',
  compiling: 'idle: compiling',
  allocating: 'idle: allocating device memory',
  synchronising: 'idle: in a wait for the device',
  launching: 'idle: launch calls',
  dispatching: 'idle: the framework between launches',
  unrecorded: 'idle: nothing recorded on the host',
}

/** Stages of a profile of functions: the call of the model and the rest; null for other recordings. */
export function stagesOf({ functions, window }: TraceFacts): ReportDocument['stages'] {
  if (functions === null || functions.model === null || functions.modelCall === null) return null
  const stage = (name: string, share: number): { name: string; timeMs: number; share: number } => ({
    name,
    timeMs: share * window.stepMs,
    share,
  })
  return [stage(functions.modelCall, functions.model), stage('around it', functions.outside ?? 0)]
}

const MOST_LINES = 50

/** Hot lines of the user's program; null if the format has none. */
export function linesOf({ functions, window }: TraceFacts): readonly ReportLine[] | null {
  if (functions === null) return null
  return functions.rows
    .filter(({ file, line, language }) => file !== null && line !== null && (language === 'python' || language === 'javascript'))
    .sort((a, b) => b.selfShare - a.selfShare)
    .slice(0, MOST_LINES)
    .map(({ file, line, name, language, selfShare, nativeShare }) => ({
      ...{ file: file!, line: line!, function: name, language: language as 'python' | 'javascript' },
      ...{ timeMs: selfShare * window.stepMs, share: selfShare, nativeShare },
    }))
}
