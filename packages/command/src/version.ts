// The version of this package, from its own package.json, and the head of documents that it writes.

import fs from 'node:fs'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'

export const toolVersion: string = JSON.parse(
  fs.readFileSync(new URL('../../package.json', compiledTwin(import.meta.url)), 'utf8'),
).version

/** What every document starts with. */
export const documentHead = <const S extends string>(schema: S) => ({
  schema,
  tool: { version: toolVersion },
  createdAt: new Date().toISOString(),
})
