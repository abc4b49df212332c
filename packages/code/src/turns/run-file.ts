// The user's file, run in the process of a pass as it is run elsewhere: by the program that imports it, or as the one that was started.
import Module from 'node:module'
import { pathToFileURL } from 'node:url'

/** 'imported': by something else; 'main': it is what was started; 'required': the same, in CommonJS, which asks for `require.main`. */
export type Start = 'imported' | 'main' | 'required'

interface Loader {
  _load(file: string, parent: null, isMain: boolean): unknown
}

/** What importing it gives. `words`: of the command line, behind its name. */
export async function runFile(file: string, start: Start, words: readonly string[]): Promise<Record<string, unknown>> {
  const [node, own] = process.argv as [string, string]
  process.argv = [node, start === 'imported' ? own : file, ...words]
  if (start === 'required') return { default: (Module as unknown as Loader)._load(file, null, true) }
  return (await import(pathToFileURL(file).href)) as Record<string, unknown>
}
