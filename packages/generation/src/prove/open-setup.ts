// A setup opened in this process: called in the process of a trial.
import { InputError } from '@whyslow/graph/input-error.ts'
import { generatorEngines } from '../engines/index.ts'
import type { Generator } from '../generator.ts'
import { withLoop } from '../loop/loop.ts'
import type { GeneratorSetup } from './setup.ts'
import { shippedFolder } from './shipped-engine.ts'

export async function openSetup({ engine: id, source, options, loop }: GeneratorSetup): Promise<Generator> {
  const engine = [...generatorEngines, shippedFolder].find((one) => one.id === id)
  if (engine === undefined) throw new InputError(`no engine ${id} generates text`)
  const generator = await engine.open(source, options)
  return loop === null || generator.start === null ? generator : withLoop(generator, loop)
}
