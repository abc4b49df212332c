// Folders of vocabularies that the user's program reads: it says by reading them where its tokenizer lies.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { dirname, resolve } from 'node:path'
import { pathOf } from '../../javascript/inputs.ts'

const READERS = ['readFile', 'readFileSync', 'createReadStream', 'openSync'] as const
const VOCABULARY = /(tokenizer|vocab|merges|special_tokens|token)[^/\\]*\.(json|txt|model|tsv)$/i

/** Grows while the program reads. */
export function watchReadFolders(): ReadonlySet<string> {
  const folders = new Set<string>()
  for (const [owner, names] of [
    [fs, READERS],
    [fs.promises, ['readFile', 'open']],
  ] as const) {
    for (const name of names) {
      const own = owner as unknown as Record<string, (...given: unknown[]) => unknown>
      const read = own[name]!
      own[name] = function (this: unknown, ...given) {
        const file = pathOf(given[0])
        if (file !== null && VOCABULARY.test(file)) folders.add(dirname(resolve(file)))
        return read.apply(this, given)
      }
    }
  }
  syncBuiltinESMExports()
  return folders
}
