// A DataLoader of PyTorch that the loop waits for: items made in the process that predicts, or workers that are started again and again.
import type { RuleFinding } from '@whyslow/diagnosis/rule.ts'
import { countFact, ms, type Sentence, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { CodePlace, LoaderFact } from '../facts.ts'
import { HOT_SHARE, inWords, placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const dataLoadingBound = defineRule({
  id: 'data-loading-bound',
  area: 'software',
  title: 'Data loading: the loop waits for its batches',
  languages: ['python'],
  needs: ['loaders'],
  check({ loaders, latency: { p50Ms } }) {
    if (loaders.length === 0) return 'does-not-apply'
    return loaders.flatMap((loader): RuleFinding[] => {
      const { made, ran, startMs, waitMs } = loader
      const at = made ?? ran
      const timeMs = Math.min(p50Ms, startMs + waitMs)
      const [where, pinned] = [at === null ? '' : tell` at ${inWords(at)}`, pinnedInVain(loader)]
      if (timeMs < HOT_SHARE * p50Ms) {
        if (pinned === null) return []
        const note = { timeMs: 0, wouldSaveMs: 0, basis: 'measured' as const, places: placesOf([at]) }
        return [{ ...tell`The DataLoader${where}:${pinned}`, title: 'Pinned memory has no use without a GPU', ...note }]
      }
      return [
        {
          ...tell`The DataLoader${where} keeps the loop waiting for ${ms('loading', timeMs)}, ${share('share', timeMs / p50Ms)} of the whole.${whyOf(loader, p50Ms)}${pinned ?? ''}`,
          timeMs,
          ...UNTRIED,
          places: placesOf([made, loader.item, ran]),
        },
      ]
    })
  },
})

const placesOf = (all: readonly (CodePlace | null)[]): readonly CodePlace[] => {
  const known = all.flatMap((one) => (one === null ? [] : [placeOf(one)]))
  return [...new Map(known.map((one) => [inWords(one), one])).values()]
}

const pinnedInVain = ({ pinned, gpu }: LoaderFact): Sentence | null =>
  pinned && !gpu ? tell` pin_memory=True does nothing without a GPU.` : null

function whyOf({ workers, startMs, waitMs, startsPerPrediction, collateMs, item }: LoaderFact, p50Ms: number): Sentence {
  if (workers === 0) {
    const items = tell`${ms('items', Math.max(0, waitMs - (collateMs ?? 0)))} of it for items${item === null ? '' : tell` (${inWords(item)})`}`
    const batches = collateMs === null ? '' : tell`, ${ms('collating', collateMs)} for making batches of them`
    return tell` Without workers (num_workers), items are read and transformed in the process that predicts: ${items}${batches}. Workers prepare the next batch meanwhile; one transform of a whole batch, or one before the loop, takes less than one for each item.`
  }
  const names = countFact('worker', workers, 'workers')
  if (startMs >= HOT_SHARE * p50Ms)
    return tell` ${ms('starting', startMs)} of it starts and ends ${names}, ${countFact('time', Math.max(1, Math.round(startsPerPrediction)), 'starts')}. A loader that is kept, with persistent_workers=True, starts them once; a few items need no workers.`
  return tell` ${names} are not fast enough: more of them, a larger prefetch_factor or cheaper transforms shorten the wait.`
}
