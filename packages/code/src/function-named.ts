// A function of a file, as a command line names it.
import fs from 'node:fs'

/** 'service.py:score' is the function `score` of service.py; a file that exists is itself, whatever its name. `call`: null if none is named. */
export function functionNamed(given: string): { readonly file: string; readonly call: string | null } {
  const [, file = given, call = null] = fs.existsSync(given) ? [] : (/^(.+\.\w+):([\w.]+)$/.exec(given) ?? [])
  return { file, call }
}
