// The test helper of rules of texts, and evidence in which nothing is slow: a text takes 4 ms one at a time, and about as long in any batch.
import { runRules } from '@whyslow/diagnosis/run-rules.ts'
import { checkerOf } from '@whyslow/diagnosis/support/check-rule.ts'
import type { EmbeddingWay } from '@whyslow/report/documents/embedding.ts'
import type { TextRule, TextsEvidence, WayComparison } from '../../src/texts/facts.ts'

export const exampleWay = (given: Partial<EmbeddingWay> & { readonly ms?: number } = {}): EmbeddingWay => {
  const { ms = 4, ...way } = given
  const usual = {
    batch: 32,
    order: 'sorted',
    padding: 'longest',
    paddedTo: null,
    texts: 64,
    paddedShare: 0.02,
    ratio: null,
  } as const
  return { ...usual, msPerText: { value: ms, low: ms * 0.98, high: ms * 1.02 }, ...way }
}

/** A way against one that takes 4 ms; the interval is two per cent wide to either side. */
export const exampleAgainst = (
  ratio: number,
  way: Partial<EmbeddingWay> = {},
  other: Partial<EmbeddingWay> = {},
): WayComparison => ({
  way: exampleWay({ ms: 4 * ratio, ...way }),
  other: exampleWay(other),
  ratio,
  ratioLow: ratio * 0.98,
  ratioHigh: ratio * 1.02,
})

const example: TextsEvidence = {
  setup: {
    ...{ texts: 64, from: 'user', batch: 32, longestTokens: 512, longestFrom: 'tokenizer_config.json', processes: 5 },
    passesPerProcess: 3,
  },
  oneMs: 4,
  sorted: exampleAgainst(0.99),
  batched: exampleAgainst(0.97),
  smaller: exampleAgainst(1.01),
  truncation: { tokenizeMs: 0.2, tokens: 60, keptTokens: 60, longestTokens: 512 },
  fixedPadding: 'none',
  absent: {},
}

export const exampleTexts = (given: Partial<TextsEvidence> = {}): TextsEvidence => ({ ...example, ...given })

export const checkTextRule = checkerOf(
  (given: TextsEvidence, rule: TextRule) => runRules([rule], given),
  // Of the way that a saving is of.
  () => 40,
)
