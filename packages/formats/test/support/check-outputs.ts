// Fixtures by the real makers (scripts in fixtures/make/): model files, and the maker's own outputs for recorded inputs.
import path from 'node:path'
import type { Model } from '@whyslow/graph/model.ts'
import { EXACT_SUMS } from '@whyslow/measure/engines/onnxruntime/int8/exact-sums.ts'
import type { NamedTensors } from '@whyslow/measure/samples/records.ts'
import { runModel } from '@whyslow/measure/support/engines/example-run.ts'
import { namedArrays, recordedOf } from '@whyslow/measure/support/samples/example-outputs.ts'
import { describe, expect, test } from 'vitest'
import { fullOrEvery } from '../../../../test/only-full.ts'

export { filesWithOutputs } from '@whyslow/measure/support/samples/example-outputs.ts'

export interface OutputCase {
  /** Path of the model file. */
  readonly file: string
  /** Largest difference allowed, as a share of the largest value of the output. */
  readonly tolerance: number
}

/** The largest difference to the maker's outputs, as a share of the largest value of its output. Throws if shapes or types differ. */
export async function differenceToMaker(model: Model, file: string): Promise<number> {
  return Math.max(...(await differencesToMaker(model, file)).values())
}

/** The same for each output. */
export const differencesToMaker = (model: Model, file: string): Promise<Map<string, number>> =>
  differencesTo(model, recordedOf(file)!)

/** The differences to `recorded`: arrays in/<graph input> and out/<graph output>. */
export async function differencesTo(model: Model, recorded: NamedTensors): Promise<Map<string, number>> {
  const [results] = await runModel(model, [namedArrays(recorded, 'in/')], { configEntries: EXACT_SUMS })
  const expected = namedArrays(recorded, 'out/')
  expect(Object.keys(results!).sort()).toEqual(Object.keys(expected).sort())
  const differences = new Map<string, number>()
  for (const [name, { dtype, shape, data }] of Object.entries(expected)) {
    const { dtype: dtypeRun, shape: shapeRun, data: dataRun } = results![name]!
    expect({ name, dtype: dtypeRun, shape: shapeRun }).toEqual({ name, dtype, shape })
    differences.set(name, relativeDifference(data as unknown as ArrayLike<number>, dataRun as unknown as ArrayLike<number>))
  }
  return differences
}

export function checkOutputs(title: string, read: (file: string) => Promise<Model>, cases: readonly OutputCase[]): void {
  describe(`${title}: outputs are the maker's`, () => {
    test('there are fixtures', () => expect(cases.length).toBeGreaterThan(0))
    test.each(fullOrEvery(3, cases).map((one) => ({ ...one, name: path.basename(one.file) })))(
      '$name',
      async ({ file, tolerance }) => {
        expect(await differenceToMaker(await read(file), file)).toBeLessThanOrEqual(tolerance)
      },
    )
  })
}

/** Strings and equal values (infinities, NaN at the same place) do not differ; what is NaN on one side alone differs without end. */
function relativeDifference(expected: ArrayLike<number>, given: ArrayLike<number>): number {
  let [largest, worst] = [0, 0]
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [expected[i]!, given[i]!]
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) largest = Math.max(largest, Number.isFinite(a) ? Math.abs(Number(a)) : 0)
    else {
      const difference = Math.abs(Number(a) - Number(b))
      worst = Math.max(worst, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference)
      largest = Math.max(largest, Math.abs(Number(a)))
    }
  }
  return worst === 0 ? 0 : worst / largest
}
