// Documents of versions before, and of hands: what a version added is filled in once, here, so that pictures need not ask. What is not known
// becomes null or nothing, never a number.
import type { Ab, Comparison, Distill, Gap, Lint, Load, Report, Study } from './page-data.ts'

type Loose<T> = { [K in keyof T]?: T[K] | null | undefined }

const list = <T>(value: readonly T[] | null | undefined): T[] => (Array.isArray(value) ? [...value] : [])
const sentence = (answer: string | null | undefined, kind = 'document'): string =>
  typeof answer === 'string' ? answer : `The ${kind} has no sentence.`
const none = { timeMs: 0, share: 0 }

export function normalReport(given: unknown): Report {
  const doc = given as Loose<Report>
  return {
    ...(doc as Report),
    answer: sentence(doc.answer, 'report'),
    tool: doc.tool ?? { version: 'of another version' },
    model: doc.model ? { ...doc.model, inputs: list(doc.model.inputs).map(normalInput), outputs: list(doc.model.outputs) } : null,
    machine: normalMachine(doc.machine),
    engine: doc.engine ? { ...doc.engine, options: doc.engine.options ?? { threads: null } } : null,
    latency: doc.latency
      ? {
          ...doc.latency,
          samplesMs: list(doc.latency.samplesMs),
          blocks: list(doc.latency.blocks),
          reasons: list(doc.latency.reasons),
        }
      : null,
    memory: doc.memory ?? null,
    sweeps: list(doc.sweeps),
    profile: doc.profile ?? null,
    breakdown: list(doc.breakdown),
    areas: { architecture: none, hardware: none, software: none, unexplained: none, ...doc.areas },
    nodes: list(doc.nodes).map((node) => ({ ...node, origin: list(node.origin), areasMs: node.areasMs ?? null })),
    findings: list(doc.findings).map((one) => ({
      ...one,
      nodes: list(one.nodes),
      facts: list(one.facts),
      places: list(one.places),
      next: one.next ?? null,
    })),
    clear: list(doc.clear),
    notChecked: list(doc.notChecked),
    trials: list(doc.trials).map((trial) => ({
      ...trial,
      remedies: list(trial.remedies),
      changes: list(trial.changes),
      agreement: trial.agreement ?? null,
    })),
    stages: doc.stages ?? null,
    lines: doc.lines ?? null,
    ...(doc.pipeline ? { pipeline: normalPipeline(doc.pipeline) } : {}),
    ...(doc.trace ? { trace: normalTrace(doc.trace) } : {}),
    warnings: list(doc.warnings),
  }
}

type Trace = NonNullable<Report['trace']>
const normalTrace = (trace: Trace): Trace => ({
  ...trace,
  ...{ steps: trace.steps ?? null, judged: trace.judged ?? null, latencyMs: trace.latencyMs ?? null },
  ...{ recordedWith: list(trace.recordedWith), leftOut: list(trace.leftOut) },
  ...{ devices: list(trace.devices), otherDevices: list(trace.otherDevices) },
  ...(trace.model ? { model: normalModel(trace.model) } : {}),
})

type SameModel = NonNullable<Trace['model']>
const normalModel = (model: SameModel): SameModel => ({
  ...model,
  rows: list(model.rows).map((row) => ({
    ...row,
    nodes: list(row.nodes),
    operators: list(row.operators),
    here: row.here ?? null,
  })),
  ...{ notJoined: list(model.notJoined), operatorsNotJoined: list(model.operatorsNotJoined) },
  ...{ sizes: model.sizes ?? {}, here: model.here ?? null },
})

type Pipeline = NonNullable<Report['pipeline']>
const normalPipeline = (pipeline: Pipeline): Pipeline => ({
  ...pipeline,
  ...{ processesMs: list(pipeline.processesMs), sessions: list(pipeline.sessions), imports: list(pipeline.imports) },
  ...{ sources: list(pipeline.sources).map((one) => ({ ...one, lines: list(one.lines) })), packages: pipeline.packages ?? {} },
  ...(pipeline.inner ? { inner: { ...pipeline.inner, breakdown: list(pipeline.inner.breakdown) } } : {}),
})

type Input = NonNullable<Report['model']>['inputs'][number]
const normalInput = (input: Input): Input => ({ ...input, shape: list(input.shape), assumptions: list(input.assumptions) })

