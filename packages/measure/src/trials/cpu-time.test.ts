// What counts as work, on a scripted clock; and that the system reports about a process that works.
import { expect, test } from 'vitest'
import { LINUX, UNIX } from '../../../../test/needs.ts'
import { busyWatch, parseCpuTime, ticksOf, treeWorkMs } from './cpu-time.ts'

/** `used`: processor time at each look, a second apart. */
function looked(...used: readonly (number | null)[]): boolean[] {
  let at = 0
  const isBusy = busyWatch(() => used[at]!)
  return used.map((_, second) => {
    at = second
    return isBusy(second * 1000)
  })
}

test('what uses a core is at work', () => expect(looked(0, 1000, 1900)).toEqual([false, true, true]))
test('a sampler is not', () => expect(looked(0, 80, 160, 1160)).toEqual([false, false, false, true]))
test('of what nobody knows nothing is said', () => expect(looked(null, null, 5000, 6000)).toEqual([false, false, false, true]))

test('a look too early is none', () => {
  const isBusy = busyWatch(() => 5000)
  expect([isBusy(0), isBusy(500)]).toEqual([false, false])
})

test.each([
  ['0:01.25', 1250],
  ['00:01:02', 62_000],
  ['1-02:03:04', 93_784_000],
])('%s of ps', (text, ms) => expect(parseCpuTime(text)).toBe(ms))

test.runIf(process.platform === 'linux')(
  'a process that has worked has used some; one that is not there is unknown',
  LINUX,
  () => {
    expect(treeWorkMs(process.pid)).toBeGreaterThan(0)
    expect(ticksOf(process.pid)).toBeGreaterThan(0)
    expect([ticksOf(2 ** 30), treeWorkMs(2 ** 30)]).toEqual([null, null])
  },
)

test.runIf(process.platform !== 'win32')('ps tells the same', UNIX, () => {
  expect(treeWorkMs(process.pid, 'darwin')).not.toBeNaN()
})
