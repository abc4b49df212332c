// Time in the garbage collector, which a prediction causes by what it allocates.
import { bytes, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { CodePlace, LineFact } from '../facts.ts'
import { inWords, placeOf, placesOf, sum, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Below a tenth of the time, collections are what a healthy program pays. */
const FROM_SHARE = 0.1
/** A prediction that makes less does not cause collections: V8 collects by bytes, Python by the number of objects, some hundreds at a time. */
const LEAST_BYTES = { javascript: 100_000, python: 16_000 } as const

/**
 * Collections run where something is allocated: in the line that allocates most often, as a rule the hottest of its stage; and the line that
 * calls for most of it.
 */
function hottestOf(lines: readonly LineFact[], stage: string): readonly CodePlace[] {
  const own = lines.filter((line) => line.stage === stage)
  if (own.length === 0) return []
  const whole = ({ selfMs, totalMs }: LineFact) => Math.max(selfMs, totalMs ?? 0)
  return [own.reduce((a, b) => (b.selfMs > a.selfMs ? b : a)), own.reduce((a, b) => (whole(b) > whole(a) ? b : a))].map(placeOf)
}

const eachOnce = (places: readonly CodePlace[]): readonly CodePlace[] => [
  ...new Map(places.map((place) => [inWords(place), place])).values(),
]

export const garbageCollection = defineRule({
  id: 'garbage-collection',
  area: 'software',
  title: 'Garbage collection takes time',
  needs: [],
  check({ language, stages, latency, whole, lines = [] }) {
    const known = stages.filter(({ facts }) => facts?.gcMs != null)
    if (known.length === 0 && whole.gcMs === undefined) return { notChecked: 'collections were not timed' }
    const gcMs = whole.gcMs ?? known.reduce((sum, { facts }) => sum + facts!.gcMs!, 0)
    // Collections are rare and long: their mean is a share of the mean, not of the median.
    const part = gcMs / Math.max(latency.p50Ms, sum(latency.samplesMs) / latency.samplesMs.length)
    if (part < FROM_SHARE) return []
    const [most] = [...stages].sort((a, b) => (b.facts?.allocatedBytes ?? 0) - (a.facts?.allocatedBytes ?? 0))
    // What was made before the first prediction is collected sometime, too.
    if ((most?.facts?.allocatedBytes ?? Number.POSITIVE_INFINITY) < LEAST_BYTES[language]) return []
    const allocated = most?.facts?.allocatedBytes ?? 0
    const where = allocated > 0 ? tell` Most is allocated in ${most!.name}: ${bytes('allocated', allocated)} a prediction.` : ''
    return [
      {
        ...tell`Collecting garbage takes ${ms('collecting', gcMs)} of a prediction, ${share('share', part)} of it.${where}
          Buffers that are made once and written again, and single passes instead of arrays in between, leave little to collect.`,
        timeMs: part * latency.p50Ms,
        ...UNTRIED,
        places: most === undefined ? [] : eachOnce([...hottestOf(lines, most.name), ...placesOf(most)]),
      },
    ]
  },
})
