// `fix` on a generator with times that a test writes down: what was measured of the original, and processes whose tokens take what is scripted.
import path from 'node:path'
import type { RunTrial, Trial, TrialRunner } from '@whyslow/measure/trials/port.ts'
import type { GenerationDocument } from '@whyslow/report/documents/generation.ts'
import { exampleGeneration } from '@whyslow/report/support/documents/example-generation.ts'
import { timesTask } from '../../src/prove/bench.ts'
import type { GeneratorSetup } from '../../src/prove/setup.ts'
import type { ProcessTimes } from '../../src/prove/times.ts'

/** Half of it are prompts of a proof, half of it their answers: enough for either, and few tokens to compute. */
const CONTEXT = 24

/** What was measured of the original, in place of a measurement. */
export const measuredAs =
  (setup: Partial<GenerationDocument['setup']> = {}) =>
  async (source: string): Promise<GenerationDocument> => ({
    ...exampleGeneration,
    model: { ...exampleGeneration.model, name: path.basename(source), vocabulary: 64, context: CONTEXT },
    engine: { ...exampleGeneration.engine, id: 'ort-cpu' },
    setup: { ...exampleGeneration.setup, ...setup },
  })

/** Runs tasks in this process, but for times, which are scripted: ms a token. */
export function scriptedTimes(perTokenMs: (setup: GeneratorSetup) => number): TrialRunner {
  let calls = 0
  const run: RunTrial = async (task, input) => {
    if (task.id === timesTask.id) {
      const noise = 1 + 0.01 * (calls++ % 3)
      const token = noise * perTokenMs((input as unknown as { setup: GeneratorSetup }).setup)
      const times: ProcessTimes = { openMs: 1, coldFirstMs: 50, firstMs: 40 * noise, perTokenMs: token }
      return { outcome: 'measured', value: times } as Trial<never>
    }
    try {
      return { outcome: 'measured', value: await task.run(input) }
    } catch (error) {
      return { outcome: 'failed', reason: (error as Error).message }
    }
  }
  return { run, alone: (work) => work() }
}
