// Merges of a BPE tokenizer, looked up by a pair of tokens. tokenizers.js makes an array and a JSON text of each merge when it opens a tokenizer, and a JSON text
// for each pair that it looks up. Llama 3 and Gemma have 280,000 to 510,000 merges. Here merges that are texts are keys as they are, pairs are kept by the ids of
// their tokens, and both are taken in when the first text is encoded.
import type { JsonObject } from '@whyslow/graph/json.ts'

/** What is used of the BPE model of tokenizers.js 0.2 (its source: src/core/tokenizerModelImplementations/BPE.ts). */
interface Bpe {
  readonly bpe_ranks: ReadonlyMap<string, number>
  readonly tokens_to_ids: ReadonlyMap<string, number>
  add_node(queue: { push(node: Node): void }, node: Node): void
}

interface Node {
  readonly token: string
  readonly next: Node
  readonly bias: number
  score?: number
}

type RankOf = (left: string, right: string) => number | undefined

/** The tokenizer without its merges, and what gives them back to the one that is made of it; null: it is of another kind, or has none. */
export function withoutMerges(
  json: JsonObject,
): { readonly json: JsonObject; readonly giveTo: (made: { readonly model: unknown }) => boolean } | null {
  const model = json.model as JsonObject | null | undefined
  const merges = model?.merges
  if (model?.type !== 'BPE' || !Array.isArray(merges) || merges.length === 0) return null
  return {
    json: { ...json, model: { ...model, merges: [] } },
    giveTo(made) {
      const bpe = made.model as Bpe
      if (!isKnown(bpe)) return false
      let rankOf: RankOf | undefined
      bpe.add_node = (queue, node) => {
        rankOf ??= typeof merges[0] === 'string' ? ranksOfTexts(merges) : ranksOfPairs(merges, bpe.tokens_to_ids)
        const rank = rankOf(node.token, node.next.token)
        if (rank === undefined) return
        node.score = rank + node.bias
        queue.push(node)
      }
      return true
    },
  }
}

const isKnown = (bpe: Partial<Bpe> | null | undefined): boolean =>
  bpe?.bpe_ranks instanceof Map &&
  bpe.bpe_ranks.size === 0 &&
  bpe.tokens_to_ids instanceof Map &&
  typeof bpe.add_node === 'function'

/** 'a b': tokens hold no space. Of a pair that comes twice the later place counts. */
function ranksOfTexts(merges: readonly string[]): RankOf {
  const ranks = new Map<string, number>()
  for (let rank = 0; rank < merges.length; rank++) ranks.set(merges[rank]!, rank)
  return (left, right) => ranks.get(`${left} ${right}`)
}

const NONE = -1

function ranksOfPairs(merges: readonly (readonly [string, string])[], ids: ReadonlyMap<string, number>): RankOf {
  const mask = 2 ** Math.ceil(Math.log2(2 * merges.length + 2)) - 1
  const rows = new Int32Array(3 * (mask + 1)).fill(NONE)
  /** Its row, or the free one where it belongs. */
  const rowOf = (left: number, right: number): number => {
    let slot = (Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> 3
    for (;;) {
      slot &= mask
      const row = 3 * slot
      if (rows[row] === NONE || (rows[row] === left && rows[row + 1] === right)) return row
      slot++
    }
  }
  for (let rank = 0; rank < merges.length; rank++) {
    const [left, right] = [ids.get(merges[rank]![0]), ids.get(merges[rank]![1])]
    // What is no token is never joined.
    if (left === undefined || right === undefined) continue
    rows.set([left, right, rank], rowOf(left, right))
  }
  return (first, second) => {
    const [left, right] = [ids.get(first), ids.get(second)]
    if (left === undefined || right === undefined) return undefined
    const row = rowOf(left, right)
    return rows[row] === NONE ? undefined : rows[row + 2]
  }
}
