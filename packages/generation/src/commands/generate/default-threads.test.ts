import { expect, test } from 'vitest'
import type { MeasuredCall, ProcessMeasurement } from '../../measure/types.ts'
import { defaultThreadsInWords } from './default-threads.ts'

const measured = (perTokenMs: number | null): ProcessMeasurement =>
  ({ threads: 2, cold: { perTokenMs }, calls: [{ perTokenMs } as MeasuredCall] }) as unknown as ProcessMeasurement
const given = { title: 'llama.cpp', threads: 4, usableCpus: 2, processes: [20, 30, 22].map(measured) }

test('what it takes, or that it did not end, or why nobody knows', () => {
  const words = (trial: Parameters<typeof defaultThreadsInWords>[0]['trial']) => defaultThreadsInWords({ ...given, trial })
  expect(words({ outcome: 'measured', value: measured(400) })).toMatch(
    /^llama\.cpp starts 4 threads .*: a token takes 22\.0 ms with 2, which were measured; with 4 it took 400 ms\. Name 2/,
  )
  expect(words({ outcome: 'timed-out', limitMs: 12_000 })).toMatch(/; with 4, 8 tokens did not come within 12\.0 s\./)
  expect(words({ outcome: 'crashed', reason: 'SIGSEGV' })).toMatch(/; with 4 nothing was measured \(SIGSEGV\)\./)
  expect(words({ outcome: 'measured', value: measured(null) })).toMatch(/; with 4 it is not known\./)
})
