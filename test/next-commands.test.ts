// What a finding says to type next: `fix`, where a remedy treats its rule. Rules know no remedies, so that this is held here.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { modelRules } from '@whyslow/model/diagnose/rules/index.ts'
import { remedies } from '@whyslow/model/remedies/index.ts'
import { expect, test } from 'vitest'
import { ROOT } from './root.ts'

/** Rules that a remedy treats, and whose finding still has a better command, or none. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'graph-optimization-off': '`fix` starts from the level asked for, and with none given that is all of it',
  'idle-int8-units': '`quantize` is for that alone, and wants samples',
  'large-input-resolution': 'what a smaller picture loses has to be seen on real data first',
  'unfused-quantization': '`fix` repairs the model alone, in a file',
  'engine-choice': 'a comparison names engines that `fix` does not ship, and the finding leads to the one that it names',
  'noisy-machine': 'a busy machine is no place to search',
}

const treated = new Set(remedies.flatMap(({ treats }) => treats))
const suggestsFix = (id: string) =>
  readFileSync(join(ROOT, `packages/model/src/diagnose/rules/${id}.ts`), 'utf8').includes('fixModel(')

test('a finding that a remedy treats leads to fix, and no other does', () => {
  const expected = modelRules.map(({ id }) => id).filter((id) => treated.has(id) && OTHERWISE[id] === undefined)
  expect(modelRules.map(({ id }) => id).filter(suggestsFix)).toEqual(expected)
})

test('exceptions are rules that a remedy treats', () => {
  expect(Object.keys(OTHERWISE).filter((id) => !treated.has(id))).toEqual([])
})
