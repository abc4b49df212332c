// What rules want of the calls that were measured, apart from their times.
import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import type { EncoderFact, GenerationFacts, PromptFact, SpeculationFact } from '../../facts.ts'
import type { GeneratorEngine } from '../../generator.ts'
import { openingOf } from '../../measure/opening.ts'
import { prefixOf } from '../../measure/prefix.ts'
import type { MeasuredCall, ProcessMeasurement } from '../../measure/types.ts'
import type { RecognizedSource } from './recognized.ts'

interface Measured {
  readonly found: Pick<RecognizedSource, 'kind' | 'options' | 'guesses'>
  readonly engine: Pick<GeneratorEngine, 'otherWeights' | 'threadsApart'>
  readonly processes: readonly ProcessMeasurement[]
}

/** Those of one process, and what is the same in each. */
export function callFacts({ found, engine, processes }: Measured): GenerationFacts {
  const { calls, host } = processes[0]!
  const isLocal = found.kind !== 'address'
  // Only transformers in Python does what that file says.
  const guesses = found.guesses === true && engine.otherWeights !== undefined
  const facts = {
    prefix: prefixOf(calls),
    opening: openingOf(calls),
    eventLoop: host?.eventLoop,
    faults: host?.faults ?? undefined,
    options: found.options,
    prompt: isLocal ? promptOf(calls) : undefined,
    encoder: encoderOf(processes.flatMap((one) => one.calls)),
    detokenize: longestOf(calls)?.detokenize,
    speculation: isLocal && !guesses ? NO_GUESSES : draftsOf(processes),
    threadsApart: engine.threadsApart ?? (isLocal ? false : undefined),
  } satisfies { readonly [K in keyof GenerationFacts]: GenerationFacts[K] | undefined }
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}

const NO_GUESSES = { draftTokens: 0, acceptance: 0, draftCost: 0 }

/**
 * As a server counts them: the first token comes with the prompt, and each round gives those that are right and one more. What drafting takes is not
 * known. undefined: it drafts none.
 */
function draftsOf(processes: readonly ProcessMeasurement[]): SpeculationFact | undefined {
  const drafted = processes
    .flatMap(({ calls }) => calls)
    .flatMap(({ drafted: one, newTokens }) => (one === undefined || newTokens === null ? [] : [{ ...one, newTokens }]))
  const sum = (of: (one: (typeof drafted)[number]) => number) => drafted.reduce((all, one) => all + of(one), 0)
  const [tokens, accepted] = [sum((one) => one.tokens), sum((one) => one.accepted)]
  if (tokens === 0) return undefined
  const rounds = Math.max(1, sum((one) => one.newTokens - 1) - accepted)
  const without = medianOrNull(
    processes.flatMap(({ undrafted = [] }) =>
      undrafted.flatMap((call) => (call.drafted === undefined && call.perTokenMs !== null ? [call.perTokenMs] : [])),
    ),
  )
  const known = { draftTokens: Math.max(1, Math.round(tokens / rounds)), acceptance: accepted / tokens, draftCost: 0 }
  return without === null ? known : { ...known, withoutMs: without }
}

/** Engines of this machine are fed the ids of one prompt, and nothing in addition: padding is what the user's own prompt holds. */
function promptOf(calls: readonly MeasuredCall[]): PromptFact | undefined {
  const fedTokens = medianOrNull(calls.flatMap(({ promptTokens }) => promptTokens ?? []))
  const paddingTokens = medianOrNull(calls.map((call) => call.paddingTokens ?? 0)) ?? 0
  return fedTokens === null ? undefined : { fedTokens, paddingTokens, place: paddingTokens === 0 ? null : '--prompts' }
}

/** The encoder in a middle call: it runs once for each, whatever the sampling. */
function encoderOf(calls: readonly MeasuredCall[]): EncoderFact | undefined {
  const ms = medianOrNull(calls.flatMap(({ parts }) => parts.encoderMs ?? []))
  const inputs = calls.flatMap(({ encoded }) => encoded ?? [])
  const [first] = inputs
  if (ms === null || first === undefined) return undefined
  const middle = (of: 'positions' | 'emptyPositions') => Math.round(medianOrNull(inputs.map((one) => one[of]))!)
  const [positions, emptyPositions] = [middle('positions'), middle('emptyPositions')]
  return { ms, runs: 1, windows: 1, positions, emptyPositions, positionMs: first.positionMs }
}

const longestOf = (calls: readonly MeasuredCall[]): MeasuredCall | undefined =>
  calls.reduce<MeasuredCall | undefined>(
    (most, call) => (call.detokenize !== undefined && call.detokenize.tokens > (most?.detokenize?.tokens ?? 0) ? call : most),
    undefined,
  )
