import path from 'node:path'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { expect, test } from 'vitest'
import { FIXTURES, installIn, planFor, runIn, scratch } from '../../test/support/ship/example-plan.ts'
import { readmeText } from './readme.ts'
import { shipFolder } from './ship-folder.ts'

const file = path.join(FIXTURES, 'credit_mlp.onnx')

test('says what it is, what was measured, and what the worker costs', async () => {
  const text = readmeText(await planFor(file, 'fast'))
  expect(text).toMatch(/^# credit_mlp\.onnx, faster\n/)
  expect(text).toContain('by thread-count. Measured on Example CPU:')
  expect(text).toContain('**41.3 ms to 20.5 ms per prediction**, 1.90 to 2.10 times as fast, outputs the same.')
  expect(text).toContain('- One thread instead of two')
  expect(text).toContain('That adds 50 µs to a prediction.')
  expect(text).toContain("outputs = model.predict({\n    'X': np.zeros((1, 23), np.float32),\n})\nprint(outputs['prob1'].shape)")
  expect(text).toContain('ORT_DISABLE_TELEMETRY=1')
  expect(text).not.toMatch(/undefined|null|NaN|Bound to|raw bytes|overwrite|\n\n\n/)
  expect(text.split('\n').length).toBeLessThan(70)
})

test('says what is unusual', async () => {
  const plan = await planFor(file, 'fast')
  const agreement = { maxAbs: 1.23456e-5, cosine: 1, sqnrDb: 90, equal: true, top1: 1, metric: null }
  const text = readmeText({
    ...plan,
    setup: { ...plan.setup, batchFactor: 8, machineBound: true, options: { ...plainOptions, reuseOutputs: true } },
    results: { ...plan.results, per: 'per sample', agreement },
    workerCostMs: null,
    preprocessing: { input: 'pixels', steps: ['scales by 1/255', 'NHWC to NCHW <b>'] },
  })
  expect(text).toContain(
    '20.5 ms per sample**, 1.90 to 2.10 times as fast, outputs differ by at most 0.0000123. Samples in a prediction: 8 times',
  )
  expect(text).toMatch(/Bound to this kind of machine.*Example CPU with avx2, fma/)
  expect(text).toContain('The input `pixels` takes raw bytes.')
  expect(text).toContain('2. NHWC to NCHW \\<b\\>')
  expect(text).toContain('The next prediction may overwrite the results')
  expect(text).toContain('What that costs was not measured.')
})

test.each([
  [null, 'outputs not compared'],
  [
    { maxAbs: 0.5, cosine: 0.99, sqnrDb: 20, equal: false, top1: 0.985, metric: null },
    'differ by at most 0.5, same class in 98.5 % of the inputs',
  ],
  [
    { maxAbs: 0.5, cosine: 0.99, sqnrDb: 20, equal: false, top1: 1, metric: null, loss: { rows: 8, largest: 0.3123 } },
    'same class in 100 % of the inputs (of 8 rows: with 95 % confidence in 68.8 % of such inputs at least)',
  ],
  [
    { maxAbs: 0.5, cosine: 0.99, sqnrDb: 20, equal: false, top1: 1, metric: { name: 'accuracy', before: 0.912, after: 0.908 } },
    'accuracy 0.912 before and 0.908 after',
  ],
])('agreement %#', async (agreement, said) => {
  const plan = await planFor(file, 'fast')
  expect(readmeText({ ...plan, results: { ...plan.results, agreement } })).toContain(said)
})

test('where nothing helped, it says so', async () => {
  const text = readmeText(await planFor(file, 'fast', { remedies: [], changes: [] }))
  expect(text).toMatch(/^# credit_mlp\.onnx\n\nNothing that was tried makes .* faster on Example CPU: this is the original model/)
  expect(text).not.toContain('What was changed')
})

test.each(['credit_mlp', 'credit_rf10_zipmap', 'symbolic-image', 'initializers-as-inputs', 'if-subgraph'])(
  '%s: the example of the page runs',
  async (name) => {
    const out = path.join(scratch(), 'fast')
    const plan = await planFor(path.join(FIXTURES, `${name}.onnx`), out)
    await shipFolder(plan)
    installIn(out)
    const code = /```js\n([\s\S]+?)```/.exec(readmeText(plan))![1]!
    expect(runIn(out, `${code.replace('console.log(', 'print(typeof ')}`)).toBe('object')
  },
)
