// A model that is shipped as code: the program that was compiled of it, and what runs that, without any engine.
import { readFileSync } from 'node:fs'
import { type Chosen, chooseForm } from '../compile/choose.ts'
import { packProgram } from '../compile/program.ts'
import { type CompilableModel, compilableOf } from '../compile/read/index.ts'
import type { Trees } from '../compile/shipped/compiled.mjs'
import type { Model } from '../graph/model.ts'
import type { Folder } from './folder.ts'

/** What `options.json` says of the program: which names stand for what. */
export function compiledOptions({ model, input, outputs }: CompilableModel) {
  return { input: { ...input, features: model.input.featureCount }, outputs, classes: model.label?.classes ?? null }
}

/** Writes the program and its code into the folder. `written` begins each file of code. */
export async function writeCompiled({ model }: CompilableModel, folder: Folder, written: string): Promise<void> {
  const { program, module, trees }: Chosen = await chooseForm(model, { now: () => performance.now(), load: moduleOf })
  const { json, bytes } = packProgram(program)
  await folder.add('model.json', 'model', json)
  await folder.add('model.bin', 'weights', [bytes])
  if (module !== null) await folder.add('model.wasm', 'weights', [module])
  if (trees !== undefined) await folder.add('trees.mjs', 'weights', `${written}${trees}`)
  await folder.add(
    'predict-compiled.mjs',
    'engine',
    `${written}${readFileSync(new URL('./shipped/predict-compiled.mjs', import.meta.url), 'utf8')}`,
  )
  await folder.add(
    'compiled.mjs',
    'engine',
    `${written}${readFileSync(new URL('../compile/shipped/compiled.mjs', import.meta.url), 'utf8')}`,
  )
}

/** Throws an Error where no code can be written for it. */
export function compilableFor(model: Model): CompilableModel {
  const found = compilableOf(model)
  if (!found.ok) throw new Error(`it cannot be compiled: ${found.reason}`)
  return found.compilable
}

/** To be timed it is run here, without a file. */
export const moduleOf = async (source: string): Promise<Trees> =>
  ((await import(`data:text/javascript,${encodeURIComponent(source)}`)) as { default: Trees }).default
