// What flows between the operators: the types of all values of the main graph, from one prediction.
import path from 'node:path'
import { isConstantNode } from '../../graph/constants.ts'
import type { Model } from '../../graph/model.ts'
import { type TypeAsRun, typesTask } from '../../measure/outputs/types-task.ts'
import { saveInputs } from '../../measure/samples/saved.ts'
import { reasonInWords } from '../../trials/port.ts'
import { withValuesAsOutputs } from '../calibrate/observers.ts'
import type { PrecisionBench } from './bench.ts'

/** Types of all values of the main graph. Throws where the engine does not give them. */
export async function typesAsRun(bench: PrecisionBench, model: Model): Promise<ReadonlyMap<string, TypeAsRun>> {
  const made = model.proto.graph!.node.filter((node) => !isConstantNode(node)).flatMap(({ output }) => output)
  const asked = withValuesAsOutputs(model, [...new Set(made.filter((name) => name !== ''))])
  const { file } = await bench.write(asked, path.join(bench.folder, bench.nextName('types')))
  const inputs = saveInputs(path.join(bench.folder, bench.nextName('sample')), bench.samples.slice(0, 1))
  const trial = await bench.run(
    typesTask,
    { engine: bench.engineId, options: bench.options, inputs, modelFiles: [file] },
    { timeMs: 60_000 + 100 * bench.p50Ms, memoryBytes: bench.limits.memoryBytes, signal: bench.limits.signal },
  )
  if (trial.outcome !== 'measured') throw new Error(`the types of the model's values could not be had: ${reasonInWords(trial)}`)
  return new Map(Object.entries(trial.value))
}
