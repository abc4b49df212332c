// Evidence for tests, built from a short notation, so that a case shows only what matters to it.

import type { Cost } from '@whyslow/graph/operators/types.ts'
import type { AttributeView, ConstantView, DType, GraphView, NodeView, TensorType } from '@whyslow/graph/types.ts'
import type { Machine, Roofs } from '@whyslow/measure/machine/types.ts'
import type { OperatorExperiment, OperatorExperiments, OperatorVariant } from '@whyslow/measure/timing/operators/types.ts'
import type { Latency, LatencyBlock, Profile, ProfiledNode } from '@whyslow/measure/timing/types.ts'
import type { AnalyzedEvidence, EngineWithOffers } from '../../../src/analyze/analyzed-evidence.ts'
import type { NodeCost } from '../../../src/analyze/costs.ts'

/** A node in short: what is left out is what most cases do not care for. */
export interface NodeNote {
  readonly op: string
  readonly timeMs: number
  /** Default: the operator and its place in the list, 'Conv_0'. */
  readonly name?: string
  readonly domain?: string
  readonly in?: readonly string[]
  /** Default: one value named as the node. */
  readonly out?: readonly string[]
  readonly attributes?: Readonly<Record<string, AttributeView>>
  /** Of the outputs, and of inputs that no node or constant gives. Default [1]. */
  readonly shape?: readonly number[]
  readonly dtype?: DType
  readonly macs?: number
  /** Evaluations of special functions. */
  readonly functions?: Cost['functions']
  readonly bytes?: number
  readonly weightBytes?: number
  readonly arithmetic?: DType
  readonly serialSteps?: number
  readonly moves?: boolean
  /** Default: the larger of flops / roof and bytes / DRAM bandwidth, times the runs. */
  readonly floorMs?: number
  readonly bound?: NodeCost['bound']
  readonly level?: NodeCost['level']
  readonly runs?: number
  readonly inserted?: boolean
  readonly parent?: string
}

export interface EvidenceNote extends Partial<AnalyzedEvidence> {
  readonly p50Ms?: number
  readonly nodes?: readonly NodeNote[]
  readonly constants?: Readonly<Record<string, Partial<ConstantView>>>
  /** Names of the graph's outputs; default: what no node reads. */
  readonly outputNames?: readonly string[]
  readonly dispatchUs?: number
}

/** A quiet 4-CPU machine, 100 GFLOP/s for float32 and int8, 10 GB/s from DRAM, and the nodes of the note. */
export function evidence(note: EvidenceNote = {}): AnalyzedEvidence {
  const { p50Ms = 10, nodes = [], constants = {}, outputNames, dispatchUs = 1, ...given } = note
  const roofsGiven = given.roofs ?? roofs()
  const graph = graphOf(nodes, constants, outputNames)
  return {
    schema: 'whyslow-evidence/1',
    toolVersion: '0.0.0',
    createdAt: '2020-01-01T00:00:00.000Z',
    machine: machine(),
    roofs: roofsGiven,
    model: {
      file: 'model.onnx',
      format: 'onnx',
      sha256: '0'.repeat(64),
      sizeBytes: 1000,
      opsets: { '': 17 },
      producer: null,
      irVersion: 8,
      parameters: 100,
      weightsBytes: 400,
      nodes: nodes.length,
    },
    graph,
    inputs: [],
    outputs: [],
    engine: engine(),
    latency: latency(p50Ms),
    profile: profileOf(nodes, graph, dispatchUs),
    costs: costsOf(nodes, roofsGiven),
    absent: {},
    warnings: [],
    ...given,
  }
}

export function machine(given: Partial<Machine> = {}): Machine {
  return {
    cpu: 'test CPU',
    architecture: 'x64',
    platform: 'linux',
    usableCpus: 4,
    onlineCpus: 4,
    physicalCores: 4,
    quotaCpus: null,
    memoryBytes: 16e9,
    memoryLimitBytes: null,
    isa: ['avx2', 'fma'],
    accelerators: [],
    caches: { L1d: 32_768, L2: 1_048_576, L3: 33_554_432 },
    virtualised: false,
    governor: null,
    os: 'Linux',
    node: 'v20.20.2',
    unknown: [],
    ...given,
  }
}

export function roofs(given: Partial<Roofs> = {}): Roofs {
  return {
    threads: 4,
    flopsPerSecond: { float32: 100e9, int8: 100e9 },
    bytesPerSecond: { L1: null, L2: null, L3: 40e9, DRAM: 10e9 },
    reasons: {},
    ...given,
  }
}

