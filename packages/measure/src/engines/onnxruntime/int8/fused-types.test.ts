// What the session and the processor say of int8 activations; which pairs become uint8 is compared with the engine by conditions.test.ts and
// quantize/repair/python-options.test.ts.
import { expect, test } from 'vitest'
import { keepsInt8 } from './fused-types.ts'

test('int8 activations stay on Arm, and where the session allows them', () => {
  const key = 'session.qdqisint8allowed'
  expect(keepsInt8('x64', {})).toBe(false)
  expect(keepsInt8('arm64', {})).toBe(true)
  expect(keepsInt8('x64', { [key]: '1' })).toBe(true)
  expect(keepsInt8('arm64', { [key]: '0' })).toBe(false)
  expect(keepsInt8(undefined, undefined)).toBe(false)
})
