// Files that a command writes. Nothing is written over a model, half a file is never left: the text goes next to the target and is
// renamed. Whether that can work is found out before anything is measured.
import { closeSync, openSync, readSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { temporaryNameFor, writeWhole } from '@whyslow/measure/machine/files.ts'
import { stateOf } from './path-state.ts'
import { UsageError } from './usage-error.ts'

/** An output path that has been tried out. `direct`: a device or pipe, which cannot be renamed over. */
export interface Target {
  readonly path: string
  readonly direct: boolean
}

/** Such as /dev/stdout, a file if a shell redirects it. /dev/shm holds ordinary files in memory. */
const DEVICES = /^\/dev\/(?!shm\/)/

/** What a file begins with that an option may write over. */
const WRITTEN: Readonly<Record<string, readonly [kind: string, start: RegExp]>> = {
  '--json': ['JSON that whyslow wrote', /^\{\s*"schema":\s*"whyslow-/],
  '--html': ['HTML', /^<!doctype html/i],
  '--markdown': ['Markdown that whyslow wrote', /^<!-- whyslow -->/],
  '--csv': ['a table that whyslow wrote', /^model,model_sha256,/],
  '--parquet': ['Parquet', /^PAR1/],
}
const OTHERS = ['JSON', /^\{/] as const

/**
 * A path that can be written, or UsageError: a folder, a folder that is missing or read-only, the input itself under any of its
 * names, or an existing file that is not what is written: for `--json`, `--markdown` and `--csv` what this tool wrote (models are JSON too), for
 * `--html` a page, for `--parquet` Parquet, else JSON.
 * `flag` names the option in the message.
 */
export function checkTarget(path: string, flag: string, input: string): Target {
  const known = stateOf(path)
  if (known !== undefined && (DEVICES.test(resolve(path)) || !(known.isFile() || known.isDirectory())))
    return { path, direct: true }
  const target = followLinks(path)
  if (known?.isDirectory()) throw new UsageError(`${flag} ${path}: this is a folder; give the name of a file`)
  if (isSameFile(target, input)) throw new UsageError(`${flag} ${path}: this is the file that is read; give another name`)
  const [kind, start] = WRITTEN[flag] ?? OTHERS
  if (known?.isFile() && known.size > 0 && !begins(target, start)) {
    throw new UsageError(`${flag} ${path}: exists and is not ${kind}, so it is left alone; give another name`)
  }
  if (!stateOf(dirname(target))?.isDirectory()) {
    throw new UsageError(`${flag} ${path}: the folder ${dirname(path)} does not exist: create it or give another path`)
  }
  attempt(path, flag, () => tryOut(target))
  return { path: target, direct: false }
}

/**
 * The files that flags name, by flag, tried out for all that is read. UsageError as of `checkTarget`, and where one is standard output or two
 * are one file.
 */
export function checkTargets(
  named: Readonly<Record<string, string | undefined>>,
  inputs: readonly (string | undefined)[],
): ReadonlyMap<string, Target> {
  const targets = new Map<string, Target>()
  for (const [flag, path] of Object.entries(named)) {
    if (path === undefined) continue
    if (path === '') throw new UsageError(`${flag}: the name of the file is empty; give one, or leave out the =`)
    if (path === '-') throw new UsageError(`${flag} -: standard output is for the document; give the name of a file`)
    const target = (inputs.length > 0 ? inputs : ['']).map((input) => checkTarget(path, flag, input ?? ''))[0]!
    const [other] = [...targets].find(([, one]) => one.path === target.path) ?? []
    if (other !== undefined) throw new UsageError(`${other} and ${flag} name the same file; give two names`)
    targets.set(flag, target)
  }
  return targets
}

/** A folder that exists or can be made, for files that a later stage writes; else UsageError. Makes nothing. */
export function checkFolder(path: string, flag: string): void {
  let nearest = resolve(path)
  while (stateOf(nearest) === undefined) nearest = dirname(nearest)
  if (!stateOf(nearest)?.isDirectory()) throw new UsageError(`${flag} ${path}: ${nearest} is not a folder; give another name`)
  attempt(path, flag, () => tryOut(join(nearest, 'whyslow')))
}

/** The whole text or nothing; UsageError if the disk refuses. Devices and pipes are written to directly. */
export function writeTarget(target: Target, text: string | Uint8Array, flag: string): void {
  const known = stateOf(target.path)
  attempt(target.path, flag, () => {
    if (target.direct) return writeFileSync(target.path, text)
    writeWhole(target.path, text, known?.mode)
  })
}

/** Makes a file next to the path, and removes it. */
function tryOut(path: string): void {
  const probe = temporaryNameFor(path)
  closeSync(openSync(probe, 'wx'))
  rmSync(probe)
}

function attempt(path: string, flag: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    const reasons: Record<string, string> = {
      EACCES: 'no permission to write there',
      EPERM: 'no permission to write there',
      EROFS: 'the file system is read-only',
      ENOSPC: 'the disk is full',
    }
    throw new UsageError(`${flag} ${path}: cannot be written (${reasons[code] ?? code}); give another name`)
  }
}

/** Where a link leads, so that the rename replaces the file and not the link. */
function followLinks(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path)
  }
}

function isSameFile(target: string, input: string): boolean {
  const a = stateOf(target)
  const b = stateOf(input)
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino
}

function begins(path: string, like: RegExp): boolean {
  const start = Buffer.alloc(64)
  const file = openSync(path, 'r')
  try {
    const length = readSync(file, start, 0, start.length, 0)
    return like.test(start.toString('utf8', 0, length).trimStart())
  } finally {
    closeSync(file)
  }
}
