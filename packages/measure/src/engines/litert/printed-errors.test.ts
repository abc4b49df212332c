import { expect, test } from 'vitest'
import { errorsIn } from './printed-errors.ts'

test('of what LiteRT prints the errors, once each, without where in its source they come from', () => {
  const printed = `INFO: [environment.cc:36] Creating LiteRT environment with options
ERROR: Encountered unresolved custom op: Betainc.
ERROR: [tensor_buffer.cc:150] Failed to get num packed bytes
ERROR: Encountered unresolved custom op: Betainc.
WARNING: [gpu_registry.cc:160] GPU accelerator could not be loaded and registered.
`
  expect(errorsIn(printed)).toBe('Encountered unresolved custom op: Betainc. Failed to get num packed bytes')
  expect(errorsIn('')).toBe('')
})
