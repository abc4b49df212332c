// What contestants are called before the reader: models by the shortest end of their path that tells them apart.
import type { ComparisonDocument } from '../documents/comparison.ts'

/** 'a/m.onnx' and 'b/m.onnx' keep their folders, 'x/a.onnx' and 'x/b.onnx' do not. Other words stay unchanged. */
export function shortNames(ids: readonly string[]): ReadonlyMap<string, string> {
  const parts = ids.map((id) => id.split(/[\\/]/))
  const longest = Math.max(...parts.map(({ length }) => length), 1)
  for (let kept = 1; kept < longest; kept++) {
    const ends = parts.map((part) => part.slice(-kept).join('/'))
    if (new Set(ends).size === ids.length) return new Map(ids.map((id, i) => [id, ends[i]!]))
  }
  return new Map(ids.map((id) => [id, id]))
}

/** The document with every contestant under its short name. */
export function withShortNames<T extends Omit<ComparisonDocument, 'answer' | 'sentences'>>(doc: T): T {
  const names = shortNames(doc.contestants.map(({ id }) => id))
  const nameOf = (id: string) => names.get(id) ?? id
  const nameOrNull = (id: string | null) => (id === null ? null : nameOf(id))
  return {
    ...doc,
    reference: nameOf(doc.reference),
    contestants: doc.contestants.map((one) => ({ ...one, id: nameOf(one.id) })),
    ranking: doc.ranking.map((one) => ({ ...one, id: nameOf(one.id), tiedWith: one.tiedWith.map(nameOf) })),
    pairs: doc.pairs.map((pair) => ({ ...pair, a: nameOf(pair.a), b: nameOf(pair.b) })),
    pareto: {
      ...doc.pareto,
      front: doc.pareto.front.map(nameOf),
      dominated: doc.pareto.dominated.map(({ id, by }) => ({ id: nameOf(id), by: nameOf(by) })),
    },
    breakEven: doc.breakEven.map((one) => ({
      ...one,
      a: nameOf(one.a),
      b: nameOf(one.b),
      small: nameOrNull(one.small),
      large: nameOrNull(one.large),
    })),
  }
}
