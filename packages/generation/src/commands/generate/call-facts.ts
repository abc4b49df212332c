// What rules want of the calls that were measured, apart from their times.
import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import type { EncoderFact, GenerationFacts, PromptFact } from '../../facts.ts'
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
    speculation: isLocal && !guesses ? NO_GUESSES : undefined,
    threadsApart: engine.threadsApart ?? (isLocal ? false : undefined),
  } satisfies { readonly [K in keyof GenerationFacts]: GenerationFacts[K] | undefined }
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}

const NO_GUESSES = { draftTokens: 0, acceptance: 0, draftCost: 0 }

/** Engines of this machine are fed the ids of one prompt, and nothing in addition. */
function promptOf(calls: readonly MeasuredCall[]): PromptFact | undefined {
  const fedTokens = medianOrNull(calls.flatMap(({ promptTokens }) => promptTokens ?? []))
  return fedTokens === null ? undefined : { fedTokens, paddingTokens: 0, place: null }
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
