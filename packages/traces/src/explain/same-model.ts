// `--model` and `--here`: what was recorded elsewhere, node by node of the model, compared with what the same model was measured at here.
import { readModel } from '@whyslow/formats/index.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { costOfNode } from '@whyslow/graph/operators/graph-cost.ts'
import { type SymbolicTypes, symbolicTypes } from '@whyslow/graph/rewrite/symbolic-types.ts'
import type { GraphView, NodeView, TensorType } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import type { ReportDocument, ReportNode } from '@whyslow/report/documents/report.ts'
import type { TraceModelSection } from '@whyslow/report/documents/trace-section.ts'
import { faultIn, readJson } from '@whyslow/report/saved/saved-document.ts'
import type { RecordedCall, TraceFacts } from '../facts/facts.ts'
import { type JoinedBy, joinCalls, type ModelNode, type Shape, sizeOf } from '../facts/join.ts'
import { isLayout } from '../facts/operator-classes.ts'
import { bytesOf, flopsOf } from '../facts/work-of.ts'
import type { SameModel } from './explain-trace.ts'

/** The model, and the report on it that was measured here, if one was given. */
interface Given {
  readonly model: Model
  readonly here?: { readonly file: string; readonly report: ReportDocument }
}

const HERE = '--here takes what whyslow MODEL --json wrote on this machine'

/** InputError if the file is not a model, the report not one of a model, or of another one. */
export async function readSameModel(file: string, here: string | undefined): Promise<SameModel> {
  const given = await readGiven(file, here)
  return { section: (recorded, latencyMs) => sameModelSection(recorded, given, latencyMs) }
}

async function readGiven(file: string, here: string | undefined): Promise<Given> {
  const model = await readModel(file)
  if (here === undefined) return { model }
  const report = readJson(here, { what: here, hint: HERE }) as ReportDocument
  const fault = faultIn('saved-report', report)
  if (fault !== undefined) throw new InputError(`${here}: no report on a model (${fault}); ${HERE}`)
  if (report.model?.sha256 !== model.source.sha256)
    throw new InputError(`${here}: a report on ${report.model?.file ?? 'no model'}, which is not ${file}; measure that one here`)
  if (report.latency === null) throw new InputError(`${here}: no latency in this report; ${HERE}`)
  return { model, here: { file: here, report } }
}

/** The section of the report, and what is to be warned of; the reason if nothing can be joined. */
export function sameModelSection(
  recorded: TraceFacts,
  { model, here }: Given,
  latencyMs: number | undefined,
): { section: TraceModelSection; warnings: string[] } | string {
  const { calls: told, window } = recorded
  if (told === undefined || typeof told === 'string') return told ?? 'no operators were recorded'
  const graph = viewGraph(model)
  const types = symbolicTypes(model, model.proto.graph!)
  const nodes = modelNodes(graph, types)
  const { joins, sizes } = joinCalls(told.calls, nodes)
  const runMs = window.steps === null ? window.lengthMs / told.runs : window.stepMs
  const shareOf = (ms: number): number => (runMs > 0 ? ms / runMs : 0)
  const msOf = (ms: number): number => (latencyMs === undefined ? ms : shareOf(ms) * latencyMs)
  const typesAt = typesWith(graph, types, sizes)
  const parts = joins.map((join): Part => {
    const call = told.calls[join.call]!
    const own = [join.node, ...join.also]
    const work =
      workOf(
        own.map((at) => graph.nodes[at]!),
        graph,
        typesAt,
      ) ?? recordedWork(call)
    return { nodes: own, operators: [call.name], by: join.by, timeMs: call.timeMs, work, here: [] }
  })
  const groups = here === undefined ? parts : besideHere(parts, nodes, here.report)
  const counted = nodes.flatMap((node, at) => (node.ofShapes || isLayout(node.opType) ? [] : [at]))
  const joined = new Set(groups.flatMap((one) => one.nodes))
  const allMs = told.calls.reduce((sum, { timeMs }) => sum + timeMs, told.restMs)
  const joinedMs = groups.reduce((sum, { timeMs }) => sum + timeMs, 0)
  const section: TraceModelSection = {
    ...{ file: model.source.file, format: model.source.format, sha256: model.source.sha256 },
    nodes: counted.length,
    joinedNodes: counted.filter((at) => joined.has(at)).length,
    joinedShare: allMs > 0 ? joinedMs / allMs : 0,
    ...{ runs: told.runs, otherRuns: told.otherRuns, sizes: { ...sizes } },
    rows: groups.map(({ nodes: own, operators, by, timeMs, work, here: measured }) => ({
      nodes: own.map((at) => nodes[at]!.name),
      opType: nodes[own[0]!]!.opType,
      ...{ operators: [...operators], by, timeMs: msOf(timeMs), share: shareOf(timeMs) },
      ...(work ?? { macs: null, flops: null, bytes: null }),
      here: measured.length === 0 ? null : measuredRow(measured),
    })),
    notJoined: counted.flatMap((at) => (joined.has(at) ? [] : [{ node: nodes[at]!.name, opType: nodes[at]!.opType }])),
    operatorsNotJoined: leftOver(told.calls, new Set(joins.map(({ call }) => call))).map(({ name, calls, timeMs }) => ({
      ...{ name, calls, timeMs: msOf(timeMs), share: shareOf(timeMs) },
    })),
    here: here === undefined ? null : hereRow(here, groups),
  }
  return {
    section,
    warnings: warningsOf(
      section,
      joins.map(({ by }) => by),
      here === undefined ? [] : otherSizes(graph, sizes, here.report),
    ),
  }
}

