import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { evaluate, expectClose, floats, integers } from '@whyslow/graph/support/builder/check-build.ts'
import { expect, test } from 'vitest'
import type { OperatorCall } from '../operator.ts'
import { STRIDED_SLICE } from './strided-slice.ts'

test.each([
  ['where it begins', { begin: 2, stop: 3, step: 1, begin_mask: 0 }, [2, 3, 4]],
  ['the first, if the mask leaves out where it begins', { begin: 5, stop: 3, step: 1, begin_mask: 1 }, [0, 1, 2]],
  ['the last, backwards', { begin: 2, stop: -3, step: -1, begin_mask: 1 }, [7, 6, 5]],
])(
  'with an offset, the end is counted from %s: bounds told and computed',
  async (_, { begin, stop, step, begin_mask }, expected) => {
    const x = floats([8], [0, 1, 2, 3, 4, 5, 6, 7])
    const [told, computed] = await evaluate([x, integers([1], [begin]), integers([1], [stop])], (builder, values) => {
      const constant = (number: number) => ({ dtype: 'int64' as const, shape: [1], data: BigInt64Array.of(BigInt(number)) })
      const callWith = (...bounds: readonly (number | Value)[]) =>
        ({
          ...{
            builder,
            operator: 'STRIDED_SLICE',
            outputs: [{ dtype: 'float32', shape: [null] }],
            refusal: (why: string) => new Error(why),
          },
          row: { builtin_options: { member: 'StridedSliceOptions', fields: { begin_mask, offset: true } } },
          inputs: [values[0]!, ...bounds, step].map((one) =>
            typeof one === 'number'
              ? { dtype: 'int64', value: builder.constant(constant(one)), content: constant(one) }
              : { dtype: one.dtype, value: one },
          ),
        }) as unknown as OperatorCall
      return [callWith(begin, stop), callWith(values[1]!, values[2]!)].flatMap((call) => STRIDED_SLICE.STRIDED_SLICE!(call))
    })
    expectClose(told!, expected)
    expectClose(computed!, expected)
    expect(told!.shape).toEqual([3])
  },
)
