// Puts the hooks in place before the user's code is imported: for modules in Node's loader thread, for CommonJS here. Nothing is done where
// the pass needs none, so that the timed pass of JavaScript runs on Node as it is.
import fs from 'node:fs'
import Module, { register } from 'node:module'
import type { Plan } from '../protocol.ts'
import type { Change } from './prepare.ts'

interface CommonJs {
  _extensions: Record<string, (module: { _compile(code: string, file: string): unknown }, file: string) => void>
  prototype: { _compile(code: string, file: string): unknown }
}

export async function installHooks({ pass, file }: Pick<Plan, 'pass' | 'file'>): Promise<void> {
  await putIn(pass === 'facts' ? 'probes' : 'none', file)
}

/** `file`: the one that is run. */
export async function putIn(change: Change, file: string): Promise<void> {
  if (change === 'none' && !/\.[cm]?tsx?$/.test(file)) return
  register('./hooks.js', import.meta.url, { data: { change } })
  const { isUsers, prepareSource } = await import('./prepare.ts')
  const commonJs = Module as unknown as CommonJs
  const compile = commonJs.prototype._compile
  commonJs.prototype._compile = function (this: unknown, code: string, from: string) {
    return compile.call(this, isUsers(from) ? prepareSource(code, from, change) : code, from)
  }
  for (const ending of ['.ts', '.cts'])
    commonJs._extensions[ending] = (module, from) => void module._compile(fs.readFileSync(from, 'utf8'), from)
}
