// The examples about user code run, and both ways of each give the same. How much faster one is stands on their pages, from a quiet machine.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { AbDocument } from '../../src/report/documents/ab.ts'
import { ROOT } from '../sources.ts'
import { folders, onlyFull, whyslow } from './command.ts'

const where = folders()
afterAll(() => where.remove())

/** .ci/run names one that has them. */
const python = process.env.WHYSLOW_TEST_PYTHON ?? 'python3'
const has = (packages: string): boolean => spawnSync(python, ['-c', `import ${packages}`]).status === 0

async function compared(before: string, after: string): Promise<AbDocument> {
  const files = [before, after].map((name) => join(ROOT, 'examples', name))
  const ended = await whyslow(where, 'ab', ...files, '--quick', '--python', python, '--json', '-')
  expect(ended.status, ended.stderr).toBe(0)
  return JSON.parse(ended.stdout) as AbDocument
}

test('element-wise-product in JavaScript', async (context) => {
  onlyFull(context, 'a million numbers, in pairs of processes')
  const document = await compared('element-wise-product/loop.mjs', 'element-wise-product/typed.mjs')
  expect(document.outputs).toMatchObject({ agreement: 'identical', numbers: 1_000_000 })
  expect(document.ratio).toBeLessThan(1)
})

describe.skipIf(!has('numpy'))('with NumPy (left out without it)', () => {
  test('element-wise-product in Python', async () => {
    const document = await compared('element-wise-product/loop.py', 'element-wise-product/vectorized.py')
    expect(document.outputs).toMatchObject({ agreement: 'identical', numbers: 1_000_000 })
    expect(document.ratio).toBeLessThan(1)
  })

  test('the tutorial runs as it stands', () => {
    const { status, stdout } = spawnSync(python, [join(ROOT, 'examples/element-wise-product/tutorial.py')], { encoding: 'utf8' })
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^loop: .* ms\nvectorized: .* ms\n$/)])
  })
})

describe.skipIf(!has('numpy, pandas'))('with NumPy and pandas (left out without them)', () => {
  test('fraud-service', async () => {
    const document = await compared('fraud-service/before.py', 'fraud-service/after.py')
    expect(document.outputs).toMatchObject({ agreement: 'close', samples: 32, numbers: 32 })
    expect(document.ratio).toBeLessThan(1)
  })
})
