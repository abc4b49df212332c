// Documents as a page is given them, packed where they are large.
import type { RuleAdvice } from '@whyslow/report/documents/rule-advice.ts'

export interface Given {
  readonly documents: readonly { readonly schema?: string }[]
  /** The files that several were read from. */
  readonly names: readonly string[]
  /** Advice of the rules that the documents' findings are of. */
  readonly advice: Readonly<Record<string, RuleAdvice>>
}

export interface Embedded extends Partial<Given> {
  gzip?: string
  served?: boolean
}

/** What a page is given, packed or not; null if that is no documents. */
export async function unpacked({ gzip, ...plain }: Embedded): Promise<Given | null> {
  const { documents, names = [], advice = {} } = gzip === undefined ? plain : (JSON.parse(await unpack(gzip)) as Embedded)
  return Array.isArray(documents) ? { documents, names, advice } : null
}

async function unpack(base64: string): Promise<string> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text()
}
