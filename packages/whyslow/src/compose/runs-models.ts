// Whether a path is a Python program that runs its models, and does not give them for others to call.
import { existsSync, readFileSync } from 'node:fs'
import { torchFormatOf } from '@whyslow/command/open-model.ts'

const PYTHON = /\.pyw?(:[\w.]+)?$/i

export function runsModels(file: string): boolean {
  if (!PYTHON.test(file)) return false
  if (!existsSync(file)) return /:[\w.]+$/.test(file)
  // Many programs call a model of theirs so, and are not for others to call it.
  return torchFormatOf(file) === null || !/^def\s+model\s*\(|\bexample_inputs\b/m.test(readFileSync(file, 'utf8'))
}
