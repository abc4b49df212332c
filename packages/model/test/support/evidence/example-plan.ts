// What gathering is told, for tests: a tiny model whose inputs are chosen, on a machine that a script stands for.
import path from 'node:path'
import { relu } from '@whyslow/graph/support/example-relu.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { NO_FLAGS } from '@whyslow/measure/samples/flags.ts'
import { resolveInputs } from '@whyslow/measure/samples/resolve.ts'
import { saveInputs } from '@whyslow/measure/samples/saved.ts'
import { synthesize } from '@whyslow/measure/samples/synthetic.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import type { GatherPlan } from '../../../src/evidence/plan.ts'

interface Given
  extends Omit<Partial<GatherPlan>, 'run' | 'folder' | 'inputs' | 'machine' | 'options'>,
    Pick<GatherPlan, 'run' | 'folder'> {
  /** Of x. */
  readonly shape?: readonly number[]
  readonly inputs?: Partial<GatherPlan['inputs']>
  readonly machine?: Partial<GatherPlan['machine']>
  readonly options?: Partial<GatherPlan['options']>
}

/** Two threads of two, every offer but those of devices, and no input with a free axis, if nothing else is given. */
export function examplePlan({ shape, inputs = {}, machine = {}, options = {}, ...given }: Given): GatherPlan {
  const { model = relu(1, 4), folder } = given
  const graph = viewGraph(model)
  const flags = { ...NO_FLAGS, shapes: new Map(shape === undefined ? [] : [['x', shape]]) }
  const resolved = resolveInputs(graph.inputs, graph, flags)
  const samples: readonly Feeds[] = synthesize(resolved.inputs, graph, 1)
  return {
    model,
    graph,
    inputs: {
      resolved: resolved.inputs,
      saved: saveInputs(path.join(folder, 'inputs'), samples),
      source: 'synthetic',
      samples,
      labels: null,
      outputs: [{ name: 'y', type: { dtype: 'float32', shape: samples[0]!.x!.shape }, finite: true }],
      firstLook: { loadMs: 10, predictionMs: 1 },
      threadsInUse: 2,
      warnings: [],
      ...inputs,
    },
    machine: { usableCpus: 2, memoryLimitBytes: null, ...machine } as GatherPlan['machine'],
    engineId: 'scripted',
    engineOptions: { ...plainOptions, threads: null },
    offers: ['threads', 'configuration', 'node-times', 'executed-graph'],
    deviceKind: 'cpu',
    options: { quick: false, seconds: null, batch: null, ...options },
    limits: { memoryBytes: 1e9, signal: undefined },
    readExecuted: async () => graph,
    progress: () => {},
    ...given,
  }
}
