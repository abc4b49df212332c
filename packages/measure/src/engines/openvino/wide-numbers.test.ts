import type { DType } from '@whyslow/graph/types.ts'
import { expect, test } from 'vitest'
import type { TensorValue } from '../types.ts'
import { isBeyond32Bits } from './wide-numbers.ts'

test.each<[DType, ArrayBufferView, boolean]>([
  ['int64', BigInt64Array.of(0n, 2147483647n, -2147483648n), false],
  ['int64', BigInt64Array.of(0n, 2147483648n), true],
  ['int64', BigInt64Array.of(-2147483649n), true],
  ['int64', BigInt64Array.of(1n << 62n), true],
  ['uint64', BigUint64Array.of(0n, 2147483647n), false],
  ['uint64', BigUint64Array.of(2147483648n), true],
  ['uint64', BigUint64Array.of(18446744073709551615n), true],
  ['uint32', Uint32Array.of(0, 2147483647), false],
  ['uint32', Uint32Array.of(2147483648), true],
  ['int32', Int32Array.of(-1), false],
  ['float64', Float64Array.of(1e300), false],
  ['int64', new BigInt64Array(0), false],
])('%s %o: beyond 32 bits %s', (dtype, data, isBeyond) => {
  const value = { dtype, shape: [data.byteLength], data } as TensorValue
  expect(isBeyond32Bits(value)).toBe(isBeyond)
})
