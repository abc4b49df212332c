import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import { afterEach, expect, test, vi } from 'vitest'
import { LINUX } from '../../../../test/needs.ts'
import { memoryAbove } from './resident.ts'

afterEach(() => {
  vi.restoreAllMocks()
  syncBuiltinESMExports()
})

test.runIf(process.platform === 'linux')('this process takes more than a byte', LINUX, () => {
  expect(memoryAbove(1, process.pid)).toBeGreaterThan(2 ** 20)
  expect(memoryAbove(2 ** 60, process.pid)).toBe(null)
})

test('without /proc nothing is known, and no process is started to learn that while another is measured', () => {
  const spawnSync = vi.spyOn(childProcess, 'spawnSync')
  syncBuiltinESMExports()
  expect(memoryAbove(1, process.pid, 'darwin')).toBe(null)
  expect(spawnSync).not.toHaveBeenCalled()
})
