// Experiments with the operators of a small model, on a scripted machine: every part takes the time that the test says.
import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { measured, type Script, scriptedRunner } from '@whyslow/measure/support/trials/example-runner.ts'
import type { OperatorTimesInput } from '@whyslow/measure/timing/operators/task.ts'
import { defineRemedy, type Remedy, rewriteProposal } from '../../../src/remedies/kit/remedy.ts'
import { operatorExperiments } from '../../../src/tune/operators/index.ts'
import { evidence, type NodeNote, roofs } from '../diagnose/example-evidence.ts'
import { exampleEvidence } from '../remedies/example-evidence.ts'

export const SHAPE = [1, 4, 8, 8]
export const float = (shape: readonly number[]) => ({ dtype: 'float32', shape })

/** A convolution of three output channels, two elementwise operators in a row, and a second such convolution. */
export const whole: Model = modelInMemory(
  model({
    nodes: [
      node({ opType: 'Conv', name: 'first' }, ['x', 'w'], ['c']),
      node({ opType: 'Sub', name: 'sub' }, ['c', 'mean'], ['s']),
      node({ opType: 'Mul', name: 'mul' }, ['s', 'scale'], ['m']),
      node({ opType: 'Conv', name: 'second' }, ['m', 'v'], ['y']),
    ],
    inputs: [valueInfo('x', 'float32', SHAPE)],
    outputs: [valueInfo('y', 'float32', SHAPE)],
    initializers: [
      floatTensor('w', [4, 4, 1, 1], new Float32Array(16)),
      floatTensor('v', [4, 4, 1, 1], new Float32Array(16)),
      floatTensor('mean', [1, 4, 1, 1], new Float32Array(4)),
      floatTensor('scale', [1, 4, 1, 1], new Float32Array(4)),
    ],
  }),
)

export const noted: readonly NodeNote[] = [
  { op: 'Conv', name: 'first', timeMs: 3, floorMs: 1, in: ['x', 'w'], out: ['c'], shape: SHAPE },
  { op: 'Sub', name: 'sub', timeMs: 1, floorMs: 0.1, in: ['c', 'mean'], out: ['s'], shape: SHAPE },
  { op: 'Mul', name: 'mul', timeMs: 0.6, floorMs: 0.1, in: ['s', 'scale'], out: ['m'], shape: SHAPE },
  { op: 'Conv', name: 'second', timeMs: 3, floorMs: 1, in: ['m', 'v'], out: ['y'], shape: SHAPE },
]
export const constants = {
  w: { shape: [4, 4, 1, 1] },
  v: { shape: [4, 4, 1, 1] },
  mean: { shape: [1, 4, 1, 1] },
  scale: { shape: [1, 4, 1, 1] },
}

export function evidenceOf(nodes: readonly NodeNote[]) {
  const given = evidence({ p50Ms: 8, nodes, constants })
  const named = given.profile!.nodes.map((one) => ({ ...one, origin: [one.name] }))
  return { ...given, profile: { ...given.profile!, nodes: named } }
}

export const squared = defineRemedy({
  ...{ id: 'squared', title: 'Squared', treats: [], effect: 'exact', kind: 'rewrite', goals: ['latency'] },
  apply: (setup) =>
    setup.model.proto.graph!.node.some(({ opType }) => opType === 'Conv')
      ? rewriteProposal(setup, { model: setup.model, changes: ['squared'], predictedSavingMs: null })
      : [],
} satisfies Remedy)

/** What each model takes in every round, ms, by its file. */
export function machine(ofFile: (file: string) => number | string): Script {
  return {
    types: () => measured({ x: float(SHAPE), c: float(SHAPE), s: float(SHAPE), m: float(SHAPE), y: float(SHAPE) }),
    'operator-times': ({ models, rounds }: OperatorTimesInput) =>
      measured(
        models.map(({ key, file }) => {
          const ms = key === models[0]!.key ? 0 : ofFile(file)
          return typeof ms === 'string' ? { key, roundsMs: null, reason: ms } : { key, roundsMs: Array(rounds).fill(ms + 0.01) }
        }),
      ),
  }
}

export const OF = { model: whole, evidence: evidenceOf(noted) }

export async function experimentsOn(
  script: Script,
  {
    budgetMs = 10_000,
    wholesMs = 0,
    remedies = [squared] as readonly Remedy[],
    of = OF,
    samples = [] as readonly Feeds[],
    int8 = 1,
  } = {},
) {
  const runner = scriptedRunner(script)
  const written = new Map<string, Model>()
  let names = 0
  const found = await operatorExperiments({
    bench: {
      run: runner.run,
      engineId: 'ort-cpu',
      options: { threads: null, graphOptimization: 'all', executionMode: 'sequential', configEntries: {}, packageFrom: null },
      limits: { memoryBytes: 1e9, signal: undefined },
      folder: '/nowhere',
      samples,
      p50Ms: 8,
      write: async (part, file) => {
        written.set(file, part)
        return { file, sizeBytes: 1 }
      },
      writeBytes: (_, name) => name,
      nextName: (hint) => `${hint}-${names++}`,
    },
    ...of,
    modelFile: '/nowhere/whole',
    savedInputs: '/nowhere/inputs.json',
    evidence: { ...of.evidence, roofs: roofs({ flopsPerSecond: { float32: 100e9, int8: int8 * 100e9 } }) },
    remedies,
    facts: exampleEvidence({ threadsInUse: 2 }),
    budgetMs,
    wholesMs,
  })
  return { found: found!, runner, written }
}

/** Operators of a model, in order. */
export const opsOf = (part: Model) => part.proto.graph!.node.map(({ opType }) => opType)
