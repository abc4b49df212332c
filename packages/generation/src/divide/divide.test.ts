import type { GenerationFloor } from '@whyslow/report/documents/generation.ts'
import { describe, expect, test } from 'vitest'
import { type Division, divide, type LoopTimes } from './divide.ts'
import { floorOf, lineOverFloor } from './floor.ts'
import { firstTokenLoop, tokenLoop } from './loop-times.ts'
import type { StepProfile } from './step-profile.ts'

const SILENT: LoopTimes = {
  ...{ runMs: null, feedsMs: null, logitsMs: null, processorsMs: null, samplerMs: null },
  ...{ detokenizeMs: null, streamerMs: null, garbageMs: null, tokenizeMs: null, featuresMs: null, encoderMs: null },
}

// 80 MB of weights and 40 kB of cache a token, at 10 GB/s.
const FLOOR: GenerationFloor = floorOf(
  { bytesPerToken: 80e6, cacheBytesPerToken: 40e3 },
  { bytesPerSecond: 10e9, level: 'DRAM', threads: 2 },
  { timePerTokenMs: 40, depth: 500 },
)!

const LINE = { points: [], interceptMs: 30, slopeMsPerThousand: 20, slopeOverFloor: null }

// Of 30 ms in the engine: 12 ms of products, 5 ms of the head, 4 ms of attention, 2 ms of joining the cache, 1 ms else, 1 ms of starting.
const STEP: StepProfile = {
  cacheOutMs: 4,
  logitsOutMs: 0,
  nodes: 100,
  dispatchMs: 1,
  headShare: 0.25,
  productMs: {},
  casts: { nodes: 0, ms: 0, node: null },
  constantWork: { nodes: 0, ms: 0, node: null },
  crossCopies: { nodes: 0, ms: 0, node: null },
  others: 'Mul 600 µs, Add 400 µs',
  roles: {
    matmul: { ms: 12, nodes: 10 },
    head: { ms: 5, nodes: 1 },
    attention: { ms: 4, nodes: 10 },
    'cache-copy': { ms: 2, nodes: 4 },
    other: { ms: 1, nodes: 75 },
  },
}

const DIVISION: Division = {
  ...{ totalMs: 40, depth: 500, isFirst: false, loop: SILENT, floor: null, line: null, step: null, handoffMs: null },
}

function parts(given: Partial<Division>): Record<string, number> {
  const divided = divide({ ...DIVISION, ...given })!
  const sum = divided.parts.reduce((all, { ms }) => all + ms, 0)
  expect(sum).toBeCloseTo(divided.totalMs, 9)
  // What is known to take nothing is there, too.
  return Object.fromEntries(divided.parts.flatMap(({ id, ms }) => (ms === 0 ? [] : [[id, ms]])))
}

describe('the floor', () => {
  test('bytes over the bandwidth, and its share of the time', () => {
    // 8 ms of weights, and 4 ms for each thousand tokens in the cache: 10 of 40 ms after 500.
    expect(FLOOR).toMatchObject({ weightsMs: 8, cacheMsPerThousand: 4, shareOfFloor: 0.25 })
  })

  test('a slope of 20 ms a thousand is five times reading once', () => {
    expect(lineOverFloor(LINE, FLOOR)!.slopeOverFloor).toBe(5)
    expect(lineOverFloor(LINE, null)).toBe(LINE)
  })
})

