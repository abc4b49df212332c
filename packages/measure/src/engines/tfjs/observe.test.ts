// On a scripted core: tensors that are counted, and a clock that goes on by one at every look.
import { expect, test } from 'vitest'
import { observe } from './observe.ts'
import type { Core, Tensor } from './tfjs-package.ts'

function scripted(leak: number) {
  let alive = 10
  const tensor = (): Tensor => {
    alive++
    return { dtype: 'float32', shape: [1], dataSync: () => new Float32Array(1), dispose: () => void alive-- }
  }
  const core = {
    memory: () => ({ numTensors: alive, numBytes: 4 * alive }),
    tidy: <T>(work: () => T) => work(),
  } as Core
  const bare = () => {
    alive += leak
    return [tensor(), tensor()]
  }
  return { core, calls: { bare, empty: () => [] } }
}
const clock = () => {
  let at = 0
  return () => at++
}

test('what a prediction leaves beside its outputs is counted, in tensors and bytes', async () => {
  const { core, calls } = scripted(3)
  expect(await observe(core, calls, clock())).toEqual({
    callMs: 1,
    callLowMs: 1,
    outputsLeft: 2,
    othersLeft: 3,
    othersLeftBytes: 12,
  })
})

test('one that leaves nothing', async () => {
  const { core, calls } = scripted(0)
  expect(await observe(core, calls, clock())).toMatchObject({ outputsLeft: 2, othersLeft: 0, othersLeftBytes: 0 })
})

test('calls that other programs disturbed: the low end stays', async () => {
  const { core, calls } = scripted(0)
  // Two looks a call: the first 40 of 101 take 1 ms, the others 5 ms. Of the 40, a quarter of all is 25.
  let looks = 0
  let at = 0
  const disturbed = () => {
    at += looks++ % 2 === 0 ? 0 : looks <= 80 ? 1 : 5
    return at
  }
  expect(await observe(core, calls, disturbed)).toMatchObject({ callMs: 5, callLowMs: 1 })
})
