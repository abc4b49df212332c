// Damaged tabular models: whatever numbers stand in a file, reading gives a model or an InputError, never another error and never no end.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { evaluateRow } from '@whyslow/graph/forest/evaluate.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { tabularOf } from '@whyslow/graph/model.ts'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { fullOr } from '../../../test/only-full.ts'
import { readModel } from './index.ts'

const SEED = 20240607
const RUNS = fullOr(40, 15)

const FOLDER = path.resolve(import.meta.dirname, '../../../fixtures/formats')
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-fuzz-'))
afterAll(() => fs.rmSync(scratch, { recursive: true }))

/** Numbers that lead outside, claim too much, or are none. */
const HOSTILE = [
  '-1',
  '0',
  '1000000000',
  '4294967296',
  '-2147483648',
  '2147483647',
  '1e400',
  'NaN',
  'Infinity',
  'null',
  '""',
  '[]',
]

const NUMBER = /-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/gi

test.each([
  'xgboost/3.2-categories-one-hot.json',
  'xgboost/3.2-leaf-vectors.json',
  'lightgbm/4.7-categories.txt',
  'lightgbm/4.7-linear-trees.txt',
  'catboost/lossguide.json',
])('%s with numbers changed', async (file) => {
  const text = fs.readFileSync(path.join(FOLDER, file), 'latin1')
  const places = [...text.matchAll(NUMBER)].map((match) => ({ at: match.index, length: match[0].length }))
  const changes = fc.array(fc.tuple(fc.nat(places.length - 1), fc.constantFrom(...HOSTILE)), { minLength: 1, maxLength: 3 })
  const damaged = path.join(scratch, path.basename(file))
  await fc.assert(
    fc.asyncProperty(changes, async (chosen) => {
      // From the end, so that places before stay where they are.
      const ordered = [...chosen].sort(([a], [b]) => b - a)
      const changed = ordered.reduce((whole, [k, word]) => {
        const { at, length } = places[k]!
        return whole.slice(0, at) + word + whole.slice(at + length)
      }, text)
      fs.writeFileSync(damaged, changed, 'latin1')
      await used(damaged)
    }),
    { seed: SEED, numRuns: RUNS },
  )
})

/** Reads it and predicts a row. */
async function used(file: string): Promise<void> {
  try {
    const tabular = tabularOf(await readModel(file))
    if (tabular !== undefined) evaluateRow(tabular, new Float64Array(Math.min(tabular.input.featureCount, 1000)))
  } catch (error) {
    expect(error).toBeInstanceOf(InputError)
    expect((error as Error).message).not.toMatch(/\n/)
  }
}
