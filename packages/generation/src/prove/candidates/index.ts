// The candidates in the order they are tried, listed by hand: what changes most comes first, and what depends on it after it.
import type { GeneratorEngine } from '../../generator.ts'
import { int8Cache } from '../../remedies/int8-cache.ts'
import type { GeneratorRemedy } from '../../remedies/kit/remedy.ts'
import { threadCounts } from '../../thread-counts.ts'
import type { Candidate } from '../candidate.ts'
import { type GraphTools, graphRemedy } from './graph-remedy.ts'
import { otherEngine } from './other-engine.ts'
import { prefixCache } from './prefix-cache.ts'
import { promptLookup } from './prompt-lookup.ts'
import { shippedLoop } from './shipped-loop.ts'
import { prefillThreads, threads } from './threads.ts'
import { variant } from './variant.ts'

export interface Candidates {
  /** Engines that open the model, are installed and can be shipped. */
  readonly engines: readonly GeneratorEngine[]
  /** The folder's other weights, smallest first. */
  readonly dtypes: readonly string[]
  /** Empty if the model is not a graph. */
  readonly remedies: readonly GeneratorRemedy[]
  readonly tools: GraphTools
  readonly usableCpus: number
  /** An encoder reads the prompt: no beginning of it is kept, and no token is guessed from it. */
  readonly hasEncoder?: boolean
}

export function candidatesOf({
  engines,
  dtypes,
  remedies,
  tools,
  usableCpus,
  hasEncoder = false,
}: Candidates): readonly Candidate[] {
  const graphs = (fits: (remedy: GeneratorRemedy) => boolean) =>
    remedies.filter(fits).flatMap((remedy) => graphCandidates(remedy, tools))
  // What costs no accuracy comes before what does: behind products of int8 a graph that computes the same in another order has other tokens, and what
  // another remedy has lost would refuse it. The folder's other weights come before both, which rewrite the weights that were read.
  return [
    ...engines.map((engine) => otherEngine(engine)),
    ...dtypes.map(variant),
    ...graphs(({ lossless }) => lossless),
    ...graphs(({ id, lossless }) => !lossless && id !== int8Cache.id),
    // A cache in int8 takes fused attention, which the remedies before it make.
    ...graphs(({ id }) => id === int8Cache.id),
    ...engines.map((engine) => otherEngine(engine, 2)),
    ...threadCounts(usableCpus).map(threads),
    prefillThreads,
    shippedLoop,
    ...(hasEncoder ? [] : [prefixCache, promptLookup]),
  ]
}

const graphCandidates = (remedy: GeneratorRemedy, tools: GraphTools): readonly Candidate[] =>
  remedy.variants.map((variant) => graphRemedy(remedy, variant, tools))
