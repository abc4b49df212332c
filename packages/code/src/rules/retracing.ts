// tf.function and its kin trace Python again for each new shape, Python number, or function object.
import { ms, number, tell } from '@whyslow/diagnosis/tell.ts'
import type { PipelineEvidence } from '../evidence.ts'
import type { CodePlace, SourcePattern } from '../facts.ts'
import { HOT_SHARE, hotPatterns, inWords, placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** A last batch of another size is one trace. */
const LEAST_TRACES = 3

/** The place where the function is made, if that is in the function that calls it. */
const madeBeside = (patterns: readonly SourcePattern[], ran: CodePlace): readonly CodePlace[] =>
  patterns
    .filter(
      (one) => one.pattern === 'traced-function-made' && !one.once && one.file === ran.file && one.function === ran.function,
    )
    .map(placeOf)

/** What torch.compile compiled again after the first predictions. */
function compiledAnew(torch: PipelineEvidence['torch'], p50Ms: number) {
  const { ran, recompiles } = torch ?? { ran: null, recompiles: null }
  if (torch === undefined || ran === null || (recompiles ?? 0) < LEAST_TRACES) return []
  const timeMs = Math.min(p50Ms, torch.p50Ms)
  return [
    {
      ...tell`What torch.compile made of the model at ${inWords(ran)} was compiled again ${number('recompilations', recompiles!, 'traces')} times: for another shape,
        or another number. Inputs padded to few shapes, or torch.compile(model, dynamic=True), are compiled once.`,
      timeMs,
      ...UNTRIED,
      places: [placeOf(ran)],
    },
  ]
}

export const retracing = defineRule({
  id: 'retracing',
  area: 'software',
  title: 'Retracing: a function is traced again and again',
  languages: ['python'],
  needs: ['sessions', 'patterns', 'lines'],
  wants: ['torch'],
  check(evidence) {
    const { p50Ms } = evidence.latency
    const seen = (evidence.sessions ?? []).flatMap(({ retraces, ran, runMs }) => {
      if (ran === null || (retraces ?? 0) < LEAST_TRACES || runMs < HOT_SHARE * p50Ms) return []
      const timeMs = Math.min(p50Ms, runMs)
      return [
        {
          ...tell`What is called at ${inWords(ran)} was traced ${number('traces', retraces!, 'traces')} times after the first calls, and takes
            ${ms('runs-time', timeMs)} of a prediction. Inputs of one shape and dtype, as tensors, are traced once.`,
          timeMs,
          ...UNTRIED,
          places: [...madeBeside(evidence.patterns ?? [], ran), placeOf(ran)],
        },
      ]
    })
    const made = hotPatterns(evidence, ['traced-function-made']).map(({ pattern, timeMs }) => ({
      ...tell`The function made at ${inWords(pattern)} is traced for every prediction, ${ms('place', timeMs)} of it. Made once, at the module's
        top level, it is traced once.`,
      timeMs,
      ...UNTRIED,
      places: [placeOf(pattern)],
    }))
    return [...seen, ...made, ...compiledAnew(evidence.torch, p50Ms)]
  },
})
