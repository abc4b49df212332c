// The page as it was built, without data: read and unpacked at the moment of use.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync, constants, gzipSync } from 'node:zlib'
import { embedJson, type PageData } from '../report/html/html-page.ts'

/** Beside the compiled command; for sources run as they are, in dist/. */
const PLACES = ['../web/shell.html.br', '../../dist/web/shell.html.br'].map((place) =>
  fileURLToPath(new URL(place, import.meta.url)),
)

/** Throws where the package was built without it, which is a bug. */
export function readShell(): string {
  const file = PLACES.find(existsSync)
  if (file === undefined) throw new Error('the page was not built: dist/web/shell.html.br is missing')
  return brotliDecompressSync(readFileSync(file)).toString('utf8')
}

/** From here on the data is packed in the page: opening takes longer, and the file is a tenth. */
const PACKED_FROM_LETTERS = 5_000_000

/** The text of the page's data block. The same documents give the same text. */
export function embedded(data: PageData): string {
  const plain = embedJson(data)
  if (plain.length < PACKED_FROM_LETTERS) return plain
  return embedJson({ gzip: gzipSync(plain, { level: constants.Z_BEST_COMPRESSION }).toString('base64') })
}