/** What one recorded operator, or one kernel here, does. */
interface Part {
  readonly nodes: readonly number[]
  readonly operators: readonly string[]
  readonly by: JoinedBy
  /** Time in a recorded run. */
  readonly timeMs: number
  /** undefined: not known of all of it. */
  readonly work: Work | undefined
  readonly here: readonly Measured[]
}

interface Work {
  readonly macs: number | null
  readonly flops: number
  readonly bytes: number | null
}

type Measured = ReportNode

function modelNodes(graph: GraphView, types: SymbolicTypes): ModelNode[] {
  const makers = new Map<string, number>()
  for (const [at, { outputs }] of graph.nodes.entries()) for (const name of outputs) if (name !== '') makers.set(name, at)
  const beside = graph.nodes.map((): number[] => [])
  for (const [at, { inputs }] of graph.nodes.entries())
    for (const name of inputs) {
      const maker = makers.get(name)
      if (maker === undefined) continue
      beside[at]!.push(maker)
      beside[maker]!.push(at)
    }
  const shapeOf = (name: string): Shape | undefined => (name === '' ? undefined : types.get(name)?.shape)
  const sizes = new Set<string>()
  return graph.nodes.map(({ name, opType, attributes, inputs, outputs }, at) => {
    const isFixed = (one: string): boolean => one === '' || sizes.has(one) || one in graph.constants
    const ofShapes = opType === 'Shape' || opType === 'Size' || inputs.every(isFixed)
    if (ofShapes) for (const one of outputs) sizes.add(one)
    return {
      ...{ name, opType, attributes, ofShapes, beside: beside[at]! },
      ...{ inputs: inputs.map(shapeOf), outputs: outputs.map(shapeOf), constants: inputs.map((one) => one in graph.constants) },
    }
  })
}

/** Types with every symbol as it was recorded; a value is missing if one is not known. */
function typesWith(
  graph: GraphView,
  types: SymbolicTypes,
  sizes: Readonly<Record<string, number>>,
): ReadonlyMap<string, TensorType> {
  const known = new Map<string, TensorType>(Object.entries(graph.constants))
  for (const [name, { dtype, shape }] of types) {
    const fixed = shape?.map((size) => sizeOf(size, sizes))
    if (dtype !== undefined && fixed?.every((size) => size !== undefined)) known.set(name, { dtype, shape: fixed as number[] })
  }
  return known
}

/** Work by the formulas of ONNX's operators. */
function workOf(nodes: readonly NodeView[], graph: GraphView, types: ReadonlyMap<string, TensorType>): Work | undefined {
  let [macs, flops, bytes] = [0, 0, 0]
  for (const node of nodes) {
    const result = costOfNode(node, graph, types)
    if (!result.known) return undefined
    macs += result.cost.macs
    flops += 2 * result.cost.macs + result.cost.simpleOps
    bytes += result.cost.bytes
  }
  return { macs, flops, bytes }
}

/** Work by the formulas of PyTorch's operators, if the model does not give a shape. */
function recordedWork({ opType, shapes, types }: RecordedCall): Work | undefined {
  const flops = shapes === null ? null : flopsOf(opType, shapes)
  if (shapes === null || flops === null) return undefined
  return { macs: flops / 2, flops, bytes: bytesOf(opType, shapes, types ?? []) }
}

const sumOf = (works: readonly (Work | undefined)[]): Work | undefined =>
  works.reduce((all, one) => {
    if (all === undefined || one === undefined) return undefined
    const sum = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b)
    return { macs: sum(all.macs, one.macs), flops: all.flops + one.flops, bytes: sum(all.bytes, one.bytes) }
  })

