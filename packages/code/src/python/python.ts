// Python, as the `pipeline` command knows it: the user's own interpreter runs the collector, which runs the user's file.
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { COLLECTOR } from '@whyslow/measure/python/collector.ts'
import { findInterpreter, isolatedEnvironment, probeInterpreter, pythonEnvironment } from '@whyslow/measure/python/interpreter.ts'
import { isTorchFile, TORCH_ENDINGS } from '@whyslow/measure/python/torch-endings.ts'
import type { DriverCommand, LanguageOptions, LanguageSide } from '../language.ts'

async function command(file: string, { python, signal }: LanguageOptions): Promise<DriverCommand> {
  const found = findInterpreter({ named: python, beside: file }, pythonEnvironment())
  if (!found.ok) throw new InputError(`${found.reason}; ${found.fix}`)
  const { executable, arguments: before, passedOver } = found.interpreter
  const from = [found.interpreter.from, passedOver ?? []].flat().join('; ')
  const probed = await probeInterpreter(found.interpreter, undefined, signal)
  if (!probed.ok) throw new InputError(`${probed.reason}; ${probed.fix}`)
  // A file of weights is no program: what is next to it is not imported.
  const environment = isTorchFile(file) && { environment: isolatedEnvironment(process.env, path.dirname(path.resolve(file))) }
  return { executable, arguments: [...before, COLLECTOR], messages: 1, from, ...environment }
}

export const python: LanguageSide = { language: 'python', extensions: ['.py', '.pyw', ...TORCH_ENDINGS], command }
