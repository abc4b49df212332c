// What the page was given: the documents in its data block, packed where they are large, or asked of the server that the page came from.
import type { AbDocument } from '../../src/report/documents/ab.ts'
import type { ComparisonDocument } from '../../src/report/documents/comparison.ts'
import type { LoadDocument } from '../../src/report/documents/load.ts'
import type { ReportDocument } from '../../src/report/documents/report.ts'
import type { StudyDocument } from '../../src/report/documents/study.ts'

export type Report = ReportDocument
export type Comparison = ComparisonDocument
export type Load = LoadDocument
export type Ab = AbDocument
export type Study = StudyDocument
export type Node = ReportDocument['nodes'][number]
export type Finding = ReportDocument['findings'][number]
export type Trial = ReportDocument['trials'][number]
export type AreaKey = keyof ReportDocument['areas']

export interface Given {
  readonly documents: readonly { readonly schema?: string }[]
  /** The files that several were read from. */
  readonly names: readonly string[]
}

interface Embedded {
  documents?: Given['documents']
  names?: readonly string[]
  gzip?: string
  served?: boolean
}

/** null: the server has them. Rejects where the block holds no documents. */
export async function embeddedData(): Promise<Given | null> {
  const block = document.getElementById('report')
  let embedded = JSON.parse(block?.textContent ?? '{}') as Embedded
  // The text is not needed twice.
  block?.remove()
  if (embedded.served) return null
  if (embedded.gzip !== undefined) embedded = JSON.parse(await unpack(embedded.gzip)) as Embedded
  if (!Array.isArray(embedded.documents)) throw new Error('this page holds no document')
  return { documents: embedded.documents, names: embedded.names ?? [] }
}

async function unpack(base64: string): Promise<string> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text()
}
