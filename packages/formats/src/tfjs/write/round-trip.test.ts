// What is written is read back by the reader of TensorFlow.js models, and predicts as the model that it was written of. TensorFlow.js itself
// runs it in engines/tfjs/written-models.test.ts.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fullOrEvery } from '../../../../../test/only-full.ts'
import { differenceToMaker } from '../../../test/support/check-outputs.ts'
import { readModel } from '../../index.ts'
import { liteGraphOf } from '../../tflite/write/lite-model.ts'
import { encodeTfjs, TFJS } from './index.ts'

const KERAS = path.resolve(import.meta.dirname, '../../../../../fixtures/formats/keras')
const FILES = [
  'k1-recurrent.h5',
  'k2-conv.h5',
  'k2-conv1d.keras',
  'k2-conv-lstm.keras',
  'k2-images.keras',
  'k2-masked.keras',
  'k2-merging.keras',
  'k2-recurrent-states.keras',
  'k2-sequential.h5',
  'k2-wrappers.h5',
  'k3-activations.keras',
  'k3-attention-masked.keras',
  'k3-bidirectional.keras',
  'k3-channels-first.keras',
  'k3-conv2d-transpose.keras',
  'k3-conv2d.keras',
  'k3-dense.keras',
  'k3-masked.keras',
  'k3-nested-outputs.keras',
  'k3-normalization.keras',
  'k3-pooling.keras',
  'k3-pooling1d.keras',
  'k3-pooling3d.keras',
  'k3-recurrent.keras',
  'k3-reshaping.keras',
  'k3-resizing.keras',
  'k3-time-distributed-open.keras',
  'k3-transformer.keras',
  'k3-up-sampling.keras',
]
const TOLERANCE = 1e-5
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-tfjs-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

test.each(fullOrEvery(3, FILES))('%s, written and read back, has the outputs of its maker', async (name) => {
  const file = path.join(KERAS, name)
  const own = path.join(folder, name)
  fs.mkdirSync(own)
  for (const one of encodeTfjs(liteGraphOf(await readModel(file), TFJS), file).files)
    fs.writeFileSync(path.join(own, one.name), one.bytes)
  expect(await differenceToMaker(await readModel(path.join(own, 'model.json')), file)).toBeLessThanOrEqual(TOLERANCE)
})
