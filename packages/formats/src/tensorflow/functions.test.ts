import { cast } from '@whyslow/graph/builder/broadcast.ts'
import { evaluate, expectClose, floats } from '@whyslow/graph/support/builder/check-build.ts'
import { expect, test } from 'vitest'
import { BINARY_FUNCTIONS, UNARY_FUNCTIONS } from './functions.ts'

// Numbers of TensorFlow 2.21: tf.math.floormod, tf.raw_ops.MulNoNan, tf.round.
test('the remainder is exact if the quotient has more digits than a float, and has the sign of the divisor', async () => {
  const [a, b] = [floats([6], [1e7 + 0.5, -7.5, 5.1, -0.3, 6, -7]), floats([6], [0.3, 2, -0.1, 0.1, -3, 3])]
  const [mod] = await evaluate([a, b], (builder, [x, y]) => [BINARY_FUNCTIONS.FloorMod!(builder, x!, y!)])
  expectClose(mod!, [0.0026357173919677734, 0.5, -1.7136335372924805e-7, 0.09999999403953552, 0, 2])
})

test('a product with 0 is 0 even of what is no number', async () => {
  const inputs = [floats([3], [Number.POSITIVE_INFINITY, Number.NaN, 2]), floats([3], [0, 0, 3])]
  const [product] = await evaluate(inputs, (builder, [x, y]) => [BINARY_FUNCTIONS.MulNoNan!(builder, x!, y!)])
  expectClose(product!, [0, 0, 6])
})

test('whole numbers are round, and stay whole', async () => {
  const types: string[] = []
  const [round] = await evaluate([floats([2], [3, -4])], (builder, [x]) => {
    const value = UNARY_FUNCTIONS.Round!(builder, cast(builder, x!, 'int32'))
    types.push(value.dtype)
    return [value]
  })
  expect(types).toEqual(['int32'])
  expectClose(round!, [3, -4])
})
