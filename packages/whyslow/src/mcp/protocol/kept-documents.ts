// Documents of this session, in memory: what a resource's URI names.

export interface KeptDocument {
  readonly uri: string
  /** Its answer, for lists. */
  readonly about: string
  readonly document: object
}

export interface KeptDocuments {
  keep(document: object): KeptDocument
  list(): readonly KeptDocument[]
  /** undefined: there is none, or no longer. */
  find(uri: string): KeptDocument | undefined
}

export const SCHEME = 'whyslow://report/'
/** Documents have some megabytes each. */
const MOST_KEPT = 32

/** `onChange`: the list has changed. */
export function createKeptDocuments(onChange: () => void): KeptDocuments {
  const kept = new Map<string, KeptDocument>()
  let count = 0
  return {
    keep(document) {
      const uri = `${SCHEME}${++count}`
      const { answer, schema } = document as { readonly answer?: string; readonly schema?: string }
      const one = { uri, about: answer ?? schema ?? '', document }
      kept.set(uri, one)
      if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!)
      onChange()
      return one
    },
    list: () => [...kept.values()],
    find: (uri) => kept.get(uri),
  }
}
