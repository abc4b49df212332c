// The page as it was built, without data: read and unpacked at the moment of use.

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync, constants, gzipSync } from 'node:zlib'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import type { RuleAdvice } from '@whyslow/report/documents/rule-advice.ts'
import { embedJson, type PageData } from '@whyslow/report/html/html-page.ts'
import { adviceIn } from '@whyslow/report/html/rule-advice.ts'
import { fileOfRule } from './links.ts'

const SHELL = fileURLToPath(new URL('../../report/web/shell.html.br', compiledTwin(import.meta.url)))

/** Throws if the package was built without it, which is a bug. */
export function readShell(): string {
  if (!existsSync(SHELL)) throw new Error('the page was not built: dist/report/web/shell.html.br is missing')
  return brotliDecompressSync(readFileSync(SHELL)).toString('utf8')
}

/** Letters from which the data is packed in the page: opening takes longer, and the file is a tenth. */
const PACKED_FROM_LETTERS = 5_000_000

/** The text of the page's data block, with what the rules of its findings advise. The same documents give the same text. */
export function embed(data: PageData): string {
  const plain = embedJson({ ...data, advice: adviceOf(data.documents) })
  if (plain.length < PACKED_FROM_LETTERS) return plain
  return embedJson({ gzip: gzipSync(plain, { level: constants.Z_BEST_COMPRESSION }).toString('base64') })
}

interface Found {
  readonly findings?: readonly { readonly rule?: unknown }[] | null
  readonly reports?: readonly Found[] | null
}

/** Advice of the rules that documents, and reports within them, name. */
function adviceOf(documents: readonly object[]): Record<string, RuleAdvice> {
  const found = documents.flatMap((one) => [one as Found, ...listOf((one as Found).reports)])
  const rules = new Set(found.flatMap(({ findings }) => listOf(findings).map(({ rule }) => String(rule))))
  return Object.fromEntries(
    [...rules].sort().flatMap((rule) => {
      const file = fileOfRule(rule)
      const advice = file === null ? null : adviceIn(readFileSync(file, 'utf8'))
      return advice === null ? [] : [[rule, advice]]
    }),
  )
}

/** Documents may come from anywhere. */
const listOf = <T>(value: readonly T[] | null | undefined): readonly T[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : []
