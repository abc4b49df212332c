import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderOfTests } from '../../test/support/trials/example-folder.ts'
import { parsePictures, pictureNumbers } from './picture-numbers.ts'

const folder = folderOfTests()

test.each([
  ['imagenet', { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], bgr: false }],
  // Means of bytes: bytes stay bytes.
  ['bgr,mean=104/117/123', { scale: 1, mean: [104, 117, 123], std: [1], bgr: true }],
  ['scale=1', { scale: 1, mean: [0], std: [1], bgr: false }],
  ['mean=0.5,std=0.5', { scale: 1 / 255, mean: [0.5], std: [0.5], bgr: false }],
])('%s', (text, numbers) => {
  expect(parsePictures(text)).toEqual({ ...numbers, from: '--image-preprocessing' })
})

test.each(['', 'rgb', 'mean=', 'mean=a/b', 'scale=1/2', 'std=0', 'mean'])('%j is refused with what can be given', (text) => {
  expect(() => parsePictures(text)).toThrow(/^--image-preprocessing .*; give some of scale=N, mean=N\/N\/N/)
})

function modelIn(name: string, config: string, below = ''): string {
  const place = join(folder, name)
  mkdirSync(join(place, below), { recursive: true })
  writeFileSync(join(place, 'preprocessor_config.json'), config)
  return join(place, below, 'model.onnx')
}

test('what lies beside the model, or above its folder, is taken where nothing is said', () => {
  const config = { do_rescale: true, rescale_factor: 0.5, do_normalize: true, image_mean: [1, 2, 3], image_std: 2 }
  const file = modelIn('hub', JSON.stringify({ ...config, do_flip_channel_order: true }), 'onnx')
  const from = 'preprocessor_config.json'
  expect(pictureNumbers(file, null)()).toEqual({ scale: 0.5, mean: [1, 2, 3], std: [2], bgr: true, from })
  expect(pictureNumbers(file, 'bgr')()).toMatchObject({ mean: [0], from: '--image-preprocessing' })
  const plain = modelIn('plain', JSON.stringify({ do_rescale: false, do_normalize: false, image_mean: [9] }))
  expect(pictureNumbers(plain, null)()).toEqual({ scale: 1, mean: [0], std: [1], bgr: false, from })
  expect(pictureNumbers(join(folder, 'none/model.onnx'), null)()).toBeNull()
})

test.each(['{"image_mean": "x"}', '{"image_mean": [1], "image_std": [0]}', 'no JSON'])(
  'a file that says no numbers (%s) is an error that says what to do, once it is asked',
  (config) => {
    const numbers = pictureNumbers(modelIn('odd', config), null)
    expect(() => numbers()).toThrow(/preprocessor_config\.json: cannot be read .* --image-preprocessing/)
    expect(() => pictureNumbers(modelIn('odd', config), 'rgb')).toThrow(/^--image-preprocessing rgb/)
  },
)

test('a file that says nothing of pixels, and what is no file, are passed over', () => {
  expect(pictureNumbers(modelIn('sound', '{"sampling_rate": 16000, "do_normalize_sound": true}'), null)()).toBeNull()
  const model = modelIn('nested', JSON.stringify({ do_rescale: false }), 'onnx')
  mkdirSync(join(folder, 'nested/onnx/preprocessor_config.json'))
  expect(pictureNumbers(model, null)()).toMatchObject({ scale: 1 })
  expect(pictureNumbers(modelIn('large', `{"do_rescale": false}${' '.repeat(1e6)}`), null)).toThrow(/cannot be read/)
})

test('a mean that is null is none', () => {
  const file = modelIn('null', '{"do_normalize": true, "image_mean": null, "image_std": null}')
  expect(pictureNumbers(file, null)()).toMatchObject({ scale: 1 / 255, mean: [0], std: [1] })
})
