// An engine that is slower by construction, for tests of commands: predictions, loads and outputs are onnxruntime's, in the test's own
// process, and a prediction "takes" what the test says of its graph. So a cause that was planted in the graph is found, undone and proven in
// one run, whatever the speed of the computer.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { profileOf, scriptedMachine } from '@whyslow/command/support/example-trials.ts'
import type { Availability } from '@whyslow/measure/engines/types.ts'
import { outputsTask } from '@whyslow/measure/outputs/outputs-task.ts'
import { measured, type Script, type ScriptedRunner } from '@whyslow/measure/support/trials/example-runner.ts'
import type { LatencyInput, LatencyOutput } from '@whyslow/measure/timing/latency-block.ts'
import type { OperatorTime, OperatorTimesInput } from '@whyslow/measure/timing/operators/task.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import type { RunTrial, Trial } from '@whyslow/measure/trials/port.ts'
import { type GraphProto, ModelProtoSchema } from 'onnx-buf'

export interface PlantedScript {
  /** Of each operator, ms a node; 0.001 where none is given. */
  readonly costs?: Readonly<Record<string, number>>
  /** Of a prediction, ms; absent: the sum over the nodes. The graph is null where code takes the model's place. */
  readonly timeMs?: (graph: GraphProto | null, task: ModelTask) => number
  readonly engines?: (id: string) => Availability
  readonly more?: Script
}

/** What onnxruntime does in the test's process. */
const REAL: ReadonlySet<string> = new Set(['try', 'types', 'optimize', 'outputs', 'calibrate', 'layer-errors'])
const OTHER_MS = 0.001

export function plantedMachine({ costs = {}, timeMs, engines, more = {} }: PlantedScript): ScriptedRunner {
  const costOf = (graph: GraphProto): number => graph.node.reduce((sum, { opType }) => sum + (costs[opType] ?? OTHER_MS), 0)
  const timeOf = (task: ModelTask): number => timeMs?.(graphOf(task), task) ?? costOf(graphOf(task)!)
  const machine = scriptedMachine({
    ...(engines === undefined ? {} : { engines }),
    latency: timeOf,
    more: {
      profile: profileOf(costs),
      'operator-times': ({ models, rounds }: OperatorTimesInput): Trial<readonly OperatorTime[]> =>
        measured(models.map(({ key, file }) => ({ key, roundsMs: Array.from({ length: rounds }, () => costOf(graphIn(file))) }))),
      'worker-cost': () => measured({ plainMs: 1, workerMs: 1.25 }),
      ...more,
    },
  })
  const run: RunTrial = async (task, input, limits) => {
    if (more[task.id] !== undefined) return machine.run(task, input, limits)
    if (REAL.has(task.id)) return measured(await task.run(input))
    if (task.id !== 'latency') return machine.run(task, input, limits)
    const { outputsOf, ...rest } = input as LatencyInput
    const trial = (await machine.run(task, rest as never, limits)) as Trial<LatencyOutput>
    if (outputsOf === undefined || trial.outcome !== 'measured') return trial as never
    const asked = { ...rest, inputs: outputsOf.inputs, outputFolder: outputsOf.folder }
    return measured({ ...trial.value, outputs: await outputsTask.run(asked) }) as never
  }
  return { ...machine, run }
}

/** Of the file that a task predicts with, or of the model in the folder that would be shipped; null: it holds none of ONNX. */
function graphOf({ modelFile, shipped }: ModelTask): GraphProto | null {
  const file = shipped === undefined ? modelFile : path.join(shipped.folder, 'model.onnx')
  return existsSync(file) ? graphIn(file) : null
}

const graphIn = (file: string): GraphProto => fromBinary(ModelProtoSchema, readFileSync(file)).graph!