function normalMachine(machine: Report['machine'] | null | undefined): Report['machine'] {
  const unknown = {
    cpu: 'a machine that is not told',
    usableCpus: 0,
    quotaCpus: null,
    memoryBytes: 0,
    isa: [],
    accelerators: [],
    caches: {},
    virtualised: null,
  }
  return {
    ...unknown,
    ...machine,
    isa: list(machine?.isa),
    accelerators: list(machine?.accelerators),
    roofs: list(machine?.roofs),
  }
}

export function normalComparison(given: unknown): Comparison {
  const doc = given as Loose<Comparison>
  return {
    ...(doc as Comparison),
    answer: sentence(doc.answer, 'comparison'),
    contestants: list(doc.contestants).map((one) => ({ ...one, batches: list(one.batches) })),
    ranking: list(doc.ranking),
    pairs: list(doc.pairs),
    pareto: doc.pareto ?? { axes: [], front: [], dominated: [] },
    breakEven: list(doc.breakEven),
    notHere: list(doc.notHere),
    sentences: list(doc.sentences),
    reports: list(doc.reports).map(normalReport),
    warnings: list(doc.warnings),
  }
}

const NO_INTERVALS = { meanMs: null, p50Ms: null, p90Ms: null, p95Ms: null, p99Ms: null, p999Ms: null }

export function normalLoad(given: unknown): Load {
  const doc = given as Loose<Load>
  const { audit } = doc
  return {
    ...(doc as Load),
    answer: sentence(doc.answer),
    points: list(doc.points).map((point) => ({
      ...point,
      intervals: { ...NO_INTERVALS, ...(point.intervals as Partial<typeof point.intervals> | undefined) },
      outstanding: { ...point.outstanding, series: list(point.outstanding?.series) },
      reasons: point.reasons ?? {},
      parts: point.parts ?? null,
    })),
    found: doc.found ?? null,
    search: doc.search ? { ...doc.search, runs: list(doc.search.runs), above: doc.search.above ?? null } : null,
    audit: { ...(audit as Load['audit']), reasons: list(audit?.reasons) },
    findings: list(doc.findings).map((one) => ({ ...one, facts: list(one.facts) })),
    setup: doc.setup ?? null,
    alternatives: list(doc.alternatives),
    warnings: list(doc.warnings),
  }
}

export function normalAb(given: unknown): Ab {
  const doc = given as Loose<Ab>
  const side = (one: Ab['a'] | null | undefined): Ab['a'] => ({
    ...(one as Ab['a']),
    call: list(one?.call),
    packages: list(one?.packages),
  })
  return {
    ...(doc as Ab),
    answer: sentence(doc.answer),
    pairs: list(doc.pairs),
    a: side(doc.a),
    b: side(doc.b),
    outputs: { ...(doc.outputs as Ab['outputs']), differences: list(doc.outputs?.differences), notes: list(doc.outputs?.notes) },
    warnings: list(doc.warnings),
  }
}

export function normalStudy(given: unknown): Study {
  const doc = given as Loose<Study>
  return {
    ...(doc as Study),
    answer: sentence(doc.answer, 'study'),
    reports: list(doc.reports).map(normalReport),
    machines: list(doc.machines),
    failures: list(doc.failures),
    table: {
      reference: doc.table?.reference ?? null,
      rows: list(doc.table?.rows).map((row) => ({ ...row, cells: list(row.cells) })),
    },
    sentences: list(doc.sentences),
    warnings: list(doc.warnings),
  }
}

export function normalGap(given: unknown): Gap {
  const doc = given as Loose<Gap>
  return {
    ...(doc as Gap),
    answer: sentence(doc.answer),
    rungs: list(doc.rungs),
    left: list(doc.left),
    warnings: list(doc.warnings),
  }
}

export function normalDistill(given: unknown): Distill {
  const doc = given as Loose<Distill>
  return {
    ...(doc as Distill),
    answer: sentence(doc.answer),
    students: list(doc.students),
    out: doc.out ?? null,
    warnings: list(doc.warnings),
  }
}

export function normalLint(given: unknown): Lint {
  const doc = given as Loose<Lint>
  const { measured, repair } = doc
  return {
    ...(doc as Lint),
    answer: sentence(doc.answer),
    measured: measured ? { ...measured, reasons: list(measured.reasons), syntheticInputs: list(measured.syntheticInputs) } : null,
    fused: list(doc.fused),
    unfused: list(doc.unfused),
    borders: doc.borders ?? { nodes: 0, timeMs: 0 },
    hazards: list(doc.hazards),
    repair: repair ? { ...repair, changes: list(repair.changes) } : null,
    warnings: list(doc.warnings),
  }
}
