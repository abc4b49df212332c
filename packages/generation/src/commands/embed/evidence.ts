// What rules of texts look at, of what processes measured and of the model's files.
import { average, median } from '@whyslow/measure/statistics/index.ts'
import type { EmbeddingDocument, EmbeddingWay } from '@whyslow/report/documents/embedding.ts'
import type { TextEncoder } from '../../recognize/text-encoder.ts'
import type { FixedPaddingFact, TextsEvidence, WayComparison } from '../../texts/facts.ts'
import type { TextsProcess } from '../../texts/measure-texts.ts'
import type { EmbedOptions } from './options.ts'
import { eachOf, isWhole, ratioOf } from './ways.ts'

interface Known {
  readonly processes: readonly TextsProcess[]
  readonly encoder: TextEncoder
  readonly options: EmbedOptions
  readonly ways: readonly EmbeddingWay[]
  readonly setup: EmbeddingDocument['setup']
  readonly lengths: readonly number[]
  readonly kept: readonly number[]
}

export function evidenceOf({ processes, encoder, options, ways, setup, lengths, kept }: Known): TextsEvidence {
  const against = (at: number, other: number): WayComparison | undefined =>
    at < 0 || other < 0 || at === other ? undefined : { way: ways[at]!, other: ways[other]!, ...ratioOf(processes, at, other) }
  const find = (batch: number, order: EmbeddingWay['order']) =>
    ways.findIndex((way, at) => way.batch === batch && way.order === order && isWhole(processes[0]!, at))
  const bestOf = (fits: (way: EmbeddingWay) => boolean): number =>
    ways.reduce((best, way, at) => {
      if (!fits(way) || !isWhole(processes[0]!, at)) return best
      return best < 0 || way.msPerText.value < ways[best]!.msPerText.value ? at : best
    }, -1)
  const largest = find(setup.batch, 'sorted')
  const smaller = bestOf(({ batch, order }) => batch < setup.batch && (batch === 1 || order === 'sorted'))
  const inBatches = setup.batch > 1
  const isSorted = inBatches && setup.texts > setup.batch
  const unbatched =
    options.batch > 1
      ? 'no batch had two texts: needs more texts, or a model that takes less for each'
      : 'needs batches of two texts and more: --batch 32'
  const one = encoder.takesOneText ? 'the model takes one text at a time' : unbatched
  const few = inBatches ? 'all texts fit into one batch: give more of them, or a smaller --batch' : one
  const reason = encoder.fixedLength === null ? few : 'the model computes as many positions whatever a text has'
  const best = bestOf(({ batch }) => batch > 1)
  const facts = {
    sorted: isSorted ? against(largest, find(setup.batch, 'given')) : undefined,
    batched: inBatches ? against(best, 0) : undefined,
    smaller: isSorted ? against(smaller, largest) : undefined,
    fixedPadding: fixedPaddingOf(encoder, ways, against),
  }
  const known = Object.entries(facts).filter(([, fact]) => fact !== undefined)
  const reasons = { sorted: reason, smaller: reason, batched: one, fixedPadding: NO_PADDING_TIME }
  return {
    setup,
    oneMs: ways[0]!.msPerText.value,
    ...Object.fromEntries(known),
    truncation: {
      tokenizeMs: median(processes.map(({ ways }) => eachOf(ways[0]!, (pass) => pass.tokenizeMs))),
      tokens: average(lengths),
      keptTokens: average(kept),
      longestTokens: setup.longestTokens,
    },
    absent: Object.fromEntries(Object.entries(reasons).filter(([name]) => facts[name as keyof typeof facts] === undefined)),
  }
}

const NO_PADDING_TIME = 'padding to one length was not measured, which takes too long'

/** undefined: it was not measured. */
function fixedPaddingOf(
  { fixedLength, model, padsTo }: TextEncoder,
  ways: readonly EmbeddingWay[],
  against: (at: number, other: number) => WayComparison | undefined,
): FixedPaddingFact | 'none' | undefined {
  if (fixedLength !== null) return { tokens: fixedLength, from: model, against: null }
  const maximum = ways.findIndex(({ padding }) => padding === 'maximum')
  if (padsTo === null) return 'none'
  const measured = against(maximum - 1, maximum)
  return measured && { tokens: padsTo, from: 'tokenizer.json', against: measured }
}
