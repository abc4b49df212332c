// Places in the user's own code, from a stack trace.
import { fileURLToPath } from 'node:url'

const OWN = fileURLToPath(new URL('..', import.meta.url))
const FRAME = /^\s+at (?:(?:async )?(.+?) \()?(file:\/\/\/[^\s)]+?|\/[^\s():]+|[A-Z]:\\[^:)]+):(\d+)(?::\d+)?\)?$/gm

export interface StackPlace {
  readonly file: string
  readonly line: number
  readonly function: string | null
}

/** The nearest frame that is the user's: no package's, none of Node's or of whyslow's. `file` is absolute. */
export const userFrame = (stack: string): StackPlace | null => userFrames(stack, 1)[0] ?? null

/** The user's frames, the nearest first. */
function userFrames(stack: string, most: number): StackPlace[] {
  const found: StackPlace[] = []
  for (const [, name, url, line] of stack.matchAll(FRAME)) {
    const file = url!.startsWith('file:') ? fileURLToPath(url!) : url!
    if (file.startsWith(OWN) || /[\\/]node_modules[\\/]/.test(file)) continue
    found.push({ file, line: Number(line), function: name?.replace(/^.*\./, '').replace(/^<anonymous>$/, '') || null })
    if (found.length === most) break
  }
  return found
}

/** Where it is called from. */
export const callerPlace = (): StackPlace | null => callers(1)[0] ?? null

/** Where it is called from, and where that is called from: of the user's own code, the nearest first. */
export function callers(most: number): StackPlace[] {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 30
  const stack = new Error().stack ?? ''
  Error.stackTraceLimit = limit
  return userFrames(stack, most)
}
