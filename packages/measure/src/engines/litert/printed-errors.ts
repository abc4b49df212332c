// Why LiteRT refuses a model it prints, and its calls give a number: what native code prints meanwhile is caught, so that the error says it.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import type { LitertApi } from './c-api.ts'

const STDERR = 2
/** The C library, in which descriptors are exchanged; on Windows the status has to do. */
const LIBRARIES: Readonly<Partial<Record<NodeJS.Platform, string>>> = { linux: 'libc.so.6', darwin: 'libSystem.B.dylib' }
/** 'ERROR: [tensor_buffer.cc:150] …', 'INFO: Created …'. */
const PRINTED = /^(ERROR|WARNING|INFO|VERBOSE): (\[[^\]]+\] )?(.*)$/

/** Does it. Throws an Error that begins with `what` and has the errors that were printed. */
export function withPrintedErrors<T>(api: LitertApi, what: string, work: () => T): T {
  const caught = catchStderr(api)
  try {
    const result = work()
    caught()
    return result
  } catch (error) {
    throw new Error(`${what}: ${errorsIn(caught()) || firstLineOf(error)}`)
  }
}

/** The errors in what it printed, once each. */
export function errorsIn(printed: string): string {
  const lines = printed.split('\n').map((line) => PRINTED.exec(line.trim()))
  return [...new Set(lines.flatMap((line) => (line?.[1] === 'ERROR' ? [line[3]!] : [])))].join(' ')
}

/** Gives what ends it and has what was printed. */
function catchStderr({ koffi }: LitertApi): () => string {
  const name = LIBRARIES[process.platform]
  if (name === undefined) return () => ''
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-said-'))
  try {
    const library = koffi.load(name)
    const dup = library.func('int dup(int fd)')
    const dup2 = library.func('int dup2(int from, int to)')
    const file = path.join(folder, 'stderr')
    const to = fs.openSync(file, 'w')
    const before = dup(STDERR) as number
    dup2(to, STDERR)
    return () => {
      dup2(before, STDERR)
      fs.closeSync(before)
      fs.closeSync(to)
      const printed = fs.readFileSync(file, 'utf8')
      fs.rmSync(folder, { recursive: true, force: true })
      return printed
    }
  } catch {
    fs.rmSync(folder, { recursive: true, force: true })
    return () => ''
  }
}
