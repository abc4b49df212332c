// The one thing to type next, on the first screen.
import { isToFix } from '@whyslow/report/text/findings/findings-text.ts'
import { NextCommand, nextWords } from '../kit/copy.tsx'
import type { Report } from '../page-data.ts'
import { longestOf } from '../pipeline/facts.ts'

export function NextStep({ report }: { report: Report }) {
  const unsure = report.latency?.trust === 'D'
  const next = nextOf(report)
  if (next === null && !unsure) return null
  return (
    <section class="next-step" aria-label="What to type next">
      {unsure && (
        <p>
          <b>First measure again on a quiet machine</b>, with the same command.{next !== null && ' Then:'}
        </p>
      )}
      {next !== null && <NextCommand lead={next.lead} command={next.command} />}
    </section>
  )
}

interface Next {
  readonly lead: string
  /** What follows `whyslow`: as the document has it, or as words that are quoted where a shell wants it. */
  readonly command: string | readonly string[]
}

/** Share of the median in the engine from which the model is what is slow in the user's code. */
const MODEL_SHARE = 0.5

function nextOf(report: Report): Next | null {
  const { findings, pipeline, fix, trace, model, engine } = report
  const shipped = fix?.shipped ?? null
  if (fix?.proven && shipped !== null)
    return {
      lead: 'The README.md in the folder shows how to call it. To find the highest rate that keeps your latency objective:',
      command: ['load', shipped, '--slo', 'p99<20ms'],
    }
  if (fix != null)
    return fix.int8 ? { lead: 'Outputs may change a little? Then int8 is worth a try:', command: nextWords(fix.int8) } : null
  const first = findings.find((one) => isToFix(one) && one.next !== null)
  if (first !== undefined) return { lead: leadOf(first), command: nextWords(first) }
  if (pipeline) return ofPipeline(report)
  if (trace != null || model === null || engine === null || findings.some(isToFix)) return null
  return { lead: 'Nothing to repair here; whether another engine is faster:', command: ['compare', model.file] }
}

/** Findings lead to `fix` where a remedy treats their rule, else elsewhere: to another engine, to `quantize`, to `lint`. */
const leadOf = ({ run }: Report['findings'][number]): string =>
  run?.command === 'fix'
    ? 'Try the remedies, prove what helps, and write the result:'
    : 'The first finding below with a command leads to:'

/** Most of it is the model: that is looked into by itself. */
function ofPipeline({ pipeline, stages, latency }: Report): Next | null {
  const longest = longestOf(stages ?? [])
  const session = pipeline?.sessions
    .filter(({ stage, modelFile }) => stage === longest?.name && modelFile !== null)
    .sort((a, b) => b.runMs - a.runMs)[0]
  if (session?.modelFile == null || latency === null || session.runMs < MODEL_SHARE * latency.p50Ms) return null
  return {
    lead: 'Most of it is the model itself. Why that is slow, by itself:',
    command: [session.modelFile, '--html', 'model.html'],
  }
}
