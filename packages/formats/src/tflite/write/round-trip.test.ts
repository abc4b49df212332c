// What is written is read back by the reader of TFLite files, and predicts as the model that it was written of.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fullOrEvery } from '../../../../../test/only-full.ts'
import { differenceToMaker } from '../../../test/support/check-outputs.ts'
import { readModel } from '../../index.ts'
import { encodeLite } from './index.ts'
import { liteGraphOf } from './lite-model.ts'

const KERAS = path.resolve(import.meta.dirname, '../../../../../fixtures/formats/keras')
const FILES = [
  'k1-recurrent.h5',
  'k2-conv.h5',
  'k2-conv1d.keras',
  'k2-images.keras',
  'k2-conv-lstm.keras',
  'k2-merging.keras',
  'k2-recurrent.keras',
  'k2-recurrent-states.keras',
  'k2-wrappers.h5',
  'k3-batch-norm-rank2.keras',
  'k3-channels-first.keras',
  'k3-conv1d.keras',
  'k3-conv2d-transpose.keras',
  'k3-conv2d.keras',
  'k3-dense.keras',
  'k3-dot-ranks.keras',
  'k3-masking.keras',
  'k3-merging.keras',
  'k3-nested-outputs.keras',
  'k3-normalization.keras',
  'k3-pooling.keras',
  'k3-pooling1d.keras',
  'k3-pooling3d.keras',
  'k3-recurrent.keras',
  'k3-recurrent-cells.keras',
  'k3-reshaping.keras',
  'k3-resizing.keras',
  'k3-transformer.keras',
  'k3-time-distributed-open.keras',
  'k3-up-sampling.keras',
]
const TOLERANCE = 1e-5
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-lite-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

test.each(fullOrEvery(3, FILES))('%s, written and read back, has the outputs of its maker', async (name) => {
  const file = path.join(KERAS, name)
  const written = path.join(folder, `${name}.tflite`)
  fs.writeFileSync(written, encodeLite(liteGraphOf(await readModel(file)), file))
  expect(await differenceToMaker(await readModel(written), file)).toBeLessThanOrEqual(TOLERANCE)
})
