// A model called in a loop for one row at a time pays its call for each row.
import { ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { PipelineEvidence } from '../evidence.ts'
import type { CodePlace, SessionFact, ValueFact } from '../facts.ts'
import { HOT_SHARE, inWords, placeOf, savingTried } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Fewer save little. */
const LEAST_RUNS = 4
/** This many come from a loop, wherever it stands. */
const LEAST_WITHOUT_LOOP = 8

/** Whether the value is one row, or a vector of one sample. */
const isOneRow = ({ shape, kind }: ValueFact): boolean =>
  shape !== null && kind !== 'nothing' && (shape.length === 1 || shape[0] === 1)

export const sequentialCalls = defineRule({
  id: 'sequential-calls',
  area: 'software',
  title: 'Samples are predicted one by one instead of in a batch',
  needs: ['sessions', 'patterns'],
  check(evidence) {
    const { p50Ms } = evidence.latency
    const asBatch = evidence.alternatives.filter(({ equal }) => equal !== 'different')
    return (evidence.sessions ?? []).flatMap((session) => {
      const { ran, runsPerPrediction, runMs, concurrentRuns } = session
      const timeMs = Math.min(runMs, p50Ms)
      if (ran === null || runsPerPrediction < LEAST_RUNS || timeMs < HOT_SHARE * p50Ms) return []
      // Started together they are another finding; threads of Python may each have a loop of their own.
      const areTogether =
        concurrentRuns > 1 && (evidence.language !== 'python' || runsPerPrediction / concurrentRuns < LEAST_RUNS)
      if (areTogether || !session.inputs.some(isOneRow)) return []
      const place = placeInLoop(session, evidence)
      if (place === null && runsPerPrediction < LEAST_WITHOUT_LOOP) return []
      const places = [place ?? ran, ran].map(placeOf)
      return [
        {
          ...tell`${number('runs', Math.round(runsPerPrediction), 'runs')} predictions of one row each at ${inWords(ran)} take
            ${ms('runs-time', timeMs)}, ${share('share', timeMs / p50Ms)} of the whole. As one batch they pay the call once.`,
          timeMs,
          ...savingTried({ ...evidence, alternatives: asBatch }, 'sequential-calls', ran, timeMs),
          places: [...new Map(places.map((one) => [inWords(one), one])).values()],
        },
      ]
    })
  },
})

/** Where the run stands in a loop: itself, or what calls the function that it is in. */
function placeInLoop({ ran, ranThrough = [] }: SessionFact, { patterns = [], loops = [] }: PipelineEvidence): CodePlace | null {
  const known = patterns.filter(({ pattern }) => pattern === 'predict-in-loop')
  const ranges = [...known, ...loops.filter(({ tripsPerPrediction }) => tripsPerPrediction >= LEAST_RUNS)]
  const isIn = ({ file, line }: CodePlace) => ranges.some((one) => one.file === file && one.line <= line && line <= one.endLine)
  return [ran!, ...ranThrough].find(isIn) ?? null
}
