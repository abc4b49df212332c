import path from 'node:path'
import { expect, test } from 'vitest'
import { shapesOfSize } from './sizes.ts'

const fixture = (name: string) => path.join(import.meta.dirname, '../../../fixtures/models', name)
const untold = { shapes: new Map<string, number[]>(), values: new Map<string, string>(), batch: null }
const size = { height: 64, width: 96 }

test('height and width of an image that leaves them open, the rest as it is or as it was told', async () => {
  const shapes = await shapesOfSize(fixture('symbolic-image.onnx'), size, untold)
  const [[name, shape]] = [...shapes!] as [[string, readonly number[]]]
  expect(shape).toEqual([1, 3, 64, 96])
  const four = await shapesOfSize(fixture('symbolic-image.onnx'), size, { ...untold, batch: 4 })
  expect(four!.get(name)).toEqual([4, 3, 64, 96])
})

test('a model that leaves nothing open but the batch has none, and none has an input whose shape was told', async () => {
  expect(await shapesOfSize(fixture('symbolic-batch.onnx'), size, untold)).toBeNull()
  const [[name]] = [...(await shapesOfSize(fixture('symbolic-image.onnx'), size, untold))!] as [[string, unknown]]
  const told = { ...untold, shapes: new Map([[name, [1, 3, 32, 32]]]) }
  expect(await shapesOfSize(fixture('symbolic-image.onnx'), size, told)).toBeNull()
})
