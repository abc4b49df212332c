// Which file and which function were meant.
import fs from 'node:fs'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { functionNamed } from '../../function-named.ts'
import { javascript } from '../../javascript/javascript.ts'
import type { LanguageSide } from '../../language.ts'
import { python } from '../../python/python.ts'

const SIDES: readonly LanguageSide[] = [javascript, python]

export interface TargetFile {
  /** Absolute. */
  readonly file: string
  readonly call: string | null
  readonly side: LanguageSide
}

/**
 * `given`: a file, or 'file:function' without a `call`. `call`: 'function', or 'module:function', where the module may be another one than the file.
 * Throws InputError.
 */
export function targetFile(given: string, call: string | null): TargetFile {
  const { file, call: own } = functionNamed(given)
  return call === null && own !== null ? targetOf(file, own) : targetOf(given, call)
}

function targetOf(given: string, call: string | null): TargetFile {
  const colon = call?.lastIndexOf(':') ?? -1
  const named = colon > 0 ? call!.slice(0, colon) : null
  const file = checked(named === null ? given : moduleFile(named, given))
  const wanted = path.extname(file).toLowerCase()
  const side = SIDES.find(({ extensions }) => extensions.includes(wanted))
  if (side === undefined) {
    throw new InputError(`${given}: pipeline reads code (${known()}); a model is measured by whyslow ${given}`)
  }
  return { file, call: call === null ? null : call.slice(colon + 1), side }
}

const known = (): string => SIDES.flatMap(({ extensions }) => extensions).join(' ')

function checked(file: string): string {
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (stat === undefined)
    throw new InputError(`${file}: there is no such file; name the module or script that predicts (${known()})`)
  if (!stat.isFile()) throw new InputError(`${file} is a folder; name the file in it that has the code`)
  return path.resolve(file)
}

/** 'service' of service.py, 'app.predict' of app/predict.py, './app/predict.mjs'. */
function moduleFile(module: string, given: string): string {
  const stem = path.basename(given, path.extname(given))
  if (module === stem || module === path.basename(given) || module === given) return given
  const ending = path.extname(given)
  const beside = path.join(
    path.dirname(given),
    module.includes('/') || path.extname(module) === ending ? module : `${module.replaceAll('.', '/')}${ending}`,
  )
  return fs.existsSync(beside) ? beside : module
}
