import { expect, test } from 'vitest'
import { traced } from '../test/support/example-facts.ts'
import type { DeviceFacts } from './facts/facts.ts'
import { whileIdle } from './rule.ts'

const idle = (parts: Partial<NonNullable<DeviceFacts['idleParts']>>) => {
  const none = { dataLoading: 0, compiling: 0, allocating: 0, synchronising: 0, launching: 0, dispatching: 0, unrecorded: 0 }
  return whileIdle(traced({ device: { idleParts: { ...none, ...parts } } }).trace.device!).detail
}

test('what the host was at: parts of 2 % and more, the two largest', () => {
  expect(idle({ compiling: 0.0204 })).toBe(' Meanwhile the host compiled code for 2 %.')
  expect(idle({ compiling: 0.0196 })).toBe('')
  expect(idle({ compiling: 0.1, dataLoading: 0.3, launching: 0.2 })).toBe(
    ' Meanwhile the host loaded data for 30 % and was launching kernels for 20 %.',
  )
})
