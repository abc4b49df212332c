// A model that is shipped as code: the program that was compiled of it, and what runs that, without any engine.

import { readFileSync } from 'node:fs'
import type { Folder } from '@whyslow/command/model-files/folder.ts'
import { type Chosen, chooseForm } from '@whyslow/compile/choose.ts'
import type { Compiled } from '@whyslow/compile/compile.ts'
import { packProgram } from '@whyslow/compile/program.ts'
import { type CompilableModel, compilableOf } from '@whyslow/compile/read/index.ts'
import type { Trees } from '@whyslow/compile/shipped/compiled.mjs'
import { PYTHON_RUNNER_FILE, RUNNER_FILE } from '@whyslow/compile/shipped/runner-file.ts'
import { cSource } from '@whyslow/compile/wasm/c-source.ts'
import type { Model } from '@whyslow/graph/model.ts'

/** What `options.json` says of the program: which names stand for what. */
export function compiledOptions({ model, inputs, texts, outputs }: CompilableModel) {
  return { inputs, texts, row: model.input.dtype, outputs, classes: model.label?.classes ?? null }
}

/** Writes the program and the code that runs it into the folder. `written` begins each file of code. */
export async function writeCompiled(compilable: CompilableModel, folder: Folder, written: string): Promise<void> {
  await writeProgram(compilable, folder, { written, name: 'model' })
  await writeRunner(folder, written)
}

/** The program alone, in files of this name. */
export async function writeProgram(
  { model }: CompilableModel,
  folder: Folder,
  { written, name }: { readonly written: string; readonly name: string },
): Promise<void> {
  const chosen: Chosen = await chooseForm(model, { now: () => performance.now(), load: moduleOf })
  const { walk = chosen, trees } = chosen
  await writeTables(chosen, folder, name)
  if (trees !== undefined) await folder.add(`${name}-trees.mjs`, 'weights', `${written}${trees}`)
  // Python runs no functions of JavaScript.
  if (walk !== chosen) await writeTables(walk, folder, `${name}-walk`)
  if (walk.module !== null)
    await folder.add(`${walk === chosen ? name : `${name}-walk`}.c`, 'python', `${written}${cSource(walk.module)}`)
}

async function writeTables({ program, module }: Compiled, folder: Folder, name: string): Promise<void> {
  const { json, bytes } = packProgram(program)
  await folder.add(`${name}.json`, name === 'model' ? 'model' : 'weights', json)
  await folder.add(`${name}.bin`, 'weights', [bytes])
  if (module !== null) await folder.add(`${name}.wasm`, 'weights', [module])
}

/** What runs programs in Python. `written` begins the file. */
export async function writePythonRunner(folder: Folder, written: string): Promise<void> {
  await folder.add('compiled.py', 'python', `${written}${readFileSync(PYTHON_RUNNER_FILE, 'utf8')}`)
}

/** What runs programs, whatever they are called. */
export async function writeRunner(folder: Folder, written: string): Promise<void> {
  await folder.add(
    'predict-compiled.mjs',
    'engine',
    `${written}${readFileSync(new URL('./shipped/predict-compiled.mjs', import.meta.url), 'utf8')}`,
  )
  await folder.add('compiled.mjs', 'engine', `${written}${readFileSync(RUNNER_FILE, 'utf8')}`)
}

/** Throws an Error if no code can be written for it. */
export function compilableFor(model: Model): CompilableModel {
  const found = compilableOf(model)
  if (!found.ok) throw new Error(`it cannot be compiled: ${found.reason}`)
  return found.compilable
}

/** The module of the code. To be timed it is run here, without a file. */
export const moduleOf = async (source: string): Promise<Trees> =>
  ((await import(`data:text/javascript,${encodeURIComponent(source)}`)) as { default: Trees }).default
