// A gap that is planted: nearly all of a call is what stands around predict. The ladder names that rung, and nothing else costs as much.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { GapDocument } from '../../src/report/documents/gap.ts'
import { folders, onlyFull, whyslow } from './command.ts'

const where = folders()
afterAll(() => where.remove())

const python = process.env.WHYSLOW_TEST_PYTHON ?? 'python3'
const hasPython = spawnSync(python, ['-c', 'pass']).status === 0

const PROGRAMS = {
  'app.mjs': `
const work = (turns) => { let sum = 0; for (let i = 0; i < turns; i++) sum += Math.sqrt(i ^ sum); return sum }
export const samples = () => [1, 2, 3]
export const preprocess = (x) => [x, work(3_000_000)]
export const predict = ([x, sum]) => x + sum + work(100_000)
`,
  'typed.ts': `
enum Turns { many = 3_000_000, few = 100_000 }
const work = (turns: Turns): number => { let sum = 0; for (let i = 0; i < turns; i++) sum += Math.sqrt(i ^ sum); return sum }
export const samples = (): number[] => [1, 2, 3]
export const preprocess = (x: number): readonly [number, number] => [x, work(Turns.many)]
export const predict = ([x, sum]: readonly [number, number]): number => x + sum + work(Turns.few)
`,
  'app.py': `
def work(turns):
    total = 0
    for i in range(turns):
        total += i & 7
    return total
def samples():
    return [1, 2, 3]
def preprocess(x):
    return (x, work(300_000))
def predict(x):
    return x[0] + x[1] + work(10_000)
`,
} as const

test.for(Object.entries(PROGRAMS))('the planted gap of %s', async ([name, text], context) => {
  if (name.endsWith('.py') && !hasPython) context.skip('no Python')
  onlyFull(context, 'six rungs in three processes')
  const file = join(where.data, name)
  writeFileSync(file, text)
  const ended = await whyslow(
    where,
    'pipeline',
    file,
    '--explain-gap',
    '--quick',
    '--python',
    python,
    '--no-progress',
    '--json',
    '-',
  )
  expect(ended.status, ended.stderr).toBe(0)
  const { rungs } = JSON.parse(ended.stdout) as GapDocument
  const alone = rungs.find(({ id }) => id === 'predict-alone')!
  expect(alone).toMatchObject({ matters: true })
  const others = rungs.filter(({ id }) => id !== 'predict-alone').map(({ savedMs }) => savedMs ?? 0)
  expect(alone.savedMs).toBeGreaterThan(Math.max(...others))
})