describe('parts of a token add up to it', () => {
  test('by nodes and by the loop', () => {
    const loop = { ...SILENT, runMs: 30, feedsMs: 1, samplerMs: 3, garbageMs: 0.5 }
    expect(parts({ loop, floor: FLOOR, line: LINE, step: STEP })).toEqual({
      weights: 8,
      'cache-read': 2,
      // The head reads a quarter of the weights: 2 of its 5 ms, and the others 6 of their 12.
      matmul: 6,
      head: 3,
      attention: 2,
      'other-operators': 1,
      'cache-copied': 2,
      'cache-exported': 4,
      dispatch: 1,
      feeds: 1,
      sampler: 3,
      // 40 - 30 of the engine - 4.5 of what has a name.
      loop: 5.5,
      garbage: 0.5,
      unexplained: 1,
    })
  })

  test('copying logits is a part of the call, and of the loop', () => {
    const loop = { ...SILENT, runMs: 30, logitsMs: 0.5 }
    expect(parts({ loop, step: { ...STEP, logitsOutMs: 2 } })).toMatchObject({ 'logits-copied': 2.5, loop: 9.5 })
  })

  test('a fused attention that copies the cache within: what grows beyond reading and handing out', () => {
    const roles = { ...STEP.roles, attention: { ms: 9, nodes: 10 }, 'cache-copy': { ms: 0, nodes: 0 } }
    // 10 ms grow with the context: 2 are reading, 4 handing out, 4 copying.
    expect(parts({ floor: FLOOR, line: LINE, step: { ...STEP, roles } })).toMatchObject({ 'cache-copied': 4, attention: 3 })
  })

  test('copies that take little do not hide what grows within attention', () => {
    const roles = { ...STEP.roles, attention: { ms: 9, nodes: 10 }, 'cache-copy': { ms: 0.5, nodes: 4 } }
    const divided = divide({ ...DIVISION, floor: FLOOR, line: LINE, step: { ...STEP, roles } })!
    // 10 ms grow with the context: 2 are reading, 4 handing out, 0.5 copies, 3.5 within attention.
    expect(divided.parts.find(({ id }) => id === 'cache-copied')).toMatchObject({ ms: 4, how: 'difference' })
    expect(divided.parts.find(({ id }) => id === 'attention')).toMatchObject({ ms: 3.5 })
  })

  test('garbage that is collected while the engine runs is in its time', () => {
    const loop = { ...SILENT, runMs: 37, samplerMs: 2, garbageMs: 5 }
    expect(parts({ loop, floor: FLOOR, step: { ...STEP, cacheOutMs: 0 } })).toMatchObject({ garbage: 1 })
    expect(parts({ loop: { ...loop, runMs: 39 } })).not.toHaveProperty('garbage')
    expect(parts({ loop: { ...loop, garbageMs: 0.25 } })).toMatchObject({ garbage: 0.25, loop: 0.75 })
  })

  test('the loop of a package says what it is made of', () => {
    const loop = { ...SILENT, runMs: 30 }
    const noteOf = (given: Partial<Division>) =>
      divide({ ...DIVISION, loop, ...given })!.parts.find(({ id }) => id === 'loop')!.note
    expect([noteOf({}), noteOf({ loopIs: 'its queue' })]).toEqual([null, 'its queue'])
  })

  test('waking threads is taken out of the products', () => {
    const divided = parts({ floor: FLOOR, step: STEP, handoffMs: 0.05 })
    expect(divided).toMatchObject({ 'thread-handoff': expect.closeTo(1.1), matmul: expect.closeTo(4.9) })
  })

  test('the engine shows nothing: the two curves are left', () => {
    expect(parts({ floor: FLOOR, line: LINE })).toEqual({
      weights: 8,
      'cache-read': 2,
      'cache-copied': 8,
      unexplained: 22,
    })
  })

  test('more than the whole is told, not scaled', () => {
    expect(parts({ totalMs: 15, floor: FLOOR, line: LINE }).unexplained).toBeCloseTo(-3)
  })

  test('nothing is known', () => {
    expect(divide(DIVISION)).toBeNull()
  })
})

test('the first token: its prompt is tokenized, and no cache is read', () => {
  const loop = { ...SILENT, runMs: 30, tokenizeMs: 4, featuresMs: 1, encoderMs: 2 }
  const divided = parts({ isFirst: true, loop, floor: FLOOR, line: LINE, step: STEP })
  expect(divided).toMatchObject({ tokenize: 4, features: 1, encoder: 2, loop: 3, weights: 8, attention: 4 })
  expect(divided).not.toHaveProperty('cache-read')
})

test('parts of calls are shared by their tokens; the engine of the prompt is apart', () => {
  const call = {
    newTokens: 11,
    firstGarbageMs: 7,
    garbageMs: 20,
    tokenizeMs: 5,
    parts: { prefillRunMs: 300, decodeRunMs: 200, samplerMs: 33 },
  }
  expect(tokenLoop([call, call], [])).toEqual({ ...SILENT, runMs: 20, samplerMs: 3, garbageMs: 2, tokenizeMs: 5 })
  expect(firstTokenLoop([call], [])).toMatchObject({ runMs: 300, garbageMs: 7 })
})

test('what feeding the prompt takes around the engine is of the first token alone', () => {
  const call = { newTokens: 11, firstGarbageMs: 0, garbageMs: 0, tokenizeMs: null, parts: { feedsMs: 70, logitsMs: 22 } }
  const prefill = [{ runMs: 300, feedsMs: 50, logitsMs: null }]
  expect(tokenLoop([call], prefill)).toMatchObject({ feedsMs: 2, logitsMs: 2 })
  expect(firstTokenLoop([call], prefill)).toMatchObject({ feedsMs: 50, logitsMs: 2 })
})
