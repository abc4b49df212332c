// What a user types first, for real: once with the tests, and in CI with each version of Node that is supported.
import { execFileSync } from 'node:child_process'
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { ComparisonDocument } from '@whyslow/report/documents/comparison.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { expect, test } from 'vitest'
import { ROOT } from '../root.ts'
import { startServe } from '../support/serve.ts'
import { fixture, onlyFull, ownFolders, whyslow } from './command.ts'

const MODEL = fixture('credit_mlp')

test.concurrent('two models are measured in turns and compared', async (context) => {
  const where = ownFolders(context)
  const few = ['--quick', '--runs', '1', '--duration', '0.1']
  const compared = await whyslow(where, 'compare', MODEL, fixture('symbolic-batch'), ...few, '--no-progress', '--json', '-')
  expect(compared.status, compared.stderr).toBe(0)
  const { answer, contestants } = JSON.parse(compared.stdout) as ComparisonDocument
  expect(answer).not.toBe('')
  expect(contestants.map(({ p50Ms }) => p50Ms! > 0)).toEqual([true, true])
})

test.concurrent('a model is measured and explained', async (context) => {
  onlyFull(context, 'measures for six seconds')
  const where = ownFolders(context)
  const measured = await whyslow(where, MODEL, '--quick', '--duration', '0.3', '--no-progress', '--json', '-')
  expect(measured.status, measured.stderr).toBe(0)
  const report = JSON.parse(measured.stdout) as ReportDocument
  expect(report.latency!.p50Ms).toBeGreaterThan(0)
  expect(report.answer).not.toBe('')
})

test.concurrent('the search for a cure ends in a folder that predicts, also as a server', async (context) => {
  onlyFull(context, 'a search, and a server')
  const where = ownFolders(context)
  // Whether the setting helps is for the machine to say: the folder is written, and predicts, in any case.
  const out = join(where.root, 'fast')
  const fixed = await whyslow(where, 'fix', MODEL, '-o', out, '--only', 'memory-arena', '--budget', '1s', '--no-progress')
  expect(fixed.status, fixed.stderr).toBe(0)
  expect(existsSync(join(out, 'predict.mjs'))).toBe(true)
  symlinkSync(join(ROOT, 'node_modules'), join(where.root, 'node_modules'), 'junction')
  const script = `import { load } from ${JSON.stringify(join(out, 'predict.mjs'))}
const model = await load()
const results = await model.predict({ X: { type: 'float32', data: new Float32Array(23), dims: [1, 23] } })
console.log(JSON.stringify(Object.values(results).map(({ dims }) => [...dims])))
await model.close()`
  const shapes = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', cwd: where.root })
  expect(JSON.parse(shapes)).toEqual([[1, 1]])

  const { address, end } = await startServe(where, out, '--name', 'm')
  const body = { inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 23], data: new Array(23).fill(0) }] }
  const response = await fetch(`${address}/v2/models/m/infer`, { method: 'POST', body: JSON.stringify(body) })
  expect(((await response.json()) as { outputs: { shape: number[] }[] }).outputs.map(({ shape }) => shape)).toEqual([[1, 1]])
  expect(await end()).toBe(0)
})