export function engine(
  given: Partial<Omit<EngineWithOffers, 'options'>> & { options?: Partial<EngineWithOffers['options']> } = {},
): EngineWithOffers {
  const { options, ...facts } = given
  return {
    id: 'ort-cpu',
    version: '1.30.0',
    device: 'cpu',
    from: 'node_modules',
    threadsInUse: 4,
    offers: ['synchronous'],
    ...facts,
    options: {
      threads: null,
      graphOptimization: 'all',
      executionMode: 'sequential',
      configEntries: {},
      packageFrom: null,
      ...options,
    },
  }
}

/** A block of 10 quiet samples at `p50Ms`. */
export function block(p50Ms: number, given: Partial<LatencyBlock> = {}): LatencyBlock {
  return {
    process: 0,
    p50Ms,
    samplesMs: Array.from({ length: 10 }, () => p50Ms),
    loadMs: 5,
    firstMs: p50Ms,
    warmupMs: 10 * p50Ms,
    warmupRuns: 10,
    wallMs: 10 * p50Ms,
    handoffBeforeNs: 150,
    handoffAfterNs: 150,
    regime: 'a',
    waitAtMedianMs: 0,
    loadPeakBytes: null,
    predictPeakBytes: null,
    keptBytes: null,
    waitedMs: 0,
    throttledCpuMs: 0,
    stolenCpuMs: 0,
    majorFaults: 0,
    involuntarySwitches: 0,
    gcMs: 0,
    clockRatio: 1,
    ...given,
  }
}

/** Five quiet blocks, unless others are given. */
export function latency(p50Ms: number, given: Partial<Latency> = {}): Latency {
  const blocks = given.blocks ?? Array.from({ length: 5 }, (_, process) => block(p50Ms, { process }))
  return {
    loadMs: 5,
    firstMs: p50Ms,
    warmupMs: 10 * p50Ms,
    p50Ms,
    ciLowMs: 0.99 * p50Ms,
    ciHighMs: 1.01 * p50Ms,
    samplesMs: blocks.flatMap((one) => one.samplesMs),
    regime: 'a',
    otherRegimes: {},
    trust: 'A',
    reasons: [],
    ...given,
    blocks,
  }
}

function nameOf(node: NodeNote, index: number): string {
  return node.name ?? `${node.op}_${index}`
}

function outputsOf(node: NodeNote, index: number): readonly string[] {
  return node.out ?? [nameOf(node, index)]
}

function graphOf(
  nodes: readonly NodeNote[],
  constants: Readonly<Record<string, Partial<ConstantView>>>,
  outputNames: readonly string[] | undefined,
): GraphView {
  const read = new Set(nodes.flatMap((node) => node.in ?? []))
  const written = new Set(nodes.flatMap(outputsOf))
  const declare = (name: string) => ({ name, kind: 'tensor', dtype: 'float32', shape: [1] }) as const
  return {
    name: 'test',
    nodes: nodes.map(
      (node, index): NodeView => ({
        name: nameOf(node, index),
        opType: node.op,
        domain: node.domain ?? '',
        inputs: node.in ?? [],
        outputs: outputsOf(node, index),
        attributes: node.attributes ?? {},
        subgraphs: {},
      }),
    ),
    inputs: [...read].filter((name) => name !== '' && !written.has(name) && !(name in constants)).map(declare),
    outputs: (outputNames ?? [...written].filter((name) => !read.has(name))).map(declare),
    constants: Object.fromEntries(
      Object.entries(constants).map(([name, constant]) => [
        name,
        { name, dtype: 'float32', shape: [1], sizeBytes: 4, from: 'initializer', isGraphInput: false, ...constant },
      ]),
    ),
    types: {},
  }
}

