import { expect, test } from 'vitest'
import { eventRows, readContent, readTimeline } from '../../test/support/recordings/check-reader.ts'

test('kernels in nanoseconds, none lost', async () => {
  const text = [
    '"Kind","Agent_Id","Queue_Id","Kernel_Name","Correlation_Id","Start_Timestamp","End_Timestamp"',
    '"KERNEL_DISPATCH","Agent 4","1","Cijk_Ailk_Bljk","3",1712195495502094501,1712195495502096501',
    '"KERNEL_DISPATCH","Agent 4","1","__amd_rocclr_copyBuffer","4",1712195495502097502,1712195495502098502',
    '',
  ].join('\n')
  const recording = await readTimeline(text)
  expect(eventRows(recording)).toEqual([
    ['kernel', 'Cijk_Ailk_Bljk', 0, 2],
    ['copy', '__amd_rocclr_copyBuffer', 3.001, 1],
  ])
  expect(recording.timeline.tracks[0]?.device).toBe('Agent 4')
})

test('refuses a table without rows', async () => {
  await expect(readContent('"Kernel_Name","Start_Timestamp","End_Timestamp"\n')).rejects.toThrow(/no row has a start/)
})
