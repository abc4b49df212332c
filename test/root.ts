// Where the repository is, for tests that need no more of sources.ts, which loads the compiler of TypeScript.
import { resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '..')
