// What stays after each prediction fills the memory, and slows allocation, collecting and caches long before.
import { bytes, number, tell } from '@whyslow/diagnosis/tell.ts'
import type { PipelineEvidence, Stage } from '../evidence.ts'
import type { CodePlace } from '../facts.ts'
import { inWords, placeOf, placesOf } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Less is noise of the allocator. */
const LEAST_BYTES = 16_384
const LEAST_TENSORS = 0.5
/** Most places named of each kind. */
const MOST = 2

export const tensorLeak = defineRule({
  id: 'tensor-leak',
  area: 'software',
  title: 'Memory leak: memory grows with every prediction',
  needs: [],
  check(evidence) {
    const { whole, stages } = evidence
    const grown = whole.leakBytesPerPrediction
    const tensors = whole.liveTensorsPerPrediction ?? 0
    if (grown === undefined && whole.liveTensorsPerPrediction === undefined) return { notChecked: 'memory was not followed' }
    if ((grown ?? 0) < LEAST_BYTES && tensors < LEAST_TENSORS) return []
    const what = tensors >= LEAST_TENSORS ? number('tensors', tensors, 'tensors') : bytes('grown', grown ?? 0)
    const [most] = [...stages].sort((a, b) => (b.facts?.allocatedBytes ?? 0) - (a.facts?.allocatedBytes ?? 0))
    return [
      {
        ...tell`Every prediction leaves ${what}${tensors >= LEAST_TENSORS ? ' tensors' : ''} behind. Look for what is appended to at the level of
          the module, kept in a cache without bounds, or never disposed.`,
        timeMs: 0,
        wouldSaveMs: 0,
        basis: 'modelled',
        places: placesOfLeak(evidence, most, tensors >= LEAST_TENSORS),
      },
    ]
  },
})

/** Where what outlives the call grows, or tensors are made, in functions that were seen at work; then the hottest lines of the stage. */
function placesOfLeak({ patterns = [], lines = [] }: PipelineEvidence, most: Stage | undefined, isTensors: boolean): CodePlace[] {
  const worked = new Set(lines.map(({ file, function: name }) => `${file} ${lastOf(name)}`))
  const kept = patterns.filter(
    ({ pattern, once, file, function: name }) =>
      pattern === (isTensors ? 'tensor-made' : 'kept-outside') && !once && worked.has(`${file} ${lastOf(name)}`),
  )
  const hot = most === undefined ? [] : lines.filter(({ stage }) => stage === most.name)
  const all = [...kept.slice(0, MOST), ...hot.slice(0, MOST)].map(placeOf)
  const places = [...all, ...(most === undefined ? [] : placesOf(most))]
  return [...new Map(places.map((place) => [inWords(place), place])).values()]
}

const lastOf = (name: string | null): string => name?.split('.').at(-1) ?? ''
