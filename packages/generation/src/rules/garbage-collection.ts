// Arrays that are made again at each token are collected now and then: single tokens take much longer than the others.
import { ms, ratio, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, isFelt, partMs, tokenMsOf } from '../rule.ts'

/** p99 over p50 of the time between tokens: below, no reader sees a pause. */
const UNEVEN = 1.5

export const garbageCollection = defineRule({
  id: 'garbage-collection',
  area: 'software',
  title: 'Garbage collection makes single tokens late',
  needs: ['tokenParts', 'speed', 'setup'],
  check({ tokenParts, ...given }) {
    const garbageMs = partMs(tokenParts, 'garbage')
    if (garbageMs === undefined) return { notChecked: 'garbage collection of this engine is not known' }
    if (!isFelt(given, { tokenMs: garbageMs })) return 'clear'
    // Each output is a new array: of a cache that passes through JavaScript these are nearly all that is collected.
    if (partMs(tokenParts, 'cache-exported') !== undefined)
      return { notChecked: 'what is collected are arrays of the cache that passes through JavaScript: see cache-export' }
    const { interTokenMs } = given.speed
    const uneven = interTokenMs === null ? null : interTokenMs.p99 / interTokenMs.p50
    return {
      ...tell`Collecting garbage takes ${ms('garbage', garbageMs)} of a token, ${share('share', garbageMs / tokenMsOf(given))} of it${
        uneven === null || uneven < UNEVEN
          ? ''
          : tell`; the slowest hundredth of the tokens takes ${ratio('uneven', uneven)} times the median`
      }. Arrays that are kept and written again are not collected.`,
      ...costs(given, { tokenMs: garbageMs }, { basis: 'measured' }),
    }
  },
})
