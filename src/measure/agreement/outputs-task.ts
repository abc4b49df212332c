// Predicts with every sample of the saved inputs and keeps what comes out, in the form in which inputs are kept. Runs in the trial's
// process.
import type { Results } from '../../engines/types.ts'
import { saveInputs } from '../inputs/saved.ts'
import { feedsOf, openSession } from '../open.ts'
import type { OutputsInput, OutputsOutput } from '../tasks.ts'
import { sameBits } from './numbers.ts'

/** `saved` can be read with `loadInputs`: one entry a sample, in the order of the inputs. */
export async function outputsTask(input: OutputsInput): Promise<OutputsOutput> {
  const samples = feedsOf(input)
  const session = await openSession(input)
  const results: Results[] = []
  for (const feeds of samples) results.push(await session.run(feeds))
  const again = samples[0] === undefined ? {} : await session.run(samples[0])
  const saved = saveInputs(input.outputFolder, results)
  await session.close()
  return { saved, varying: Object.keys(again).filter((name) => !sameBits(again[name]!, results[0]![name]!)) }
}
