// Merges of a BPE tokenizer, looked up by a pair of tokens. tokenizers.js makes an array and a JSON text of each merge when it opens a tokenizer, and a JSON text
// for each pair that it looks up: of the 280,000 to 510,000 merges of Llama 3 and Gemma that is most of the time to open them. Here the merges of the file are the keys,
// made when the first text is encoded.

type Json = Readonly<Record<string, unknown>>

/** What is used of the BPE model of tokenizers.js 0.2 (its source: src/core/tokenizerModelImplementations/BPE.ts). */
interface Bpe {
  readonly bpe_ranks: ReadonlyMap<string, number>
  add_node(queue: { push(node: Node): void }, node: Node): void
}

interface Node {
  readonly token: string
  readonly next: Node
  readonly bias: number
  score?: number
}

/** Between two tokens of a merge that is no text of its own. */
const BETWEEN = '\u0000'

/** The tokenizer without its merges, and what gives them back to the one that is made of it; null: it is of another kind, or has none. */
export function withoutMerges(json: Json): { readonly json: Json; readonly giveTo: (made: { readonly model: unknown }) => boolean } | null {
  const model = json.model as Json | null | undefined
  const merges = model?.merges
  if (model?.type !== 'BPE' || !Array.isArray(merges) || merges.length === 0) return null
  return {
    json: { ...json, model: { ...model, merges: [] } },
    giveTo(made) {
      const bpe = made.model as Bpe
      if (!isKnown(bpe)) return false
      let ranks: ReadonlyMap<string, number> | undefined
      const between = typeof merges[0] === 'string' ? ' ' : BETWEEN
      bpe.add_node = (queue, node) => {
        ranks ??= ranksOf(merges)
        const rank = ranks.get(node.token + between + node.next.token)
        if (rank === undefined) return
        node.score = rank + node.bias
        queue.push(node)
      }
      return true
    },
  }
}

const isKnown = (bpe: Partial<Bpe> | null | undefined): boolean =>
  bpe?.bpe_ranks instanceof Map && bpe.bpe_ranks.size === 0 && typeof bpe.add_node === 'function'

/** Of a pair that comes twice the later place counts. */
function ranksOf(merges: readonly unknown[]): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>()
  for (let rank = 0; rank < merges.length; rank++) {
    const merge = merges[rank] as string | readonly [string, string]
    ranks.set(typeof merge === 'string' ? merge : merge[0] + BETWEEN + merge[1], rank)
  }
  return ranks
}
