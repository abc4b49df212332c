// Predicts with every sample of the saved inputs and keeps what comes out, in the form in which inputs are kept. Runs in the trial's
// process.
import type { Feeds, Results, Session } from '../engines/types.ts'
import { loadInputs, saveInputs } from '../samples/saved.ts'
import { openerOf } from '../trials/engine-of.ts'
import type { ModelTask } from '../trials/model-task.ts'
import { defineTask } from '../trials/port.ts'
import { compareOutputs } from './compare.ts'
import { verdict } from './verdict.ts'

export interface OutputsInput extends ModelTask {
  /** A folder of the caller's, made if it is absent. */
  readonly outputFolder: string
  /** No further sample is begun after this long, ms. Absent: all are. */
  readonly inMs?: number
}

export interface OutputsOutput {
  /** Path of the index of what came out, to be read as saved inputs are (samples/saved.ts). */
  readonly saved: string
  /** Outputs that differ by more than rounding between two predictions with the same feeds: the model draws random numbers, or keeps a state. */
  readonly varying: readonly string[]
}

/** `saved` can be read with `loadInputs`: one entry a sample, in the order of the inputs. */
async function predictAll(input: OutputsInput): Promise<OutputsOutput> {
  const samples = loadInputs(input.inputs)
  const session = await openerOf(input).open(input.modelFile, input.options)
  const kept = await keepOutputs(session, samples, input.outputFolder, input)
  await session.close()
  return kept
}

/** `inMs`: after this long no further sample is begun, the first one aside. `again`: looks whether outputs vary from one prediction to the next. */
export async function keepOutputs(
  session: Session,
  samples: readonly Feeds[],
  folder: string,
  { inMs = Number.POSITIVE_INFINITY, again = true }: { readonly inMs?: number; readonly again?: boolean } = {},
): Promise<OutputsOutput> {
  const start = performance.now()
  const results: Results[] = []
  for (const feeds of samples) {
    if (results.length > 0 && performance.now() - start > inMs) break
    results.push(await session.run(feeds))
  }
  const second = again && samples[0] !== undefined ? await session.run(samples[0]) : {}
  return {
    saved: saveInputs(folder, results),
    varying: Object.keys(second).filter((name) => !isRepeated(name, results[0]!, second)),
  }
}

/** Threads that add in another order each time move the last digits, which a comparison allows for. */
const isRepeated = (name: string, first: Results, second: Results): boolean =>
  verdict(compareOutputs([first], [second], { outputs: [name] }), 'rounding', null).ok

export const outputsTask = defineTask('outputs', import.meta.url, predictAll)
