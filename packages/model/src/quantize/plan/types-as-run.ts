// What flows between the operators: the types of all values of the main graph, from one prediction.
import path from 'node:path'
import { isConstantNode } from '@whyslow/graph/constants.ts'
import { withValuesAsOutputs } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { type TypeAsRun, typesTask } from '@whyslow/measure/outputs/types-task.ts'
import { saveInputs } from '@whyslow/measure/samples/saved.ts'
import { reasonInWords } from '@whyslow/measure/trials/port.ts'
import type { PrecisionBench } from './bench.ts'

type Bench = Pick<
  PrecisionBench,
  'run' | 'engineId' | 'options' | 'limits' | 'folder' | 'samples' | 'p50Ms' | 'write' | 'nextName'
>

/** Types of all values of the main graph, or of those asked for, inputs with them. Throws if the engine does not give them. */
export async function typesAsRun(
  bench: Bench,
  model: Model,
  only: ReadonlySet<string> | null = null,
): Promise<ReadonlyMap<string, TypeAsRun>> {
  const made = model.proto.graph!.node.filter((node) => !isConstantNode(node)).flatMap(({ output }) => output)
  const values = made.filter((name) => name !== '' && (only === null || only.has(name)))
  const asked = withValuesAsOutputs(model, [...new Set(values)])
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
