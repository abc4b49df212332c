// A shipped folder as an engine: opened as its user opens it, through its own generate.mjs.
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Generator, GeneratorEngine } from '../generator.ts'

export const shippedFolder: GeneratorEngine = {
  id: 'shipped-folder',
  title: 'A folder that fix wrote',
  opens: () => true,
  missing: async () => null,
  async open(folder) {
    const { open } = (await import(pathToFileURL(path.join(folder, 'generate.mjs')).href)) as { open(): Promise<Generator> }
    return open()
  },
}
