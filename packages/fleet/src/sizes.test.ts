import path from 'node:path'
import { expect, test } from 'vitest'
import { shapesOfSizes } from './sizes.ts'

const fixture = (name: string) => path.join(import.meta.dirname, '../../../fixtures/models', name)
const untold = { shapes: new Map<string, number[]>(), values: new Map<string, string>(), batch: null as number | null }
const size = { height: 64, width: 96 }

const shapesOf = async (name: string, told: Partial<typeof untold> = {}) => {
  const shapes = await shapesOfSizes(fixture(name), [size], { ...untold, ...told })
  return shapes[0] ?? null
}

test('height and width of an image that leaves them open, the rest as it is or as it was told', async () => {
  const [[name, shape]] = [...(await shapesOf('symbolic-image.onnx'))!] as [[string, readonly number[]]]
  expect(shape).toEqual([1, 3, 64, 96])
  expect((await shapesOf('symbolic-image.onnx', { batch: 4 }))!.get(name)).toEqual([4, 3, 64, 96])
})

test('a sequence has a length, and no height and width', async () => {
  const square = { height: 24, width: 24 }
  const [length, none] = await shapesOfSizes(fixture('transformer-block.onnx'), [square, size], untold)
  expect([...length!.values()].every((shape) => shape.includes(24))).toBe(true)
  expect(none).toBeNull()
})

test('a model that leaves nothing open but the batch has none, and none has an input whose shape was told', async () => {
  expect(await shapesOf('symbolic-batch.onnx')).toBeNull()
  const [[name]] = [...(await shapesOf('symbolic-image.onnx'))!] as [[string, unknown]]
  expect(await shapesOf('symbolic-image.onnx', { shapes: new Map([[name, [1, 3, 32, 32]]]) })).toBeNull()
})
