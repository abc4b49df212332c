import { join } from 'node:path'
import { compilableOf } from '@whyslow/compile/read/index.ts'
import { readModel } from '@whyslow/formats/index.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect, test } from 'vitest'
import { firstTreesOf } from './first-trees.ts'

const model = await readModel(join(import.meta.dirname, '../../../../fixtures/models/credit_xgb.onnx'))
const found = compilableOf(model)
if (!found.ok) throw new Error(found.reason)
const { model: tabular, inputs: asked } = found.compilable
const { featureCount } = tabular.input

/** 120 rows, in samples of so many; labels 0 and 1 in turn. */
function given(batch: number, labelOf: (row: number) => number = (row) => row % 2) {
  const samples = Array.from({ length: 120 / batch }, (_, s) => {
    const data = Float32Array.from(
      { length: batch * featureCount },
      (_, k) => ((s * batch + Math.floor(k / featureCount)) * 7 + (k % featureCount)) % 11,
    )
    return { [asked[0]!.name]: { dtype: 'float32' as const, shape: [batch, featureCount], data } }
  })
  const labels = samples.map((_, s) => ({
    ...{ dtype: 'int64' as const, shape: [batch] },
    data: BigInt64Array.from({ length: batch }, (_, k) => BigInt(labelOf(s * batch + k))),
  }))
  return {
    inputs: { samples, labels, saved: '', resolved: [] },
    options: { data: null, labels: null, pictures: null, batch: null },
  }
}

const ask = ({ inputs, options }: ReturnType<typeof given>, changed = {}) =>
  firstTreesOf({ model, graph: viewGraph(model), inputs: { ...inputs, ...changed } as never, folder: '' }, options as never)

test('rows one by one and in batches say the same', () => {
  const one = ask(given(1))
  expect(one).toMatchObject({ firstTrees: { metric: 'AUC', rows: 120 } })
  expect(ask(given(40))).toEqual(one)
})

test('what is missing is said', () => {
  expect(ask(given(1), { labels: null })).toEqual({ absent: expect.stringMatching(/no labels/) })
  expect(ask(given(1, () => 1))).toEqual({ absent: expect.stringMatching(/all labels are the same/) })
})
