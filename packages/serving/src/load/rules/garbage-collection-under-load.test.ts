import {
  checkRule,
  exampleEvidence,
  examplePoint,
  exampleServer,
  exampleSetup,
  withParts,
} from '../../../test/support/load/check-rule.ts'
import { garbageCollectionUnderLoad } from './garbage-collection-under-load.ts'

const setup = exampleSetup({})
const given = (collectionLongestMs: number, collectionShare: number) => {
  const point = examplePoint({ server: exampleServer({ collectionLongestMs, collectionShare }) })
  return exampleEvidence([withParts(point, { compute: { slowest: 40, all: 8 } })], {}, { setup })
}

// A quarter of 40 ms, and half a per cent of the time.
checkRule(garbageCollectionUnderLoad, {
  found: [
    {
      name: 'a pause as long as a quarter of what the slowest take',
      given: given(12, 0.02),
      expect: {
        detail:
          /^At 30 requests\/s the main thread collects for 2 % of the time, 12\.0 ms at a stretch at most; the slowest hundredth takes 40\.0 ms\.$/,
        wouldSaveMs: null,
      },
    },
    { name: 'a pause that is just long enough', given: given(10.2, 0.02) },
    { name: 'pauses that are just often enough', given: given(12, 0.0051) },
  ],
  clear: [
    { name: 'pauses are too short', given: given(9.8, 0.02) },
    { name: 'pauses are too rare', given: given(12, 0.0049) },
  ],
  notChecked: [{ name: 'the server is not our own', given: exampleEvidence([examplePoint()]) }],
})
