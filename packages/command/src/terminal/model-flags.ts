// Checks of what is typed: is the model there, is an engine where it is to be taken from, is the default folder free?
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { missingFile } from './missing-file.ts'
import { stateOf } from './path-state.ts'
import { UsageError } from './usage-error.ts'
import { checkFolder } from './write-file.ts'

/** Throws UsageError if the model or the engine's package is not there, or the inputs cannot be kept. */
export function checkModel(file: string, flags: PlaceFlags & { readonly saveInputs?: string }): void {
  if (stateOf(file) === undefined)
    throw new UsageError(missingFile(file, '; give the path of a model, as in: whyslow model.onnx'))
  checkPlaces(flags)
  if (flags.saveInputs !== undefined) checkFolder(flags.saveInputs, '--save-inputs')
}

/** The folder that fix and quantize write by default, in the current folder: `resnet-fast/` for `models/resnet.onnx`. */
export const defaultFolder = (file: string): string => `${path.parse(path.resolve(file)).name}-fast`

/** `defaultFolder`. Throws UsageError if it holds what was made of another model: only a user who names it, or `force`, replaces that. */
export function freeDefaultFolder(file: string, force = false): string {
  const folder = defaultFolder(file)
  const problem = force ? undefined : problemOfFolder(folder, file)
  if (problem !== undefined) throw new UsageError(`${problem}; give another folder with -o, or --force to replace it`)
  return folder
}

/** Why `folder`, which nobody named, is not written: it was made of a model with another path and other bytes than `file`. */
export function problemOfFolder(folder: string, file: string): string | undefined {
  const other = modelOf(folder)
  if (other?.sha256 === undefined) return undefined
  const made = path.resolve(path.dirname(path.resolve(folder)), other.file)
  if (realOr(made) === realOr(path.resolve(file)) || hashOf(file) === other.sha256) return undefined
  return `${path.basename(folder)}/ holds what was made of ${other.file}`
}

/** The model that the report in a folder of fix or quantize names; undefined if there is none. */
function modelOf(folder: string): { readonly file: string; readonly sha256?: string } | undefined {
  try {
    const { model } = JSON.parse(fs.readFileSync(path.join(folder, 'report.json'), 'utf8'))
    return typeof model?.file === 'string' ? model : undefined
  } catch {
    return undefined
  }
}

function realOr(file: string): string {
  try {
    return fs.realpathSync(file)
  } catch {
    return file
  }
}

/** undefined if it cannot be read: what reads it next says so. */
function hashOf(file: string): string | undefined {
  try {
    return createHash('sha256').update(fs.readFileSync(file)).digest('hex')
  } catch {
    return undefined
  }
}

/** What each place of an engine is, and what to give. */
const PLACE = {
  ort: ['folder', 'the folder of an onnxruntime-node package'],
  browser: ['file', 'the path of a Chromium, Chrome or Edge'],
  openvino: ['folder', "the folder of OpenVINO's libraries, or of a Python environment that has it"],
  litert: ['folder', "the folder of LiteRT's library, or of a Python environment that has it"],
  python: ['file', 'the path of a Python interpreter, or the folder of its environment'],
} as const
export const PLACES = Object.keys(PLACE) as (keyof typeof PLACE)[]

type PlaceFlags = { readonly [flag in keyof typeof PLACE]?: string }

/** Throws UsageError if what an engine is to be taken from is not there. */
export function checkPlaces(flags: PlaceFlags): void {
  for (const flag of PLACES) {
    const [place, [kind, next]] = [flags[flag], PLACE[flag]]
    if (place !== undefined && stateOf(place) === undefined && !(flag === 'python' && isCommand(place)))
      throw new UsageError(`--${flag} ${place}: no such ${kind}; give ${next}`)
  }
}

/** Found on the path, as a shell does. */
function isCommand(named: string): boolean {
  if (/[\\/]/.test(named)) return false
  const files = process.platform === 'win32' ? [named, `${named}.exe`] : [named]
  const folders = process.env.PATH?.split(path.delimiter).filter(Boolean) ?? []
  return folders.some((folder) => files.some((file) => stateOf(path.join(folder, file)) !== undefined))
}