/** Operators that one kernel here does together are one row, and kernels here that one operator does. */
function besideHere(parts: readonly Part[], nodes: readonly ModelNode[], { nodes: measured }: ReportDocument): Part[] {
  const partOf = new Map(parts.flatMap((part, at) => part.nodes.map((node) => [nodes[node]!.name, at] as const)))
  const group = parts.map((_, at) => at)
  const rootOf = (at: number): number => (group[at] === at ? at : rootOf(group[at]!))
  const hits = measured.map(({ origin, name }) => {
    const own = new Set((origin.length > 0 ? origin : [name]).flatMap((one) => partOf.get(one) ?? []))
    const [first, ...others] = [...own]
    for (const other of others) group[rootOf(other)] = rootOf(first!)
    return first
  })
  const members = new Map<number, number[]>()
  for (const at of parts.keys()) members.set(rootOf(at), [...(members.get(rootOf(at)) ?? []), at])
  return [...members.values()].map((own) => {
    const all = own.map((at) => parts[at]!)
    return {
      nodes: all.flatMap((one) => one.nodes),
      operators: all.flatMap((one) => one.operators),
      by: all[0]!.by,
      timeMs: all.reduce((sum, { timeMs }) => sum + timeMs, 0),
      work: sumOf(all.map(({ work }) => work)),
      here: measured.filter((_, at) => hits[at] !== undefined && own.includes(hits[at]!)),
    }
  })
}

const measuredRow = (nodes: readonly Measured[]): NonNullable<TraceModelSection['rows'][number]['here']> => ({
  nodes: nodes.map(({ name }) => name),
  timeMs: nodes.reduce((sum, { timeMs }) => sum + timeMs, 0),
  share: nodes.reduce((sum, { share }) => sum + share, 0),
})

function leftOver(
  calls: readonly { readonly name: string; readonly timeMs: number }[],
  joined: ReadonlySet<number>,
): { name: string; calls: number; timeMs: number }[] {
  const rows = new Map<string, { name: string; calls: number; timeMs: number }>()
  for (const [at, { name, timeMs }] of calls.entries()) {
    if (joined.has(at)) continue
    const row = rows.get(name) ?? { name, calls: 0, timeMs: 0 }
    rows.set(name, { name, calls: row.calls + 1, timeMs: row.timeMs + timeMs })
  }
  return [...rows.values()].sort((a, b) => b.timeMs - a.timeMs)
}

function hereRow({ file, report }: NonNullable<Given['here']>, groups: readonly Part[]): TraceModelSection['here'] {
  const sum = (nodes: readonly Measured[]): number => nodes.reduce((all, { timeMs }) => all + timeMs, 0)
  const joinedMs = sum(groups.flatMap(({ here }) => here))
  const { engine, machine, latency } = report
  return {
    ...{ file, cpu: machine.cpu, engine: engine === null ? null : `${engine.id} ${engine.version}` },
    ...{ p50Ms: latency!.p50Ms, joinedMs, otherMs: sum(report.nodes) - joinedMs },
  }
}

/** Inputs of another size here and there. */
function otherSizes({ inputs }: GraphView, sizes: Readonly<Record<string, number>>, { model }: ReportDocument): string[] {
  return inputs.flatMap(({ name, shape }) => {
    const measured = model?.inputs.find((one) => one.name === name)?.shape
    const recorded = shape?.map((size) => (typeof size === 'string' ? sizes[size] : (size ?? undefined)))
    const differs = recorded?.some(
      (size, axis) => size !== undefined && measured?.[axis] !== undefined && measured[axis] !== size,
    )
    if (differs !== true) return []
    const text = recorded!.map((size) => size ?? '?').join('x')
    return [
      `${name} was recorded as ${text} and measured here as ${measured!.join('x')}: times are not of the same work; measure it with --batch`,
    ]
  })
}

function warningsOf(
  { otherRuns, runs, joinedNodes }: TraceModelSection,
  by: readonly JoinedBy[],
  sizes: readonly string[],
): string[] {
  return [
    ...(joinedNodes === 0 ? ['no recorded operator could be joined with a node of the model: is it the same model?'] : []),
    ...(by.includes('order')
      ? [
          `${by.filter((one) => one === 'order').length} operators are joined by their order alone: their shapes were not recorded, or the model does not declare them`,
        ]
      : []),
    ...(otherRuns > 0
      ? [`of ${runs + otherRuns} predictions ${runs} called the same operators and are joined with the model`]
      : []),
    ...sizes,
  ]
}
