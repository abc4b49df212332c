// A path at which there is nothing, and the file that was probably meant.
import fs from 'node:fs'
import path from 'node:path'
import { nearest } from '../nearest.ts'
import { stateOf } from './path-state.ts'

/** Endings that may be left out. */
const MODELS = ['.onnx', '.keras', '.h5', '.tflite', '.json']

/** As in 'modle.onnx: no such file; did you mean model.onnx?'. `hint`: what to do if nothing like it is there. */
export function missingFile(file: string, hint: string): string {
  const meant = meantFile(file)
  return `${file}: no such file${meant === undefined ? hint : `; did you mean ${meant}?`}`
}

function meantFile(file: string): string | undefined {
  const slashes = file.replaceAll('\\', '/')
  if (slashes !== file && stateOf(slashes) !== undefined) return slashes
  const { dir, base } = path.parse(file)
  try {
    const entries = fs.readdirSync(dir === '' ? '.' : dir).filter((name) => !name.startsWith('.') && isAlike(name, base))
    const inOrder = entries.sort((a, b) => MODELS.indexOf(path.extname(a)) - MODELS.indexOf(path.extname(b)))
    const found = nearest(base, inOrder)
    return found === undefined ? undefined : path.join(dir, found)
  } catch {
    return undefined
  }
}

/** Whether a file has the same ending; without one, the same name. */
function isAlike(name: string, base: string): boolean {
  const { ext, name: stem } = path.parse(name.toLowerCase())
  const wanted = path.extname(base).toLowerCase()
  return wanted === '' ? MODELS.includes(ext) && stem === base.toLowerCase() : ext === wanted
}
