// Files of this machine: written whole or not at all, and distinguished by what is in them.
import { createHash, randomBytes } from 'node:crypto'
import {
  createReadStream,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'

/**
 * Writes a temporary file and renames it: a reader sees the whole file, or the one that was there before. With the permissions `mode`, if they are given. Throws
 * the disk's errors, and leaves no temporary file.
 */
export function writeWhole(path: string, content: Uint8Array | string, mode?: number): void {
  const beside = temporaryNameFor(path)
  const finished = markUnfinished(beside)
  try {
    writeFileSync(beside, content, { flag: 'wx', ...(mode === undefined ? {} : { mode }) })
    renameSync(beside, path)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  } finally {
    finished()
  }
}

/** A name that nobody else takes, in the folder of `path`. */
export const temporaryNameFor = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.tmp`)

/** The folder for all temporary files of one run of the command, which its supervisor removes; made when something is first put there. */
export const TEMPORARY_VARIABLE = 'WHYSLOW_TEMPORARY'

/**
 * A folder of this user alone; who makes it removes it. Its path stays short: a browser puts a socket into folders below it, whose path may have 108
 * characters (unix(7)).
 */
export function makeTemporaryFolder(prefix: string): string {
  const ofRun = process.env[TEMPORARY_VARIABLE]
  if (ofRun === undefined) return mkdtempSync(join(tmpdir(), prefix))
  mkdirOnce(ofRun)
  return mkdtempSync(join(ofRun, prefix.replace(/^whyslow-(?=.)/, '')))
}

/** What tells a program to put its temporary files into `folder`. */
export const temporaryVariables = (folder: string) => ({ TMPDIR: folder, TMP: folder, TEMP: folder })

/** Throws if somebody else made it: nobody else knows its name. */
function mkdirOnce(folder: string): void {
  try {
    mkdirSync(folder, 0o700)
  } catch (error) {
    const there = lstatSync(folder, { throwIfNoEntry: false })
    if (!there?.isDirectory() || (process.getuid !== undefined && there.uid !== process.getuid())) throw error
  }
}

/**
 * A file or folder that is not finished, which stands where the user looks: the supervisor removes it if this process is killed. What is
 * returned takes that back.
 */
export function markUnfinished(path: string): () => void {
  const ofRun = process.env[TEMPORARY_VARIABLE]
  if (ofRun === undefined) return () => {}
  mkdirOnce(ofRun)
  const note = join(ofRun, `${NOTE}${randomBytes(6).toString('hex')}`)
  writeFileSync(note, resolve(path))
  return () => rmSync(note, { force: true })
}

const NOTE = 'unfinished-'

/** What a run of the command left, once its processes have ended: what it had not finished, and its folder for temporary files. */
export function removeRun(folder: string): void {
  try {
    const notes = readdirSync(folder).filter((name) => name.startsWith(NOTE))
    for (const note of notes) isRemoved(readFileSync(join(folder, note), 'utf8'))
  } catch {
    // Nothing was put there, or a note was not finished itself.
  }
  removeAtExit(folder)
}

const REMOVAL_TRIES = 40
const REMOVAL_PAUSE_MS = 50

/** Removes the folder in a process that ends, when nothing asynchronous runs any more. A writer there was killed and may write once more. */
export function removeAtExit(folder: string): void {
  for (let tries = 0; tries < REMOVAL_TRIES && !isRemoved(folder); tries++) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, REMOVAL_PAUSE_MS)
  }
}

/** Removes a folder, if nobody writes there at the same time: rmSync's own retries do not look for new files. */
export function isRemoved(folder: string): boolean {
  try {
    rmSync(folder, { recursive: true, force: true })
    return true
  } catch {
    return false
  }
}

/** SHA-256 of a file's bytes, as hexadecimal digits. Rejects with the disk's errors. */
export async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