function profileOf(nodes: readonly NodeNote[], graph: GraphView, dispatchPerNodeUs: number): Profile {
  const types = new Map<string, TensorType>(
    Object.values(graph.constants).map(({ name, dtype, shape }) => [name, { dtype, shape }]),
  )
  nodes.forEach((node, index) => {
    for (const name of outputsOf(node, index)) types.set(name, { dtype: node.dtype ?? 'float32', shape: node.shape ?? [1] })
  })
  const typeOf = (name: string, node: NodeNote): TensorType | null =>
    name === '' ? null : (types.get(name) ?? { dtype: node.dtype ?? 'float32', shape: node.shape ?? [1] })
  return {
    graph,
    nodes: nodes.map(
      (node, index): ProfiledNode => ({
        name: nameOf(node, index),
        opType: node.op,
        domain: node.domain ?? '',
        origin: [nameOf(node, index)],
        timeMs: node.timeMs,
        rawMs: node.timeMs,
        runsPerPrediction: node.runs ?? 1,
        inputs: node.in ?? [],
        outputs: outputsOf(node, index),
        inputTypes: (node.in ?? []).map((name) => typeOf(name, node)),
        outputTypes: outputsOf(node, index).map((name) => typeOf(name, node)),
        provider: 'CPUExecutionProvider',
        inserted: node.inserted ?? false,
        parent: node.parent ?? null,
      }),
    ),
    overheadPerNodeUs: 1,
    profiledP50Ms: 10,
    correction: 'none',
    threads: 4,
    predictions: 100,
    dispatchPerNodeUs,
  }
}

function costsOf(nodes: readonly NodeNote[], given: Roofs): NonNullable<AnalyzedEvidence['costs']> {
  const costed = nodes.map((node, index): NodeCost => {
    const cost: Cost = {
      macs: node.macs ?? 0,
      simpleOps: 0,
      specialOps: Object.values(node.functions ?? {}).reduce((sum, count) => sum + count, 0),
      ...(node.functions ? { functions: node.functions } : {}),
      bytes: node.bytes ?? node.weightBytes ?? 0,
      streamingBytes: node.bytes ?? node.weightBytes ?? 0,
      weightBytes: node.weightBytes ?? 0,
      arithmetic: node.arithmetic ?? 'float32',
      serialSteps: node.serialSteps ?? 1,
      movesDataOnly: node.moves ?? false,
    }
    const runs = node.runs ?? 1
    const computeMs = ((2 * cost.macs) / given.flopsPerSecond.float32!) * 1000 * runs
    const memoryMs = (cost.bytes / given.bytesPerSecond.DRAM!) * 1000 * runs
    const floorMs = node.floorMs ?? Math.max(computeMs, memoryMs)
    const bound = node.bound ?? (floorMs < 0.2 * node.timeMs ? 'overhead' : computeMs >= memoryMs ? 'compute' : 'memory')
    return {
      name: nameOf(node, index),
      opType: node.op,
      domain: node.domain ?? '',
      timeMs: node.timeMs,
      cost,
      reason: null,
      floorMs,
      plainFloorMs: Math.max(computeMs, memoryMs),
      cappedFloorMs: Math.min(floorMs, node.timeMs),
      bound,
      floorOn: computeMs >= memoryMs ? 'compute' : 'memory',
      level: node.level ?? 'DRAM',
      aboveRoof: null,
    }
  })
  const total = (of: (cost: Cost) => number) => costed.reduce((sum, node) => sum + of(node.cost!), 0)
  const macs = total((cost) => cost.macs)
  return { nodes: costed, macs, flops: 2 * macs, bytes: total((cost) => cost.bytes), knownTimeShare: 1, unknown: {} }
}

export interface OperatorNote extends Partial<Omit<OperatorExperiment, 'variants'>> {
  readonly variants: readonly (Pick<OperatorVariant, 'kind' | 'ratio'> & Partial<OperatorVariant>)[]
}

/** Ratios are known within a hundredth where nothing else is said. */
export function experiments(rows: readonly OperatorNote[]): OperatorExperiments {
  return {
    rows: rows.map(({ variants, ...row }) => ({
      ...{ nodes: ['Conv_0'], copies: 1, opTypes: ['Conv'], shapes: '1x32x64x64, 3x32x9x9', aloneMs: 1, insideMs: 1 },
      ...row,
      variants: variants.map((variant) => ({
        ...{ remedy: null, detail: 'changed', ratioLow: variant.ratio - 0.01, ratioHigh: variant.ratio + 0.01 },
        ...variant,
      })),
    })),
    left: [],
    coveredShare: 1,
  }
}

/** Nodes that were timed in int8 with their conversions, and what each saves, ms. */
export function timedInInt8(saves: Readonly<Record<string, number>>): OperatorExperiments {
  return { ...experiments([]), int8: { nodes: Object.entries(saves).map(([name, savesMs]) => ({ name, savesMs })) } }
}
